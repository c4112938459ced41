"""From objects downwards: which (node, id) pairs an answer about them can depend on, as one recursive query.

Whatever a term refers to is followed: operands that must hold and operands that must not, parents and groups. Only
relationships that may count are followed, so the pairs are those of the possible bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    case,
    or_,
    select,
)

from rowgate.relations.plan import Plan, Step
from rowgate.relations.rows import Bound, Rows, constant, name
from rowgate.relations.rules import Direct, Every, Node, Same, Source, Through, subterms
from rowgate.relations.steps import ANY_RELATION, constants, step_counts, step_table
from rowgate.relations.table import RELATIONSHIPS
from rowgate.zed.relationships import WILDCARD

__all__ = ["all_steps", "demand", "follow", "places", "wanted_rows"]


def places(plan: Plan) -> dict[Node, int]:
    """A number for every node of a plan."""
    return {node: place for place, node in enumerate(plan.terms)}


def all_steps(plan: Plan) -> tuple[Step, ...]:
    """Every reference from one node to another, whatever it is for."""
    found: dict[Step, None] = {}
    for head, term in plan.terms.items():
        for part, _ in subterms(term):
            if isinstance(part, Same):
                found[Step(head, part.node, None)] = None
            elif isinstance(part, Through):
                found[Step(head, part.node, part.source)] = None
            elif isinstance(part, Every):
                found.update((Step(head, node, source), None) for source, node in part.parents if node)
    return tuple(found)


def follow(
    rows: Rows, pairs: FromClause, steps: tuple[Step, ...], numbers: Mapping[Node, int], bound: Bound, *, label: str
) -> tuple[FromClause, FromClause, ColumnElement[str], ColumnElement[bool]]:
    """Joins (node, id) pairs with the steps that lead on from them.

    Args:
        rows: makes the conditions on rows.
        pairs: with the columns ``node`` and ``id``.
        steps: at least one.
        numbers: the number of each node in ``pairs``.
        bound: which caveated relationships are followed.
        label: the name of the table of steps.

    Returns:
        What to select from, the table of steps, the id that a step leads to, and the condition that there is one.
    """
    table = step_table(steps, numbers, label=label)
    row = RELATIONSHIPS.alias()
    on_row = and_(
        table.c.through == constant(1),
        row.c.resource_type == table.c.resource_type,
        row.c.resource_id == pairs.c.id,
        row.c.relation == table.c.relation,
        row.c.subject_type == table.c.subject_type,
        or_(
            table.c.subject_relation == name(ANY_RELATION),
            row.c.subject_relation == table.c.subject_relation,
        ),
        rows.alive(row),
        step_counts(rows, table, row, steps, bound),
    )
    joined = pairs.join(table, table.c.head == pairs.c.node).outerjoin(row, on_row)
    leads_to = case((table.c.through == constant(1), row.c.subject_id), else_=pairs.c.id)
    there_is = or_(table.c.through == constant(0), row.c.subject_id.is_not(None))
    return joined, table, leads_to, there_is


def demand(plan: Plan, rows: Rows, *, many: bool) -> CTE:
    """The pairs that the answers about the objects of a statement depend on: columns ``node`` and ``id``."""
    numbers = places(plan)
    seeds = rows.object_ids(many=many).subquery()
    begin = select(constant(numbers[plan.target]).label("node"), seeds.c.item.label("id"))
    steps = all_steps(plan)
    pairs = begin.cte("demand", recursive=bool(steps))
    if not steps:
        return pairs
    joined, table, leads_to, there_is = follow(rows, pairs, steps, numbers, Bound.POSSIBLE, label="demand_steps")
    return pairs.union(select(table.c.body, leads_to).select_from(joined).where(there_is))


_KIND_COLUMNS: Mapping[str, type[Integer] | type[Text]] = {
    "place": Integer,
    "resource_type": Text,
    "relation": Text,
    "subject_type": Text,
    "behind": Text,
    "how": Text,
}


def wanted_rows(plan: Plan, dialect: str, *, every_subject: bool) -> Select[Any] | None:
    """The statement that reads the relationships on which the answers about some objects depend.

    Args:
        plan: any plan with a term for its target.
        dialect: ``sqlite`` or ``postgresql``.
        every_subject: read the relationships of every direct subject; otherwise only those of the subject asked for.

    Returns:
        The statement; None where no relationship matters, only whether subject and object are the same.
    """
    rows = Rows(dialect)
    pairs = demand(plan, rows, many=True)
    numbers = places(plan)
    kinds: dict[tuple[int, str, str, str, str, str], None] = {}
    for node, term in plan.terms.items():
        for part, _ in subterms(term):
            sources: list[tuple[Source, str]] = []
            if isinstance(part, Direct | Through):
                sources = [(part.source, "direct" if isinstance(part, Direct) else "through")]
            elif isinstance(part, Every):
                sources = [(source, "through") for source, _ in part.parents]
            for source, how in sources:
                behind = ANY_RELATION if source.subject_relation is None else source.subject_relation
                key = (numbers[node], source.resource_type, source.relation, source.subject_type, behind, how)
                kinds[key] = None
    if not kinds:
        return None
    table = constants(_KIND_COLUMNS, list(kinds)).cte("kinds")
    row = RELATIONSHIPS.alias()
    fits = [
        row.c.resource_type == table.c.resource_type,
        row.c.resource_id == pairs.c.id,
        row.c.relation == table.c.relation,
        row.c.subject_type == table.c.subject_type,
        or_(table.c.behind == name(ANY_RELATION), row.c.subject_relation == table.c.behind),
        rows.alive(row),
    ]
    if not every_subject:
        fits.append(
            or_(
                table.c.how == name("through"),
                row.c.subject_id.in_([rows.subject_id(), name(WILDCARD)]),
            )
        )
    return (
        select(*tuple(row.c)[:9])
        .select_from(pairs.join(table, table.c.place == pairs.c.node).join(row, and_(*fits)))
        .distinct()
    )
