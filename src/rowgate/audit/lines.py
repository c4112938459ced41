"""A decision in lines: one for each declaration that counts, and for each that does not with the reason why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from rowgate.audit.plain import clean, name, names, shortened
from rowgate.mapped import is_view
from rowgate.policy import Decision, Holder
from rowgate.policy.algebra import FilterVerdict, GrantVerdict
from rowgate.policy.conditions import Condition
from rowgate.policy.declarations import Permission
from rowgate.policy.fields import FieldVerdict
from rowgate.types import Access

__all__ = ["Line", "Mark", "as_table", "lines_of", "verbs"]

Mark: TypeAlias = Literal["+", "|", "~", "-"]
"""``+`` must hold, ``|`` one of these must hold, ``~`` takes columns away, ``-`` does not count."""

_MOST_SAID = 500


@dataclass(frozen=True, kw_only=True)
class Line:
    """What one declaration means for one principal, entity and access.

    Attributes:
        mark: ``+`` must hold, ``|`` one of these must hold, ``~`` takes columns away, ``-`` does not count.
        kind: ``superuser``, ``permission``, ``global filter``, ``grant``, ``hide`` or ``readonly``.
        role: of a permission or grant; None for others.
        says: the condition as declared, with the claims' values where it counts; of a permission, its verbs.
        outcome: the algebra's word for it: ``applies``, ``exempt``, ``not your role``, ``claim is None``, ...
        why: what makes it not count, or hide every row; None where it simply applies.
        reason: the declaration's ``reason=``, or the docstring of its condition.
        source: ``file:line`` of the declaration; None where there is no single one.
        verdict: what the line was made from.
    """

    mark: Mark
    kind: Literal["superuser", "permission", "global filter", "grant", "hide", "readonly"]
    role: str | None
    says: str
    outcome: str
    why: str | None
    reason: str | None
    source: str | None
    verdict: FilterVerdict | GrantVerdict | FieldVerdict | None = field(default=None, repr=False)

    @property
    def label(self) -> str:
        """The kind, and whose it is: ``grant sales``."""
        return f"{self.kind} {name(self.role)}" if self.role is not None else self.kind

    @property
    def text(self) -> str:
        """What it says, and the declaration's reason behind a ``#``."""
        said = shortened(clean(self.says), _MOST_SAID)
        return f"{said}  # {clean(' '.join(self.reason.split()))}" if self.reason else said

    @property
    def place(self) -> str:
        """The source of a line that counts; for one that does not, why."""
        if self.mark == "-":
            return self.why or ""
        return "  ".join(part for part in (self.source, self.why) if part)

    def as_dict(self) -> dict[str, Any]:
        """All but the verdict, ready for JSON."""
        return {
            "counts": self.mark != "-",
            "kind": self.kind,
            "role": self.role,
            "says": self.says,
            "outcome": self.outcome,
            "why": self.why,
            "reason": self.reason,
            "source": self.source,
        }


def lines_of(decision: Decision, claims: Mapping[str, object]) -> list[Line]:
    """The lines of a decision: those that count first, each kind in the order of the declarations.

    Args:
        decision: for one entity and verb.
        claims: the principal's claims by name, to be shown in the conditions.
    """
    made = [*_permission_lines(decision)]
    made += [_filter_line(verdict, decision.holder, claims) for verdict in decision.filters]
    made += [_grant_line(verdict, decision, claims) for verdict in decision.grants]
    made += [_field_line(verdict, decision.holder, claims) for verdict in decision.fields.verdicts]
    return sorted(made, key=lambda line: line.mark == "-")


def verbs(access: Access) -> list[str]:
    """The names of the verbs, for JSON."""
    return [verb.name or "" for verb in access]


def as_table(rows: list[tuple[str, str, str, str]], *, indents: list[str]) -> list[str]:
    """Rows of mark, label, text and place as lines with aligned columns.

    Args:
        rows: in order.
        indents: what stands before each row.
    """
    # The least widths keep the columns of following blocks under each other, most of the time.
    labels = max([14, *(len(indent) - 2 + len(label) for indent, (_, label, _, _) in zip(indents, rows, strict=True))])
    texts = max([43, *(len(text) for _, _, text, _ in rows if len(text) <= 100)])
    return [
        f"{indent}{mark} {label.ljust(labels + 2 - len(indent))} {text.ljust(texts)}  {place}".rstrip()
        for indent, (mark, label, text, place) in zip(indents, rows, strict=True)
    ]


def _permission_lines(decision: Decision) -> Iterator[Line]:
    if decision.refused and is_view(decision.entity):
        yield Line(
            mark="-",
            kind="permission",
            role=None,
            says=f"{decision.entity.__name__} is a view of the database",
            outcome="gives no such access",
            why="it is read, and never written",
            reason=None,
            source=None,
        )
        return
    if decision.by == "superuser":
        yield Line(
            mark="+",
            kind="superuser",
            role=None,
            says="every row",
            outcome="applies",
            why=None,
            reason=None,
            source=None,
        )
    elif decision.by == "permissions" and decision.refused:
        yield Line(
            mark="-",
            kind="permission",
            role=None,
            says=f"{names(decision.holder.roles) or 'no role'}: {decision.holder.default.words}",
            outcome="gives no such access",
            why=_gives_no(decision.access),
            reason=None,
            source=None,
        )
    for permission in decision.permissions:
        yield _permission_line(permission)


def _permission_line(permission: Permission) -> Line:
    return Line(
        mark="+",
        kind="permission",
        role=permission.role,
        says=permission.access.words,
        outcome="applies",
        why=None,
        reason=permission.reason,
        source=str(permission.source),
    )


def _filter_line(verdict: FilterVerdict, holder: Holder, claims: Mapping[str, object]) -> Line:
    declared, where = verdict.bound.filter, verdict.bound.where
    why: str | None = None
    match verdict.outcome:
        case "exempt":
            why = f"exempt: {names(declared.exempt & holder.roles)}"
        case "only for other roles":
            why = f"only for {names(declared.only or ())}"
        case "claim is None":
            why = f"{_none_claims(where, holder)}: hides every row"
    return Line(
        mark="+" if verdict.binds else "-",
        kind="global filter",
        role=None,
        says=where.text(claims if verdict.binds else None),
        outcome=verdict.outcome,
        why=why,
        reason=where.reason,
        source=str(declared.source),
        verdict=verdict,
    )


def _grant_line(verdict: GrantVerdict, decision: Decision, claims: Mapping[str, object]) -> Line:
    declared = verdict.bound.grant
    outcome: str = verdict.outcome
    giving = outcome in ("applies", "claim is None")
    if decision.access is Access.INSERT and giving:
        # An insert has no row to match beforehand: its WITH CHECK is what decides.
        lacking = decision.holder.lacks(verdict.bound.check or verdict.bound.where)
        outcome = "claim is None" if lacking else "applies"
    why: str | None = None
    match outcome:
        case "not your role":
            why = "not your role"
        case "gives no such access":
            why = _gives_no(decision.access)
        case "claim is None":
            used = verdict.bound.where if decision.access is not Access.INSERT else None
            why = _none_claims(used or verdict.bound.check or verdict.bound.where, decision.holder)
    conditions = [part for part in (verdict.bound.where, verdict.bound.check) if part is not None]
    return Line(
        mark="|" if outcome == "applies" else "-",
        kind="grant",
        role=declared.role if declared.role is not None else "everyone",
        says=_grant_says(verdict, decision.access, claims if giving else None),
        outcome=outcome,
        why=why,
        reason=next((part.reason for part in conditions if part.reason), declared.reason),
        source=str(declared.source),
        verdict=verdict,
    )


def _field_line(verdict: FieldVerdict, holder: Holder, claims: Mapping[str, object]) -> Line:
    rule, where = verdict.bound.rule, verdict.bound.where
    says = ", ".join(rule.columns)
    if where is not None:
        says += f" where {where.text(claims if verdict.binds else None)}"
    why: str | None = None
    match verdict.outcome:
        case "exempt":
            why = f"exempt: {names(rule.unless & holder.roles)}"
        case "claim is None":
            why = f"{_none_claims(where, holder)}: in every row"
    return Line(
        mark="~" if verdict.binds else "-",
        kind=rule.kind,
        role=None,
        says=says,
        outcome=verdict.outcome,
        why=why,
        reason=where.reason if where is not None else rule.reason,
        source=str(rule.source),
        verdict=verdict,
    )


def _grant_says(verdict: GrantVerdict, access: Access, claims: Mapping[str, object] | None) -> str:
    where, check = verdict.bound.where, verdict.bound.check
    rows = where.text(claims) if where is not None else "every row"
    if check is None or access in (Access.READ, Access.DELETE):
        return rows
    checked = f"check {check.text(claims)}"
    return checked if access is Access.INSERT else f"{rows}, {checked}"


def _gives_no(access: Access) -> str:
    return f"gives no {access.words}"


def _none_claims(condition: Condition | None, holder: Holder) -> str:
    missing = sorted(condition.claims & holder.none_claims) if condition is not None else []
    return f"claim {missing[0]} is None" if len(missing) == 1 else f"claims {', '.join(missing)} are None"
