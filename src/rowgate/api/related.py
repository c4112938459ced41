"""Statements that read the rows a relationship leads to: one for all parents at once, whatever their number.

Each selects the key of the parent first, and then what the plan of the related type selects. A list whose foreign key
stands in the related rows is read from these alone; every other relationship is joined as it is mapped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, aliased

from rowgate.api.resources import Key, Relation, ResourceType

if TYPE_CHECKING:
    from rowgate.api.plan import Plan

__all__ = [
    "ALL",
    "Part",
    "key_parameters",
    "keyed",
    "keyed_once",
    "keys_parameter",
    "most_parameter",
    "of_parent",
    "of_parents",
    "paged",
    "parts_of_parents",
]

KEYS: Final = "rowgate_keys"
"""The parameter that holds the primary keys of a statement that reads rows by them."""

KEY: Final = "rowgate_key"
"""What the parameters begin with that hold the parts of the one key that a statement reads a row by."""

MOST: Final = "rowgate_most"
"""The parameter that holds the most rows to read."""

ALL: Final = 2**31 - 1
"""The most rows, where any number will do."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Which of each parent's rows: a page of them.

    Args:
        order: as ORDER BY takes it; it decides between any two rows.
        where: conditions on the related rows.
        limit: the most rows of one parent; None for all of them.
        offset: rows of each parent left out before the first.
    """

    order: tuple[Any, ...]
    where: tuple[ColumnElement[bool], ...] = ()
    limit: int | None = None
    offset: int = 0


def of_parents(resource: ResourceType, relation: Relation, plan: Plan) -> Select[Any]:
    """All rows that the parents in the parameter of `keyed` are related to, by parent and then by primary key.

    No more of them than the parameter of `most_parameter` says.

    Args:
        resource: the parents' type.
        relation: leads from it to the plan's type.
        plan: what is selected.
    """
    keys, source = _parents(resource, relation, plan.resource)
    statement = select(*keys, *plan.columns)
    found = _from(statement, source, relation, plan.resource).where(keyed(keys)).order_by(*keys, *_key(plan))
    return found.limit(bindparam(MOST))


def parts_of_parents(resource: ResourceType, relation: Relation, plan: Plan, part: Part) -> Select[Any]:
    """As `of_parents`, but of each parent's rows only a part, in its order.

    The rows of each parent are numbered in the database, so it stays one statement.
    """
    keys, source = _parents(resource, relation, plan.resource)
    place = func.row_number().over(partition_by=keys, order_by=part.order).label("rowgate_place")
    inner = _from(select(*keys, *plan.columns, place), source, relation, plan.resource).where(keyed(keys), *part.where)
    numbered = inner.subquery("rowgate_numbered")
    *columns, number = numbered.c
    # select_from names the entity: what is refused and logged goes by it.
    statement = select(*columns).where(number > part.offset).order_by(*columns[: len(keys)], number)
    if part.limit is not None:
        # One more than is sent tells whether there are others.
        statement = statement.where(number <= part.offset + part.limit + 1)
    return statement.limit(bindparam(MOST))


def of_parent(columns: Sequence[Any], resource: ResourceType, relation: Relation, target: ResourceType) -> Select[Any]:
    """These columns of the rows of the target that the parent in the parameter of `keyed` leads to."""
    keys, source = _parents(resource, relation, target)
    return _from(select(*columns), source, relation, target).where(keyed(keys))


def keyed(columns: Sequence[InstrumentedAttribute[Any]]) -> ColumnElement[bool]:
    """The condition that the columns hold one of the keys in the parameter `KEYS`, which `keys_parameter` makes."""
    keys: BindParameter[Any] = bindparam(KEYS, expanding=True)
    return columns[0].in_(keys) if len(columns) == 1 else tuple_(*columns).in_(keys)


def keyed_once(columns: Sequence[InstrumentedAttribute[Any]]) -> ColumnElement[bool]:
    """The condition that the columns hold the key in the parameters that `key_parameters` makes.

    For one key: a list of any length is spelt out anew at each call.
    """
    return and_(*(column == bindparam(f"{KEY}_{place}") for place, column in enumerate(columns)))


def key_parameters(key: Key) -> dict[str, Any]:
    """The parameters of a statement with the condition `keyed_once`."""
    return {f"{KEY}_{place}": part for place, part in enumerate(key)}


def keys_parameter(keys: Sequence[Key]) -> dict[str, Any]:
    """The parameter of a statement with the condition `keyed`.

    Args:
        keys: some, all of one length.
    """
    return {KEYS: [key[0] for key in keys] if len(keys[0]) == 1 else list(keys)}


def most_parameter(most: int) -> dict[str, int]:
    """The parameter of `of_parents` and `parts_of_parents`: the most rows they give."""
    return {MOST: most}


def paged(statement: Select[Any]) -> Select[Any]:
    """The statement with a limit and an offset that come as parameters."""
    return statement.limit(bindparam("rowgate_limit")).offset(bindparam("rowgate_offset"))


def _parents(
    resource: ResourceType, relation: Relation, target: ResourceType
) -> tuple[list[InstrumentedAttribute[Any]], Any | None]:
    """The columns that hold the parents' key, and the parents' table where it has to be joined."""
    if relation.held_by:
        return [getattr(target.entity, name) for name in relation.held_by], None
    source: Any = aliased(resource.entity)
    return [getattr(source, part.name) for part in resource.key], source


def _from(statement: Select[Any], source: Any | None, relation: Relation, target: ResourceType) -> Select[Any]:
    if source is None:
        return statement.select_from(target.entity)
    return statement.select_from(source).join(getattr(source, relation.name).of_type(target.entity))


def _key(plan: Plan) -> Iterable[InstrumentedAttribute[Any]]:
    return (part.of for part in plan.resource.key)
