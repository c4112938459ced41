"""Actions bound to mapped classes: their declarations checked, their conditions built when an entity is asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from copy import copy

from rowgate.errors import ActionRefused, DeclarationError
from rowgate.policy.actions import ActionRule, Authorization, matching
from rowgate.policy.checks import Finding
from rowgate.policy.conditions import Condition, ConditionFault, build_condition
from rowgate.policy.territory import Territory
from rowgate.types import Principal

__all__ = ["BoundActions"]


class BoundActions:
    """Answers who may do what.

    Args:
        rules: the declarations, in their order.
        principal: the project's principal class.
        entities: the mapped classes there are.
        territory: which of the mapped classes are in which database.
    """

    def __init__(
        self,
        rules: Sequence[ActionRule],
        *,
        principal: type[Principal],
        entities: Collection[type],
        territory: Territory,
    ) -> None:
        self._rules, self._principal, self._entities, self._territory = rules, principal, entities, territory
        self._conditions: dict[tuple[int, type], Condition | None] = {}
        self._names = frozenset(rule.name for rule in rules)

    @property
    def names(self) -> frozenset[str]:
        """The actions that are declared."""
        return self._names

    def without(self, declared: object) -> BoundActions:
        """The same actions as if one line were not there; the last one of a name leaves a name that nobody may do."""
        made = copy(self)
        made._rules = [rule for rule in self._rules if rule is not declared]
        return made

    def findings(self) -> Iterator[Finding]:
        """What is wrong with the declarations."""
        combined: dict[str, str] = {}
        for rule in self._rules:
            if combined.setdefault(rule.name, rule.combine) != rule.combine:
                message = f"The lines of the action {rule.name!r} say combine='any' and 'first'."
                yield Finding.of("P013", message, source=rule.source)
            for entity in rule.on:
                if entity in self._territory.elsewhere:
                    continue
                if entity not in self._entities:
                    message = f"An action names {entity.__name__}, which is no entity of its own."
                    yield Finding.of("P007", message, source=rule.source)
                    continue
                try:
                    self._build(rule, entity)
                except ConditionFault as fault:
                    message = f"On {entity.__name__}, {fault.message}."
                    yield Finding.of(fault.code, message, source=rule.source, hint=fault.hint)

    def authorize(
        self,
        principal: Principal,
        action: str,
        *,
        roles: frozenset[str],
        superuser: bool,
        method: str | None = None,
        endpoints: Iterable[str] = (),
    ) -> Authorization:
        """What a principal may do with an action.

        Args:
            principal: who asks.
            action: its name.
            roles: the principal's effective roles.
            superuser: whether the superuser's role is among them.
            method: of the request; None outside of one.
            endpoints: the names by which the request's address is known: Flask's endpoint, the rule.

        Raises:
            DeclarationError: no line declares the action.
            ActionRefused: none of those that do is for this principal and request.
        """
        if action not in self.names:
            raise DeclarationError(
                f"The action {action!r} is not declared.",
                hint=f"Declare it in security/declare_security.py: policy.action({action!r}, Roles...)",
            )
        named = [rule for rule in self._rules if rule.name == action]
        kept = matching(named, roles, method=method, endpoints=endpoints)
        if not kept and not superuser:
            raise ActionRefused(f"You may not do {action!r}.")
        return Authorization(action, principal, tuple(kept), superuser, self._condition)

    def _condition(self, rule: ActionRule, entity: type) -> Condition | None:
        try:
            return self._build(rule, entity)
        except ConditionFault as fault:
            raise DeclarationError(f"{rule.source}: on {entity.__name__}, {fault.message}.", hint=fault.hint) from fault

    def _build(self, rule: ActionRule, entity: type) -> Condition | None:
        key = (id(rule), entity)
        if rule.where is not None and key not in self._conditions:
            self._conditions[key] = build_condition(
                rule.where, entity, self._principal, reason=rule.reason, strangers=self._territory.strangers
            )
        return self._conditions.get(key)
