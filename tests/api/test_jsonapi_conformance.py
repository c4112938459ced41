"""JSON:API 1.1: a broad set of answers against the form of documents, and each MUST that a server can fail by itself.

Each test is named by the section of https://jsonapi.org/format/1.1/ that it is about.
"""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.api.conftest import JSON_API, Served
from tests.api.jsonapi_schema import SCHEMA

VALID = Draft202012Validator(SCHEMA)

DEPARTMENT = {"data": {"type": "Department", "attributes": {"DepartmentName": "Repairs"}}}
ASKED = [
    "/api/Customer",
    "/api/Customer?page[limit]=3",
    "/api/Customer?page[number]=2&page[size]=4&sort=-CompanyName",
    "/api/Customer?page[after]=&page[limit]=3",
    "/api/Customer?page[total]=false&page[limit]=3",
    "/api/Customer?filter[Country]=UK,France&include=OrderList.OrderDetailList",
    "/api/Customer?fields[Customer]=City,OrderList&include=OrderList",
    "/api/Customer?filter[City]=nowhere",
    "/api/Order?include=Customer,Employee&page[limit]=20",
    "/api/Order?include=OrderDetailList.Product.Category&page[limit]=5&page[OrderDetailList][limit]=1",
    "/api/Employee?include=Manager,OnLoanDepartment,WorksForDepartment",
    "/api/Customer/ALFKI",
    "/api/Customer/ALFKI?include=OrderList",
    "/api/Customer/ALFKI/OrderList?page[limit]=2",
    "/api/Customer/ALFKI/relationships/OrderList",
    "/api/Order/10643/Customer",
    "/api/Order/10643/relationships/Customer",
    "/api/Order/10643?rowPermissions[Order]=read",
    # refused
    "/api/Customer/NOPE",
    "/api/Customer/NOPE/OrderList",
    "/api/Nope",
    "/api/Customer?nope=1&filter[nope]=1&sort=nope",
    "/api/Customer?include=nope",
    "/api/Customer?fields[Customer]=nope",
]


@pytest.fixture(scope="module")
def served(reading: Served) -> Served:
    return reading


@pytest.mark.parametrize("path", ASKED)
def test_document_structure(served: Served, path: str) -> None:
    response = served.ask("u1", "GET", path)
    faults = [f"{fault.json_path}: {fault.message}" for fault in VALID.iter_errors(response.get_json())]
    assert not faults


def test_every_type_document_structure(served: Served) -> None:
    whole = served.app.test_client().get("/api/swagger.json").get_json()
    names = [tag["name"] for tag in whole["tags"]]
    assert len(names) == len(served.gate.bound.entities)
    for name in names:
        for path in (f"/api/{name}?page[limit]=5", f"/api/{name}?fields[{name}]=&page[limit]=2"):
            document = served.ask("u1", "GET", path).get_json()
            assert not list(VALID.iter_errors(document)), path


@pytest.mark.parametrize("path", ASKED)
def test_document_compound_documents_full_linkage_and_no_doubles(served: Served, path: str) -> None:
    document = served.ask("u1", "GET", path).get_json()
    if "included" not in document or "fields[" in path:
        return
    primary = document["data"] if isinstance(document["data"], list) else [document["data"]]
    every = [(each["type"], each["id"]) for each in [*primary, *document["included"]]]
    assert len(every) == len(set(every))
    linked = {
        (link["type"], link["id"])
        for each in [*primary, *document["included"]]
        for relation in each["relationships"].values()
        for link in (relation["data"] if isinstance(relation.get("data"), list) else [relation.get("data")])
        if link
    }
    assert {(each["type"], each["id"]) for each in document["included"]} <= linked


def test_document_resource_object_fields_share_one_name_space(served: Served) -> None:
    for path in ("/api/Customer", "/api/Order", "/api/Employee"):
        for row in served.get("u1", f"{path}?page[limit]=5")["data"]:
            assert row["attributes"].keys().isdisjoint(row["relationships"])


def test_content_negotiation_clients_and_servers(served: Served) -> None:
    assert served.ask("u1", "GET", "/api/Customer").content_type == JSON_API
    body = '{"data": {"type": "Customer"}}'
    for kind, status in (
        (f'{JSON_API}; ext="https://example.com/ext"', 415),
        (f"{JSON_API}; nope=1", 415),
        (f'{JSON_API}; profile="https://example.com/profile"', 404),
    ):
        sent = served.ask("u1", "PATCH", "/api/Customer/NOPE", data=body, content_type=kind)
        assert sent.status_code == status, kind
    for accept, status in (
        (f'{JSON_API}; ext="https://example.com/ext"', 406),
        (f"{JSON_API}; nope=1", 406),
        (f"{JSON_API}; nope=1, {JSON_API}", 200),
        (f'{JSON_API}; profile="https://example.com/profile"', 200),
    ):
        response = served.ask("u1", "GET", "/api/Customer", headers={"Accept": accept})
        assert response.status_code == status, accept
        if status == 200:
            assert "Accept" in response.headers["Vary"]


def test_fetching_resources_responses(served: Served) -> None:
    assert served.get("u1", "/api/Customer?filter[City]=nowhere")["data"] == []
    assert isinstance(served.get("u1", "/api/Customer?filter[Id]=ALFKI")["data"], list)
    assert served.ask("u1", "GET", "/api/Customer/NOPE").status_code == 404
    # An empty to-one relationship is no error.
    boss = next(row for row in served.get("u1", "/api/Employee")["data"] if row["attributes"]["ReportsTo"] is None)
    for address in ("Manager", "relationships/Manager"):
        found = served.ask("u1", "GET", f"{boss['links']['self']}/{address}")
        if found.status_code == 200:
            assert found.get_json()["data"] is None


def test_fetching_relationships_responses(served: Served) -> None:
    document = served.get("u1", "/api/Customer/ALFKI/relationships/OrderList")
    assert set(document["links"]) >= {"self", "related"}
    assert all(set(each) == {"type", "id"} for each in document["data"])
    assert served.ask("u1", "GET", "/api/Customer/ALFKI/relationships/Nope").status_code == 404


def test_fetching_includes(served: Served) -> None:
    assert "included" not in served.get("u1", "/api/Order?page[limit]=1")
    assert served.get("u1", "/api/Customer?filter[City]=nowhere&include=OrderList")["included"] == []
    assert served.ask("u1", "GET", "/api/Order?include=Nope").status_code == 400


def test_fetching_sparse_fieldsets(served: Served) -> None:
    row = served.get("u1", "/api/Order?fields[Order]=ShipCity,Customer&page[limit]=1")["data"][0]
    assert (set(row["attributes"]), set(row["relationships"])) == ({"ShipCity"}, {"Customer"})
    bare = served.get("u1", "/api/Order?fields[Order]=&page[limit]=1")["data"][0]
    assert not bare.get("attributes")
    assert not bare.get("relationships")


def test_fetching_sorting(served: Served) -> None:
    rows = served.get("u1", "/api/Order?sort=-Freight&page[limit]=50")["data"]
    freights = [row["attributes"]["Freight"] for row in rows]
    assert freights == sorted(freights, reverse=True)
    fault = served.fault(400, "u1", "GET", "/api/Order?sort=Nope")[0]
    assert fault["source"]["parameter"] == "sort"


def test_fetching_pagination(served: Served) -> None:
    first = served.get("u1", "/api/Order?page[limit]=7")["links"]
    assert set(first) >= {"first", "last", "prev", "next"}
    assert first["prev"] is None
    again = served.get("u1", first["last"])["links"]
    assert again["next"] is None
    assert served.get("u1", served.get("u1", first["next"])["links"]["prev"])["links"]["prev"] is None


def test_query_parameters_unknown_ones_are_refused(served: Served) -> None:
    for name in ("nope", "include[nope]", "Nope", "page[nope]"):
        fault = served.fault(400, "u1", "GET", f"/api/Customer?{name}=1")[0]
        assert fault["source"]["parameter"] == name


def test_crud_creating(writing: Served) -> None:
    made = writing.ask("u1", "POST", "/api/Department", json=DEPARTMENT)
    assert made.status_code == 201, made.get_data(as_text=True)
    document = made.get_json()
    assert made.headers["Location"] == document["data"]["links"]["self"]
    assert not list(VALID.iter_errors(document))
    assert writing.get("u1", made.headers["Location"])["data"] == document["data"]
    other = {"data": {"type": "Customer", "attributes": {}}}
    assert writing.ask("u1", "POST", "/api/Department", json=other).status_code == 409
    # crud-creating-client-ids: one that is not taken is 403, one that exists 409.
    numbered = {"data": {"type": "Department", "id": "1", "attributes": {}}}
    assert writing.ask("u1", "POST", "/api/Department", json=numbered).status_code == 403
    attributes = {"CompanyName": "Taken", "Client_id": 1}
    taken = {"data": {"type": "Customer", "id": "ALFKI", "attributes": attributes}}
    assert writing.ask("u1", "POST", "/api/Customer", json=taken).status_code == 409


def test_crud_updating(writing: Served) -> None:
    path = "/api/Customer/ALFKI"
    before = writing.get("u1", path)["data"]
    body: dict[str, Any] = {"data": {"type": "Customer", "id": "ALFKI", "attributes": {"City": "Bath"}}}
    changed = writing.ask("u1", "PATCH", path, json=body).get_json()["data"]
    # crud-updating-resource-attributes: what is left out stays as it was.
    differing = {name for name, value in changed["attributes"].items() if value != before["attributes"][name]}
    assert differing == {"City", "S_CheckSum", "UpdatedOn", "UpdatedBy"}  # the last two are stamped by rules
    for data in ({"type": "Order", "id": "ALFKI"}, {"type": "Customer", "id": "ANATR"}):
        assert writing.ask("u1", "PATCH", path, json={"data": data}).status_code == 409
    missing = {"data": {"type": "Customer", "id": "NOPE"}}
    assert writing.ask("u1", "PATCH", "/api/Customer/NOPE", json=missing).status_code == 404


def test_crud_updating_relationships(writing: Served) -> None:
    path = "/api/Order/10643/relationships/Employee"
    link = {"data": {"type": "Employee", "id": "1"}}
    assert writing.ask("u1", "PATCH", path, json=link).status_code == 204
    assert writing.get("u1", path)["data"] == link["data"]
    assert writing.ask("u1", "PATCH", path, json={"data": None}).status_code == 204
    assert writing.get("u1", path)["data"] is None


def test_crud_deleting(writing: Served) -> None:
    made = writing.ask("u1", "POST", "/api/Department", json=DEPARTMENT)
    gone = writing.ask("u1", "DELETE", made.headers["Location"])
    assert (gone.status_code, gone.get_data()) == (204, b"")
    assert writing.ask("u1", "DELETE", made.headers["Location"]).status_code == 404


def test_errors_several_at_once(served: Served) -> None:
    body = {"data": {"type": "Order", "attributes": {"Freight": "x", "OrderDate": "y", "Nope": 1}}}
    response = served.ask("u1", "POST", "/api/Order", json=body)
    document = response.get_json()
    assert not list(VALID.iter_errors(document))
    pointers = {error["source"]["pointer"] for error in document["errors"]}
    assert pointers == {f"/data/attributes/{name}" for name in ("Freight", "OrderDate", "Nope")}
