"""Lists, single resources, related resources and linkage: what is there, and what must not be."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from database.load import SAMPLE
from tests.api.conftest import Served

COUNTS = {
    "Customer": {"s1": 1, "u1": 89, "r1": 89, "u2": 3, "sam": 3, "p1": 2, "ALFKI": 1, "admin": 95},
    "Category": {"s1": 3, "u2": 3, "p1": 3, "u1": 1, "r1": 1, "ALFKI": 1, "admin": 8},
    "Department": {"s1": 7, "u1": 7, "u2": 8, "sam": 8},
    "Product?filter[Discontinued]=true": {"s1": 0, "u1": 0, "u2": 8},
    "Employee": {"s1": 4, "admin": 11},
}


def test_everybody_sees_their_own_rows(reading: Served) -> None:
    for kind, counts in COUNTS.items():
        for user, count in counts.items():
            document = reading.get(user, f"/api/{kind}")
            assert len(document["data"]) == count, (kind, user)
            assert document["meta"] == {"limit": 250, "count": count, "total": count}


def test_a_list_is_a_whole_document(reading: Served) -> None:
    document = reading.get("s1", "/api/Customer")
    assert list(document) == ["jsonapi", "data", "links", "meta"]
    assert document["jsonapi"] == {"version": "1.1"}
    (customer,) = document["data"]
    assert customer["type"] == "Customer"
    assert customer["id"] == customer["attributes"]["Id"] == "CTWTR"
    assert customer["links"] == {"self": "/api/Customer/CTWTR"}
    assert customer["relationships"] == {
        "OrderList": {
            "links": {
                "self": "/api/Customer/CTWTR/relationships/OrderList",
                "related": "/api/Customer/CTWTR/OrderList",
            }
        }
    }


def test_the_slash_at_the_end_does_not_matter(reading: Served) -> None:
    for path in ("Customer", "Customer/CTWTR", "Customer/CTWTR/OrderList", "Customer/CTWTR/relationships/OrderList"):
        assert reading.get("s1", f"/api/{path}")["data"] == reading.get("s1", f"/api/{path}/")["data"]


def test_attributes_have_the_types_of_json(reading: Served) -> None:
    order = reading.get("u1", "/api/Order/10643")["data"]["attributes"]
    assert order["Id"] == 10643
    assert order["OrderDate"] == "2013-08-25"
    assert order["Ready"] is True
    assert order["ShippedDate"] is None
    text = reading.ask("u1", "GET", "/api/Order/10643?fields[Order]=Freight").get_data(as_text=True)
    assert '"Freight":29.46}' in text  # the number's own digits, on every database


def same_body(reading: Served, user: str, method: str, one: str, other: str, name: str, **options: Any) -> None:
    """Two ids are answered in the same words."""
    hidden = reading.ask(user, method, one, **options)
    missing = reading.ask(user, method, other, **options)
    assert hidden.status_code == missing.status_code

    def told(response: Any, id_of: str) -> str:
        text = str(response.get_data(as_text=True))
        return text.replace(response.headers["X-Request-Id"], "").replace(id_of, "X")

    assert told(hidden, name) == told(missing, "NOPE")
    assert {key for key, _ in hidden.headers} == {key for key, _ in missing.headers}


@pytest.mark.parametrize(
    "path", ["", "/OrderList", "/relationships/OrderList", "?include=OrderList", "?fields[Customer]=Id"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_a_hidden_row_answers_as_a_missing_one(reading: Served, path: str, method: str) -> None:
    same_body(reading, "s1", method, f"/api/Customer/ALFKI{path}", f"/api/Customer/NOPE{path}", "ALFKI")


def test_options_looks_nothing_up(reading: Served) -> None:
    with reading.counting() as sent:
        hidden = reading.ask("s1", "OPTIONS", "/api/Customer/ALFKI")
        shown = reading.ask("s1", "OPTIONS", "/api/Customer/CTWTR")
    assert sent == []
    assert hidden.headers["Allow"] == shown.headers["Allow"]
    assert hidden.data == shown.data == b""


def test_head_is_get_without_a_body(reading: Served) -> None:
    for path in ("/api/Customer", "/api/Customer/CTWTR"):
        head, get = reading.ask("s1", "HEAD", path), reading.ask("s1", "GET", path)
        assert head.data == b""
        assert head.status_code == get.status_code == 200
        assert head.headers["Content-Length"] == get.headers["Content-Length"]


def test_included_rows_are_filtered_at_every_depth(reading: Served) -> None:
    document = reading.get("s1", "/api/Order?include=Customer,OrderDetailList.Product&page[limit]=1000")
    customers = {each["id"] for each in document["included"] if each["type"] == "Customer"}
    assert customers <= {"CTWTR"}
    products = {each["id"] for each in document["included"] if each["type"] == "Product"}
    with (SAMPLE / "Product.csv").open(encoding="utf-8", newline="") as file:
        hidden = {row["Id"] for row in csv.DictReader(file) if row["Discontinued"] == "1"}
    assert products
    assert not products & hidden
    for order in document["data"]:
        linked = order["relationships"]["Customer"]["data"]
        assert linked is None or linked["id"] == "CTWTR"
    for detail in (each for each in document["included"] if each["type"] == "OrderDetail"):
        linked = detail["relationships"]["Product"]["data"]
        assert linked is None or linked["id"] in products


def test_linkage_and_included_agree(reading: Served) -> None:
    document = reading.get("u1", "/api/Customer/ALFKI?include=OrderList.OrderDetailList")
    included = {(each["type"], each["id"]) for each in document["included"]}
    assert len(included) == len(document["included"])
    linked = {
        (each["type"], each["id"])
        for resource in [document["data"], *document["included"]]
        for relation in resource["relationships"].values()
        for each in relation.get("data") or []
    }
    assert linked == included
    assert len(document["data"]["relationships"]["OrderList"]["data"]) == 6


def test_linkage_that_was_not_loaded_is_left_out(reading: Served) -> None:
    order = reading.get("u1", "/api/Order/10643")["data"]
    assert all("data" not in each for each in order["relationships"].values())


def test_a_resource_of_the_primary_data_is_not_included_again(reading: Served) -> None:
    document = reading.get("admin", "/api/Employee?include=Manager,DirectReportList")
    assert document["included"] == []
    managers = [each["relationships"]["Manager"]["data"] for each in document["data"]]
    assert None in managers
    assert any(managers)


def test_nothing_to_include_is_an_empty_list(reading: Served) -> None:
    document = reading.get("s1", "/api/Customer?include=OrderList")
    assert document["included"] == []
    assert document["data"][0]["relationships"]["OrderList"]["data"] == []


def test_an_empty_to_one_is_null(reading: Served) -> None:
    document = reading.get("u1", "/api/Department/1/ParentDepartment")
    assert document["data"] is None
    linkage = reading.get("u1", "/api/Department/1/relationships/ParentDepartment")
    assert linkage["data"] is None


def test_a_hidden_to_one_is_null_too(reading: Served) -> None:
    (order,) = reading.get("admin", "/api/Customer/ALFKI/OrderList?page[limit]=1")["data"]
    for path in (f"/api/Order/{order['id']}/Customer", f"/api/Order/{order['id']}/relationships/Customer"):
        response = reading.ask("s1", "GET", path)
        assert response.get_json()["data"] is None
    assert reading.get("u1", f"/api/Order/{order['id']}/Customer")["data"]["id"] == "ALFKI"


def test_related_rows_take_the_whole_query_language(reading: Served) -> None:
    path = "/api/Customer/ALFKI/OrderList"
    assert reading.get("u1", path)["meta"]["total"] == 6
    ids = reading.ids("u1", f"{path}?sort=-Id&page[limit]=2&filter[Freight][ge]=10")
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 2
    document = reading.get("u1", f"{path}?include=Customer&fields[Customer]=CompanyName")
    assert [each["attributes"] for each in document["included"]] == [{"CompanyName": "Alfreds Futterkiste"}]
    assert document["links"]["first"].startswith("/api/Customer/ALFKI/OrderList?")


def test_a_relationship_to_the_own_type(reading: Served) -> None:
    reports = reading.ids("admin", "/api/Employee/2/DirectReportList?filter[LastName][like]=%&sort=Id")
    linked = reading.ids("admin", "/api/Employee/2/relationships/DirectReportList")
    assert reports == linked
    assert reports
    for each in reports:
        assert reading.get("admin", f"/api/Employee/{each}/Manager")["data"]["id"] == "2"


def test_sparse_fieldsets(reading: Served) -> None:
    (customer,) = reading.get("s1", "/api/Customer?fields[Customer]=City,OrderList")["data"]
    assert customer["attributes"] == {"City": "Bath"}
    assert list(customer["relationships"]) == ["OrderList"]
    (bare,) = reading.get("s1", "/api/Customer?fields[Customer]=")["data"]
    assert bare["attributes"] == {}
    assert "relationships" not in bare
    (sealed,) = reading.get("s1", "/api/Customer?fields[Customer]=S_CheckSum")["data"]
    (whole,) = reading.get("s1", "/api/Customer")["data"]
    assert sealed["attributes"] == {"S_CheckSum": whole["attributes"]["S_CheckSum"]}


@pytest.mark.parametrize("row_id", ["010643", "+10643", "10643.0", "99999999999999999999", "-1", "x", "%F0%9F%92%A9"])
def test_an_id_that_no_row_can_have_is_missing(reading: Served, row_id: str) -> None:
    (error,) = reading.fault(404, "u1", "GET", f"/api/Order/{row_id}")
    assert error["code"] == "RG105"


def test_an_id_with_nul_is_missing(reading: Served) -> None:
    reading.fault(404, "u1", "GET", "/api/Customer/A%00B")


def test_a_type_that_may_not_be_read_is_refused(reading: Served) -> None:
    for path in ("Order", "Order/10643", "Order/NOPE", "Customer/ALFKI/OrderList", "Customer/ALFKI?include=OrderList"):
        (error,) = reading.fault(403, "buyer", "GET", f"/api/{path}")
        assert error["code"] == "RG102"


def test_answers_are_not_stored_by_caches(reading: Served) -> None:
    response = reading.ask("u1", "GET", "/api/Customer")
    assert response.headers["Cache-Control"] == "no-store"
    assert "Authorization" in response.headers["Vary"]


@pytest.mark.parametrize("limit", [1, 10, 100])
@pytest.mark.parametrize(
    ("query", "statements"),
    [
        ("", 2),
        ("page[total]=false", 1),
        ("include=Customer", 3),
        ("include=Customer,OrderDetailList", 4),
        ("include=Customer,OrderDetailList.Product", 5),
    ],
)
def test_the_number_of_statements_does_not_grow_with_rows(
    reading: Served, limit: int, query: str, statements: int
) -> None:
    with reading.counting() as sent:
        document = reading.get("admin", f"/api/Order?page[limit]={limit}&{query}")
    assert len(document["data"]) == limit
    assert len(sent) == statements


def test_the_statements_of_one_row(reading: Served) -> None:
    for path, statements in (
        ("Customer/ALFKI", 1),
        ("Customer/ALFKI?include=OrderList", 2),
        ("Customer/ALFKI/OrderList", 2),  # a page that is the last one needs no count
        ("Customer/ALFKI/OrderList?page[limit]=2", 3),
        ("Order/10643/Customer", 2),
    ):
        with reading.counting() as sent:
            reading.get("admin", f"/api/{path}")
        assert len(sent) == statements, path
