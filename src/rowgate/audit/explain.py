"""Why a principal may or may not reach a row: the conditions that count, each tried on the row in one statement.

An explanation tells of rows and conditions that its principal may not see. It is for those who may read the database
and the declarations, and must not be sent to the principal it is about.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, literal_column, or_, select

from rowgate.audit.explanation import Effect, EntityExplanation, Explanation, Part, Step
from rowgate.audit.lines import Line, lines_of
from rowgate.audit.plain import clean, name, shortened
from rowgate.enforce import Gate
from rowgate.mapped import mapper_of
from rowgate.policy import Decision
from rowgate.policy.algebra import FilterVerdict
from rowgate.policy.fields import FieldVerdict
from rowgate.types import Access, Principal

__all__ = ["explain_entity", "explain_row"]

_VERBS = (Access.READ, Access.INSERT, Access.UPDATE, Access.DELETE)


def explain_entity(gate: Gate, principal: Principal, entity: type) -> EntityExplanation:
    """What a principal may do to rows of an entity, for all four verbs. Reads no rows.

    Raises:
        KeyError: the class is none of the gate's entities.
    """
    holder = gate.bound.holder(principal)
    decisions = tuple(gate.bound.decide(holder, entity, verb) for verb in _VERBS)
    return EntityExplanation(principal=principal, entity=entity.__name__, decisions=decisions)


def explain_row(
    gate: Gate,
    principal: Principal,
    entity: type,
    key: object,
    access: Access = Access.READ,
    *,
    request_id: str | None = None,
) -> Explanation:
    """Whether a principal may reach one row with a verb, and which declarations say so.

    The row is read in a trusted session, with one statement. An UPDATE's WITH CHECK is not tried: it speaks of the row
    as it will be.

    Args:
        gate: whose policy and database are asked.
        principal: whom the explanation is about.
        entity: the mapped class.
        key: the primary key; a tuple where it has several columns.
        access: exactly one verb.
        request_id: of the request that asks, for the log.

    Raises:
        KeyError: the class is none of the gate's entities.
        ValueError: the key has too few or too many parts.
    """
    identity = tuple(key) if isinstance(key, tuple) else (key,)
    holder = gate.bound.holder(principal)
    before = (Access.READ,) if access in (Access.UPDATE, Access.DELETE) else ()
    trials = [_Trial(gate.bound.decide(holder, entity, verb), principal) for verb in (*before, access)]
    asked = [flag for trial in trials for flag in trial.flags]
    flags = _read_flags(gate, principal, entity, identity, asked, request_id=request_id)
    parts: list[Part] = []
    if flags is not None:
        for trial in trials:
            count = len(trial.flags)
            parts.append(trial.part(flags[:count]))
            flags = flags[count:]
    return Explanation(
        principal=principal.id,
        roles=holder.roles,
        entity=entity.__name__,
        key=identity,
        access=access,
        exists=flags is not None,
        allowed=bool(parts) and all(part.allowed for part in parts),
        parts=tuple(parts),
    )


class _Trial:
    """The questions that one decision puts to the row: first the whole condition, then each declaration that counts."""

    def __init__(self, decision: Decision, principal: Principal) -> None:
        self.decision = decision
        self.lines = [line for line in lines_of(decision, principal.claims()) if self._is_asked(line)]
        self.asked = [line for line in self.lines if line.mark != "-" and line.verdict is not None]
        self.flags = [self._whole(), *(self._condition(line) for line in self.asked)]

    def part(self, answers: Sequence[bool]) -> Part:
        allowed, *rest = answers
        holds = {id(line): answer for line, answer in zip(self.asked, rest, strict=True)}
        given = any(holds.get(id(line)) for line in self.lines if line.kind == "grant")
        steps = tuple(
            Step(line=line, holds=holds.get(id(line)), effect=self._effect(line, holds.get(id(line)), given))
            for line in self.lines
        )
        decision = self.decision
        return Part(access=decision.access, by=decision.by, refused=decision.refused, allowed=allowed, steps=steps)

    @property
    def _with_filters(self) -> bool:
        # UPDATE and DELETE touch visible rows: the global filters have spoken in the READ part.
        return self.decision.access in (Access.READ, Access.INSERT)

    def _is_asked(self, line: Line) -> bool:
        return self._with_filters or line.kind != "global filter"

    def _whole(self) -> ColumnElement[bool] | None:
        decision = self.decision
        if decision.access is not Access.INSERT:
            return decision.condition if self._with_filters else decision.rows
        if decision.refused:
            return false()
        parts = [decision.filter_sql] if decision.filter_sql is not None else []
        if decision.by == "grants":
            checks = [decision.check_of(verdict) for verdict in decision.giving]
            given = [check for check in checks if check is not None]
            if len(given) == len(checks):
                parts.append(or_(false(), *given))
        return and_(*parts) if parts else None

    def _condition(self, line: Line) -> ColumnElement[bool] | None:
        verdict = line.verdict
        if isinstance(verdict, FieldVerdict):
            return verdict.spared
        if verdict is None or isinstance(verdict, FilterVerdict) or self.decision.access is not Access.INSERT:
            return verdict.sql if verdict is not None else None
        return self.decision.check_of(verdict)

    def _effect(self, line: Line, holds: bool | None, given: bool) -> Effect:
        if line.mark == "~":
            taken: Effect = "hides it" if line.kind == "hide" else "locks it"
            return "spares it" if holds else taken
        if line.mark == "-" and isinstance(line.verdict, FieldVerdict):
            return "does not count"
        if line.mark == "-":
            # Nothing else gives the row, so what might have given it is what stops it.
            stops = line.outcome in ("gives no such access", "claim is None") and not given
            return "stops it" if stops else "does not count"
        if holds is None or holds:
            return "lets it through"
        return "does not match" if line.kind == "grant" and given else "stops it"


def _read_flags(
    gate: Gate,
    principal: Principal,
    entity: type,
    key: tuple[Any, ...],
    conditions: Sequence[ColumnElement[bool] | None],
    *,
    request_id: str | None,
) -> list[bool] | None:
    """Which conditions hold on a row; None where there is no such row."""
    mapper = mapper_of(entity)
    columns = [mapper.get_property_by_column(column).class_attribute for column in mapper.primary_key]
    if len(key) != len(columns):
        raise ValueError(f"A key of {entity.__name__} has {len(columns)} parts, not {len(key)}.")
    here = [column == part for column, part in zip(columns, key, strict=True)]
    query = select(*(_flag(condition) for condition in conditions)).select_from(entity).where(*here)
    shown = shortened(clean("_".join(str(part) for part in key)), 100)
    reason = f"explain {name(principal.id)} {entity.__name__} {shown}"
    with gate.trusted(reason=reason, request_id=request_id) as session:
        found = [tuple(row) for row in session.execute(query, gate.bound.values(principal, session.connection()))]
    # A condition that names another table outside of a subquery gives a row for each of that table's: one will do.
    return [any(answers) for answers in zip(*found, strict=True)] if found else None


def _flag(condition: ColumnElement[bool] | None) -> ColumnElement[int]:
    # NULL, which is what an unknown condition gives, counts as no.
    one: ColumnElement[int] = literal_column("1")
    return one if condition is None else case((and_(condition), 1), else_=0)
