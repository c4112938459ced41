"""Errors: JSON:API documents for everything that can go wrong, and nothing of the server's inside in them."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from flask import abort
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from rowgate import web
from rowgate.api.database_errors import told
from rowgate.errors import StatementRefused, Throttled
from tests.api.conftest import JSON_API, Served
from tests.api.test_write import body, rows


def test_an_error_has_every_member(reading: Served) -> None:
    response = reading.ask("u1", "GET", "/api/Customer/NOPE", headers={"X-Request-Id": "my-1"})
    assert response.get_json() == {
        "jsonapi": {"version": "1.1"},
        "errors": [
            {
                "id": "my-1",
                "status": "404",
                "code": "RG105",
                "title": "Not found",
                "detail": "There is no such Customer.",
                "meta": {"hint": "Check the type and the id."},
            }
        ],
    }
    assert response.mimetype == JSON_API
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "RG213"),
        ("GET", "/api/Nope", 404, "RG213"),
        ("GET", "/api/Customer/ALFKI/Nope", 404, "RG213"),
        ("GET", "/api/Customer/ALFKI/relationships/Nope", 404, "RG213"),
        ("PUT", "/api/Customer/ALFKI", 405, "RG214"),
        ("PUT", "/api/Customer", 405, "RG214"),
        ("POST", "/api/Customer/ALFKI", 405, "RG214"),
        ("GET", "/api/Order/10643/ship", 405, "RG214"),
    ],
)
def test_http_errors(reading: Served, method: str, path: str, status: int, code: str) -> None:
    (error,) = reading.fault(status, "u1", method, path)
    assert (error["code"], error["status"]) == (code, str(status))


def test_a_refused_method_names_those_that_are_taken(reading: Served) -> None:
    response = reading.ask("u1", "PUT", "/api/Customer/ALFKI")
    assert response.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("application/vnd.api+json", 200),
        ("application/vnd.api+json; charset=utf-8", 200),
        ('application/vnd.api+json; profile="http://example.com/p"', 200),
        ('application/vnd.api+json; ext="https://jsonapi.org/ext/atomic"', 415),
        ("application/json; charset=latin-1", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
    ],
)
def test_media_types_of_bodies(writing: Served, kind: str, status: int) -> None:
    sent = json.dumps(body("Customer", "ALFKI", City="Bonn"))
    response = writing.ask("u1", "PATCH", "/api/Customer/ALFKI", data=sent, content_type=kind)
    assert response.status_code == status
    if status == 415:
        assert response.get_json()["errors"][0]["code"] == "RG217"


@pytest.mark.parametrize(
    ("accept", "status", "kind"),
    [
        (None, 200, JSON_API),
        ("*/*", 200, JSON_API),
        ("application/vnd.api+json", 200, JSON_API),
        ("application/json, text/plain, */*", 200, "application/json"),
        ("application/json", 200, "application/json"),
        ('application/vnd.api+json; ext="x", application/vnd.api+json', 200, JSON_API),
        ('application/vnd.api+json; ext="x"', 406, JSON_API),
        ("text/html", 406, JSON_API),
    ],
)
def test_media_types_of_answers(reading: Served, accept: str | None, status: int, kind: str) -> None:
    response = reading.ask("u1", "GET", "/api/Customer/ALFKI", headers={"Accept": accept} if accept else {})
    assert (response.status_code, response.mimetype) == (status, kind)


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        (b"", ""),
        (b"{", ""),
        (b"[]", ""),
        (b"null", ""),
        (b"\xff\xfe", ""),
        (b'{"data":{"type":"Customer","type":"Customer"}}', ""),
        (b'{"data":NaN}', ""),
        (b'{"data":' + b"1" * 5000 + b"}", ""),
        (b"[" * 100_000, ""),
        (b'{"data":' + b"[" * 70 + b"]" * 70 + b"}", ""),
        (b"{}", "/data"),
        (b'{"data":[]}', "/data"),
        (b'{"data":{}}', "/data"),
        (b'{"data":{"type":5}}', "/data"),
        (b'{"data":{"type":"Customer","id":true}}', "/data/id"),
        (b'{"data":{"type":"Customer","attributes":[]}}', "/data/attributes"),
        (b'{"data":{"type":"Customer","relationships":5}}', "/data/relationships"),
        (b'{"data":{"type":"Customer","relationships":{"OrderList":5}}}', "/data/relationships/OrderList"),
        (
            b'{"data":{"type":"Customer","relationships":{"OrderList":{"data":{}}}}}',
            "/data/relationships/OrderList/data",
        ),
    ],
)
def test_a_body_that_is_no_document(reading: Served, sent: bytes, pointer: str) -> None:
    for method, path in (("POST", "/api/Customer"), ("PATCH", "/api/Customer/ALFKI")):
        (error,) = reading.fault(400, "u1", method, path, data=sent, content_type=JSON_API)
        assert error["code"] == "RG202"
        assert error["source"] == {"pointer": pointer}


def test_a_document_of_another_type(reading: Served) -> None:
    (error,) = reading.fault(409, "u1", "POST", "/api/Customer", json=body("Order"))
    assert (error["code"], error["source"]) == ("RG206", {"pointer": "/data/type"})


def test_an_unknown_relationship(reading: Served) -> None:
    sent = body("Customer", "ALFKI")
    sent["data"]["relationships"] = {"OrdrList": {"data": []}}
    (error,) = reading.fault(422, "u1", "PATCH", "/api/Customer/ALFKI", json=sent)
    assert (error["code"], error["meta"]["hint"]) == ("RG204", "Did you mean OrderList?")


def test_a_body_that_is_too_large(reading: Served) -> None:
    sent = json.dumps(body("Customer", "ALFKI", City="x" * 2**21))
    (error,) = reading.fault(413, "u1", "PATCH", "/api/Customer/ALFKI", data=sent, content_type=JSON_API)
    assert error["code"] == "RG216"


def test_a_route_without_a_principal_is_an_error_and_not_all_rows(reading: Served) -> None:
    client = reading.app.test_client()
    with reading.counting() as sent:
        for path in ("/api/Customer", "/api/Customer/ALFKI", "/api/reports/orders-by-country"):
            response = client.get(path)
            assert response.status_code == 500
            (error,) = response.get_json()["errors"]
            assert error["code"] == "RG101"
    assert sent == []


# --- faults of the server


class _Sqlite(Exception):
    def __init__(self, code: int, words: str = "secret words") -> None:
        super().__init__(words)
        self.sqlite_errorcode = code


class _Postgres(Exception):
    def __init__(self, code: str) -> None:
        super().__init__("secret words")
        self.sqlstate = code


def database_error(original: Exception, kind: type[DBAPIError] = IntegrityError) -> DBAPIError:
    return kind("SELECT secret", {"value": "secret"}, original)


@pytest.mark.parametrize(
    ("original", "method", "code", "status"),
    [
        (_Sqlite(2067), "POST", "RG209", 409),
        (_Sqlite(1555), "POST", "RG209", 409),
        (_Postgres("23505"), "POST", "RG209", 409),
        (Exception(1062, "secret"), "POST", "RG209", 409),
        (_Sqlite(787), "POST", "RG107", 409),
        (_Sqlite(787), "DELETE", "RG108", 409),
        (_Sqlite(1811), "DELETE", "RG108", 409),
        (_Postgres("23503"), "PATCH", "RG107", 409),
        (_Postgres("23503"), "DELETE", "RG108", 409),
        (_Sqlite(1299), "POST", "RG210", 422),
        (_Postgres("23502"), "POST", "RG210", 422),
        (_Sqlite(275), "POST", "RG211", 422),
        (_Postgres("23514"), "POST", "RG211", 422),
        (_Postgres("22003"), "POST", "RG203", 422),
        (_Sqlite(5), "POST", "RG212", 503),
        (_Sqlite(517), "POST", "RG212", 503),
        (_Postgres("40001"), "POST", "RG212", 503),
        (_Postgres("40P01"), "POST", "RG212", 503),
        (_Postgres("53300"), "GET", "RG212", 503),
        (Exception(1213, "secret"), "POST", "RG212", 503),
    ],
)
def test_errors_of_the_database(original: Exception, method: str, code: str, status: int) -> None:
    found = told(database_error(original), resource=None, method=method)
    assert found is not None
    assert (found.code, found.status) == (code, status)
    assert "secret" not in f"{found} {found.meta}"


def test_what_is_not_the_requests_fault_is_nobodys_business() -> None:
    assert told(database_error(_Sqlite(1)), resource=None, method="GET") is None
    assert told(database_error(_Postgres("42P01")), resource=None, method="GET") is None
    assert told(database_error(Exception("secret")), resource=None, method="GET") is None


def test_busy_and_stale() -> None:
    busy = told(PoolTimeout("secret"), resource=None, method="GET")
    assert busy is not None
    assert dict(busy.response_headers) == {"Retry-After": "1"}
    stale = told(StaleDataError("secret"), resource=None, method="PATCH")
    assert stale is not None
    assert stale.status == 404


def test_faults_of_the_server_keep_their_words_for_the_log(writing: Served, caplog: pytest.LogCaptureFixture) -> None:
    faults: dict[str, Any] = {
        "value": (ValueError("secret words"), 500, "RG500"),
        "statement": (StatementRefused("secret words"), 500, "RG106"),
        "database": (database_error(_Sqlite(1, "secret words"), OperationalError), 500, "RG500"),
        "busy": (database_error(_Sqlite(5, "secret words"), OperationalError), 503, "RG212"),
        "throttled": (Throttled("Wait.", retry_after=7), 429, "RG305"),
    }

    @writing.app.get("/fault/<string:name>")
    def fault(name: str) -> str:
        raise faults[name][0]

    @writing.app.get("/teapot")
    def teapot() -> str:
        abort(418)

    @writing.app.get("/raw")
    def raw() -> str:
        web.session().execute(text('SELECT * FROM "Customer"'))
        return "all rows"

    with caplog.at_level(logging.INFO, logger="rowgate.api"):
        for name, (_, status, code) in faults.items():
            response = writing.ask("u1", "GET", f"/fault/{name}")
            assert response.status_code == status, name
            assert response.get_json()["errors"][0]["code"] == code
            assert "secret" not in response.get_data(as_text=True)
            if status == 500:
                assert "secret words" in caplog.text
                assert response.headers["X-Request-Id"] in caplog.text
            caplog.clear()
    assert writing.ask("u1", "GET", "/fault/busy").headers["Retry-After"] == "1"
    assert writing.ask("u1", "GET", "/fault/throttled").headers["Retry-After"] == "7"
    (error,) = writing.fault(418, "u1", "GET", "/teapot")
    assert error["code"] == "RG218"
    (error,) = writing.fault(500, "u1", "GET", "/raw")
    assert error["code"] == "RG106"
    assert "Customer" not in error["detail"]


def test_what_a_custom_route_did_not_commit_is_rolled_back(writing: Served) -> None:
    before = rows(writing)

    @writing.app.post("/half")
    def half() -> str:
        from database.models import Customer

        session = web.session()
        session.get_one(Customer, "ALFKI").City = "Bonn"
        session.flush()
        raise ValueError

    assert writing.ask("u1", "POST", "/half").status_code == 500
    assert rows(writing) == before
