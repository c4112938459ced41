"""Idempotency-Key: done once, whatever is sent how often, and never a way to rows that are hidden."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select, update

from database.models import Base, Customer, Order
from rowgate.api.idempotency import KEYS, create_keys
from rowgate.databases import make_engine
from rowgate.errors import SettingRefused
from rowgate.logic import RuleSet
from rowgate.types import Principal
from security.declare_security import policy
from tests.api.conftest import Served, serve
from tests.api.test_operations import ATOMIC, add
from tests.api.test_write import body, count, rows

KEY = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}
ORDER = body("Order", CustomerId="ALFKI", Freight=1)


def post(served: Served, user: str, document: Any, path: str = "/api/Order", **headers: str) -> Any:
    return served.ask(user, "POST", path, json=document, headers={**KEY, **headers})


def test_the_same_request_writes_once_and_is_answered_alike(writing: Served) -> None:
    before = count(writing, Order)
    first = post(writing, "u1", ORDER)
    assert first.status_code == 201
    again = post(writing, "u1", ORDER)
    assert (again.status_code, again.data) == (201, first.data)
    for header in ("Location", "ETag"):
        assert again.headers[header] == first.headers[header]
    bare = post(writing, "u1", ORDER, **{"Idempotency-Key": KEY["Idempotency-Key"].strip('"')})
    assert bare.data == first.data
    assert count(writing, Order) == before + 1
    other = post(writing, "u1", ORDER, **{"Idempotency-Key": '"another"'})
    assert other.get_json()["data"]["id"] != first.get_json()["data"]["id"]
    assert count(writing, Order) == before + 2


def test_a_natural_key_is_no_conflict_the_second_time(writing: Served) -> None:
    new = body("Customer", "NEWCO", CompanyName="New", Client_id=1)
    answers = [post(writing, "u1", new, "/api/Customer") for _ in range(3)]
    assert [each.status_code for each in answers] == [201] * 3
    writing.fault(409, "u1", "POST", "/api/Customer", json=new)


def test_lists_and_operations_are_done_once(writing: Served) -> None:
    before = count(writing, Customer)
    for _ in range(2):
        made = {"data": [body("Customer", each, CompanyName="N", Client_id=1)["data"] for each in ("NEW1", "NEW2")]}
        listed = post(writing, "u1", made, "/api/Customer")
        assert [each["id"] for each in listed.get_json()["data"]] == ["NEW1", "NEW2"]
        response = writing.ask(
            "u1",
            "POST",
            "/api/operations",
            json={
                "atomic:operations": [
                    add("Customer", "NEW3", CompanyName="N", Client_id=1),
                    {"op": "remove", "ref": {"type": "Customer", "id": "NEW3"}},
                    add("Customer", "NEW4", CompanyName="N", Client_id=1),
                ]
            },
            content_type=ATOMIC,
            headers={"Idempotency-Key": "batch"},
        )
        third, gone, fourth = response.get_json()["atomic:results"]
        assert (third, gone, fourth["data"]["id"]) == ({}, {}, "NEW4")
    assert count(writing, Customer) == before + 3


@pytest.mark.parametrize("other", ["body", "address", "query"])
def test_a_key_stands_for_one_request(writing: Served, other: str) -> None:
    post(writing, "u1", ORDER)
    before = rows(writing)
    document = body("Order", CustomerId="ALFKI", Freight=2) if other == "body" else ORDER
    path = {"address": "/api/OrderDetail", "query": "/api/Order?include=Customer"}.get(other, "/api/Order")
    if other == "address":
        document = body("OrderDetail", OrderId=10643, ProductId=1, Quantity=1)
    (error,) = writing.fault(422, "u1", "POST", path, json=document, headers=KEY)
    assert (error["code"], error["source"]) == ("RG223", {"header": "Idempotency-Key"})
    assert rows(writing) == before


def test_what_was_refused_keeps_no_key(writing: Served) -> None:
    for status, refused in (
        (409, body("Order", CustomerId="NOPE")),
        (422, body("Order", CustomerId="ALFKI", Freight="x")),
        (403, body("Order", CustomerId="ALFKI", AmountTotal=5)),
    ):
        for _ in range(2):
            writing.fault(status, "u1", "POST", "/api/Order", json=refused, headers=KEY)
    assert kept(writing) == 0
    assert post(writing, "u1", ORDER).status_code == 201
    assert kept(writing) == 1


def kept(served: Served) -> int:
    with served.gate.plain_engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(KEYS)) or 0


# --- attacks


def test_a_key_of_somebody_else_is_just_a_key(writing: Served) -> None:
    first = post(writing, "u1", ORDER)
    document = body("Order", CustomerId="CTWTR")
    made = post(writing, "admin", document)
    assert made.status_code == 201
    assert made.get_json()["data"]["id"] != first.get_json()["data"]["id"]
    # Nor does an answer tell whether somebody has used it.
    assert writing.fault(409, "u1", "POST", "/api/Order", json=document, headers={"Idempotency-Key": "fresh"})


def test_a_row_that_is_hidden_meanwhile_is_not_shown_again(writing: Served) -> None:
    new = body("Customer", "NEWCO", CompanyName="Secret later", Client_id=1)
    assert post(writing, "u1", new, "/api/Customer").status_code == 201
    with writing.gate.plain_engine.begin() as connection:
        connection.execute(update(Customer).where(Customer.Id == "NEWCO").values(Client_id=2, City="Elsewhere"))
    again = post(writing, "u1", new, "/api/Customer")
    assert (again.status_code, again.data) == (204, b"")
    assert "Location" not in again.headers


def test_what_is_kept_holds_no_value_and_no_name(writing: Served) -> None:
    post(writing, "u1", body("Customer", "NEWCO", CompanyName="Acme", Client_id=1), "/api/Customer")
    with writing.gate.plain_engine.connect() as connection:
        (row,) = connection.execute(select(KEYS)).all()
    assert row.written == '[["Customer", "NEWCO"]]'
    for value in ("Acme", "u1", "8e03978e"):
        assert value not in str(tuple(row))


@pytest.mark.parametrize("sent", ["", '""', '"a b"', "a b", "x" * 256, '"open', "gr\u00fcn", 'a"b'])
def test_what_is_no_key(reading: Served, sent: str) -> None:
    header = {"Idempotency-Key": sent}
    (error,) = reading.fault(400, "u1", "POST", "/api/Order", json=ORDER, headers=header)
    assert error["code"] == "RG222"


def test_an_address_that_keeps_none_says_so(reading: Served) -> None:
    paths = [
        each
        for each in reading.app.url_map.iter_rules()
        if each.endpoint.startswith("api:") and "POST" in (each.methods or ())
    ]
    rpc = next(each.rule for each in paths if "<" not in each.rule and each.rule.count("/") == 3)
    reading.fault(400, "admin", "POST", rpc, json={"meta": {"args": {}}}, headers=KEY)


def test_keys_expire(writing: Served) -> None:
    first = post(writing, "u1", ORDER)
    with writing.gate.plain_engine.begin() as connection:
        connection.execute(update(KEYS).values(expires_at=KEYS.c.expires_at - 24 * 3600 - 1))
    second = post(writing, "u1", ORDER)
    assert second.get_json()["data"]["id"] != first.get_json()["data"]["id"]
    assert kept(writing) == 1
    third = post(writing, "u1", ORDER)
    assert third.data == second.data


def test_without_hours_keys_are_refused_and_there_is_no_table(
    sample_engine: Engine, people: dict[str, Principal], rules: RuleSet, tmp_path: Path
) -> None:
    served = serve(sample_engine, policy, Base, people, tmp_path, rules=rules, idempotency_hours=0)
    served.fault(400, "u1", "POST", "/api/Order", json=ORDER, headers=KEY)
    assert served.ask("u1", "POST", "/api/Order", json=ORDER).status_code == 201


def test_requests_at_once_write_once(writing: Served) -> None:
    before = count(writing, Order)
    start = Barrier(4)

    def send(_: int) -> tuple[int, bytes]:
        start.wait()
        response = post(writing, "u1", ORDER)
        return response.status_code, response.data

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(4)))
    assert {status for status, _ in answers} == {201}
    assert len({data for _, data in answers}) == 1
    assert count(writing, Order) == before + 1


def test_a_database_that_takes_no_table_is_told_at_start(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/empty.sqlite")
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA query_only=ON"))
    with pytest.raises(SettingRefused, match="rowgate_idempotency_keys") as caught:
        create_keys(engine)
    assert "CREATE TABLE rowgate_idempotency_keys" in caught.value.advice
    engine.dispose()
