"""What SQLite's own words tell beyond SQLAlchemy's reflection: options of foreign keys, unique columns, the expressions
of generated columns, keys that it numbers, and types that nobody declared.

SQLAlchemy reads some of these out of the text of CREATE TABLE, and misses them where they stand beside the column.
SQLite takes any word for a type, and any value in a column. A column whose word means nothing to SQLAlchemy, or is not
there at all (the expressions of a view), is typed by the values it holds.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import (
    Column,
    Computed,
    Connection,
    Date,
    DateTime,
    MetaData,
    String,
    Table,
    Time,
    UniqueConstraint,
    func,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import NUMERIC, NullType, Numeric

__all__ = ["complete", "name_untyped", "rowids"]

_SAMPLE: Final = 1000
"""Rows looked at to tell a column's type."""

_READERS: Final[tuple[tuple[type, Callable[[str], object]], ...]] = (
    (DateTime, dt.datetime.fromisoformat),
    (Date, dt.date.fromisoformat),
    (Time, dt.time.fromisoformat),
)
_TABLES: Final = "SELECT m.name, {} FROM sqlite_master AS m, {} WHERE m.type = 'table' ORDER BY {}"


def complete(connection: Connection, metadata: MetaData) -> None:
    """Add what reflection missed to the tables.

    Args:
        connection: to a SQLite database.
        metadata: as reflected.
    """
    _add_options(connection, metadata)
    _add_uniques(connection, metadata)
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    statements = {str(name): str(sql) for name, sql in rows}
    for name, table in metadata.tables.items():
        for column in table.columns:
            computed = column.server_default
            if isinstance(computed, Computed) and not str(computed.sqltext):
                expression = _generated(statements.get(name, ""), column.name)
                column.server_default = None
                column.computed = None
                Computed(expression or "NULL", persisted=computed.persisted)._set_parent(column)


def _add_options(connection: Connection, metadata: MetaData) -> None:
    rows = connection.execute(
        text(
            _TABLES.format(
                'f.id, f."from", f."table", f.on_delete, f.on_update',
                "pragma_foreign_key_list(m.name) AS f",
                "1, 2, f.seq",
            )
        )
    )
    columns: dict[tuple[str, int], list[str]] = defaultdict(list)
    options: dict[tuple[str, int], tuple[str, str, str]] = {}
    for name, number, column, parent, on_delete, on_update in rows:
        columns[name, number].append(column)
        options[name, number] = (parent, on_delete, on_update)
    for (name, number), held in columns.items():
        parent, on_delete, on_update = options[name, number]
        for constraint in metadata.tables[name].foreign_key_constraints if name in metadata.tables else ():
            refers = constraint.elements[0].target_fullname.rsplit(".", 1)[0]
            if [each.name for each in constraint.columns] == held and refers.casefold() == parent.casefold():
                constraint.ondelete = None if on_delete == "NO ACTION" else on_delete
                constraint.onupdate = None if on_update == "NO ACTION" else on_update


def _add_uniques(connection: Connection, metadata: MetaData) -> None:
    rows = connection.execute(
        text(
            _TABLES.format(
                "i.name, c.name",
                "pragma_index_list(m.name) AS i, pragma_index_info(i.name) AS c",
                "1, 2, c.seqno",
            ).replace("WHERE", "WHERE i.origin = 'u' AND")
        )
    )
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, index, column in rows:
        found[name, index].append(column)
    wanted: dict[str, list[list[str]]] = defaultdict(list)
    for (name, _), names in found.items():
        wanted[name].append(names)
    for name, sets in wanted.items():
        table = metadata.tables.get(name)
        if table is None:
            continue
        for unique in [each for each in table.constraints if isinstance(each, UniqueConstraint)]:
            names = [column.name for column in unique.columns]
            if names in sets:
                sets.remove(names)
            elif unique.name is None:
                table.constraints.remove(unique)  # a misreading
        for names in sets:
            table.append_constraint(UniqueConstraint(*names))


def _generated(statement: str, column: str) -> str | None:
    """The expression of a generated column, out of the text of CREATE TABLE."""
    named = re.search(rf"""["`\[]?{re.escape(column)}["`\]]?\s+[^,()]*?\bAS\s*\(""", statement, re.I)
    if named is None:
        return None
    depth = 1
    for place in range(named.end(), len(statement)):
        depth += (statement[place] == "(") - (statement[place] == ")")
        if depth == 0:
            return statement[named.end() : place].strip()
    return None


def rowids(connection: Connection, metadata: MetaData) -> frozenset[tuple[str, str]]:
    """The keys that SQLite gives a new row by itself, by table and column: those declared INTEGER, word for word."""
    if connection.dialect.name != "sqlite":
        return frozenset()
    keys = connection.execute(
        text(
            _TABLES.format("x.name, x.type, x.pk", "pragma_table_xinfo(m.name) AS x", "1").replace(
                "WHERE", "WHERE x.pk AND"
            )
        )
    )
    by_table: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, column, declared, _ in keys:
        by_table[name].append((column, declared))
    without = {
        name for (name,) in connection.execute(text("SELECT name FROM pragma_table_list WHERE wr AND schema = 'main'"))
    }
    return frozenset(
        (name, columns[0][0])
        for name, columns in by_table.items()
        if name in metadata.tables and len(columns) == 1 and columns[0][1].upper() == "INTEGER" and name not in without
    )


def name_untyped(connection: Connection, metadata: MetaData) -> dict[tuple[str, str], str]:
    """What the values are of columns without a type that is known, and of those that hold dates and times.

    Returns:
        By table and column: "integer", "real", "text", "blob"; "null" where there are no values; "mixed" where there
        are of several kinds. Of dates and times that are not written as SQLAlchemy would write them: "day" (without a
        time), "seconds" (without a fraction), "T" and "T seconds" (with this letter between day and time).
    """
    if connection.dialect.name != "sqlite":
        return {}
    found: dict[tuple[str, str], str] = {}
    for name, table in sorted(metadata.tables.items()):
        for column in _untyped(connection, table):
            found[name, column.name] = _kind_of(_kinds(connection, column))
        for column in table.columns:
            if isinstance(column.type, Date | DateTime | Time):
                kinds = _kinds(connection, column)
                form = _form(connection, column) if kinds <= {"text"} else None
                if form is None:
                    found[name, column.name] = _kind_of(kinds)
                elif form:
                    found[name, column.name] = form
    return found


def _kind_of(kinds: set[str]) -> str:
    if kinds == {"integer", "real"}:
        return "real"
    return "null" if not kinds else next(iter(kinds)) if len(kinds) == 1 else "mixed"


def _untyped(connection: Connection, table: Table) -> list[Column[Any]]:
    """The columns whose declared type SQLAlchemy does not know, so that it takes them for NUMERIC or for nothing."""
    doubtful = [each for each in table.columns if isinstance(each.type, NullType) or type(each.type) in _GUESSED]
    if not doubtful:
        return []
    known = set(connection.dialect.ischema_names)  # type: ignore[attr-defined]
    rows = connection.execute(
        text("SELECT name, type FROM pragma_table_xinfo(:name, :schema)"),
        {"name": table.name, "schema": table.schema or "main"},
    )
    declared = {str(name): str(kind).split("(")[0].strip().upper() for name, kind in rows}
    return [each for each in doubtful if isinstance(each.type, NullType) or declared.get(each.name) not in known]


_GUESSED: Final = (Numeric, NUMERIC)


def _kinds(connection: Connection, column: Column[Any]) -> set[str]:
    few = select(column.label("c")).limit(_SAMPLE).subquery()
    try:
        return {str(kind) for kind in connection.scalars(select(func.typeof(few.c.c)).distinct())} - {"null"}
    except DBAPIError:  # a view that is broken
        return set()


def _form(connection: Connection, column: Column[Any]) -> str | None:
    """How the texts of a column of dates or times are written; "" for SQLAlchemy's own way.

    SQLite compares them as texts, so what is written and asked for must look like what is there.

    Returns:
        None where SQLAlchemy cannot read them.
    """
    few = select(column.label("c")).limit(_SAMPLE).subquery()
    try:
        texts = list(connection.scalars(select(few.c.c.cast(String)).where(few.c.c.is_not(None)).distinct()))
        for value in texts:
            next(read for kind, read in _READERS if isinstance(column.type, kind))(value)
    except (ValueError, DBAPIError):
        return None
    if not texts:
        default = str(getattr(getattr(column.server_default, "arg", None), "text", "")).upper()
        return "seconds" if default.strip("()") in ("CURRENT_TIMESTAMP", "CURRENT_TIME") else ""
    for kind, form, pattern in _FORMS:
        if isinstance(column.type, kind) and all(pattern.fullmatch(value) for value in texts):
            return form
    return ""


_FORMS: Final = (
    (DateTime, "day", re.compile(r"[0-9-]{10}")),
    (DateTime, "seconds", re.compile(r"[0-9-]{10} [0-9:]{8}")),
    (DateTime, "T seconds", re.compile(r"[0-9-]{10}T[0-9:]{8}")),
    (DateTime, "T", re.compile(r"[0-9-]{10}T[0-9:]{8}\.[0-9]{6}")),
    (Time, "seconds", re.compile(r"[0-9:]{8}")),
)
