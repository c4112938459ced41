"""The views: one class for each kind of address, one method for each of HTTP's."""

from __future__ import annotations

from typing import ClassVar

from flask import Response, request
from flask.views import MethodView

from rowgate import web
from rowgate.api.body import read_body, read_draft, read_linkage
from rowgate.api.query import LIST, NONE, ONE
from rowgate.api.resources import Relation, ResourceType
from rowgate.api.service import Service, answer
from rowgate.errors import RowChanged, RowNotFound

__all__ = ["ListView", "RelatedView", "RelationshipView", "RowView"]


class ResourceView(MethodView):
    """What the views share; exposure derives from them and fills in the type.

    Attributes:
        service: of the app.
        resource: the type that the address begins with.
    """

    service: ClassVar[Service]
    resource: ClassVar[ResourceType]


class ListView(ResourceView):
    """``/api/<Type>``: list and create."""

    def get(self) -> Response:
        service, resource = self.service, self.resource
        query = service.query(resource, LIST)
        graph = service.reader(web.session(), query).page(resource)
        serializer = service.serializer(query)
        return answer(serializer.list(graph, path=request.script_root + request.path.rstrip("/")))

    def post(self) -> Response:
        service, resource = self.service, self.resource
        query = service.query(resource, ONE)
        service.answerable(resource, query)
        draft = read_draft(read_body(), resource, service.resources)
        key = service.writer().create(resource, draft)
        document = service.read_again(resource, key, query)
        if document is None:
            return answer(None)
        return answer(document, status=201, headers={"Location": document["data"]["links"]["self"]})


class RowView(ResourceView):
    """``/api/<Type>/<id>``: read, change and delete one."""

    def get(self, row_id: str) -> Response:
        service, resource = self.service, self.resource
        query = service.query(resource, ONE)
        graph = service.reader(web.session(), query).one(resource, service.key(resource, row_id))
        if graph is None:
            raise RowNotFound.of(resource.name)
        serializer = service.serializer(query)
        return answer(serializer.one(graph, path=serializer.address(resource.name, row_id)))

    def patch(self, row_id: str) -> Response:
        service, resource = self.service, self.resource
        query = service.query(resource, ONE)
        service.answerable(resource, query)
        draft = read_draft(read_body(), resource, service.resources)
        key = service.key(resource, row_id)
        try:
            service.writer().update(resource, key, draft)
        except RowChanged as error:
            web.session().rollback()
            current = service.read_again(resource, key, query)
            raise RowChanged(
                error.detail,
                pointers=error.pointers,
                meta={"current": current["data"] if current else None},
            ) from error
        return answer(service.read_again(resource, key, query))

    def delete(self, row_id: str) -> Response:
        service, resource = self.service, self.resource
        service.query(resource, NONE)
        service.writer().delete(resource, service.key(resource, row_id))
        return answer(None)


class RelationView(ResourceView):
    """What the two addresses of a relationship share: writing.

    ApiLogicServer's clients write linkage to the address of the related rows; JSON:API's own is the other one.
    """

    relation: ClassVar[Relation]

    def post(self, row_id: str) -> Response:
        return change_relationship(self, self.relation, row_id)

    def patch(self, row_id: str) -> Response:
        return change_relationship(self, self.relation, row_id)

    def delete(self, row_id: str) -> Response:
        return change_relationship(self, self.relation, row_id)


class RelatedView(RelationView):
    """``/api/<Type>/<id>/<relationship>``: the rows that a relationship leads to."""

    def get(self, row_id: str) -> Response:
        service, relation = self.service, self.relation
        target = service.resources[relation.target]
        query = service.query(target, LIST if relation.to_many else ONE)
        reader = service.reader(web.session(), query)
        key = service.key(self.resource, row_id)
        if not reader.is_there(self.resource, key):
            raise RowNotFound.of(self.resource.name)
        serializer = service.serializer(query)
        path = f"{serializer.address(self.resource.name, row_id)}/{relation.name}"
        if relation.to_many:
            return answer(serializer.list(reader.page(target, parent=(self.resource, key, relation)), path=path))
        return answer(serializer.one(reader.related(self.resource, key, relation), path=path))


class RelationshipView(RelationView):
    """``/api/<Type>/<id>/relationships/<relationship>``: which rows a relationship leads to."""

    def get(self, row_id: str) -> Response:
        service, relation = self.service, self.relation
        target = service.resources[relation.target]
        query = service.query(target, LIST if relation.to_many else ONE)
        reader = service.reader(web.session(), query)
        key = service.key(self.resource, row_id)
        if not reader.is_there(self.resource, key):
            raise RowNotFound.of(self.resource.name)
        parent = (self.resource, key, relation)
        graph = reader.page(target, parent=parent) if relation.to_many else reader.related(*parent)
        serializer = service.serializer(query)
        path = f"{serializer.address(self.resource.name, row_id)}/relationships/{relation.name}"
        return answer(serializer.linkage(graph, relation, path=path))


def change_relationship(view: ResourceView, relation: Relation, row_id: str) -> Response:
    """Write linkage: PATCH replaces, POST adds, DELETE takes out.

    https://jsonapi.org/format/1.1/#crud-updating-relationships. A to-one relationship is routed for PATCH alone.
    """
    service, resource = view.service, view.resource
    service.query(service.resources[relation.target], NONE)
    linkage = read_linkage(read_body(), relation, service.resources)
    key = service.key(resource, row_id)
    writer = service.writer()
    if isinstance(linkage, list):
        write = {"PATCH": writer.replace, "POST": writer.add, "DELETE": writer.remove}[request.method]
        write(resource, key, relation, linkage)
    else:
        writer.relate(resource, key, relation, linkage)
    return answer(None)
