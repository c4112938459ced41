"""Mapped classes and objects, typed: what ``sqlalchemy.inspect`` gives, with the one thing it leaves open settled."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.inspection import inspect
from sqlalchemy.orm import InstanceState, Mapper
from sqlalchemy.orm.attributes import instance_state

__all__ = ["computed_columns", "is_view", "mapper_of", "state_of", "table_of"]


def mapper_of(entity: type) -> Mapper[Any]:
    """The mapper of a mapped class.

    Raises:
        sqlalchemy.exc.NoInspectionAvailable: the class is not mapped.
    """
    mapper: Mapper[Any] = inspect(entity)
    return mapper


def is_view(entity: type) -> bool:
    """Whether a mapped class is marked as a view of the database: its rows are read, and never written."""
    # The key is rowgate.types.VIEW_INFO; this module stands beside that one.
    return bool(getattr(mapper_of(entity).local_table, "info", {}).get("rowgate_view"))


def computed_columns(entity: type) -> dict[str, str]:
    """The attributes that the database computes from others, each with the expression."""
    return {
        prop.key: str(getattr(column.computed.sqltext, "text", column.computed.sqltext))
        for prop in mapper_of(entity).column_attrs
        if isinstance(column := prop.columns[0], Column) and column.computed is not None
    }


def state_of(obj: object) -> InstanceState[Any]:
    """What SQLAlchemy knows of one mapped object."""
    return instance_state(obj)


def table_of(entity: type) -> Table:
    """The table of a mapped class.

    Raises:
        TypeError: the class is mapped to a join or a subquery.
    """
    table = mapper_of(entity).local_table
    if not isinstance(table, Table):
        raise TypeError(f"{entity.__name__} is not mapped to a table")
    return table
