"""Conditions on rows of the relation table: of a kind, alive at the moment asked for, and with a caveat that counts.

Every answer has two bounds. The *definite* one counts a caveated relationship only when its caveat is true for the
context given, the *possible* one unless it is false. An exclusion takes the other bound of what it removes. Where no
caveat plays a part both are the same, and only one is computed.
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import Enum
from typing import Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from rowgate.relations.rules import Direct, Source
from rowgate.relations.table import Moment
from rowgate.zed.relationships import WILDCARD

__all__ = ["NOW", "OBJECT_ID", "OBJECT_IDS", "REFUTED", "SUBJECT_ID", "SUPPORTED", "Bound", "Rows", "constant", "name"]

SUBJECT_ID: Final = "subject_id"
"""Parameter: the id of the subject asked for."""

OBJECT_ID: Final = "object_id"
"""Parameter: the id of the one object asked for."""

OBJECT_IDS: Final = "object_ids"
"""Parameter: the ids of the objects asked for, a JSON list."""

NOW: Final = "now"
"""Parameter: the moment at which expiry is looked at."""

SUPPORTED: Final = "true_caveats"
"""Parameter: a JSON list of the caveats with written context that are true for the request's context."""

REFUTED: Final = "false_caveats"
"""Parameter: the same of those that are false."""

_NAME = re.compile(r"[a-z0-9_/]*|[*]")


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


class Rows:
    """Makes conditions for one dialect.

    Args:
        dialect: ``sqlite`` or ``postgresql``.
    """

    def __init__(self, dialect: str) -> None:
        self._postgresql = dialect == "postgresql"
        self._lists = {key: self._listed(key).cte(key) for key in (SUPPORTED, REFUTED)}

    def _listed(self, key: str) -> Select[tuple[str]]:
        if self._postgresql:
            items = func.jsonb_array_elements_text(cast(parameter(key), JSONB))
            return select(items.column_valued("item").label("item"))
        return select(func.json_each(parameter(key)).table_valued("value").c.value.label("item"))

    def object_ids(self, *, many: bool) -> Select[tuple[str]]:
        """The ids asked for, one a row: of the parameter :data:`OBJECT_IDS`, or the one of :data:`OBJECT_ID`.

        A planner takes a list of unknown length for long; it is told when there is one.
        """
        return self._listed(OBJECT_IDS) if many else select(self._text(OBJECT_ID).label("item"))

    def subject_id(self) -> ColumnElement[str]:
        """The id of the subject asked for, as a text of the database."""
        return self._text(SUBJECT_ID)

    def _text(self, key: str) -> ColumnElement[str]:
        return cast(parameter(key), Text) if self._postgresql else parameter(key)

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

    def subject(self, row: FromClause, term: Direct) -> ColumnElement[bool]:
        """That a row names the subject asked for, or every one of its type, whichever the term is about."""
        if not term.plain:
            return row.c.subject_id == name(WILDCARD)
        own = self.subject_id()
        return row.c.subject_id.in_([own, name(WILDCARD)]) if term.wildcard else row.c.subject_id == own

    def alive(self, row: FromClause) -> ColumnElement[bool]:
        """That a row has not expired."""
        moment: BindParameter[datetime] = bindparam(NOW, type_=Moment(), required=True)
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
