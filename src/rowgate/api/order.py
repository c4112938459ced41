"""The order of a list: ``sort=-Country,Customer.CompanyName``, and then the primary key.

The primary key decides between rows that are otherwise alike, so that pages neither repeat nor leave out a row. NULL is
lower than every value, on every database.

A path goes through to-one relationships only: a row has one place. It becomes a subquery, which is filtered as every
statement is: where the related row is hidden its value is NULL, as where there is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, UnaryExpression, select
from sqlalchemy.orm import aliased

from rowgate.api.paths import Fault, Path, follow
from rowgate.api.resources import Attribute, Relation, Resources, ResourceType
from rowgate.api.values import Codec
from rowgate.settings import Settings

__all__ = ["Order", "SortKey", "complete", "ordering", "read_order"]


@dataclass(frozen=True, kw_only=True)
class SortKey:
    """One thing that a list is sorted by. Two are equal when they were asked for in the same words.

    Args:
        name: the attribute, or the path to it.
        descends: whether the largest comes first.
        by: the expression.
        codec: of its values.
        nullable: whether it may be NULL.
    """

    name: str
    descends: bool
    by: ColumnElement[Any] = field(compare=False)
    codec: Codec = field(compare=False)
    nullable: bool = field(compare=False)


Order: TypeAlias = tuple[SortKey, ...]


def read_order(text: str, *, parameter: str, resource: ResourceType, resources: Resources, settings: Settings) -> Order:
    """Read a ``sort`` parameter.

    Args:
        text: its value.
        parameter: its name, for errors.
        resource: the type that is listed.
        resources: all types that the principal knows.
        settings: the limits.

    Raises:
        BadParameter: it is not understood, or too much.
    """
    fault = Fault(parameter)
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) > settings.sort_max:
        raise fault.of(
            f"A list is sorted by at most {settings.sort_max} attributes.", hint="ROWGATE_SORT_MAX is the limit."
        )
    made: dict[str, SortKey] = {}
    for part in parts:
        path = follow(
            part.removeprefix("-"),
            resource=resource,
            resources=resources,
            deepest=settings.path_depth,
            fault=fault,
            purpose="sort by",
        )
        # Sorting by the same thing again decides nothing more.
        made.setdefault(path.text, _key(path, part.startswith("-"), resource, fault))
    return tuple(made.values())


def _key(path: Path, descends: bool, resource: ResourceType, fault: Fault) -> SortKey:
    attribute = path.attribute
    if not attribute.codec.is_comparable:
        raise fault.of(f"{path.text} holds JSON, which has no order.")
    if not path.relations:
        return _plain(attribute, name=attribute.name, descends=descends)
    for relation in path.relations:
        if relation.to_many:
            raise fault.of(
                f"{relation.name} leads to many rows, so {path.text} gives a row no one place.",
                hint="Sort through to-one relationships.",
            )
    return SortKey(
        name=path.text,
        descends=descends,
        by=_reached(resource, path.relations, attribute),
        codec=attribute.codec,
        nullable=True,
    )


def _plain(attribute: Attribute, *, name: str, descends: bool) -> SortKey:
    return SortKey(
        name=name, descends=descends, by=attribute.of.expression, codec=attribute.codec, nullable=attribute.nullable
    )


def _reached(resource: ResourceType, relations: tuple[Relation, ...], attribute: Attribute) -> ColumnElement[Any]:
    """The value at the end of a path, as a subquery of each row."""
    first, *rest = relations
    entity: Any = aliased(first.of.property.mapper.class_)
    joined, here = first.of.of_type(entity), entity
    joins = []
    for relation in rest:
        there: Any = aliased(relation.of.property.mapper.class_)
        joins.append(getattr(here, relation.name).of_type(there))
        here = there
    statement = select(getattr(here, attribute.name)).select_from(entity)
    for join in joins:
        statement = statement.join(join)
    statement = statement.where(joined).correlate(resource.entity)
    if not all(relation.columns for relation in relations):
        # The foreign key is not of these rows, or not of a primary key: nothing but habit says that there is one row.
        statement = statement.order_by(getattr(here, attribute.name)).limit(1)
    return statement.scalar_subquery()


def complete(resource: ResourceType, order: Order) -> Order:
    """The order with the primary key behind it, so that it decides between any two rows."""
    named = {key.name for key in order}
    return (
        *order,
        *(_plain(part, name=part.name, descends=False) for part in resource.key if part.name not in named),
    )


def ordering(
    resource: ResourceType, order: Iterable[SortKey], *, nulls: bool, backwards: bool = False
) -> list[UnaryExpression[Any]]:
    """ORDER BY for a list.

    Args:
        resource: the type listed.
        order: as asked; the primary key is added.
        nulls: whether the database has to be told where NULL goes.
        backwards: whether the last row is to come first.
    """
    made: list[UnaryExpression[Any]] = []
    for key in complete(resource, tuple(order)):
        descends = key.descends is not backwards
        by = key.by.desc() if descends else key.by.asc()
        if nulls and key.nullable:
            by = by.nulls_last() if descends else by.nulls_first()
        made.append(by)
    return made
