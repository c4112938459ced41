"""Reading: put the principal's criteria on a statement, run it, and tell the observers."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Result, TextClause
from sqlalchemy.engine.result import ChunkedIteratorResult
from sqlalchemy.orm import ORMExecuteState
from sqlalchemy.sql import visitors

from rowgate.enforce.can import permissions_in
from rowgate.enforce.compiler import EnforcedBy
from rowgate.enforce.records import SentStatement, StatementRecord
from rowgate.errors import AccessRefused, ReadOnlyView, RowgateError, StatementRefused
from rowgate.mapped import is_view
from rowgate.policy import Decision
from rowgate.types import Access

if TYPE_CHECKING:
    from rowgate.enforce.session import SecureSession

__all__ = ["execute", "execute_unfiltered", "refusals_reported", "refuse_verb", "report"]


def execute(session: SecureSession, state: ORMExecuteState) -> Result[Any]:
    """Run a reading statement under the session's criteria.

    Raises:
        AccessRefused: the principal may not read an entity that the statement selects from.
        StatementRefused: the statement is raw SQL, or a Core statement on a secured table, or an INSERT.
    """
    if isinstance(state.statement, TextClause):
        raise StatementRefused("A secured session does not run text().")
    if state.is_insert:
        raise StatementRefused(
            "A secured session does not run insert() statements.", hint="Add objects to the session: session.add_all()."
        )
    if not isinstance(state.parameters or {}, Mapping):
        # Claims are bound beside one set of parameters; in a list a caller could bind claims of its own.
        raise StatementRefused("A secured session does not run a select with a list of parameters.")
    if "schema_translate_map" in state.execution_options:
        raise StatementRefused("A secured session does not translate schemas.")
    if not state.is_orm_statement and not _names_entities(state.statement):
        # A Core statement gets no criteria: it compiles only where it reads no table (select(func.now()), say).
        return state.invoke_statement()
    if not (state.is_relationship_load or state.is_column_load):
        for mapper in state.all_mappers:
            with refusals_reported(session, [session.decide(mapper.class_, Access.READ)]):
                refuse_verb(session, mapper.class_, Access.READ)
    started = perf_counter()
    enforce(session, state)
    session.sent = None
    result = state.invoke_statement()
    if session.gate.observers and session.sent is not None:
        return _observed(session, state, result, session.sent, started)
    return result


def _names_entities(statement: Any) -> bool:
    """Whether attributes of mapped classes stand in it; SQLAlchemy does not call every such select an ORM statement."""
    return any("parententity" in element._annotations for element in visitors.iterate(statement))


def execute_unfiltered(session: SecureSession, state: ORMExecuteState) -> Result[Any]:
    """Run a statement of rules, or of enforcement itself."""
    enforce(session, state)
    return state.invoke_statement()


def enforce(session: SecureSession, state: ORMExecuteState) -> None:
    """Put the criteria of the moment, and the values of the claims they use, on a statement."""
    criteria = session.criteria
    relations = session.gate.bound.relations
    if relations is not None and relations.looks_up_values and not criteria.authored:
        # What its can() conditions need must be known before the values are looked up; the compiler comes too late.
        for entity, permission in permissions_in(state.statement):
            criteria.permission_rows(entity, permission)
    state.statement = state.statement.options(EnforcedBy(criteria))
    parameters = state.parameters or {}
    if isinstance(parameters, Mapping):
        state.parameters = {**parameters, **session.values()}


_VIEW: Final = "Change the rows that the view is made of."


def refuse_verb(session: SecureSession, entity: type, access: Access) -> Decision:
    """The decision for a verb on an entity.

    Raises:
        AccessRefused: the verb is not given at all.
        ReadOnlyView: the session may only read, whoever its principal is.
    """
    decision = session.decide(entity, access)
    if access not in session.verbs:
        raise ReadOnlyView.of(session.principal.id)
    if decision.refused and access is not Access.READ and is_view(entity):
        raise AccessRefused(f"{entity.__name__} is a view of the database: it is read, and never written.", hint=_VIEW)
    if decision.refused:
        raise AccessRefused(f"You may not {(access.name or '').lower()} {entity.__name__}.")
    return decision


def report(
    session: SecureSession,
    access: Access,
    decisions: Iterable[Decision],
    *,
    sent: SentStatement | None,
    rows: int,
    started: float,
    refused: str | None = None,
) -> None:
    """Tell the observers of one statement."""
    record = StatementRecord(
        request_id=session.request_id,
        principal=session.principal,
        roles=session.holder.roles,
        access=access,
        decisions=tuple(decisions),
        sent=sent,
        rows=rows,
        milliseconds=(perf_counter() - started) * 1000,
        refused=refused,
        actor=session.actor,
        database=session.gate.database,
    )
    for observer in session.gate.observers:
        observer.statement(record)


@contextmanager
def refusals_reported(session: SecureSession, decisions: Sequence[Decision]) -> Iterator[None]:
    """Tell the observers of a statement that is refused inside the block; the error goes on to the caller.

    Args:
        decisions: for each entity the statement touches, the one written to first; nothing is told without any.
    """
    started = perf_counter()
    try:
        yield
    except RowgateError as error:
        if decisions:
            words = f"{error.code} {error.detail}"
            report(session, decisions[0].access, decisions, sent=None, rows=0, started=started, refused=words)
        raise


def entities_read(session: SecureSession, sent: SentStatement, first: Iterable[type]) -> list[Decision]:
    """The decisions that a statement's SQL carries, those of the entities it selects first."""
    known = session.gate.tables.entities
    read = {known[name] for name in sent.tables if name in known}
    leading = [entity for entity in dict.fromkeys(first) if entity in read]
    rest = sorted(read.difference(leading), key=lambda entity: entity.__name__)
    return [session.decide(entity, Access.READ) for entity in (*leading, *rest)]


def _observed(
    session: SecureSession, state: ORMExecuteState, result: Result[Any], sent: SentStatement, started: float
) -> Result[Any]:
    """Report when the last row has been fetched, or the result is dropped."""
    decisions = entities_read(session, sent, (mapper.class_ for mapper in state.all_mappers))
    fetched = _Fetched(session, decisions, sent, started)
    if not isinstance(result, ChunkedIteratorResult):
        # A union of columns, say: no entity, no chunks to count; its rows are read at once.
        frozen = result.freeze()
        fetched.rows = len(frozen.data)
        fetched.report()
        return frozen()
    read_chunks = result.chunks

    def counted(size: int | None) -> Iterator[Any]:
        try:
            for chunk in read_chunks(size):
                fetched.rows += len(chunk)
                yield chunk
        finally:
            fetched.report()

    result.chunks = counted
    result.iterator = chain.from_iterable(counted(None))
    weakref.finalize(result, fetched.report)
    return result


class _Fetched:
    def __init__(self, session: SecureSession, decisions: list[Decision], sent: SentStatement, started: float) -> None:
        self.session, self.decisions, self.sent, self.started = session, decisions, sent, started
        self.rows = 0
        self.reported = False

    def report(self) -> None:
        if not self.reported:
            self.reported = True
            report(self.session, Access.READ, self.decisions, sent=self.sent, rows=self.rows, started=self.started)
