"""Reading rows for an answer: one statement for the page, one for the count, one for each included relationship.

Statements select columns, not objects: nothing is loaded lazily behind the serialiser's back, and the number of
statements does not grow with the rows. Each is filtered like every statement of the session.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from sqlalchemy import Row, Select, func, select

from rowgate.api import related
from rowgate.api.includes import Tree
from rowgate.api.order import ordering
from rowgate.api.plan import Plan, Plans, Record
from rowgate.api.query import Query
from rowgate.api.related import Part, keyed, keys_parameter, paged
from rowgate.api.resources import Key, Relation, Resources, ResourceType
from rowgate.enforce import SecureSession
from rowgate.enforce.columns import Runs, fetch, stream

__all__ = ["Graph", "Parent", "Reader"]

# Bound parameters of one statement: below the least that a supported database takes (SQLite, 32,766).
MOST_PARAMETERS: Final = 20_000

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
    """

    session: SecureSession
    resources: Resources
    plans: Plans
    query: Query
    # Every row that was read, once, by type and key: whatever refers to it shares the record.
    _met: dict[str, dict[Key, Record]] = field(default_factory=dict)

    def page(self, resource: ResourceType, *, parent: Parent | None = None) -> Graph:
        """A page of a list.

        Args:
            resource: the type listed.
            parent: where only the rows related to one row are meant.

        Raises:
            AccessRefused: the principal may not read the type, or a type included.
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
        graph.primary = self._records(plan, sent)
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
        graph = Graph(primary=self._records(plan, fetch(self.session, plan.by_keys, keys_parameter([key]))))
        self._follow(graph, plan)
        return graph if graph.primary else None

    def many(self, resource: ResourceType, keys: Sequence[Key]) -> list[Record]:
        """The rows with these keys that the principal may see."""
        plan = self._plan(resource)
        return [
            record
            for run in _runs(keys)
            for record in self._records(plan, fetch(self.session, plan.by_keys, keys_parameter(run)))
        ]

    def related(self, parent: Parent) -> Graph:
        """The row that a to-one relationship leads to, or an empty answer."""
        _, _, relation = parent
        plan = self._plan(self.resources[relation.target])
        statement = self._narrowed(plan.columns, plan, parent)
        graph = Graph(primary=self._records(plan, fetch(self.session, statement, _of_parent(parent))))
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
        columns = [part.of for part in resource.key]
        return bool(fetch(self.session, select(columns[0]).where(keyed(columns)), keys_parameter([key])))

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

    def _records(self, plan: Plan, rows: Sequence[Sequence[Any]]) -> list[Record]:
        met = self._met.setdefault(plan.resource.name, {})
        key_of = plan.key_of
        made: list[Record] = []
        for row in rows:
            key = key_of(row)
            record = met.get(key)
            if record is None:
                record = met[key] = Record(plan, row, key)
            made.append(record)
        return made

    # --- includes

    def _follow(self, graph: Graph, plan: Plan) -> None:
        if self.query.include and graph.primary:
            self._include(plan, graph.primary, self.query.include, ())
            primary = set(graph.primary)
            graph.included = [each for met in self._met.values() for each in met.values() if each not in primary]

    def _include(self, plan: Plan, parents: Sequence[Record], tree: Tree, path: tuple[str, ...]) -> None:
        for name, branches in tree.items():
            relation = plan.resource.relations[name]
            target = self._plan(self.resources[relation.target])
            if relation.columns:
                children = self._by_key(plan, parents, relation, target)
            else:
                part = self._part(target, (*path, name)) if relation.to_many else None
                children = self._by_parent(plan, parents, relation, target, part)
            if branches and children:
                self._include(target, children, branches, (*path, name))

    def _part(self, target: Plan, path: tuple[str, ...]) -> Part | None:
        """Which of each parent's rows, where the client asked for a page of them or for an order."""
        nested = self.query.nested.get(path)
        if nested is None:
            return None
        order = tuple(ordering(target.resource, nested.order, nulls=self._nulls))
        return Part(order=order, limit=nested.limit, offset=nested.offset)

    def _by_key(self, plan: Plan, parents: Sequence[Record], relation: Relation, target: Plan) -> list[Record]:
        """Related rows whose primary keys the parents hold: each is read once, however many refer to it."""
        key_in = plan.at(relation.columns)
        points_to = [key_in(parent.row) for parent in parents]
        met = self._met.setdefault(target.resource.name, {})
        wanted = dict.fromkeys(key for key in points_to if None not in key)
        for run in _runs([key for key in wanted if key not in met]):
            self._records(target, fetch(self.session, target.by_keys, keys_parameter(run)))
        for parent, key in zip(parents, points_to, strict=True):
            _link(parent, relation, met.get(key))
        return [met[key] for key in wanted if key in met]

    def _by_parent(
        self, plan: Plan, parents: Sequence[Record], relation: Relation, target: Plan, part: Part | None
    ) -> list[Record]:
        """Related rows that a statement finds by the parents' keys."""
        found: dict[Key, list[Row[Any]]] = {parent.key: [] for parent in parents}
        width = len(plan.resource.key)
        if part is None:
            statement = target.led_to(plan.resource, relation)
        else:
            statement = related.parts_of_parents(plan.resource, relation, target, part)
        for run in _runs(list(found)):
            for row in fetch(self.session, statement, keys_parameter(run)):
                found[tuple(row[:width])].append(row)
        children: dict[Record, None] = {}
        for parent in parents:
            rows = found[parent.key]
            if part is not None and part.limit is not None:
                parent.parts[relation.name] = part.limit, len(rows) > part.limit
                rows = rows[: part.limit]
            own = self._records(target, [row[width:] for row in rows])
            _link(parent, relation, own if relation.to_many else next(iter(own), None))
            children |= dict.fromkeys(own)
        return list(children)


def _link(parent: Record, relation: Relation, linked: Any) -> None:
    if parent.linked is None:
        parent.linked = {}
    parent.linked[relation.name] = linked


def _of_parent(parent: Parent | None) -> Mapping[str, Any]:
    return {} if parent is None else keys_parameter([parent[1]])


def _runs(keys: Sequence[Key]) -> Iterable[Sequence[Key]]:
    step = MOST_PARAMETERS // max(1, len(keys[0])) if keys else 1
    for start in range(0, len(keys), step):
        yield keys[start : start + step]
