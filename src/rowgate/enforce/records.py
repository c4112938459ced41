"""What enforcement tells its observers: one record for every authorised statement, refusal and trusted session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rowgate.policy import Decision
from rowgate.types import Access, Principal

__all__ = ["Observer", "SentStatement", "StatementRecord", "TrustedRecord"]


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


@dataclass(frozen=True, kw_only=True)
class TrustedRecord:
    """A trusted session was opened."""

    reason: str
    source: str
    request_id: str | None = field(default=None)


class Observer(Protocol):
    """Gets every record, in the thread that made it; must not raise and must not use the session."""

    def statement(self, record: StatementRecord) -> None: ...

    def trusted(self, record: TrustedRecord) -> None: ...
