"""``POST /api/operations``: several writes in one transaction (https://jsonapi.org/ext/atomic/).

Each operation is done by the writer that single requests use, in the order of the document, and flushed before the
next: rules have run, checks have passed, and the row that it added can be named by its local id. The commit is one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar, Final

from flask import Flask, Response, request
from flask.views import View

from rowgate import web
from rowgate.api.body import read_body
from rowgate.api.drafts import LocalIds
from rowgate.api.etags import refuse_precondition
from rowgate.api.idempotency import Row, done_once
from rowgate.api.media import ATOMIC, atomic_media_type
from rowgate.api.operation_bodies import Operation, read_operations
from rowgate.api.places import placed, within
from rowgate.api.resources import Key, Relation
from rowgate.api.serialize import JSONAPI
from rowgate.api.service import PREFIX, Service, answer
from rowgate.api.values import Json
from rowgate.api.write import Writer
from rowgate.errors import BadParameter, DeclarationError

__all__ = ["ADDRESS", "install"]

ADDRESS: Final = f"{PREFIX}/operations"


def install(app: Flask, service: Service) -> None:
    """Route the address.

    Raises:
        DeclarationError: a mapped class has its name.
    """
    if "operations" in service.resources:
        raise DeclarationError(
            f"The class operations cannot be exposed: {ADDRESS} is the address of atomic operations."
        )
    view = OperationsView.as_view("api:operations", service)
    for slash in ("", "/"):
        app.add_url_rule(ADDRESS + slash, "api:operations", view)


class OperationsView(View):
    """Does the operations of one document, all of them or none."""

    methods: ClassVar[Collection[str]] = ["POST"]
    init_every_request = False

    def __init__(self, service: Service) -> None:
        self._service = service

    def dispatch_request(self) -> Response:
        service = self._service.seen_by(web.session())
        for name in request.args:
            raise BadParameter("Atomic operations take no query.", parameter=name)
        refuse_precondition()
        kind = atomic_media_type()
        operations, lids = read_operations(read_body(extended=True), service)
        rows = done_once(service, lambda: perform(operations, lids, service))
        return results(rows, service, kind)


def perform(operations: Sequence[Operation], lids: LocalIds, service: Service) -> list[Row | None]:
    """Do the operations, and leave the commit to the caller.

    Args:
        operations: in their order.
        lids: the local ids that they declare.
        service: as the principal knows it.

    Returns:
        For each the row that it added or changed; None where it was about something else.

    Raises:
        RowgateError: one is refused; nothing was written.
    """
    writer = service.writer(commits=False)
    rows: list[Row | None] = []
    for each in operations:
        method = {"add": "POST", "update": "PATCH", "remove": "DELETE"}[each.verb]
        with placed(within(each.at, data="/data"), each.resource, method=method):
            rows.append(_Performed(each, lids, service, writer).row())
    return rows


def results(rows: Sequence[Row | None], service: Service, kind: str) -> Response:
    """The answer: each row as it is after all operations, as the principal sees it."""
    found = service.all_read_again([row for row in rows if row is not None], service.plain_query())
    made: list[Mapping[str, Json]] = []
    for row in rows:
        data = found.get((row[0].name, row[0].id_of(row[1]))) if row is not None else None
        made.append({} if data is None else {"data": data})
    if not any(made):
        return answer(None)
    return answer({"jsonapi": {**JSONAPI, "ext": [ATOMIC]}, "atomic:results": made}, kind=kind)


class _Performed:
    """One operation on the writer."""

    def __init__(self, operation: Operation, lids: LocalIds, service: Service, writer: Writer) -> None:
        self._operation, self._lids, self._service, self._writer = operation, lids, service, writer

    def row(self) -> Row | None:
        """Do it."""
        asked = self._operation
        if asked.relation is not None:
            self._relate(asked.relation)
            return None
        if asked.draft is None:
            self._writer.delete(asked.resource, self._key())
            return None
        asked.draft.settle(self._lids)
        if asked.verb == "add":
            key = self._writer.create(asked.resource, asked.draft)
            if asked.lid is not None:
                self._lids.give(asked.resource, asked.lid, key)
        else:
            key = self._key()
            with self._service.telling_current(asked.resource, key, self._service.plain_query()):
                self._writer.update(asked.resource, key, asked.draft)
        return asked.resource, key

    def _relate(self, relation: Relation) -> None:
        asked, writer = self._operation, self._writer
        if isinstance(asked.links, list):
            write = {"update": writer.replace, "add": writer.add, "remove": writer.remove}[asked.verb]
            write(asked.resource, self._key(), relation, [self._lids.settled(link) for link in asked.links])
        else:
            link = asked.links and self._lids.settled(asked.links)
            writer.relate(asked.resource, self._key(), relation, link)

    def _key(self) -> Key:
        """The key of the row, which another operation may have added."""
        asked = self._operation
        if asked.key is not None:
            return asked.key
        return self._lids.key(asked.resource, asked.lid or "")
