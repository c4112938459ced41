"""Writing: the checks around a flush.

Before: each verb, each row (is it visible, may this verb touch it), derived columns, and each foreign key the client
set (does it point to a visible row). Then business rules run, with every row in their sight, and the flush writes.
After: WITH CHECK on each row the client wrote, as it then is. One query for each entity and kind of check, whatever the
number of rows. The checks run before the rules so that a rule never speaks about a row the client may not name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

from rowgate.enforce.changes import Change, collect
from rowgate.enforce.dependents import refuse_hidden_dependents
from rowgate.enforce.fields import (
    forget_hidden_values,
    refuse_closed,
    refuse_closed_in_rows,
    refuse_hidden_sources,
    without_hidden,
)
from rowgate.enforce.pending import refuse_missing_references
from rowgate.enforce.read import refusals_reported, refuse_verb, report
from rowgate.enforce.rows import Key, Matched, is_unconditional, lock_or_refuse, refuse_unless_checked
from rowgate.enforce.scope import Scope
from rowgate.errors import ReadOnlyColumn, ValueMissing
from rowgate.mapped import mapper_of, state_of
from rowgate.types import Access

if TYPE_CHECKING:
    from rowgate.enforce.session import SecureSession

__all__ = ["flush", "refuse_read_only"]

# How often rules may add further changes from their own after-flush events before we take it for a loop.
_MOST_ROUNDS = 20


def flush(session: SecureSession, send: Callable[[], None]) -> None:
    """Check, let the rules run, write, and check again.

    Args:
        session: with pending changes of its client.
        send: SQLAlchemy's own flush.

    Raises:
        RowgateError: as :meth:`SecureSession.flush` says; the caller rolls back.
    """
    with session.within(Scope.CHECKS):
        changes = collect(session)
        by_verb = _by_verb(changes)
    with refusals_reported(session, [session.decide(entity, access) for entity, access in by_verb]):
        _checked(session, send, changes, by_verb)


def _checked(
    session: SecureSession,
    send: Callable[[], None],
    changes: list[Change],
    by_verb: dict[tuple[type, Access], list[Change]],
) -> None:
    started = perf_counter()
    written: dict[Change, set[str]] = {}
    with session.within(Scope.CHECKS):
        for entity, access in by_verb:
            refuse_verb(session, entity, access)
        for change in changes:
            chosen = _client_set(change)
            refuse_read_only(session, change.entity, chosen)
            if change.access is not Access.DELETE:
                written[change] = chosen | change.through
                refuse_closed(session, change.entity, change.access, written[change])
        refuse_hidden_sources(session, changes)
        matched = _lock(session, by_verb)
        for (entity, access), made in by_verb.items():
            if access is Access.UPDATE:
                refuse_closed_in_rows(
                    session, entity, access, {each.identity: written[each] for each in made if each.identity}
                )
        after = refuse_missing_references(session, changes)
        after_dependents = refuse_hidden_dependents(session, _keys(by_verb, Access.DELETE), _rekeyed(session, changes))
    with session.within(Scope.RULES), session.writing():
        _forget_filtered_relationships(session)
        forget_hidden_values(session)
        try:
            _send(session, send)
        except ValueMissing as error:
            told = without_hidden(session, error)
            if told is error:
                raise
            raise told from error
    with session.within(Scope.CHECKS):
        for (entity, access), made in by_verb.items():
            if access is not Access.DELETE:
                refuse_unless_checked(session, entity, access, _written(made, matched.get((entity, access))))
            if access is Access.INSERT:
                refuse_closed_in_rows(session, entity, access, _inserted(made, written))
        after()
        after_dependents()
    _forget_what_rules_loaded(session)
    forget_hidden_values(session)
    for (entity, access), made in by_verb.items():
        report(session, access, [session.decide(entity, access)], sent=None, rows=len(made), started=started)


def refuse_read_only(session: SecureSession, entity: type, names: Iterable[str]) -> None:
    """Refuse columns that a rule derives.

    Raises:
        ReadOnlyColumn: names every such column.
    """
    derived = session.gate.derived.get(entity, {})
    faults = sorted(set(names) & set(derived))
    if faults:
        raise ReadOnlyColumn(
            f"{', '.join(faults)} of {entity.__name__} is computed, by a business rule or by the database.",
            pointers=[f"/data/attributes/{name}" for name in faults],
        )


def _by_verb(changes: Iterable[Change]) -> dict[tuple[type, Access], list[Change]]:
    groups: dict[tuple[type, Access], list[Change]] = defaultdict(list)
    for change in changes:
        groups[change.entity, change.access].append(change)
    return groups


def _client_set(change: Change) -> set[str]:
    """The columns the client set; one left at its column's own default was not."""
    if change.access is not Access.INSERT:
        return change.columns
    attributes = mapper_of(change.entity).column_attrs
    values = state_of(change.obj).dict
    return {
        name
        for name in change.columns
        if not (
            (default := attributes[name].columns[0].default) is not None
            and default.is_scalar
            and default.arg == values[name]
        )
    }


def _lock(
    session: SecureSession, by_verb: dict[tuple[type, Access], list[Change]]
) -> dict[tuple[type, Access], dict[Key, Matched]]:
    locked: dict[tuple[type, Access], dict[Key, Matched]] = {}
    for (entity, access), changes in by_verb.items():
        if access is not Access.INSERT and not is_unconditional(session, entity, access):
            keys = [change.identity for change in changes if change.identity is not None]
            locked[entity, access] = lock_or_refuse(session, entity, access, keys)
    return locked


def _keys(by_verb: dict[tuple[type, Access], list[Change]], access: Access) -> dict[type, Sequence[Key]]:
    return {
        entity: [change.identity for change in changes if change.identity is not None]
        for (entity, verb), changes in by_verb.items()
        if verb is access
    }


def _rekeyed(session: SecureSession, changes: Iterable[Change]) -> dict[type, list[Key]]:
    """The rows that get other values in columns that foreign keys may refer to."""
    rekeyed: dict[type, list[Key]] = defaultdict(list)
    for change in changes:
        if change.access is Access.UPDATE and change.identity is not None:
            attributes = mapper_of(change.entity).column_attrs
            columns = {column for name in change.columns for column in attributes[name].columns}
            if not columns.isdisjoint(session.gate.tables.referred):
                rekeyed[change.entity].append(change.identity)
    return rekeyed


def _written(changes: Iterable[Change], matched: dict[Key, Matched] | None) -> dict[Key, Matched | None]:
    """The primary keys as they are now, each with what matched the row before (None for a new row)."""
    written: dict[Key, Matched | None] = {}
    for change in changes:
        key = state_of(change.obj).identity
        if key is not None:
            before = change.identity
            written[key] = matched.get(before) if matched is not None and before is not None else None
    return written


def _inserted(changes: Iterable[Change], written: Mapping[Change, set[str]]) -> dict[Key, set[str]]:
    """The primary keys of new rows, each with the attributes that the client set."""
    return {key: written[change] for change in changes if (key := state_of(change.obj).identity) is not None}


def _send(session: SecureSession, send: Callable[[], None]) -> None:
    send()
    for _ in range(_MOST_ROUNDS):
        if session._is_clean():
            return
        send()  # what rules changed in their after-flush events: theirs, not the client's
    raise RuntimeError(f"Business rules still changed rows after {_MOST_ROUNDS} flushes.")


def _forget_filtered_relationships(session: SecureSession) -> None:
    """Let rules load relationships afresh: what the client loaded of them was filtered.

    A relationship with pending changes keeps them: it is expired and read again without the filter, then the client's
    additions and removals are made on it once more.
    """
    if session.gate.rules is None:
        return
    for obj in list(session.identity_map.values()) + list(session.new):
        state = state_of(obj)
        if obj in session.deleted:
            continue
        for relationship in state.mapper.relationships:
            name = relationship.key
            if name not in state.dict or relationship.viewonly:
                continue
            history = state.attrs[name].history
            if not history.has_changes():
                if state.persistent:
                    session.expire(obj, [name])
            elif relationship.uselist and state.persistent:
                added, removed = list(history.added or ()), list(history.deleted or ())
                session.expire(obj, [name])
                collection: Any = getattr(obj, name)
                for item in added:
                    if item not in collection:
                        collection.append(item)
                for item in removed:
                    if item in collection:
                        collection.remove(item)


def _forget_what_rules_loaded(session: SecureSession) -> None:
    """Expire everything, so that each object and relationship is read again, filtered, when it is next touched."""
    if session.gate.rules is not None:
        session.expire_all()
