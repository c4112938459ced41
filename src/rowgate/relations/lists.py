"""Compiles a plan to the statement of a list: all objects for which the target holds, found from the subject's side.

Each node becomes a common table expression of ids: relationships that name the subject, and upwards from those. A
recursive component is one ``WITH RECURSIVE ... UNION`` of (node, id), which ends on cycles too: it takes a pair once.
PostgreSQL allows one reference to it in the recursive term; so all steps are rows of one small table that is joined
with it. Exclusions and intersections within the recursion are conditions on what a step leads to.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    func,
    not_,
    or_,
    select,
    true,
    union,
    union_all,
)

from rowgate.relations.plan import Plan, Recursion, Step
from rowgate.relations.rows import Bound, Rows, constant, name
from rowgate.relations.rules import (
    AnyOf,
    Both,
    Direct,
    Every,
    Identity,
    Never,
    Node,
    Same,
    Source,
    Term,
    Through,
    Without,
)
from rowgate.relations.steps import ANY_RELATION, step_counts, step_table
from rowgate.relations.table import RELATIONSHIPS

__all__ = ["list_statement"]

_Ids = Select[tuple[str]]


def list_statement(plan: Plan, dialect: str) -> Select[tuple[str, int]]:
    """The statement that lists objects: columns ``id`` and ``definite`` (1, or 0 where it hangs on a caveat).

    Args:
        plan: one that SQL can say, with a term for its target.
        dialect: ``sqlite`` or ``postgresql``.

    Returns:
        The statement, with the parameters of :mod:`rowgate.relations.rows`.
    """
    lists = _Lists(plan, Rows(dialect))
    one, none = constant(1), constant(0)
    definite = lists.node(plan.target, Bound.DEFINITE)
    if plan.target not in plan.caveated:
        return select(definite.c.id, one.label("definite"))
    possible = lists.node(plan.target, Bound.POSSIBLE)
    both = union_all(
        select(definite.c.id, one.label("definite")), select(possible.c.id, none.label("definite"))
    ).subquery("bounds")
    return select(both.c.id, func.max(both.c.definite).label("definite")).group_by(both.c.id)


class _Lists:
    def __init__(self, plan: Plan, rows: Rows) -> None:
        self._plan = plan
        self._rows = rows
        # Makes the names of the table expressions unlike each other, however much of them a database keeps.
        self._serial = count()
        self._made: dict[tuple[Node, Bound], CTE] = {}
        self._recursive: dict[tuple[Recursion, Bound], CTE] = {}

    # --- nodes --------------------------------------------------------------------------------------------------

    def node(self, node: Node, bound: Bound) -> CTE:
        """The ids for which a node holds."""
        if node not in self._plan.caveated:
            bound = Bound.DEFINITE
        if (node, bound) not in self._made:
            self._made[node, bound] = self._node(node, bound)
        return self._made[node, bound]

    def _node(self, node: Node, bound: Bound) -> CTE:
        label = f"{node.type}_{node.name}_{bound.value}".replace("/", "_")
        label = f"l{next(self._serial)}_{label}"[:60]
        recursion = self._plan.recursions.get(node)
        if recursion is None:
            return self._ids(self._plan.terms[node], bound).cte(label)
        found = self._recursion(recursion, bound, f"r_{label}"[:60])
        place = recursion.nodes.index(node)
        return select(found.c.id).where(found.c.node == constant(place)).cte(label)

    # --- terms as sets of ids -----------------------------------------------------------------------------------

    def _ids(self, term: Term, bound: Bound) -> _Ids:
        if isinstance(term, AnyOf):
            parts = union(*(self._ids(each, bound) for each in term.terms)).subquery()
            return select(parts.c.id)
        if isinstance(term, Both):
            first = self._ids(term.terms[0], bound).subquery()
            return select(first.c.id).where(*(self._has(first.c.id, each, bound) for each in term.terms[1:]))
        if isinstance(term, Without):
            base = self._ids(term.base, bound).subquery()
            return select(base.c.id).where(not_(self._has(base.c.id, term.removed, bound.other)))
        if isinstance(term, Same):
            return select(self.node(term.node, bound).c.id)
        if isinstance(term, Every):
            return self._every(term, bound)
        if isinstance(term, Identity):
            return select(self._rows.subject_id().label("id"))
        if isinstance(term, Never):
            raise TypeError("a plan has no term that never holds")
        row = RELATIONSHIPS.alias()
        conditions = [*self._rows.of(row, term.source, bound), self._subject(row, term, bound)]
        return select(row.c.resource_id.label("id")).where(*conditions)

    def _has(self, identifier: ColumnElement[str], term: Term, bound: Bound) -> ColumnElement[bool]:
        if isinstance(term, AnyOf):
            return or_(*(self._has(identifier, each, bound) for each in term.terms))
        if isinstance(term, Both):
            return and_(*(self._has(identifier, each, bound) for each in term.terms))
        if isinstance(term, Without):
            return and_(self._has(identifier, term.base, bound), not_(self._has(identifier, term.removed, bound.other)))
        if isinstance(term, Identity):
            return identifier == self._rows.subject_id()
        return identifier.in_(self._ids(term, bound))

    def _subject(self, row: FromClause, term: Direct | Through, bound: Bound) -> ColumnElement[bool]:
        if isinstance(term, Direct):
            return self._rows.subject(row, term)
        return row.c.subject_id.in_(select(self.node(term.node, bound).c.id))

    def _every(self, term: Every, bound: Bound) -> _Ids:
        """Objects with a good parent and none that is not good."""
        row, other = RELATIONSHIPS.alias(), RELATIONSHIPS.alias()
        good = [self._good(row, source, node, bound) for source, node in term.parents if node]
        fine = [
            and_(*self._rows.kind(other, source)) & self._good(other, source, node, bound)
            for source, node in term.parents
            if node
        ]
        source = term.parents[0][0]
        bad = select(constant(1)).where(
            other.c.resource_type == name(source.resource_type),
            other.c.relation == name(source.relation),
            other.c.resource_id == row.c.resource_id,
            self._rows.alive(other),
            not_(or_(*fine)),
        )
        return (
            select(row.c.resource_id.label("id"))
            .where(
                row.c.resource_type == name(source.resource_type),
                row.c.relation == name(source.relation),
                self._rows.alive(row),
                or_(*good),
                not_(bad.exists()),
            )
            .distinct()
        )

    def _good(self, row: FromClause, source: Source, node: Node, bound: Bound) -> ColumnElement[bool]:
        return and_(
            row.c.subject_type == name(source.subject_type),
            self._rows.counts(row, source, bound),
            row.c.subject_id.in_(select(self.node(node, bound).c.id)),
        )

    # --- recursion ----------------------------------------------------------------------------------------------

    def _recursion(self, recursion: Recursion, bound: Bound, label: str) -> CTE:
        if (recursion, bound) not in self._recursive:
            self._recursive[recursion, bound] = self._fixpoint(recursion, bound, label)
        return self._recursive[recursion, bound]

    def _fixpoint(self, recursion: Recursion, bound: Bound, label: str) -> CTE:
        places = {node: place for place, node in enumerate(recursion.nodes)}
        begins: list[Select[Any]] = []
        for base in recursion.bases:
            ids = self._conditional(base.conditions, bound).subquery()
            begins.append(select(constant(places[base.head]).label("node"), ids.c.id))
        start = union(*begins).subquery() if len(begins) > 1 else begins[0].subquery()
        found = select(start.c.node, start.c.id).cte(label, recursive=True)
        return found.union(self._step(found, recursion.steps, places, bound))

    def _conditional(self, conditions: Sequence[tuple[Term, bool]], bound: Bound) -> _Ids:
        """The ids for which all conditions are as they should be; the first is always one that must hold."""
        (first, _), *rest = conditions
        if not rest:
            return self._ids(first, bound)
        ids = self._ids(first, bound).subquery()
        return select(ids.c.id).where(*self._conditions(ids.c.id, rest, bound))

    def _conditions(
        self, identifier: ColumnElement[str], conditions: Sequence[tuple[Term, bool]], bound: Bound
    ) -> list[ColumnElement[bool]]:
        return [
            self._has(identifier, term, bound) if positive else not_(self._has(identifier, term, bound.other))
            for term, positive in conditions
        ]

    def _step(self, found: CTE, steps: Sequence[Step], places: dict[Node, int], bound: Bound) -> Select[Any]:
        if len(steps) == 1 and (source := steps[0].source):
            return self._one_step(found, steps[0], source, places, bound)
        table = step_table(steps, places, label=f"steps_{found.name}"[:60])
        row = RELATIONSHIPS.alias()
        by_row = and_(
            table.c.through == constant(1),
            row.c.subject_type == table.c.subject_type,
            row.c.subject_id == found.c.id,
            or_(
                table.c.subject_relation == name(ANY_RELATION),
                row.c.subject_relation == table.c.subject_relation,
            ),
            row.c.resource_type == table.c.resource_type,
            row.c.relation == table.c.relation,
            self._rows.alive(row),
            step_counts(self._rows, table, row, steps, bound),
        )
        joined = found.join(table, table.c.body == found.c.node).outerjoin(row, by_row)
        identifier = case((table.c.through == constant(1), row.c.resource_id), else_=found.c.id)
        conditions = [or_(table.c.through == constant(0), row.c.resource_id.is_not(None))]
        for place, step in enumerate(steps):
            if step.conditions:
                holds = and_(*self._conditions(identifier, step.conditions, bound))
                conditions.append(or_(table.c.step != constant(place), holds))
        return select(table.c.head, identifier).select_from(joined).where(*conditions)

    def _one_step(self, found: CTE, step: Step, source: Source, places: dict[Node, int], bound: Bound) -> Select[Any]:
        row = RELATIONSHIPS.alias()
        # Nothing but the node is in the recursion, and each step leads to it.
        here = true() if len(places) == 1 else found.c.node == constant(places[step.body])
        return (
            select(constant(places[step.head]), row.c.resource_id)
            .select_from(found.join(row, row.c.subject_id == found.c.id))
            .where(
                here,
                *self._rows.of(row, source, bound),
                *self._conditions(row.c.resource_id, step.conditions, bound),
            )
        )
