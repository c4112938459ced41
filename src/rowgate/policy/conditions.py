"""A declared condition, built once: the SQL with its claims as late-bound parameters, and its text.

A condition is a function of a mapped class and a principal. It is called once, at start, with a stand-in whose
attributes are bound parameters (``user.client_id`` is the parameter ``rowgate_client_id``). So one expression, and one
entry of SQLAlchemy's compiled cache, serves every principal; the values come in at execution.
"""

from __future__ import annotations

import dis
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import unwrap
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, bindparam, false, true

from rowgate.mapped import mapper_of
from rowgate.policy.declarations import AnyCondition
from rowgate.policy.render import CLAIM_PREFIX, condition_text
from rowgate.types import Principal

__all__ = ["ClaimNames", "Condition", "ConditionFault", "build_condition", "claim_parameters", "never"]


@dataclass(frozen=True, eq=False)
class Condition:
    """A condition on the rows of one entity.

    Attributes:
        sql: the expression, over the entity's own columns.
        claims: the claims it uses; where one of them is None for a principal, the condition is FALSE.
        reason: the words of the declaration, or None.
    """

    sql: ColumnElement[bool]
    claims: frozenset[str]
    reason: str | None

    def sql_for(self, none_claims: frozenset[str]) -> ColumnElement[bool]:
        """The expression for principals of whose claims these are None."""
        return self.sql if self.claims.isdisjoint(none_claims) else false()

    def text(self, values: Mapping[str, object] | None = None) -> str:
        """The condition as a reader of the declaration knows it, with the claims' values where given."""
        return condition_text(self.sql, values)


class ConditionFault(Exception):
    """Why a condition cannot be built; becomes a start-up finding with the declaration's line."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


def build_condition(
    function: AnyCondition,
    entity: type,
    principal: type[Principal],
    *,
    reason: str | None,
    strangers: Callable[[ColumnElement[Any], type], Sequence[str]] = lambda _expression, _entity: (),
) -> Condition:
    """Call a declared function once and keep what it gives.

    Args:
        function: ``(entity class, principal) -> condition``.
        entity: the mapped class whose rows it speaks of.
        principal: the project's principal class.
        reason: the declaration's own ``reason=``.
        strangers: finds the tables of other databases in an expression on the entity.

    Raises:
        ConditionFault: a column or claim does not exist, the result is no SQL condition, or it reaches into another
            database.
    """
    _refuse_python_logic(function)
    claims = ClaimNames(principal)
    try:
        built = function(entity, claims)
    except ConditionFault:
        raise
    except AttributeError as fault:
        if fault.obj is not entity:
            raise _not_an_expression(fault) from fault
        columns = ", ".join(sorted(mapper_of(entity).attrs.keys()))
        raise ConditionFault(
            "P003",
            f"the condition names {fault.name!r}, which {entity.__name__} does not have",
            f"Its attributes are: {columns}.",
        ) from fault
    except Exception as fault:
        raise _not_an_expression(fault) from fault
    expression = _as_expression(built)
    names = strangers(expression, entity)
    if names:
        raise ConditionFault(
            "P014",
            f"the condition names {', '.join(names)}, in another database",
            "A statement runs on one database. Give the principal a claim with what the condition has to know.",
        )
    doc = getattr(function, "__doc__", None)
    return Condition(expression, frozenset(claims._used), reason or (doc.strip() if doc else None))


def never(reason: str) -> Condition:
    """The condition that no row meets."""
    return Condition(false(), frozenset(), reason)


def claim_parameters(principal: Principal) -> dict[str, object]:
    """The values of a principal's claims, under the names of the parameters that conditions use."""
    return {CLAIM_PREFIX + name: value for name, value in principal.claims().items()}


class ClaimNames:
    """Stands in for the principal while a condition is built."""

    def __init__(self, principal: type[Principal]) -> None:
        self._names = principal.claim_names()
        self._class = principal.__name__
        self._used: set[str] = set()

    def __getattr__(self, name: str) -> BindParameter[Any]:
        if name == "roles":
            raise ConditionFault(
                "P004",
                "the condition reads user.roles",
                "Name the role in the declaration: grant(Entity, role, ...), or exempt= and only= of a global filter.",
            )
        if name not in self._names:
            raise ConditionFault(
                "P004",
                f"the condition uses the claim {name!r}, which {self._class} does not have",
                f"Its claims are: {', '.join(self._names)}.",
            )
        self._used.add(name)
        return bindparam(CLAIM_PREFIX + name)


def _refuse_python_logic(function: AnyCondition) -> None:
    # SQLAlchemy gives most expressions a truth value, so that `a == 1 and b == 2` would silently come down to `a == 1`,
    # and `user.region not in ("North",)` to every row. What Python decides, it decides once for all principals.
    code = getattr(unwrap(function), "__code__", None)  # a wrapper decides nothing; what it wraps might
    if code is None:
        return
    for instruction in dis.get_instructions(code):
        if "JUMP_IF" in instruction.opname or instruction.opname in ("UNARY_NOT", "CONTAINS_OP", "IS_OP"):
            raise ConditionFault(
                "P005",
                "the condition uses Python's own and, or, not, in, is, if, or a chain of comparisons",
                "Write & | ~ (or and_, or_, not_), .in_(), .is_(None), .between(); they become SQL.",
            )


def _not_an_expression(fault: Exception) -> ConditionFault:
    return ConditionFault(
        "P005",
        f"the condition raised {type(fault).__name__}: {fault}",
        "A condition is called once, at start; it must build an expression of columns and claims, "
        "with & | ~ (or and_, or_, not_) instead of and, or, not, if.",
    )


def _as_expression(built: object) -> ColumnElement[bool]:
    if built is True:
        return true()
    if built is False:
        return false()
    clause = built.__clause_element__() if hasattr(built, "__clause_element__") else built
    if not isinstance(clause, ColumnElement):
        raise ConditionFault(
            "P005",
            f"the condition gave {type(built).__name__}, not an SQL condition",
            "Return an expression such as row.Client_id == user.client_id.",
        )
    return clause
