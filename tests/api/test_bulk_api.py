"""Lists of rows written with one request: all or none, as cheap as it can be, each judged as it would be alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import JSON_API, Served
from tests.api.test_write import body, rows


def many(*documents: dict[str, Any]) -> dict[str, Any]:
    return {"json": {"data": [each["data"] for each in documents]}}


def named(*ids: str, kind: str = "Customer") -> dict[str, Any]:
    return {"json": {"data": [{"type": kind, "id": each} for each in ids]}}


def new(*ids: str, **attributes: Any) -> dict[str, Any]:
    given = {"CompanyName": "New", "Client_id": 1, **attributes}
    return many(*(body("Customer", each, **given) for each in ids))


@pytest.fixture
def mine(writing: Served) -> list[str]:
    """Five customers that u1 sees."""
    return writing.ids("u1", "/api/Customer?page[limit]=5")


@pytest.fixture
def two(reading: Served) -> list[str]:
    """Two customers that u1 sees."""
    return reading.ids("u1", "/api/Customer?page[limit]=2")


def test_rows_are_changed_and_answered_in_the_order_of_the_list(writing: Served, mine: list[str]) -> None:
    order = mine[::-1]
    response = writing.ask(
        "u1", "PATCH", "/api/Customer", **many(*(body("Customer", each, City=f"City {each}") for each in order))
    )
    assert response.status_code == 200
    data = response.get_json()["data"]
    assert [(each["id"], each["attributes"]["City"]) for each in data] == [(each, f"City {each}") for each in order]
    for each in data:
        assert writing.get("u1", f"/api/Customer/{each['id']}")["data"] == each


def test_rows_are_created_and_deleted(writing: Served) -> None:
    before = rows(writing)
    made = writing.ask("u1", "POST", "/api/Customer", **new("NEW1", "NEW2"))
    assert made.status_code == 201
    assert [each["id"] for each in made.get_json()["data"]] == ["NEW1", "NEW2"]
    assert writing.ask("u1", "DELETE", "/api/Customer", **named("NEW2", "NEW1")).status_code == 204
    after = rows(writing)
    assert {name: after[name] for name in after if "udit" not in name} == {
        name: before[name] for name in before if "udit" not in name
    }


def test_rules_run_for_every_row(writing: Served) -> None:
    order = body("Order")
    order["data"]["relationships"] = {"Customer": {"data": {"type": "Customer", "id": "ALFKI"}}}
    order_id = writing.ask("u1", "POST", "/api/Order", json=order).get_json()["data"]["id"]
    details = [body("OrderDetail", OrderId=int(order_id), ProductId=number, Quantity=2) for number in (1, 2, 3)]
    made = writing.ask("u1", "POST", "/api/OrderDetail", **many(*details)).get_json()["data"]
    total = sum(each["attributes"]["Amount"] for each in made)
    assert total > 0
    assert writing.get("u1", f"/api/Order/{order_id}")["data"]["attributes"]["AmountTotal"] == total
    ids = [each["id"] for each in made[:2]]
    assert writing.ask("u1", "DELETE", "/api/OrderDetail", **named(*ids, kind="OrderDetail")).status_code == 204
    left = writing.get("u1", f"/api/Order/{order_id}")["data"]["attributes"]
    assert (left["AmountTotal"], left["OrderDetailCount"]) == (made[2]["attributes"]["Amount"], 1)


@pytest.mark.parametrize(
    ("refused", "status", "code", "pointer"),
    [
        (body("Customer", "CTWTR", City="X"), 404, "RG105", "/data/1"),
        (body("Customer", "NOPE", City="X"), 404, "RG105", "/data/1"),
        (body("Customer", "{other}", Balance=1), 403, "RG104", "/data/1/attributes/Balance"),
        (body("Customer", "{other}", City=7), 422, "RG203", "/data/1/attributes/City"),
        (body("Customer", "{other}", City="X", S_CheckSum="old"), 409, "RG208", "/data/1/attributes/S_CheckSum"),
        (body("Customer", "{other}", Id="OTHER"), 409, "RG206", "/data/1/attributes/Id"),
        (body("Customer", "ALFKI", City="X"), 400, "RG202", "/data/1/id"),
        (body("Customer", City="X"), 400, "RG202", "/data/1"),
        (body("Order", "{other}", City="X"), 409, "RG206", "/data/1/type"),
    ],
)
def test_one_row_that_is_refused_keeps_all_from_being_written(
    reading: Served, two: list[str], refused: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    other = next(each for each in two if each != "ALFKI")
    if refused["data"].get("id") == "{other}":
        refused = {"data": {**refused["data"], "id": other}}
    before = rows(reading)
    documents = (body("Customer", "ALFKI", City="Never"), refused)
    (error,) = reading.fault(status, "u1", "PATCH", "/api/Customer", **many(*documents))
    assert (error["code"], error["source"]["pointer"]) == (code, pointer)
    if code == "RG208":
        assert error["meta"]["current"] == reading.get("u1", f"/api/Customer/{other}")["data"]
    assert rows(reading) == before


def test_an_error_of_the_list_points_to_the_list_where_two_rows_may_be_meant(reading: Served, two: list[str]) -> None:
    documents = [body("Customer", each, Balance=1) for each in two[:2]]
    (error,) = reading.fault(403, "u1", "PATCH", "/api/Customer", **many(*documents))
    assert (error["code"], error["source"]["pointer"]) == ("RG104", "/data")


def test_every_fault_of_every_row_is_told_at_once(reading: Served) -> None:
    errors = reading.fault(
        422,
        "u1",
        "PATCH",
        "/api/Customer",
        **many(body("Customer", "ALFKI", City=1, Nope=2), body("Customer", "X", CreditLimit="y")),
    )
    assert [error["source"]["pointer"] for error in errors] == [
        "/data/0/attributes/City",
        "/data/0/attributes/Nope",
        "/data/1/attributes/CreditLimit",
    ]
    missing = reading.fault(404, "u1", "DELETE", "/api/Customer", **named("NOPE", "ALFKI", "CTWTR"))
    assert [error["source"]["pointer"] for error in missing] == ["/data/0", "/data/2"]


def test_hidden_and_missing_rows_answer_alike(reading: Served) -> None:
    for method, path in (("PATCH", "/api/Customer"), ("DELETE", "/api/Customer")):
        answers = []
        for row_id in ("CTWTR", "CTWTX"):
            options = named("ALFKI", row_id)
            answers.append(reading.ask("u1", method, path, headers={"X-Request-Id": "same"}, **options))
        assert answers[0].status_code == 404
        assert answers[0].data == answers[1].data


def test_a_row_that_still_has_others_is_told_and_nothing_is_deleted(writing: Served) -> None:
    writing.ask("u1", "POST", "/api/Customer", **new("NEW1"))
    before = rows(writing)
    (error,) = writing.fault(409, "u1", "DELETE", "/api/Customer", **named("NEW1", "ALFKI"))
    assert error["source"]["pointer"] == "/data"
    assert rows(writing) == before


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_document_without_a_list(reading: Served, method: str) -> None:
    for document in ({}, {"data": []}, {"data": {"type": "Customer", "id": "ALFKI"}}, {"data": [7]}):
        reading.fault(400, "u1", method, "/api/Customer", json=document)
    reading.fault(415, "u1", method, "/api/Customer")
    (error,) = reading.fault(400, "u1", method, "/api/Customer", **named(*["ALFKI"] * 501))
    assert "500" in error["detail"]


def test_a_condition_cannot_be_met_by_a_list(reading: Served) -> None:
    for method in ("PATCH", "DELETE"):
        reading.fault(412, "u1", method, "/api/Customer", headers={"If-Match": "*"}, **named("ALFKI"))


def test_verbs_and_rows_are_those_of_single_requests(reading: Served) -> None:
    for user in ("s1", "buyer"):
        for method, path, options in (
            ("DELETE", "/api/Region", named("1", kind="Region")),
            ("POST", "/api/Employee", many(body("Employee", "77", LastName="X"))),
        ):
            single = f"{path}/1" if method == "DELETE" else path
            one = {"json": {"data": options["json"]["data"][0]}} if method == "POST" else {}
            expected = reading.ask(user, method, single, **one).status_code
            assert expected >= 400
            assert reading.ask(user, method, path, **options).status_code == expected


@pytest.mark.parametrize(("method", "kind"), [("PATCH", "Label"), ("DELETE", "Kinds")])
def test_statements_do_not_grow_with_the_rows(house: Served, method: str, kind: str) -> None:
    """Where no rule and no many-to-many relationship looks at each row."""
    counts = set()
    for number in (2, 20):
        given = [
            body("Label", f"{number}-{each}", rank=1) if kind == "Label" else body("Kinds", flag=True)
            for each in range(number)
        ]
        made = house.ask("chief", "POST", f"/api/{kind}", **many(*given))
        assert made.status_code == 201
        ids = [each["id"] for each in made.get_json()["data"]]
        options = (
            named(*ids, kind=kind)
            if method == "DELETE"
            else many(*(body("Label", each, rank=index + 2) for index, each in enumerate(ids)))
        )
        with house.counting() as sent:
            response = house.ask("chief", method, f"/api/{kind}", **options)
        assert response.status_code in (200, 204), response.get_data(as_text=True)
        counts.add(len(sent))
    assert len(counts) == 1, counts


def test_the_answer_takes_fields_and_no_includes(writing: Served) -> None:
    path = "/api/Customer?fields[Customer]=City"
    sent = many(body("Customer", "ALFKI", City="X"))
    response = writing.ask("u1", "PATCH", path, **sent)
    assert response.mimetype == JSON_API
    assert response.get_json()["data"][0]["attributes"] == {"City": "X"}
    writing.fault(400, "u1", "PATCH", "/api/Customer?include=OrderList", **sent)
    writing.fault(400, "u1", "POST", "/api/Customer?include=OrderList", **new("NEW1"))
    writing.fault(404, "u1", "GET", "/api/Customer/NEW1")
