"""Includes: which related rows come with an answer, and of each list which part, in which order.

include=OrderList.OrderDetailList
page[OrderList][limit]=3             of each row's list the first three
sort[OrderList.OrderDetailList]=-Amount
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from rowgate.api.names import did_you_mean
from rowgate.api.order import Order, read_order
from rowgate.api.paging import read_page
from rowgate.api.paths import Fault
from rowgate.api.resources import Relation, Resources, ResourceType
from rowgate.errors import BadParameter, RowgateError
from rowgate.settings import Settings

__all__ = ["IncludeReader", "Nested", "Tree"]

Tree: TypeAlias = "dict[str, Tree]"
"""Relationships to include, each with those to include from its target."""

_KEYS = ("limit", "offset", "number", "size")


@dataclass(frozen=True, kw_only=True)
class Nested:
    """Which of the rows of an included list are sent, of each row that has one.

    Args:
        order: of the list.
        limit: the most rows sent; None for all.
        offset: rows left out before the first.
    """

    order: Order
    limit: int | None
    offset: int


@dataclass(kw_only=True)
class IncludeReader:
    """Reads the parameters of one request that are about included rows.

    Args:
        resource: the type of the primary data.
        resources: all types that the principal knows.
        settings: the limits.
    """

    resource: ResourceType
    resources: Resources
    settings: Settings
    tree: Tree = field(default_factory=dict, init=False)
    _count: int = field(default=0, init=False)
    _pages: dict[str, dict[str, str]] = field(default_factory=dict, init=False)
    _sorts: dict[str, str] = field(default_factory=dict, init=False)

    def include(self, parameter: str, text: str) -> None:
        """Read ``include``.

        Raises:
            BadParameter: a relationship is not known, or there are too many.
        """
        fault = Fault(parameter)
        for path in (part.strip() for part in text.split(",")):
            if path:
                self._add(path, fault)

    def page(self, path: str, key: str, text: str) -> None:
        """Take ``page[path][key]``, to be read by `nested`."""
        self._pages.setdefault(path, {})[key] = text

    def sort(self, path: str, text: str) -> None:
        """Take ``sort[path]``, to be read by `nested`."""
        self._sorts[path] = text

    def nested(self, faults: list[RowgateError]) -> Mapping[tuple[str, ...], Nested]:
        """What was asked for of included lists, by the relationships from the primary type.

        Args:
            faults: gets what is not understood.
        """
        made: dict[tuple[str, ...], Nested] = {}
        for path in dict.fromkeys((*self._pages, *self._sorts)):
            try:
                made[tuple(path.split("."))] = self._nested(path)
            except BadParameter as fault:
                faults.append(fault)
        return made

    def _add(self, path: str, fault: Fault) -> None:
        names = path.split(".")
        if len(names) > self.settings.include_depth:
            raise fault.of(
                f"{path!r} is {len(names)} relationships deep.",
                hint=f"At most {self.settings.include_depth} are followed (ROWGATE_INCLUDE_DEPTH).",
            )
        resource, tree = self.resource, self.tree
        for name in names:
            relation = resource.relations.get(name)
            if relation is None:
                raise fault.of(
                    f"{resource.name} has no relationship {name!r} to include.",
                    hint=did_you_mean(name, resource.relations),
                )
            if name not in tree:
                self._count += 1
                if self._count > self.settings.include_max:
                    raise fault.of(
                        f"A request includes at most {self.settings.include_max} relationships.",
                        hint="ROWGATE_INCLUDE_MAX is the limit.",
                    )
            tree = tree.setdefault(name, {})
            resource = self.resources[relation.target]

    def _nested(self, path: str) -> Nested:
        page = self._pages.get(path, {})
        parameter = f"page[{path}][{next(iter(page))}]" if page else f"sort[{path}]"
        relation = self._included(path, Fault(parameter))
        if not relation.to_many:
            raise Fault(parameter).of(f"{path} leads to one row, which has neither pages nor an order.")
        order: Order = ()
        if path in self._sorts:
            order = read_order(
                self._sorts[path],
                parameter=f"sort[{path}]",
                resource=self.resources[relation.target],
                resources=self.resources,
                settings=self.settings,
            )
        if not page:
            return Nested(order=order, limit=None, offset=0)
        part = read_page(page, self.settings, of=f"page[{path}]", keys=_KEYS)
        return Nested(order=order, limit=part.limit, offset=part.offset)

    def _included(self, path: str, fault: Fault) -> Relation:
        *names, last = path.split(".")
        resource, tree = self.resource, self.tree
        for name in names:
            self._refuse_left_out(path, name, tree, fault)
            resource, tree = self.resources[resource.relations[name].target], tree[name]
        self._refuse_left_out(path, last, tree, fault)
        return resource.relations[last]

    def _refuse_left_out(self, path: str, name: str, tree: Tree, fault: Fault) -> None:
        if name not in tree:
            raise fault.of(
                f"{path!r} is not included, so it has neither pages nor an order.",
                hint=did_you_mean(path, _paths(self.tree)),
            )


def _paths(tree: Tree, before: str = "") -> Iterator[str]:
    for name, branches in tree.items():
        yield before + name
        yield from _paths(branches, f"{before}{name}.")
