"""From objects downwards: which (node, id) pairs an answer about them can depend on, as one recursive query.

Whatever a term refers to is followed: operands that must hold and operands that must not, parents and groups. Only
relationships that may count are followed, so the pairs are those of the possible bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    CTE,
    Integer,
    Select,
    Text,
    and_,
    null,
    or_,
    select,
    union,
)

from rowgate.relations.edges import Edge
from rowgate.relations.plan import Plan, Step
from rowgate.relations.rows import Bound, Rows, constant, name
from rowgate.relations.rules import Direct, Every, Node, Same, Source, Through, subterms
from rowgate.relations.steps import ANY_RELATION, constants, take_steps
from rowgate.relations.table import RELATIONSHIPS, Moment
from rowgate.zed.relationships import WILDCARD

__all__ = ["all_steps", "demand", "places", "stated_rows", "wanted_rows"]


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


def demand(plan: Plan, rows: Rows, *, many: bool) -> CTE:
    """The pairs that the answers about the objects of a statement depend on: columns ``node`` and ``id``."""
    numbers = places(plan)
    seeds = rows.object_ids(many=many).subquery()
    begin = select(constant(numbers[plan.target]).label("node"), seeds.c.item.label("id"))
    steps = all_steps(plan)
    pairs = begin.cte("demand", recursive=bool(steps))
    if not steps:
        return pairs
    taken = take_steps(rows, pairs, steps, numbers, Bound.POSSIBLE, upwards=False, label="demand_steps")
    return pairs.union(select(taken.table.c.body, taken.leads_to).select_from(taken.joined).where(taken.there_is))


_KIND_COLUMNS: Mapping[str, type[Integer] | type[Text]] = {
    "place": Integer,
    "resource_type": Text,
    "relation": Text,
    "subject_type": Text,
    "behind": Text,
    "how": Text,
}


def stated_rows(source: Source, edge: Edge) -> Select[Any]:
    """What columns state, in the first nine columns of the relation table."""
    kind = (source.resource_type, source.relation, source.subject_type, source.subject_relation or "")
    resource_type, relation, subject_type, behind = (name(each) for each in kind)
    return (
        select(
            resource_type.label("resource_type"),
            edge.resource.text.label("resource_id"),
            relation.label("relation"),
            subject_type.label("subject_type"),
            edge.subject.text.label("subject_id"),
            behind.label("subject_relation"),
            name("").label("caveat"),
            name("").label("caveat_context"),
            null().cast(Moment).label("expires_at"),
        )
        .select_from(edge.rows)
        .where(*edge.conditions)
    )


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
    stated: dict[tuple[int, Source, str], None] = {}
    for node, term in plan.terms.items():
        for part, _ in subterms(term):
            sources: list[tuple[Source, str]] = []
            if isinstance(part, Direct | Through):
                sources = [(part.source, "direct" if isinstance(part, Direct) else "through")]
            elif isinstance(part, Every):
                sources = [(source, "through") for source, _ in part.parents]
            for source, how in sources:
                if source.column:
                    stated[numbers[node], source, how] = None
                    continue
                behind = ANY_RELATION if source.subject_relation is None else source.subject_relation
                key = (numbers[node], source.resource_type, source.relation, source.subject_type, behind, how)
                kinds[key] = None
    found = [_in_columns(rows, pairs, *each, every_subject=every_subject) for each in stated]
    if kinds:
        found.append(_in_table(rows, pairs, list(kinds), every_subject=every_subject))
    if not found:
        return None
    if len(found) == 1:
        return found[0]
    together = union(*found).subquery("wanted")
    return select(*together.c)


def _in_table(
    rows: Rows, pairs: CTE, kinds: list[tuple[int, str, str, str, str, str]], *, every_subject: bool
) -> Select[Any]:
    table = constants(_KIND_COLUMNS, kinds).cte("kinds")
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
        named = row.c.subject_id.in_([rows.subject_id(), name(WILDCARD)])
        fits.append(or_(table.c.how == name("through"), named))
    joined = pairs.join(table, table.c.place == pairs.c.node).join(row, and_(*fits))
    return select(*tuple(row.c)[:9]).select_from(joined).distinct()


def _in_columns(rows: Rows, pairs: CTE, place: int, source: Source, how: str, *, every_subject: bool) -> Select[Any]:
    edge = rows.edge(source, Bound.POSSIBLE)
    fits = [edge.resource.equals(pairs.c.id), pairs.c.node == constant(place), *edge.conditions]
    if how == "direct" and not every_subject:
        fits.append(edge.subject.equals(rows.subject_id()))
    return stated_rows(source, edge).select_from(pairs.join(edge.rows, and_(*fits)))
