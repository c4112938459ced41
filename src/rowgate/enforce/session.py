"""Sessions: a secured one has a principal for life; a trusted one is the only bypass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import IllegalStateChangeError
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction
from sqlalchemy.sql.compiler import SQLCompiler

from rowgate.enforce import bulk, read, write
from rowgate.enforce.asking import SessionReader
from rowgate.enforce.compiler import Criteria
from rowgate.enforce.engine import attach_session
from rowgate.enforce.records import SentStatement
from rowgate.enforce.scope import Scope
from rowgate.errors import StatementRefused
from rowgate.policy import Decision
from rowgate.policy.conditions import claim_parameters
from rowgate.relations.graph import Graph
from rowgate.types import Access, Principal

if TYPE_CHECKING:
    from rowgate.enforce.gate import Gate

__all__ = ["GateSession", "SecureSession", "TrustedSession"]


class GateSession(Session):
    """What secured and trusted sessions share: the gate, and its business rules in every flush."""

    gate: Gate
    principal: Principal | None
    request_id: str | None


class TrustedSession(GateSession):
    """A session that sees and changes every row. Made only by ``gate.trusted(reason=...)``."""

    def __init__(self, gate: Gate, *, reason: str, request_id: str | None) -> None:
        super().__init__(bind=gate.plain_engine)
        self.gate, self.reason, self.request_id = gate, reason, request_id
        self.principal = None


class SecureSession(GateSession):
    """A session on behalf of one principal. Made only by ``gate.session(principal)``.

    It is a SQLAlchemy session: query it, add to it, commit it. What the principal may not see is not there; what it may
    not do raises. After a refused write the session has been rolled back: nothing was written.
    """

    def __init__(
        self,
        gate: Gate,
        principal: Principal,
        *,
        request_id: str | None,
        writes: bool,
        actor: str | None = None,
        verbs: Access = Access.ALL,
    ) -> None:
        super().__init__(bind=gate.writing_engine if writes else gate.engine)
        self.gate = gate
        self._principal = principal
        self.request_id = request_id
        self._actor, self._verbs = actor, verbs
        self.holder = gate.bound.holder(principal)
        self.claims = claim_parameters(principal)
        self._criteria = gate.criteria_of(self.holder)
        self._scope = Scope.CLIENT
        self._writing = False
        self._asking = False
        self.must_roll_back = False
        self.sent: SentStatement | None = None

    # A principal is for life: no setter.
    @property
    def principal(self) -> Principal:  # type: ignore[override]
        return self._principal

    @property
    def actor(self) -> str | None:
        """Who really asks, where somebody views the rows as the principal; for the log."""
        return self._actor

    @property
    def verbs(self) -> Access:
        """The verbs that the session may use at all; a view of somebody else's rows only reads."""
        return self._verbs

    @property
    def scope(self) -> Scope:
        """On whose authority statements run at the moment."""
        return self._scope

    @property
    def criteria(self) -> Criteria:
        """The criteria of the moment: the principal's, or none within rules and checks."""
        return self._criteria if self._scope is Scope.CLIENT else self.gate.every_row

    def decide(self, entity: type, access: Access) -> Decision:
        """What the principal may do to rows of an entity with one verb."""
        try:
            decision = self.gate.bound.decide(self.holder, entity, access)
        except KeyError:
            raise StatementRefused(
                f"{entity.__name__} is none of the entities of this session's database.",
                hint="Open a session on the database that has it; a statement reaches into one database alone.",
            ) from None
        return decision if access in self._verbs else replace(decision, refused=True, _made={})

    # --- relationships

    def values(self) -> Mapping[str, object]:
        """The values that the conditions of declarations use: the claims, and what relation grants need."""
        relations = self.gate.bound.relations
        if relations is None or self._asking:
            return self.claims
        return {**self.claims, **relations.values(self._principal, SessionReader(self))}

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Run statements of the relationship engine, which bring their own values."""
        before, self._asking = self._asking, True
        try:
            yield
        finally:
            self._asking = before

    @property
    def graph(self) -> Graph:
        """The relationships as they are in this transaction, for questions about one object.

        Raises:
            UnknownPermission: the policy declares no relationship schema.
        """
        return self.gate.bound.relationships().graph(self._principal, SessionReader(self))

    # --- what the guard of the engine asks

    @property
    def may_write_now(self) -> bool:
        return self._writing

    def reads_under(self, criteria: Criteria) -> bool:
        return criteria is self.criteria

    def note_sent(self, compiled: SQLCompiler, context: Any) -> None:
        if self.gate.observers and self._scope is Scope.CLIENT:
            parameters = context.parameters[0] if context.parameters else ()
            tables = frozenset(getattr(compiled, "tables_read", ()))
            self.sent = SentStatement(context.statement, parameters, tables, context.dialect.paramstyle)

    # --- scopes

    @contextmanager
    def within(self, scope: Scope) -> Iterator[None]:
        """Run statements on another authority. For enforcement itself, not for callers."""
        before, self._scope = self._scope, scope
        try:
            with self.no_autoflush:
                yield
        finally:
            self._scope = before

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Let writes pass the guard. For enforcement itself, not for callers."""
        before, self._writing = self._writing, True
        try:
            yield
        finally:
            self._writing = before

    # --- writes

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        """Write the pending changes, checked before and after; see :mod:`rowgate.enforce.write`.

        Raises:
            AccessRefused, RowNotFound, ReadOnlyColumn, ReferenceMissing, CheckRefused, StillReferenced, RuleRefused:
                nothing was written, the session has been rolled back.
        """
        if self._flushing or self._is_clean() or self._scope is not Scope.CLIENT:
            super().flush(objects)
            return
        try:
            write.flush(self, lambda: super(SecureSession, self).flush(objects))
        except BaseException:
            self.undo()
            raise

    def commit(self) -> None:
        """Flush and commit; see :meth:`flush` for what it raises."""
        try:
            super().commit()
        except BaseException:
            # SQLAlchemy leaves the transaction open when a flush is refused here, with the rows that rules loaded.
            self.rollback()
            raise

    def undo(self) -> None:
        """Roll back after a refused write: at once where that can be, else nothing of it can be committed."""
        try:
            self.rollback()
        except IllegalStateChangeError:
            # Within a commit, or as a savepoint begins, SQLAlchemy does not let us. What rules loaded must not stay.
            self.must_roll_back = True
            self.expire_all()

    # --- ways past the criteria and the flush, closed

    def get_bind(self, *args: Any, bind: Engine | Connection | None = None, **kwargs: Any) -> Engine | Connection:
        if bind is not None and bind is not self.bind:
            raise StatementRefused("A secured session runs its statements on its own engine only.")
        return super().get_bind(*args, bind=bind, **kwargs)

    def connection(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise StatementRefused("A secured session does not hand out its connection.")

    def bulk_save_objects(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise StatementRefused("The legacy bulk methods skip the checks of a flush.", hint="Use session.add_all().")

    bulk_insert_mappings = bulk_save_objects
    bulk_update_mappings = bulk_save_objects


def _authorise(state: ORMExecuteState) -> Any:
    session = state.session
    if not isinstance(session, SecureSession):
        return None
    if session.scope is not Scope.CLIENT:
        return read.execute_unfiltered(session, state)
    if state.is_update or state.is_delete:
        return bulk.execute(session, state)
    return read.execute(session, state)


def _begin(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if isinstance(session, SecureSession):
        attach_session(connection, session)


def _run_rules(session: Session, context: Any, instances: Any) -> None:
    if isinstance(session, GateSession) and session.gate.rules is not None:
        session.gate.rules.before_flush(session, context, instances)


def _finish_rules(session: Session, context: Any) -> None:
    if isinstance(session, GateSession) and session.gate.rules is not None:
        session.gate.rules.after_flush(session, context)


def _record(session: Session, context: Any) -> None:
    if isinstance(session, GateSession) and session.gate.recorder is not None:
        session.gate.recorder.after_flush(session, context)


def _refuse_commit(session: Session) -> None:
    if isinstance(session, SecureSession) and session.must_roll_back:
        raise StatementRefused("A write of this transaction was refused; it cannot be committed.", hint="Roll it back.")


def _rolled_back(session: Session) -> None:
    if isinstance(session, SecureSession):
        session.must_roll_back = False


event.listen(GateSession, "before_commit", _refuse_commit, propagate=True)
event.listen(GateSession, "after_rollback", _rolled_back, propagate=True)
event.listen(GateSession, "do_orm_execute", _authorise, propagate=True)
event.listen(GateSession, "after_begin", _begin, propagate=True)
event.listen(GateSession, "before_flush", _run_rules, propagate=True)
event.listen(GateSession, "after_flush", _finish_rules, propagate=True)
event.listen(GateSession, "after_flush", _record, propagate=True)
