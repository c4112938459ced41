"""Reading included rows: one statement for each relationship, whatever the number of rows that it leads from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Row

from rowgate.api import related
from rowgate.api.includes import Tree
from rowgate.api.order import ordering
from rowgate.api.plan import Plan
from rowgate.api.query import Query
from rowgate.api.records import Record
from rowgate.api.related import ALL, Part, keys_parameter, most_parameter
from rowgate.api.resources import Key, Relation, Resources, ResourceType
from rowgate.enforce import SecureSession
from rowgate.enforce.columns import fetch
from rowgate.errors import BadParameter

__all__ = ["IncludedReader", "Met", "runs"]

# Bound parameters of one statement: below the least that a supported database takes (SQLite, 32,766).
MOST_PARAMETERS: Final = 20_000


class Met:
    """Every row that was read for one answer, once, by type and key: whatever refers to it shares the record."""

    def __init__(self) -> None:
        self._records: dict[str, dict[Key, Record]] = {}

    def __iter__(self) -> Iterator[Record]:
        return (each for of_type in self._records.values() for each in of_type.values())

    def of(self, resource: ResourceType) -> dict[Key, Record]:
        """Those of one type."""
        return self._records.setdefault(resource.name, {})

    def records(self, plan: Plan, rows: Sequence[Sequence[Any]]) -> list[Record]:
        """The records of rows, in their order.

        Args:
            plan: by which they were selected.
            rows: their values.
        """
        met, key_of = self.of(plan.resource), plan.key_of
        made: list[Record] = []
        for row in rows:
            key = key_of(row)
            record = met.get(key)
            if record is None:
                record = met[key] = Record(plan, row, key)
            made.append(record)
        return made


@dataclass(kw_only=True)
class IncludedReader:
    """Reads the rows that one answer includes.

    Args:
        session: whose principal asks.
        resources: the types as the principal knows them.
        query: what was asked for.
        plan_of: how rows of a type are read.
        met: the rows that were read before; gets those that are included.
        nulls: whether the database has to be told where NULL goes.
        most: rows that may be read.
    """

    session: SecureSession
    resources: Resources
    query: Query
    plan_of: Callable[[ResourceType], Plan]
    met: Met
    nulls: bool
    most: int
    _read: int = field(default=0, init=False)

    def read(self, plan: Plan, parents: Sequence[Record], tree: Tree, path: tuple[str, ...] = ()) -> None:
        """Read what some rows lead to, and note it in their records.

        Args:
            plan: of the rows.
            parents: the rows.
            tree: the relationships to follow, and what to follow from there.
            path: the relationships that led to the rows.

        Raises:
            AccessRefused: the principal may not read a type at all.
            BadParameter: there are more rows than may be included.
        """
        for name, branches in tree.items():
            relation = plan.resource.relations[name]
            target = self.plan_of(self.resources[relation.target])
            if relation.columns:
                children = self._by_key(plan, parents, relation, target)
            else:
                part = self._part(target, (*path, name)) if relation.to_many else None
                children = self._by_parent(plan, parents, relation, target, part)
            if branches and children:
                self.read(target, children, branches, (*path, name))

    def _part(self, target: Plan, path: tuple[str, ...]) -> Part | None:
        """Which of each parent's rows, where the client asked for a page of them or for an order."""
        nested = self.query.nested.get(path)
        if nested is None:
            return None
        order = tuple(ordering(target.resource, nested.order, nulls=self.nulls))
        return Part(order=order, limit=nested.limit, offset=nested.offset)

    def _by_key(self, plan: Plan, parents: Sequence[Record], relation: Relation, target: Plan) -> list[Record]:
        """Related rows whose primary keys the parents hold: each is read once, however many refer to it."""
        key_in = plan.at(relation.columns)
        points_to = [key_in(parent.row) for parent in parents]
        met = self.met.of(target.resource)
        wanted = dict.fromkeys(key for key in points_to if None not in key)
        for run in runs([key for key in wanted if key not in met]):
            rows = fetch(self.session, target.by_keys, keys_parameter(run))
            self._count(len(self.met.records(target, rows)))
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
        limit = part.limit if part is not None else None
        for run in runs(list(found)):
            # One row more than may be tells that there are too many, and little more than that is ever read: of a list
            # that is cut, one row tells that others follow.
            most = self.most - self._read + 1 + (0 if limit is None else len(run))
            for row in fetch(self.session, statement, {**keys_parameter(run), **most_parameter(min(ALL, most))}):
                found[tuple(row[:width])].append(row)
            self._count(sum(len(found[key]) if limit is None else min(limit, len(found[key])) for key in run))
        children: dict[Record, None] = {}
        for parent in parents:
            rows = found[parent.key]
            if limit is not None:
                parent.parts[relation.name] = limit, len(rows) > limit
                rows = rows[:limit]
            own = self.met.records(target, [row[width:] for row in rows])
            _link(parent, relation, own if relation.to_many else next(iter(own), None))
            children |= dict.fromkeys(own)
        return list(children)

    def _count(self, rows: int) -> None:
        self._read += rows
        if self._read > self.most:
            raise BadParameter(
                f"The answer would include more than {self.most} rows.",
                hint="Ask for a part of each list (page[<relationship>][limit]), or for fewer rows. "
                "ROWGATE_INCLUDED_MAX is the limit.",
                parameter="include",
            )


def runs(keys: Sequence[Key]) -> Iterable[Sequence[Key]]:
    """The keys in runs, each short enough for one statement."""
    step = MOST_PARAMETERS // max(1, len(keys[0])) if keys else 1
    for start in range(0, len(keys), step):
        yield keys[start : start + step]


def _link(parent: Record, relation: Relation, linked: Any) -> None:
    if parent.linked is None:
        parent.linked = {}
    parent.linked[relation.name] = linked
