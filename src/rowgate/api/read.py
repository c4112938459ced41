"""Reading rows for an answer: one statement for the page, one for the count, one for each included relationship.

Statements select columns, not objects: nothing is loaded lazily behind the serialiser's back, and the number of
statements does not grow with the rows. Each is filtered like every statement of the session.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from rowgate.api.query import CHECKSUM, Query, Tree, ordering
from rowgate.api.resources import Key, Relation, Resources, ResourceType
from rowgate.enforce import SecureSession
from rowgate.enforce.keys import any_of

__all__ = ["Graph", "Identity", "Linkage", "Reader", "Record"]

# Bound parameters of one statement: below the least that a supported database takes (SQLite, 32,766).
MOST_PARAMETERS: Final = 20_000

Identity: TypeAlias = tuple[str, str]
"""The type and the id of a resource."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One row that was read.

    Args:
        values: by attribute name; not every attribute has to be there.
    """

    resource: ResourceType
    key: Key
    id: str
    values: Mapping[str, Any]

    @property
    def identity(self) -> Identity:
        """The type and the id."""
        return self.resource.name, self.id


Linkage: TypeAlias = "Identity | list[Identity] | None"


@dataclass(kw_only=True)
class Graph:
    """The rows of one answer, and which is related to which as far as that was asked for.

    Args:
        primary: the primary data, in order.
        included: the related rows, in the order they were met; none of the primary ones.
        linkage: by resource and relationship.
        total: primary rows in all; None where they were not counted.
        more: whether primary rows follow.
    """

    primary: list[Record] = field(default_factory=list)
    included: dict[Identity, Record] = field(default_factory=dict)
    linkage: dict[Identity, dict[str, Linkage]] = field(default_factory=dict)
    total: int | None = None
    more: bool = False


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads for one request.

    Args:
        session: whose principal asks.
        resources: all types.
        query: what was asked for.
        locking: whether rows carry their checksum, which takes all of their columns.
    """

    session: SecureSession
    resources: Resources
    query: Query
    locking: bool
    _names: dict[str, list[str]] = field(default_factory=dict)

    def page(self, resource: ResourceType, *, parent: tuple[ResourceType, Key, Relation] | None = None) -> Graph:
        """A page of a list.

        Args:
            resource: the type listed.
            parent: where only the rows related to one row are meant: its type, its key and the relationship.

        Raises:
            AccessRefused: the principal may not read the type, or a type included.
        """
        page = self.query.page
        nulls = self.session.get_bind().dialect.name == "postgresql"
        statement = self._select(resource, parent).order_by(*ordering(resource, self.query.order, nulls=nulls))
        # One row more than is sent tells whether there is a next page.
        statement = statement.limit(page.limit + 1).offset(page.offset)
        records = [self._record(resource, row) for row in self.session.execute(statement)]
        graph = Graph(primary=records[: page.limit], more=len(records) > page.limit)
        if page.total:
            count = self._from(select(func.count()), resource, parent).where(*self.query.where)
            graph.total = self.session.scalar(count)
        self._follow(graph)
        return graph

    def one(
        self, resource: ResourceType, key: Key, *, parent: tuple[ResourceType, Key, Relation] | None = None
    ) -> Graph | None:
        """One row by its key; None where there is none that the principal may see.

        Raises:
            AccessRefused: the principal may not read the type, or a type included.
        """
        condition = _any_of(resource, [key])
        row = self.session.execute(self._select(resource, parent).where(condition)).one_or_none()
        return None if row is None else self._graph_of(self._record(resource, row))

    def many(self, resource: ResourceType, keys: Sequence[Key]) -> list[Record]:
        """The rows with these keys that the principal may see."""
        return [
            self._record(resource, row)
            for run in _runs(keys)
            for row in self.session.execute(self._select(resource, None).where(_any_of(resource, run)))
        ]

    def related(self, parent: ResourceType, key: Key, relation: Relation) -> Graph:
        """The row that a to-one relationship leads to, or an empty answer."""
        target = self.resources[relation.target]
        row = self.session.execute(self._select(target, (parent, key, relation))).one_or_none()
        return Graph() if row is None else self._graph_of(self._record(target, row))

    def is_there(self, resource: ResourceType, key: Key) -> bool:
        """Whether the principal may see the row.

        Raises:
            AccessRefused: it may not read the type at all.
        """
        first = resource.key[0].of
        return self.session.execute(select(first).where(_any_of(resource, [key]))).first() is not None

    # --- statements

    def _columns(self, resource: ResourceType) -> list[str]:
        """The attributes to read: those to send, and what ids, linkage and the checksum need."""
        if resource.name not in self._names:
            self._names[resource.name] = list(self._needed(resource))
        return self._names[resource.name]

    def _needed(self, resource: ResourceType) -> Iterable[str]:
        sent = self.query.fields.get(resource.name)
        if sent is None or (self.locking and CHECKSUM in sent):
            return resource.attributes
        needed = {name for relation in resource.relations.values() for name in relation.columns}
        return [name for name in resource.attributes if name in sent or name in needed]

    def _selected(self, resource: ResourceType) -> list[InstrumentedAttribute[Any]]:
        return [part.of for part in resource.key] + [resource.attributes[name].of for name in self._columns(resource)]

    def _select(self, resource: ResourceType, parent: tuple[ResourceType, Key, Relation] | None) -> Select[Any]:
        return self._from(select(*self._selected(resource)), resource, parent).where(*self.query.where)

    def _from(
        self, statement: Select[Any], resource: ResourceType, parent: tuple[ResourceType, Key, Relation] | None
    ) -> Select[Any]:
        if parent is None:
            return statement.select_from(resource.entity)
        above, key, relation = parent
        source: Any = aliased(above.entity)
        columns = [getattr(source, part.name) for part in above.key]
        return (
            statement.select_from(source)
            .join(getattr(source, relation.name).of_type(resource.entity))
            .where(*(column == value for column, value in zip(columns, key, strict=True)))
        )

    def _record(self, resource: ResourceType, row: Sequence[Any] | Row[Any]) -> Record:
        width = len(resource.key)
        key = tuple(row[:width])
        values = {part.name: value for part, value in zip(resource.key, key, strict=True)}
        values.update(zip(self._columns(resource), row[width:], strict=True))
        return Record(resource=resource, key=key, id=resource.id_of(key), values=values)

    # --- includes

    def _graph_of(self, record: Record) -> Graph:
        graph = Graph(primary=[record])
        self._follow(graph)
        return graph

    def _follow(self, graph: Graph) -> None:
        if self.query.include and graph.primary:
            self._include(graph, graph.primary[0].resource, graph.primary, self.query.include)
            for record in graph.primary:
                graph.included.pop(record.identity, None)

    def _include(self, graph: Graph, resource: ResourceType, parents: Sequence[Record], tree: Tree) -> None:
        for name, branches in tree.items():
            relation = resource.relations[name]
            target = self.resources[relation.target]
            found = self._by_key(parents, relation) if relation.columns else self._by_join(resource, parents, relation)
            children: dict[Identity, Record] = {}
            for parent, related in found:
                for record in related:
                    children.setdefault(record.identity, record)
                identities = [record.identity for record in related]
                linkage: Linkage = identities if relation.to_many else next(iter(identities), None)
                graph.linkage.setdefault(parent.identity, {})[name] = linkage
            for identity, record in children.items():
                graph.included.setdefault(identity, record)
            if branches and children:
                self._include(graph, target, list(children.values()), branches)

    def _by_key(self, parents: Sequence[Record], relation: Relation) -> Iterator[tuple[Record, list[Record]]]:
        """Related rows whose primary keys the parents hold: each is read once, however many refer to it."""
        target = self.resources[relation.target]
        points_to = [tuple(parent.values[name] for name in relation.columns) for parent in parents]
        keys = list(dict.fromkeys(key for key in points_to if None not in key))
        found: dict[Key, Record] = {}
        for run in _runs(keys):
            statement = select(*self._selected(target)).where(_any_of(target, run))
            for row in self.session.execute(statement):
                record = self._record(target, row)
                found[record.key] = record
        for parent, key in zip(parents, points_to, strict=True):
            yield parent, [found[key]] if key in found else []

    def _by_join(
        self, resource: ResourceType, parents: Sequence[Record], relation: Relation
    ) -> Iterator[tuple[Record, list[Record]]]:
        target = self.resources[relation.target]
        source: Any = aliased(resource.entity)
        keys = [getattr(source, part.name) for part in resource.key]
        found: dict[Key, list[Record]] = {parent.key: [] for parent in parents}
        made: dict[Key, Record] = {}
        for run in _runs(list(found)):
            statement = (
                select(*keys, *self._selected(target))
                .select_from(source)
                .join(getattr(source, relation.name).of_type(target.entity))
                .where(any_of(keys, run))
                .order_by(*keys, *(part.of for part in target.key))
            )
            for row in self.session.execute(statement):
                record = self._record(target, row[len(keys) :])
                found[tuple(row[: len(keys)])].append(made.setdefault(record.key, record))
        for parent in parents:
            yield parent, found[parent.key]


def _any_of(resource: ResourceType, keys: Sequence[Key]) -> ColumnElement[bool]:
    return any_of([part.of for part in resource.key], keys)


def _runs(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    step = MOST_PARAMETERS // max(1, len(keys[0])) if keys else 1
    for start in range(0, len(keys), step):
        yield keys[start : start + step]
