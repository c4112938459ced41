"""Reading columns: a select that was built once and runs many times, without the machinery that loads objects.

``session.execute(select(Customer.Id, ...))`` walks the statement anew at each call: to find its entities, to put the
criteria on it, to make its key in the compiled cache, to set up a loader. None of that differs from call to call, so it
is kept here beside the statement. What enforces the policy is the same: the verb is asked for each entity that is
selected, the compiler writes the session's criteria into every FROM, the guard of the engine looks at what is sent, and
the observers are told of it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import Result, Row, Select, Subquery
from sqlalchemy.inspection import inspect
from sqlalchemy.orm import Session

from rowgate.enforce.can import permissions_in
from rowgate.enforce.compiler import Criteria, EnforcedBy
from rowgate.enforce.read import entities_read, refusals_reported, refuse_verb, report
from rowgate.enforce.records import SentStatement
from rowgate.errors import StatementRefused
from rowgate.types import Access

if TYPE_CHECKING:
    from rowgate.enforce.session import SecureSession

__all__ = ["ColumnReads", "Runs", "fetch", "stream"]


class ColumnReads:
    """What is known of the statements that were run: kept by a gate, for as long as each statement lives.

    Hold on to a statement that is to be fast; one that is built for each call is filtered just the same.
    """

    def __init__(self) -> None:
        self._known: weakref.WeakKeyDictionary[Select[Any], _Known] = weakref.WeakKeyDictionary()

    def of(self, statement: Select[Any]) -> _Known:
        known = self._known.get(statement)
        if known is None:
            known = self._known[statement] = _Known(statement)
        return known


class _Known:
    """A statement's entities, and the statement under each criteria it ran under."""

    def __init__(self, statement: Select[Any]) -> None:
        if statement._propagate_attrs.get("compile_state_plugin") != "orm":
            raise StatementRefused("Columns are read from entities; this statement names none.")
        self.entities: tuple[type, ...] = tuple(dict.fromkeys(_selected(statement)))
        self._under: dict[str, Select[Any]] = {}

    def under(self, statement: Select[Any], criteria: Criteria) -> Select[Any]:
        made = self._under.get(criteria.cache_key)
        if made is None:
            for entity, permission in permissions_in(statement):
                criteria.permission_rows(entity, permission)  # before its values are looked up
            made = self._under[criteria.cache_key] = statement.options(EnforcedBy(criteria))
        return made


def _selected(statement: Any) -> Iterator[type]:
    """The entities whose columns are selected, also by way of a subquery."""
    for described in statement.column_descriptions:
        if described.get("entity") is not None:
            yield inspect(described["entity"]).mapper.class_
        elif isinstance(within := getattr(described["expr"], "table", None), Subquery):
            yield from _selected(within.element)


def fetch(
    session: SecureSession, statement: Select[Any], parameters: Mapping[str, Any] | None = None
) -> Sequence[Row[Any]]:
    """The rows of a select of columns that the session's principal may see.

    Args:
        session: whose principal asks.
        statement: selects attributes of mapped classes; its values come as parameters, or stand in it.
        parameters: by the names of ``bindparam()``.

    Raises:
        AccessRefused: the principal may not read an entity that is selected.
        StatementRefused: the statement selects no attribute of an entity and is from none.
    """
    known = _authorised(session, statement)
    started = perf_counter()
    rows = _execute(session, known.under(statement, session.criteria), parameters, {}).all()
    _tell(session, known, session.sent, len(rows), started)
    return rows


def stream(
    session: SecureSession,
    statement: Select[Any],
    parameters: Mapping[str, Any] | None = None,
    *,
    at_once: int,
) -> Runs:
    """The rows in runs, as the database gives them: never more than one run of them is in memory.

    PostgreSQL keeps the rest behind a server-side cursor. The observers are told once, at the end.

    Args:
        session, statement, parameters: as in `fetch`. The session must live until the last row was taken.
        at_once: rows in a run.

    Raises:
        AccessRefused, StatementRefused: as in `fetch`, at this call and not at the first row.
    """
    known = _authorised(session, statement)
    started = perf_counter()
    # yield_per is read by the driver's result as well: it opens a server-side cursor where there is one.
    options = {"yield_per": at_once}
    result = _execute(session, known.under(statement, session.criteria), parameters, options)
    sent = session.sent
    return Runs(result, lambda rows: _tell(session, known, sent, rows, started))


class Runs(Iterator[Sequence[Row[Any]]]):
    """Runs of rows, as `stream` gives them. Close them where not all are taken.

    Not a generator: one that was never started cannot be closed, and would keep its cursor.
    """

    def __init__(self, result: Result[Any], tell: Callable[[int], None]) -> None:
        self._result, self._tell = result, tell
        self._partitions = result.partitions()
        self._rows = 0
        self._closed = False

    def __next__(self) -> Sequence[Row[Any]]:
        try:
            run = next(self._partitions)
        except BaseException:  # the end, or an error of the database
            self.close()
            raise
        self._rows += len(run)
        return run

    def close(self) -> None:
        """Let go of the cursor, and tell the observers how many rows were taken. Closing again does nothing."""
        if not self._closed:
            self._closed = True
            self._result.close()
            self._tell(self._rows)


def _authorised(session: SecureSession, statement: Select[Any]) -> _Known:
    known = session.gate.column_reads.of(statement)
    for entity in known.entities:
        with refusals_reported(session, [session.decide(entity, Access.READ)]):
            refuse_verb(session, entity, Access.READ)
    session._autoflush()
    return known


def _execute(
    session: SecureSession, statement: Select[Any], parameters: Mapping[str, Any] | None, options: dict[str, Any]
) -> Result[Any]:
    session.sent = None
    # The session's own connection, which it hands out to nobody; the guard asks for it. Claims come last: no
    # parameter of a caller's takes the place of one.
    connection = Session.connection(session)
    return connection.execute(statement, {**(parameters or {}), **session.values()}, execution_options=options)


def _tell(session: SecureSession, known: _Known, sent: SentStatement | None, rows: int, started: float) -> None:
    if session.gate.observers and sent is not None:
        decisions = entities_read(session, sent, known.entities)
        report(session, Access.READ, decisions, sent=sent, rows=rows, started=started)
