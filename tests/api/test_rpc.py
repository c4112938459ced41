"""RPC and custom routes: the sample's own, and what a project may declare."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from database.models import Base, Customer, Order
from rowgate import web
from rowgate.api import Api
from rowgate.errors import DeclarationError
from rowgate.types import Principal
from security.declare_security import policy
from tests.api.conftest import Served, serve
from tests.api.test_write import rows


def args(**given: Any) -> dict[str, Any]:
    """The body of a call."""
    return {"meta": {"args": given}}


def test_the_samples_rpc(writing: Served) -> None:
    before = writing.get("u1", "/api/Customer/ALFKI")["data"]["attributes"]
    response = writing.ask("u1", "POST", "/api/Order/10643/ship/", json=args(shipped="2024-05-31"))
    result = response.get_json()["meta"]["result"]
    assert result == writing.get("u1", "/api/Order/10643")["data"]
    assert result["attributes"]["ShippedDate"] == "2024-05-31"
    after = writing.get("u1", "/api/Customer/ALFKI")["data"]["attributes"]
    assert after["Balance"] == before["Balance"] - result["attributes"]["AmountTotal"]  # rules ran
    shipped = writing.ask("u1", "POST", "/api/Order/10692/ship", json={}).get_json()["meta"]["result"]
    assert shipped["attributes"]["ShippedDate"] == dt.datetime.now(dt.UTC).date().isoformat()


def test_an_rpc_is_secured_like_everything_else(writing: Served) -> None:
    before = rows(writing)
    # Nancy sold 10258 and may read it; 10643 is hidden from her.
    for user, key, code in (("nancy", 10258, "RG110"), ("buyer", 10643, "RG102")):
        (error,) = writing.fault(403, user, "POST", f"/api/Order/{key}/ship", json=args())
        assert error["code"] == code
    writing.fault(404, "nancy", "POST", "/api/Order/10643/ship", json=args())
    writing.fault(404, "u1", "POST", "/api/Order/1/ship", json=args())
    writing.fault(404, "u1", "POST", "/api/Order/nonsense/ship", json=args())
    assert rows(writing) == before


@pytest.mark.parametrize(
    ("sent", "status", "pointer"),
    [
        ({"meta": []}, 400, "/meta/args"),
        ({"meta": {"args": []}}, 400, "/meta/args"),
        (args(shipped="soon"), 422, "/meta/args/shipped"),
        (args(shiped="2024-05-31"), 422, "/meta/args/shiped"),
    ],
)
def test_arguments_are_read_strictly(reading: Served, sent: Any, status: int, pointer: str) -> None:
    (error,) = reading.fault(status, "u1", "POST", "/api/Order/10643/ship", json=sent)
    assert error["source"] == {"pointer": pointer}


def test_the_samples_report_counts_what_its_reader_sees(reading: Served) -> None:
    def report(user: str) -> dict[str, int]:
        result = reading.get(user, "/api/reports/orders-by-country")["meta"]["result"]
        return {each["country"]: each["orders"] for each in result}

    assert report("s1") == {}
    assert report("u1")["Germany"] == 122
    assert sum(report("admin").values()) == 830
    reading.fault(403, "buyer", "GET", "/api/reports/orders-by-country")


@pytest.fixture
def custom(sample_engine: Engine, people: dict[str, Principal], tmp_path: Path) -> Served:
    """The sample with RPC of every kind."""

    def customize(api: Api) -> None:
        @api.rpc(Customer, on_row=False)
        def everybody(limit: int = 2) -> list[Customer]:
            """List some customers."""
            return list(web.session().scalars(select(Customer).order_by(Customer.Id).limit(limit)))

        @api.rpc(Customer, on_row=False)
        def smuggle() -> dict[str, Any]:
            """Return rows that a trusted session read."""
            with web.runtime().gate.trusted(reason="test") as session:
                found = session.get_one(Customer, "ALFKI"), session.get_one(Customer, "CTWTR")
                session.expunge_all()
            return {"one": found[0], "many": [*found], "none": None}

        @api.rpc(Customer, on_row=False)
        def echo(
            a: bool, b: int, c: float, d: Decimal, e: dt.date, f: dict[str, Any], g: list[int], h: str | None = None
        ) -> dict[str, Any]:
            """Return the arguments."""
            return {"a": a, "b": b, "c": c, "d": d, "e": e, "f": f, "g": tuple(g), "h": h}

        @api.rpc(Order)
        def move(order: Order, customer: str) -> int:
            """Give an order to another customer."""
            order.CustomerId = customer
            return order.Id

        @api.rpc(Customer)
        def unsaved(customer: Customer) -> Order:
            """Return what is not in the database."""
            customer.City = "Bonn"
            return Order()

        @api.rpc(Customer)
        def strange(customer: Customer) -> object:
            """Return what JSON has no form for."""
            customer.City = "Bonn"
            return [object()]

        @api.rpc(Customer, on_row=False)
        def invent() -> Customer:
            """Make a row."""
            made = Customer(Id="NEWCO", CompanyName="New", Client_id=1)
            web.session().add(made)
            return made

    return serve(sample_engine, policy, Base, people, tmp_path, customize=customize)


def call(served: Served, user: str, path: str, **given: Any) -> Any:
    """The result of an RPC."""
    response = served.ask(user, "POST", f"/api/{path}", json=args(**given))
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_json()["meta"]["result"]


def test_results_are_read_again_as_the_caller_sees_them(custom: Served) -> None:
    assert [each["id"] for each in call(custom, "u1", "Customer/everybody")] == ["ALFKI", "ANTO"]
    assert [each["id"] for each in call(custom, "s1", "Customer/everybody", limit=5)] == ["CTWTR"]
    told = call(custom, "s1", "Customer/smuggle")
    assert told["one"] is None
    assert [each["id"] for each in told["many"]] == ["CTWTR"]
    assert told["none"] is None
    assert call(custom, "u1", "Customer/smuggle")["one"]["id"] == "ALFKI"


def test_arguments_and_results_of_every_type(custom: Served) -> None:
    given = {"a": True, "b": 5, "c": 0.5, "d": 1.25, "e": "2024-05-31", "f": {"x": None}, "g": [1, 2], "h": "y"}
    assert call(custom, "u1", "Customer/echo", **given) == given
    errors = custom.fault(422, "u1", "POST", "/api/Customer/echo", json=args(a=1, b="5", z=1))
    assert [error["code"] for error in errors] == ["RG203", "RG203", "RG204", *["RG210"] * 5]


def test_a_change_of_an_rpc_is_checked(custom: Served) -> None:
    before = rows(custom)
    for target in ("ANATR", "NOPE"):
        (error,) = custom.fault(409, "u1", "POST", "/api/Order/10643/move", json=args(customer=target))
        assert (error["code"], error["detail"]) == ("RG107", "There is no such Customer to refer to.")
    assert rows(custom) == before
    assert call(custom, "u1", "Order/10643/move", customer="BOLID") == 10643


def test_a_result_that_cannot_be_sent_is_told_before_anything_is_written(custom: Served) -> None:
    before = rows(custom)
    for name in ("unsaved", "strange"):
        custom.fault(500, "u1", "POST", f"/api/Customer/ALFKI/{name}", json=args())
    custom.fault(406, "u1", "POST", "/api/Customer/invent", json=args(), headers={"Accept": "text/html"})
    assert rows(custom) == before
    assert call(custom, "u1", "Customer/invent")["id"] == "NEWCO"


def test_an_rpc_does_not_hide_a_row(custom: Served) -> None:
    custom.fault(404, "u1", "GET", "/api/Customer/everybody")


def declared(reading: Served) -> Api:
    """A second API over the same types, to declare on; its addresses are never served."""
    from flask import Flask

    from rowgate.api.service import Service

    service = Service(resources=api_resources(reading), settings=web.runtime(reading.app).settings)
    return Api(Flask("rowgate"), service)


def api_resources(served: Served) -> Any:
    """The types of an app."""
    from rowgate.api.resources import Resources

    return Resources(served.gate.bound.entities)


def test_what_cannot_be_an_rpc(reading: Served) -> None:
    api = declared(reading)

    def OrderList(customer: Customer) -> None: ...

    def odd(customer: Customer, other: Customer) -> None: ...

    def several(customer: Customer, value: int | str) -> None: ...

    def open_ended(customer: Customer, *values: int) -> None: ...

    def nothing() -> None: ...

    for function in (OrderList, odd, several, open_ended, nothing):
        with pytest.raises(DeclarationError):
            api.rpc(Customer)(function)
    with pytest.raises(DeclarationError):
        api.rpc(Principal)
