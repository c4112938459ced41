"""Settling: what the client's changes really are, before rules compute with them.

SQLAlchemy leaves four things to the flush, or to nobody, which the rules must know first:

* a row removed from a collection that owns it is deleted (``delete-orphan``); what a deleted row owns goes along;
* a foreign key follows its relationship (``order.Customer = other`` leaves ``order.CustomerId`` as it was);
* the old value of a column that was set without having been loaded is unknown, so the change looks like none;
* old values may be stale: another transaction may have changed the row since. A sum that is adjusted by
  "new minus old" is then wrong for ever. So the rows are locked and their old values read again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Column, false, select, update
from sqlalchemy.orm import ColumnProperty, InstanceState, Mapper, RelationshipProperty, Session
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.interfaces import MANYTOONE, ONETOMANY

from rowgate.enforce.keys import any_of, chunks, identity_columns
from rowgate.errors import RowNotFound
from rowgate.mapped import mapper_of, state_of, table_of


def settle(session: Session, entities: Iterable[type]) -> None:
    """Make the pending changes of ``session`` complete and their old values true.

    Args:
        session: in its flush, before any rule has run, with all rows visible.
        entities: the mapped classes whose changes concern a rule.

    Raises:
        RowNotFound: a row to be changed or deleted is gone.
    """
    kinds = tuple(entities)
    if any(isinstance(row, kinds) for row in (*session.new, *session.dirty, *session.deleted)):
        _take_write_lock(session, kinds[0])
    _delete_orphans(session)
    _delete_owned(session)
    for row in (*session.new, *session.dirty):
        _follow_relationships(session, row)
    changed: defaultdict[Mapper[Any], dict[tuple[object, ...], InstanceState[Any]]] = defaultdict(dict)
    deleted = set(session.deleted)
    for row in deleted:
        _restore_parents(session, row)
    for row in (*session.dirty, *deleted):
        state = state_of(row)
        if isinstance(row, kinds) and (row in deleted or session.is_modified(row, include_collections=False)):
            changed[state.mapper][tuple(state.identity or ())] = state
    for mapper in sorted(changed, key=lambda mapper: mapper.class_.__name__):
        _read_again(session, mapper, changed[mapper], {state_of(row) for row in deleted})


def _delete_orphans(session: Session) -> None:
    for row in list(session.dirty):
        state = state_of(row)
        if state.mapper._is_orphan(state):  # the very test that the flush makes a moment later
            session.delete(row)


def _delete_owned(session: Session) -> None:
    """Delete what the rows to be deleted own, level by level, but for the rows that the client moved elsewhere."""
    level = list(session.deleted)
    while level:
        parents: defaultdict[Mapper[Any], list[object]] = defaultdict(list)
        for row in level:
            parents[state_of(row).mapper].append(row)
        level = []
        gone = set(session.deleted)
        for mapper, rows in parents.items():
            for relationship in mapper.relationships:
                if relationship.direction is ONETOMANY and relationship.cascade.delete:
                    level += [child for child in _owned(session, relationship, rows) if child not in gone]
        for child in level:
            session.delete(child)


def _owned(session: Session, relationship: RelationshipProperty[Any], parents: Sequence[object]) -> Iterator[object]:
    child = relationship.mapper
    pairs = [
        (relationship.parent.get_property_by_column(local).key, child.get_property_by_column(remote).key)
        for local, remote in relationship.local_remote_pairs or ()
    ]
    keys = {tuple(getattr(parent, local) for local, _remote in pairs) for parent in parents}
    remotes = [remote for _local, remote in pairs]
    columns = [child.column_attrs[remote].class_attribute for remote in remotes]
    for batch in chunks(sorted(keys, key=repr)):
        for row in session.scalars(select(child).where(any_of(columns, batch))):
            if tuple(getattr(row, remote) for remote in remotes) in keys:
                yield row


def _follow_relationships(session: Session, row: object) -> None:
    """Make foreign keys and parents of a row agree, whichever of the two the client changed."""
    state = state_of(row)
    for relationship in state.mapper.relationships:
        if relationship.direction is not MANYTOONE:
            continue
        pairs = relationship.local_remote_pairs or ()
        if relationship.key not in state.committed_state:
            # The parent that was loaded is not the parent any more: rules must not read it.
            keys = {state.mapper.get_property_by_column(local).key for local, _remote in pairs}
            if relationship.key in state.dict and state.persistent and keys & state.committed_state.keys():
                session.expire(row, [relationship.key])
            continue
        parent = state.dict.get(relationship.key)
        for local, remote in pairs:
            key = state.mapper.get_property_by_column(local).key
            # None also for a new parent, whose key the database will give: the flush sets it then.
            value = (
                getattr(parent, relationship.mapper.get_property_by_column(remote).key) if parent is not None else None
            )
            if getattr(row, key) != value:
                setattr(row, key, value)


def _restore_parents(session: Session, row: object) -> None:
    """Let a row to be deleted point to its stored parents again.

    Rules would set them anyhow, and a row that joins a parent's list in the flush is taken for one to be kept.
    """
    state = state_of(row)
    changed = [
        relationship.key
        for relationship in state.mapper.relationships
        if relationship.direction is MANYTOONE and relationship.key in state.committed_state
    ]
    for name in changed:
        setattr(row, name, None)  # leaves the list of the parent it was given to, too
    if changed:
        session.expire(row, changed)


def _take_write_lock(session: Session, entity: type) -> None:
    """On SQLite, which has no row locks, let one transaction at a time read and adjust (others wait, or fail).

    A statement that writes no row takes the lock of the database file. Where the transaction already holds a stale
    snapshot SQLite refuses at once ("database is locked"): nothing is lost, the caller may try again.
    """
    if session.get_bind(mapper_of(entity)).dialect.name == "sqlite":
        table = table_of(entity)
        key = next(iter(table.primary_key))
        session.execute(update(table).where(false()).values({key: key}))


def _read_again(
    session: Session,
    mapper: Mapper[Any],
    states: dict[tuple[object, ...], InstanceState[Any]],
    deleted: set[InstanceState[Any]],
) -> None:
    keys = identity_columns(mapper.class_)
    read = list(_plain_columns(mapper))
    names = [prop.key for prop in read]
    found = set()
    for identities in chunks(sorted(states, key=repr)):
        statement = (
            select(*keys, *(prop.class_attribute for prop in read))
            .where(any_of(keys, identities))
            .order_by(*keys)
            # Not FOR UPDATE: inserting a child share-locks its parent's key, and two such would wait for each other.
            .with_for_update(key_share=True)
        )
        for record in session.execute(statement):
            identity = tuple(record[: len(keys)])
            found.add(identity)
            state = states[identity]
            _set_old_values(state, names, record[len(keys) :], gone=state in deleted)
    if states.keys() - found:
        raise RowNotFound.of(mapper.class_.__name__)


def _plain_columns(mapper: Mapper[Any]) -> Iterator[ColumnProperty[Any]]:
    """The columns to read again. Not a version counter: its stale value is what finds a conflict."""
    for prop in mapper.column_attrs:
        column = prop.columns[0]
        if isinstance(column, Column) and column is not mapper.version_id_col:
            yield prop


def _set_old_values(state: InstanceState[Any], names: Sequence[str], values: Sequence[object], *, gone: bool) -> None:
    for name, value in zip(names, values, strict=True):
        if name in state.committed_state and not gone:
            state.committed_state[name] = value
        elif gone or name not in state.dict or state.dict[name] != value:
            # A row to be deleted leaves its sums with the values they hold of it: the stored ones.
            set_committed_value(state.obj(), name, value)
