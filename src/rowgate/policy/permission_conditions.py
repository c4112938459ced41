"""A permission of the relationship schema as the condition of a grant, and who a principal is in that schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_

from rowgate.policy.conditions import Condition
from rowgate.relations.rows import Rows
from rowgate.types import Principal
from rowgate.zed.relationships import SubjectRef

__all__ = ["BoundSubject", "PermissionCondition"]


@dataclass(frozen=True)
class BoundSubject:
    """Who a principal is in the schema: an object of a type, whose id is a claim.

    Attributes:
        rows: conditions in SQL on relationships, for this subject.
    """

    type: str
    claim: str
    rows: Rows

    def of(self, principal: Principal) -> SubjectRef | None:
        """The subject that a principal is; None where the claim is."""
        value = principal.claims()[self.claim]
        return None if value is None else SubjectRef(self.type, str(value))


@dataclass(frozen=True, eq=False)
class PermissionCondition(Condition):
    """That the principal has a permission on a row, and with it all on whose behalf it acts.

    Attributes:
        words: the permission, ``order#read``.
        subject: who the principal is.
        otherwise: the condition for principals whose claim is None, and who they are instead.
        also: by claim, the same condition for another subject; it counts where the claim is not None.
        obstacles: why SQL cannot say it, where it cannot.
    """

    words: str = ""
    subject: BoundSubject | None = None
    otherwise: tuple[SubjectRef, ColumnElement[bool]] | None = None
    also: Mapping[str, ColumnElement[bool]] = field(default_factory=dict)
    obstacles: tuple[str, ...] = ()

    def sql_for(self, none_claims: frozenset[str]) -> ColumnElement[bool]:
        others = [sql for claim, sql in self.also.items() if claim not in none_claims]
        own = super().sql_for(none_claims)
        if self.otherwise and self.subject and self.subject.claim in none_claims:
            _, own = self.otherwise
        return and_(own, *others) if others else own

    def text(self, values: Mapping[str, object] | None = None) -> str:
        if self.subject is None:
            return self.words
        claim = self.subject.claim
        if self.otherwise and values is not None and values.get(claim) is None:
            return f"{self.words} for {self.otherwise[0]}"
        known = f" ({values[claim]!r})" if values is not None and claim in values else ""
        return f"{self.words} for {self.subject.type} user.{claim}{known}"
