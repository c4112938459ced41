"""Paths of writing many rows over HTTP: lists, atomic operations with local ids, and keys of requests sent again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Final

from database import models as m
from tests.leaks.http import Reply, part
from tests.leaks.matrix import Asking, Exactly, Row, Same, WentThrough, path
from tests.leaks.paths_bulk import MOVES
from tests.leaks.paths_flush import _required
from tests.leaks.paths_http import _missing_like, whole
from tests.leaks.paths_http_writes import LISTED, _no_sql, _pair, send

W: Final = Row.FLUSH
ATOMIC: Final = 'application/vnd.api+json; ext="https://jsonapi.org/ext/atomic"'
_keys = count(1)

Document = dict[str, Any]


def operations(ask: Asking, *asked: Document) -> Reply:
    """Send a document of atomic operations."""
    assert ask.web is not None
    return ask.web.send(ask.sender, "POST", "/api/operations", json={"atomic:operations": list(asked)}, kind=ATOMIC)


def named(kind: type, key: object, **more: Any) -> Document:
    """A resource, or the identifier of one."""
    return {"type": kind.__name__, "id": str(key), **more}


def changed(ask: Asking, key: object) -> Document:
    """A row with another name."""
    return named(ask.entity, key, attributes={ask.name.key: "x"})


@path(W, kind="http", writes=True)
def http_operations_on_hidden_rows(ask: Asking) -> Iterator[Any]:
    """Each operation, by ref and by href; the first behind one that could be done: that one is not done either."""
    visible = [{"op": "update", "data": changed(ask, key)} for key in ask.visible[:1] if ask.may("U")]
    shapes: list[Callable[[object], Document]] = [
        lambda each: {"op": "update", "data": changed(ask, each)},
        lambda each: {"op": "update", "href": f"/{ask.entity.__name__}/{part(each)}", "data": changed(ask, each)},
        lambda each: {"op": "remove", "ref": named(ask.entity, each)},
        *(
            lambda each, lk=link, o=owner: {
                "op": "add",
                "ref": named(ask.entity, each, relationship=lk.to_many),
                "data": [named(lk.owner, o)],
            }
            for link in ask.links()[:1]
            for owner in ask.owners(link)
        ),
    ]
    for key in ask.some[:1]:
        for place, shape in enumerate(shapes):
            before = visible if place == 0 else []
            yield from _pair(ask, key, lambda each, made=shape, first=before: operations(ask, *first, made(each)))


@path(W, kind="http", writes=True)
def http_operations_refer_to_hidden_rows(ask: Asking) -> Iterator[Any]:
    """A visible row, and one that an operation above adds, made to refer to a hidden row."""
    for link in ask.links():
        for key in ask.some[:1]:
            for owner in ask.owners(link):
                row = named(link.owner, owner, relationship=link.to_one)
                yield from _pair(
                    ask,
                    key,
                    lambda each, ref=row: operations(
                        ask, {"op": "update", "ref": ref, "data": named(ask.entity, each)}
                    ),
                )
            if link.owner in LISTED:
                new = {"type": link.owner.__name__, "lid": "new"}
                add = {"op": "add", "data": {**new, "attributes": _required(link.owner)}}
                ref = {**new, "relationship": link.to_one}
                yield from _pair(
                    ask,
                    key,
                    lambda each, a=add, r=ref: operations(
                        ask, a, {"op": "update", "ref": r, "data": named(ask.entity, each)}
                    ),
                )


@path(W, kind="http", writes=True)
def http_lists_with_hidden_rows(ask: Asking) -> Iterator[Any]:
    """PATCH and DELETE of a list in which one row is hidden: the others stay as they are."""
    where = f"/api/{ask.entity.__name__}"
    for key in ask.some[:1]:
        for method, row in (
            ("PATCH", lambda each: changed(ask, each)),
            ("DELETE", lambda each: named(ask.entity, each)),
        ):
            yield from _pair(
                ask,
                key,
                lambda each, how=method, made=row: send(
                    ask, how, where, {"data": [made(one) for one in (*ask.visible[:1], each)]}
                ),
            )


@path(W, kind="http", entities=LISTED, writes=True)
def http_lists_that_refer_to_hidden_rows(ask: Asking) -> Iterator[Any]:
    """POST of a list, whose second row refers to a hidden one."""
    for link in (each for each in ask.links() if each.owner in LISTED):
        new = {"type": link.owner.__name__, "attributes": _required(link.owner)}
        for key in ask.some[:1]:
            yield from _pair(
                ask,
                key,
                lambda each, lk=link, n=new: send(
                    ask,
                    "POST",
                    f"/api/{lk.owner.__name__}",
                    {"data": [n, {**n, "relationships": {lk.to_one: {"data": named(ask.entity, each)}}}]},
                ),
            )


@path(W, kind="http", writes=True, changes=True)
def http_key_of_somebody_else(ask: Asking) -> Iterator[Any]:
    """A key that the superuser wrote a row under, out of the user's sight: to the user it is as any other key."""
    assert ask.web is not None
    values = {**_required(ask.entity), ask.name.key: f"secret {ask.missing}", **MOVES[ask.entity]}
    id_given = {"id": str(ask.missing)} if ask.entity is m.Customer else {}
    body = {"data": {"type": ask.entity.__name__, **id_given, "attributes": values}}
    where = f"/api/{ask.entity.__name__}"
    theirs, other = (f"key{next(_keys):04}" for _ in range(2))
    yield Exactly(ask.web.send("admin", "POST", where, json=body, headers={"Idempotency-Key": theirs}).status, 201)
    seen, fresh = (send(ask, "POST", where, body, {"Idempotency-Key": each}) for each in (theirs, other))
    if fresh.status >= 400:
        yield Same(whole(seen), whole(fresh), (theirs, other))
        if "secret" in seen.text:
            yield WentThrough(f"a key shows what another principal wrote: {seen.text[:300]}")
    else:
        yield Exactly(seen.status, fresh.status)
        yield Exactly([each["id"] for each in seen.data] == [each["id"] for each in fresh.data], not fresh.data)
    yield from _no_sql(seen)


@path(W, kind="http", writes=True)
def http_keys_with_hidden_rows(ask: Asking) -> Iterator[Any]:
    """With a key, too, a hidden id is answered as a missing one, also when the request is sent again."""
    for link in (each for each in ask.links() if each.owner in LISTED):
        new = {"type": link.owner.__name__, "attributes": _required(link.owner)}
        for key in ask.some[:1]:
            other = _missing_like(key)
            sent = {each: f"key{next(_keys):04}" for each in (key, other)}
            for _ in range(2):
                one, two = (
                    send(
                        ask,
                        "POST",
                        f"/api/{link.owner.__name__}",
                        {"data": {**new, "relationships": {link.to_one: {"data": named(ask.entity, each)}}}},
                        {"Idempotency-Key": sent[each]},
                    )
                    for each in (key, other)
                )
                yield Exactly(one.status >= 400, True)
                yield Same(whole(one), whole(two), (key, other))
                yield from _no_sql(one)
