"""What enforcement tells its observers: one record for every authorised statement, refusal and trusted session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from rowgate.policy import Decision
from rowgate.policy.actions import ActionRule
from rowgate.types import Access, Principal
from rowgate.zed.relationships import Relationship

__all__ = [
    "ActionRecord",
    "Change",
    "Observer",
    "RelationshipRecord",
    "SentStatement",
    "StatementRecord",
    "TrustedRecord",
]


@dataclass(frozen=True)
class SentStatement:
    """A statement as the driver got it.

    Attributes:
        sql: its text, with the driver's placeholders.
        parameters: the values, in the order of the placeholders or by their names.
        tables: the full names of the tables it reads.
        paramstyle: how its placeholders are written (PEP 249's name, or ``numeric_dollar``).
    """

    sql: str
    parameters: Sequence[object] | Mapping[str, object]
    tables: frozenset[str]
    paramstyle: str


@dataclass(frozen=True, kw_only=True)
class StatementRecord:
    """One authorised statement, or one that was refused.

    Attributes:
        request_id: of the request it belongs to; None outside of one.
        principal: who asked.
        roles: the effective roles.
        access: READ, INSERT, UPDATE or DELETE.
        decisions: one for each entity the statement touches, the one written to first.
        sent: the SQL; None for a flush, which sends one statement for each row shape.
        rows: rows returned or written.
        milliseconds: from the statement's start to its last row.
        refused: the error's words, where it was refused; then ``rows`` is 0.
        actor: who really asks, where somebody views the rows as ``principal``; None where nobody does.
        database: the name of a further database; None for the main one.
    """

    request_id: str | None
    principal: Principal
    roles: frozenset[str]
    access: Access
    decisions: tuple[Decision, ...]
    sent: SentStatement | None
    rows: int
    milliseconds: float
    refused: str | None = None
    actor: str | None = None
    database: str | None = None


@dataclass(frozen=True, kw_only=True)
class TrustedRecord:
    """A trusted session was opened."""

    reason: str
    source: str
    request_id: str | None = field(default=None)


class Change(Enum):
    """What happened to a relationship."""

    SHARED = "shared"
    REPLACED = "replaced"
    """It was there, and got another caveat, context or expiry."""
    UNSHARED = "unshared"


@dataclass(frozen=True, kw_only=True)
class RelationshipRecord:
    """A principal wrote or removed a relationship, and the transaction was committed; or it was refused.

    Attributes:
        request_id: of the request it belongs to; None outside of one.
        principal: who asked.
        roles: the effective roles.
        change: what happened, or was asked for.
        relationship: with its caveat, context and expiry; without them where it was removed.
        refused: the error's words, where it was refused.
        actor: who really asks, where somebody works as ``principal``; None where nobody does.
    """

    request_id: str | None
    principal: Principal
    roles: frozenset[str]
    change: Change
    relationship: Relationship
    refused: str | None = None
    actor: str | None = None


@dataclass(frozen=True, kw_only=True)
class ActionRecord:
    """Somebody asked to do an action.

    Attributes:
        action: its name.
        principal: who asked.
        roles: the effective roles.
        rules: the declarations that let it be done; none where it was refused, or the superuser asked.
        superuser: whether the superuser asked.
        refused: the error's words, where it was refused.
        request_id: of the request it belongs to; None outside of one.
        actor: who really asks, where somebody works as ``principal``; None where nobody does.
    """

    action: str
    principal: Principal
    roles: frozenset[str]
    rules: tuple[ActionRule, ...]
    superuser: bool
    refused: str | None
    request_id: str | None
    actor: str | None = None


class Observer(Protocol):
    """Gets every record, in the thread that made it; must not raise and must not use the session."""

    def statement(self, record: StatementRecord) -> None: ...

    def trusted(self, record: TrustedRecord) -> None: ...

    def action(self, record: ActionRecord) -> None: ...

    def relationship(self, record: RelationshipRecord) -> None: ...
