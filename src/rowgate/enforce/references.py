"""The reference check: a foreign key that a client sets must point to a row that the client may see.

A hidden target answers exactly as one that does not exist: both are simply not found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Table, select

from rowgate.enforce.fields import open_in
from rowgate.enforce.keys import any_of, chunks
from rowgate.errors import ReferenceMissing
from rowgate.types import Access

if TYPE_CHECKING:
    from rowgate.enforce.session import SecureSession

__all__ = ["Reference", "refuse_missing"]


@dataclass(frozen=True)
class Reference:
    """A foreign key's new value: the columns it points to, the values, and the attribute that a client set."""

    table: Table
    columns: tuple[str, ...]
    values: tuple[Any, ...]
    attribute: str

    @classmethod
    def through(cls, constraint: ForeignKeyConstraint, values: tuple[Any, ...], attribute: str) -> Reference | None:
        """The reference a foreign key makes; None where a part of it is NULL, for then it makes none."""
        if any(value is None for value in values):
            return None
        columns = tuple(element.column.key for element in constraint.elements)
        return cls(constraint.referred_table, columns, values, attribute)


def refuse_missing(session: SecureSession, references: Iterable[Reference]) -> None:
    """Check references, with one query for each table pointed to.

    Args:
        session: whose principal set them; must be within its scope for checks.
        references: in the order in which faults are to be told.

    Raises:
        ReferenceMissing: one points to no visible row; tells the first such.
    """
    wanted: dict[tuple[Table, tuple[str, ...]], dict[tuple[Any, ...], Reference]] = defaultdict(dict)
    for reference in references:
        wanted[reference.table, reference.columns].setdefault(reference.values, reference)
    for (table, names), by_values in wanted.items():
        entity = session.gate.tables.entity_of(table)
        if entity is None:
            continue  # a table outside of the policy hides nothing; the database's own constraint decides
        visible = session.decide(entity, Access.READ).condition
        columns: list[ColumnElement[Any]] = [table.c[name] for name in names]
        for values in chunks(list(by_values)):
            # A key that is hidden is not there: else a client could find its value by referring to one after another.
            shown = open_in(session, entity, Access.READ, columns)
            seen = (condition for condition in (visible, shown) if condition is not None)
            query = select(*columns).where(any_of(columns, values), *seen)
            found = {tuple(row) for row in session.execute(query)}
            for value in values:
                if value not in found:
                    pointer = f"/data/attributes/{by_values[value].attribute}"
                    raise ReferenceMissing.of(entity.__name__, pointer=pointer)
