"""The floor: what the API answers, by a handler that is written by hand for these three addresses and for one client.

One Core select for each set of rows, with the tenant's WHERE; the token is checked; no framework but Flask, no policy,
no log, no look at the log-in database. The documents are those of the API to the last digit: `bench_api.py` compares
them before it measures. It is the least that a server in Flask and SQLAlchemy can do, so it tells what all else costs.

gunicorn serves it: ``gunicorn 'floor:make_app()'``, with FLOOR_URL (a database) and FLOOR_SECRET in the environment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import Any

import jwt
import orjson
from flask import Flask, Response, abort, request
from sqlalchemy import Table, bindparam, func, select

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from database.models import Base
from rowgate.databases import make_engine

JSON_API = "application/vnd.api+json"
CUSTOMER, ORDER, DETAIL = (Base.metadata.tables[name] for name in ("Customer", "Order", "OrderDetail"))

LINKS: Mapping[str, Sequence[str]] = {
    "Customer": ["OrderList"],
    "Order": ["Customer", "Employee", "Shipper", "ClonedFrom", "CloneList", "OrderDetailList"],
    "OrderDetail": ["Order", "Product"],
}


def make_app() -> Flask:
    """The app; its token's ``client_id`` says whose customers are shown."""
    engine = make_engine(os.environ["FLOOR_URL"])
    secret = os.environ["FLOOR_SECRET"]
    app = Flask("floor", static_folder=None)

    own = CUSTOMER.c.Client_id == bindparam("client")
    customers = select(*shown(CUSTOMER)).where(own).order_by(CUSTOMER.c.Id).limit(bindparam("limit"))
    customer = select(*shown(CUSTOMER)).where(own, CUSTOMER.c.Id == bindparam("id"))
    customer_count = select(func.count()).select_from(CUSTOMER).where(own)
    customers_of = select(*shown(CUSTOMER)).where(own, CUSTOMER.c.Id.in_(bindparam("keys", expanding=True)))
    orders = select(*shown(ORDER)).order_by(ORDER.c.Id).limit(bindparam("limit"))
    order_count = select(func.count()).select_from(ORDER)
    details_of = (
        select(*shown(DETAIL))
        .where(DETAIL.c.OrderId.in_(bindparam("keys", expanding=True)))
        .order_by(DETAIL.c.OrderId, DETAIL.c.Id)
    )
    customer_at, order_of = place_of(ORDER, "CustomerId"), place_of(DETAIL, "OrderId")

    def client() -> int:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            return int(jwt.decode(token, secret, algorithms=["HS256"], audience="floor", issuer="floor")["client_id"])
        except jwt.PyJWTError:
            abort(401)

    @app.get("/api/Customer")
    def list_customers() -> Response:
        own, limit = client(), int(request.args["page[limit]"])
        with engine.connect() as connection:
            rows = connection.execute(customers, {"client": own, "limit": limit + 1}).all()
            total = connection.scalar(customer_count, {"client": own})
        data = [resource("Customer", row, CUSTOMER) for row in rows[:limit]]
        return paged(data, more=len(rows) > limit, total=total, limit=limit)

    @app.get("/api/Customer/<row_id>")
    def one_customer(row_id: str) -> Response:
        with engine.connect() as connection:
            row = connection.execute(customer, {"client": client(), "id": row_id}).one_or_none()
        if row is None:
            abort(404)
        links = {"self": f"/api/Customer/{row_id}"}
        return answer({"jsonapi": {"version": "1.1"}, "data": resource("Customer", row, CUSTOMER), "links": links})

    @app.get("/api/Order")
    def orders_with_both() -> Response:
        own, limit = client(), int(request.args["page[limit]"])
        with engine.connect() as connection:
            rows = connection.execute(orders, {"limit": limit + 1}).all()
            total = connection.scalar(order_count)
            primary = rows[:limit]
            wanted = list(dict.fromkeys(row[customer_at] for row in primary))
            their = connection.execute(customers_of, {"client": own, "keys": wanted}).all()
            details = connection.execute(details_of, {"keys": [row[0] for row in primary]}).all()
        known = {row[0] for row in their}
        lists: dict[int, list[str]] = {row[0]: [] for row in primary}
        for row in details:
            lists[row[order_of]].append(f'{{"type":"OrderDetail","id":"{row[0]}"}}')
        data = []
        for row in primary:
            key = row[customer_at]
            linked = {
                "Customer": f'{{"type":"Customer","id":"{key}"}}' if key in known else "null",
                "OrderDetailList": f"[{','.join(lists[row[0]])}]",
            }
            data.append(resource("Order", row, ORDER, linked))
        included = [resource("Customer", row, CUSTOMER) for row in their]
        included += [resource("OrderDetail", row, DETAIL) for row in details]
        return paged(data, more=len(rows) > limit, total=total, limit=limit, included=included)

    return app


def shown(table: Table) -> Iterable[Any]:
    """The columns in the order of the mapping."""
    mapper = next(each for each in Base.registry.mappers if each.local_table is table)
    return [prop.columns[0] for prop in mapper.column_attrs]


def place_of(table: Table, name: str) -> int:
    """Where a column stands in a row."""
    return [column.name for column in shown(table)].index(name)


NAMES = {table.name: tuple(column.name for column in shown(table)) for table in (CUSTOMER, ORDER, DETAIL)}


def resource(kind: str, row: Sequence[Any], table: Table, linked: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A resource object."""
    written = orjson.dumps(dict(zip(NAMES[table.name], row, strict=True)), default=exact)
    seal = blake2b(written, digest_size=8).hexdigest().encode()
    here = f"/api/{kind}/{row[0]}"
    relations = []
    for name in LINKS[kind]:
        data = f',"data":{linked[name]}' if linked and name in linked else ""
        relations.append(
            f'"{name}":{{"links":{{"self":"{here}/relationships/{name}","related":"{here}/{name}"}}{data}}}'
        )
    return {
        "type": kind,
        "id": str(row[0]),
        "attributes": orjson.Fragment(b'%b,"S_CheckSum":"%b"}' % (written[:-1], seal)),
        "relationships": orjson.Fragment("{" + ",".join(relations) + "}"),
        "links": {"self": here},
    }


def exact(value: object) -> Any:
    """A Decimal with all its digits."""
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError


def paged(
    data: list[dict[str, Any]], *, more: bool, total: int | None, limit: int, included: list[Any] | None = None
) -> Response:
    """The document of a first page."""
    query = request.query_string.decode()
    kept = [part for part in query.split("&") if not part.startswith("page")]
    link: Callable[[int], str] = lambda offset: (  # noqa: E731
        f"{request.path}?" + "&".join([*kept, f"page%5Boffset%5D={offset}", f"page%5Blimit%5D={limit}"])
    )
    document: dict[str, Any] = {"jsonapi": {"version": "1.1"}, "data": data}
    if included is not None:
        document["included"] = included
    last = max(0, (total or 0) - 1) // limit * limit
    document["links"] = {
        "self": link(0),
        "first": link(0),
        "prev": None,
        "next": link(limit) if more else None,
        "last": link(last),
    }
    document["meta"] = {"limit": limit, "count": total, "total": total}
    return answer(document)


def answer(document: dict[str, Any]) -> Response:
    """A response with the headers that the API sends."""
    response = Response(orjson.dumps(document), content_type=JSON_API)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Accept, Authorization"
    return response
