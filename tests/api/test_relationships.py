"""Relationship writes at both of their addresses: linkage replaced, added and taken out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Served
from tests.api.test_write import rows

BOTH_FORMS = pytest.mark.parametrize("form", ["/", "/relationships/"])


def link(kind: str, *ids: str) -> dict[str, Any]:
    """Linkage to many."""
    return {"data": [{"type": kind, "id": each} for each in ids]}


def one(kind: str, row_id: str) -> dict[str, Any]:
    """Linkage to one."""
    return {"data": {"type": kind, "id": row_id}}


@BOTH_FORMS
def test_replace_a_to_one(writing: Served, form: str) -> None:
    path = f"/api/Order/10643{form}"
    assert writing.ask("u1", "PATCH", f"{path}Employee", json=one("Employee", "3")).status_code == 204
    assert writing.get("u1", f"{path}Employee")["data"]["id"] == "3"
    assert writing.ask("u1", "PATCH", f"{path}Employee", json={"data": None}).status_code == 204
    assert writing.get("u1", f"{path}Employee")["data"] is None


@BOTH_FORMS
def test_rules_run_for_relationship_writes(writing: Served, form: str) -> None:
    before = {each: writing.get("u1", f"/api/Customer/{each}")["data"]["attributes"] for each in ("ALFKI", "BLAUS")}
    assert writing.ask("u1", "PATCH", f"/api/Order/10643{form}Customer", json=one("Customer", "BLAUS")).status_code in (
        204,
        422,
    )
    now = {each: writing.get("u1", f"/api/Customer/{each}")["data"]["attributes"] for each in ("ALFKI", "BLAUS")}
    moved = writing.get("u1", "/api/Order/10643")["data"]["attributes"]["CustomerId"] == "BLAUS"
    assert now["BLAUS"]["OrderCount"] == before["BLAUS"]["OrderCount"] + moved
    assert now["ALFKI"]["OrderCount"] == before["ALFKI"]["OrderCount"] - moved


@BOTH_FORMS
def test_add_to_many(writing: Served, form: str) -> None:
    path = f"/api/Employee/5{form}OrderList"
    before = set(writing.ids("u1", path))
    assert "10643" not in before
    for _ in range(2):  # adding what is there already changes nothing
        assert writing.ask("u1", "POST", path, json=link("Order", "10643", "10643")).status_code == 204
        assert set(writing.ids("u1", path)) == before | {"10643"}


@BOTH_FORMS
def test_take_out_of_many(writing: Served, form: str) -> None:
    path = f"/api/Employee/6{form}OrderList"
    before = set(writing.ids("u1", path))
    assert "10643" in before
    sent = link("Order", "10643", "1", "nonsense")  # what is not in it, is hidden or is missing is left out alike
    assert writing.ask("u1", "DELETE", path, json=sent).status_code == 204
    assert set(writing.ids("u1", path)) == before - {"10643"}
    assert writing.get("u1", "/api/Order/10643/Employee")["data"] is None


@BOTH_FORMS
def test_replace_many(writing: Served, form: str) -> None:
    path = f"/api/Employee/5{form}OrderList"
    assert writing.ask("u1", "PATCH", path, json=link("Order", "10643", "10692")).status_code == 204
    assert set(writing.ids("u1", path)) == {"10643", "10692"}
    assert writing.ask("u1", "PATCH", path, json={"data": []}).status_code == 204
    assert writing.ids("u1", path) == []


@BOTH_FORMS
def test_members_that_belong_to_their_owner_are_deleted(writing: Served, form: str) -> None:
    path = f"/api/Order/10643{form}OrderDetailList"
    assert writing.ask("u1", "DELETE", path, json=link("OrderDetail", "1040")).status_code == 204
    writing.fault(404, "u1", "GET", "/api/OrderDetail/1040")
    assert writing.get("u1", "/api/Order/10643")["data"]["attributes"]["OrderDetailCount"] == 2


@BOTH_FORMS
def test_members_that_must_belong_to_one_stay(reading: Served, form: str) -> None:
    before = rows(reading)
    for method, sent in (("DELETE", link("Order", "10643")), ("PATCH", link("Order"))):
        (error,) = reading.fault(422, "u1", method, f"/api/Customer/ALFKI{form}OrderList", json=sent)
        assert error["code"] == "RG210"
        assert error["source"] == {"pointer": "/data"}
    (error,) = reading.fault(422, "u1", "PATCH", f"/api/Order/10643{form}Customer", json={"data": None})
    assert error["source"] == {"pointer": "/data"}
    assert rows(reading) == before


@BOTH_FORMS
@pytest.mark.parametrize("target", ["ANATR", "NOPE"])
def test_a_hidden_target_is_a_missing_one(reading: Served, form: str, target: str) -> None:
    before = rows(reading)
    (error,) = reading.fault(409, "u1", "PATCH", f"/api/Order/10643{form}Customer", json=one("Customer", target))
    assert (error["code"], error["detail"]) == ("RG107", "There is no such Customer to refer to.")
    assert error["source"] == {"pointer": "/data"}
    assert rows(reading) == before


@BOTH_FORMS
def test_a_hidden_owner_is_a_missing_one(reading: Served, form: str) -> None:
    before = rows(reading)
    told = []
    for owner in ("ANATR", "NOPE"):
        for method in ("POST", "PATCH", "DELETE"):
            (error,) = reading.fault(
                404, "u1", method, f"/api/Customer/{owner}{form}OrderList", json=link("Order", "10643")
            )
            told.append(error["detail"].replace(owner, "X"))
    assert len(set(told)) == 1
    assert rows(reading) == before


def test_hidden_members_outlive_a_replacement(writing: Served) -> None:
    # s1 may see some employees only; the others that report to 2 must go on doing so.
    admin = set(writing.ids("admin", "/api/Employee/2/DirectReportList"))
    seen = set(writing.ids("s1", "/api/Employee?filter[ReportsTo]=2"))
    assert admin - seen
    response = writing.ask("s1", "PATCH", "/api/Employee/2/DirectReportList", json=link("Employee"))
    left = set(writing.ids("admin", "/api/Employee/2/DirectReportList"))
    assert left >= admin - seen
    assert response.status_code in (204, 403, 404)


@pytest.mark.parametrize(
    ("sent", "status", "pointer"),
    [
        ({}, 400, ""),
        ({"data": {}}, 400, "/data"),
        ({"data": None}, 400, "/data"),
        ({"data": [1]}, 400, "/data/0"),
        ({"data": [{"type": "Order"}]}, 400, "/data/0"),
        ({"data": [{"id": "10643"}]}, 400, "/data/0"),
        ({"data": [{"type": "Order", "id": ["x"]}]}, 400, "/data/0/id"),
        ({"data": [{"type": "Customer", "id": "ALFKI"}]}, 409, "/data/0/type"),
    ],
)
def test_linkage_is_read_strictly(reading: Served, sent: Any, status: int, pointer: str) -> None:
    (error,) = reading.fault(status, "u1", "PATCH", "/api/Employee/5/OrderList", json=sent)
    assert error["source"] == {"pointer": pointer}


def test_a_to_one_relationship_takes_no_list_and_no_post(reading: Served) -> None:
    reading.fault(400, "u1", "PATCH", "/api/Order/10643/Customer", json=link("Customer", "ALFKI"))
    for method in ("POST", "DELETE"):
        response = reading.ask("u1", method, "/api/Order/10643/Customer", json=one("Customer", "ALFKI"))
        assert response.status_code == 405
        assert "PATCH" in response.headers["Allow"]
