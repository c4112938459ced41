"""Which columns of a view tell its rows apart: a view has no primary key, and a mapped class needs one.

The column that is called as a key would be is taken when no two rows share a value of it and none lacks one; asked for
thoroughness, further columns are tried.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

from sqlalchemy import Column, Connection, MetaData, Select, Table, func, literal_column, or_, select
from sqlalchemy.exc import DBAPIError

__all__ = ["ViewKey", "find_view_keys"]

_WIDEST: Final = 8
"""Leading columns of a view that a thorough search tries, alone and in pairs."""


@dataclass(frozen=True, kw_only=True)
class ViewKey:
    """The columns that tell a view's rows apart.

    Attributes:
        columns: their names.
        by_name: whether they were taken for their name; otherwise for their values alone.
    """

    columns: tuple[str, ...]
    by_name: bool


def find_view_keys(
    connection: Connection, metadata: MetaData, views: Collection[str], *, thorough: bool
) -> dict[str, ViewKey]:
    """The keys of views, by full name; a view without one is missing.

    Args:
        connection: to ask with.
        metadata: holds the views.
        views: their full names.
        thorough: whether to try columns that are not called as a key would be.
    """
    keys = {
        column.name: table
        for name, table in metadata.tables.items()
        if name not in views and len(table.primary_key.columns) == 1
        for column in table.primary_key.columns
    }
    found: dict[str, ViewKey] = {}
    for name in sorted(views):
        view = metadata.tables[name]
        unique = _unique_index(view)
        if unique is not None:
            found[name] = ViewKey(columns=unique, by_name=False)
            continue
        for columns, by_name in _candidates(view, keys.keys(), thorough=thorough):
            if _tells_apart(connection, view, columns):
                found[name] = ViewKey(columns=tuple(column.name for column in columns), by_name=by_name)
                break
    return found


def _unique_index(view: Table) -> tuple[str, ...] | None:
    # A materialized view of PostgreSQL can have one.
    unique = [index for index in view.indexes if index.unique and not index.dialect_kwargs.get("postgresql_where")]
    for index in sorted(unique, key=lambda each: (len(each.columns), str(each.name))):
        return tuple(column.name for column in index.columns)
    return None


def _candidates(
    view: Table, keys: Collection[str], *, thorough: bool
) -> Iterator[tuple[tuple[Column[object], ...], bool]]:
    usual = {"id", f"{view.name}id", f"{view.name}_id"}
    named = [each for each in view.columns if each.name.casefold() in usual]
    named += [each for each in view.columns if each.name in keys and each not in named]
    for column in named:
        yield (column,), True
    if thorough:
        leading = list(view.columns)[:_WIDEST]
        for width in (1, 2):
            for columns in combinations(leading, width):
                if columns not in [(each,) for each in named]:
                    yield columns, False


def _tells_apart(connection: Connection, view: Table, columns: tuple[Column[object], ...]) -> bool:
    """Whether no two rows have the same values there, and none lacks one."""
    lacking: Select[Any] = (
        select(literal_column("1")).select_from(view).where(or_(*(each.is_(None) for each in columns))).limit(1)
    )
    twice: Select[Any] = (
        select(literal_column("1")).select_from(view).group_by(*columns).having(func.count() > 1).limit(1)
    )
    try:
        with connection.begin_nested() if connection.in_transaction() else connection.begin():
            return connection.execute(lacking).first() is None and connection.execute(twice).first() is None
    except DBAPIError:  # a view that is broken, or a type that cannot be grouped by
        return False
