"""The query string of a request, understood whole: what is not known or not clear is refused, never ignored.

docs/reference/query.md has the grammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement
from werkzeug.datastructures import MultiDict

from rowgate.api.cursor import mark_of, read_cursor, seek, write_cursor
from rowgate.api.filters import FilterReader
from rowgate.api.includes import IncludeReader, Nested, Tree
from rowgate.api.names import did_you_mean
from rowgate.api.order import Order, complete, read_order
from rowgate.api.paging import Page, read_page
from rowgate.api.paths import Fault
from rowgate.api.resources import Resources, ResourceType
from rowgate.api.search import Searched
from rowgate.errors import BadParameter, RowgateError, all_told
from rowgate.settings import Settings

__all__ = ["BULK", "CHECKSUM", "LIST", "NONE", "ONE", "Cursors", "Query", "read_query"]

CHECKSUM = "S_CheckSum"
"""The attribute that tells whether a row is still as the client read it; ApiLogicServer's name for it."""

NONE: frozenset[str] = frozenset()
BULK = frozenset({"fields", "rowPermissions"})
ONE = BULK | {"include"}
LIST = ONE | {"filter", "sort", "page", "format"}
"""The families of parameters that an address takes: many resources that were written, one, or a list of them."""

_PARAMETER: Final = re.compile(r"([A-Za-z_]\w*)((?:\[[^\[\]]*\])*)")
# These are about included rows where they name a relationship: page[OrderList][limit], sort[OrderList].
_OF_INCLUDED: Final = {"page": 2, "sort": 1}


@dataclass(frozen=True, kw_only=True)
class Cursors:
    """What a page that goes on from a row needs.

    Args:
        kind: the type listed.
        order: its order, complete.
        seek: the condition on rows behind the cursor; none at the list's beginning or end.
        backwards: whether rows are read from the cursor towards the beginning.
    """

    kind: str
    order: Order
    seek: tuple[ColumnElement[bool], ...]
    backwards: bool

    @property
    def marks(self) -> tuple[ColumnElement[Any], ...]:
        """What is selected, behind everything else, so that a row's cursor can be written."""
        return tuple(mark_of(key) for key in self.order)

    def ends(self, rows: Sequence[Sequence[Any]]) -> tuple[str, str] | None:
        """The cursors of the first and the last of these rows.

        Args:
            rows: as they are sent, in order; each ends in its marks.
        """
        if not rows:
            return None
        width = len(self.order)
        first, last = (write_cursor(self.kind, self.order, row[-width:]) for row in (rows[0], rows[-1]))
        return first, last


@dataclass(frozen=True, kw_only=True)
class Query:
    """What a request asks for.

    Args:
        page: which rows.
        where: conditions on the primary rows.
        order: what they are sorted by, before the primary key.
        cursors: where the page goes on from a row.
        include: relationships.
        nested: by path of relationships from the primary type: which part of an included list is sent.
        fields: per type the members to send; a type that is not there sends all.
        permissions: per type the permissions of the relationship schema that each row is sent with.
        parameters: the query string's, as sent, for the links of the answer.
        format: of an export; None for a document.
    """

    page: Page
    where: tuple[ColumnElement[bool], ...] = ()
    order: Order = ()
    cursors: Cursors | None = None
    include: Tree = field(default_factory=dict)
    nested: Mapping[tuple[str, ...], Nested] = field(default_factory=dict)
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    permissions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    format: Literal["csv", "ndjson"] | None = None


def read_query(
    arguments: MultiDict[str, str],
    resource: ResourceType,
    resources: Resources,
    settings: Settings,
    *,
    families: Iterable[str],
    searched: Searched,
) -> Query:
    """Read a query string.

    Args:
        arguments: of the request.
        resource: the type of the primary data, as the principal knows it.
        resources: all types, likewise.
        settings: the limits.
        families: the parameters that the address takes: `LIST`, `ONE` or `NONE`.
        searched: what ``filter[search]`` looks at.

    Raises:
        BadParameter: a parameter is not understood.
        Faults: several are not.
    """
    reader = _Reader(resource, resources, settings, frozenset(families), searched)
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
        self,
        resource: ResourceType,
        resources: Resources,
        settings: Settings,
        families: frozenset[str],
        searched: Searched,
    ) -> None:
        self.resource, self.resources, self.settings, self.families = resource, resources, settings, families
        self.faults: list[RowgateError] = []
        self._filters = FilterReader(resources=resources, resource=resource, settings=settings, searched=searched)
        self._included = IncludeReader(resources=resources, resource=resource, settings=settings)
        self._where: list[ColumnElement[bool]] = []
        self._order: Order = ()
        self._page: dict[str, str] = {}
        self._fields: dict[str, frozenset[str]] = {}
        self._permissions: dict[str, tuple[str, ...]] = {}
        self._format: Literal["csv", "ndjson"] | None = None

    def read(self, name: str, text: str) -> None:
        found = _PARAMETER.fullmatch(name)
        family = found[1] if found else name
        members = re.findall(r"\[([^\[\]]*)\]", found[2]) if found else []
        of_included = "include" in self.families and _OF_INCLUDED.get(family) == len(members)
        if family not in self.families and not of_included:
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
                self._order = read_order(
                    text, parameter=name, resource=self.resource, resources=self.resources, settings=self.settings
                )
            case "sort", [path]:
                self._included.sort(path, text)
            case "page", [key]:
                self._page[key] = text
            case "page", [path, key]:
                self._included.page(path, key, text)
            case "include", []:
                self._included.include(name, text)
            case "fields", [kind]:
                self._sparse(name, kind, text)
            case "rowPermissions", [kind]:
                self._row_permissions(name, kind, text)
            case "format", []:
                if text not in ("csv", "ndjson"):
                    hint = did_you_mean(text, ("csv", "ndjson"))
                    raise BadParameter("An export is csv or ndjson.", parameter=name, hint=hint)
                self._format = "csv" if text == "csv" else "ndjson"
            case _:
                raise BadParameter(f"{name!r} is not a form that {family} has.", parameter=name)

    def finish(self, parameters: Mapping[str, str]) -> Query:
        page = Page(offset=0, limit=self.settings.page_size, numbered=False, total=True)
        cursors = None
        try:
            page = read_page(self._page, self.settings)
            # A sort that was not understood would make every cursor one of another list.
            cursors = None if self.faults else self._cursors(page)
        except BadParameter as fault:
            self.faults.append(fault)
        nested = self._included.nested(self.faults)
        if self._format is not None and self._permissions:
            self.faults.append(BadParameter("An export has no rowPermissions.", parameter="format"))
        all_told(self.faults)
        return Query(
            where=tuple(self._where),
            order=self._order,
            page=page,
            cursors=cursors,
            include=self._included.tree,
            nested=nested,
            fields=self._fields,
            permissions=self._permissions,
            format=self._format,
            parameters=parameters,
        )

    def _cursors(self, page: Page) -> Cursors | None:
        if page.after is None and page.before is None:
            return None
        backwards = page.before is not None
        text = (page.before if backwards else page.after) or ""
        order = complete(self.resource, self._order)
        place: tuple[ColumnElement[bool], ...] = ()
        if text:
            fault = Fault("page[before]" if backwards else "page[after]")
            values = read_cursor(text, self.resource.name, order, fault)
            place = (seek(order, values, backwards=backwards),)
        return Cursors(kind=self.resource.name, order=order, seek=place, backwards=backwards)

    def _row_permissions(self, parameter: str, kind: str, text: str) -> None:
        resource = self.resources.get(kind)
        if resource is None:
            raise BadParameter(
                f"There is no type {kind!r}.", parameter=parameter, hint=did_you_mean(kind, self.resources)
            )
        names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
        for name in names:
            if name not in resource.permissions:
                hint = did_you_mean(name, resource.permissions)
                raise BadParameter(f"{kind} has no permission {name!r}.", parameter=parameter, hint=hint)
        self._permissions[kind] = names

    def _sparse(self, parameter: str, kind: str, text: str) -> None:
        resource = self.resources.get(kind)
        if resource is None:
            raise BadParameter(
                f"There is no type {kind!r}.", parameter=parameter, hint=did_you_mean(kind, self.resources)
            )
        known = {*resource.attributes, *resource.relations, CHECKSUM, "id"}
        names = [part.strip() for part in text.split(",") if part.strip()]
        for name in names:
            if name not in known:
                raise BadParameter(
                    f"{kind} has no attribute or relationship {name!r}.",
                    parameter=parameter,
                    hint=did_you_mean(name, known),
                )
        self._fields[kind] = frozenset(names)
