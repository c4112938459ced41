"""The baseline: a migration that makes the tables which were there before the first one, as the database has them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import CheckConstraint, Connection, MetaData, Table, inspect

from rowgate.errors import MigrationRefused
from rowgate.types import VIEW_INFO

__all__ = ["as_it_is", "has_tables_of", "mapped_there"]


def mapped_there(connection: Connection, metadata: MetaData) -> list[Table]:
    """The mapped tables that the database has; views are none."""
    inspector = inspect(connection)
    schemas = {table.schema for table in metadata.tables.values()}
    names = {(schema, name) for schema in schemas for name in inspector.get_table_names(schema)}
    tables = [table for table in metadata.sorted_tables if (table.schema, table.name) in names]
    return [table for table in tables if not table.info.get(VIEW_INFO)]


def as_it_is(connection: Connection, tables: Sequence[Table]) -> MetaData:
    """The tables as the database has them; those that they refer to are among them.

    Args:
        connection: to the database.
        tables: the mapped ones.
    """
    found = MetaData()
    for schema in {table.schema for table in tables}:
        found.reflect(connection, schema=schema, only=[table.name for table in tables if table.schema == schema])
    for table in found.tables.values():
        for column in table.primary_key.columns:
            column.nullable = False  # SQLite says otherwise of them
        checks = [each for each in table.constraints if isinstance(each, CheckConstraint) and each.name is None]
        for number, check in enumerate(sorted(checks, key=lambda each: str(each.sqltext)), start=1):
            check.name = f"check_{number}"  # a naming convention wants one
    return found


def has_tables_of(path: Path, connection: Connection) -> bool:
    """Whether the database has the tables that a migration makes.

    Args:
        path: the migration.
        connection: to the database.

    Raises:
        MigrationRefused: it has some of them but not all.
    """
    made = set(_tables_made(path))
    inspector = inspect(connection)
    there = {each for each in made if inspector.has_table(each[1], schema=each[0])}
    if there and there != made:
        lacking = ", ".join(sorted(name for _, name in made - there))
        raise MigrationRefused(
            f"The first migration makes {len(made)} tables; the database has {len(there)} of them, not {lacking}.",
            hint="Make those, or start with an empty database.",
        )
    return bool(there)


def _tables_made(path: Path) -> Iterator[tuple[str | None, str]]:
    """Schema and name of the tables that a migration makes."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Attribute(attr="create_table"), args=[ast.Constant(value=str(name)), *_]):
                given = {each.arg: each.value for each in node.keywords}
                schema = given.get("schema")
                yield (str(schema.value) if isinstance(schema, ast.Constant) and schema.value else None), name
