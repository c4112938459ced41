"""Paths of reading over HTTP: lists, rows, includes, relationships, counts, links, RPC and custom routes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from database import models as m
from tests.leaks.http import Reply, part
from tests.leaks.matrix import Asking, Exactly, Row, Same, WentThrough, path
from tests.leaks.truth import CANARIES

S, L, E = Row.SELECT, Row.LOAD, Row.ERRORS


def read(ask: Asking, where: str, parameters: dict[str, Any] | None = None, *, method: str = "GET") -> Reply:
    """Send a reading request as the user."""
    assert ask.web is not None
    query = f"?{urlencode(parameters)}" if parameters else ""
    return ask.web.send(ask.sender, method, where + query)


def shown(reply: Reply) -> Iterator[Any]:
    """All that a reply holds: its text, its headers, and each resource it names."""
    yield reply.text
    yield str(reply.headers)
    for kind, key in reply.resources():
        yield f"ZQ~{kind}~{key}~QZ"


def whole(reply: Reply) -> str:
    """All of a reply, to be compared."""
    return f"{reply.status} {sorted(reply.headers.items())} {reply.text}"


def as_missing(ask: Asking, where: str, *, method: str = "GET") -> Iterator[Any]:
    """An address with ``{}`` for the key answers the same for a hidden row and for a missing one."""
    for key in ask.some:
        reply = read(ask, where.format(part(key)), method=method)
        # A missing key of the same length, so that the answers' lengths can be compared as well.
        other = _missing_like(key)
        yield Same(whole(reply), whole(read(ask, where.format(part(other)), method=method)), (key, other))
        yield from shown(reply)


def _missing_like(key: object) -> object:
    return "~" * len(str(key)) if isinstance(key, str) else int("9" * max(len(str(key)), 3))


def rows_address(ask: Asking) -> str:
    return f"/api/{ask.entity.__name__}"


@path(S, kind="http")
def http_list(ask: Asking) -> Iterator[Any]:
    reply = read(ask, rows_address(ask), {"page[limit]": 500})
    yield Exactly(reply.status, 200)
    yield Exactly(sorted(row["id"] for row in reply.data), sorted(str(key) for key in ask.visible))
    yield Exactly(reply.total, len(ask.visible))
    yield from shown(reply)


@path(S, kind="http")
def http_list_sparse(ask: Asking) -> Iterator[Any]:
    kind = ask.entity.__name__
    yield from shown(read(ask, rows_address(ask), {f"fields[{kind}]": ask.name.key, "page[limit]": 500}))


@path(S, kind="http")
def http_list_sorted(ask: Asking) -> Iterator[Any]:
    for sort in (ask.name.key, f"-{ask.name.key}"):
        yield from shown(read(ask, rows_address(ask), {"sort": sort, "page[limit]": 500}))


@path(S, kind="http")
def http_pages(ask: Asking) -> Iterator[Any]:
    """Every page to the last: their number, their links and their rows say no more than the visible rows do."""
    first = read(ask, rows_address(ask), {"page[limit]": 20})
    yield Exactly(first.total, len(ask.visible))
    here: Any = first
    seen = len(first.data)
    yield from shown(first)
    while here.body.get("links", {}).get("next"):
        here = read(ask, here.body["links"]["next"])
        seen += len(here.data)
        yield from shown(here)
    yield Exactly(seen, len(ask.visible))
    last = first.body["links"].get("last")
    if last:
        yield Exactly([row["id"] for row in read(ask, last).data], [row["id"] for row in here.data])
    beyond = read(ask, rows_address(ask), {"page[limit]": 20, "page[offset]": len(ask.visible)})
    yield Exactly(beyond.data, [])


@path(S, kind="http")
def http_one(ask: Asking) -> Iterator[Any]:
    yield from as_missing(ask, rows_address(ask) + "/{}")


@path(S, kind="http", finds=False)
def http_one_with_parameters(ask: Asking) -> Iterator[Any]:
    kind = ask.entity.__name__
    yield from as_missing(ask, rows_address(ask) + f"/{{}}?fields[{kind}]={ask.name.key}")
    yield from as_missing(ask, rows_address(ask) + "/{}/")


@path(S, kind="http")
def http_head(ask: Asking) -> Iterator[Any]:
    yield from as_missing(ask, rows_address(ask) + "/{}", method="HEAD")


@path(S, kind="http", finds=False)
def http_options(ask: Asking) -> Iterator[Any]:
    yield from as_missing(ask, rows_address(ask) + "/{}", method="OPTIONS")
    for link in ask.links():
        yield from as_missing(ask, rows_address(ask) + f"/{{}}/{link.to_many}", method="OPTIONS")


@path(S, kind="http", finds=False)
def http_other_methods(ask: Asking) -> Iterator[Any]:
    for method in ("PUT", "TRACE", "PROPFIND", "POST"):
        yield from as_missing(ask, rows_address(ask) + "/{}", method=method)


@path(S, kind="http", finds=False)
def http_conditional(ask: Asking) -> Iterator[Any]:
    """Preconditions are not looked at before the row is known to be visible."""
    assert ask.web is not None
    for key in ask.some:
        for header in ("If-Match", "If-None-Match", "If-Modified-Since", "Range"):
            for value in ("*", '"x"', "bytes=0-1"):
                other = _missing_like(key)
                one, two = (
                    ask.web.send(ask.sender, "GET", f"{rows_address(ask)}/{part(each)}", headers={header: value})
                    for each in (key, other)
                )
                yield Same(whole(one), whole(two), (key, other))


@path(S, kind="http", finds=False)
def http_spellings_of_a_key(ask: Asking) -> Iterator[Any]:
    """Other ways to write a hidden row's id."""
    for key in ask.some:
        for spelled in (
            f"%{ord(str(key)[0]):02X}{str(key)[1:]}",
            f" {key}",
            f"{key} ",
            f"{key}.0",
            f"0{key}",
            f"+{key}",
            str(key).lower(),
            f"{key}%00",
            f"{key}_{key}",
            f"{key};",
            f"./{key}",
            f"{key}%2F",
            f"{key}?x",
        ):
            reply = read(ask, f"{rows_address(ask)}/{spelled}")
            yield from shown(reply)
            yield Exactly(reply.status in (301, 308, 400, 404, 405), True)


@path(L, kind="http")
def http_include_to_one(ask: Asking) -> Iterator[Any]:
    for link in ask.links():
        hidden = ",".join(str(key) for key in ask.hidden)
        where = f"/api/{link.owner.__name__}"
        for parameters in (
            {"include": link.to_one, f"filter[{link.column}]": hidden, "page[limit]": 30},
            {"include": link.to_one, "page[limit]": 30, f"fields[{link.owner.__name__}]": link.to_one},
        ):
            reply = read(ask, where, parameters)
            yield Exactly(reply.status, 200)
            yield from shown(reply)
        for row in reply.data[:2]:
            one = read(ask, f"{where}/{part(row['id'])}", {"include": link.to_one})
            yield from shown(one)


@path(L, kind="http", entities=(m.Product, m.Department, m.Employee))
def http_include_to_many(ask: Asking) -> Iterator[Any]:
    for link in ask.lists():
        where = f"/api/{link.target.__name__}"
        reply = read(ask, where, {"include": link.to_many, "page[limit]": 100})
        yield Exactly(reply.status, 200)
        yield from shown(reply)
        limited = read(ask, where, {"include": link.to_many, f"page[{link.to_many}][limit]": 1, "page[limit]": 100})
        yield from shown(limited)


NESTED = {
    m.Customer: (("OrderDetail", "Order.Customer"), ("Product", "OrderDetailList.Order.Customer")),
    m.Category: (("OrderDetail", "Product.Category"), ("Supplier", "ProductList.Category")),
    m.Department: (("Order", "Employee.OnLoanDepartment"), ("Employee", "Manager.WorksForDepartment")),
    m.Product: (("Order", "OrderDetailList.Product"), ("OrderDetail", "Product.Supplier.ProductList")),
    m.Employee: (("OrderDetail", "Order.Employee.Manager"), ("Order", "Employee.DirectReportList")),
    m.Supplier: (("OrderDetail", "Product.Supplier"), ("Category", "ProductList.Supplier")),
}


@path(L, kind="http")
def http_include_nested(ask: Asking) -> Iterator[Any]:
    for kind, include in NESTED[ask.entity]:
        reply = read(ask, f"/api/{kind}", {"include": include, "page[limit]": 40, "sort": "-Id"})
        yield Exactly(reply.status, 200)
        yield from shown(reply)


@path(L, kind="http")
def http_related_to_one(ask: Asking) -> Iterator[Any]:
    """A row that refers to a hidden one answers as if it referred to none."""
    for link in ask.links():
        hidden = ", ".join(f"'{key}'" for key in ask.hidden)
        cast = f'CAST(o."{link.column}" AS VARCHAR(20))'
        owners = ask.truth.rows(
            ask.user,
            f'SELECT o."Id" FROM {{{link.owner.__name__}}} o WHERE {cast} IN ({hidden}) ORDER BY o."Id" LIMIT 2',
        )
        for owner in owners:
            for middle in ("", "relationships/"):
                reply = read(ask, f"/api/{link.owner.__name__}/{part(owner)}/{middle}{link.to_one}")
                yield Exactly((reply.status, reply.body.get("data")), (200, None))
                yield from shown(reply)


@path(L, kind="http", entities=(m.Product, m.Department, m.Employee))
def http_related_to_many(ask: Asking) -> Iterator[Any]:
    for link in ask.lists():
        query = f'SELECT t."Id" FROM {{{link.target.__name__}}} t ORDER BY t."Id" LIMIT 8'
        for parent in ask.truth.rows(ask.user, query):
            counted = ask.one(
                f'SELECT count(*) FROM {{{link.owner.__name__}}} o WHERE o."{link.column}" = '
                + (f"'{parent}'" if isinstance(parent, str) else str(parent))
            )
            for middle in ("", "relationships/"):
                where = f"/api/{link.target.__name__}/{part(parent)}/{middle}{link.to_many}"
                reply = read(ask, where, {"page[limit]": 500})
                yield Exactly((reply.status, len(reply.data), reply.total), (200, counted, counted))
                yield from shown(reply)


@path(L, kind="http", finds=False)
def http_through_a_hidden_row(ask: Asking) -> Iterator[Any]:
    """Relationships of a hidden row, and of a missing one."""
    for link in ask.links():
        yield from as_missing(ask, f"{rows_address(ask)}/{{}}/{link.to_many}")
        yield from as_missing(ask, f"{rows_address(ask)}/{{}}/relationships/{link.to_many}")
    for link in ask.lists():
        yield from as_missing(ask, f"{rows_address(ask)}/{{}}/{link.to_one}")
        yield from as_missing(ask, f"{rows_address(ask)}/{{}}/relationships/{link.to_one}")


@path(Row.LOAD, kind="http", finds=False)
def http_rpc_on_a_row(ask: Asking) -> Iterator[Any]:
    assert ask.web is not None
    for key in ask.some:
        other = _missing_like(key)
        one, two = (
            ask.web.send(ask.sender, "POST", f"{rows_address(ask)}/{part(each)}/touch", json={"meta": {"args": {}}})
            for each in (key, other)
        )
        yield Same(whole(one), whole(two), (key, other))
        yield from shown(one)


@path(Row.LOAD, kind="http")
def http_rpc_without_a_row(ask: Asking) -> Iterator[Any]:
    assert ask.web is not None
    for name in ("everything", "referred"):
        reply = ask.web.send(ask.sender, "POST", f"{rows_address(ask)}/{name}", json={"meta": {"args": {}}})
        yield Exactly(reply.status, 200)
        yield from shown(reply)


@path(S, kind="http")
def http_custom_routes(ask: Asking) -> Iterator[Any]:
    name = ask.entity.__name__
    yield from shown(read(ask, f"/own/rows/{name}"))
    for key in ask.some:
        yield from shown(read(ask, f"/own/one/{name}/{part(key)}"))
        yield Exactly(read(ask, f"/own/one/{name}/{part(key)}").status >= 400, True)


@path(S, kind="http", entities=(m.Customer,))
def http_sample_report(ask: Asking) -> Iterator[Any]:
    reply = read(ask, "/api/reports/orders-by-country")
    yield from shown(reply)
    counted = sum(row["orders"] for row in reply.body["meta"]["result"])
    yield Exactly(counted, ask.one('SELECT count(*) FROM {Order} o JOIN {Customer} t ON o."CustomerId" = t."Id"'))


@path(E, kind="http", finds=False)
def http_nobody(ask: Asking) -> Iterator[Any]:
    """Without a log-in nothing comes back, and no route tells hidden from missing."""
    assert ask.web is not None
    name = ask.entity.__name__
    for where in (f"/api/{name}", f"/api/{name}/{{}}", f"/own/rows/{name}", f"/own/one/{name}/{{}}"):
        replies = [ask.web.send(None, "GET", where.format(part(key))) for key in (ask.hidden[0], ask.missing)]
        for reply in replies:
            yield Exactly(reply.status in (401, 500), True)
            yield from shown(reply)
        yield Same(whole(replies[0]), whole(replies[1]), (ask.hidden[0], ask.missing))


@path(E, kind="http", finds=False)
def http_error_bodies(ask: Asking) -> Iterator[Any]:
    """Requests that cannot be right: an error of JSON:API's form each, with no SQL and no row in it."""
    name, key = ask.entity.__name__, part(ask.hidden[0])
    for where in (
        f"/api/{name}?filter[Nope]=1",
        f"/api/{name}?filter=%7B%22",
        f"/api/{name}?filter=%5B%7B%22name%22%3A%22Id%22%2C%22op%22%3A%22sql%22%2C%22val%22%3A1%7D%5D",
        f"/api/{name}?sort=(select+1)",
        f"/api/{name}?sort={name}.{ask.name.key}",
        f"/api/{name}?include=Nope.{ask.name.key}",
        f"/api/{name}?fields[{name}]=__table__",
        f"/api/{name}?page[limit]=-1",
        f"/api/{name}?page[offset]=99999999999999999999",
        f"/api/{name}?filter[Id]={'9' * 40}",
        f"/api/{name}?filter[{ask.name.key}][like]=%25%5C",
        f"/api/{name}/{key}/Nope",
        f"/api/{name}/{'9' * 40}",
        f"/api/{name}/%00",
        f"/api/{name}/%F0%9F%98%80",
        f"/api/Nope/{key}",
        f"/own/crash/{name}/{key}",
        f"/own/one/{name}/{key}",
        f"/api/{name}/{key}/touch",
    ):
        reply = read(ask, where)
        yield from shown(reply)
        if any(word in reply.text for word in ("SELECT", "FROM ", "psycopg", "sqlite3", "sqlalchemy", "Traceback")):
            yield WentThrough(f"{where}: {reply.text[:300]}")
        yield Exactly((where, reply.status >= 400 or not reply.data), (where, True))


@path(E, kind="http", entities=(m.Customer,), finds=False)
def http_description(ask: Asking) -> Iterator[Any]:
    """The description of the API is the same for everyone, with no row in it."""
    reply = read(ask, "/api/swagger.json")
    yield Exactly(reply.status, 200)
    yield from shown(reply)
    yield Exactly([name for name in ask.names if name in reply.text], [])


assert set(NESTED) == set(CANARIES)
