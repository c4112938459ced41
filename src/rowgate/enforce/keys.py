"""Primary keys in SQL: the columns, and the condition "one of these"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, false, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from rowgate.mapped import mapper_of

__all__ = ["any_of", "chunks", "identity_columns"]

T = TypeVar("T")

# Well below the number of bound parameters any of the databases takes, for keys of several columns too.
_CHUNK = 500


def identity_columns(entity: type) -> list[ColumnElement[Any]]:
    """The mapped primary key columns of an entity, in the order of an object's identity."""
    mapper = mapper_of(entity)
    return [mapper.get_property_by_column(column).class_attribute for column in mapper.primary_key]


def any_of(
    columns: Sequence[ColumnElement[Any] | InstrumentedAttribute[Any]], keys: Sequence[tuple[Any, ...]]
) -> ColumnElement[bool]:
    """The condition that the columns hold one of the keys."""
    if not keys:
        return false()
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])
    return tuple_(*columns).in_(keys)


def chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items in runs that fit into one statement."""
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
