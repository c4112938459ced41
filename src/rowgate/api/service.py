"""The API of one app: its types and settings, and what a request needs to be answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from flask import Response, request

from rowgate import web
from rowgate.api.json_text import write_json
from rowgate.api.media import media_type
from rowgate.api.paging import Page
from rowgate.api.query import Query, Tree, read_query
from rowgate.api.read import Reader
from rowgate.api.resources import Key, Resources, ResourceType
from rowgate.api.serialize import Serializer
from rowgate.api.write import Writer
from rowgate.enforce import SecureSession
from rowgate.enforce.read import refuse_verb
from rowgate.errors import RowNotFound
from rowgate.settings import Settings
from rowgate.types import Access

if TYPE_CHECKING:
    from rowgate.api.rpc import Procedure

__all__ = ["PREFIX", "Service", "answer", "fresh_session", "root"]

PREFIX: Final = "/api"


@dataclass(frozen=True, kw_only=True)
class Service:
    """What every request to the API shares.

    Args:
        resources: all types.
        settings: as read at start.
        procedures: the project's RPC methods; filled while the app is set up.
    """

    resources: Resources
    settings: Settings
    procedures: list[Procedure] = field(default_factory=list)

    @property
    def locking(self) -> bool:
        """Whether resources carry a checksum."""
        return self.settings.optimistic_locking

    def query(self, resource: ResourceType, families: frozenset[str]) -> Query:
        """The request's query string, understood.

        Raises:
            BadParameter, Faults: it is not.
        """
        return read_query(request.args, resource, self.resources, self.settings, families=families)

    def plain_query(self) -> Query:
        """The query that asks for nothing in particular."""
        return Query(page=Page(offset=0, limit=self.settings.page_size, numbered=False, total=False))

    def reader(self, session: SecureSession, query: Query) -> Reader:
        """A reader on a session."""
        return Reader(session=session, resources=self.resources, query=query, locking=self.locking)

    def writer(self) -> Writer:
        """A writer on the request's session."""
        return Writer(session=web.session(), resources=self.resources, locking=self.locking)

    def serializer(self, query: Query) -> Serializer:
        """A serialiser of the request's answer."""
        return Serializer(root=root(), query=query, locking=self.locking)

    def key(self, resource: ResourceType, text: str) -> Key:
        """The primary key that an id in an address spells.

        Raises:
            RowNotFound: no row can have that id.
            AccessRefused: the principal may not read the type at all.
        """
        key = resource.key_of(text)
        if key is None:
            refuse_verb(web.session(), resource.entity, Access.READ)
            raise RowNotFound.of(resource.name)
        return key

    def answerable(self, resource: ResourceType, query: Query) -> None:
        """Refuse, before anything is written, what could not be answered after it.

        Raises:
            NotAcceptable: the client accepts no JSON.
            AccessRefused: the principal may not read a type that is to be included.
        """
        media_type()
        self._refuse_unreadable(resource, query.include)

    def _refuse_unreadable(self, resource: ResourceType, tree: Tree) -> None:
        for name, branches in tree.items():
            target = self.resources[resource.relations[name].target]
            refuse_verb(web.session(), target.entity, Access.READ)
            self._refuse_unreadable(target, branches)

    def read_again(self, resource: ResourceType, key: Key, query: Query) -> dict[str, Any] | None:
        """The document of a row after a write: read in a new transaction, as the principal sees it.

        None where the principal may not see the row it wrote.
        """
        with fresh_session() as session:
            if session.decide(resource.entity, Access.READ).refused:
                return None
            graph = self.reader(session, query).one(resource, key)
            if graph is None:
                return None
            serializer = self.serializer(query)
            return serializer.one(graph, path=serializer.address(resource.name, resource.id_of(key)))


def fresh_session() -> SecureSession:
    """A session of the request's principal, apart from the one that wrote. Use it in a ``with``."""
    return web.runtime().gate.session(web.principal(), request_id=web.request_id())


def root() -> str:
    """The path that the API's addresses begin with, where the app is mounted under one too."""
    return request.script_root + PREFIX


def answer(
    document: Mapping[str, Any] | None, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A response with a document, or 204 without one."""
    if document is None:
        response = Response(status=204)
        del response.headers["Content-Type"]
    else:
        response = Response(write_json(document), status=status, content_type=media_type())
        response.vary.add("Accept")
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Authorization")
    response.headers.update(headers or {})
    return response
