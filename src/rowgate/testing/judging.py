"""Expectations held against what a gate answers; where one does not hold, what was seen instead, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from sqlalchemy import func, select

from rowgate.audit import explain_entity, explain_row
from rowgate.enforce import Gate
from rowgate.enforce.keys import any_of, chunks, identity_columns
from rowgate.errors import AccessRefused
from rowgate.testing.cases import Check, Key, RowDeed, Seen, Tried
from rowgate.testing.trying import ACCESS_CODES, Outcome, try_deed
from rowgate.testing.values import key_text
from rowgate.types import Access, Principal

__all__ = ["Verdict", "judge"]

_MOST_SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """That an expectation does not hold, in words.

    Attributes:
        message: what was expected, and what is so instead.
        why: the explanation, as ``rowgate explain`` gives it; empty where there is none.
    """

    message: str
    why: str = ""


def judge(gate: Gate, principal: Principal, check: Check, *, explain: bool = True) -> Verdict | None:
    """Hold one expectation against a gate.

    Args:
        gate: whose policy and database.
        principal: the user.
        check: the expectation.
        explain: whether to say why, which costs statements.

    Returns:
        None where it holds.
    """
    match check:
        case Seen():
            return _Look(gate, principal, check, explain).verdict()
        case Tried():
            return _Try(gate, principal, check, explain).verdict()
        case _:
            assert_never(check)


class _Look:
    """What a user sees of an entity, asked in one session that is closed before anything else is asked."""

    def __init__(self, gate: Gate, principal: Principal, check: Seen, explain: bool) -> None:
        self.gate, self.principal, self.check, self.explain = gate, principal, check, explain
        self.entity = check.entity
        self.name = check.entity.__name__

    def verdict(self) -> Verdict | None:
        match self.check.kind:
            case "sees" if self.check.keys is None:
                return self._every_row()
            case "sees":
                return self._named(self.check.keys or (), shown=True)
            case "does_not_see":
                return self._named(self.check.keys or (), shown=False)
            case "sees_only":
                return self._only(self.check.keys or ())
            case "counts":
                found = self._count()
                if found == self.check.number:
                    return None
                return self._told(f"sees {found} of {self.name}, not {self.check.number}", seen=True)

    def _named(self, keys: Sequence[Key], *, shown: bool) -> Verdict | None:
        there = self._there(keys)
        missing = [key for key in keys if key not in there]
        if missing:
            return Verdict(message=f"There is no {self.name} {_texts(missing)} at all, so nobody could see it.")
        seen = self._seen(keys)
        wrong = [key for key in keys if (key in seen) is not shown]
        if not wrong:
            return None
        words = "does not see" if shown else "sees"
        return self._told(f"{words} {self.name} {_texts(wrong)}", row=wrong[0], seen=shown)

    def _only(self, keys: Sequence[Key]) -> Verdict | None:
        fault = self._named(keys, shown=True)
        if fault is not None:
            return fault
        count = self._count()
        if count == len(keys):
            return None
        others = [key for key in self._first(len(keys) + _MOST_SHOWN) if key not in set(keys)]
        more = f", and {count - len(keys) - len(others)} more" if count > len(keys) + len(others) else ""
        return self._told(f"also sees {self.name} {_texts(others)}{more}", row=others[0] if others else None)

    def _every_row(self) -> Verdict | None:
        with self.gate.trusted(reason=f"policy test: every {self.name}") as session:
            total = session.scalar(select(func.count()).select_from(self.entity))
        count = self._count()
        return None if count == total else self._told(f"sees {count} of {total} of {self.name}")

    # --- what is asked

    def _there(self, keys: Sequence[Key]) -> set[Key]:
        columns = identity_columns(self.entity)
        with self.gate.trusted(reason=f"policy test: which {self.name} there are") as session:
            return {
                tuple(row)
                for run in chunks(list(keys))
                for row in session.execute(select(*columns).where(any_of(columns, run)))
            }

    def _seen(self, keys: Sequence[Key]) -> set[Key]:
        columns = identity_columns(self.entity)
        try:
            with self.gate.session(self.principal) as session:
                return {
                    tuple(row)
                    for run in chunks(list(keys))
                    for row in session.execute(select(*columns).where(any_of(columns, run)))
                }
        except AccessRefused:
            return set()

    def _first(self, most: int) -> list[Key]:
        columns = identity_columns(self.entity)
        try:
            with self.gate.session(self.principal) as session:
                return [tuple(row) for row in session.execute(select(*columns).order_by(*columns).limit(most))]
        except AccessRefused:
            return []

    def _count(self) -> int:
        try:
            with self.gate.session(self.principal) as session:
                return session.scalar(select(func.count()).select_from(self.entity)) or 0
        except AccessRefused:
            return 0

    def _told(self, words: str, *, row: Key | None = None, seen: bool = False) -> Verdict:
        """The verdict, with what is seen instead where that tells more, and the explanation."""
        if not self.explain:
            return Verdict(message=words)
        message = f"{self.principal.id} {words}."
        if seen:
            first = self._first(_MOST_SHOWN)
            more = ", ..." if len(first) == _MOST_SHOWN else ""
            message += f" Seen instead: {_texts(first)}{more}." if first else " Nothing is seen."
        if row is not None:
            return Verdict(message=message, why=explain_row(self.gate, self.principal, self.entity, row).text())
        return Verdict(message=message, why=_of_entity(self.gate, self.principal, self.entity, Access.READ))


class _Try:
    """What comes of a deed, and whether that is what was expected."""

    def __init__(self, gate: Gate, principal: Principal, check: Tried, explain: bool) -> None:
        self.gate, self.principal, self.check, self.explain = gate, principal, check, explain

    def verdict(self) -> Verdict | None:
        outcome = try_deed(self.gate, self.principal, self.check.deed)
        fault = self._fault(outcome)
        if fault is None:
            return self._because() if self.check.because is not None else None
        if not self.explain:
            return Verdict(message=fault)
        why = "" if outcome.verdict in ("failed", "says nothing") else self._why()
        return Verdict(message=f"{self.principal.id}: {self.check.deed.text}: {fault}", why=why)

    def _fault(self, outcome: Outcome) -> str | None:
        check = self.check
        match outcome.verdict:
            case "says nothing":
                return outcome.words
            case "done":
                return None if check.allowed else "is allowed, and the test says it may not."
            case "failed":
                told = "The database refuses it, not the policy" if not check.allowed else "The database refuses it"
                return f"{told}: {outcome.words}"
            case "refused" if check.allowed:
                return f"is refused: {outcome.code} {outcome.words}"
            case "refused" if check.code is not None:
                return (
                    None
                    if outcome.code == check.code
                    else f"is refused with {outcome.code}, not {check.code}: {outcome.words}"
                )
            case "refused" if outcome.code in ACCESS_CODES:
                return None
        return (
            f"is refused with {outcome.code}, which is no refusal of access: {outcome.words} "
            f"Write code: {outcome.code} if that is meant."
        )

    def _because(self) -> Verdict | None:
        """Whether the declaration that is named is among those that decide."""
        deed, wanted = self.check.deed, self.check.because or ""
        if not isinstance(deed, RowDeed) or deed.key is None:
            return None
        explanation = explain_row(self.gate, self.principal, deed.entity, deed.key, Access[deed.verb.upper()])
        counting = ("lets it through", "spares it") if self.check.allowed else ("stops it", "hides it", "locks it")
        steps = [step for part in explanation.parts for step in part.steps if step.effect in counting]
        if any(wanted in f"{step.line.label}  {step.line.text}  {step.line.source or ''}" for step in steps):
            return None
        verb = "lets it through" if self.check.allowed else "stops it"
        return Verdict(
            message=f"{self.principal.id}: {deed.text}: nothing with {wanted!r} {verb}.", why=explanation.text()
        )

    def _why(self) -> str:
        deed = self.check.deed
        if not isinstance(deed, RowDeed):
            return ""
        access = Access[deed.verb.upper()]
        if deed.key is None:
            return _of_entity(self.gate, self.principal, deed.entity, access)
        return explain_row(self.gate, self.principal, deed.entity, deed.key, access).text()


def _of_entity(gate: Gate, principal: Principal, entity: type, access: Access) -> str:
    explained = explain_entity(gate, principal, entity)
    asked = tuple(decision for decision in explained.decisions if decision.access is access)
    return replace(explained, decisions=asked).text()


def _texts(keys: Sequence[Key]) -> str:
    return ", ".join(key_text(key) for key in keys)
