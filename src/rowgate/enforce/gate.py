"""The gate: a policy bound to models and an engine, from which sessions are opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol
from uuid import uuid4

from sqlalchemy import Engine
from sqlalchemy.orm import DeclarativeBase, Session

from rowgate.databases import BEGIN_MODE
from rowgate.enforce.criteria import EveryRow, HolderCriteria, SecuredTables
from rowgate.enforce.engine import secured_engine
from rowgate.enforce.records import Observer, TrustedRecord
from rowgate.enforce.session import SecureSession, TrustedSession
from rowgate.errors import MissingPrincipal, StatementRefused
from rowgate.policy import BoundPolicy, Holder, Policy
from rowgate.policy.declarations import Source
from rowgate.types import Principal

__all__ = ["Gate", "Rules"]


class Rules(Protocol):
    """Business rules that run inside every flush, with every row in their sight."""

    @property
    def derived(self) -> Mapping[type, Mapping[str, str]]:
        """Per entity the columns that rules compute, each with its rule in words; read-only to clients."""

    @property
    def governed(self) -> frozenset[type]:
        """The entities whose rows concern a rule; a bulk statement on them would pass the rules by."""

    def before_flush(self, session: Session, context: Any, instances: Any) -> None:
        """Run the rules on the pending changes."""

    def after_flush(self, session: Session, context: Any) -> None:
        """Run what rules do after the rows were written."""


class Gate:
    """Opens sessions under a policy.

    Args:
        policy: the declarations.
        engine: a plain engine; the gate makes a secured one over its pool.
        models: the declarative base, or the mapped classes.
        rules: business rules; None for none.
        observers: told of every statement (the filter log is one).
        functions: SQL functions that statements may call besides those known to be harmless; none of them may run SQL
            or read a table by its name.

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
        functions: Iterable[str] = (),
    ) -> None:
        self.policy = policy
        self.plain_engine = engine
        self.rules = rules
        self.observers = tuple(observers)
        self.bound = BoundPolicy(policy, entities_of(models))
        self.tables = SecuredTables(self.bound)
        self.governed = rules.governed if rules is not None else frozenset()
        self.derived: Mapping[type, Mapping[str, str]] = rules.derived if rules is not None else {}
        self.engine = secured_engine(engine, functions=functions)
        self.writing_engine = self.engine.execution_options(**{BEGIN_MODE: "IMMEDIATE"})
        self._name = uuid4().hex
        self.every_row = EveryRow(cache_key=f"{self._name}:every")
        self._criteria: dict[Holder, HolderCriteria] = {}

    def session(
        self, principal: Principal | None, *, request_id: str | None = None, writes: bool = False
    ) -> SecureSession:
        """Open a session on behalf of a principal; use it in a ``with`` and commit it.

        Args:
            principal: who asks.
            request_id: for the log.
            writes: the caller is going to write. On SQLite the transaction then waits for its turn at the start,
                instead of failing in the middle when another one wrote in between.

        Raises:
            MissingPrincipal: there is none. Nobody is never everybody.
        """
        if principal is None:
            raise MissingPrincipal("A session was asked for without a principal.")
        if not isinstance(principal, self.policy.principal):
            wanted = self.policy.principal.__name__
            raise MissingPrincipal(f"The principal is a {type(principal).__name__}, not a {wanted}.")
        return SecureSession(self, principal, request_id=request_id, writes=writes)

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
