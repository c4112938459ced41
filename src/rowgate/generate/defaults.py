"""What a column's default in the database is in Python, where it is a constant."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Column, DefaultClause
from sqlalchemy import types as sa

__all__ = ["constant_of", "server_text"]

_NUMBER: Final = re.compile(r"[-+]?\d+(\.\d+)?")
_QUOTED: Final = re.compile(r"'((?:[^']|'')*)'(::[\w \".]+(\(\d+(,\s*\d+)?\))?)?")
_TRUE: Final = frozenset({"true", "1", "'t'", "'1'", "b'1'"})
_FALSE: Final = frozenset({"false", "0", "'f'", "'0'", "b'0'"})


def server_text(column: Column[Any], dialect: str) -> str | None:
    """The SQL of a column's default; None where it has none, or where the database numbers the column."""
    default = column.server_default
    if not isinstance(default, DefaultClause):
        return None
    sql = str(getattr(default.arg, "text", default.arg)).strip()
    if sql.upper() == "NULL" or sql.upper().startswith("NULL::"):
        return None
    if dialect == "postgresql" and column.primary_key and sql.startswith("nextval("):
        return None
    return sql


def constant_of(sql: str, kind: sa.TypeEngine[Any]) -> tuple[bool, object, str | None]:
    """What a default means.

    Args:
        sql: of the default.
        kind: the column's type.

    Returns:
        Whether it is a constant of Python's, which one, and its text where SQL has it as a plain text.
    """
    bare = sql
    while bare.startswith("(") and bare.endswith(")"):
        bare = bare[1:-1].strip()
    match = _QUOTED.fullmatch(bare)
    inner = match[1].replace("''", "'") if match else None
    # A cast to another type than text may mean more than the text does.
    textual = isinstance(kind, sa.String | sa.Enum)
    literal = inner if match and (match[2] is None or textual) else None
    if isinstance(kind, sa.Boolean):
        known = bare.lower() in _TRUE | _FALSE
        return known, bare.lower() in _TRUE, literal
    number = inner if inner is not None else bare
    if isinstance(kind, sa.Integer) and re.fullmatch(r"[-+]?\d{1,18}", number):
        return True, int(number), literal
    if isinstance(kind, sa.Numeric) and _NUMBER.fullmatch(number):
        return True, Decimal(number) if kind.asdecimal else float(number), literal
    if textual and inner is not None and (not isinstance(kind, sa.Enum) or inner in kind.enums):
        return True, inner, literal
    return False, None, literal
