"""How SQLite's dates and times are written: it compares them as texts, so new ones must look like those there are.

A type of another form than SQLAlchemy's own is named once in a module, because its class has no types of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

from sqlalchemy import types as sa
from sqlalchemy.dialects import sqlite

from rowgate.generate.layout import quoted

__all__ = ["CONSTANTS", "FORMS", "constant_lines", "constant_of", "form_of"]

_T: Final = "%(year)04d-%(month)02d-%(day)02dT%(hour)02d:%(minute)02d:%(second)02d"
CONSTANTS: Final = "="
"""The key of `ColumnType.imports` that holds names of `constant_lines` instead of a module's."""
_CONSTANTS: Final[dict[tuple[type, str], str]] = {
    (sqlite.DATETIME, "truncate_microseconds=True"): "DATETIME_SECONDS",
    (sqlite.TIME, "truncate_microseconds=True"): "TIME_SECONDS",
    (sqlite.DATETIME, f'storage_format="{_T}"'): "DATETIME_T_SECONDS",
    (sqlite.DATETIME, f'storage_format="{_T}.%(microsecond)06d"'): "DATETIME_T",
}
_Moment: Any = sqlite.DATETIME
_Time: Any = sqlite.TIME
# How SQLite's dates and times are written, where that is not SQLAlchemy's own way.
FORMS: Final[dict[str | None, Callable[[object], sa.TypeEngine[Any]]]] = {
    "day": lambda _: sa.Date(),
    "seconds": lambda kind: (
        _Time(truncate_microseconds=True) if isinstance(kind, sa.Time) else _Moment(truncate_microseconds=True)
    ),
    "T seconds": lambda _: _Moment(storage_format=_T),
    "T": lambda _: _Moment(storage_format=f"{_T}.%(microsecond)06d"),
}


def constant_lines(names: Collection[str]) -> list[str]:
    """The definitions of types that a module names once, because their classes have no types of their own.

    Args:
        names: those that columns use.
    """
    ignored = "  # type: ignore[no-untyped-call]"
    lines: list[str] = []
    for (kind, form), name in _CONSTANTS.items():
        made = f"{name} = sqlite.{kind.__name__}("
        if name in names and form.startswith("storage_format"):
            lines += [f"{made}{ignored}", f"    {form}", ")"]
        elif name in names:
            lines.append(f"{made}{form}){ignored}")
    return lines


def form_of(kind: sa.TypeEngine[Any]) -> str:
    """The argument of a type of SQLite's that writes dates and times in a way of its own."""
    if not isinstance(kind, sqlite.DATETIME | sqlite.TIME):
        return ""
    written = kind._storage_format
    if written == type(kind)()._storage_format:
        return ""
    plain = type(kind)(truncate_microseconds=True)._storage_format
    return "truncate_microseconds=True" if written == plain else f"storage_format={quoted(written)}"


def constant_of(kind: sa.TypeEngine[Any]) -> str:
    """The name that a module has for a type with a form of its own."""
    return _CONSTANTS[type(kind), form_of(kind)]
