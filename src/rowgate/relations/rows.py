"""Conditions on rows of the relation table: of a kind, alive at the moment asked for, and with a caveat that counts.

Every answer has two bounds. The *definite* one counts a caveated relationship only when its caveat is true for the
context given, the *possible* one unless it is false. An exclusion takes the other bound of what it removes. Where no
caveat plays a part both are the same, and only one is computed.
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import Enum
from typing import Any, Final

from sqlalchemy import (
    CTE,
    BindParameter,
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    Select,
    Text,
    bindparam,
    cast,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import JSONB

from rowgate.relations.edges import Edge
from rowgate.relations.keys import IdentifierKey
from rowgate.relations.rules import Direct, Source
from rowgate.relations.table import RELATIONSHIPS, Moment
from rowgate.zed.relationships import WILDCARD

__all__ = [
    "NOW",
    "OBJECT_ID",
    "OBJECT_IDS",
    "REFUTED",
    "SUBJECT_ID",
    "SUPPORTED",
    "Bound",
    "Rows",
    "constant",
    "name",
    "now_value",
]

SUBJECT_ID: Final = "relations_subject"
"""Parameter: the id of the subject asked for."""

OBJECT_ID: Final = "relations_object"
"""Parameter: the id of the one object asked for."""

OBJECT_IDS: Final = "relations_objects"
"""Parameter: the ids of the objects asked for, a JSON list."""

NOW: Final = "relations_now"
"""Parameter: the moment at which expiry is looked at."""

SUPPORTED: Final = "relations_true_caveats"
"""Parameter: a JSON list of the caveats with written context that are true for the request's context."""

REFUTED: Final = "relations_false_caveats"
"""Parameter: the same of those that are false."""

_MOMENT: Final = DateTime(timezone=True)
_NAME = re.compile(r"[a-z0-9_/]*|[*]")

_STORED: Final = Moment()
_SQLITE: Final = sqlite.dialect()


class Bound(Enum):
    """Which caveated relationships count: those definitely true, or all that may be."""

    DEFINITE = "definite"
    POSSIBLE = "possible"

    @property
    def other(self) -> Bound:
        """The other bound, which negation takes."""
        return Bound.POSSIBLE if self is Bound.DEFINITE else Bound.DEFINITE


def name(text: str) -> ColumnElement[str]:
    """A name of the schema, or ``*``, as a constant of the statement, so that a planner knows it.

    Raises:
        ValueError: it is not made of the characters that names have.
    """
    if not _NAME.fullmatch(text):
        raise ValueError("not a name of a schema")
    return literal_column(f"'{text}'", Text)


def constant(value: int) -> ColumnElement[int]:
    """A number as a constant of the statement."""
    return literal_column(str(value), Integer)


def parameter(key: str) -> BindParameter[str]:
    """The parameter of this name, a text; ids may be of any length."""
    return bindparam(key, type_=Text, required=True)


def now_value(moment: datetime, dialect: str) -> object:
    """What the parameter :data:`NOW` holds, as the database keeps moments.

    It stands in a statement once for each kind of relationship. A type that converts it would do so each time.

    Args:
        moment: with a time zone.
        dialect: ``sqlite`` or ``postgresql``.
    """
    if dialect == "postgresql":
        return moment
    kept = _STORED.process_bind_param(moment, _SQLITE)
    return None if kept is None else kept.isoformat(sep=" ", timespec="microseconds")


class Rows:
    """Makes conditions for one dialect.

    Args:
        dialect: ``sqlite`` or ``postgresql``.
        subject_id: the id of the subject asked for; the parameter :data:`SUBJECT_ID` when left out.
    """

    def __init__(self, dialect: str, *, subject_id: ColumnElement[str] | None = None) -> None:
        self.dialect = dialect
        self._postgresql = dialect == "postgresql"
        self._subject_id = self._text(SUBJECT_ID) if subject_id is None else subject_id
        self._lists = {key: self.listed(key).cte(key) for key in (SUPPORTED, REFUTED)}

    def listed(self, key: str) -> Select[tuple[str]]:
        """The texts of a parameter that holds a JSON list, one a row, as the column ``item``."""
        if self._postgresql:
            items = func.jsonb_array_elements_text(cast(parameter(key), JSONB))
            return select(items.column_valued("item").label("item"))
        return select(func.json_each(parameter(key)).table_valued("value").c.value.label("item"))

    def object_ids(self, *, many: bool) -> Select[tuple[str]]:
        """The ids asked for, one a row: of the parameter :data:`OBJECT_IDS`, or the one of :data:`OBJECT_ID`.

        A planner takes a list of unknown length for long; it is told when there is one.
        """
        return self.listed(OBJECT_IDS) if many else select(self.object_id().label("item"))

    def object_id(self) -> ColumnElement[str]:
        """The id of the one object asked for, as a text of the database."""
        return self._text(OBJECT_ID)

    def subject_id(self) -> ColumnElement[str]:
        """The id of the subject asked for, as a text of the database."""
        return self._subject_id

    def _text(self, key: str) -> ColumnElement[str]:
        return cast(parameter(key), Text) if self._postgresql else parameter(key)

    def edge(self, source: Source, bound: Bound) -> Edge:
        """The relationships of a source, under a name of their own, that count in a bound."""
        if source.column is not None:
            return source.column.edge(self)
        row = RELATIONSHIPS.alias()
        conditions = self.of(row, source, bound)
        return Edge(row, IdentifierKey(row.c.resource_id), IdentifierKey(row.c.subject_id), tuple(conditions))

    def of(self, row: FromClause, source: Source, bound: Bound) -> list[ColumnElement[bool]]:
        """That a row is of the kind of a source, alive, and counts in a bound."""
        return [*self.kind(row, source), self.alive(row), self.counts(row, source, bound)]

    def kind(self, row: FromClause, source: Source) -> list[ColumnElement[bool]]:
        """That a row is of the kind of a source."""
        conditions = [
            row.c.resource_type == name(source.resource_type),
            row.c.relation == name(source.relation),
            row.c.subject_type == name(source.subject_type),
        ]
        if source.subject_relation is not None:
            conditions.append(row.c.subject_relation == name(source.subject_relation))
        return conditions

    def subject(self, edge: Edge, term: Direct) -> ColumnElement[bool]:
        """That an edge names the subject asked for, or every one of its type, whichever the term is about."""
        own = self.subject_id()
        if term.source.column is not None:
            # A column names subjects one by one; an id "*" in it is an id.
            return edge.subject.equals(own) if term.plain else false()
        subject = edge.subject.text
        if not term.plain:
            return subject == name(WILDCARD)
        return subject.in_([own, name(WILDCARD)]) if term.wildcard else subject == own

    def few(self, identifier: ColumnElement[Any]) -> ColumnElement[bool]:
        """That an id is there, which is always so: a hint that a step of a recursion leads on from few of them.

        SQLite takes what a recursion has found for a million rows, and would go through the whole relation table to
        make a Bloom filter of it before it looks at the first one. PostgreSQL needs no hint.
        """
        if self._postgresql:
            return true()
        # As a number: of a truth value SQLAlchemy would make a comparison, which the hint does not pass through.
        hint: ColumnElement[Any] = func.likelihood(identifier.is_not(None), literal_column("0.000001"), type_=Integer)
        return hint

    def lead_on(
        self,
        found: CTE,
        edge: Edge,
        here: ColumnElement[bool],
        to: ColumnElement[Any],
        *conditions: ColumnElement[bool],
    ) -> Select[Any]:
        """From the ids found so far to those that an edge leads to, one index lookup for each.

        Without statistics PostgreSQL takes the relationships of a kind for one, and would go through all of them for
        each round of a recursion; LATERAL with OFFSET leaves it no choice.

        Args:
            found: with the column ``id``.
            edge: the relationships.
            here: that a relationship begins at such an id.
            to: the id that it leads to.
            conditions: on that id.
        """
        if not self._postgresql:
            joined = found.join(edge.rows, here)
            told = select(to.label("id")).select_from(joined).where(self.few(found.c.id), *edge.conditions)
            return told.where(*conditions)
        reached = select(to.label("id")).select_from(edge.rows).where(here, *edge.conditions, *conditions)
        steps = reached.correlate(found).offset(constant(0)).lateral()
        return select(steps.c.id).select_from(found.join(steps, true()))

    def alive(self, row: FromClause) -> ColumnElement[bool]:
        """That a row has not expired."""
        moment: BindParameter[Any] = bindparam(NOW, type_=_MOMENT if self._postgresql else Text, required=True)
        return or_(row.c.expires_at.is_(None), row.c.expires_at > moment)

    def counts(self, row: FromClause, source: Source, bound: Bound) -> ColumnElement[bool]:
        """That a row's caveat lets it count in a bound. Where the schema allows none there must be none."""
        free = row.c.caveat == name("")
        if not source.caveats:
            return free
        key = row.c.caveat + literal_column("' '", Text) + row.c.caveat_context
        if bound is Bound.DEFINITE:
            return or_(free, key.in_(select(self._lists[SUPPORTED].c.item)))
        return or_(free, key.not_in(select(self._lists[REFUTED].c.item)))
