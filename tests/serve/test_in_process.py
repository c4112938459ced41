"""What every request gets and leaves behind: its budget, its line in the log, its metrics, its headers."""

import io
import json
import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from rowgate.app import opened_by
from rowgate.budgets import Budget, spend
from rowgate.serve.access_log import LOGGER
from rowgate.web.bodies import _Bounded
from tests.serve.conftest import MakeApp, log_in

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Lines(logging.Handler):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(record.getMessage())


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """The lines of the access log."""
    logger, handler = logging.getLogger(LOGGER), Lines()
    before = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    yield handler.found
    logger.removeHandler(handler)
    logger.level = before


# --- budgets


def test_a_statement_that_takes_too_long_is_stopped_and_the_connection_works_on(make_app_on_each: MakeApp) -> None:
    client = make_app_on_each(request_seconds=30).test_client()
    headers = log_in(client)
    answer = client.get("/api/long", headers=headers)
    assert answer.status_code == 504  # the statement, to its end, would have led to 200
    (error,) = answer.get_json()["errors"]
    assert (error["code"], error["status"]) == ("RG219", "504")
    assert "smaller pages" in error["meta"]["hint"]
    assert b"SELECT" not in answer.get_data()
    assert client.get("/api/Customer?page[limit]=1", headers=headers).status_code == 200


def test_no_statement_is_sent_for_a_request_that_is_late(make_app_on_each: MakeApp) -> None:
    client = make_app_on_each(request_seconds=30).test_client()
    headers = log_in(client)
    assert client.get("/api/late/31.0", headers=headers).status_code == 504
    assert client.get("/api/late/0.0", headers=headers).status_code == 200


@pytest.mark.postgresql
def test_a_late_statement_gets_what_is_left_and_the_next_request_everything(make_app_on_postgresql: MakeApp) -> None:
    app = make_app_on_postgresql(request_seconds=20)
    engine = opened_by(app).gate.plain_engine
    with engine.connect() as connection:
        spend(Budget(seconds=5))
        try:
            assert connection.scalar(text("SHOW statement_timeout")) in ("5s", "4999ms", "4998ms")
        finally:
            spend(None)
        connection.rollback()
        assert connection.scalar(text("SHOW statement_timeout")) == "20s"


def test_work_outside_of_a_request_has_no_budget(make_app_on_each: MakeApp) -> None:
    app = make_app_on_each(request_seconds=1)
    with opened_by(app).gate.plain_engine.connect() as connection:
        time.sleep(1.05)
        assert connection.scalar(text("SELECT 1")) == 1


@pytest.mark.postgresql
def test_just_in_time_compilation_is_off_also_after_a_rollback(make_app_on_postgresql: MakeApp) -> None:
    engine = opened_by(make_app_on_postgresql()).gate.plain_engine
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW jit")) == "off"
        connection.rollback()
        assert connection.scalar(text("SHOW jit")) == "off"


# --- the access log


def test_a_line_of_the_access_log(make_app: MakeApp, lines: list[str]) -> None:
    client = make_app(access_log="json").test_client()
    headers = log_in(client, "s1") | {"X-Request-Id": "r-1"}
    client.get("/api/Customer/CTWTR?fields[Customer]=Phone&include=OrderList", headers=headers)
    found = json.loads(lines[-1])
    assert found.pop("milliseconds") > 0
    assert found.pop("statements") > 1
    assert found.pop("time")
    assert found.pop("bytes") > 0
    assert re.fullmatch(r"/api/Customer/<id:\w+>", found.pop("route"))
    assert found == {
        "event": "request",
        "request_id": "r-1",
        "principal": "s1",
        "actor": None,
        "method": "GET",
        "path": "/api/Customer/CTWTR",
        "parameters": ["fields[Customer]", "include"],
        "status": 200,
        "peer": "127.0.0.1",
        "timed_out": False,
    }


@pytest.mark.parametrize("form", ["json", "text"])
def test_the_access_log_repeats_no_value_of_a_query_or_a_body(make_app: MakeApp, lines: list[str], form: str) -> None:
    client = make_app(access_log=form).test_client()
    headers = log_in(client)
    client.get("/api/Customer?filter[Phone]=verysecret", headers=headers)
    client.get("/api/Customer?verysecret%0a%22{}=1", headers=headers)
    client.post("/api/Customer", json={"data": "verysecret"}, headers=headers)
    client.post("/api/auth/login", json={"username": "verysecret", "password": "verysecret"})
    assert len(lines) == 5
    assert "verysecret" not in "".join(lines)


def test_an_address_cannot_forge_a_line(make_app: MakeApp, lines: list[str]) -> None:
    client = make_app(access_log="text").test_client()
    client.get("/a%0a200 GET /forged")
    assert len(lines) == 1
    assert "\n" not in lines[0]


def test_probes_that_find_all_well_are_not_logged(make_app: MakeApp, lines: list[str]) -> None:
    client = make_app().test_client()
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 200
    assert lines == []


# --- health


def test_ready_needs_both_databases(make_app: MakeApp, tmp_path: Path) -> None:
    client = make_app().test_client()
    assert client.get("/health/ready").get_json() == {"status": "ready"}
    (tmp_path / "auth.sqlite").unlink()
    time.sleep(1.05)  # an answer is repeated for a second
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.get_json() == {"status": "not ready", "not_reached": ["log-ins"]}
    assert not (tmp_path / "auth.sqlite").exists()
    assert client.get("/health/live").status_code == 200


# --- metrics


def test_metrics_count_by_route_and_never_by_address(make_app: MakeApp) -> None:
    client = make_app().test_client()
    headers = log_in(client)
    for key in ("ALFKI", "ANATR", "NOPE"):
        client.get(f"/api/Customer/{key}", headers=headers)
    client.open("/nowhere/secret", method="PROPFIND")
    shown = re.sub(r"<id:\w+>", "<key>", client.get("/metrics").get_data(as_text=True))
    route = 'route="/api/Customer/<key>"'
    assert f'rowgate_requests_total{{method="GET",{route},status="200"}} 2.0' in shown
    assert f'rowgate_requests_total{{method="GET",{route},status="404"}} 1.0' in shown
    assert 'rowgate_requests_total{method="other",route="none",status="404"} 1.0' in shown
    assert f'rowgate_request_seconds_count{{method="GET",{route}}} 3.0' in shown
    assert "rowgate_requests_running 1.0" in shown
    for address in ("ALFKI", "NOPE", "secret", "PROPFIND", "admin"):
        assert address not in shown


@pytest.mark.parametrize(
    ("settings", "headers", "peer", "status"),
    [
        ({}, {}, "127.0.0.1", 200),
        ({}, {}, "::1", 200),
        ({}, {}, "192.0.2.7", 404),
        ({}, {"X-Forwarded-For": "127.0.0.1"}, "127.0.0.1", 404),
        ({}, {"Forwarded": "for=127.0.0.1"}, "127.0.0.1", 404),
        ({"env": "production", "secret": "k3J9sPq0vXw7LmZ2tR8yB5nC1dF6gH4a"}, {}, "127.0.0.1", 404),
        ({"metrics_token": "t0ken"}, {}, "127.0.0.1", 404),
        ({"metrics_token": "t0ken"}, {"Authorization": "Bearer t0keN"}, "127.0.0.1", 404),
        ({"metrics_token": "t0ken"}, {"Authorization": "Basic dDBrZW46"}, "127.0.0.1", 404),
        ({"metrics_token": "t0ken"}, {"Authorization": "Bearer t0ken"}, "192.0.2.7", 200),
    ],
)
def test_who_may_read_the_metrics(
    make_app: MakeApp, settings: dict[str, str], headers: dict[str, str], peer: str, status: int
) -> None:
    client = make_app(**settings).test_client()
    answer = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": peer})
    assert answer.status_code == status
    if status == 404:
        missing = client.get("/nothing", headers={"X-Request-Id": "r"})
        hidden = client.get("/metrics", headers={**headers, "X-Request-Id": "r"}, environ_base={"REMOTE_ADDR": peer})
        assert hidden.get_data() == missing.get_data()


# --- headers and bodies


@pytest.mark.parametrize("path", ["/api/Customer", "/api", "/api/swagger.json", "/nothing", "/health/live"])
def test_every_answer_has_the_security_headers(make_app: MakeApp, path: str) -> None:
    client = make_app(trusted_proxies=1).test_client()
    answer = client.get(path)
    assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY
    assert "frame-ancestors '" in answer.headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in answer.headers
    secure = client.get(path, headers={"X-Forwarded-Proto": "https"})
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_a_proxy_that_is_not_trusted_does_not_make_a_request_secure(make_app: MakeApp) -> None:
    answer = make_app().test_client().get("/api", headers={"X-Forwarded-Proto": "https"})
    assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.parametrize(("size", "status"), [(2048, 400), (2049, 413), (5000, 413)])
@pytest.mark.parametrize("told", [True, False])
def test_a_body_that_is_too_large(make_app: MakeApp, size: int, status: int, told: bool) -> None:
    client = make_app(body_limit=2048).test_client()
    headers = log_in(client) | {"Content-Type": "application/vnd.api+json"}
    length = {} if told else {"wsgi.input_terminated": True}
    answer = client.post(
        "/api/Customer",
        headers=headers,
        input_stream=io.BytesIO(b"x" * size),
        content_length=size if told else None,
        environ_overrides=length,
    )
    assert answer.status_code == status
    assert answer.get_json()["errors"][0]["code"] == ("RG216" if status == 413 else "RG202")


def test_a_bounded_body_read_in_pieces() -> None:
    stream = _Bounded(io.BytesIO(b"x" * 10), 10)
    assert [stream.read(4), stream.read(4), stream.read(4), stream.read()] == [b"xxxx", b"xxxx", b"xx", b""]
