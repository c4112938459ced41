"""The whole database as plain values: what a write changed, and back to how it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, text

from database.models import Base

Rows = dict[Any, tuple[Any, ...]]
Snapshot = dict[str, Rows]
"""For each table its rows by primary key."""

TABLES: Mapping[str, Table] = Base.metadata.tables


def take(engine: Engine) -> Snapshot:
    """Read every row of every table."""
    with engine.connect() as connection:
        return {name: _rows(connection, table) for name, table in TABLES.items()}


def _rows(connection: Connection, table: Table) -> Rows:
    quoted = f'SELECT * FROM "{table.name}"'
    cursor = connection.exec_driver_sql(quoted)
    at = list(cursor.keys()).index("Id")
    return {row[at]: tuple(row) for row in cursor}


def changed(before: Snapshot, after: Snapshot) -> dict[str, set[Any]]:
    """The keys of rows that were inserted, changed or deleted, by table; tables without any are left out."""
    found = {}
    for name, rows in before.items():
        keys = {key for key in rows.keys() | after[name].keys() if rows.get(key) != after[name].get(key)}
        if keys:
            found[name] = keys
    return found


def restore(engine: Engine, before: Snapshot, after: Snapshot) -> None:
    """Make the database what it was; foreign keys are looked at when all is done."""
    differences = changed(before, after)
    if not differences:
        return
    with engine.begin() as connection:
        sqlite = engine.dialect.name == "sqlite"
        connection.execute(text("PRAGMA defer_foreign_keys=ON" if sqlite else "SET session_replication_role = replica"))
        for name, keys in differences.items():
            table = TABLES[name]
            columns = _columns(connection, name)
            for key in keys:
                was = before[name].get(key)
                at = table.c.Id == key
                if was is None:
                    connection.execute(delete(table).where(at))
                elif key in after[name]:
                    connection.exec_driver_sql(*_as_it_was(sqlite, name, columns, was, key))
                else:
                    connection.exec_driver_sql(*_anew(sqlite, name, columns, was))
        if not sqlite:
            connection.execute(text("SET session_replication_role = DEFAULT"))


def _columns(connection: Connection, name: str) -> list[str]:
    return list(connection.exec_driver_sql(f'SELECT * FROM "{name}" WHERE 1 = 0').keys())


def _as_it_was(sqlite: bool, name: str, columns: list[str], was: tuple[Any, ...], key: Any) -> tuple[str, Any]:
    mark = "?" if sqlite else "%s"
    sets = ", ".join(f'"{column}" = {mark}' for column in columns)
    return f'UPDATE "{name}" SET {sets} WHERE "Id" = {mark}', (*was, key)


def _anew(sqlite: bool, name: str, columns: list[str], was: tuple[Any, ...]) -> tuple[str, Any]:
    mark = "?" if sqlite else "%s"
    names = ", ".join(f'"{column}"' for column in columns)
    return f'INSERT INTO "{name}" ({names}) VALUES ({", ".join(mark for _ in columns)})', was
