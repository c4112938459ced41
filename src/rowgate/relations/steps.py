"""The steps of a recursion as a table of constants: which node leads to which, and through which relationships."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sqlalchemy import CTE, ColumnElement, FromClause, Integer, Text, and_, column, or_, text
from sqlalchemy.sql.selectable import TextualSelect

from rowgate.relations.plan import Step
from rowgate.relations.rows import Bound, Rows, constant
from rowgate.relations.rules import Node

__all__ = ["ANY_RELATION", "constants", "step_counts", "step_table"]

ANY_RELATION = "*"
"""Stands in the column ``subject_relation`` where an arrow ignores it."""


def step_table(steps: Sequence[Step], places: Mapping[Node, int], *, label: str) -> CTE:
    """A table with the columns ``step``, ``head``, ``body``, ``through`` (1: a relationship, 0: the same object), and
    the kind of relationship.

    Args:
        steps: its rows; ``step`` is the place in this sequence.
        places: the number of each node.
        label: its name, unlike that of any other in the statement.
    """
    rows = []
    for place, step in enumerate(steps):
        kind: tuple[str, str, str, str] = ("", "", "", "")
        if step.source:
            behind = ANY_RELATION if step.source.subject_relation is None else step.source.subject_relation
            kind = (step.source.resource_type, step.source.relation, step.source.subject_type, behind)
        rows.append((place, places[step.head], places[step.body], 1 if step.source else 0, *kind))
    return constants(_COLUMNS, rows).cte(label)


_COLUMNS: Mapping[str, type[Integer] | type[Text]] = {
    "step": Integer,
    "head": Integer,
    "body": Integer,
    "through": Integer,
    "resource_type": Text,
    "relation": Text,
    "subject_type": Text,
    "subject_relation": Text,
}
_CONSTANT = re.compile(r"[a-z0-9_/*]*")


def constants(
    columns: Mapping[str, type[Integer] | type[Text]], rows: Sequence[tuple[int | str, ...]]
) -> TextualSelect:
    """Rows of numbers and of names of the schema, as a query.

    SQLAlchemy's own ``values()`` is compiled anew whenever it is executed. ``column1`` is what both databases call the
    first column of VALUES.

    Args:
        columns: name and type of each column.
        rows: at least one.

    Raises:
        ValueError: a text is not made of the characters that names have.
    """
    lines: list[str] = []
    for row in rows:
        for each in row:
            if isinstance(each, str) and not _CONSTANT.fullmatch(each):
                raise ValueError("not a name of a schema")
        lines.append("(" + ", ".join(f"'{each}'" if isinstance(each, str) else str(each) for each in row) + ")")
    named = ", ".join(f"column{place} AS {key}" for place, key in enumerate(columns, start=1))
    # Nothing but the constants looked at above is in the text.
    query = text(f"SELECT {named} FROM (VALUES {', '.join(lines)}) AS constants")  # noqa: S608
    return query.columns(*(column(key, kind) for key, kind in columns.items()))


def step_counts(
    rows: Rows, table: FromClause, row: FromClause, steps: Sequence[Step], bound: Bound
) -> ColumnElement[bool]:
    """That the relationship of a step counts in a bound: a table of steps joined with the rows they are to follow."""
    sources = [(place, step.source) for place, step in enumerate(steps) if step.source]
    plain = [place for place, source in sources if not source.caveats]
    ways = [
        and_(table.c.step == constant(place), rows.counts(row, source, bound))
        for place, source in sources
        if source.caveats
    ]
    if plain:
        free = next(rows.counts(row, source, bound) for _, source in sources if not source.caveats)
        if not ways:
            return free
        ways.append(and_(table.c.step.in_([constant(place) for place in plain]), free))
    return or_(*ways) if ways else constant(1) == constant(0)
