"""From mapped attributes to tables and columns: what ``policy.relation(Order, "customer", Order.Customer)`` names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table
from sqlalchemy.orm import ColumnProperty, Mapper, RelationshipProperty
from sqlalchemy.orm.attributes import QueryableAttribute

from rowgate.mapped import mapper_of, table_of
from rowgate.relations.columns import Hop

__all__ = ["Path", "PathFault", "foreign_key", "resolve_path"]

Columns = tuple[ColumnElement[Any], ...]


class PathFault(Exception):
    """Why a path does not lead from a resource to a subject."""


@dataclass(frozen=True)
class Path:
    """Where a path begins, how it goes, and where it ends.

    Attributes:
        start: the first table that has to be read.
        resource: its columns that name the resource.
        hops: the way from there; none where the columns of ``start`` name the subject.
        subject: the columns of the last table that name the subject.
        entity: the entity that the subject is a row of; None for a column that refers to no table.
    """

    start: Table
    resource: Columns
    hops: tuple[Hop, ...]
    subject: Columns
    entity: type | None


def resolve_path(entity: type, attributes: Sequence[Any]) -> Path:
    """Follow mapped attributes from an entity.

    Args:
        entity: the class whose rows are the resources.
        attributes: relationships, and at the end a relationship or a column.

    Raises:
        PathFault: an attribute does not belong where it stands.
    """
    mapper = mapper_of(entity)
    hops: list[Hop] = []
    subject: Columns | None = None
    found: type | None = entity
    for place, attribute in enumerate(attributes):
        name = _own(attribute, mapper)
        prop = mapper.attrs[name]
        if isinstance(prop, RelationshipProperty):
            hops += _hops(prop)
            mapper = prop.mapper
            found = mapper.class_
        elif isinstance(prop, ColumnProperty) and place == len(attributes) - 1:
            (column,) = prop.columns
            subject = (column,)
            found = _referred(mapper, column)
        else:
            raise PathFault(f"{mapper.class_.__name__}.{name} is no relationship, so nothing can follow it")
    return _shortened(table_of(entity), hops, subject, table_of(mapper.class_), found)


def foreign_key(entity: type, attribute: Any) -> tuple[Columns, type]:
    """The columns of an entity that a relationship to one is made of, and the class it leads to.

    Raises:
        PathFault: it is no relationship to one, or does not refer to a primary key.
    """
    path = resolve_path(entity, (attribute,))
    if path.hops or path.start is not table_of(entity) or path.entity is None or path.resource == path.subject:
        raise PathFault("a parent is a relationship to one, over a foreign key of the entity itself")
    return path.subject, path.entity


def _own(attribute: Any, mapper: Mapper[Any]) -> str:
    if not isinstance(attribute, QueryableAttribute):
        raise PathFault(f"{attribute!r} is no mapped attribute")
    if not mapper.isa(attribute.parent.mapper):
        raise PathFault(f"{attribute} is no attribute of {mapper.class_.__name__}")
    return attribute.key


def _hops(prop: RelationshipProperty[Any]) -> list[Hop]:
    target = table_of(prop.mapper.class_)
    if isinstance(prop.secondary, Table):
        return [
            Hop(prop.secondary, tuple(prop.synchronize_pairs)),
            Hop(target, tuple((near, far) for far, near in prop.secondary_synchronize_pairs or ())),
        ]
    return [Hop(target, tuple(prop.local_remote_pairs or ()))]


def _referred(mapper: Mapper[Any], column: ColumnElement[Any]) -> type | None:
    """The entity whose primary key a column refers to: the one a relationship leads to, or else any that is mapped."""
    for key in getattr(column, "foreign_keys", ()):
        for other in mapper.registry.mappers:
            if other.local_table is key.column.table and tuple(other.primary_key) == (key.column,):
                return other.class_
    return None


def _shortened(start: Table, hops: list[Hop], subject: Columns | None, last: Table, entity: type | None) -> Path:
    """Leave out the tables whose keys stand in their neighbours as foreign keys."""
    resource: Columns = tuple(start.primary_key.columns)
    if subject is None:
        subject = tuple(last.primary_key.columns)
        nears = {far: near for near, far in hops[-1].pairs} if hops else {}
        if set(nears) == set(subject):
            subject = tuple(nears[column] for column in subject)
            hops = hops[:-1]
    fars = dict(hops[0].pairs) if hops else {}
    if set(fars) == set(resource):
        start, resource, hops = hops[0].table, tuple(fars[column] for column in resource), hops[1:]
    return Path(start, resource, tuple(hops), subject, entity)
