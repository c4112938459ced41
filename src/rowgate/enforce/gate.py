"""The gate: a policy bound to models and an engine, from which sessions are opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Any, Protocol
from uuid import uuid4

from sqlalchemy import Engine
from sqlalchemy.orm import DeclarativeBase, Session

from rowgate.databases import BEGIN_MODE
from rowgate.enforce.columns import ColumnReads
from rowgate.enforce.criteria import EveryRow, HolderCriteria, SecuredTables
from rowgate.enforce.engine import secured_engine
from rowgate.enforce.records import ActionRecord, Observer, TrustedRecord
from rowgate.enforce.session import SecureSession, TrustedSession
from rowgate.errors import ActionRefused, MissingPrincipal, StatementRefused
from rowgate.mapped import computed_columns
from rowgate.policy import Authorization, BoundPolicy, Holder, Policy
from rowgate.policy.actions import ActionRule
from rowgate.policy.declarations import GlobalFilter, Grant, Permission, Source
from rowgate.policy.fields import FieldRule
from rowgate.types import Access, Principal

__all__ = ["Gate", "Recorder", "Rules"]


class Rules(Protocol):
    """Business rules that run inside every flush, with every row in their sight."""

    @property
    def derived(self) -> Mapping[type, Mapping[str, str]]:
        """Per entity the columns that rules compute, each with its rule in words; read-only to clients."""

    @property
    def governed(self) -> frozenset[type]:
        """The entities whose rows concern a rule; a bulk statement on them would pass the rules by."""

    @property
    def defaulted(self) -> Mapping[type, frozenset[str]]:
        """Per entity the columns that rules give a new row a value for, when the client gives none."""

    def before_flush(self, session: Session, context: Any, instances: Any) -> None:
        """Run the rules on the pending changes."""

    def after_flush(self, session: Session, context: Any) -> None:
        """Run what rules do after the rows were written."""


class Recorder(Protocol):
    """Records changes in the transaction that makes them, with every row in its sight."""

    @property
    def recorded(self) -> frozenset[type]:
        """The entities whose changes are recorded; a bulk statement on them would pass the recorder by."""

    def after_flush(self, session: Session, context: Any) -> None:
        """Record a flush that has sent its statements; ``context`` is SQLAlchemy's."""


class Gate:
    """Opens sessions under a policy.

    Args:
        policy: the declarations.
        engine: a plain engine; the gate makes a secured one over its pool.
        models: the declarative base, or the mapped classes.
        rules: business rules; None for none.
        observers: told of every statement (the filter log is one).
        recorder: told of every flush, in its transaction (webhooks are recorded by one); None for none.
        functions: SQL functions that statements may call besides those known to be harmless; none of them may run SQL
            or read a table by its name.
        elsewhere: the mapped classes of each other database that the policy speaks of; no session of this gate may
            touch them.
        relates: whether the relationships of the policy are in this database.
        database: its name, for the log; None for the main one, which goes without.

    Raises:
        CheckFailed: the policy has errors.
    """

    def __init__(
        self,
        policy: Policy[Any],
        engine: Engine,
        *,
        models: type[DeclarativeBase] | Iterable[type],
        rules: Rules | None = None,
        observers: Sequence[Observer] = (),
        recorder: Recorder | None = None,
        functions: Iterable[str] = (),
        elsewhere: Iterable[Iterable[type]] = (),
        relates: bool = True,
        database: str | None = None,
    ) -> None:
        self.policy = policy
        self.database = database
        self.plain_engine = engine
        self.rules = rules
        self.observers = tuple(observers)
        self.recorder = recorder
        self.bound = BoundPolicy(
            policy, entities_of(models), dialect=engine.dialect.name, elsewhere=elsewhere, relates=relates
        )
        self.tables = SecuredTables(self.bound)
        self.governed = rules.governed if rules is not None else frozenset()
        if recorder is not None:
            self.governed |= recorder.recorded
        # Nobody writes what is computed, by a rule or by the database.
        self.derived: Mapping[type, Mapping[str, str]] = _derived(rules, self.bound.entities)
        self.defaulted: Mapping[type, frozenset[str]] = rules.defaulted if rules is not None else {}
        self.engine = secured_engine(engine, functions=functions)
        self.writing_engine = self.engine.execution_options(**{BEGIN_MODE: "IMMEDIATE"})
        self._name = uuid4().hex
        self.every_row = EveryRow(cache_key=f"{self._name}:every")
        self._criteria: dict[Holder, HolderCriteria] = {}
        self.column_reads = ColumnReads()

    def session(
        self,
        principal: Principal | None,
        *,
        request_id: str | None = None,
        writes: bool = False,
        actor: str | None = None,
        verbs: Access = Access.ALL,
    ) -> SecureSession:
        """Open a session on behalf of a principal; use it in a ``with`` and commit it.

        Args:
            principal: who asks.
            request_id: for the log.
            writes: the caller is going to write. On SQLite the transaction then waits for its turn at the start,
                instead of failing in the middle when another one wrote in between.
            actor: who really asks, where somebody views the rows as the principal; every log record then names both.
            verbs: what the session may do at most, whatever the policy gives: ``Access.READ`` for a view.

        Raises:
            MissingPrincipal: there is none. Nobody is never everybody.
        """
        if principal is None:
            raise MissingPrincipal("A session was asked for without a principal.")
        if not isinstance(principal, self.policy.principal):
            wanted = self.policy.principal.__name__
            raise MissingPrincipal(f"The principal is a {type(principal).__name__}, not a {wanted}.")
        return SecureSession(self, principal, request_id=request_id, writes=writes, actor=actor, verbs=verbs)

    def authorize(
        self,
        principal: Principal | None,
        action: str,
        *,
        method: str | None = None,
        endpoints: Iterable[str] = (),
        request_id: str | None = None,
        actor: str | None = None,
    ) -> Authorization:
        """Whether a principal may do an action at all, and on which rows. It is logged, refused or not.

        Args:
            principal: who asks.
            action: as declared with ``policy.action``.
            method: of the request; None outside of one.
            endpoints: the names by which the request's address is known.
            request_id: for the log.
            actor: who really asks, where somebody works as the principal; for the log.

        Raises:
            MissingPrincipal: there is none.
            DeclarationError: no line declares the action.
            ActionRefused: none of those that do is for this principal and request.
        """
        if principal is None:
            raise MissingPrincipal(f"The action {action!r} was asked for without a principal.")
        holder = self.bound.holder(principal)
        made: Authorization | None = None
        refused: str | None = None
        try:
            made = self.bound.actions.authorize(
                principal, action, roles=holder.roles, superuser=holder.superuser, method=method, endpoints=endpoints
            )
        except ActionRefused as error:
            refused = f"{error.code} {error.detail}"
            raise
        finally:
            if made is not None or refused is not None:
                record = ActionRecord(
                    action=action,
                    principal=principal,
                    roles=holder.roles,
                    rules=made.rules if made is not None else (),
                    superuser=holder.superuser,
                    refused=refused,
                    request_id=request_id,
                    actor=actor,
                )
                for observer in self.observers:
                    observer.action(record)
        return made

    @contextmanager
    def trusted(self, *, reason: str, request_id: str | None = None) -> Iterator[TrustedSession]:
        """Open a session of its own that sees every row; the one bypass. It is logged with its reason.

        Args:
            reason: why no principal's view will do.

        Raises:
            StatementRefused: the reason is empty.
        """
        if not reason.strip():
            raise StatementRefused("A trusted session needs a reason.")
        record = TrustedRecord(reason=reason, source=str(Source.of_caller(depth=2)), request_id=request_id)
        for observer in self.observers:
            observer.trusted(record)
        with TrustedSession(self, reason=reason, request_id=request_id) as session:
            yield session

    def without(self, declared: Permission | GlobalFilter | Grant | FieldRule | ActionRule) -> Gate:
        """The same gate, on the same database, as if one line of the policy were not there; it tells no observers.

        For finding out what the line is for. Serve nobody through it.

        Args:
            declared: a line of the policy.
        """
        made = copy(self)
        made.observers = ()
        made.bound = self.bound.without(declared)
        made.tables = SecuredTables(made.bound)
        # The compiled statements are kept in one cache, under names that no two criteria share.
        made._criteria = {}
        made.column_reads = ColumnReads()
        return made

    def criteria_of(self, holder: Holder) -> HolderCriteria:
        """The criteria shared by all principals with one holder."""
        made = self._criteria.get(holder)
        if made is None:
            key = f"{self._name}:{len(self._criteria)}:{uuid4().hex}"
            made = self._criteria.setdefault(holder, HolderCriteria(self.bound, self.tables, holder, cache_key=key))
        return made


def entities_of(models: type[DeclarativeBase] | Iterable[type]) -> list[type]:
    """The mapped classes of a declarative base, or those given."""
    if isinstance(models, type) and issubclass(models, DeclarativeBase):
        return [mapper.class_ for mapper in models.registry.mappers]
    return list(models)


def _derived(rules: Rules | None, entities: Iterable[type]) -> dict[type, Mapping[str, str]]:
    by_rules = rules.derived if rules is not None else {}
    computed = {entity: computed_columns(entity) for entity in entities}
    texts = {
        entity: {name: f"computed by the database: {expression}" for name, expression in columns.items()}
        for entity, columns in computed.items()
        if columns
    }
    return {entity: {**texts.get(entity, {}), **by_rules.get(entity, {})} for entity in {**texts, **by_rules}}
