"""``.all``: an object has a parent, and every parent is good. Lists and checks say differently what is good."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, not_, or_, select

from rowgate.relations.edges import Edge
from rowgate.relations.keys import IdentifierKey
from rowgate.relations.rows import Bound, Rows, constant, name
from rowgate.relations.rules import Every, Node
from rowgate.relations.table import RELATIONSHIPS

__all__ = ["EveryParent"]

Good = Callable[[Edge, Node], ColumnElement[bool]]


class EveryParent:
    """The conditions of one term.

    Args:
        rows: makes the conditions on rows.
        term: the term.
        bound: which caveated relationships count; one whose caveat does not let it count is a bad parent.
        good: that the node holds for the subject of an edge; never NULL.
    """

    def __init__(self, rows: Rows, term: Every, bound: Bound, good: Good) -> None:
        self._rows = rows
        self._term = term
        self._bound = bound
        self._good = good

    def good_edges(self) -> Iterator[tuple[Edge, Node]]:
        """The edges to parents that may be good, each with the node that has to hold."""
        for source, node in self._term.parents:
            if node:
                yield self._rows.edge(source, self._bound), node

    def has_one(self, identifier: ColumnElement[str]) -> ColumnElement[bool]:
        """That an object has a parent, good or not."""
        return or_(*(each.exists() for each in self._parents(identifier, bad=False)))

    def is_bad(self, identifier: ColumnElement[str]) -> ColumnElement[bool]:
        """That an object has a parent that is not good."""
        return or_(*(each.exists() for each in self._parents(identifier, bad=True)))

    def _parents(self, identifier: ColumnElement[str], *, bad: bool) -> Iterator[Select[Any]]:
        one = select(constant(1))
        for source, node in self._term.parents:
            if source.column:
                edge = self._rows.edge(source, self._bound)
                found = one.select_from(edge.rows).where(edge.resource.equals(identifier), *edge.conditions)
                yield found.where(not_(self._good(edge, node) if node else false())) if bad else found
        kept = [(source, node) for source, node in self._term.parents if not source.column]
        if not kept:
            return
        # All that the relation table states, kinds the schema does not allow included: those are bad.
        row, first = RELATIONSHIPS.alias(), self._term.parents[0][0]
        edge = Edge(row, IdentifierKey(row.c.resource_id), IdentifierKey(row.c.subject_id))
        elsewhere = [
            and_(
                row.c.subject_type == name(source.subject_type),
                row.c.subject_relation == name(source.subject_relation or ""),
            )
            for source, _ in self._term.parents
            if source.column
        ]
        found = one.where(
            row.c.resource_type == name(first.resource_type),
            row.c.relation == name(first.relation),
            row.c.resource_id == identifier,
            self._rows.alive(row),
            *(not_(kind) for kind in elsewhere),
        )
        fine = [
            and_(*self._rows.kind(row, source), self._rows.counts(row, source, self._bound), self._good(edge, node))
            for source, node in kept
            if node
        ]
        yield found.where(not_(or_(false(), *fine))) if bad else found
