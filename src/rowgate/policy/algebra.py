"""The algebra: from declarations, roles and claims to one condition per entity and access.

For principal p, entity E, access v (the numbers are those of the contract):

1. a superuser may do everything;
2. ``default(p)`` is the union of the permissions of p's roles;
3. ``M(E, p)`` are the grants on E whose role p holds;
4. a grant that names no access gives ``default(p)``;
5. ``rows(v)``: with M empty, everything if v is in ``default(p)``, else refused; otherwise the OR of ``where`` over the
   grants of M that give v, refused where none does;
6. ``visible`` = ``rows(READ)`` AND every global filter that binds p.

A condition that uses a claim which is None for p is FALSE.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from sqlalchemy import ColumnElement, and_, false, or_

from rowgate.policy.conditions import Condition
from rowgate.policy.declarations import GlobalFilter, Grant, Permission
from rowgate.policy.fields import NO_FIELDS, BoundField, Fields, field_verdicts
from rowgate.types import Access

__all__ = [
    "BoundFilter",
    "BoundGrant",
    "Decision",
    "EntityPolicy",
    "FilterVerdict",
    "GrantVerdict",
    "Holder",
    "decide",
]

GrantOutcome: TypeAlias = Literal["applies", "not your role", "gives no such access", "claim is None"]
FilterOutcome: TypeAlias = Literal["applies", "exempt", "only for other roles", "claim is None"]


@dataclass(frozen=True)
class Holder:
    """What the algebra needs to know of a principal: principals with equal holders share every decision.

    Attributes:
        roles: the effective roles.
        none_claims: the claims that are None.
        superuser: whether the superuser's role is among the roles.
        default: the union of the permissions of the roles.
    """

    roles: frozenset[str]
    none_claims: frozenset[str]
    superuser: bool
    default: Access

    def lacks(self, condition: Condition | None) -> bool:
        """Whether a condition uses a claim that is None, and so is FALSE."""
        return condition is not None and not condition.claims.isdisjoint(self.none_claims)


@dataclass(frozen=True, eq=False)
class BoundGrant:
    """A grant with its conditions built for its entity."""

    grant: Grant
    where: Condition | None
    check: Condition | None


@dataclass(frozen=True, eq=False)
class BoundFilter:
    """A global filter with its condition built for one entity."""

    filter: GlobalFilter
    where: Condition


@dataclass(frozen=True, eq=False)
class EntityPolicy:
    """All that was declared on one entity, in the order of the declaration file."""

    entity: type
    grants: tuple[BoundGrant, ...]
    filters: tuple[BoundFilter, ...]
    fields: tuple[BoundField, ...] = ()


@dataclass(frozen=True, eq=False)
class GrantVerdict:
    """Whether a grant counts for a principal and access, and if not, why."""

    bound: BoundGrant
    outcome: GrantOutcome
    none_claims: frozenset[str] = frozenset()

    @property
    def sql(self) -> ColumnElement[bool] | None:
        """Its rows; None for all rows."""
        return _sql(self.bound.where, self.none_claims)

    @property
    def check_sql(self) -> ColumnElement[bool] | None:
        """What a row written under it must satisfy; None for nothing."""
        return _sql(self.bound.check or self.bound.where, self.none_claims)


@dataclass(frozen=True, eq=False)
class FilterVerdict:
    """Whether a global filter binds a principal, and if not, why."""

    bound: BoundFilter
    outcome: FilterOutcome
    none_claims: frozenset[str] = frozenset()

    @property
    def binds(self) -> bool:
        return self.outcome in ("applies", "claim is None")

    @property
    def sql(self) -> ColumnElement[bool] | None:
        """Its condition; a claim that is None makes it FALSE, so that it hides every row."""
        return _sql(self.bound.where, self.none_claims)


@dataclass(frozen=True, eq=False)
class Decision:
    """What a principal may do to the rows of an entity with one verb, and which declarations say so.

    Attributes:
        refused: the verb is not given at all.
        by: ``superuser``, ``permissions`` (no grant on the entity matches) or ``grants``.
        permissions: the permissions that give the verb, where ``by`` is ``permissions``.
        grants: every grant on the entity, with its verdict.
        filters: every global filter on the entity, with its verdict.
        fields: the columns that the principal may not see (for READ) or not write (for INSERT and UPDATE).
    """

    entity: type
    access: Access
    refused: bool
    by: Literal["superuser", "permissions", "grants"]
    holder: Holder
    permissions: tuple[Permission, ...] = ()
    grants: tuple[GrantVerdict, ...] = ()
    filters: tuple[FilterVerdict, ...] = ()
    fields: Fields = NO_FIELDS
    _made: dict[str, ColumnElement[bool] | None] = field(default_factory=dict, repr=False)

    @property
    def giving(self) -> tuple[GrantVerdict, ...]:
        """The grants whose rows the verb may touch (one with a None claim gives no row, but counts)."""
        return tuple(v for v in self.grants if v.outcome in ("applies", "claim is None"))

    @property
    def rows(self) -> ColumnElement[bool] | None:
        """``rows(v)``: the condition of permissions and grants alone; None for every row."""
        return self._once("rows", self._rows)

    @property
    def filter_sql(self) -> ColumnElement[bool] | None:
        """The AND of the global filters that bind; None where none does."""
        return self._once("filters", self._filters)

    @property
    def condition(self) -> ColumnElement[bool] | None:
        """``rows`` AND the global filters; None for every row."""
        return self._once("condition", lambda: _all_of([self.rows, self.filter_sql]))

    def check_of(self, verdict: GrantVerdict) -> ColumnElement[bool] | None:
        """The WITH CHECK of one giving grant; None where any row will do."""
        return verdict.check_sql

    def _once(self, name: str, make: Callable[[], ColumnElement[bool] | None]) -> ColumnElement[bool] | None:
        # One expression object per decision: building it anew for each statement would cost more than running it.
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def _rows(self) -> ColumnElement[bool] | None:
        if self.refused:
            return false()
        if self.by != "grants":
            return None
        parts = [verdict.sql for verdict in self.giving]
        kept = [part for part in parts if part is not None]
        return None if len(kept) < len(parts) else or_(false(), *kept)

    def _filters(self) -> ColumnElement[bool] | None:
        return _all_of([verdict.sql for verdict in self.filters if verdict.binds])


def decide(
    declared: EntityPolicy, access: Access, holder: Holder, permissions: Mapping[str, list[Permission]]
) -> Decision:
    """Apply the algebra.

    Args:
        declared: the declarations on the entity.
        access: exactly one verb.
        holder: the principal's roles and missing claims.
        permissions: the declared permissions by role, for the explanation.
    """
    if holder.superuser:
        return Decision(declared.entity, access, False, "superuser", holder)
    grants = tuple(
        GrantVerdict(bound, _grant_outcome(bound, access, holder), holder.none_claims) for bound in declared.grants
    )
    filters = tuple(
        FilterVerdict(bound, _filter_outcome(bound, holder), holder.none_claims) for bound in declared.filters
    )
    fields = field_verdicts(declared.fields, access, roles=holder.roles, none=holder.none_claims)
    if all(verdict.outcome == "not your role" for verdict in grants):
        giving = tuple(p for role in sorted(holder.roles) for p in permissions.get(role, ()) if access in p.access)
        return Decision(
            declared.entity,
            access,
            access not in holder.default,
            "permissions",
            holder,
            giving,
            grants,
            filters,
            fields,
        )
    refused = not any(verdict.outcome in ("applies", "claim is None") for verdict in grants)
    return Decision(declared.entity, access, refused, "grants", holder, (), grants, filters, fields)


def _grant_outcome(bound: BoundGrant, access: Access, holder: Holder) -> GrantOutcome:
    grant = bound.grant
    if grant.role is not None and grant.role not in holder.roles:
        return "not your role"
    if access not in (holder.default if grant.access is None else grant.access):
        return "gives no such access"
    return "claim is None" if holder.lacks(bound.where) else "applies"


def _filter_outcome(bound: BoundFilter, holder: Holder) -> FilterOutcome:
    declared = bound.filter
    if not declared.exempt.isdisjoint(holder.roles):
        return "exempt"
    if declared.only is not None and declared.only.isdisjoint(holder.roles):
        return "only for other roles"
    return "claim is None" if holder.lacks(bound.where) else "applies"


def _sql(condition: Condition | None, none_claims: frozenset[str]) -> ColumnElement[bool] | None:
    return None if condition is None else condition.sql_for(none_claims)


def _all_of(parts: list[ColumnElement[bool] | None]) -> ColumnElement[bool] | None:
    kept = [part for part in parts if part is not None]
    if not kept:
        return None
    return kept[0] if len(kept) == 1 else and_(*kept)
