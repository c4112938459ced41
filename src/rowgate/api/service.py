"""The API of one app: its types and settings, and what a request needs to be answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from flask import Response, request

from rowgate import web
from rowgate.api.etags import etag
from rowgate.api.includes import Tree
from rowgate.api.json_text import write_json
from rowgate.api.media import media_type
from rowgate.api.paging import Page
from rowgate.api.plans import Plans
from rowgate.api.query import Query, read_query
from rowgate.api.read import Reader
from rowgate.api.related import ALL
from rowgate.api.resources import Key, Resources, ResourceType
from rowgate.api.search import Searched
from rowgate.api.serialize import Serializer
from rowgate.api.visible import nullable_where_hidden, visible_types
from rowgate.api.write import Writer
from rowgate.enforce import SecureSession
from rowgate.enforce.read import refuse_verb
from rowgate.errors import PreconditionFailed, RowChanged, RowNotFound
from rowgate.policy import BoundPolicy, Holder
from rowgate.settings import Settings
from rowgate.types import Access

if TYPE_CHECKING:
    from rowgate.api.rpc import Procedure

__all__ = ["PREFIX", "Service", "Written", "answer", "fresh_session", "not_modified", "root"]

PREFIX: Final = "/api"

_VARY: Final = {"Vary": "Accept, Authorization"}


@dataclass(frozen=True, kw_only=True)
class Service:
    """What every request to the API shares.

    Args:
        resources: all types.
        settings: as read at start.
        searched: what ``filter[search]`` looks at.
        procedures: the project's RPC methods; filled while the app is set up.
    """

    resources: Resources
    settings: Settings
    searched: Searched = field(default_factory=dict)
    procedures: list[Procedure] = field(default_factory=list)
    _seen: dict[tuple[frozenset[Any], ...], Service] = field(default_factory=dict, init=False)
    _seen_by: dict[Holder, Service] = field(default_factory=dict, init=False)

    def seen_by(self, session: SecureSession) -> Service:
        """The service as a session's principal knows it: without the attributes that field rules hide from it.

        Principals from whom the same is hidden share one.
        """
        seen = self._seen_by.get(session.holder)
        if seen is None:
            hidden = {each: session.decide(each, Access.READ).fields for each in session.gate.bound.entities}
            key = tuple(frozenset(columns) for fields in hidden.values() for columns in (fields.open_in, fields.closed))
            seen = self._seen.get(key)
            if seen is None:
                resources = visible_types(self.resources, hidden.__getitem__)
                seen = self if resources is self.resources else replace(self, resources=resources)
                self._seen[key] = seen
            self._seen_by[session.holder] = seen
        return seen

    @cached_property
    def plans(self) -> Plans:
        """How the rows of each type are read and written."""
        return Plans(locking=self.locking)

    def described_to_everyone(self, bound: BoundPolicy) -> Service:
        """The service as a description for everyone has it: an attribute that is hidden from somebody may be null."""
        hidden = {
            entity: [column for each in declared.fields if each.rule.kind == "hide" for column in each.columns]
            for entity, declared in bound.entities.items()
        }
        if not any(hidden.values()):
            return self
        return replace(self, resources=nullable_where_hidden(self.resources, hidden.__getitem__))

    @property
    def locking(self) -> bool:
        """Whether resources carry a checksum."""
        return self.settings.optimistic_locking

    def query(self, resource: ResourceType, families: frozenset[str]) -> Query:
        """The request's query string, understood.

        Raises:
            BadParameter, Faults: it is not.
        """
        return read_query(
            request.args, resource, self.resources, self.settings, families=families, searched=self.searched
        )

    def plain_query(self) -> Query:
        """The query that asks for nothing in particular."""
        return Query(page=Page(offset=0, limit=self.settings.page_size, numbered=False, total=False))

    def reader(self, session: SecureSession, query: Query, *, most_included: int | None = None) -> Reader:
        """A reader on a session.

        Args:
            session: whose principal asks.
            query: what was asked for.
            most_included: rows that an answer may include; those of the settings where none is given.
        """
        return Reader(
            session=session,
            resources=self.resources,
            plans=self.plans,
            query=query,
            most_included=self.settings.included_max if most_included is None else most_included,
        )

    def writer(self, *, commits: bool = True) -> Writer:
        """A writer on the request's session.

        Args:
            commits: each write is committed; else the caller commits them all.
        """
        return Writer(session=web.session(), resources=self.resources, locking=self.locking, commits=commits)

    def serializer(self, query: Query) -> Serializer:
        """A serialiser of the request's answer."""
        return Serializer(root=root(), query=query)

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

    def read_again(self, resource: ResourceType, key: Key, query: Query) -> Written | None:
        """A row after a write: read in a new transaction, as the principal sees it.

        None where the principal may not see the row it wrote.
        """
        with fresh_session() as session:
            if session.decide(resource.entity, Access.READ).refused:
                return None
            # What was written cannot be refused any more.
            graph = self.reader(session, query, most_included=ALL).one(resource, key)
            if graph is None:
                return None
            serializer = self.serializer(query)
            document = serializer.one(graph, path=serializer.address(resource.name, resource.id_of(key)))
            return Written(document=document, tag=etag(graph.primary[0], query))

    def all_read_again(
        self, rows: Iterable[tuple[ResourceType, Key]], query: Query
    ) -> dict[tuple[str, str], dict[str, Any]]:
        """Rows after a write, each as a resource by type and id; with one statement for each type.

        Read in a new transaction, as the principal sees them; a row that it may not see is left out.
        """
        keys: dict[str, dict[Key, None]] = {}
        for resource, key in rows:
            keys.setdefault(resource.name, {})[key] = None
        found: dict[tuple[str, str], dict[str, Any]] = {}
        with fresh_session() as session:
            serializer = self.serializer(query)
            for name, wanted in keys.items():
                resource = self.resources[name]
                if not session.decide(resource.entity, Access.READ).refused:
                    records = self.reader(session, query).many(resource, list(wanted))
                    found |= {record.identity: serializer.resource(record) for record in records}
        return found

    @contextmanager
    def telling_current(self, resource: ResourceType, key: Key, query: Query) -> Iterator[None]:
        """Tell a client whose row was changed meanwhile what it is now: in the error's ``meta.current``.

        As the principal sees it, in a new transaction; the one that wrote is rolled back.
        """
        try:
            yield
        except (RowChanged, PreconditionFailed) as error:
            web.session().rollback()
            current = self.read_again(resource, key, query)
            error.meta["current"] = current.document["data"] if current else None
            raise


@dataclass(frozen=True, kw_only=True)
class Written:
    """A row as it is after a write.

    Args:
        document: of the row.
        tag: its entity tag; None where the document has none.
    """

    document: dict[str, Any]
    tag: str | None


def not_modified(tag: str) -> Response:
    """304: the client has the answer with this tag already."""
    response = Response(status=304, headers={**_VARY, "Cache-Control": "no-store"})
    del response.headers["Content-Type"]
    response.set_etag(tag)
    return response


def fresh_session() -> SecureSession:
    """A session of the request's principal, apart from the one that wrote. Use it in a ``with``."""
    return web.open_session()


def root() -> str:
    """The path that the API's addresses begin with, where the app is mounted under one too."""
    return request.script_root + PREFIX


def answer(
    document: Mapping[str, Any] | None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    tag: str | None = None,
    kind: str | None = None,
) -> Response:
    """A response with a document, or 204 without one.

    Args:
        tag: the document's entity tag, without quotes.
        kind: its media type; the one that the request accepts where none is given.
    """
    if document is None:
        response = Response(status=204, headers={"Vary": "Authorization"})
        del response.headers["Content-Type"]
    else:
        kind = kind or media_type()
        response = Response(write_json(document), status=status, content_type=kind, headers=_VARY)
    response.headers["Cache-Control"] = "no-store"
    if tag is not None:
        response.set_etag(tag)
    if headers:
        response.headers.update(headers)
    return response
