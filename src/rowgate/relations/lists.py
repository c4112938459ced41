"""Compiles a plan to the statement of a list: all objects for which the target holds, found from the subject's side.

Each node becomes a common table expression of ids: relationships that name the subject, and upwards from those. Ids
are texts; where whatever reads them compares them with columns of numbers they are numbers, turned into such where
they come out of the relation table, so that nothing is turned to and fro on the way through columns. A recursive
component is one ``WITH RECURSIVE ... UNION`` of (node, id), which ends on cycles too: it takes a pair once. PostgreSQL
allows one reference to it in the recursive term; so all steps are rows of one small table that is joined with it.
Exclusions and intersections within the recursion are conditions on what a step leads to.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    SelectBase,
    and_,
    func,
    not_,
    or_,
    select,
    union,
    union_all,
)

from rowgate.relations.edges import Edge
from rowgate.relations.every import EveryParent
from rowgate.relations.keys import ColumnKey, IdentifierKey, Key, number_of
from rowgate.relations.plan import Plan, Recursion, Step
from rowgate.relations.rows import Bound, Rows, constant
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
from rowgate.relations.steps import take_steps

__all__ = ["Lists", "list_statement"]


def list_statement(plan: Plan, dialect: str) -> Select[tuple[str, int]]:
    """The statement that lists objects: columns ``id`` and ``definite`` (1, or 0 where it hangs on a caveat).

    Args:
        plan: one that SQL can say, with a term for its target.
        dialect: ``sqlite`` or ``postgresql``.

    Returns:
        The statement, in which an id may come more than once, with the parameters of :mod:`rowgate.relations.rows`.
    """
    lists = Lists(plan, Rows(dialect))
    one, none = constant(1), constant(0)
    definite = lists.node(plan.target, Bound.DEFINITE)
    if plan.target not in plan.caveated:
        return select(definite.c.id, one.label("definite"))
    possible = lists.node(plan.target, Bound.POSSIBLE)
    both = union_all(
        select(definite.c.id, one.label("definite")), select(possible.c.id, none.label("definite"))
    ).subquery("bounds")
    return select(both.c.id, func.max(both.c.definite).label("definite")).group_by(both.c.id)


class Lists:
    """The nodes of a plan as sets of ids.

    Args:
        plan: one that SQL can say.
        rows: makes the conditions on rows.
        prefix: begins the names of the table expressions; unlike that of any other plan in the statement.
    """

    def __init__(self, plan: Plan, rows: Rows, *, prefix: str = "l") -> None:
        self._plan = plan
        self._rows = rows
        self._prefix = prefix
        # Makes the names of the table expressions unlike each other, however much of them a database keeps.
        self._serial = count()
        self._made: dict[tuple[Node, Bound, bool], CTE] = {}
        self._recursive: dict[tuple[Recursion, Bound, bool], CTE] = {}

    # --- nodes --------------------------------------------------------------------------------------------------

    def node(self, node: Node, bound: Bound, *, numbers: bool = False) -> CTE:
        """The ids for which a node holds, in the column ``id``; an id may come more than once.

        Args:
            node: the node.
            bound: which caveated relationships count.
            numbers: as numbers, without the ids that are no numbers; otherwise as texts.
        """
        if node not in self._plan.caveated:
            bound = Bound.DEFINITE
        key = (node, bound, numbers)
        if key not in self._made:
            self._made[key] = self._node(node, bound, numbers)
        return self._made[key]

    def _node(self, node: Node, bound: Bound, numbers: bool) -> CTE:
        label = f"{node.type}_{node.name}_{bound.value}".replace("/", "_")
        label = f"{self._prefix}{next(self._serial)}_{label}"[:60]
        recursion = self._plan.recursions.get(node)
        if recursion is None:
            return self.ids(self._plan.terms[node], bound, numbers=numbers).cte(label)
        if numbers and not self._in_numbers(recursion):
            return self._as_numbers(select(self.node(node, bound).c.id)).cte(label)
        found = self._recursion(recursion, bound, f"r_{label}"[:60], numbers)
        if len(recursion.nodes) == 1:
            return found
        place = recursion.nodes.index(node)
        return select(found.c.id).where(found.c.node == constant(place)).cte(label)

    def members(self, key: Key, node: Node, bound: Bound) -> ColumnElement[bool]:
        """That a node holds for the object that a key names; never NULL."""
        if key.number is None:
            return key.within(select(self.node(node, bound).c.id))
        return and_(*key.there, key.number.in_(select(self.node(node, bound, numbers=True).c.id)))

    # --- terms as sets of ids -----------------------------------------------------------------------------------

    def ids(self, term: Term, bound: Bound, *, numbers: bool = False) -> SelectBase:
        """The ids for which a term holds, as texts or numbers, in a column ``id``."""
        if isinstance(term, AnyOf):
            return union_all(*(self.ids(each, bound, numbers=numbers) for each in term.terms))
        if isinstance(term, Both):
            first = self.ids(term.terms[0], bound, numbers=numbers).subquery()
            return select(first.c.id).where(*(self._has(first.c.id, each, bound, numbers) for each in term.terms[1:]))
        if isinstance(term, Without):
            base = self.ids(term.base, bound, numbers=numbers).subquery()
            return select(base.c.id).where(not_(self._has(base.c.id, term.removed, bound.other, numbers)))
        if isinstance(term, Same):
            return select(self.node(term.node, bound, numbers=numbers).c.id)
        if isinstance(term, Never):
            raise TypeError("a plan has no term that never holds")
        if isinstance(term, Every | Identity):
            texts = self._every(term, bound) if isinstance(term, Every) else select(self._rows.subject_id().label("id"))
            return self._as_numbers(texts) if numbers else texts
        edge = self._rows.edge(term.source, bound)
        identifier: ColumnElement[Any] = edge.resource.text
        there: list[ColumnElement[bool]] = []
        if numbers:
            number = edge.resource.number
            if number is None:
                number = number_of(identifier, self._rows.dialect)
                there.append(number.is_not(None))
            identifier = number
        if isinstance(term, Through) and isinstance(edge.subject, IdentifierKey):
            # From the subjects found, which are those of one reader, and not from all relationships of the kind.
            found = self.node(term.node, bound)
            return self._rows.lead_on(found, edge, edge.subject.equals(found.c.id), identifier, *there)
        conditions = [*edge.conditions, *there, self._subject(edge, term, bound)]
        return select(identifier.label("id")).select_from(edge.rows).where(*conditions)

    def _has(self, identifier: ColumnElement[Any], term: Term, bound: Bound, numbers: bool) -> ColumnElement[bool]:
        if isinstance(term, AnyOf):
            return or_(*(self._has(identifier, each, bound, numbers) for each in term.terms))
        if isinstance(term, Both):
            return and_(*(self._has(identifier, each, bound, numbers) for each in term.terms))
        if isinstance(term, Without):
            base = self._has(identifier, term.base, bound, numbers)
            return and_(base, not_(self._has(identifier, term.removed, bound.other, numbers)))
        if isinstance(term, Identity) and not numbers:
            return identifier == self._rows.subject_id()
        return identifier.in_(self.ids(term, bound, numbers=numbers))

    def _subject(self, edge: Edge, term: Direct | Through, bound: Bound) -> ColumnElement[bool]:
        if isinstance(term, Direct):
            return self._rows.subject(edge, term)
        key = edge.subject
        if self._rows.dialect == "postgresql" and isinstance(key, ColumnKey) and key.has_index:
            numbers = key.number is not None
            return key.within_array(select(self.node(term.node, bound, numbers=numbers).c.id), numbers=numbers)
        return self.members(key, term.node, bound)

    def _as_numbers(self, texts: SelectBase) -> Select[Any]:
        found = texts.subquery()
        number = number_of(found.c.id, self._rows.dialect)
        return select(number.label("id")).where(number.is_not(None))

    def _every(self, term: Every, bound: Bound) -> Select[Any]:
        """Objects with a good parent and none that is not good."""

        def good(edge: Edge, node: Node) -> ColumnElement[bool]:
            return self.members(edge.subject, node, bound)

        every = EveryParent(self._rows, term, bound, good)
        some = [
            select(edge.resource.text.label("id")).select_from(edge.rows).where(*edge.conditions, good(edge, node))
            for edge, node in every.good_edges()
        ]
        found = union(*some).subquery() if len(some) > 1 else some[0].subquery()
        return select(found.c.id).where(not_(every.is_bad(found.c.id))).distinct()

    # --- recursion ----------------------------------------------------------------------------------------------

    def _in_numbers(self, recursion: Recursion) -> bool:
        """Whether a recursion leads from numbers to numbers only, through columns."""
        if len(recursion.steps) != 1 or (source := recursion.steps[0].source) is None or source.column is None:
            return False
        edge = self._rows.edge(source, Bound.DEFINITE)
        return edge.resource.number is not None and edge.subject.number is not None

    def _recursion(self, recursion: Recursion, bound: Bound, label: str, numbers: bool) -> CTE:
        key = (recursion, bound, numbers)
        if key not in self._recursive:
            self._recursive[key] = self._fixpoint(recursion, bound, label, numbers)
        return self._recursive[key]

    def _fixpoint(self, recursion: Recursion, bound: Bound, label: str, numbers: bool) -> CTE:
        begins = [self._conditional(base.conditions, bound, numbers).subquery() for base in recursion.bases]
        if len(recursion.nodes) == 1 and len(recursion.steps) == 1 and (source := recursion.steps[0].source):
            start = union_all(*(select(each.c.id) for each in begins)).subquery() if len(begins) > 1 else begins[0]
            found = select(start.c.id).cte(label, recursive=True)
            return found.union(self._one_step(found, recursion.steps[0], source, bound, numbers))
        places = {node: place for place, node in enumerate(recursion.nodes)}
        told = [
            select(constant(places[base.head]).label("node"), each.c.id)
            for base, each in zip(recursion.bases, begins, strict=True)
        ]
        pairs = (union_all(*told) if len(told) > 1 else told[0]).subquery()
        found = select(pairs.c.node, pairs.c.id).cte(label, recursive=True)
        return found.union(self._step(found, recursion.steps, places, bound))

    def _conditional(self, conditions: Sequence[tuple[Term, bool]], bound: Bound, numbers: bool) -> SelectBase:
        """The ids for which all conditions are as they should be; the first is always one that must hold."""
        (first, _), *rest = conditions
        if not rest:
            return self.ids(first, bound, numbers=numbers)
        ids = self.ids(first, bound, numbers=numbers).subquery()
        return select(ids.c.id).where(*self._conditions(ids.c.id, rest, bound, numbers))

    def _conditions(
        self,
        identifier: ColumnElement[Any],
        conditions: Sequence[tuple[Term, bool]],
        bound: Bound,
        numbers: bool = False,
    ) -> list[ColumnElement[bool]]:
        return [
            self._has(identifier, term, bound, numbers)
            if positive
            else not_(self._has(identifier, term, bound.other, numbers))
            for term, positive in conditions
        ]

    def _one_step(self, found: CTE, step: Step, source: Source, bound: Bound, numbers: bool) -> Select[Any]:
        """The one step of a recursion of one node: nothing but its ids is in the recursion."""
        edge = self._rows.edge(source, bound)
        identifier: ColumnElement[Any] = edge.resource.text
        here = edge.subject.equals(found.c.id)
        if numbers and edge.resource.number is not None and edge.subject.number is not None:
            identifier, here = edge.resource.number, edge.subject.number == found.c.id
        conditions = self._conditions(identifier, step.conditions, bound, numbers)
        return self._rows.lead_on(found, edge, here, identifier, *conditions)

    def _step(self, found: CTE, steps: Sequence[Step], places: dict[Node, int], bound: Bound) -> Select[Any]:
        taken = take_steps(self._rows, found, steps, places, bound, upwards=True, label=f"steps_{found.name}"[:60])
        table, identifier = taken.table, taken.leads_to
        conditions = [taken.there_is]
        for place, step in enumerate(steps):
            if step.conditions:
                holds = and_(*self._conditions(identifier, step.conditions, bound))
                conditions.append(or_(table.c.step != constant(place), holds))
        return select(table.c.head, identifier).select_from(taken.joined).where(*conditions)
