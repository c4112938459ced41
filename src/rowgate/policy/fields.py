"""Field rules: columns that a principal may not see, or may not write, in all rows or in some.

A rule holds for everyone but the roles in ``unless``, and in the rows where its ``where`` is not known to be false: a
condition that is NULL, or that uses a claim which is None, hides. So a slip in a condition hides too much and never too
little. Rules add up: a value shows where no rule hides it. What is hidden cannot be written either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from sqlalchemy import Column, ColumnElement, and_, false, not_
from sqlalchemy.orm import InstrumentedAttribute, Mapper

from rowgate.policy.conditions import Condition
from rowgate.policy.declarations import AnyCondition, Source
from rowgate.types import Access

__all__ = [
    "NO_FIELDS",
    "BoundField",
    "ColumnName",
    "FieldRule",
    "FieldVerdict",
    "Fields",
    "column_of",
    "field_verdicts",
    "name_of",
    "names_of",
    "unhidable",
]

ColumnName: TypeAlias = str | InstrumentedAttribute[Any]
"""How a declaration names a column: ``"Salary"`` or ``Employee.Salary``."""

FieldOutcome: TypeAlias = Literal["applies", "exempt", "claim is None"]


@dataclass(frozen=True, kw_only=True)
class FieldRule:
    """Columns of one entity that are hidden or read-only.

    ``where=None`` means in every row; ``unless`` are the roles that the rule does not bind.
    """

    kind: Literal["hide", "readonly"]
    entity: type
    columns: tuple[str, ...]
    unless: frozenset[str]
    where: AnyCondition | None
    source: Source
    reason: str | None = None


@dataclass(frozen=True, eq=False)
class BoundField:
    """A field rule with its columns found and its condition built."""

    rule: FieldRule
    columns: tuple[Column[Any], ...]
    where: Condition | None


@dataclass(frozen=True, eq=False)
class FieldVerdict:
    """Whether a field rule binds a principal, and if not, why."""

    bound: BoundField
    outcome: FieldOutcome

    @property
    def binds(self) -> bool:
        return self.outcome != "exempt"

    @property
    def spared(self) -> ColumnElement[bool]:
        """The rows that the rule leaves alone: those on which its condition is known to be false."""
        where = self.bound.where
        if where is None or self.outcome == "claim is None":
            return false()
        return not_(where.sql)


@dataclass(frozen=True, eq=False)
class Fields:
    """What field rules mean for a principal, an entity and a verb.

    For READ the columns that are hidden; for INSERT and UPDATE those too and the read-only ones; for DELETE none.

    Attributes:
        verdicts: every field rule that has a say on the verb, in the order of the declarations.
        open_in: by column: the rows in which it is open; columns that are open in every row are left out.
        closed: the columns that are open in no row.
    """

    verdicts: tuple[FieldVerdict, ...] = ()
    open_in: Mapping[Column[Any], ColumnElement[bool]] = field(init=False)
    closed: frozenset[Column[Any]] = field(init=False)

    def __post_init__(self) -> None:
        by_column: dict[Column[Any], list[FieldVerdict]] = {}
        for verdict in self.verdicts:
            for column in verdict.bound.columns if verdict.binds else ():
                by_column.setdefault(column, []).append(verdict)
        open_in: dict[Column[Any], ColumnElement[bool]] = {}
        closed: set[Column[Any]] = set()
        for column, verdicts in by_column.items():
            if any(verdict.bound.where is None or verdict.outcome == "claim is None" for verdict in verdicts):
                closed.add(column)
                open_in[column] = false()
            else:
                open_in[column] = and_(*(verdict.spared for verdict in verdicts))
        # Frozen: these two follow from the verdicts.
        object.__setattr__(self, "open_in", open_in)
        object.__setattr__(self, "closed", frozenset(closed))

    def of(self, columns: Iterable[Any]) -> dict[Column[Any], ColumnElement[bool]]:
        """Those of the columns that are not open in every row, each with the rows in which it is."""
        return {column: self.open_in[column] for column in columns if column in self.open_in}


NO_FIELDS = Fields()


def field_verdicts(
    bound: Iterable[BoundField], access: Access, *, roles: frozenset[str], none: frozenset[str]
) -> Fields:
    """What field rules mean for a verb.

    Args:
        bound: the rules on the entity.
        access: exactly one verb.
        roles: the principal's effective roles.
        none: its claims that are None.
    """
    verdicts: list[FieldVerdict] = []
    for each in bound:
        if access is Access.DELETE or (access is Access.READ and each.rule.kind != "hide"):
            continue
        outcome: FieldOutcome = "applies"
        if not each.rule.unless.isdisjoint(roles):
            outcome = "exempt"
        elif each.where is not None and not each.where.claims.isdisjoint(none):
            outcome = "claim is None"
        verdicts.append(FieldVerdict(each, outcome))
    return Fields(tuple(verdicts)) if verdicts else NO_FIELDS


def name_of(column: ColumnName) -> str:
    """The attribute that a declaration names."""
    return column if isinstance(column, str) else str(column.key)


def column_of(mapper: Mapper[Any], name: str) -> Column[Any] | None:
    """The table's column behind an attribute of an entity, or of a class that inherits from it; None for no column."""
    for each in mapper.self_and_descendants:
        prop = each.column_attrs.get(name)
        if prop is not None and isinstance(prop.columns[0], Column):
            return prop.columns[0]
    return None


def unhidable(mapper: Mapper[Any], column: Column[Any]) -> str | None:
    """Why a column cannot be hidden, in words: without it SQLAlchemy would not know the row. None where it can."""
    if column.primary_key:
        return "part of the primary key"
    if column is mapper.polymorphic_on:
        return "what tells the classes of one table apart"
    if column is mapper.version_id_col:
        return "the row's version counter"
    return None


def names_of(columns: Iterable[Column[Any]], mapper: Mapper[Any]) -> Iterator[str]:
    """The attributes of an entity, or of a class that inherits from it, that hold these columns."""
    wanted = set(columns)
    for each in mapper.self_and_descendants:
        for prop in each.column_attrs:
            if not wanted.isdisjoint(prop.columns):
                yield prop.key
