"""JSON:API documents (https://jsonapi.org/format/1.1/) made of rows that were read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from rowgate.api.checksum import checksum
from rowgate.api.paging import page_links
from rowgate.api.query import CHECKSUM, Query
from rowgate.api.read import Graph, Identity, Linkage, Record
from rowgate.api.resources import Relation
from rowgate.api.values import Json

__all__ = ["JSONAPI", "Serializer"]

JSONAPI: Final = {"version": "1.1"}


@dataclass(frozen=True, kw_only=True)
class Serializer:
    """Writes the answers to one request.

    Args:
        root: the path that all addresses begin with, ``/api`` say.
        query: which members are to be sent.
        locking: whether resources carry their checksum.
    """

    root: str
    query: Query
    locking: bool

    def list(self, graph: Graph, *, path: str) -> dict[str, Json]:
        """The document of a page of a list.

        Args:
            path: the list's address.
        """
        page = self.query.page
        meta: dict[str, Json] = {"limit": page.limit}
        if graph.total is not None:
            meta |= {"count": graph.total, "total": graph.total}
        links = page_links(path, self.query.parameters, page, total=graph.total, more=graph.more)
        data = [self.resource(record, graph) for record in graph.primary]
        return self._document(graph, data, links=links, meta=meta)

    def one(self, graph: Graph, *, path: str) -> dict[str, Json]:
        """The document of one resource, or of none."""
        data = self.resource(graph.primary[0], graph) if graph.primary else None
        return self._document(graph, data, links={"self": path})

    def linkage(self, graph: Graph, relation: Relation, *, path: str) -> dict[str, Json]:
        """The document of a relationship: only which resources it leads to."""
        linked = [_identifier(record.identity) for record in graph.primary]
        related = path.replace("/relationships/", "/")
        if not relation.to_many:
            return self._document(graph, linked[0] if linked else None, links={"self": path, "related": related})
        page = self.query.page
        links = page_links(path, self.query.parameters, page, total=graph.total, more=graph.more)
        meta: dict[str, Json] = {"limit": page.limit}
        if graph.total is not None:
            meta |= {"count": graph.total, "total": graph.total}
        return self._document(graph, linked, links=links | {"related": related}, meta=meta)

    def resource(self, record: Record, graph: Graph) -> dict[str, Json]:
        """One resource object."""
        kind = record.resource
        sent = self.query.fields.get(kind.name)
        values = record.values
        attributes: dict[str, Json] = {}
        for name, attribute in kind.attributes.items():
            if sent is None or name in sent:
                value = values[name]
                attributes[name] = None if value is None else attribute.codec.dump(value)
        if self.locking and (sent is None or CHECKSUM in sent):
            attributes[CHECKSUM] = checksum(kind, values)
        here = self.address(kind.name, record.id)
        made: dict[str, Json] = {"type": kind.name, "id": record.id, "attributes": attributes}
        linked = graph.linkage.get(record.identity, {})
        relationships: dict[str, Json] = {}
        for name in kind.relations:
            if sent is None or name in sent:
                links = {"self": f"{here}/relationships/{name}", "related": f"{here}/{name}"}
                relationships[name] = {"links": links}
                if name in linked:
                    relationships[name]["data"] = _data_of(linked[name])
        if relationships:
            made["relationships"] = relationships
        made["links"] = {"self": here}
        return made

    def address(self, kind: str, identity: str) -> str:
        """The address of one resource."""
        return f"{self.root}/{kind}/{quote(identity, safe='')}"

    def _document(
        self,
        graph: Graph,
        data: Json,
        *,
        links: Mapping[str, Json],
        meta: Mapping[str, Json] | None = None,
    ) -> dict[str, Json]:
        document: dict[str, Any] = {"jsonapi": JSONAPI, "data": data}
        if self.query.include:
            document["included"] = [self.resource(record, graph) for record in graph.included.values()]
        document["links"] = links
        if meta is not None:
            document["meta"] = meta
        return document


def _identifier(identity: Identity) -> dict[str, str]:
    return {"type": identity[0], "id": identity[1]}


def _data_of(linkage: Linkage) -> Json:
    if isinstance(linkage, list):
        return [_identifier(each) for each in linkage]
    return None if linkage is None else _identifier(linkage)
