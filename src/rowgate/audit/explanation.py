"""Explanations as values: what was found out for a row or an entity, as text for a terminal and ready for JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from rowgate.audit.lines import Line, as_table, lines_of
from rowgate.audit.log import blocks, decision_dict
from rowgate.audit.plain import name, names
from rowgate.policy import Decision
from rowgate.types import Access, Principal

__all__ = ["Effect", "EntityExplanation", "Explanation", "Part", "Step"]

Effect: TypeAlias = Literal[
    "lets it through", "stops it", "does not match", "does not count", "hides it", "locks it", "spares it"
]

_MARKS = {"lets it through": "+", "stops it": "-", "does not match": "-", "hides it": "~", "locks it": "~"}
_EFFECT_WIDTH = len("lets it through")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One declaration, tried on the row.

    Attributes:
        line: the declaration and whether it counts.
        holds: whether the row satisfies it; None where that was not asked.
        effect: ``does not match`` is a grant that does not give the row while another one does. A field rule
            ``hides`` or ``locks`` its columns in the row, or ``spares`` them.
    """

    line: Line
    holds: bool | None
    effect: Effect

    def as_dict(self) -> dict[str, Any]:
        return {**self.line.as_dict(), "holds": self.holds, "effect": self.effect}


@dataclass(frozen=True, kw_only=True)
class Part:
    """What the declarations say of the row for one verb. UPDATE and DELETE have two parts: READ comes first."""

    access: Access
    by: Literal["superuser", "permissions", "grants"]
    refused: bool
    allowed: bool
    steps: tuple[Step, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "access": self.access.name,
            "by": self.by,
            "refused": self.refused,
            "allowed": self.allowed,
            "declarations": [step.as_dict() for step in self.steps],
        }


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """The answer for one principal, entity, row and verb.

    Attributes:
        roles: the effective roles.
        key: the row's primary key.
        exists: whether there is such a row at all; without one there are no parts.
        allowed: for READ whether the row is visible; for UPDATE and DELETE whether the verb may touch it; for
            INSERT whether this principal might have inserted the row as it is.
        parts: the verdict of each verb that has a say.
    """

    principal: str
    roles: frozenset[str]
    entity: str
    key: tuple[Any, ...]
    access: Access
    exists: bool
    allowed: bool
    parts: tuple[Part, ...]

    @property
    def stopped_by(self) -> tuple[Step, ...]:
        """The declarations that stop the row; none where it is let through."""
        return self._steps("stops it")

    @property
    def let_through_by(self) -> tuple[Step, ...]:
        """The declarations that the row satisfies, also where another one stops it."""
        return self._steps("lets it through")

    @property
    def verdict(self) -> str:
        """In a few words: ``visible``, ``hidden``, ``may update``, ``may not delete``, ``there is no such row``."""
        if not self.exists:
            return "there is no such row"
        if self.access is Access.READ:
            return "visible" if self.allowed else "hidden"
        return f"{'may' if self.allowed else 'may not'} {(self.access.name or '').lower()}"

    def text(self) -> str:
        """A block for a terminal; ``+`` holds, ``-`` does not, and what does not count has no mark."""
        key = "_".join(name(str(part)) for part in self.key)
        who = f"{name(self.principal)} [{names(self.roles)}]"
        block = [f"{who} {self.access.name} {self.entity} {key}: {self.verdict}"]
        steps = [step for part in self.parts for step in part.steps]
        table = iter(as_table([_row(step) for step in steps], indents=["  "] * len(steps)))
        for part in self.parts:
            if len(self.parts) > 1:
                block.append(f"  to {(part.access.name or '').lower()} it:")
            block += [next(table) for _ in part.steps]
        return "\n".join(block)

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON; the key's parts as text."""
        return {
            "principal": self.principal,
            "roles": sorted(self.roles),
            "entity": self.entity,
            "key": [str(part) for part in self.key],
            "access": self.access.name,
            "exists": self.exists,
            "allowed": self.allowed,
            "verdict": self.verdict,
            "parts": [part.as_dict() for part in self.parts],
        }

    def _steps(self, effect: Effect) -> tuple[Step, ...]:
        return tuple(step for part in self.parts for step in part.steps if step.effect == effect)


@dataclass(frozen=True, kw_only=True)
class EntityExplanation:
    """What a principal may do to rows of an entity, verb by verb, and by which declarations."""

    principal: Principal
    entity: str
    decisions: tuple[Decision, ...]

    def text(self) -> str:
        """A block for a terminal, in the form of the filter log."""
        who = f"{name(self.principal.id)} [{names(self.decisions[0].holder.roles)}]"
        block: list[str] = []
        for decision, lines in self._lines():
            header, *rest = blocks(who, [decision], [lines])
            block += [f"{header}{' refused' if decision.refused else ''}", *rest]
        return "\n".join(block)

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return {
            "principal": self.principal.id,
            "roles": sorted(self.decisions[0].holder.roles),
            "entity": self.entity,
            "decisions": [decision_dict(decision, lines) for decision, lines in self._lines()],
        }

    def _lines(self) -> list[tuple[Decision, list[Line]]]:
        claims = self.principal.claims()
        return [(decision, lines_of(decision, claims)) for decision in self.decisions]


def _row(step: Step) -> tuple[str, str, str, str]:
    line = step.line
    mark = _MARKS.get(step.effect, " ")
    if step.effect == "does not count":
        return mark, line.label, line.text, line.why or ""
    notes = [step.effect.ljust(_EFFECT_WIDTH), line.source, line.why]
    return mark, line.label, line.text, "  ".join(note for note in notes if note)
