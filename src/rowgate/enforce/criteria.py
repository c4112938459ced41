"""Criteria: for one holder, the condition on the rows of every table that the policy knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, and_, literal_column, select

from rowgate.enforce.can import PermissionRows, permission_rows
from rowgate.errors import StatementRefused
from rowgate.mapped import mapper_of, table_of
from rowgate.policy import BoundPolicy, Holder
from rowgate.types import Access

__all__ = ["EveryRow", "HolderCriteria", "SecuredTables"]


class SecuredTables:
    """The tables that the policy's entities are mapped to, and the link tables between them.

    Attributes:
        entities: the mapped class of each table, by full name.
        links: the tables that only relationships name (``secondary=``), by full name.
        referred: the columns that their foreign keys point to.
        lower_names: the names of all of them without their schema, in small letters.
    """

    def __init__(self, bound: BoundPolicy) -> None:
        self.entities: dict[str, type] = {}
        self.links: dict[str, Table] = {}
        for entity in bound.entities:
            self.entities[table_of(entity).fullname] = entity
        for entity in bound.entities:
            for relationship in mapper_of(entity).relationships:
                link = relationship.secondary
                if isinstance(link, Table) and link.fullname not in self.entities:
                    self.links[link.fullname] = link
        self.referred = frozenset(
            element.column
            for entity in bound.entities
            for constraint in table_of(entity).foreign_key_constraints
            for element in constraint.elements
        )
        self.lower_names = frozenset(name.rsplit(".")[-1].lower() for name in (*self.entities, *self.links))

    def entity_of(self, table: Table) -> type | None:
        """The mapped class of a table; None for a link table or a stranger."""
        return self.entities.get(table.fullname)


class HolderCriteria:
    """The rows of each table that principals with one holder may see."""

    authored = False

    def __init__(self, bound: BoundPolicy, tables: SecuredTables, holder: Holder, *, cache_key: str) -> None:
        self.cache_key = cache_key
        self._bound = bound
        self._tables = tables
        self._holder = holder
        self._made: dict[str, tuple[Table, ColumnElement[bool] | None]] = {}
        self._permissions: dict[tuple[type, str], PermissionRows] = {}

    def knows(self, name: str) -> bool:
        return name.lower() in self._tables.lower_names

    def is_elsewhere(self, table: Table) -> bool:
        return self._bound.territory.is_elsewhere(table)

    def rows_of(self, name: str) -> tuple[Table, ColumnElement[bool] | None]:
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = self._make(name)
        return made

    def open_in(self, name: str) -> Mapping[Column[Any], ColumnElement[bool]]:
        entity = self._tables.entities.get(name)
        if entity is None:
            return {}
        return self._bound.decide(self._holder, entity, Access.READ).fields.open_in

    def permission_rows(self, entity: type, permission: str) -> PermissionRows:
        key = (entity, permission)
        if key not in self._permissions:
            self._permissions[key] = permission_rows(self._bound, entity, permission, self._holder.none_claims)
        return self._permissions[key]

    def _make(self, name: str) -> tuple[Table, ColumnElement[bool] | None]:
        entity = self._tables.entities.get(name)
        if entity is not None:
            return table_of(entity), self._visible(entity)
        link = self._tables.links[name]
        ends = list(self._ends(link))
        return link, and_(*ends) if ends else None

    def _visible(self, entity: type) -> ColumnElement[bool] | None:
        return self._bound.decide(self._holder, entity, Access.READ).condition

    def _ends(self, link: Table) -> Iterator[ColumnElement[bool]]:
        # A link shows only where both of its ends do; otherwise counting links would count hidden rows.
        for constraint in link.foreign_key_constraints:
            entity = self._tables.entity_of(constraint.referred_table)
            visible = self._visible(entity) if entity else None
            if visible is not None:
                joined = [element.parent == element.column for element in constraint.elements]
                end: Select[Any] = (
                    select(literal_column("1")).select_from(constraint.referred_table).where(*joined, visible)
                )
                yield end.correlate(link).exists()


class EveryRow:
    """No criteria: for rules, and for the checks that enforcement itself makes."""

    authored = True

    def __init__(self, *, cache_key: str) -> None:
        self.cache_key = cache_key

    def knows(self, name: str) -> bool:
        return False

    def is_elsewhere(self, table: Table) -> bool:
        return False

    def rows_of(self, name: str) -> tuple[None, None]:
        return None, None

    def open_in(self, name: str) -> Mapping[Column[Any], ColumnElement[bool]]:
        return {}

    def permission_rows(self, entity: type, permission: str) -> PermissionRows:
        raise StatementRefused(f"can({permission!r}, ...) is about a principal; rules and checks have none.")
