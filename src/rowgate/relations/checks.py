"""Compiles a plan to the statement of a check: does the target hold for one object, found from the object's side.

First what the answer can depend on (:mod:`rowgate.relations.demand`), then, stratum by stratum, which of these pairs
hold. Nothing else of the database is looked at. The statement shares the rules with that of the list, not its form:
either proves the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, case, not_, or_, select, true, union

from rowgate.relations.demand import all_steps, demand, places
from rowgate.relations.edges import Edge
from rowgate.relations.every import EveryParent
from rowgate.relations.plan import Plan, Recursion
from rowgate.relations.rows import Bound, Rows, constant
from rowgate.relations.rules import AnyOf, Both, Direct, Every, Identity, Never, Node, Same, Term, Through, Without
from rowgate.relations.steps import take_steps

__all__ = ["check_statement"]


def check_statement(plan: Plan, dialect: str, *, many: bool) -> Select[tuple[str, int]]:
    """The statement that checks objects: a row with ``id`` and ``definite`` (1 or 0) for each that may have it.

    Args:
        plan: one that SQL can say, with a term for its target.
        dialect: ``sqlite`` or ``postgresql``.
        many: check a list of objects; otherwise one.

    Returns:
        The statement, with the parameters of :mod:`rowgate.relations.rows`.
    """
    rows = Rows(dialect)
    checks = _Checks(plan, rows, many=many)
    asked = rows.object_ids(many=many).subquery("asked")
    possible = checks.node(plan.target, Bound.POSSIBLE)
    one, none = constant(1), constant(0)
    definite: ColumnElement[int] = one
    if plan.target in plan.caveated:
        found = checks.node(plan.target, Bound.DEFINITE)
        definite = case((asked.c.item.in_(select(found.c.id)), one), else_=none)
    return select(asked.c.item.label("id"), definite.label("definite")).where(asked.c.item.in_(select(possible.c.id)))


class _Checks:
    def __init__(self, plan: Plan, rows: Rows, *, many: bool) -> None:
        self._plan = plan
        self._rows = rows
        self._many = many
        self._demand = demand(plan, rows, many=many)
        self._numbers = places(plan)
        # Makes the names of the table expressions unlike each other, however much of them a database keeps.
        self._serial = count()
        self._made: dict[tuple[Node, Bound], CTE] = {}
        self._recursive: dict[tuple[Recursion, Bound], CTE] = {}

    def node(self, node: Node, bound: Bound) -> CTE:
        """The ids among those looked at for which a node holds."""
        if node not in self._plan.caveated:
            bound = Bound.DEFINITE
        if (node, bound) not in self._made:
            label = f"{node.type}_{node.name}_{bound.value}".replace("/", "_")
            label = f"c{next(self._serial)}_{label}"[:60]
            self._made[node, bound] = self._node(node, bound, label)
        return self._made[node, bound]

    def _number(self, node: Node) -> ColumnElement[int]:
        return constant(self._numbers[node])

    def _node(self, node: Node, bound: Bound, label: str) -> CTE:
        recursion = self._plan.recursions.get(node)
        if recursion is None:
            pair = self._demand.alias()
            holds = self._holds(pair.c.id, self._plan.terms[node], bound)
            return select(pair.c.id).where(pair.c.node == self._number(node), holds).cte(label)
        if (recursion, bound) not in self._recursive:
            self._recursive[recursion, bound] = self._fixpoint(recursion, bound, label)
        found = self._recursive[recursion, bound]
        return select(found.c.id).where(found.c.node == self._number(node)).cte(label)

    def _holds(self, identifier: ColumnElement[str], term: Term, bound: Bound) -> ColumnElement[bool]:
        if isinstance(term, AnyOf):
            return or_(*(self._holds(identifier, each, bound) for each in term.terms))
        if isinstance(term, Both):
            return and_(*(self._holds(identifier, each, bound) for each in term.terms))
        if isinstance(term, Without):
            base = self._holds(identifier, term.base, bound)
            return and_(base, not_(self._holds(identifier, term.removed, bound.other)))
        if isinstance(term, Same):
            return self._among(identifier, self.node(term.node, bound))
        if isinstance(term, Identity):
            return identifier == self._rows.subject_id()
        if isinstance(term, Every):
            return self._every(identifier, term, bound)
        if isinstance(term, Never):
            raise TypeError("a plan has no term that never holds")
        edge = self._rows.edge(term.source, bound)
        found = select(constant(1)).select_from(edge.rows).where(edge.resource.equals(identifier), *edge.conditions)
        return found.where(self._subject(edge, term, bound)).exists()

    def _subject(self, edge: Edge, term: Direct | Through, bound: Bound) -> ColumnElement[bool]:
        if isinstance(term, Direct):
            return self._rows.subject(edge, term)
        return self._among(edge.subject.text, self.node(term.node, bound))

    def _among(self, identifier: ColumnElement[str], found: CTE) -> ColumnElement[bool]:
        """That an id is among those found.

        PostgreSQL takes what a recursive query finds for few, and would compare row with row; ``IS TRUE`` keeps the
        set a set, which it hashes.
        """
        return identifier.in_(select(found.c.id)).is_(true())

    def _every(self, identifier: ColumnElement[str], term: Every, bound: Bound) -> ColumnElement[bool]:
        def good(edge: Edge, node: Node) -> ColumnElement[bool]:
            return self._among(edge.subject.text, self.node(node, bound))

        every = EveryParent(self._rows, term, bound, good)
        return and_(every.has_one(identifier), not_(every.is_bad(identifier)))

    # --- recursion ----------------------------------------------------------------------------------------------

    def _fixpoint(self, recursion: Recursion, bound: Bound, label: str) -> CTE:
        """The pairs that hold among those by which the recursion is entered: their steps lead to one that holds.

        Downwards, so that each step is a look into the index by resource. Upwards a parent would lead to all its
        children, of which the check is about one.
        """
        entries = self._entries(recursion, f"e_{label}"[:60])
        begin = select(
            entries.c.node.label("entry_node"), entries.c.id.label("entry"), entries.c.node, entries.c.id
        ).select_from(entries)
        paths = begin.cte(f"p_{label}"[:60], recursive=True)
        taken = take_steps(
            self._rows, paths, recursion.steps, self._numbers, bound, upwards=False, label=f"s_{label}"[:60]
        )
        table = taken.table
        conditions = [taken.there_is]
        for place, step in enumerate(recursion.steps):
            if step.conditions:
                holds = and_(*self._conditions(paths.c.id, step.conditions, bound))
                conditions.append(or_(table.c.step != constant(place), holds))
        columns: list[ColumnElement[Any]] = [paths.c.entry_node, paths.c.entry, table.c.body, taken.leads_to]
        paths = paths.union(select(*columns).select_from(taken.joined).where(*conditions))
        ends = [
            and_(paths.c.node == self._number(base.head), *self._conditions(paths.c.id, base.conditions, bound))
            for base in recursion.bases
        ]
        found = select(paths.c.entry_node.label("node"), paths.c.entry.label("id")).where(or_(*ends)).distinct()
        return found.cte(f"r_{label}"[:60])

    def _entries(self, recursion: Recursion, label: str) -> CTE:
        """The pairs of a recursion that something outside of it refers to."""
        inside = frozenset(recursion.nodes)
        numbers = self._numbers
        parts: list[Select[Any]] = []
        if self._plan.target in inside:
            asked = self._rows.object_ids(many=self._many).subquery()
            parts.append(select(self._number(self._plan.target).label("node"), asked.c.item.label("id")))
        outside = tuple(step for step in all_steps(self._plan) if step.body in inside and step.head not in inside)
        if outside:
            pairs = self._demand.alias()
            taken = take_steps(
                self._rows, pairs, outside, numbers, Bound.POSSIBLE, upwards=False, label=f"o_{label}"[:60]
            )
            entered = select(taken.table.c.body.label("node"), taken.leads_to.label("id")).select_from(taken.joined)
            parts.append(entered.where(taken.there_is))
        entries = union(*parts).subquery()
        return select(entries.c.node, entries.c.id).cte(label)

    def _conditions(
        self, identifier: ColumnElement[str], conditions: Sequence[tuple[Term, bool]], bound: Bound
    ) -> list[ColumnElement[bool]]:
        return [
            self._holds(identifier, term, bound) if positive else not_(self._holds(identifier, term, bound.other))
            for term, positive in conditions
        ]
