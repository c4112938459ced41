"""The request's context: one principal, one session, one id, and nothing of them after the request."""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from flask.typing import ResponseReturnValue

from rowgate import web
from rowgate.errors import DeclarationError, MissingPrincipal, PrincipalFixed, RowgateError
from rowgate.settings import load_settings
from rowgate.types import Principal


@dataclass
class FakeSession:
    principal: Principal
    request_id: str
    closed: int = 0

    def close(self) -> None:
        self.closed += 1


@dataclass
class FakeGate:
    opened: list[FakeSession] = field(default_factory=list)
    writing: list[bool] = field(default_factory=list)

    def session(self, principal: Principal, *, request_id: str, writes: bool, **_view: object) -> FakeSession:
        self.writing.append(writes)
        self.opened.append(FakeSession(principal, request_id))
        return self.opened[-1]


@pytest.fixture
def gate() -> FakeGate:
    return FakeGate()


@pytest.fixture
def app(gate: FakeGate, tmp_path: Path) -> Flask:
    app = Flask("small", static_folder=None)
    settings = load_settings(tmp_path, environ={}, cors_origins="https://a.example", body_limit=2048)
    web.install(app, gate=gate, settings=settings)  # type: ignore[arg-type]

    @app.errorhandler(RowgateError)
    def answer(error: RowgateError) -> ResponseReturnValue:
        return error.code, error.status

    @app.route("/rows/<name>", methods=["GET", "POST", "PATCH", "DELETE"])
    def rows(name: str) -> str:
        if name != "nobody":
            web.set_principal(Principal(id=name))
        assert web.session() is web.session()
        return web.principal().id

    @app.route("/fails")
    def fails() -> str:
        web.set_principal(Principal(id="a"))
        web.session()
        raise MissingPrincipal("later")

    @app.route("/twice")
    def twice() -> str:
        web.set_principal(Principal(id="a"))
        web.set_principal(Principal(id="a"))
        return "never"

    @app.route("/id")
    def identity() -> str:
        assert web.request_id() == web.request_id()
        return web.request_id()

    @app.post("/body")
    def body() -> str:
        return str(len(request.get_data()))

    return app


def test_session_is_opened_once_for_the_principal_and_closed(app: Flask, gate: FakeGate) -> None:
    answer = app.test_client().get("/rows/s1", headers={"X-Request-Id": "r-1"})
    assert answer.text == "s1"
    assert gate.opened == [FakeSession(Principal(id="s1"), "r-1", closed=1)]


@pytest.mark.parametrize(
    ("method", "writes"), [("GET", False), ("HEAD", False), ("POST", True), ("PATCH", True), ("DELETE", True)]
)
def test_the_method_says_whether_the_session_is_going_to_write(
    app: Flask, gate: FakeGate, method: str, writes: bool
) -> None:
    app.test_client().open("/rows/s1", method=method)
    assert gate.writing == [writes]


def test_no_session_is_opened_unless_asked_for(app: Flask, gate: FakeGate) -> None:
    app.test_client().get("/id")
    assert gate.opened == []


def test_route_without_a_principal_is_an_error(app: Flask, gate: FakeGate) -> None:
    answer = app.test_client().get("/rows/nobody")
    assert (answer.status_code, answer.text) == (500, "RG101")
    assert gate.opened == []


def test_session_is_closed_after_an_error(app: Flask, gate: FakeGate) -> None:
    assert app.test_client().get("/fails").status_code == 500
    assert [session.closed for session in gate.opened] == [1]


def test_principal_is_set_once(app: Flask) -> None:
    assert app.test_client().get("/twice").text == PrincipalFixed.code


def test_nothing_crosses_requests_even_in_an_outer_app_context(app: Flask, gate: FakeGate) -> None:
    with app.app_context():
        client = app.test_client()
        first, second = client.get("/rows/s1"), client.get("/rows/u2")
        assert client.get("/rows/nobody").text == "RG101"
    assert (first.text, second.text) == ("s1", "u2")
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]
    assert [session.principal.id for session in gate.opened] == ["s1", "u2"]


def test_threads_have_their_own(app: Flask, gate: FakeGate) -> None:
    wrong: list[str] = []

    def ask(name: str) -> None:
        client = app.test_client()
        wrong.extend(text for text in (client.get(f"/rows/{name}").text for _ in range(50)) if text != name)

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("a", "b", "c", "d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(gate.opened) == 200


def test_outside_of_a_request(app: Flask) -> None:
    for ask in (web.principal, web.session, web.request_id):
        with app.app_context(), pytest.raises(MissingPrincipal):
            ask()


def test_app_that_was_not_installed() -> None:
    with pytest.raises(DeclarationError, match="install"):
        web.runtime(Flask("bare"))


@pytest.mark.parametrize("sent", ["a", "A-b_c.9", "x" * 64])
def test_sane_request_id_is_kept(app: Flask, sent: str) -> None:
    answer = app.test_client().get("/id", headers={"X-Request-Id": sent})
    assert (answer.text, answer.headers["X-Request-Id"]) == (sent, sent)


@pytest.mark.parametrize("sent", ["", "x" * 65, "a b", "a;b", "é", "<script>", "a%0ab", "a\x7f"])
def test_other_request_ids_are_replaced(app: Flask, sent: str) -> None:
    answer = app.test_client().get("/id", headers={"X-Request-Id": sent})
    assert answer.text == answer.headers["X-Request-Id"]
    assert len(answer.text) == 32
    assert answer.text != sent


def test_request_id_is_on_errors_too(app: Flask) -> None:
    for path in ("/nothing", "/fails", "/rows/nobody"):
        assert app.test_client().get(path, headers={"X-Request-Id": "r"}).headers["X-Request-Id"] == "r"


def test_body_limit(app: Flask) -> None:
    assert app.test_client().post("/body", data=b"x" * 2048).text == "2048"
    assert app.test_client().post("/body", data=b"x" * 2049).status_code == 413


def test_public_endpoints_must_exist(app: Flask) -> None:
    with pytest.raises(DeclarationError, match="'typo'"):
        web.make_public(app, "typo")
    assert web.runtime(app).public == set()


def preflight(app: Flask, origin: str) -> Any:
    headers = {"Origin": origin, "Access-Control-Request-Method": "PATCH"}
    return app.test_client().options("/rows/s1", headers=headers)


def test_cors_for_listed_origins_only(app: Flask) -> None:
    allowed = preflight(app, "https://a.example")
    assert allowed.status_code == 204
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://a.example"
    assert "PATCH" in allowed.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in allowed.headers["Access-Control-Allow-Headers"]
    answer = app.test_client().get("/rows/s1", headers={"Origin": "https://a.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "https://a.example"
    for origin in ("https://b.example", "https://a.example.b.example", "null", "http://a.example", "HTTPS://A.EXAMPLE"):
        for other in (preflight(app, origin), app.test_client().get("/id", headers={"Origin": origin})):
            assert not [name for name, _ in other.headers if name.startswith("Access-Control")]
            assert "Origin" in other.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in allowed.headers


def test_cors_is_off_by_default(gate: FakeGate, tmp_path: Path) -> None:
    app = Flask("other", static_folder=None)
    web.install(app, gate=gate, settings=load_settings(tmp_path, environ={}))  # type: ignore[arg-type]
    answer = preflight(app, "https://a.example")
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
