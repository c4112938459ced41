"""Relations that other tables state: a foreign key, a path of them, a constant, a claim of the principal.

Nothing is copied: a statement reads the columns themselves, so what a column says now is what counts, whoever changed
it and however.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, ColumnElement, FromClause, Table, Text, bindparam, cast, func, literal
from sqlalchemy.dialects.postgresql import JSONB

from rowgate.relations.edges import Edge
from rowgate.relations.keys import ColumnKey, IdentifierKey, Key

if TYPE_CHECKING:
    from rowgate.relations.edges import Edge
from rowgate.relations.rows import Rows

__all__ = ["ClaimRelation", "ColumnRelation", "ConstantRelation", "Hop", "PathRelation"]


@dataclass(frozen=True, eq=False)
class ColumnRelation:
    """One relation, for one kind of subject, stated elsewhere than in the relation table.

    Args:
        resource_type: the type of the resource.
        relation: the relation.
        subject_type: the type of the subject.
        subject_relation: what stands behind the subject; "" for the object itself.
        words: what states it, for people: ``Order.EmployeeId``.
    """

    resource_type: str
    relation: str
    subject_type: str
    subject_relation: str
    words: str

    @property
    def kind(self) -> tuple[str, str, str, str]:
        """Types, relation, and what stands behind the subject."""
        return (self.resource_type, self.relation, self.subject_type, self.subject_relation)

    def edge(self, rows: Rows) -> Edge:
        """The relationships, from tables under names of their own."""
        raise NotImplementedError

    def of_row(self, table: Table, dialect: str) -> Key | None:
        """The subject of a row of its resource's own table, from that row's columns alone; None where it takes more."""
        return None


@dataclass(frozen=True)
class Hop:
    """A step from one table to another: pairs of columns that are equal."""

    table: Table
    pairs: tuple[tuple[ColumnElement[Any], ColumnElement[Any]], ...]


@dataclass(frozen=True, eq=False)
class PathRelation(ColumnRelation):
    """Columns of a row, or of a row that it refers to.

    Args:
        start: the table of the first row.
        resource: the columns of ``start`` that name the resource.
        hops: the way to the last row; none where the columns of ``start`` name the subject.
        subject: the columns of the last table that name the subject.
    """

    start: Table
    resource: Sequence[ColumnElement[Any]]
    hops: Sequence[Hop]
    subject: Sequence[ColumnElement[Any]]

    def edge(self, rows: Rows) -> Edge:
        first = self.start.alias()
        joined: FromClause = first
        last = first
        for hop in self.hops:
            reached = hop.table.alias()
            on = [_in(last, near) == _in(reached, far) for near, far in hop.pairs]
            condition = on[0]
            for each in on[1:]:
                condition &= each
            joined, last = joined.join(reached, condition), reached
        resource = ColumnKey([_in(first, column) for column in self.resource], rows.dialect)
        subject = ColumnKey([_in(last, column) for column in self.subject], rows.dialect)
        return Edge(joined, resource, subject, (*resource.there, *subject.there))

    def of_row(self, table: Table, dialect: str) -> Key | None:
        own = self.start is table and tuple(self.resource) == tuple(table.primary_key.columns)
        return ColumnKey(tuple(self.subject), dialect) if own and not self.hops else None


@dataclass(frozen=True, eq=False)
class ConstantRelation(ColumnRelation):
    """Every row of a table, with one and the same subject."""

    table: Table
    subject_id: str

    def edge(self, rows: Rows) -> Edge:
        row = self.table.alias()
        key = ColumnKey([_in(row, column) for column in self.table.primary_key.columns], rows.dialect)
        return Edge(row, key, IdentifierKey(self._subject))

    def of_row(self, table: Table, dialect: str) -> Key | None:
        return IdentifierKey(self._subject) if table is self.table else None

    @cached_property
    def _subject(self) -> ColumnElement[str]:
        return cast(literal(self.subject_id, Text), Text)


@dataclass(frozen=True, eq=False)
class ClaimRelation(ColumnRelation):
    """What the principal itself brings along: it is the subject, and a claim names the resources.

    Args:
        parameter: the name of the parameter that holds the ids, a JSON list; it says nothing of anybody else.
        claim: from the principal to one id, several, or None.
    """

    parameter: str
    claim: Callable[[Any], object]

    def value(self, principal: object) -> str:
        """What the parameter holds for a principal."""
        found = self.claim(principal)
        if found is None:
            return "[]"
        several = found if isinstance(found, Iterable) and not isinstance(found, str) else (found,)
        return json.dumps(sorted(str(each) for each in several))

    def edge(self, rows: Rows) -> Edge:
        listed = bindparam(self.parameter, type_=Text, required=True)
        if rows.dialect == "postgresql":
            found: Any = func.jsonb_array_elements_text(cast(listed, JSONB)).table_valued("value").alias()
        else:
            found = func.json_each(listed).table_valued("value").alias()
        return Edge(found, IdentifierKey(cast(found.c.value, Text)), IdentifierKey(rows.subject_id()))


def _in(alias: FromClause, column: ColumnElement[Any]) -> ColumnElement[Any]:
    found: ColumnElement[Any] | None = alias.c.get(column.key) if isinstance(column, Column) else None
    if found is None:
        raise ValueError(f"{column} is no column of {alias}")
    return found
