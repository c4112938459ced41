"""The whole way: log-in, the request's session on the sample, and what becomes of its changes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.typing import ResponseReturnValue
from sqlalchemy import Engine, func, select

from database.models import Base, Customer
from rowgate import auth, web
from rowgate.enforce import Gate
from rowgate.errors import RowgateError
from rowgate.settings import load_settings
from security.declare_security import User, policy


@pytest.fixture
def call(sqlite_engine: Engine, users_engine: Engine, tmp_path: Path) -> Callable[..., Any]:
    settings = load_settings(tmp_path, environ={})
    app = Flask("whole", static_folder=None)
    cheap = auth.Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    web.install(app, gate=Gate(policy, sqlite_engine, models=Base), settings=settings)
    auth.install(
        app,
        provider=auth.make_provider(settings, User, engine=users_engine, passwords=cheap),
        revocations=auth.make_revocations(settings, engine=users_engine),
    )

    @app.errorhandler(RowgateError)
    def answer(error: RowgateError) -> ResponseReturnValue:
        return error.code, error.status, dict(error.response_headers)

    @app.get("/api/count")
    def count() -> str:
        return str(web.session().scalar(select(func.count()).select_from(Customer)))

    @app.get("/open")
    def open_to_all() -> str:
        return count()

    web.make_public(app, "open_to_all")

    @app.post("/api/rename/<string:customer>/<string:fate>")
    def rename(customer: str, fate: str) -> str:
        session = web.session()
        session.get_one(Customer, customer).ContactName = fate
        session.flush()
        if fate == "kept":
            session.commit()
        return fate

    @app.get("/api/name/<string:customer>")
    def name(customer: str) -> str:
        return str(web.session().get_one(Customer, customer).ContactName)

    client = app.test_client()

    def request(user: str | None, path: str, method: str = "GET") -> Any:
        headers = {}
        if user is not None:
            token = client.post("/api/auth/login", json={"username": user, "password": "p"}).get_json()
            headers["Authorization"] = f"Bearer {token['access_token']}"
        return client.open(path, method=method, headers=headers)

    return request


def test_each_sees_their_own_rows(call: Callable[..., Any]) -> None:
    seen = {user: int(call(user, "/api/count").text) for user in ("s1", "u1", "u2", "p1", "ALFKI", "admin")}
    assert seen == {"s1": 1, "u1": 89, "u2": 3, "p1": 2, "ALFKI": 1, "admin": 95}


def test_nobody_sees_nothing(call: Callable[..., Any]) -> None:
    assert (call(None, "/api/count").status_code, call(None, "/api/count").text) == (401, "RG301")
    assert (call(None, "/open").status_code, call(None, "/open").text) == (500, "RG101")
    assert call("admin", "/open").text == "RG101"


def test_what_is_not_committed_is_rolled_back(call: Callable[..., Any]) -> None:
    before = call("admin", "/api/name/ALFKI").text
    assert call("admin", "/api/rename/ALFKI/dropped", "POST").text == "dropped"
    assert call("admin", "/api/name/ALFKI").text == before
    assert call("admin", "/api/rename/ALFKI/kept", "POST").text == "kept"
    assert call("admin", "/api/name/ALFKI").text == "kept"
