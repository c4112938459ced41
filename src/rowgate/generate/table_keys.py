"""Keys: which tables are nothing but links between two others, and by what the rows of the others are told apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, Index, Table, UniqueConstraint

from rowgate.generate.introspect import Introspected

__all__ = ["Notes", "is_link", "key_of", "key_order", "referred"]


@dataclass
class Notes:
    """What is to be reported, as it is found; the attributes are those of the report."""

    not_mapped: dict[str, str] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    keys_inferred: dict[str, str] = field(default_factory=dict)
    types_not_known: dict[str, str] = field(default_factory=dict)


def is_link(table: Table, found: Introspected) -> bool:
    """Whether a table is nothing but pairs of keys of two others."""
    constraints = table.foreign_key_constraints
    if table.fullname in found.views or len(constraints) != 2:
        return False
    held = [column.name for each in constraints for column in each.columns]
    if sorted(held) != sorted(table.columns.keys()) or any(column.nullable for column in table.columns):
        return False
    key = {column.name for column in table.primary_key.columns}
    if key != set(held):
        return False
    return not any(
        referred(each)[0] == table.fullname
        for other in found.metadata.tables.values()
        for each in other.foreign_key_constraints
    )


def key_of(table: Table, found: Introspected, notes: Notes) -> tuple[str, ...]:
    """The columns of the primary key, or of one that stands in for it; empty where there is none."""
    name = table.fullname
    if name in found.views:
        view_key = found.view_keys.get(name)
        if view_key is None:
            notes.not_mapped[name] = (
                "It is a view, and no column is called as a key and tells its rows apart. "
                + ("Give" if found.choice.infer_keys else "Run again with --infer-keys to try other columns, or give")
                + " it a column called id."
            )
            return ()
        notes.keys_inferred[name] = f"{', '.join(view_key.columns)}: no two rows of the view have the same value today"
        return view_key.columns
    if table.primary_key.columns:
        return tuple(column.name for column in table.primary_key.columns)
    unique = _unique(table)
    if unique and found.choice.infer_keys:
        notes.keys_inferred[name] = f"{', '.join(unique)}: unique and never NULL"
        return unique
    notes.not_mapped[name] = "It has no primary key. " + (
        f"{', '.join(unique)} would do for one: run again with --infer-keys." if unique else "Give it one."
    )
    return ()


def _unique(table: Table) -> tuple[str, ...]:
    """The columns of the smallest unique constraint or index over columns that are never NULL."""
    found: list[tuple[str, ...]] = []
    candidates: list[Any] = [*table.constraints, *table.indexes]
    for each in candidates:
        whole = isinstance(each, UniqueConstraint) or (
            isinstance(each, Index)
            and bool(each.unique)
            and all(isinstance(part, Column) for part in each.expressions)
            and not any(each.dialect_kwargs.get(f"{name}_where") is not None for name in ("postgresql", "sqlite"))
        )
        if whole and len(each.columns) and not any(column.nullable for column in each.columns):
            found.append(tuple(column.name for column in each.columns))
    order = list(table.columns.keys())
    return min(found, key=lambda names: (len(names), [order.index(each) for each in names]), default=())


def referred(constraint: ForeignKeyConstraint) -> tuple[str, list[str]]:
    """The full name of the table that a foreign key leads to, and the names of the columns there."""
    parts = [element.target_fullname.rsplit(".", 1) for element in constraint.elements]
    return parts[0][0], [column for _, column in parts]


def key_order(table: Table) -> list[ForeignKeyConstraint]:
    """The foreign keys of a table, in the order of their columns."""
    order = list(table.columns.keys())
    return sorted(
        table.foreign_key_constraints,
        key=lambda each: ([order.index(column.name) for column in each.columns], referred(each)),
    )
