"""Compiles a plan to the check of one object as a search: is there a way from the object to the subject?

Parents are followed upwards from the object: a folder has one parent and may have a million documents. Groups are
followed from the subject: a user is in a few groups, and what is shared with a group of the whole company would lead
down to all of its groups. Where both meet there is a relationship, looked up by its index.

A way is all that is searched for, so whatever lies behind a parent has to be a union. Intersections and exclusions may
stand in the permissions of the object itself; for the others there is :mod:`rowgate.relations.checks`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, case, false, not_, or_, select, union

from rowgate.relations.lists import Lists
from rowgate.relations.plan import Plan, Step
from rowgate.relations.rows import Bound, Rows, constant
from rowgate.relations.rules import AnyOf, Both, Direct, Identity, Node, Same, Term, Through, Without, subterms
from rowgate.relations.steps import take_steps

__all__ = ["can_search", "from_subject", "search_statement"]

_Entries = list[tuple[Node, Select[Any]]]


def from_subject(plan: Plan) -> frozenset[Node]:
    """The nodes that are found from the subject when they stand behind a userset (``group#member``).

    Those that only usersets lead to: what a user is a member of is little, the members of a group may be everybody.
    An arrow among them would lead from a parent to all its children.
    """
    found = set(plan.terms)
    while True:
        kept = {node for node in found if _by_usersets(plan.terms[node], found)}
        if kept == found:
            return frozenset(found)
        found = kept


def _by_usersets(term: Term, found: set[Node]) -> bool:
    parts = [part for part, _ in subterms(term)]
    return all(
        part.node in found and bool(part.source.subject_relation)
        if isinstance(part, Through)
        else part.node in found
        if isinstance(part, Same)
        else isinstance(part, Direct | Identity | AnyOf | Both | Without)
        for part in parts
    )


def can_search(plan: Plan) -> bool:
    """Whether one object can be checked by a search."""
    usersets = from_subject(plan)
    own = _of_the_object(plan)
    if own is None:
        return False
    behind: list[Node] = []
    for node in own:
        for part, _ in subterms(plan.terms[node]):
            if not isinstance(part, Direct | Identity | AnyOf | Both | Without | Same | Through):
                return False
            if isinstance(part, Through) and not _is_userset(part, usersets):
                behind.append(part.node)
    seen: set[Node] = set()
    while behind:
        node = behind.pop()
        if node in seen:
            continue
        seen.add(node)
        for part, _ in subterms(plan.terms[node]):
            if not isinstance(part, Direct | Identity | AnyOf | Same | Through):
                return False
            if isinstance(part, Same | Through) and not _is_userset(part, usersets):
                behind.append(part.node)
    return True


def _of_the_object(plan: Plan) -> set[Node] | None:
    """The nodes of the object itself that its target is made of; None where they lead back to themselves."""
    done: set[Node] = set()

    def visit(node: Node, above: tuple[Node, ...]) -> bool:
        if node in above:
            return False
        done.add(node)
        parts = [part for part, _ in subterms(plan.terms[node]) if isinstance(part, Same)]
        return all(visit(part.node, (*above, node)) for part in parts)

    return done if visit(plan.target, ()) else None


def _is_userset(part: Term, usersets: frozenset[Node]) -> bool:
    return isinstance(part, Through) and bool(part.source.subject_relation) and part.node in usersets


def search_statement(plan: Plan, dialect: str) -> Select[tuple[str, int]]:
    """The statement that checks one object: a row with ``id`` and ``definite`` (1 or 0) where it may have it.

    Args:
        plan: one for which :func:`can_search` is true.
        dialect: ``sqlite`` or ``postgresql``.

    Returns:
        The statement, with the parameters of :mod:`rowgate.relations.rows`.
    """
    rows = Rows(dialect)
    search = _Search(plan, rows)
    one, none = constant(1), constant(0)
    target = plan.terms[plan.target]
    if plan.target not in plan.caveated:
        return select(search.object.label("id"), one.label("definite")).where(search.holds(target, Bound.DEFINITE))
    definite = case((search.holds(target, Bound.DEFINITE), one), else_=none)
    return select(search.object.label("id"), definite.label("definite")).where(search.holds(target, Bound.POSSIBLE))


class _Search:
    def __init__(self, plan: Plan, rows: Rows) -> None:
        self._plan = plan
        self._rows = rows
        self._lists = Lists(plan, rows)
        self._usersets = from_subject(plan)
        self._serial = count()
        self.object = rows.object_id()

    def holds(self, term: Term, bound: Bound) -> ColumnElement[bool]:
        """That a term holds for the object."""
        if isinstance(term, AnyOf):
            ways = list(term.terms)
            behind = [each for each in ways if self._leads_on(each)]
            found = [self.holds(each, bound) for each in ways if each not in behind]
            return or_(*found, *([self._search(behind, bound)] if behind else []))
        if isinstance(term, Both):
            return and_(*(self.holds(each, bound) for each in term.terms))
        if isinstance(term, Without):
            return and_(self.holds(term.base, bound), not_(self.holds(term.removed, bound.other)))
        if isinstance(term, Same):
            return self.holds(self._plan.terms[term.node], bound)
        if self._leads_on(term):
            return self._search([term], bound)
        return self._ends(term, bound, None)

    def _leads_on(self, term: Term) -> bool:
        return isinstance(term, Through) and not _is_userset(term, self._usersets)

    def _ends(self, term: Term, bound: Bound, needed: CTE | None) -> ColumnElement[bool]:
        """That the object, or one of those on the way, is at the end of a way: a relationship leads to the subject."""
        if isinstance(term, Identity):
            subject = self._rows.subject_id()
            return self.object == subject if needed is None else subject.in_(select(needed.c.id))
        if not isinstance(term, Direct | Through):
            raise TypeError("a way leads on, or it ends at relationships")
        edge = self._rows.edge(term.source, bound)
        if isinstance(term, Direct):
            subject_is = self._rows.subject(edge, term)
        else:
            subject_is = self._lists.members(edge.subject, term.node, bound)
        if needed is None:
            found = select(constant(1)).select_from(edge.rows).where(edge.resource.equals(self.object))
            return found.where(*edge.conditions, subject_is).exists()
        here = edge.resource.equals(needed.c.id)
        return self._rows.lead_on(needed, edge, here, constant(1), subject_is).exists()

    # --- the ways behind parents --------------------------------------------------------------------------------

    def _search(self, begins: Sequence[Term], bound: Bound) -> ColumnElement[bool]:
        """That a way that begins with one of some arrows ends at the subject."""
        prefix = f"w{next(self._serial)}"
        needed: dict[Node, CTE] = {}
        entries: _Entries = []
        for term in begins:
            if isinstance(term, Through):
                entries.append((term.node, self._parents(term, bound, None)))
        ends: list[ColumnElement[bool]] = []
        for nodes in reversed(self._plan.strata):
            entered = [(node, ids) for node, ids in entries if node in nodes]
            if not entered:
                continue
            label = f"{prefix}_{len(needed)}_{nodes[0].type}_{nodes[0].name}".replace("/", "_")[:60]
            needed |= self._needed(nodes, entered, bound, label)
            for node in nodes:
                if node not in needed:
                    continue
                for part in _ways(self._plan.terms[node]):
                    if isinstance(part, Same):
                        if part.node not in nodes:
                            entries.append((part.node, select(needed[node].c.id)))
                    elif isinstance(part, Through) and self._leads_on(part):
                        if part.node not in nodes:
                            entries.append((part.node, self._parents(part, bound, needed[node])))
                    else:
                        ends.append(self._ends(part, bound, needed[node]))
        return or_(false(), *ends)

    def _parents(self, term: Through, bound: Bound, needed: CTE | None) -> Select[Any]:
        """The parents of the object, or of those on the way."""
        edge = self._rows.edge(term.source, bound)
        found = select(edge.subject.text.label("id"))
        if needed is None:
            return found.select_from(edge.rows).where(edge.resource.equals(self.object), *edge.conditions)
        return self._rows.lead_on(needed, edge, edge.resource.equals(needed.c.id), edge.subject.text)

    def _needed(self, nodes: tuple[Node, ...], entered: _Entries, bound: Bound, label: str) -> dict[Node, CTE]:
        """The ids on the way, of each node of a stratum."""
        steps = [step for node in nodes for step in self._steps(node) if step.body in nodes]
        if not steps:
            parts = [ids for _, ids in entered]
            return {nodes[0]: (union(*parts) if len(parts) > 1 else parts[0]).cte(label)}
        if len(nodes) == 1 and len(steps) == 1 and (source := steps[0].source):
            parts = [ids for _, ids in entered]
            begin = union(*parts).subquery() if len(parts) > 1 else parts[0].subquery()
            found = select(begin.c.id).cte(label, recursive=True)
            return {nodes[0]: found.union(self._parents(Through(source, nodes[0]), bound, found))}
        places = {node: place for place, node in enumerate(nodes)}
        told = [
            select(constant(places[node]).label("node"), each.c.id)
            for node, each in ((node, ids.subquery()) for node, ids in entered)
        ]
        pairs = (union(*told) if len(told) > 1 else told[0]).subquery()
        found = select(pairs.c.node, pairs.c.id).cte(label, recursive=True)
        taken = take_steps(self._rows, found, steps, places, bound, upwards=False, label=f"s_{label}"[:60])
        found = found.union(select(taken.table.c.body, taken.leads_to).select_from(taken.joined).where(taken.there_is))
        return {
            node: select(found.c.id).where(found.c.node == constant(places[node])).cte(f"n{places[node]}_{label}"[:60])
            for node in nodes
        }

    def _steps(self, node: Node) -> Iterator[Step]:
        for part in _ways(self._plan.terms[node]):
            if isinstance(part, Same):
                yield Step(node, part.node, None)
            elif isinstance(part, Through) and self._leads_on(part):
                yield Step(node, part.node, part.source)


def _ways(term: Term) -> Iterator[Term]:
    """The alternatives of a union, those of its unions among them."""
    if isinstance(term, AnyOf):
        for each in term.terms:
            yield from _ways(each)
    else:
        yield term
