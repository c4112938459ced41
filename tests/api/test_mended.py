"""What was seen broken in ApiLogicServer 17.5, quoted above a test of what is done here."""

from __future__ import annotations

import csv
import json
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from database.load import SAMPLE
from tests.api.conftest import JSON_API, Served
from tests.api.test_write import body, rows


def sample(table: str) -> list[dict[str, str]]:
    """The rows of a table as they are in the sample's file: no policy, and no code of ours, in between."""
    with (SAMPLE / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# "Unknown filter, sort, include or field silently ignored (a full list comes back)."


@pytest.mark.parametrize(
    ("query", "parameter", "nearest"),
    [
        ("filter[Contry]=UK", "filter[Contry]", "Country"),
        ("filter[Country][eqq]=UK", "filter[Country][eqq]", "eq"),
        ('filter=[{"name":"Contry","op":"eq","val":"UK"}]', "filter", "Country"),
        ("sort=-Ballance", "sort", "Balance"),
        ("include=OrderLst", "include", "OrderList"),
        ("fields[Customer]=Cityy", "fields[Customer]", "City"),
        ("fields[Custumer]=City", "fields[Custumer]", "Customer"),
        ("page[ofset]=1", "page[ofset]", "offset"),
        ("fliter[Country]=UK", "fliter[Country]", "filter"),
    ],
)
def test_what_is_unknown_is_400_and_not_ignored(reading: Served, query: str, parameter: str, nearest: str) -> None:
    (error,) = reading.fault(400, "u1", "GET", f"/api/Customer?{query}")
    assert error["source"]["parameter"] == parameter
    assert nearest in error["meta"]["hint"]


# "Filters are AND only; search over two columns finds nothing."


def test_conditions_are_joined_with_or_and_not(reading: Served) -> None:
    mine = [row for row in sample("Customer") if row["Client_id"] == "1"]
    condition = {
        "or": [
            {"name": "City", "op": "eq", "val": "Berlin"},
            {
                "and": [
                    {"name": "Country", "op": "eq", "val": "France"},
                    {"not": {"name": "City", "op": "eq", "val": "Paris"}},
                ]
            },
        ]
    }
    wanted = {
        row["Id"]
        for row in mine
        if row["City"] == "Berlin" or (row["Country"] == "France" and row["City"] and row["City"] != "Paris")
    }
    found = reading.ids("u1", f"/api/Customer?filter={quote(json.dumps(condition))}")
    assert len(wanted) > 3
    assert set(found) == wanted


def test_a_search_over_two_columns_finds_what_is_in_either(reading: Served) -> None:
    mine = [row for row in sample("Customer") if row["Client_id"] == "1"]
    either = {"or": [{"name": name, "op": "ilike", "val": "%an%"} for name in ("CompanyName", "ContactName")]}
    wanted = {row["Id"] for row in mine if "an" in row["CompanyName"].lower() or "an" in row["ContactName"].lower()}
    both = {row["Id"] for row in mine if "an" in row["CompanyName"].lower() and "an" in row["ContactName"].lower()}
    assert both < wanted
    assert set(reading.ids("u1", f"/api/Customer?filter={quote(json.dumps(either))}")) == wanted


def test_a_filter_follows_relationships(reading: Served) -> None:
    germans = {row["Id"] for row in sample("Customer") if row["Country"] == "Germany"}
    wanted = {row["Id"] for row in sample("Order") if row["CustomerId"] in germans}
    found = reading.ids("admin", "/api/Order?filter[Customer.Country]=Germany&page[limit]=1000")
    assert set(found) == wanted


@pytest.mark.parametrize(
    ("operator", "text", "holds"),
    [
        ("eq", "858", lambda value: value == 858),
        ("ne", "858", lambda value: value != 858),
        ("lt", "500", lambda value: value < 500),
        ("le", "858", lambda value: value <= 858),
        ("gt", "858", lambda value: value > 858),
        ("ge", "858", lambda value: value >= 858),
        ("in", "858,0", lambda value: value in (858, 0)),
        ("notin", "858,0", lambda value: value not in (858, 0)),
        ("between", "100,858", lambda value: 100 <= value <= 858),
        ("is_null", "true", lambda value: False),
    ],
)
def test_every_operator(reading: Served, operator: str, text: str, holds: Any) -> None:
    wanted = {row["Id"] for row in sample("Customer") if holds(float(row["Balance"]))}
    assert set(reading.ids("admin", f"/api/Customer?filter[Balance][{operator}]={text}")) == wanted


# "Linkage data is [] or null when not included although set."


def test_linkage_is_true_or_left_out(reading: Served) -> None:
    path = "/api/Order/10643"
    relationships = reading.get("admin", path)["data"]["relationships"]
    assert all(set(each) == {"links"} for each in relationships.values())
    (order,) = [row for row in sample("Order") if row["Id"] == "10643"]
    details = [row["Id"] for row in sample("OrderDetail") if row["OrderId"] == "10643"]
    relationships = reading.get("admin", f"{path}?include=Customer,OrderDetailList")["data"]["relationships"]
    assert relationships["Customer"]["data"] == {"type": "Customer", "id": order["CustomerId"]}
    assert sorted(each["id"] for each in relationships["OrderDetailList"]["data"]) == sorted(details)
    assert "data" not in relationships["Employee"]


# "Empty to-one is 404 'Not Found'."


def test_an_empty_to_one_is_200_and_null(reading: Served) -> None:
    for path in ("ClonedFrom", "relationships/ClonedFrom"):
        response = reading.ask("u1", "GET", f"/api/Order/10643/{path}")
        assert response.status_code == 200
        assert response.get_json()["data"] is None


# "Wrong next and last links, to-many next points at the whole collection."


@pytest.mark.parametrize(
    ("path", "rows"),
    [
        ("/api/Customer?filter[ContactTitle]=Sales Representative&sort=City", 17),
        ("/api/Customer/ALFKI/OrderList?filter[Freight][ge]=1&sort=-Freight", 6),
        ('/api/Customer?filter={"name":"City","op":"like","val":"%26"}', 0),
    ],
)
@pytest.mark.parametrize("style", ["page[offset]=0&page[limit]={}", "page[number]=1&page[size]={}"])
def test_links_lead_through_the_list_and_back(reading: Served, path: str, rows: int, style: str) -> None:
    whole = reading.get("u1", path)
    assert len(whole["data"]) == rows
    size = 4
    page = reading.get("u1", f"{path}&{style.format(size)}")
    first, met, links = page["links"]["first"], [], []
    assert page["links"]["prev"] is None
    while True:
        for link in page["links"].values():
            assert link is None or not set(link) & set(' "[]{}<>')  # RFC 3986 allows none of them in a query
            assert link is None or urlsplit(link).path == urlsplit(path).path
        met += [each["id"] for each in page["data"]]
        links.append(page["links"]["self"])
        if page["links"]["next"] is None:
            break
        page = reading.get("u1", page["links"]["next"])
    assert met == [each["id"] for each in whole["data"]]
    assert parse_qs(urlsplit(page["links"]["last"]).query) == parse_qs(urlsplit(links[-1]).query)
    back = [links[-1]]
    while page["links"]["prev"] is not None:
        page = reading.get("u1", page["links"]["prev"])
        back.append(page["links"]["self"])
    assert back == links[::-1]
    assert reading.get("u1", first)["data"] == page["data"]


# "N+1: 50 rows with two includes cost 47 to 160 statements."


@pytest.mark.parametrize(
    ("include", "statements"),
    [
        (None, 2),
        ("Customer", 3),
        ("Customer,OrderDetailList", 4),
        ("Customer,Employee,OrderDetailList.Product", 6),
        ("Customer.OrderList", 4),
    ],
)
def test_statements_do_not_grow_with_the_rows(reading: Served, include: str | None, statements: int) -> None:
    for limit in (1, 10, 50, 100):
        more = f"&include={include}" if include else ""
        with reading.counting() as sent:
            document = reading.get("admin", f"/api/Order?page[limit]={limit}{more}")
        assert len(document["data"]) == limit
        assert len(sent) == statements, sent


def test_statements_of_every_address(reading: Served) -> None:
    for path, statements in (
        ("Order/10643?include=Customer,OrderDetailList", 3),
        ("Customer/ALFKI/OrderList?include=OrderDetailList&page[limit]=2", 4),
        ("Customer/ALFKI/relationships/OrderList?page[limit]=2", 3),
        ("Order?format=csv", 1),
        ("Order?format=ndjson", 1),
    ):
        with reading.counting() as sent:
            reading.ask("admin", "GET", f"/api/{path}").close()
        assert len(sent) == statements, (path, sent)


# "401/422 {"msg"}, 404/405 HTML."


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/Nothing", 404),
        ("GET", "/api/Customer/NOPE", 404),
        ("GET", "/nowhere/at/all", 404),
        ("PUT", "/api/Customer", 405),
        ("GET", "/api/Customer?page[limit]=x", 400),
        ("POST", "/api/Customer", 415),
    ],
)
def test_every_error_is_a_json_api_error(reading: Served, method: str, path: str, status: int) -> None:
    response = reading.ask("u1", method, path, headers={"X-Request-Id": "mended-1"})
    assert response.status_code == status
    assert response.mimetype == JSON_API
    (error,) = response.get_json()["errors"]
    assert error["id"] == response.headers["X-Request-Id"] == "mended-1"
    assert error["status"] == str(status)
    assert error["code"].startswith("RG")
    assert error["title"]
    assert error["detail"]
    assert error["meta"]["hint"]


# "Swagger 2.0 with a real first row as example."


def test_the_api_is_described_as_openapi_3_1_without_a_row(reading: Served) -> None:
    text = reading.ask("u1", "GET", "/api/swagger.json").get_data(as_text=True)
    assert json.loads(text)["openapi"].startswith("3.1")
    first = sample("Customer")[0]
    for value in (first["Id"], first["CompanyName"], first["ContactName"], first["Address"], first["Phone"]):
        assert value not in text


# "/stop, /server_log, authentication tables open to anyone."


def test_there_is_no_such_thing(reading: Served) -> None:
    rules = {rule.rule for rule in reading.app.url_map.iter_rules()}
    for word in ("stop", "server_log", "user", "role", "revoked"):
        assert not [rule for rule in rules if word in rule.lower().replace("/api/auth/", "")]
    for path in ("/stop", "/server_log", "/api/User", "/api/UserRole", "/api/Role"):
        reading.fault(404, "admin", "GET", path)


# "POST with an existing id overwrites it."


def test_a_post_of_an_id_that_exists_is_409_and_overwrites_nothing(writing: Served) -> None:
    before = rows(writing)
    for row_id in ("ALFKI", "CTWTR"):  # one that u1 sees, and one that it does not
        sent = body("Customer", row_id, CompanyName="Overwritten", Client_id=1)
        (error,) = writing.fault(409, "u1", "POST", "/api/Customer", json=sent)
        assert error["code"] == "RG209"
    assert rows(writing) == before


# "Bulk and nested writes keep the first part when the second fails."


def test_a_request_is_written_whole_or_not_at_all(writing: Served) -> None:
    before = rows(writing)
    first, second = (
        body("Customer", name, CompanyName="N", Client_id=1, **more)["data"]
        for name, more in (("NEW1", {}), ("ALFKI", {}))
    )
    writing.fault(409, "u1", "POST", "/api/Customer", json={"data": [first, second]})
    operations = [{"op": "add", "data": first}, {"op": "remove", "ref": {"type": "Customer", "id": "NOPE"}}]
    atomic = f'{JSON_API}; ext="https://jsonapi.org/ext/atomic"'
    document = {"atomic:operations": operations}
    writing.fault(404, "u1", "POST", "/api/operations", json=document, content_type=atomic)
    changes = [body("Customer", name, City="Never")["data"] for name in ("ALFKI", "NOPE")]
    writing.fault(404, "u1", "PATCH", "/api/Customer", json={"data": changes})
    assert rows(writing) == before


# "Bad date stored as today, bad decimal 500."


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("Order", "OrderDate", "yesterday"),
        ("Order", "OrderDate", "2024-02-30"),
        ("Order", "Freight", "much"),
        ("Order", "Freight", {"a": 1}),
        ("Order", "Freight", "1e999"),
    ],
)
def test_a_bad_value_is_422_and_says_where(reading: Served, kind: str, name: str, value: Any) -> None:
    sent = body(kind, CustomerId="ALFKI", **{name: value})
    (error,) = reading.fault(422, "u1", "POST", f"/api/{kind}", json=sent)
    assert error["source"]["pointer"] == f"/data/attributes/{name}"


# "Optimistic-lock conflict 400, and the checksum returned by PATCH is stale."


def test_a_conflict_is_409_and_the_checksum_of_an_answer_is_that_of_the_row(writing: Served) -> None:
    path = "/api/Customer/ALFKI"
    read = writing.get("u1", path)["data"]["attributes"]["S_CheckSum"]
    changed = writing.ask("u1", "PATCH", path, json=body("Customer", City="One", S_CheckSum=read))
    fresh = changed.get_json()["data"]["attributes"]["S_CheckSum"]
    assert fresh == writing.get("u1", path)["data"]["attributes"]["S_CheckSum"] != read
    sent = body("Customer", City="Two", S_CheckSum=read)
    (error,) = writing.fault(409, "u1", "PATCH", path, json=sent)
    assert error["meta"]["current"]["attributes"]["City"] == "One"
    (error,) = writing.fault(412, "u1", "PATCH", path, json=body("Customer"), headers={"If-Match": f'"{read}"'})
    assert error["meta"]["current"]["attributes"]["City"] == "One"
    assert writing.ask("u1", "PATCH", path, json=body("Customer", City="Two", S_CheckSum=fresh)).status_code == 200


# "Relationship writes bypass the rules; derived attributes are writable."


def test_rules_run_when_a_relationship_is_written_and_derived_attributes_are_403(writing: Served) -> None:
    other = next(each for each in writing.ids("u1", "/api/Customer?page[limit]=5") if each != "ALFKI")
    sent = body("Order", CustomerId="ALFKI")
    order = writing.ask("u1", "POST", "/api/Order", json=sent).get_json()["data"]["id"]
    detail = body("OrderDetail", OrderId=int(order), ProductId=1, Quantity=1)
    assert writing.ask("u1", "POST", "/api/OrderDetail", json=detail).status_code == 201

    def balance(customer: str) -> float:
        found: float = writing.get("u1", f"/api/Customer/{customer}")["data"]["attributes"]["Balance"]
        return found

    before = balance("ALFKI"), balance(other)
    link = {"data": {"type": "Customer", "id": other}}
    assert writing.ask("u1", "PATCH", f"/api/Order/{order}/relationships/Customer", json=link).status_code == 204
    assert (balance("ALFKI"), balance(other)) == (before[0] - 18, before[1] + 18)
    (error,) = writing.fault(403, "u1", "PATCH", "/api/Customer/ALFKI", json=body("Customer", Balance=0))
    assert error["source"]["pointer"] == "/data/attributes/Balance"


# "POST with relationships crashes or takes any type."


def test_a_post_takes_relationships_and_refuses_a_wrong_type(writing: Served) -> None:
    sent = body("Order")
    sent["data"]["relationships"] = {"Customer": {"data": {"type": "Customer", "id": "ALFKI"}}}
    made = writing.ask("u1", "POST", "/api/Order", json=sent)
    assert made.status_code == 201
    assert made.get_json()["data"]["attributes"]["CustomerId"] == "ALFKI"
    sent["data"]["relationships"] = {"Customer": {"data": {"type": "Employee", "id": "1"}}}
    (error,) = writing.fault(409, "u1", "POST", "/api/Order", json=sent)
    assert error["source"]["pointer"].startswith("/data/relationships/Customer")


# "Rule failure, grant refusal, database constraint: 400/500 with SQL."


@pytest.mark.parametrize(
    ("user", "method", "path", "document", "status"),
    [
        ("u1", "PATCH", "/api/Customer/ALFKI", body("Customer", CreditLimit=1), 422),
        ("u1", "PATCH", "/api/Customer/ALFKI", body("Customer", Client_id=2), 403),
        ("s1", "DELETE", "/api/Region/1", None, 403),
        ("admin", "DELETE", "/api/Customer/ALFKI", None, 409),
        ("u1", "POST", "/api/Order", body("Order", CustomerId="NOPE"), 409),
    ],
)
def test_each_refusal_has_its_status_and_no_sql(
    reading: Served, user: str, method: str, path: str, document: Any, status: int
) -> None:
    options = {} if document is None else {"json": document}
    for error in reading.fault(status, user, method, path, **options):
        text = json.dumps(error)
        for word in ("SELECT", "INSERT", "UPDATE ", "DELETE ", "constraint failed", "psycopg", "sqlite", "violates"):
            assert word not in text


# "No atomic batch": tests/api/test_operations.py.
