"""Paths over the addresses of the admin app, and what describes the API to one principal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from database import models as m
from tests.leaks.http import part
from tests.leaks.matrix import Asking, Exactly, Row, Same, WentThrough, path
from tests.leaks.paths_flush import _required
from tests.leaks.paths_http import _missing_like, as_missing, read, shown, whole
from tests.leaks.paths_http_writes import LISTED, _no_sql

S, W, E = Row.SELECT, Row.FLUSH, Row.ERRORS


@path(E, kind="http", entities=(m.Customer,), finds=False)
def http_descriptions_for_one(ask: Asking) -> Iterator[Any]:
    """The OpenAPI document and the admin app's: what a principal may do, and no value of any row."""
    for where in ("/api/openapi.json", "/admin/meta", "/ui/admin/admin.yaml", "/admin/admin.schema.json"):
        reply = read(ask, where)
        yield Exactly((where, reply.status), (where, 200))
        yield from shown(reply)
        if "ZQ~" in reply.text:
            yield WentThrough(f"{where} holds a value of a row")


@path(S, kind="http")
def http_admin_counts(ask: Asking) -> Iterator[Any]:
    reply = read(ask, "/admin/counts")
    yield Exactly(reply.body["counts"][ask.entity.__name__], len(ask.visible))
    yield from as_missing(ask, f"/admin/counts?resource={ask.entity.__name__}&id={{}}")


@path(E, kind="http", entities=(m.Customer, m.Department), finds=False)
def http_admin_why(ask: Asking) -> Iterator[Any]:
    """Who may ask why is told about themselves, and nothing of rows that they do not see."""
    kind = ask.entity.__name__
    yield from as_missing(ask, f"/admin/policy/row?resource={kind}&id={{}}")
    yield from as_missing(ask, f"/admin/policy/row?resource={kind}&id={{}}&access=UPDATE")
    document = read(ask, f"/admin/policy?resource={kind}")
    yield from shown(document)
    yield Exactly(document.body["rows"], {"with": len(ask.visible), "without": None})
    for query in (f"policy?resource={kind}&as=admin", f"policy/row?resource={kind}&id={part(ask.hidden[0])}&as=admin"):
        asked = read(ask, f"/admin/{query}")
        yield Exactly(asked.status, 403)
        yield from shown(asked)


@path(S, kind="http", entities=(m.Customer, m.Employee))
def http_admin_log(ask: Asking) -> Iterator[Any]:
    """The live log shows the statements of one log-in: not what another one asked for, nor the rows that were found."""
    assert ask.web is not None
    hidden = ask.names[0]
    # What the user has asked for before is there, and may name what it looked for.
    before = read(ask, "/admin/log").body["cursor"]
    ask.web.send("admin", "GET", f"/api/{ask.entity.__name__}?filter[{ask.name.key}]={part(hidden)}")
    reply = read(ask, f"/admin/log?after={before}")
    yield Exactly(reply.status, 200)
    yield from shown(reply)


@path(W, kind="http", entities=LISTED, writes=True)
def http_admin_import(ask: Asking) -> Iterator[Any]:
    """Rows of a file that refer to hidden rows, tried and in earnest."""
    assert ask.web is not None
    for link in (each for each in ask.links() if each.owner in LISTED):
        for key in ask.some[:1]:
            for dry_run in "01":
                where = f"/admin/import?resource={link.owner.__name__}&dry_run={dry_run}"
                other = _missing_like(key)
                one, two = (
                    ask.web.send(ask.sender, "POST", where, json=[{**_required(link.owner), link.column: each}])
                    for each in (key, other)
                )
                yield Exactly("errors" in one.body and bool(one.body["errors"]), True)
                yield Same(whole(one), whole(two), (key, other))
                yield from _no_sql(one)


@path(S, kind="http", finds=False, writes=True)
def http_view_as(ask: Asking) -> Iterator[Any]:
    """Whoever views the rows as a user sees that user's and no more, and changes none; no user takes such a view."""
    assert ask.web is not None
    asked = {"user": ask.user.id}
    given = ask.web.send("admin", "POST", "/admin/view-as", json=asked, kind="application/json")
    yield Exactly(given.status, 201)
    headers = {"Authorization": f"Bearer {given.body['token']}"}

    def viewed(method: str, where: str, body: Any = None) -> Any:
        assert ask.web is not None
        return ask.web.send(None, method, where, json=body, headers=headers)

    where = f"/api/{ask.entity.__name__}"
    reply = viewed("GET", f"{where}?page[limit]=500")
    yield Exactly(sorted(row["id"] for row in reply.data), sorted(str(key) for key in ask.visible))
    yield Exactly(reply.total, len(ask.visible))
    yield from shown(reply)
    for key in ask.some[:1]:
        yield Exactly(viewed("GET", f"{where}/{part(key)}").status, 404)
        yield Exactly(viewed("DELETE", f"{where}/{part(key)}").status, 403)
    for key in ask.visible[:1]:
        body = {"data": {"type": ask.entity.__name__, "id": str(key), "attributes": {ask.name.key: "x"}}}
        yield Exactly(viewed("PATCH", f"{where}/{part(key)}", body).status, 403)
    taken = ask.web.send(ask.user.id, "POST", "/admin/view-as", json={"user": "admin"}, kind="application/json")
    yield Exactly(taken.status, 403)
    yield from shown(taken)
