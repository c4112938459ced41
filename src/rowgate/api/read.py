"""Reading rows for an answer: one statement for the page, one for the count, one for each included relationship.

Statements select columns, not objects: nothing is loaded lazily behind the serialiser's back, and the number of
statements does not grow with the rows. Each is filtered like every statement of the session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import Select, func, select

from rowgate.api import related
from rowgate.api.included import IncludedReader, Met, runs
from rowgate.api.order import ordering
from rowgate.api.plan import Plan
from rowgate.api.plans import Plans
from rowgate.api.query import Query
from rowgate.api.records import Record
from rowgate.api.related import key_parameters, keys_parameter, paged
from rowgate.api.resources import Key, Relation, Resources, ResourceType
from rowgate.enforce import SecureSession
from rowgate.enforce.columns import Runs, fetch, stream

__all__ = ["Graph", "Parent", "Reader"]

Parent: TypeAlias = tuple[ResourceType, Key, Relation]
"""The row whose related rows are meant: its type, its key, and the relationship."""


@dataclass(kw_only=True)
class Graph:
    """The rows of one answer. What each is related to, as far as that was asked for, is in the records.

    Args:
        primary: the primary data, in order.
        included: the related rows, in the order they were met; none of the primary ones.
        total: primary rows in all; None where they were not counted.
        more: whether primary rows follow, in the direction that they were read in.
        ends: where the page goes on from a row: the cursors of the first and the last row.
    """

    primary: list[Record] = field(default_factory=list)
    included: list[Record] = field(default_factory=list)
    total: int | None = None
    more: bool = False
    ends: tuple[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads for one request.

    Args:
        session: whose principal asks.
        resources: the types, with those members that the principal may see.
        plans: of the app.
        query: what was asked for.
        most_included: rows that an answer may include.
    """

    session: SecureSession
    resources: Resources
    plans: Plans
    query: Query
    most_included: int
    _met: Met = field(default_factory=Met)

    def page(self, resource: ResourceType, *, parent: Parent | None = None) -> Graph:
        """A page of a list.

        Args:
            resource: the type listed.
            parent: where only the rows related to one row are meant.

        Raises:
            AccessRefused: the principal may not read the type, or a type included.
            BadParameter: more rows would be included than may be.
        """
        plan, page = self._plan(resource), self.query.page
        # One row more than is sent tells whether there is a next page.
        parameters = {"rowgate_limit": page.limit + 1, "rowgate_offset": page.offset, **_of_parent(parent)}
        rows = fetch(self.session, self._listed(plan, parent), parameters)
        graph = Graph(more=len(rows) > page.limit)
        sent: Sequence[Sequence[Any]] = rows[: page.limit]
        if self.query.cursors is not None:
            sent = sent[::-1] if self.query.cursors.backwards else sent
            graph.ends = self.query.cursors.ends(sent)
            sent = [row[: len(plan.columns)] for row in sent]
        graph.primary = self._met.records(plan, sent)
        if page.total:
            graph.total = self._total(plan, parent, graph)
        self._follow(graph, plan)
        return graph

    def one(self, resource: ResourceType, key: Key) -> Graph | None:
        """One row by its key; None where there is none that the principal may see.

        Raises:
            AccessRefused: the principal may not read the type, or a type included.
        """
        plan = self._plan(resource)
        graph = Graph(primary=self._met.records(plan, fetch(self.session, plan.by_key, key_parameters(key))))
        self._follow(graph, plan)
        return graph if graph.primary else None

    def many(self, resource: ResourceType, keys: Sequence[Key]) -> list[Record]:
        """The rows with these keys that the principal may see."""
        plan = self._plan(resource)
        return [
            record
            for run in runs(keys)
            for record in self._met.records(plan, fetch(self.session, plan.by_keys, keys_parameter(run)))
        ]

    def related(self, parent: Parent) -> Graph:
        """The row that a to-one relationship leads to, or an empty answer."""
        _, _, relation = parent
        plan = self._plan(self.resources[relation.target])
        statement = self._narrowed(plan.columns, plan, parent)
        graph = Graph(primary=self._met.records(plan, fetch(self.session, statement, _of_parent(parent))))
        self._follow(graph, plan)
        return graph

    def rows(self, resource: ResourceType, *, parent: Parent | None = None, at_once: int) -> tuple[Plan, Runs]:
        """Every row of a list, whatever its page, in runs: no more than one run of them is in memory.

        Args:
            resource, parent: as in `page`.
            at_once: rows in a run.

        Returns:
            The plan of the rows, and the runs. Close these.

        Raises:
            AccessRefused: the principal may not read the type; at this call, before the first row is taken.
        """
        plan = self._plan(resource)
        return plan, stream(self.session, self._ordered(plan, parent), _of_parent(parent), at_once=at_once)

    def is_there(self, resource: ResourceType, key: Key) -> bool:
        """Whether the principal may see the row.

        Raises:
            AccessRefused: it may not read the type at all.
        """
        return bool(fetch(self.session, self._plan(resource).is_there, key_parameters(key)))

    # --- statements

    def _plan(self, resource: ResourceType) -> Plan:
        asked = self.query.permissions.get(resource.name, ())
        return self.plans.of(resource, self.query.fields.get(resource.name), asked)

    def _listed(self, plan: Plan, parent: Parent | None) -> Select[Any]:
        """The rows of the page: a statement that is kept, unless the client's conditions make it a new one."""
        cursors = self.query.cursors
        if cursors is not None:
            columns = (*plan.columns, *cursors.marks)
            ordered = ordering(plan.resource, cursors.order, nulls=self._nulls, backwards=cursors.backwards)
            return paged(self._narrowed(columns, plan, parent).where(*cursors.seek).order_by(*ordered))
        if parent is None and not self.query.where:
            return plan.ordered(self.query.order, nulls=self._nulls)
        return paged(self._ordered(plan, parent))

    def _ordered(self, plan: Plan, parent: Parent | None) -> Select[Any]:
        ordered = ordering(plan.resource, self.query.order, nulls=self._nulls)
        return self._narrowed(plan.columns, plan, parent).order_by(*ordered)

    def _narrowed(self, columns: Sequence[Any], plan: Plan, parent: Parent | None) -> Select[Any]:
        """These columns of the rows that the client's conditions leave."""
        if parent is None:
            statement = select(*columns).select_from(plan.resource.entity)
        else:
            above, _, relation = parent
            statement = related.of_parent(columns, above, relation, plan.resource)
        return statement.where(*self.query.where)

    def _total(self, plan: Plan, parent: Parent | None, graph: Graph) -> int:
        page = self.query.page
        started = self.query.cursors is None or not self.query.cursors.seek
        if started and not graph.more and (graph.primary or not page.offset) and page.limit:
            return page.offset + len(graph.primary)  # the last page tells
        kept = parent is None and not self.query.where
        statement = plan.count if kept else self._narrowed([func.count()], plan, parent)
        return int(fetch(self.session, statement, _of_parent(parent))[0][0])

    @property
    def _nulls(self) -> bool:
        """Whether the database has to be told where NULL goes."""
        return self.session.get_bind().dialect.name == "postgresql"

    def _follow(self, graph: Graph, plan: Plan) -> None:
        if self.query.include and graph.primary:
            reader = IncludedReader(
                session=self.session,
                resources=self.resources,
                query=self.query,
                plan_of=self._plan,
                met=self._met,
                nulls=self._nulls,
                most=self.most_included,
            )
            reader.read(plan, graph.primary, self.query.include)
            primary = set(graph.primary)
            graph.included = [each for each in self._met if each not in primary]


def _of_parent(parent: Parent | None) -> Mapping[str, Any]:
    return {} if parent is None else keys_parameter([parent[1]])
