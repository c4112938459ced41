"""Constraints and indexes as code, with the names that the database has for them.

Migrations go by these names. A name that follows the module's naming convention is left to the convention; the
convention is the one that most of the database's names follow: rowgate's own, which is Alembic's, or PostgreSQL's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Table,
    TextClause,
    UniqueConstraint,
)

from rowgate.generate.layout import Bracketed, Code, call, quoted
from rowgate.generate.sqlalchemy_names import sqlalchemy_name

__all__ = [
    "NamingConvention",
    "convention_of",
    "foreign_key",
    "is_plain_index",
    "is_plain_unique",
    "sql_text",
    "table_arguments",
]

_COLUMNS: Final = "%(column_0_N_name)s"


@dataclass(frozen=True)
class NamingConvention:
    """How constraints and indexes are named: SQLAlchemy's keys and templates."""

    names: tuple[tuple[str, str], ...]

    def name(self, kind: str, table: str, columns: Sequence[str]) -> str:
        """The name that the convention gives."""
        template = dict(self.names)[kind]
        return template % {"table_name": table, "column_0_N_name": "_".join(columns), "constraint_name": "%s"}

    @property
    def text(self) -> str:
        """The constant of a module."""
        lines = [f'    "{kind}": "{template}",' for kind, template in self.names]
        return "\n".join(["NAMES = {", *lines, "}"])


_OWN: Final = NamingConvention(
    (
        ("pk", "pk_%(table_name)s"),
        ("fk", f"fk_%(table_name)s_{_COLUMNS}"),
        ("uq", f"uq_%(table_name)s_{_COLUMNS}"),
        ("ix", f"ix_%(table_name)s_{_COLUMNS}"),
        ("ck", "ck_%(table_name)s_%(constraint_name)s"),
    )
)
_POSTGRESQL: Final = NamingConvention(
    (
        ("pk", "%(table_name)s_pkey"),
        ("fk", f"%(table_name)s_{_COLUMNS}_fkey"),
        ("uq", f"%(table_name)s_{_COLUMNS}_key"),
        ("ix", f"%(table_name)s_{_COLUMNS}_idx"),
        ("ck", "%(table_name)s_%(constraint_name)s_check"),
    )
)


def convention_of(tables: Sequence[Table]) -> NamingConvention:
    """The convention that more of the tables' names follow."""
    found = [
        (kind, table.name, [column.name for column in each.columns], str(each.name))
        for table in tables
        for kind, each in _named(table)
    ]

    def followed(convention: NamingConvention) -> int:
        return sum(convention.name(kind, table, columns) == name for kind, table, columns, name in found)

    return _POSTGRESQL if followed(_POSTGRESQL) > followed(_OWN) else _OWN


def _named(table: Table) -> list[tuple[str, ForeignKeyConstraint | UniqueConstraint | Index]]:
    found: list[tuple[str, ForeignKeyConstraint | UniqueConstraint | Index]] = []
    found += [("fk", each) for each in table.foreign_key_constraints if each.name]
    found += [("uq", each) for each in table.constraints if isinstance(each, UniqueConstraint) and each.name]
    found += [("ix", each) for each in table.indexes if each.name]
    return found


def sql_text(sql: str) -> str:
    """SQL as a string literal for ``text()``: a colon before a word would be a parameter there."""
    return quoted(re.sub(r"(?<![:\w\\]):(?=\w)", r"\\:", sql))


def foreign_key(constraint: ForeignKeyConstraint, convention: NamingConvention) -> Code:
    """A foreign key of one column as the column's argument."""
    (element,) = constraint.elements
    return call(sqlalchemy_name("ForeignKey"), [quoted(element.target_fullname), *_options(constraint, convention)])


def _options(constraint: ForeignKeyConstraint, convention: NamingConvention) -> list[Code]:
    columns = [column.name for column in constraint.columns]
    parts: list[Code] = []
    if constraint.name and str(constraint.name) != convention.name("fk", constraint.table.name, columns):
        parts.append(f"name={quoted(str(constraint.name))}")
    for option in ("ondelete", "onupdate", "initially", "match"):
        value = getattr(constraint, option)
        if value and str(value).upper() not in ("NO ACTION", "SIMPLE"):
            parts.append(f"{option}={quoted(str(value))}")
    if constraint.deferrable:
        parts.append("deferrable=True")
    return parts


def is_plain_unique(constraint: UniqueConstraint, convention: NamingConvention) -> bool:
    """Whether ``unique=True`` on a column says all of it."""
    columns = [column.name for column in constraint.columns]
    named = constraint.name is None or str(constraint.name) == convention.name("uq", constraint.table.name, columns)
    return len(columns) == 1 and named


def is_plain_index(index: Index, convention: NamingConvention) -> bool:
    """Whether ``index=True`` on a column says all of it."""
    columns = [column.name for column in index.columns]
    return (
        len(index.expressions) == len(columns) == 1
        and not index.unique
        and not _index_options(index)
        and index.table is not None
        and str(index.name) == convention.name("ix", index.table.name, columns)
    )


def table_arguments(
    table: Table,
    foreign_keys: Sequence[ForeignKeyConstraint],
    convention: NamingConvention,
    *,
    unmapped: Sequence[str] = (),
) -> list[Code]:
    """The constraints and indexes that no column can carry.

    Args:
        table: as reflected.
        foreign_keys: those of several columns that are to be written.
        convention: of the module.
        unmapped: the columns that the class lacks; what needs them is left out.
    """
    lost = set(unmapped)
    parts: list[Code] = []
    for key in foreign_keys:
        held = Bracketed("", tuple(quoted(column.name) for column in key.columns), "[", "]")
        refers = Bracketed("", tuple(quoted(element.target_fullname) for element in key.elements), "[", "]")
        parts.append(call(sqlalchemy_name("ForeignKeyConstraint"), [held, refers, *_options(key, convention)]))
    uniques = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
    for unique in sorted(uniques, key=lambda each: ([column.name for column in each.columns], str(each.name))):
        columns = [column.name for column in unique.columns]
        if is_plain_unique(unique, convention) or lost & set(columns):
            continue
        options: list[Code] = []
        if unique.name and str(unique.name) != convention.name("uq", table.name, columns):
            options.append(f"name={quoted(str(unique.name))}")
        parts.append(call(sqlalchemy_name("UniqueConstraint"), [*map(quoted, columns), *options]))
    parts += _checks(table, convention, lost)
    for index in sorted(table.indexes, key=lambda each: str(each.name)):
        if not is_plain_index(index, convention) and not lost & {column.name for column in index.columns}:
            parts.append(_index(index))
    return parts


def _checks(table: Table, convention: NamingConvention, lost: set[str]) -> list[Code]:
    checks = [each for each in table.constraints if isinstance(each, CheckConstraint)]
    texts = sorted((str(each.name or ""), str(getattr(each.sqltext, "text", each.sqltext))) for each in checks)
    before, _, after = convention.name("ck", table.name, []).partition("%s")
    parts: list[Code] = []
    for number, (name, sql) in enumerate(texts, start=1):
        if re.match(r"^\(*json_valid\(", sql, re.I) or any(re.search(rf"\b{re.escape(each)}\b", sql) for each in lost):
            continue  # MariaDB adds the first by itself to what it calls JSON
        if not name:
            given = f'"{number}"'  # the convention needs something to name it by
        elif name.startswith(before) and name.endswith(after) and len(name) > len(before) + len(after):
            given = quoted(name[len(before) : len(name) - len(after)])
        else:
            given = f"conv({quoted(name)})"
        parts.append(call(sqlalchemy_name("CheckConstraint"), [sql_text(sql), f"name={given}"]))
    return parts


def _index(index: Index) -> Code:
    parts: list[Code] = [quoted(str(index.name))]
    for each in index.expressions:
        if isinstance(each, Column):
            parts.append(quoted(each.name))
        else:
            sql = each.text if isinstance(each, TextClause) else str(each)
            parts.append(call(sqlalchemy_name("text"), [sql_text(sql)]))
    if index.unique:
        parts.append("unique=True")
    return call(sqlalchemy_name("Index"), [*parts, *_index_options(index)])


def _index_options(index: Index) -> list[Code]:
    parts: list[Code] = []
    for name, value in sorted(dict(index.dialect_kwargs).items()):
        if value in (None, [], {}, (), False, "") or (name == "postgresql_using" and value == "btree"):
            continue
        if isinstance(value, TextClause):
            parts.append(call(sqlalchemy_name("text"), [sql_text(value.text)], keyword=name))
        elif name.endswith("_where"):
            parts.append(call(sqlalchemy_name("text"), [sql_text(_plain(value))], keyword=name))
        elif isinstance(value, str):
            parts.append(f"{name}={quoted(value)}")
        elif isinstance(value, list | tuple | dict | int | bool):
            parts.append(f"{name}={value!r}")
    return parts


def _plain(value: Any) -> str:
    return str(getattr(value, "text", value))
