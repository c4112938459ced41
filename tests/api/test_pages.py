"""The Swagger page, its files and its document: public, offline, and without a row in them."""

from __future__ import annotations

import csv
import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from database.load import SAMPLE
from tests.api.conftest import Served

OWN = {"orders_by_country", "dashboard"}
"""The endpoints that the sample's api/customize_api.py adds."""


@pytest.fixture(scope="session")
def document(reading: Served) -> Any:
    """The OpenAPI document, read without a log-in."""
    with reading.counting() as sent:
        response = reading.app.test_client().get("/api/swagger.json")
    assert response.status_code == 200
    assert sent == []
    return response.get_json()


def test_the_page_is_at_the_root_of_the_api(reading: Served) -> None:
    client = reading.app.test_client()
    for path in ("/api", "/api/"):
        response = client.get(path)
        assert (response.status_code, response.mimetype) == (200, "text/html")


def test_the_page_works_offline(reading: Served) -> None:
    client = reading.app.test_client()
    response = client.get("/api")
    page = response.get_data(as_text=True)
    files = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert len(files) == 6
    for path in files:
        assert path.startswith("/api/swagger-ui/")
        with client.get(path) as found:
            assert found.status_code == 200
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    assert "<script>" not in page
    start = client.get("/api/swagger-ui/start.js").get_data(as_text=True)
    assert "swagger.json" in start
    assert "validatorUrl: null" in start


@pytest.mark.parametrize("name", ["swagger-ui.js", "nope", "..%2F__init__.py", "%2e%2e", "oauth2-redirect.html"])
def test_no_other_file_is_served(reading: Served, name: str) -> None:
    assert reading.app.test_client().get(f"/api/swagger-ui/{name}").status_code == 404


def test_the_document_is_valid(document: Any) -> None:
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()


def test_the_document_has_every_address(document: Any, reading: Served) -> None:
    routed = {
        re.sub(r"<id:(\w+)>", r"{\1}", rule.rule): (rule.methods or set()) - {"HEAD", "OPTIONS"}
        for rule in reading.app.url_map.iter_rules()
        if (rule.endpoint.startswith("api:") or rule.endpoint in OWN) and not rule.rule.endswith("/")
    }
    described = {
        path: {method.upper() for method in item if method != "parameters"}
        for path, item in document["paths"].items()
        if not path.startswith("/api/auth/")
    }
    assert described.keys() == routed.keys()
    for path, methods in described.items():
        assert methods <= routed[path], path


def test_names_of_operations_are_given_once(document: Any) -> None:
    names = [
        operation["operationId"]
        for item in document["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
    ]
    assert len(names) == len(set(names))


def test_attributes_are_described(document: Any) -> None:
    attributes = document["components"]["schemas"]["Customer"]["properties"]["attributes"]["properties"]
    assert attributes["CompanyName"] == {"type": "string", "maxLength": 80, "examples": ["text"]}
    assert attributes["City"]["type"] == ["string", "null"]
    assert attributes["Balance"]["readOnly"] is True
    assert "S_CheckSum" in attributes


def test_the_document_asks_for_a_bearer_token(document: Any) -> None:
    assert document["security"] == [{"bearer": []}]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert document["paths"]["/api/auth/login"]["post"]["security"] == []


def test_the_document_holds_no_row(document: Any) -> None:
    text = str(document)
    with (SAMPLE / "Customer.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for name in ("Id", "CompanyName", "ContactName"):
                assert not re.search(rf"\b{re.escape(row[name])}\b", text) or row[name] == ""
