"""Values that a row must have: checked before rules compute with them.

The database would refuse the row too, but after the rules, which would meet a None that cannot be and fail on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Column
from sqlalchemy.orm import InstanceState, Session
from sqlalchemy.orm.interfaces import MANYTOONE

from rowgate.errors import ValueMissing
from rowgate.mapped import state_of


def refuse_missing(session: Session, entities: Iterable[type], derived: Mapping[type, Mapping[str, str]]) -> None:
    """Refuse a pending row with null where its column takes none.

    Args:
        session: in its flush, settled, before any rule has run.
        entities: the mapped classes to look at.
        derived: the columns that rules write; those may be empty until the rules have run.

    Raises:
        ValueMissing: names the entity and its columns.
    """
    kinds = tuple(entities)
    for row in (*session.new, *session.dirty):
        if isinstance(row, kinds):
            state = state_of(row)
            names = [name for name in _missing(state) if name not in derived.get(type(row), ())]
            if names:
                raise ValueMissing(
                    f"{type(row).__name__} must have a value for {', '.join(names)}.",
                    pointers=[f"/data/attributes/{name}" for name in names],
                )


def _missing(state: InstanceState[Any]) -> Iterable[str]:
    given = _columns_given_by_parents(state)
    for prop in state.mapper.column_attrs:
        column = prop.columns[0]
        if not isinstance(column, Column) or column.nullable or column in given or state.dict.get(prop.key) is not None:
            continue
        if state.persistent:
            if prop.key in state.committed_state:
                yield prop.key
        elif column.server_default is None and not _filled_by_insert(state, prop.key, column):
            yield prop.key


def _filled_by_insert(state: InstanceState[Any], name: str, column: Column[Any]) -> bool:
    table = state.mapper.local_table
    generated = column is getattr(table, "autoincrement_column", None) or column.identity is not None
    return generated or (name not in state.dict and column.default is not None)


def _columns_given_by_parents(state: InstanceState[Any]) -> set[Any]:
    """The foreign keys that the flush fills in from a parent which has no key yet."""
    return {
        local
        for relationship in state.mapper.relationships
        if relationship.direction is MANYTOONE and state.dict.get(relationship.key) is not None
        for local, _remote in relationship.local_remote_pairs or ()
    }
