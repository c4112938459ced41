"""A policy bound to mapped classes: the declarations checked, their conditions built, decisions kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Table
from sqlalchemy.inspection import inspect
from sqlalchemy.orm import Mapper, configure_mappers

from rowgate.mapped import mapper_of
from rowgate.policy.algebra import BoundFilter, BoundGrant, Decision, EntityPolicy, Holder, decide
from rowgate.policy.checks import CheckFailed, Finding
from rowgate.policy.conditions import Condition, ConditionFault, build_condition
from rowgate.policy.declarations import AnyCondition, Declaration, Permission
from rowgate.policy.policy import Policy
from rowgate.types import Access, Principal

__all__ = ["BoundPolicy"]


class BoundPolicy:
    """Decisions for every entity, built once.

    Args:
        policy: the declarations.
        entities: the mapped classes they speak of; every other table is out of everyone's reach.

    Raises:
        CheckFailed: a declaration cannot be built; carries every finding.

    Attributes:
        entities: the declarations per mapped class.
        findings: what the start-up checks noted, warnings included.
    """

    def __init__(self, policy: Policy[Any], entities: Iterable[type]) -> None:
        configure_mappers()
        self.policy = policy
        self.findings: list[Finding] = []
        self._permissions: dict[str, list[Permission]] = {}
        for permission in policy.permissions:
            self._permissions.setdefault(permission.role, []).append(permission)
        self.entities: Mapping[type, EntityPolicy] = self._bind(sorted(entities, key=lambda e: e.__name__))
        self._decisions: dict[tuple[type, Access, Holder], Decision] = {}
        self._check_declarations()
        errors = [finding for finding in self.findings if finding.level == "error"]
        if errors:
            raise CheckFailed(self.findings)

    def holder(self, principal: Principal) -> Holder:
        """What decides for this principal: its effective roles and which of its claims are None."""
        roles = self.policy.effective_roles(principal)
        default = Access.NONE
        for role in roles:
            for permission in self._permissions.get(role, ()):
                default |= permission.access
        none_claims = frozenset(name for name, value in principal.claims().items() if value is None)
        return Holder(roles, none_claims, self.policy.superuser in roles, default)

    def decide(self, holder: Holder, entity: type, access: Access) -> Decision:
        """The decision for one verb on one entity.

        Args:
            holder: from :meth:`holder`.
            entity: a mapped class of this policy, or one that inherits from it.
            access: exactly one verb.

        Raises:
            KeyError: the class is not mapped, or is none of this policy's.
        """
        key = (entity, access, holder)
        made = self._decisions.get(key)
        if made is None:
            made = decide(self.entities[mapper_of(entity).base_mapper.class_], access, holder, self._permissions)
            self._decisions[key] = made
        return made

    def _bind(self, entities: list[type]) -> dict[type, EntityPolicy]:
        tables: dict[Table, type] = {}
        bound: dict[type, EntityPolicy] = {}
        for entity in entities:
            mapper = mapper_of(entity)
            if mapper.inherits is not None and mapper.local_table is mapper.base_mapper.local_table:
                continue  # single-table inheritance: the base's declarations are the table's
            if mapper.inherits is not None or not isinstance(mapper.local_table, Table):
                self._note("P007", f"{entity.__name__} is not mapped to a table of its own.", None)
                continue
            if mapper.local_table in tables:
                other = tables[mapper.local_table].__name__
                self._note("P007", f"{entity.__name__} and {other} are mapped to one table.", None)
                continue
            for table, namesake in tables.items():
                if table.name == mapper.local_table.name:
                    self._note("P010", f"{entity.__name__} and {namesake.__name__} have tables of one name.", None)
            tables[mapper.local_table] = entity
            bound[entity] = EntityPolicy(entity, tuple(self._grants(entity)), tuple(self._filters(mapper)))
        return bound

    def _grants(self, entity: type) -> Iterable[BoundGrant]:
        for grant in self.policy.grants:
            if grant.entity is entity:
                where = self._condition(grant.where, entity, grant, grant.reason)
                yield BoundGrant(grant, where, self._condition(grant.check, entity, grant, grant.reason))

    def _filters(self, mapper: Mapper[Any]) -> Iterable[BoundFilter]:
        for declared in self.policy.global_filters:
            if has_shape(mapper, declared.shape):
                condition = self._condition(declared.where, mapper.class_, declared, declared.reason)
                if condition is not None:
                    yield BoundFilter(declared, condition)

    def _condition(
        self, function: AnyCondition | None, entity: type, declared: Declaration, reason: str | None
    ) -> Condition | None:
        if function is None:
            return None
        try:
            return build_condition(function, entity, self.policy.principal, reason=reason)
        except ConditionFault as fault:
            self._note(fault.code, f"On {entity.__name__}, {fault.message}.", declared, fault.hint)
            return None

    def _check_declarations(self) -> None:
        policy = self.policy
        for permission in policy.permissions:
            self._known_roles({permission.role}, permission)
        for grant in policy.grants:
            self._known_roles({grant.role} if grant.role else set(), grant)
            if grant.entity not in self.entities:
                self._note("P007", f"A grant names {grant.entity.__name__}, which is no entity of its own.", grant)
        for declared in policy.global_filters:
            self._known_roles(declared.exempt | (declared.only or frozenset()), declared)
            if not any(has_shape(mapper_of(entity), declared.shape) for entity in self.entities):
                self._note(
                    "P002",
                    f"No entity has the columns of {declared.shape.__name__}; the filter binds nothing.",
                    declared,
                )
        if not policy.permissions:
            granted = {grant.entity for grant in policy.grants}
            for entity in self.entities:
                if entity not in granted:
                    self._note("P006", f"No permission and no grant mentions {entity.__name__}.", None)

    def _known_roles(self, roles: Iterable[str], declared: Declaration) -> None:
        for role in sorted(set(roles) - self.policy.roles):
            self._note(
                "P001",
                f"There is no role {role!r}.",
                declared,
                f"The roles are: {', '.join(sorted(self.policy.roles))}.",
            )

    def _note(self, code: str, message: str, declared: Declaration | None, hint: str | None = None) -> None:
        self.findings.append(Finding.of(code, message, source=declared.source if declared else None, hint=hint))


def has_shape(mapper: Mapper[Any], shape: type) -> bool:
    """Whether an entity has the columns of a shape; a mapped class as shape means only that entity."""
    if inspect(shape, raiseerr=False) is not None:
        return bool(mapper.isa(inspect(shape)))
    wanted = {name for parent in shape.__mro__ for name in vars(parent).get("__annotations__", {})}
    return bool(wanted) and wanted <= set(mapper.column_attrs.keys())
