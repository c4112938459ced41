"""The query string of a request, understood whole: what is not known or not clear is refused, never ignored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from sqlalchemy import ColumnElement, UnaryExpression
from werkzeug.datastructures import MultiDict

from rowgate.api.filters import FilterReader, attribute_of
from rowgate.api.names import did_you_mean
from rowgate.api.paging import Page, read_page
from rowgate.api.resources import Resources, ResourceType
from rowgate.errors import BadParameter, Faults, RowgateError
from rowgate.settings import Settings

__all__ = ["CHECKSUM", "LIST", "NONE", "ONE", "Query", "Tree", "read_query"]

CHECKSUM = "S_CheckSum"
"""The attribute that tells whether a row is still as the client read it; ApiLogicServer's name for it."""

NONE: frozenset[str] = frozenset()
ONE = frozenset({"include", "fields"})
LIST = ONE | {"filter", "sort", "page"}
"""The families of parameters that an address takes: one resource, or a list of them."""

MOST_SORTS = 10
MOST_INCLUDES = 20

Tree: TypeAlias = "dict[str, Tree]"
"""Relationships to include, each with those to include from its target."""

_PARAMETER = re.compile(r"([A-Za-z_]\w*)((?:\[[^\[\]]*\])*)")


@dataclass(frozen=True, kw_only=True)
class Query:
    """What a request asks for.

    Args:
        where: conditions on the primary rows.
        order: by attribute, and whether it descends.
        page: which rows.
        include: relationships.
        fields: per type the members to send; a type that is not there sends all.
        parameters: the query string's, as sent, for the links of the answer.
    """

    page: Page
    where: tuple[ColumnElement[bool], ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    include: Tree = field(default_factory=dict)
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)


def read_query(
    arguments: MultiDict[str, str],
    resource: ResourceType,
    resources: Resources,
    settings: Settings,
    *,
    families: Iterable[str],
) -> Query:
    """Read a query string.

    Args:
        arguments: of the request.
        resource: the type of the primary data.
        resources: all types.
        settings: page sizes and the depth of includes.
        families: the parameters that the address takes: `LIST`, `ONE` or `NONE`.

    Raises:
        BadParameter: a parameter is not understood.
        Faults: several are not.
    """
    reader = _Reader(resource, resources, settings, frozenset(families))
    for name, values in arguments.lists():
        if len(values) > 1:
            reader.faults.append(BadParameter(f"{name} is given {len(values)} times.", parameter=name))
            continue
        try:
            reader.read(name, values[0])
        except BadParameter as fault:
            reader.faults.append(fault)
    return reader.finish(arguments.to_dict())


class _Reader:
    def __init__(
        self, resource: ResourceType, resources: Resources, settings: Settings, families: frozenset[str]
    ) -> None:
        self.resource, self.resources, self.settings, self.families = resource, resources, settings, families
        self.faults: list[RowgateError] = []
        self._filters = FilterReader(resources, resource)
        self._where: list[ColumnElement[bool]] = []
        self._order: list[tuple[str, bool]] = []
        self._page: dict[str, str] = {}
        self._include: Tree = {}
        self._fields: dict[str, frozenset[str]] = {}

    def read(self, name: str, text: str) -> None:
        found = _PARAMETER.fullmatch(name)
        family = found[1] if found else name
        members = re.findall(r"\[([^\[\]]*)\]", found[2]) if found else []
        if family not in self.families:
            raise BadParameter(
                f"There is no parameter {name!r} here.", parameter=name, hint=did_you_mean(family, self.families)
            )
        match family, members:
            case "filter", []:
                self._where.append(self._filters.of_json(name, text))
            case "filter", [path]:
                self._where.append(self._filters.of_member(name, path, None, text))
            case "filter", [path, operator]:
                self._where.append(self._filters.of_member(name, path, operator, text))
            case "sort", []:
                self._sort(name, text)
            case "page", [key]:
                self._page[key] = text
            case "include", []:
                self._includes(name, text)
            case "fields", [kind]:
                self._sparse(name, kind, text)
            case _:
                raise BadParameter(f"{name!r} is not a form that {family} has.", parameter=name)

    def finish(self, parameters: Mapping[str, str]) -> Query:
        page = Page(offset=0, limit=self.settings.page_size, numbered=False, total=True)
        try:
            page = read_page(self._page, self.settings)
        except BadParameter as fault:
            self.faults.append(fault)
        if len(self.faults) == 1:
            raise self.faults[0]
        if self.faults:
            raise Faults(self.faults)
        return Query(
            where=tuple(self._where),
            order=tuple(self._order),
            page=page,
            include=self._include,
            fields=self._fields,
            parameters=parameters,
        )

    def _sort(self, parameter: str, text: str) -> None:
        parts = _listed(text)
        if len(parts) > MOST_SORTS:
            raise BadParameter(f"A list is sorted by at most {MOST_SORTS} attributes.", parameter=parameter)
        for part in parts:
            name = part.removeprefix("-")
            attribute = attribute_of(self.resource, name)
            if attribute is None:
                raise BadParameter(
                    f"{self.resource.name} has no attribute {name!r} to sort by.",
                    parameter=parameter,
                    hint=did_you_mean(name, self.resource.attributes),
                )
            if not attribute.codec.is_comparable:
                raise BadParameter(f"{name} holds JSON, which has no order.", parameter=parameter)
            self._order.append((attribute.name, part.startswith("-")))

    def _includes(self, parameter: str, text: str) -> None:
        paths = _listed(text)
        if len(paths) > MOST_INCLUDES:
            raise BadParameter(f"A request includes at most {MOST_INCLUDES} paths.", parameter=parameter)
        for path in paths:
            names = path.split(".")
            if len(names) > self.settings.include_depth:
                raise BadParameter(
                    f"{path!r} is {len(names)} relationships deep.",
                    parameter=parameter,
                    hint=f"At most {self.settings.include_depth} are followed (ROWGATE_INCLUDE_DEPTH).",
                )
            resource, tree = self.resource, self._include
            for name in names:
                relation = resource.relations.get(name)
                if relation is None:
                    raise BadParameter(
                        f"{resource.name} has no relationship {name!r} to include.",
                        parameter=parameter,
                        hint=did_you_mean(name, resource.relations),
                    )
                tree = tree.setdefault(name, {})
                resource = self.resources[relation.target]

    def _sparse(self, parameter: str, kind: str, text: str) -> None:
        resource = self.resources.get(kind)
        if resource is None:
            raise BadParameter(
                f"There is no type {kind!r}.", parameter=parameter, hint=did_you_mean(kind, self.resources)
            )
        known = {*resource.attributes, *resource.relations, CHECKSUM, "id"}
        names = _listed(text)
        for name in names:
            if name not in known:
                raise BadParameter(
                    f"{kind} has no attribute or relationship {name!r}.",
                    parameter=parameter,
                    hint=did_you_mean(name, known),
                )
        self._fields[kind] = frozenset(names)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def ordering(
    resource: ResourceType, order: Iterable[tuple[str, bool]], *, nulls: bool
) -> list[UnaryExpression[object]]:
    """ORDER BY for a list: as asked, then by primary key, so that pages neither repeat nor leave out a row.

    Args:
        resource: the type listed.
        order: attribute names, and whether each descends.
        nulls: whether the database has to be told where NULL goes. It is lower than every value here.
    """
    made: list[UnaryExpression[object]] = []
    known = {**{part.name: part for part in resource.key}, **resource.attributes}
    named = [*order, *((part.name, False) for part in resource.key if part.name not in dict(order))]
    for name, descends in named:
        attribute = known[name]
        by = attribute.of.desc() if descends else attribute.of.asc()
        if nulls and attribute.nullable:
            by = by.nulls_last() if descends else by.nulls_first()
        made.append(by)
    return made
