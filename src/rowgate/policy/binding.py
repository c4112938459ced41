"""A policy bound to mapped classes: the declarations checked, their conditions built, decisions kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import replace
from typing import Any, TypeAlias

from sqlalchemy import Column, Table
from sqlalchemy.inspection import inspect
from sqlalchemy.orm import Mapper, configure_mappers

from rowgate.errors import UnknownPermission
from rowgate.mapped import is_view, mapper_of
from rowgate.policy.action_binding import BoundActions
from rowgate.policy.actions import ActionRule
from rowgate.policy.algebra import BoundFilter, BoundGrant, Decision, EntityPolicy, Holder, decide
from rowgate.policy.checks import CheckFailed, Finding
from rowgate.policy.conditions import Condition, ConditionFault, build_condition, claim_parameters, never
from rowgate.policy.declarations import AnyCondition, Declaration, GlobalFilter, Grant, Permission
from rowgate.policy.fields import BoundField, FieldRule, column_of, unhidable
from rowgate.policy.paths import PathFault
from rowgate.policy.policy import Policy
from rowgate.policy.relation_binding import BoundRelations
from rowgate.policy.relation_types import read_schema
from rowgate.policy.territory import Territory
from rowgate.relations.reader import Reader
from rowgate.types import Access, Principal

__all__ = ["BoundPolicy"]

_RELATING = frozenset({"sqlite", "postgresql"})
"""The databases whose SQL the relationship compiler writes."""

_Declared: TypeAlias = Declaration | FieldRule | ActionRule


class BoundPolicy:
    """Decisions for every entity, built once.

    Args:
        policy: the declarations.
        entities: the mapped classes they speak of; every other table is out of everyone's reach.
        dialect: the database's, for relation grants: ``sqlite`` or ``postgresql``.
        elsewhere: the mapped classes of each other database that the policy speaks of; declarations may name them.
        relates: whether the relationships of the policy are in this database.

    Raises:
        CheckFailed: a declaration cannot be built; carries every finding.

    Attributes:
        entities: the declarations per mapped class.
        actions: who may do which operation that is no table verb.
        findings: what the start-up checks noted, warnings included.
        relations: the relationship schema, bound; None where none is declared.
        territory: which of the mapped classes are in which database.
    """

    def __init__(
        self,
        policy: Policy[Any],
        entities: Iterable[type],
        *,
        dialect: str = "sqlite",
        elsewhere: Iterable[Iterable[type]] = (),
        relates: bool = True,
    ) -> None:
        configure_mappers()
        entities = list(entities)
        self.policy = policy
        self.territory = Territory(entities, elsewhere)
        self._relates = relates
        self.findings: list[Finding] = []
        self._permissions: dict[str, list[Permission]] = {}
        for permission in policy.permissions:
            self._permissions.setdefault(permission.role, []).append(permission)
        self.relations = self._bind_relations(entities, dialect)
        self.entities: Mapping[type, EntityPolicy] = self._bind(sorted(entities, key=lambda e: e.__name__))
        self._decisions: dict[tuple[type, Access, Holder], Decision] = {}
        self.actions = BoundActions(
            policy.actions, principal=policy.principal, entities=self.entities.keys(), territory=self.territory
        )
        self.findings += self.actions.findings()
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

    def relationships(self) -> BoundRelations:
        """The relationship schema, for what cannot do without.

        Raises:
            UnknownPermission: the policy declares none.
        """
        if self.relations is None:
            raise UnknownPermission(
                "The policy declares no relationship schema.",
                hint='Declare it in security/declare_security.py: policy.relations("schema.zed", subject="user").',
            )
        return self.relations

    def values(self, principal: Principal, reader: Reader) -> dict[str, object]:
        """The values that the conditions of declarations use: the claims, and what relation grants need.

        Args:
            principal: who asks.
            reader: within the transaction that is to be answered.
        """
        claims = claim_parameters(principal)
        return claims if self.relations is None else {**claims, **self.relations.values(principal, reader)}

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
            mapper = mapper_of(entity).base_mapper
            made = decide(self.entities[mapper.class_], access, holder, self._permissions)
            if access is not Access.READ and is_view(mapper.class_):
                made = replace(made, refused=True, _made={})
            self._decisions[key] = made
        return made

    def without(self, declared: Permission | GlobalFilter | Grant | FieldRule | ActionRule) -> BoundPolicy:
        """The same policy as if one line were not there, to find out what the line is for.

        Args:
            declared: a line of this policy; what is built for the others is shared.
        """
        made = copy(self)
        made._decisions = {}
        made._permissions = {
            role: [each for each in given if each is not declared] for role, given in self._permissions.items()
        }
        made.entities = {
            entity: replace(
                each,
                grants=tuple(bound for bound in each.grants if bound.grant is not declared),
                filters=tuple(bound for bound in each.filters if bound.filter is not declared),
                fields=tuple(bound for bound in each.fields if bound.rule is not declared),
            )
            for entity, each in self.entities.items()
        }
        made.actions = self.actions.without(declared)
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
            bound[entity] = EntityPolicy(
                entity, tuple(self._grants(entity)), tuple(self._filters(mapper)), tuple(self._fields(mapper))
            )
        return bound

    def _grants(self, entity: type) -> Iterable[BoundGrant]:
        for grant in self.policy.grants:
            if grant.entity is entity:
                if grant.permission is not None:
                    where = self._permission(entity, grant, grant.permission)
                else:
                    where = self._condition(grant.where, entity, grant, grant.reason)
                yield BoundGrant(grant, where, self._condition(grant.check, entity, grant, grant.reason))

    def _filters(self, mapper: Mapper[Any]) -> Iterable[BoundFilter]:
        for declared in self.policy.global_filters:
            if has_shape(mapper, declared.shape):
                condition = self._condition(declared.where, mapper.class_, declared, declared.reason)
                if condition is not None:
                    yield BoundFilter(declared, condition)

    def _fields(self, mapper: Mapper[Any]) -> Iterable[BoundField]:
        for rule in self.policy.field_rules:
            if rule.entity is not mapper.class_:
                continue
            columns: list[Column[Any]] = []
            for name in rule.columns:
                column = column_of(mapper, name)
                if column is None:
                    self._note("P011", f"{rule.entity.__name__} has no column {name!r} of its own.", rule)
                    continue
                needed = unhidable(mapper, column) if rule.kind == "hide" else None
                if needed is not None:
                    self._note("P012", f"{rule.entity.__name__}.{name} is {needed}; it cannot be hidden.", rule)
                columns.append(column)
            yield BoundField(rule, tuple(columns), self._condition(rule.where, rule.entity, rule, rule.reason))

    def _bind_relations(self, entities: list[type], dialect: str) -> BoundRelations | None:
        declared = self.policy.relation_schema
        if not self._relates:
            return None
        if declared is None:
            related: list[Declaration] = list(self.policy.stated_relations)
            related += [grant for grant in self.policy.grants if grant.permission]
            for each in related:
                self._note("P025", "No relationship schema is declared.", each)
            return None
        if dialect not in _RELATING:
            self.findings.append(Finding.of("P028", f"The database is {dialect}.", source=declared.source))
            return None
        schema = read_schema(declared, self.findings.append)
        if schema is None:
            return None
        return BoundRelations(
            declared,
            schema,
            self.policy.stated_relations,
            entities=entities,
            principal=self.policy.principal,
            dialect=dialect,
            note=self.findings.append,
            asked=[grant.permission for grant in self.policy.grants if grant.permission is not None],
        )

    def _permission(self, entity: type, grant: Grant, permission: str) -> Condition | None:
        if not self._relates:
            self._note("P027", f"{entity.__name__} is not in the main database, where the relationships are.", grant)
            return never(permission)
        if self.relations is None or not self.relations.subjects:
            return never(permission)  # the schema has errors, which are noted
        try:
            condition = self.relations.condition(entity, permission, parent=grant.parent, reason=grant.reason)
        except UnknownPermission as unknown:
            self._note("P021", unknown.detail, grant, unknown.advice)
            return never(permission)
        except PathFault as fault:
            self._note("P022", f"On {entity.__name__}, {fault}.", grant)
            return never(permission)
        for obstacle in condition.obstacles:
            self._note("P023", f"{entity.__name__}: {permission} is {obstacle}.", grant)
        return condition

    def _condition(
        self, function: AnyCondition | None, entity: type, declared: _Declared, reason: str | None
    ) -> Condition | None:
        if function is None:
            return None
        try:
            return build_condition(
                function, entity, self.policy.principal, reason=reason, strangers=self.territory.strangers
            )
        except ConditionFault as fault:
            self._note(fault.code, f"On {entity.__name__}, {fault.message}.", declared, fault.hint)
            return None

    def _check_declarations(self) -> None:
        policy = self.policy
        elsewhere = self.territory.elsewhere
        for permission in policy.permissions:
            self._known_roles({permission.role}, permission)
        for grant in policy.grants:
            self._known_roles({grant.role} if grant.role else set(), grant)
            if not self._is_known(grant.entity):
                self._note("P007", f"A grant names {grant.entity.__name__}, which is no entity of its own.", grant)
        for action in policy.actions:
            self._known_roles(action.roles, action)
        for rule in policy.field_rules:
            self._known_roles(rule.unless, rule)
            if not self._is_known(rule.entity):
                self._note("P007", f"A field rule names {rule.entity.__name__}, which is no entity of its own.", rule)
        for declared in policy.global_filters:
            self._known_roles(declared.exempt | (declared.only or frozenset()), declared)
            if not any(has_shape(mapper_of(each), declared.shape) for each in (*self.entities, *elsewhere)):
                self._note(
                    "P002",
                    f"No entity has the columns of {declared.shape.__name__}; the filter binds nothing.",
                    declared,
                )
        if not policy.permissions and not policy.grants:
            self.findings.append(Finding.of("P015", "No permission and no grant is declared.", source=policy.source))
        elif not policy.permissions:
            granted = {grant.entity for grant in policy.grants}
            for entity in self.entities:
                if entity not in granted:
                    self._note("P006", f"No permission and no grant mentions {entity.__name__}.", None)

    def _is_known(self, entity: type) -> bool:
        # What is wrong with an entity of another database is told by the policy that is bound there.
        return entity in self.entities or entity in self.territory.elsewhere

    def _known_roles(self, roles: Iterable[str], declared: _Declared) -> None:
        for role in sorted(set(roles) - self.policy.roles):
            self._note(
                "P001",
                f"There is no role {role!r}.",
                declared,
                f"The roles are: {', '.join(sorted(self.policy.roles))}.",
            )

    def _note(self, code: str, message: str, declared: _Declared | None, hint: str | None = None) -> None:
        self.findings.append(Finding.of(code, message, source=declared.source if declared else None, hint=hint))


def has_shape(mapper: Mapper[Any], shape: type) -> bool:
    """Whether an entity has the columns of a shape; a mapped class as shape means only that entity."""
    if inspect(shape, raiseerr=False) is not None:
        return bool(mapper.isa(inspect(shape)))
    wanted = {name for parent in shape.__mro__ for name in vars(parent).get("__annotations__", {})}
    return bool(wanted) and wanted <= set(mapper.column_attrs.keys())
