"""What check constraints say about a column's values: one of a few, JSON, true or false."""

from __future__ import annotations

import re
from typing import Any, Final

from sqlalchemy import CheckConstraint, Column, String, Table

__all__ = ["allowed_values", "is_json", "sql_of"]

_TEXT: Final = r"'(?:[^']|'')*'"
_CAST: Final = r"(?:::[\w ]+(?:\(\d+\))?(?:\[\])?)"
_ITEM: Final = rf"\(?{_TEXT}{_CAST}?\)?{_CAST}?"
_IN: Final = re.compile(rf"^(?P<column>.+?)\s+in\s*\((?P<items>\s*{_TEXT}(?:\s*,\s*{_TEXT})*\s*)\)$", re.I | re.S)
# What PostgreSQL makes of IN.
_ANY: Final = re.compile(
    rf"^(?P<column>.+?)\s*=\s*any\s*\(\(?array\[(?P<items>\s*{_ITEM}(?:\s*,\s*{_ITEM})*\s*)\]\)?{_CAST}?\)$",
    re.I | re.S,
)
_ONE: Final = re.compile(rf"^(?P<column>.+?)\s*=\s*(?P<items>{_TEXT}){_CAST}?$", re.S)


def allowed_values(table: Table, column: Column[Any]) -> tuple[str, ...]:
    """The texts that a check constraint limits a column to; empty where none does."""
    if not isinstance(column.type, String):
        return ()
    for constraint in _checks(table):
        sql = _bare(sql_of(constraint))
        for form in (_IN, _ANY, _ONE):
            match = form.match(sql)
            if match and _is(match["column"], column.name):
                values = [each[1:-1].replace("''", "'") for each in re.findall(_TEXT, match["items"])]
                return tuple(dict.fromkeys(values))
    return ()


def is_json(table: Table, column: Column[Any]) -> bool:
    """Whether a text column of MariaDB is what it calls JSON."""
    return any(
        (match := re.match(r"^json_valid\((.+)\)$", _bare(sql_of(each)), re.I)) is not None
        and _is(match[1], column.name)
        for each in _checks(table)
    )


def _checks(table: Table) -> list[CheckConstraint]:
    found = [each for each in table.constraints if isinstance(each, CheckConstraint)]
    return sorted(found, key=lambda each: (str(each.name or ""), sql_of(each)))


def sql_of(constraint: CheckConstraint) -> str:
    """The condition of a check constraint, as the database writes it."""
    return str(getattr(constraint.sqltext, "text", constraint.sqltext))


def _bare(sql: str) -> str:
    """Without the brackets around the whole."""
    sql = sql.strip()
    while sql.startswith("(") and sql.endswith(")") and _closes_last(sql):
        sql = sql[1:-1].strip()
    return sql


def _closes_last(sql: str) -> bool:
    depth = 0
    for place, character in enumerate(re.sub(_TEXT, lambda match: "x" * len(match[0]), sql)):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return place == len(sql) - 1
    return False


def _is(written: str, name: str) -> bool:
    """Whether an expression is the column, with quotes, brackets and a cast around it or not."""
    bare = re.sub(rf"{_CAST}$", "", _bare(written)).strip()
    bare = _bare(bare)
    quotes = {'"': '"', "`": "`", "[": "]"}
    if bare[:1] in quotes and bare[-1:] == quotes[bare[:1]]:
        return bare[1:-1].replace(bare[-1] * 2, bare[-1]) == name
    return bare.casefold() == name.casefold()
