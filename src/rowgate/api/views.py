"""The views: one class for each kind of address, one method for each of HTTP's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from flask import Response, request
from flask.views import MethodView
from werkzeug.exceptions import NotFound

from rowgate import web
from rowgate.api import bulk
from rowgate.api.body import read_body, read_draft, read_linkage
from rowgate.api.etags import etag, is_known, precondition, refuse_precondition
from rowgate.api.export import export
from rowgate.api.given import (
    linkage_methods,
    list_methods,
    refuse_unless_given,
    refuse_unless_relatable,
    row_methods,
)
from rowgate.api.idempotency import done_once
from rowgate.api.openapi_may import Allowed
from rowgate.api.query import BULK, LIST, NONE, ONE, Query
from rowgate.api.resources import Key, Relation, ResourceType
from rowgate.api.serialize import JSONAPI
from rowgate.api.service import Service, Written, answer, not_modified
from rowgate.errors import RowNotFound
from rowgate.types import Access

__all__ = ["ListView", "RelatedView", "RelationshipView", "RowView"]


class ResourceView(MethodView):
    """What the views share; exposure derives from them and fills in the type.

    Attributes:
        exposed: the service of the app.
        exposed_type: the type that the address begins with.
    """

    exposed: ClassVar[Service]
    exposed_type: ClassVar[ResourceType]

    def seen(self, *verbs: Access) -> tuple[Service, ResourceType]:
        """The service, and the type that the address begins with, as the principal of the request knows them.

        Args:
            verbs: those that the request needs, beside the reading that tells by itself.

        Raises:
            AccessRefused, ReadOnlyView: the principal has one of them on no row.
        """
        session = web.session()
        service = self.exposed.seen_by(session)
        resource = service.resources.of(self.exposed_type.entity)
        refuse_unless_given(session, resource, *verbs)
        return service, resource


class ListView(ResourceView):
    """``/api/<Type>``: list and create; change and delete many."""

    def options(self) -> Response:
        return allowed(list_methods(Allowed(web.session()), self.seen()[1]))

    def get(self) -> Response:
        service, resource = self.seen()
        query = service.query(resource, LIST)
        if query.format is not None:
            return export(service, resource, query, query.format)
        graph = service.reader(web.session(), query).page(resource)
        serializer = service.serializer(query)
        return answer(serializer.list(graph, path=request.script_root + request.path.rstrip("/")))

    def post(self) -> Response:
        service, resource = self.seen(Access.INSERT)
        query = service.query(resource, ONE)
        service.answerable(resource, query)
        refuse_precondition()
        body = read_body()
        if bulk.is_list(body):
            service.query(resource, BULK)
            rows = done_once(service, lambda: [(resource, key) for key in bulk.create_all(body, resource, service)])
            return many(service, resource, [row[1] for row in rows if row is not None], query, status=201)
        draft = read_draft(body, resource, service.resources)
        (row,) = done_once(service, lambda: [(resource, service.writer(commits=False).create(resource, draft))])
        return created(service.read_again(*row, query) if row is not None else None)

    def patch(self) -> Response:
        service, resource = self.seen(Access.READ, Access.UPDATE)
        query = service.query(resource, BULK)
        service.answerable(resource, query)
        refuse_precondition()
        keys = bulk.update_all(read_body(), resource, service)
        web.session().commit()
        return many(service, resource, keys, query)

    def delete(self) -> Response:
        service, resource = self.seen(Access.READ, Access.DELETE)
        service.query(resource, NONE)
        refuse_precondition()
        bulk.delete_all(read_body(), resource, service)
        web.session().commit()
        return answer(None)


def many(service: Service, resource: ResourceType, keys: Sequence[Key], query: Query, *, status: int = 200) -> Response:
    """The answer about rows that were written: those that the principal may see, in the order of the request."""
    found = service.all_read_again([(resource, key) for key in keys], query)
    ids = [(resource.name, resource.id_of(key)) for key in keys]
    if not found:
        return answer(None)
    return answer({"jsonapi": JSONAPI, "data": [found[each] for each in ids if each in found]}, status=status)


def allowed(methods: Sequence[str]) -> Response:
    """The answer to OPTIONS: the methods that the principal may use at an address, on some rows at least."""
    response = answer(None)
    response.allow.update([*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"])
    return response


def created(written: Written | None) -> Response:
    """The answer about a new row: 204 where the principal may not see it."""
    if written is None:
        return answer(None)
    location = {"Location": written.document["data"]["links"]["self"]}
    return answer(written.document, status=201, headers=location, tag=written.tag)


class RowView(ResourceView):
    """``/api/<Type>/<id>``: read, change and delete one."""

    def options(self, row_id: str) -> Response:
        return allowed(row_methods(Allowed(web.session()), self.seen()[1]))

    def get(self, row_id: str) -> Response:
        service, resource = self.seen()
        query = service.query(resource, ONE)
        graph = service.reader(web.session(), query).one(resource, service.key(resource, row_id))
        if graph is None:
            raise RowNotFound.of(resource.name)
        tag = etag(graph.primary[0], query)
        if tag is not None and is_known(tag):
            return not_modified(tag)
        serializer = service.serializer(query)
        return answer(serializer.one(graph, path=serializer.address(resource.name, row_id)), tag=tag)

    def patch(self, row_id: str) -> Response:
        service, resource = self.seen(Access.READ, Access.UPDATE)
        query = service.query(resource, ONE)
        service.answerable(resource, query)
        draft = read_draft(read_body(), resource, service.resources)
        key = service.key(resource, row_id)
        with service.telling_current(resource, key, query):
            service.writer().update(resource, key, draft, precondition=precondition())
        written = service.read_again(resource, key, query)
        return answer(written.document, tag=written.tag) if written else answer(None)

    def delete(self, row_id: str) -> Response:
        service, resource = self.seen(Access.READ, Access.DELETE)
        service.query(resource, NONE)
        key = service.key(resource, row_id)
        with service.telling_current(resource, key, service.plain_query()):
            service.writer().delete(resource, key, precondition=precondition())
        return answer(None)


class RelationView(ResourceView):
    """What the two addresses of a relationship share: writing.

    ApiLogicServer's clients write linkage to the address of the related rows; JSON:API's own is the other one.
    """

    exposed_relation: ClassVar[Relation]

    def seen_relation(self) -> tuple[Service, ResourceType, Relation]:
        """As `seen`, and the relationship that the address names.

        Raises:
            werkzeug.exceptions.NotFound: field rules hide its foreign key from the principal.
        """
        service, resource = self.seen()
        relation = resource.relations.get(self.exposed_relation.name)
        if relation is None:
            raise NotFound
        return service, resource, relation

    def options(self, row_id: str) -> Response:
        service, resource, relation = self.seen_relation()
        return allowed(linkage_methods(Allowed(web.session()), resource, relation, service.resources))

    def post(self, row_id: str) -> Response:
        return change_relationship(*self.seen_relation(), row_id)

    def patch(self, row_id: str) -> Response:
        return change_relationship(*self.seen_relation(), row_id)

    def delete(self, row_id: str) -> Response:
        return change_relationship(*self.seen_relation(), row_id)


class RelatedView(RelationView):
    """``/api/<Type>/<id>/<relationship>``: the rows that a relationship leads to."""

    def get(self, row_id: str) -> Response:
        service, resource, relation = self.seen_relation()
        target = service.resources[relation.target]
        query = service.query(target, LIST if relation.to_many else ONE)
        reader = service.reader(web.session(), query)
        key = service.key(resource, row_id)
        if not reader.is_there(resource, key):
            raise RowNotFound.of(resource.name)
        serializer = service.serializer(query)
        path = f"{serializer.address(resource.name, row_id)}/{relation.name}"
        parent = (resource, key, relation)
        if query.format is not None:
            return export(service, target, query, query.format, parent=parent)
        if relation.to_many:
            return answer(serializer.list(reader.page(target, parent=parent), path=path))
        return answer(serializer.one(reader.related(parent), path=path))


class RelationshipView(RelationView):
    """``/api/<Type>/<id>/relationships/<relationship>``: which rows a relationship leads to."""

    def get(self, row_id: str) -> Response:
        service, resource, relation = self.seen_relation()
        target = service.resources[relation.target]
        query = service.query(target, LIST - {"format"} if relation.to_many else ONE)
        reader = service.reader(web.session(), query)
        key = service.key(resource, row_id)
        if not reader.is_there(resource, key):
            raise RowNotFound.of(resource.name)
        parent = (resource, key, relation)
        graph = reader.page(target, parent=parent) if relation.to_many else reader.related(parent)
        serializer = service.serializer(query)
        path = f"{serializer.address(resource.name, row_id)}/relationships/{relation.name}"
        return answer(serializer.linkage(graph, relation, path=path))


def change_relationship(service: Service, resource: ResourceType, relation: Relation, row_id: str) -> Response:
    """Write linkage: PATCH replaces, POST adds, DELETE takes out.

    https://jsonapi.org/format/1.1/#crud-updating-relationships. A to-one relationship is routed for PATCH alone.
    """
    refuse_unless_relatable(web.session(), resource, relation, service.resources)
    service.query(service.resources[relation.target], NONE)
    refuse_precondition()
    linkage = read_linkage(read_body(), relation, service.resources)
    key = service.key(resource, row_id)
    writer = service.writer()
    if isinstance(linkage, list):
        write = {"PATCH": writer.replace, "POST": writer.add, "DELETE": writer.remove}[request.method]
        write(resource, key, relation, linkage)
    else:
        writer.relate(resource, key, relation, linkage)
    return answer(None)
