"""The steps of a recursion as a table of constants: which node leads to which, and through which relationships."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import CTE, ColumnElement, FromClause, Integer, Text, and_, case, column, or_, text
from sqlalchemy.sql.selectable import TextualSelect

from rowgate.relations.plan import Step
from rowgate.relations.rows import Bound, Rows, constant
from rowgate.relations.rows import name as literal_name
from rowgate.relations.rules import Node
from rowgate.relations.table import RELATIONSHIPS

__all__ = ["ANY_RELATION", "Taken", "constants", "take_steps"]

ANY_RELATION = "*"
"""Stands in the column ``subject_relation`` where an arrow ignores it."""


_SAME, _TABLE, _COLUMN = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Taken:
    """Pairs of node and id, joined with the steps that lead on from them.

    Args:
        joined: what to select from.
        table: the table of steps.
        leads_to: the id that a step leads to.
        there_is: the condition that there is one.
    """

    joined: FromClause
    table: FromClause
    leads_to: ColumnElement[str]
    there_is: ColumnElement[bool]


def take_steps(
    rows: Rows,
    pairs: FromClause,
    steps: Sequence[Step],
    places: Mapping[Node, int],
    bound: Bound,
    *,
    upwards: bool,
    label: str,
) -> Taken:
    """Join (node, id) pairs with the steps that lead on from them.

    The relation table is joined once for all its steps, and each column that states a relation once more: a recursive
    query may name itself only once.

    Args:
        rows: makes the conditions on rows.
        pairs: with the columns ``node`` and ``id``.
        steps: at least one.
        places: the number of each node in ``pairs``.
        bound: which caveated relationships are followed.
        upwards: from subjects to resources, from a step's body to its head; otherwise downwards.
        label: the name of the table of steps.
    """
    table = step_table(steps, places, label=label)
    here = table.c.body if upwards else table.c.head
    joined: FromClause = pairs.join(table, here == pairs.c.node)
    reached: list[tuple[ColumnElement[bool], ColumnElement[str]]] = []
    there: list[ColumnElement[bool]] = [table.c.through == constant(_SAME)]
    if any(step.source and not step.source.column for step in steps):
        row = RELATIONSHIPS.alias()
        near, far = (row.c.subject_id, row.c.resource_id) if upwards else (row.c.resource_id, row.c.subject_id)
        on_row = and_(
            table.c.through == constant(_TABLE),
            row.c.resource_type == table.c.resource_type,
            row.c.relation == table.c.relation,
            row.c.subject_type == table.c.subject_type,
            or_(
                table.c.subject_relation == literal_name(ANY_RELATION),
                row.c.subject_relation == table.c.subject_relation,
            ),
            near == pairs.c.id,
            rows.alive(row),
            step_counts(rows, table, row, steps, bound),
        )
        joined = joined.outerjoin(row, on_row)
        reached.append((table.c.through == constant(_TABLE), far))
        there.append(far.is_not(None))
    for place, step in enumerate(steps):
        if step.source and step.source.column:
            edge = rows.edge(step.source, bound)
            start, end = (edge.subject, edge.resource) if upwards else (edge.resource, edge.subject)
            this = table.c.step == constant(place)
            joined = joined.outerjoin(edge.rows, and_(this, start.equals(pairs.c.id), *edge.conditions))
            reached.append((this, end.text))
            there.append(and_(this, end.text.is_not(None)))
    leads_to = case(*reached, else_=pairs.c.id) if reached else pairs.c.id
    return Taken(joined, table, leads_to, or_(*there))


def step_table(steps: Sequence[Step], places: Mapping[Node, int], *, label: str) -> CTE:
    """A table with the columns ``step``, ``head``, ``body``, ``through`` (the same object, a relationship of the
    relation table, or one that columns state), and the kind of relationship.

    Args:
        steps: its rows; ``step`` is the place in this sequence.
        places: the number of each node.
        label: its name, unlike that of any other in the statement.
    """
    rows = []
    for place, step in enumerate(steps):
        kind: tuple[str, str, str, str] = ("", "", "", "")
        through = _SAME if step.source is None else _TABLE
        if step.source and step.source.column is not None:
            through = _COLUMN
        elif step.source:
            behind = ANY_RELATION if step.source.subject_relation is None else step.source.subject_relation
            kind = (step.source.resource_type, step.source.relation, step.source.subject_type, behind)
        rows.append((place, places[step.head], places[step.body], through, *kind))
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
    sources = [(place, step.source) for place, step in enumerate(steps) if step.source and not step.source.column]
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
