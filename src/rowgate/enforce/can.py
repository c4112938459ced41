"""``can("read", Order)``: a permission of the relationship schema as a condition in a program's own statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from sqlalchemy import Boolean, ColumnElement, FromClause, Select, literal_column, select
from sqlalchemy.inspection import inspect
from sqlalchemy.sql import visitors
from sqlalchemy.sql.visitors import InternalTraversal, replacement_traverse

from rowgate.mapped import table_of
from rowgate.policy import BoundPolicy

__all__ = ["Can", "PermissionRows", "can", "permission_rows", "permissions_in"]

PermissionRows: TypeAlias = tuple[Select[Any], tuple[ColumnElement[Any], ...]]
"""A query of rows with the author's authority, and the columns of the primary key in it."""


class Can(ColumnElement[bool]):
    """That the session's principal has a permission on a row; made by :func:`can`."""

    __visit_name__ = "rowgate_can"
    _traverse_internals = [
        ("entity_name", InternalTraversal.dp_string),
        ("permission", InternalTraversal.dp_string),
        ("keys", InternalTraversal.dp_clauseelement_list),
    ]
    inherit_cache = True

    def __init__(self, entity: type, permission: str, keys: Iterable[ColumnElement[Any]]) -> None:
        self.type = Boolean()
        self.entity = entity
        self.entity_name = f"{entity.__module__}.{entity.__qualname__}"
        self.permission = permission
        self.keys = list(keys)

    @property
    def _from_objects(self) -> list[FromClause]:
        return [each for column in self.keys for each in column._from_objects]

    def self_group(self, against: Any = None) -> Can:
        """It stands for itself: an EXISTS needs no parentheses."""
        return self


def can(permission: str, entity: Any) -> ColumnElement[bool]:
    """The condition that the principal of the session has a permission on a row.

    It holds in any select of a secured session, in its WHERE and in its columns::

        session.scalars(select(Order).where(can("edit", Order)))
        session.execute(select(Order.Id, can("edit", Order).label("editable")))

    Args:
        permission: a permission or relation of the entity's type in the relationship schema.
        entity: a mapped class, or an alias of one.

    Raises:
        UnknownPermission: when the statement runs: the schema has none of this name for the entity.
        StatementRefused: when the statement runs, on anything but a secured session.
    """
    mapper = inspect(entity).mapper
    names = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    keys = [getattr(entity, name).__clause_element__() for name in names]
    return Can(mapper.base_mapper.class_, permission, keys)


def permissions_in(statement: Any) -> Iterator[tuple[type, str]]:
    """The entities and permissions that a statement's :func:`can` conditions are about."""
    for element in visitors.iterate(statement):
        if isinstance(element, Can):
            yield element.entity, element.permission


def permission_rows(bound: BoundPolicy, entity: type, permission: str, none_claims: frozenset[str]) -> PermissionRows:
    """The rows on which a principal has a permission, as a query with the author's authority.

    The condition is asked of the row itself, under a name of its own: the row as a client reads it may lack columns
    that field rules hide.

    Args:
        bound: knows the relationship schema.
        entity: a mapped class.
        permission: a permission of its type.
        none_claims: the claims of the principal that are None.

    Returns:
        The query, and the columns of the primary key in it.

    Raises:
        UnknownPermission: there is no schema, or no such permission.
    """
    condition = bound.relationships().condition(entity, permission).sql_for(none_claims)
    table = table_of(entity)
    row = table.alias()
    columns: Mapping[Any, Any] = {column: row.c[column.key] for column in table.columns}
    moved = replacement_traverse(condition, {}, lambda element, **_: columns.get(element))
    key = tuple(columns[column] for column in table.primary_key.columns)
    return select(literal_column("1")).select_from(row).where(moved), key
