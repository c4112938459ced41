"""Which differences between models and database count: what the models do not know is left alone.

A database holds more than its models: tables left out by choice, rowgate's own, views, columns without a Python type. A
migration that nobody asked for must drop none of it.
"""

from __future__ import annotations

from typing import Any

from alembic.autogenerate.api import AutogenContext
from sqlalchemy import (
    JSON,
    NUMERIC,
    Boolean,
    Column,
    Date,
    DateTime,
    Enum,
    ForeignKeyConstraint,
    Integer,
    String,
    Table,
    Text,
    Time,
)
from sqlalchemy.dialects.postgresql import ARRAY, DOMAIN, ENUM
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

from rowgate.migrations.wiring import VERSION_TABLE, Wiring
from rowgate.types import UNMAPPED_INFO, VIEW_INFO

__all__ = ["Comparison", "render_item"]


class Comparison:
    """Answers Alembic's questions while it compares.

    Args:
        wiring: the run.
    """

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._mapped = wiring.metadata.tables
        self._schemas = {table.schema for table in self._mapped.values()}

    def include_name(self, name: str | None, kind: str, parents: Any) -> bool:
        """Whether something of the database is looked at at all."""
        if self._wiring.empty:
            return kind == "schema" and name is None
        if kind == "schema":
            return name in self._schemas or name is None
        if kind == "table":
            full = parents.get("schema_qualified_table_name") or name
            return name != VERSION_TABLE and (full in self._mapped or full in self._wiring.drop)
        return True

    def include_object(self, item: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
        """Whether a difference counts: a view is no table, and what the models leave out is not to be dropped."""
        table = item if kind == "table" else getattr(item, "table", None)
        mapped = self._mapped.get(table.fullname) if isinstance(table, Table) else None
        if mapped is not None and mapped.info.get(VIEW_INFO):
            return False
        if not reflected or other is not None or mapped is None:
            return True
        if kind == "column":
            return name not in mapped.info.get(UNMAPPED_INFO, ())
        if isinstance(item, ForeignKeyConstraint):
            # A name with a dot in it cannot be the target of a model's key.
            return "." not in item.referred_table.name and item.referred_table.fullname in self._mapped
        columns = getattr(item, "columns", None)
        if columns is not None and kind in ("index", "unique_constraint"):
            return all(column.name in mapped.columns for column in columns)
        return True

    def compare_type(
        self,
        context: Any,
        _inspected: Column[Any],
        _column: Column[Any],
        there: TypeEngine[Any],
        wanted: TypeEngine[Any],
    ) -> bool | None:
        """False for types that are one and the same to the database, or that only Python tells apart."""
        if isinstance(wanted, TypeDecorator):
            wanted = wanted.impl_instance
        if isinstance(wanted, Enum) and not wanted.native_enum and isinstance(there, String):
            return False
        if isinstance(wanted, Boolean) and isinstance(there, Integer):
            return False
        if isinstance(wanted, JSON) and isinstance(there, Text):
            return False
        if isinstance(there, DOMAIN) and not isinstance(wanted, DOMAIN):
            return there.data_type.python_type is not wanted.python_type  # a domain narrows a type
        if context.dialect.name == "sqlite" and _any_word(there, wanted):
            return False
        return None


def _any_word(there: TypeEngine[Any], wanted: TypeEngine[Any]) -> bool:
    """Whether SQLite's word for a type binds it to nothing: it keeps any value under any word.

    Words that it does not know read as NUMERIC or as nothing; days and times are texts or numbers.
    """
    if isinstance(there, NullType) or (type(there) is NUMERIC and there.precision is None):
        return True
    times = (Date, DateTime, Time)
    return isinstance(there, times) and isinstance(wanted, (*times, String, Integer))


def render_item(kind: str, item: Any, context: AutogenContext) -> str | bool:
    """A type of the project's own, written as the type that it is in the database: migrations outlive models."""
    values = item.item_type if isinstance(item, ARRAY) else item
    if kind == "type" and isinstance(values, ENUM):
        context.imports.add("from sqlalchemy.dialects import postgresql")
        text = f"postgresql.{values!r}"
        if not values.create_type and "create_type" not in text:
            text = f"{text[:-1]}, create_type=False)"
        return f"postgresql.ARRAY({text})" if values is not item else text
    if kind != "type" or not isinstance(item, TypeDecorator):
        return False
    inner = item.impl_instance
    module = type(inner).__module__
    if module.startswith("sqlalchemy.dialects."):
        dialect = module.split(".")[2]
        context.imports.add(f"from sqlalchemy.dialects import {dialect}")
        return f"{dialect}.{inner!r}"
    return f"sa.{inner!r}" if module.startswith("sqlalchemy.") else False
