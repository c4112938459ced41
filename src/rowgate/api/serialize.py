"""JSON:API documents (https://jsonapi.org/format/1.1/) made of rows that were read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote

import orjson

from rowgate.api.paging import page_links
from rowgate.api.query import Query
from rowgate.api.read import Graph
from rowgate.api.records import Record
from rowgate.api.resources import Relation
from rowgate.api.values import Json

__all__ = ["JSONAPI", "Serializer"]

JSONAPI: Final = {"version": "1.1"}


@dataclass(frozen=True, kw_only=True)
class Serializer:
    """Writes the answers to one request. What a row looks like is in its plan.

    Args:
        root: the path that all addresses begin with, ``/api`` say.
        query: which members are to be sent.
    """

    root: str
    query: Query

    def list(self, graph: Graph, *, path: str) -> dict[str, Json]:
        """The document of a page of a list.

        Args:
            path: the list's address.
        """
        return self._document(graph, self._resources(graph.primary), links=self._links(graph, path), paged=True)

    def one(self, graph: Graph, *, path: str) -> dict[str, Json]:
        """The document of one resource, or of none."""
        data = self.resource(graph.primary[0]) if graph.primary else None
        return self._document(graph, data, links={"self": path})

    def linkage(self, graph: Graph, relation: Relation, *, path: str) -> dict[str, Json]:
        """The document of a relationship: only which resources it leads to."""
        linked = [orjson.Fragment(record.identifier) for record in graph.primary]
        related = path.replace("/relationships/", "/")
        if not relation.to_many:
            return self._document(graph, linked[0] if linked else None, links={"self": path, "related": related})
        links = self._links(graph, path) | {"related": related}
        return self._document(graph, linked, links=links, paged=True)

    def resource(self, record: Record) -> dict[str, Json]:
        """One resource object."""
        plan = record.plan
        name = plan.resource.name
        here = f"{name}/{_in_address(record.id)}"
        made: dict[str, Json] = {"type": name, "id": record.id, "attributes": plan.attributes(record)}
        relationships = plan.relationships(record, self._quoted_root + here)
        if relationships is not None:
            made["relationships"] = relationships
        made["links"] = {"self": f"{self.root}/{here}"}
        if plan.asked:
            made["meta"] = {"permissions": plan.permissions(record)}
        return made

    def address(self, kind: str, identity: str) -> str:
        """The address of one resource."""
        return f"{self.root}/{kind}/{_in_address(identity)}"

    @cached_property
    def _quoted_root(self) -> str:
        """The root and a slash, ready to stand within a JSON string."""
        return orjson.dumps(self.root + "/")[1:-1].decode()

    def _resources(self, records: Iterable[Record]) -> Any:
        return [self.resource(record) for record in records]

    def _links(self, graph: Graph, path: str) -> dict[str, str | None]:
        page = self.query.page
        return page_links(path, self.query.parameters, page, total=graph.total, more=graph.more, ends=graph.ends)

    def _document(self, graph: Graph, data: Json, *, links: Mapping[str, Json], paged: bool = False) -> dict[str, Json]:
        document: dict[str, Any] = {"jsonapi": JSONAPI, "data": data}
        if self.query.include:
            document["included"] = self._resources(graph.included)
        document["links"] = links
        if paged:
            counts = {} if graph.total is None else {"count": graph.total, "total": graph.total}
            document["meta"] = {"limit": self.query.page.limit, **counts}
        return document


def _in_address(identity: str) -> str:
    # Most ids are plain, and quote() takes longer than all else of an address.
    return identity if identity.isascii() and identity.isalnum() else quote(identity, safe="")
