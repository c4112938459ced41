"""Paths of writing over HTTP: rows and relationships, preconditions, refusals, and what their bodies say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from database import models as m
from tests.leaks.http import Reply, part
from tests.leaks.matrix import Asking, Exactly, Row, Same, WentThrough, path
from tests.leaks.paths_bulk import MOVES
from tests.leaks.paths_flush import _required
from tests.leaks.paths_http import _missing_like, shown, whole

W, R, D, E = Row.FLUSH, Row.RULES, Row.DERIVED, Row.ERRORS
LISTED = (m.Product, m.Department, m.Employee)


def send(ask: Asking, method: str, where: str, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
    assert ask.web is not None
    return ask.web.send(ask.sender, method, where, json=body, headers=headers)


def _address(ask: Asking, key: object) -> str:
    return f"/api/{ask.entity.__name__}/{part(key)}"


def _resource(kind: type, key: object | None, attributes: dict[str, Any], **more: Any) -> dict[str, Any]:
    named = {} if key is None else {"id": str(key)}
    return {"data": {"type": kind.__name__, **named, "attributes": attributes, **more}}


def _linkage(kind: type, key: object) -> dict[str, str]:
    return {"type": kind.__name__, "id": str(key)}


def _no_sql(reply: Reply) -> Iterator[Any]:
    yield from shown(reply)
    if any(word in reply.text for word in ("SELECT", "INSERT", "UPDATE ", "psycopg", "sqlite3", "sqlalche.me")):
        yield WentThrough(f"SQL in an answer: {reply.text[:300]}")


def _pair(ask: Asking, key: object, request: Any) -> Iterator[Any]:
    """A request made with a hidden row's key and with a missing one of the same length."""
    other = _missing_like(key)
    one, two = request(key), request(other)
    yield Same(whole(one), whole(two), (key, other))
    yield Exactly(one.status >= 400, True)
    yield from _no_sql(one)


@path(W, kind="http", writes=True)
def http_patch_hidden(ask: Asking) -> Iterator[Any]:
    for key in ask.some:
        yield from _pair(
            ask,
            key,
            lambda each: send(ask, "PATCH", _address(ask, each), _resource(ask.entity, each, {ask.name.key: "x"})),
        )


@path(W, kind="http", writes=True)
def http_delete_hidden(ask: Asking) -> Iterator[Any]:
    for key in ask.some:
        yield from _pair(ask, key, lambda each: send(ask, "DELETE", _address(ask, each)))


@path(W, kind="http", writes=True)
def http_preconditions_on_hidden(ask: Asking) -> Iterator[Any]:
    """Neither a checksum nor If-Match tells that a row is there."""
    for key in ask.some:
        for headers in ({"If-Match": '"x"'}, {"If-Match": "*"}, {"If-None-Match": "*"}):
            yield from _pair(
                ask,
                key,
                lambda each, h=headers: send(
                    ask, "PATCH", _address(ask, each), _resource(ask.entity, each, {ask.name.key: "x"}), h
                ),
            )
            yield from _pair(ask, key, lambda each, h=headers: send(ask, "DELETE", _address(ask, each), headers=h))
        stale = {ask.name.key: "x", "S_CheckSum": "0" * 16}
        yield from _pair(
            ask, key, lambda each, s=stale: send(ask, "PATCH", _address(ask, each), _resource(ask.entity, each, s))
        )


@path(W, kind="http", writes=True)
def http_conflict_shows_the_row_as_visible(ask: Asking) -> Iterator[Any]:
    """409 of optimistic locking carries the current resource, and with it nothing that is hidden."""
    for key in ask.visible[:2]:
        stale = {ask.name.key: "x", "S_CheckSum": "0" * 16}
        includes = ",".join(link.to_one for link in ask.lists()) or ",".join(link.to_many for link in ask.links())
        for query in ("", f"?include={includes}"):
            reply = send(ask, "PATCH", _address(ask, key) + query, _resource(ask.entity, key, stale))
            yield Exactly(reply.status in (403, 409, 412), True)
            yield from _no_sql(reply)


@path(W, kind="http", writes=True)
def http_post_with_a_hidden_id(ask: Asking) -> Iterator[Any]:
    for key in ask.some:
        attributes = {**_required(ask.entity), "Id": key}
        for body in (_resource(ask.entity, key, _required(ask.entity)), _resource(ask.entity, None, attributes)):
            reply = send(ask, "POST", f"/api/{ask.entity.__name__}", body)
            yield Exactly(reply.status >= 400, True)
            yield from _no_sql(reply)


@path(W, kind="http", writes=True)
def http_post_out_of_sight(ask: Asking) -> Iterator[Any]:
    body = _resource(ask.entity, ask.missing, {**_required(ask.entity), **MOVES[ask.entity]})
    reply = send(ask, "POST", f"/api/{ask.entity.__name__}", body)
    if (ask.entity is not m.Employee and ask.entity is not m.Supplier) or "sales" in ask.user.roles:
        yield Exactly(reply.status >= 400, True)
    yield from _no_sql(reply)


@path(W, kind="http", writes=True)
def http_move_out(ask: Asking) -> Iterator[Any]:
    for key in ask.visible[:2]:
        reply = send(ask, "PATCH", _address(ask, key), _resource(ask.entity, key, MOVES[ask.entity]))
        yield Exactly(reply.status, 403)
        yield from _no_sql(reply)


@path(W, kind="http", writes=True)
def http_refer_by_attribute(ask: Asking) -> Iterator[Any]:
    for link in ask.links():
        for owner in ask.owners(link):
            where = f"/api/{link.owner.__name__}/{part(owner)}"
            for key in ask.some:
                yield from _pair(
                    ask,
                    key,
                    lambda each, w=where, lk=link, o=owner: send(
                        ask, "PATCH", w, _resource(lk.owner, o, {lk.column: each})
                    ),
                )


@path(W, kind="http", writes=True)
def http_refer_by_relationships_member(ask: Asking) -> Iterator[Any]:
    for link in ask.links():
        for owner in ask.owners(link):
            where = f"/api/{link.owner.__name__}/{part(owner)}"
            for key in ask.some:
                yield from _pair(
                    ask,
                    key,
                    lambda each, w=where, lk=link, o=owner: send(
                        ask,
                        "PATCH",
                        w,
                        _resource(lk.owner, o, {}, relationships={lk.to_one: {"data": _linkage(ask.entity, each)}}),
                    ),
                )


@path(W, kind="http", writes=True)
def http_relationship_to_one(ask: Asking) -> Iterator[Any]:
    for link in ask.links():
        for owner in ask.owners(link):
            for middle in ("", "relationships/"):
                where = f"/api/{link.owner.__name__}/{part(owner)}/{middle}{link.to_one}"
                for key in ask.some:
                    yield from _pair(
                        ask, key, lambda each, w=where: send(ask, "PATCH", w, {"data": _linkage(ask.entity, each)})
                    )


@path(W, kind="http", entities=LISTED, writes=True)
def http_relationship_to_many(ask: Asking) -> Iterator[Any]:
    """Hidden rows put into a visible row's collection."""
    for link in ask.lists():
        query = f'SELECT t."Id" FROM {{{link.target.__name__}}} t ORDER BY t."Id" LIMIT 1'
        for parent in ask.truth.rows(ask.user, query):
            for middle, method in (("", "POST"), ("relationships/", "POST"), ("relationships/", "PATCH")):
                where = f"/api/{link.target.__name__}/{part(parent)}/{middle}{link.to_many}"
                for key in ask.some:
                    yield from _pair(
                        ask,
                        key,
                        lambda each, w=where, how=method: send(ask, how, w, {"data": [_linkage(ask.entity, each)]}),
                    )


@path(W, kind="http", entities=LISTED, writes=True)
def http_relationship_removal(ask: Asking) -> Iterator[Any]:
    """Taking a hidden row out of a visible row's collection answers as taking out a missing one."""
    for link in ask.lists():
        hidden = ", ".join(f"'{key}'" for key in ask.hidden)
        cast = 'CAST(o."Id" AS VARCHAR(20))'
        query = (
            f'SELECT t."Id" FROM {{{link.target.__name__}}} t WHERE EXISTS (SELECT 1 FROM "{link.owner.__name__}" o '
            f'WHERE o."{link.column}" = t."Id" AND {cast} IN ({hidden})) ORDER BY t."Id" LIMIT 1'
        )
        for parent in ask.truth.rows(ask.user, query):
            where = f"/api/{link.target.__name__}/{part(parent)}/relationships/{link.to_many}"
            for key in ask.some:
                other = _missing_like(key)
                one, two = (send(ask, "DELETE", where, {"data": [_linkage(ask.entity, each)]}) for each in (key, other))
                yield Same(whole(one), whole(two), (key, other))
                yield from _no_sql(one)


@path(W, kind="http", writes=True)
def http_relationships_of_a_hidden_row(ask: Asking) -> Iterator[Any]:
    """Writing to a collection of a row that is hidden itself."""
    for link in ask.links():
        for owner in ask.owners(link):
            for key in ask.some:
                for method in ("POST", "PATCH", "DELETE"):
                    body = {"data": [_linkage(link.owner, owner)]}
                    yield from _pair(
                        ask,
                        key,
                        lambda each, how=method, b=body, lk=link: send(
                            ask, how, f"{_address(ask, each)}/relationships/{lk.to_many}", b
                        ),
                    )


@path(W, kind="http", entities=LISTED, writes=True, changes=True)
def http_empty_a_collection(ask: Asking) -> Iterator[Any]:
    """PATCH with an empty list lets go of visible rows only."""
    for link in ask.lists():
        query = f'SELECT t."Id" FROM {{{link.target.__name__}}} t ORDER BY t."Id" LIMIT 4'
        for parent in ask.truth.rows(ask.user, query):
            where = f"/api/{link.target.__name__}/{part(parent)}/relationships/{link.to_many}"
            yield from _no_sql(send(ask, "PATCH", where, {"data": []}))


@path(W, kind="http", writes=True, changes=True)
def http_delete_parents(ask: Asking) -> Iterator[Any]:
    for link in ask.lists():
        query = f'SELECT t."Id" FROM {{{link.target.__name__}}} t ORDER BY t."Id"'
        for parent in ask.truth.rows(ask.user, query)[:5]:
            yield from _no_sql(send(ask, "DELETE", f"/api/{link.target.__name__}/{part(parent)}"))


@path(W, kind="http", writes=True)
def http_verbs_not_given(ask: Asking) -> Iterator[Any]:
    for key in ask.visible[:1]:
        if not ask.may("U"):
            reply = send(ask, "PATCH", _address(ask, key), _resource(ask.entity, key, {ask.name.key: "x"}))
            yield Exactly(reply.status, 403)
            yield from _no_sql(reply)
        if not ask.may("D"):
            reply = send(ask, "DELETE", _address(ask, key))
            yield Exactly(reply.status, 403)
            yield from _no_sql(reply)
    if not ask.may("I"):
        body = _resource(ask.entity, ask.missing, _required(ask.entity))
        reply = send(ask, "POST", f"/api/{ask.entity.__name__}", body)
        yield Exactly(reply.status, 403)


@path(R, kind="http", entities=(m.Customer,), writes=True, changes=True)
def http_write_with_hidden_customer(ask: Asking) -> Iterator[Any]:
    """The answer to a write is read again: the rules' view of a hidden customer is not in it."""
    if not ask.may("U"):
        return
    hidden = ", ".join(f"'{key}'" for key in ask.hidden)
    query = f'SELECT max("Id") FROM "Order" WHERE "CustomerId" IN ({hidden}) GROUP BY "CustomerId" ORDER BY 1 LIMIT 3'
    for key in ask.truth.rows(ask.user, query):
        where = f"/api/Order/{key}?include=Customer,OrderDetailList,Employee"
        yield from _no_sql(send(ask, "PATCH", where, _resource(m.Order, key, {"ShippedDate": None, "Freight": "1.00"})))
        yield from _no_sql(send(ask, "POST", f"/api/Order/{key}/ship", {"meta": {"args": {}}}))


@path(R, kind="http", entities=(m.Customer,), writes=True, changes=True)
def http_words_of_a_rule(ask: Asking) -> Iterator[Any]:
    """The credit rule's text is for those who see the customer."""
    if not ask.may("U"):
        return
    hidden = ", ".join(f"'{key}'" for key in ask.hidden)
    query = f'SELECT max("Id") FROM "Order" WHERE "CustomerId" IN ({hidden}) GROUP BY "CustomerId" ORDER BY 1 LIMIT 3'
    for key in ask.truth.rows(ask.user, query):
        details = ask.truth.rows(ask.user, f'SELECT "Id" FROM "OrderDetail" WHERE "OrderId" = {key} LIMIT 1')
        for body, where in (
            (
                _resource(m.OrderDetail, None, {"OrderId": key, "ProductId": 1, "Quantity": 9_000_000}),
                "/api/OrderDetail",
            ),
            *(
                (_resource(m.OrderDetail, each, {"Quantity": 9_000_000}), f"/api/OrderDetail/{each}")
                for each in details
            ),
        ):
            reply = send(ask, "POST" if "id" not in body["data"] else "PATCH", where, body)
            if reply.status < 400:
                # A shipped order does not count against the credit; the matrix puts it back.
                send(ask, "DELETE", f"/api/OrderDetail/{reply.data[0]['id']}")
            yield from _no_sql(reply)
            if "credit" in reply.text.lower():
                yield WentThrough(f"the rule speaks: {reply.text[:300]}")


@path(D, kind="http", entities=(m.Customer,), writes=True)
def http_derived_attributes(ask: Asking) -> Iterator[Any]:
    for key in ask.visible[:1]:
        for name in ("Balance", "OrderCount", "UnpaidOrderCount"):
            reply = send(ask, "PATCH", _address(ask, key), _resource(m.Customer, key, {name: 12345}))
            yield Exactly(reply.status, 403)
            yield from _no_sql(reply)
        attributes = {**_required(m.Customer), "Balance": 5, "Client_id": ask.user.client_id}
        reply = send(ask, "POST", "/api/Customer", _resource(m.Customer, "NEWBI", attributes))
        yield Exactly(reply.status, 403)


@path(E, kind="http", writes=True)
def http_broken_bodies(ask: Asking) -> Iterator[Any]:
    """Documents that cannot be right, sent at a hidden row and at a missing one."""
    kind = ask.entity.__name__
    for key in ask.some[:1]:
        for make in (
            lambda each: [],
            lambda each: {"data": None},
            lambda each: {"data": {"type": "Nope", "id": str(each)}},
            lambda each: {"data": {"type": kind}},
            lambda each: {"data": {"type": kind, "id": "other"}},
            lambda each: {"data": {"type": kind, "id": str(each), "attributes": {"Nope": 1}}},
            lambda each: {"data": {"type": kind, "id": str(each), "attributes": {"Id": "moved"}}},
            lambda each: {"data": {"type": kind, "id": str(each), "attributes": {ask.name.key: None}}},
            lambda each: {"data": {"type": kind, "id": str(each), "attributes": {ask.name.key: ["x"]}}},
            lambda each: {"data": {"type": kind, "id": str(each), "attributes": {ask.name.key: "x" * 5000}}},
        ):
            yield from _pair(ask, key, lambda each, make=make: send(ask, "PATCH", _address(ask, each), make(each)))
            yield from _no_sql(send(ask, "POST", f"/api/{kind}", make(key)))


@path(E, kind="http", writes=True)
def http_database_errors(ask: Asking) -> Iterator[Any]:
    """Constraints of the database speak without SQL, and without the rows that they mean."""
    for key in ask.some[:1]:
        for link in ask.lists():
            body = _resource(ask.entity, ask.missing, {**_required(ask.entity), link.column: 987654})
            yield from _no_sql(send(ask, "POST", f"/api/{ask.entity.__name__}", body))
        clash = _resource(ask.entity, key, _required(ask.entity))
        yield from _no_sql(send(ask, "POST", f"/api/{ask.entity.__name__}", clash))
