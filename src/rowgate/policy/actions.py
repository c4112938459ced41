"""Actions: operations that are no table verb, who may do them, and on which rows.

Every rule that names the action, one of the principal's roles, and the request's method and endpoint where it names
those, matches. The rows of the rules that match are OR'ed, or those of the first one count, as the declaration says.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, false, or_, true

from rowgate.errors import ActionRefused
from rowgate.policy.conditions import Condition, claim_parameters
from rowgate.policy.declarations import AnyCondition, Source
from rowgate.policy.fractal import condition_of, is_specification
from rowgate.policy.predicates import Truth, predicate
from rowgate.policy.texts import parse_condition
from rowgate.types import Principal

__all__ = ["ActionRule", "ActionWhere", "Authorization", "Combine", "condition_function", "matching"]

Combine: TypeAlias = Literal["any", "first"]

ActionWhere: TypeAlias = Any
"""A function of the row's class and the principal; text; a Fractal Specification, or a function of the user to one."""


@dataclass(frozen=True, kw_only=True)
class ActionRule:
    """One line that lets roles do an action.

    ``where=None`` means on all rows; ``on`` are the entities it is checked against at start, none for any;
    ``methods=None`` and ``endpoint=None`` mean any.
    """

    name: str
    roles: frozenset[str]
    where: AnyCondition | None
    on: tuple[type, ...]
    methods: frozenset[str] | None
    endpoint: str | None
    combine: Combine
    source: Source
    reason: str | None = None

    def fits(self, *, method: str | None, endpoints: Iterable[str]) -> bool:
        """Whether the rule is for a request: one that names a method or an endpoint is for no other, nor for none."""
        return (self.methods is None or (method or "").upper() in self.methods) and (
            self.endpoint is None or self.endpoint in endpoints
        )


def matching(
    rules: Iterable[ActionRule], roles: frozenset[str], *, method: str | None, endpoints: Iterable[str]
) -> list[ActionRule]:
    """The rules of one action that count, in the order of their declaration."""
    addresses = tuple(endpoints)
    kept = [rule for rule in rules if rule.roles & roles and rule.fits(method=method, endpoints=addresses)]
    return kept[:1] if kept and kept[0].combine == "first" else kept


def condition_function(where: ActionWhere) -> AnyCondition | None:
    """A declared condition, in whichever form, as a function of the row's class and the principal.

    Raises:
        DeclarationError: a text or a specification that is outside of the grammar.
    """
    if where is None:
        return None
    if isinstance(where, str):
        return parse_condition(where)
    if is_specification(where):
        return condition_of(where)
    if callable(where) and len(inspect.signature(where).parameters) == 1:
        return _of_specification(where)
    return where  # type: ignore[no-any-return]


def _of_specification(where: Callable[[Any], Any]) -> AnyCondition:
    def condition(row: Any, user: Any) -> Any:
        made = where(user)
        return condition_of(made)(row, user) if is_specification(made) else made

    return condition


@dataclass(frozen=True, eq=False)
class Authorization:
    """What a principal may do with one action: given to the body of the operation.

    Attributes:
        action: its name.
        principal: who does it.
        rules: those that match, in the order of the declarations; none for the superuser, who may do all.
    """

    action: str
    principal: Principal
    rules: tuple[ActionRule, ...]
    superuser: bool
    _condition_of: Callable[[ActionRule, type], Condition | None]
    _tests: dict[tuple[int, type], Truth] = field(default_factory=dict, repr=False)

    def condition(self, entity: type) -> ColumnElement[bool]:
        """The rows of an entity on which the principal may do it, as a condition for a WHERE.

        The claims' values are in it, so that it holds in any session.

        Raises:
            DeclarationError: a condition cannot be built for the entity.
        """
        if self.superuser:
            return true()
        parts: list[ColumnElement[bool]] = []
        for rule in self.rules:
            if rule.on and entity not in rule.on:
                continue
            made = self._condition_of(rule, entity)
            if made is None:
                return true()
            if not self._lacks(made):
                parts.append(made.sql.params(claim_parameters(self.principal)) if made.claims else made.sql)
        return or_(false(), *parts)

    def truth(self, obj: object) -> bool | None:
        """Whether the condition holds on an object in memory; None where SQL would not know (NULL).

        Raises:
            DeclarationError: a condition that only the database can answer, or that cannot be built for the entity.
        """
        if self.superuser:
            return True
        entity = type(obj)
        found: list[bool | None] = [False]
        for rule in self.rules:
            if rule.on and not isinstance(obj, rule.on):
                continue
            made = self._condition_of(rule, entity)
            if made is None:
                return True
            if not self._lacks(made):
                test = self._tests.get((id(rule), entity))
                if test is None:
                    test = self._tests[id(rule), entity] = predicate(made.sql, entity)
                found.append(test(obj, claim_parameters(self.principal)))
        return True if True in found else None if None in found else False

    def allows(self, obj: object) -> bool:
        """Whether the principal may do it with an object in memory: where ``condition`` would find its row.

        Raises:
            DeclarationError: as :meth:`truth`.
        """
        return self.truth(obj) is True

    def require(self, obj: object) -> None:
        """Refuse an object on which the principal may not do it.

        Raises:
            ActionRefused: it may not.
            DeclarationError: as :meth:`truth`.
        """
        if not self.allows(obj):
            raise ActionRefused(f"You may not do {self.action!r} on this {type(obj).__name__}.")

    def _lacks(self, condition: Condition) -> bool:
        claims = self.principal.claims()
        return any(claims[name] is None for name in condition.claims)
