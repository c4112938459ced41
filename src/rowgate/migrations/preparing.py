"""What a baseline makes before its tables: schemas, PostgreSQL's types and sequences; Alembic writes none of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Connection, Dialect, MetaData, Text, inspect
from sqlalchemy.dialects.postgresql import ARRAY, DOMAIN, ENUM, CreateDomainType, CreateEnumType
from sqlalchemy.types import NullType, TypeEngine

__all__ = ["preparations"]

_SEQUENCE = re.compile(r"nextval\('([^']+)'")


def preparations(connection: Connection, found: MetaData, mapped: MetaData) -> list[str]:
    """The statements that come before the tables; the tables' types no longer make themselves.

    Args:
        connection: to the database.
        found: the tables as the database has them. A type that SQLAlchemy does not know becomes that of the model's
            column, or text where it has none.
        mapped: the models' tables.
    """
    dialect = connection.dialect
    own = inspect(connection).default_schema_name
    statements: dict[str, None] = {}
    for table in found.tables.values():
        if table.schema and table.schema != own:
            statements[f"CREATE SCHEMA IF NOT EXISTS {dialect.identifier_preparer.quote_schema(table.schema)}"] = None
    for table in found.tables.values():
        model = mapped.tables.get(table.fullname)
        for column in table.columns:
            if isinstance(column.type, NullType):
                column.type = Text() if model is None or column.name not in model.c else model.c[column.name].type
            statements |= dict.fromkeys([*_types(column.type, dialect), *_sequences(column)])
    return list(statements)


def _types(kind: TypeEngine[Any], dialect: Dialect) -> Iterator[str]:
    match kind:
        case ARRAY():
            yield from _types(kind.item_type, dialect)
        case ENUM():
            kind.create_type = False
            yield _on_one_line(CreateEnumType(kind), dialect)
        case DOMAIN():
            kind.create_type = False
            for each in (kind, kind.data_type):
                if getattr(each, "collation", None) == "default":
                    setattr(each, "collation", None)  # noqa: B010 - said twice it is an error; not all types have one
            yield _on_one_line(CreateDomainType(kind), dialect)


def _on_one_line(statement: Any, dialect: Dialect) -> str:
    return str(statement.compile(dialect=dialect)).strip().replace("%%", "%")


def _sequences(column: Column[Any]) -> Iterator[str]:
    default = getattr(column.server_default, "arg", None)
    named = _SEQUENCE.search(str(default)) if default is not None else None
    if named:
        yield f"CREATE SEQUENCE IF NOT EXISTS {named[1]}"
