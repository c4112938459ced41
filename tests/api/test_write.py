"""POST, PATCH and DELETE: what is written, what is refused, and that a refusal writes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from database.models import Base, Customer, Employee, EmployeeAudit, Order, OrderDetail
from tests.api.conftest import Served


def body(kind: str, row_id: str | None = None, **attributes: Any) -> dict[str, Any]:
    """A document with one resource."""
    data: dict[str, Any] = {"type": kind, "attributes": attributes}
    if row_id is not None:
        data["id"] = row_id
    return {"data": data}


def linked(document: dict[str, Any], **to_one: tuple[str, str] | None) -> dict[str, Any]:
    """The document with linkage."""
    document["data"]["relationships"] = {
        name: {"data": None if link is None else {"type": link[0], "id": link[1]}} for name, link in to_one.items()
    }
    return document


def rows(served: Served) -> dict[str, list[tuple[Any, ...]]]:
    """Every row there is."""
    with served.gate.plain_engine.connect() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in Base.metadata.sorted_tables
        }


def count(served: Served, entity: type) -> int:
    with served.gate.trusted(reason="test") as session:
        return session.scalar(select(func.count()).select_from(entity)) or 0


# --- POST


def test_create_with_a_natural_key(writing: Served) -> None:
    sent = body("Customer", "NEWCO", CompanyName="New", CreditLimit=1234.56, Client_id=1)
    response = writing.ask("u1", "POST", "/api/Customer", json=sent)
    assert response.status_code == 201
    assert response.headers["Location"] == "/api/Customer/NEWCO"
    data = response.get_json()["data"]
    assert data["id"] == data["attributes"]["Id"] == "NEWCO"
    assert data["attributes"]["CreditLimit"] == 1234.56
    assert data["attributes"]["CreatedBy"] == "u1"
    assert writing.get("u1", "/api/Customer/NEWCO")["data"] == data


def test_create_with_the_key_among_the_attributes(writing: Served) -> None:
    sent = body("Customer", Id="NEWCO", CompanyName="New", Client_id=1)
    assert writing.ask("u1", "POST", "/api/Customer", json=sent).status_code == 201
    errors = writing.fault(409, "u1", "POST", "/api/Customer", json=body("Customer", "A", Id="B", Client_id=1))
    assert {error["source"]["pointer"] for error in errors} == {"/data/id", "/data/attributes/Id"}


def test_a_row_that_nobody_gives_its_key_is_refused_before_it_is_written(writing: Served) -> None:
    """SQLAlchemy would warn of it, and warnings are errors here."""
    keyless = body("EmployeeTerritory", EmployeeId=1, TerritoryId="01581")
    with writing.counting() as sent:
        (error,) = writing.fault(422, "admin", "POST", "/api/EmployeeTerritory", json=keyless)
    assert (error["code"], error["source"]["pointer"]) == ("RG210", "/data/attributes/Id")
    assert not [each for each in sent if each.startswith("INSERT")]
    both = [body("EmployeeTerritory", each, EmployeeId=1, TerritoryId="01581")["data"] for each in ("1/0", None)]
    (error,) = writing.fault(422, "admin", "POST", "/api/EmployeeTerritory", json={"data": both})
    assert error["source"]["pointer"] == "/data/1/attributes/Id"


def test_create_lets_rules_run(writing: Served) -> None:
    sent = linked(body("Order"), Customer=("Customer", "ALFKI"), Employee=("Employee", "1"), Shipper=None)
    order = writing.ask("u1", "POST", "/api/Order", json=sent).get_json()["data"]
    assert order["attributes"]["CustomerId"] == "ALFKI"
    assert order["attributes"]["EmployeeId"] == 1
    assert order["attributes"]["OrderDate"]
    detail = body("OrderDetail", OrderId=int(order["id"]), ProductId=1, Quantity=2)
    made = writing.ask("u1", "POST", "/api/OrderDetail?include=Order", json=detail).get_json()
    assert made["data"]["attributes"]["Amount"] == 36
    (included,) = made["included"]
    assert included["attributes"]["AmountTotal"] == 36
    assert included["attributes"]["OrderDetailCount"] == 1


def test_create_with_children(writing: Served) -> None:
    sent = body("Customer", "NEWCO", CompanyName="New", Client_id=1, CreditLimit=100_000)
    sent["data"]["relationships"] = {"OrderList": {"data": [{"type": "Order", "id": "10643"}]}}
    assert writing.ask("u1", "POST", "/api/Customer", json=sent).status_code == 201
    assert writing.ids("u1", "/api/Customer/NEWCO/OrderList") == ["10643"]


def test_an_id_that_exists_is_a_conflict_whoever_sees_it(reading: Served) -> None:
    before = rows(reading)
    for user, taken in (("u1", "ALFKI"), ("s1", "ALFKI"), ("s1", "CTWTR")):
        sent = body("Customer", taken, CompanyName="x", Client_id=reading.people[user].claims()["client_id"])
        sent["data"]["attributes"] |= {"ContactName": "Mike", "Region": "British Isles"}
        (error,) = reading.fault(409, user, "POST", "/api/Customer", json=sent)
        assert error["code"] == "RG209"
    assert rows(reading) == before


def test_an_id_is_refused_where_the_database_numbers_rows(writing: Served) -> None:
    for sent in (body("Order", "99999", CustomerId="ALFKI"), body("Order", Id=99999, CustomerId="ALFKI")):
        (error,) = writing.fault(403, "u1", "POST", "/api/Order", json=sent)
        assert error["code"] == "RG207"
    sent = body("Order", Id=None, CustomerId="ALFKI")
    assert writing.ask("u1", "POST", "/api/Order", json=sent).status_code == 201


def test_a_row_outside_of_ones_own_is_refused(reading: Served) -> None:
    before = rows(reading)
    sent = body("Customer", "NEWCO", CompanyName="x", ContactName="Mike", Client_id=1, Region="British Isles")
    (error,) = reading.fault(403, "s1", "POST", "/api/Customer", json=sent)
    assert error["code"] == "RG103"
    (error,) = reading.fault(403, "s1", "PATCH", "/api/Customer/CTWTR", json=body("Customer", "CTWTR", Client_id=1))
    assert error["code"] == "RG103"
    assert rows(reading) == before


def test_a_row_the_writer_may_not_see_is_answered_without_a_body(house: Served) -> None:
    sent = {"data": {"type": "Note", "attributes": {"text": "secret", "owner": "somebody else"}}}
    response = house.ask("clerk", "POST", "/api/Note", json=sent)
    assert (response.status_code, response.data) == (204, b"")
    assert "Location" not in response.headers
    assert house.get("chief", "/api/Note")["meta"]["total"] == 1


@pytest.mark.parametrize(
    ("attributes", "faults"),
    [
        ({"BirthDate": "yesterday"}, {"/data/attributes/BirthDate": "RG203"}),
        ({"BirthDate": "2024-02-30"}, {"/data/attributes/BirthDate": "RG203"}),
        ({"BirthDate": "20240230"}, {"/data/attributes/BirthDate": "RG203"}),
        ({"BirthDate": 5}, {"/data/attributes/BirthDate": "RG203"}),
        ({"Salary": "abc"}, {"/data/attributes/Salary": "RG203"}),
        ({"Salary": 1.234}, {"/data/attributes/Salary": "RG203"}),
        ({"Salary": 10**10}, {"/data/attributes/Salary": "RG203"}),
        ({"Salary": True}, {"/data/attributes/Salary": "RG203"}),
        ({"Salary": None}, {"/data/attributes/Salary": "RG203"}),
        ({"ReportsTo": "2"}, {"/data/attributes/ReportsTo": "RG203"}),
        ({"ReportsTo": 2**31}, {"/data/attributes/ReportsTo": "RG203"}),
        ({"ReportsTo": 1.5}, {"/data/attributes/ReportsTo": "RG203"}),
        ({"LastName": "x" * 61}, {"/data/attributes/LastName": "RG203"}),
        ({"LastName": "a\0b"}, {"/data/attributes/LastName": "RG203"}),
        ({"LastName": ["a"]}, {"/data/attributes/LastName": "RG203"}),
        ({"LstName": "a"}, {"/data/attributes/LstName": "RG204"}),
        ({"Manager": "a"}, {"/data/attributes/Manager": "RG204"}),
        (
            {"BirthDate": 1, "Nme": 2, "LastName": None},
            {
                "/data/attributes/BirthDate": "RG203",
                "/data/attributes/Nme": "RG204",
                "/data/attributes/LastName": "RG203",
            },
        ),
    ],
)
def test_values_are_parsed_strictly(reading: Served, attributes: dict[str, Any], faults: dict[str, str]) -> None:
    before = rows(reading)
    for method, path, row_id in (("POST", "/api/Employee", None), ("PATCH", "/api/Employee/1", "1")):
        errors = reading.fault(422, "admin", method, path, json=body("Employee", row_id, **attributes))
        assert {error["source"]["pointer"]: error["code"] for error in errors} == faults
    assert rows(reading) == before


def test_half_of_a_surrogate_pair_is_refused(reading: Served) -> None:
    text = '{"data":{"type":"Customer","id":"ALFKI","attributes":{"City":"\\ud800"}}}'
    (error,) = reading.fault(
        422, "u1", "PATCH", "/api/Customer/ALFKI", data=text, content_type="application/vnd.api+json"
    )
    assert error["source"] == {"pointer": "/data/attributes/City"}


def test_a_value_that_is_missing_is_told_by_its_attribute(reading: Served) -> None:
    (error,) = reading.fault(422, "u1", "POST", "/api/Customer", json=body("Customer", "NEWCO", Client_id=1))
    assert error["code"] == "RG210"
    assert error["source"] == {"pointer": "/data/attributes/CompanyName"}


@pytest.mark.parametrize("target", ["ANATR", "NOPE"])
def test_a_reference_to_a_hidden_row_is_one_to_a_missing_row(reading: Served, target: str) -> None:
    before = rows(reading)
    (error,) = reading.fault(409, "u1", "POST", "/api/Order", json=body("Order", CustomerId=target))
    assert error["code"] == "RG107"
    assert error["detail"] == "There is no such Customer to refer to."
    assert error["source"] == {"pointer": "/data/attributes/CustomerId"}
    sent = linked(body("Order"), Customer=("Customer", target))
    (error,) = reading.fault(409, "u1", "POST", "/api/Order", json=sent)
    assert error["detail"] == "There is no such Customer to refer to."
    assert error["source"] == {"pointer": "/data/relationships/Customer"}
    sent = body("Customer", "NEWCO", CompanyName="x", Client_id=1)
    sent["data"]["relationships"] = {"OrderList": {"data": [{"type": "Order", "id": "1"}]}}
    (error,) = reading.fault(409, "u1", "POST", "/api/Customer", json=sent)
    assert error["source"] == {"pointer": "/data/relationships/OrderList/data/0"}
    assert rows(reading) == before


def test_linkage_of_the_wrong_type_is_a_conflict(reading: Served) -> None:
    (error,) = reading.fault(409, "u1", "POST", "/api/Order", json=linked(body("Order"), Customer=("Employee", "1")))
    assert error["code"] == "RG206"
    assert error["source"] == {"pointer": "/data/relationships/Customer/data/type"}


def test_attribute_and_linkage_must_agree(writing: Served) -> None:
    sent = linked(body("Order", CustomerId="ALFKI"), Customer=("Customer", "ALFKI"))
    assert writing.ask("u1", "POST", "/api/Order", json=sent).status_code == 201
    sent = linked(body("Order", CustomerId="BOLID"), Customer=("Customer", "ALFKI"))
    errors = writing.fault(409, "u1", "POST", "/api/Order", json=sent)
    assert {error["source"]["pointer"] for error in errors} == {
        "/data/attributes/CustomerId",
        "/data/relationships/Customer",
    }


def test_a_derived_attribute_is_read_only(reading: Served) -> None:
    before = rows(reading)
    (error,) = reading.fault(403, "u1", "PATCH", "/api/Customer/ALFKI", json=body("Customer", "ALFKI", Balance=0))
    assert error["code"] == "RG104"
    assert error["source"] == {"pointer": "/data/attributes/Balance"}
    sent = body("Customer", "NEWCO", CompanyName="x", Client_id=1, Balance=-500)
    reading.fault(403, "u1", "POST", "/api/Customer", json=sent)
    assert rows(reading) == before


def test_what_cannot_be_answered_is_not_written(house: Served) -> None:
    sent = {"data": {"type": "Note", "attributes": {"text": "x", "owner": "writer"}}}
    (error,) = house.fault(403, "writer", "POST", "/api/Note?include=labels", json=sent)
    assert error["code"] == "RG102"
    house.fault(406, "chief", "POST", "/api/Note", json=sent, headers={"Accept": "text/html"})
    assert house.ids("chief", "/api/Note") == []


# --- PATCH


def test_change_one(writing: Served) -> None:
    response = writing.ask("u1", "PATCH", "/api/Customer/ALFKI", json=body("Customer", "ALFKI", City="Bonn"))
    assert response.status_code == 200
    data = response.get_json()["data"]
    assert data["attributes"]["City"] == "Bonn"
    assert data == writing.get("u1", "/api/Customer/ALFKI")["data"]


def test_a_full_save_of_what_was_read_changes_nothing(writing: Served) -> None:
    before = rows(writing)
    for path in ("Customer/ALFKI", "Order/10643", "Employee/5", "Product/1"):
        data = writing.get("u1", f"/api/{path}")["data"]
        assert writing.ask("u1", "PATCH", f"/api/{path}", json={"data": data}).status_code == 200
    assert rows(writing) == before


def test_the_id_does_not_change(reading: Served) -> None:
    for sent in (body("Customer", "OTHER"), body("Customer", "ALFKI", Id="OTHER"), body("Order", "ALFKI")):
        (error,) = reading.fault(409, "u1", "PATCH", "/api/Customer/ALFKI", json=sent)
        assert error["code"] == "RG206"


def test_a_change_of_a_hidden_row_is_one_of_a_missing_row(reading: Served) -> None:
    before = rows(reading)
    told = [
        reading.fault(404, "u1", method, f"/api/Customer/{row}", json=body("Customer", row, City="x"))[0]
        for method in ("PATCH", "DELETE")
        for row in ("ANATR", "NOPE")
    ]
    assert {(each["code"], each["title"], each["meta"]["hint"]) for each in told} == {
        ("RG105", "Not found", "Check the type and the id.")
    }
    assert rows(reading) == before


def test_an_unchanged_checksum_lets_a_change_through_and_is_answered_fresh(writing: Served) -> None:
    read = writing.get("u1", "/api/Customer/ALFKI")["data"]["attributes"]["S_CheckSum"]
    sent = body("Customer", "ALFKI", City="Bonn", S_CheckSum=read)
    fresh = writing.ask("u1", "PATCH", "/api/Customer/ALFKI", json=sent).get_json()["data"]["attributes"]
    assert fresh["S_CheckSum"] != read
    sent = body("Customer", "ALFKI", City="Ulm", S_CheckSum=fresh["S_CheckSum"])
    assert writing.ask("u1", "PATCH", "/api/Customer/ALFKI", json=sent).status_code == 200
    (error,) = writing.fault(409, "u1", "PATCH", "/api/Customer/ALFKI", json=sent)
    assert error["code"] == "RG208"
    assert error["meta"]["current"] == writing.get("u1", "/api/Customer/ALFKI")["data"]


def test_a_rules_own_change_makes_a_checksum_old(writing: Served) -> None:
    read = writing.get("u1", "/api/Customer/ALFKI")["data"]["attributes"]["S_CheckSum"]
    writing.ask("u1", "POST", "/api/Order", json=body("Order", CustomerId="ALFKI"))
    sent = body("Customer", "ALFKI", City="Bonn", S_CheckSum=read)
    writing.fault(409, "u1", "PATCH", "/api/Customer/ALFKI", json=sent)


def test_a_rules_refusal_says_why_to_those_who_see_the_rows(reading: Served) -> None:
    before = rows(reading)
    (error,) = reading.fault(422, "u1", "PATCH", "/api/Employee/1", json=body("Employee", "1", Salary=1_000_000))
    assert error["code"] == "RG401"
    assert error["detail"] == "a raise from 91000.00 to 1000000.00 is more than 20%"
    assert error["source"] == {"pointer": "/data/attributes/Salary"}
    assert rows(reading) == before


def test_a_rules_refusal_keeps_quiet_about_rows_that_are_hidden(reading: Served) -> None:
    # s1 sees the order but not its customer, whose balance and credit limit the rule's text quotes.
    order = reading.get("admin", "/api/Order?filter[CustomerId]=ALFKI&filter[ShippedDate][is_null]=true&page[limit]=1")
    (row,) = order["data"]
    sent = body("OrderDetail", OrderId=int(row["id"]), ProductId=1, Quantity=30_000)
    told = reading.fault(422, "u1", "POST", "/api/OrderDetail", json=sent)
    assert "exceeds credit" in told[0]["detail"]
    hushed = reading.fault(422, "s1", "POST", "/api/OrderDetail", json=sent)
    assert hushed[0]["code"] == "RG401"
    assert hushed[0]["detail"] == "A business rule refused this change."
    assert "source" not in hushed[0]


def test_a_raise_is_audited_within_the_same_transaction(writing: Served) -> None:
    before = count(writing, EmployeeAudit)
    response = writing.ask("u1", "PATCH", "/api/Employee/1", json=body("Employee", "1", Salary="92000.5"))
    assert response.get_json()["data"]["attributes"]["Salary"] == 92000.5
    assert count(writing, EmployeeAudit) == before + 1
    with writing.gate.trusted(reason="test") as session:
        assert session.get_one(Employee, 1).Salary == 92000.5


# --- DELETE


def test_delete_one(writing: Served) -> None:
    response = writing.ask("u1", "DELETE", "/api/OrderDetail/1040")
    assert response.status_code == 204
    assert response.data == b""
    writing.fault(404, "u1", "DELETE", "/api/OrderDetail/1040")


def test_delete_takes_along_what_belongs_to_it(writing: Served) -> None:
    details = count(writing, OrderDetail)
    assert writing.ask("u1", "DELETE", "/api/Order/10643").status_code == 204
    assert count(writing, OrderDetail) == details - 3


def test_a_row_that_others_refer_to_stays(reading: Served) -> None:
    before = count(reading, Customer)
    (error,) = reading.fault(409, "u1", "DELETE", "/api/Customer/ALFKI")
    assert error["code"] == "RG108"
    assert count(reading, Customer) == before


def test_a_verb_that_is_not_given_is_refused(reading: Served) -> None:
    for user, method, path in (
        ("s1", "DELETE", "/api/Customer/CTWTR"),
        ("r1", "DELETE", "/api/Order/10643"),
        ("p1", "POST", "/api/Customer"),
        ("nancy", "PATCH", "/api/Customer/ALFKI"),
        ("buyer", "POST", "/api/Order"),
    ):
        kind = path.split("/")[2]
        options = {} if method == "DELETE" else {"json": body(kind, "ALFKI" if method == "PATCH" else None, City="x")}
        (error,) = reading.fault(403, user, method, path, **options)
        assert error["code"] == "RG102", (user, method)


def test_one_transaction_a_request(reading: Served) -> None:
    before = rows(reading)
    sent = body("Customer", "NEWCO", CompanyName="x", Client_id=1)
    sent["data"]["relationships"] = {
        "OrderList": {"data": [{"type": "Order", "id": "10643"}, {"type": "Order", "id": "NOPE"}]}
    }
    reading.fault(409, "u1", "POST", "/api/Customer", json=sent)
    assert rows(reading) == before
    assert count(reading, Order) == len(before["Order"])


def test_an_empty_id_is_refused_since_its_row_would_have_no_address(writing: Served) -> None:
    body = {"data": {"type": "Customer", "id": "", "attributes": {"CompanyName": "Nameless"}}}
    (error,) = writing.fault(400, "admin", "POST", "/api/Customer", json=body)
    assert error["source"]["pointer"] == "/data/id"
