"""What the client itself changed: read off the session before rules have touched anything.

Every pending object, every changed column, and every changed relationship becomes a :class:`Change` of one row with
one verb. A relationship changed from its parent's side (``customer.OrderList.append(order)``) is a change of the
child: that is the row whose foreign key the flush will write.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, ColumnElement, ForeignKeyConstraint
from sqlalchemy.orm import InstanceState, Mapper, RelationshipDirection, RelationshipProperty, Session

from rowgate.mapped import state_of
from rowgate.types import Access

__all__ = ["Change", "collect"]


@dataclass(eq=False)
class Change:
    """One row that the client inserts, updates or deletes.

    Attributes:
        columns: attribute names of columns that the client set or changed.
        through: attribute names of columns that relationships changed by the client will write.
        references: foreign keys that the client set or changed, through a column or a relationship.
        targets: rows named on the other side of a many-to-many relationship.
        identity: the primary key as it was before the flush; None for a row to be inserted.
    """

    obj: Any
    entity: type
    access: Access
    identity: tuple[Any, ...] | None
    columns: set[str] = field(default_factory=set)
    through: set[str] = field(default_factory=set)
    references: set[ForeignKeyConstraint] = field(default_factory=set)
    targets: list[Any] = field(default_factory=list)


def collect(session: Session) -> list[Change]:
    """The client's changes, one for each row and verb.

    Args:
        session: with pending changes; must not be within a flush.
    """
    changes = _Changes()
    for obj in session.new:
        changes.of(obj, Access.INSERT)
    for obj in session.deleted:
        changes.of(obj, Access.DELETE)
    for obj in session.new:
        changes.read_new(obj)
    for obj in session.dirty:
        if session.is_modified(obj):
            changes.read_dirty(obj)
    return list(changes.made.values())


class _Changes:
    def __init__(self) -> None:
        self.made: dict[int, Change] = {}

    def of(self, obj: Any, access: Access) -> Change:
        known = self.made.get(id(obj))
        if known is None:
            state = state_of(obj)
            entity = state.mapper.class_
            known = self.made[id(obj)] = Change(obj, entity, access, state.identity)
        return known

    def read_new(self, obj: Any) -> None:
        change = self.of(obj, Access.INSERT)
        state = state_of(obj)
        change.columns |= {name for name in _changed_columns(state) if state.dict.get(name) is not None}
        self._read_relationships(state, change)
        change.references |= set(_constraints_on(state.mapper, change.columns))

    def read_dirty(self, obj: Any) -> None:
        state = state_of(obj)
        columns = set(_changed_columns(state))
        own: Change | None = None
        if columns:
            own = self.of(obj, Access.UPDATE)
            own.columns |= columns
            own.references |= set(_constraints_on(state.mapper, columns))
        self._read_relationships(state, own)

    def _read_relationships(self, state: InstanceState[Any], own: Change | None) -> None:
        for relationship in state.mapper.relationships:
            if relationship.viewonly or relationship.key not in state.dict:
                continue
            history = state.attrs[relationship.key].history
            if not history.has_changes():
                continue
            if relationship.direction is RelationshipDirection.ONETOMANY:
                self._read_children(relationship, history.added, history.deleted)
                continue
            own = own or self.of(state.obj(), Access.UPDATE)
            if relationship.direction is RelationshipDirection.MANYTOONE:
                own.references |= set(_constraints_of(relationship))
                own.through |= set(_written_by(relationship, state.mapper))
            else:
                own.targets += [target for target in (*history.added, *history.deleted) if target is not None]

    def _read_children(
        self, relationship: RelationshipProperty[Any], added: Iterable[Any] | None, removed: Iterable[Any] | None
    ) -> None:
        constraints = set(_constraints_of(relationship))
        for child in added or ():
            if child is not None:
                change = self.of(child, Access.INSERT if state_of(child).key is None else Access.UPDATE)
                change.references |= constraints
                change.through |= set(_written_by(relationship, state_of(child).mapper))
        for child in removed or ():
            if child is None or state_of(child).key is None:
                continue
            access = Access.DELETE if relationship.cascade.delete_orphan else Access.UPDATE
            if access is Access.DELETE and _has_other_parent(child, relationship):
                access = Access.UPDATE
            change = self.of(child, access)
            change.references |= constraints
            change.through |= set(_written_by(relationship, state_of(child).mapper))


def _changed_columns(state: InstanceState[Any]) -> Iterator[str]:
    for name in state.mapper.column_attrs.keys():  # noqa: SIM118 - not a dict
        if name in state.dict and state.attrs[name].history.has_changes():
            yield name


def _constraints_on(mapper: Mapper[Any], names: Iterable[str]) -> Iterator[ForeignKeyConstraint]:
    columns = {column for name in names for column in mapper.column_attrs[name].columns}
    for constraint in getattr(mapper.local_table, "foreign_key_constraints", ()):
        if not columns.isdisjoint(constraint.columns):
            yield constraint


def _constraints_of(relationship: RelationshipProperty[Any]) -> Iterator[ForeignKeyConstraint]:
    """The foreign keys that a relationship writes, on whichever side they are."""
    written: set[ColumnElement[Any]] = {remote for _, remote in relationship.synchronize_pairs or ()}
    for column in written:
        for foreign_key in column.foreign_keys:
            if foreign_key.constraint is not None:
                yield foreign_key.constraint


def _written_by(relationship: RelationshipProperty[Any], mapper: Mapper[Any]) -> Iterator[str]:
    """The attributes of the row with the foreign key that a relationship writes; not those of its primary key."""
    keys = set(mapper.primary_key)
    for _, remote in relationship.synchronize_pairs or ():
        if isinstance(remote, Column) and remote.table is mapper.local_table and remote not in keys:
            yield mapper.get_property_by_column(remote).key


def _has_other_parent(child: Any, relationship: RelationshipProperty[Any]) -> bool:
    """Whether a child taken from one parent's collection has been given to another."""
    return any(state_of(child).dict.get(back.key) is not None for back in relationship._reverse_property)
