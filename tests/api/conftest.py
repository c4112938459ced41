"""The sample served to a test client: the request's header ``X-User`` says who asks, so no test logs in."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from sqlalchemy import Engine, event
from sqlalchemy.orm import DeclarativeBase
from werkzeug.test import TestResponse

from api.customize_api import customize_api
from database.load import SAMPLE
from database.models import Base
from logic.declare_logic import declare_logic
from rowgate import api, web
from rowgate.enforce import Gate
from rowgate.logic import RuleSet, activate_rules
from rowgate.policy import Policy
from rowgate.settings import load_settings
from rowgate.types import Principal
from security.declare_security import User, policy
from tests.api import house as models

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
JSON_API = "application/vnd.api+json"


@dataclass(kw_only=True)
class Served:
    """An app and the people who may use it."""

    app: Flask
    gate: Gate
    people: dict[str, Principal]
    sent: list[str] = field(default_factory=list)

    def ask(self, user: str, method: str, path: str, **options: Any) -> TestResponse:
        """Send a request as *user*. ``json=`` is sent as JSON:API."""
        headers = {"X-User": user, **options.pop("headers", {})}
        if "json" in options:
            options.setdefault("content_type", JSON_API)
        return self.app.test_client().open(path, method=method, headers=headers, **options)

    def get(self, user: str, path: str, **options: Any) -> Any:
        """The document at *path*, which must be there."""
        response = self.ask(user, "GET", path, **options)
        assert response.status_code == 200, response.get_data(as_text=True)[:500]
        return response.get_json()

    def ids(self, user: str, path: str) -> list[str]:
        """The ids of a list."""
        return [each["id"] for each in self.get(user, path)["data"]]

    def fault(self, status: int, user: str, method: str, path: str, **options: Any) -> list[dict[str, Any]]:
        """The errors of a request that must be answered with *status*."""
        response = self.ask(user, method, path, **options)
        assert response.status_code == status, response.get_data(as_text=True)[:500]
        assert response.mimetype == JSON_API
        errors = response.get_json()["errors"]
        assert isinstance(errors, list)
        assert errors
        assert all(error["id"] == response.headers["X-Request-Id"] for error in errors)
        return errors

    @contextmanager
    def counting(self) -> Iterator[list[str]]:
        """The statements that are sent meanwhile."""
        self.sent.clear()
        yield self.sent


def serve(
    engine: Engine,
    declared: Policy[Any],
    models: type[DeclarativeBase],
    people: dict[str, Principal],
    folder: Path,
    *,
    rules: RuleSet | None = None,
    customize: Callable[[api.Api], None] | None = None,
    **settings: object,
) -> Served:
    """Serve models under a policy."""
    gate = Gate(declared, engine, models=models, rules=rules)
    app = Flask("rowgate")
    web.install(app, gate=gate, settings=load_settings(folder, environ={}, **settings))

    @app.before_request
    def who() -> None:
        if "X-User" in request.headers:
            web.set_principal(people[request.headers["X-User"]])

    api.install(app, customize=customize)
    served = Served(app=app, gate=gate, people=people)

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            served.sent.append(statement)

    for each in (gate.engine, gate.writing_engine):
        event.listen(each, "before_cursor_execute", note)
    return served


@pytest.fixture(scope="session")
def people() -> dict[str, Principal]:
    """The sample's users, by id; and ``buyer``, a customer who may read nothing but the own row."""
    buyer = User(id="ALFKI", roles=frozenset({"customer"}), client_id=1)
    with (SAMPLE / "users.csv").open(encoding="utf-8", newline="") as file:
        return {"buyer": buyer} | {
            row["id"]: User(
                id=row["id"],
                roles=frozenset(row["roles"].split()),
                client_id=int(row["client_id"]) if row["client_id"] else None,
                region=row["region"] or None,
                employee_id=int(row["employee_id"]) if row["employee_id"] else None,
            )
            for row in csv.DictReader(file)
        }


@pytest.fixture(scope="session")
def rules() -> RuleSet:
    """The sample's business rules."""
    return activate_rules(declare_logic, base=Base)


@pytest.fixture(scope="session", params=BOTH)
def reading(
    request: pytest.FixtureRequest,
    people: dict[str, Principal],
    rules: RuleSet,
    tmp_path_factory: pytest.TempPathFactory,
) -> Served:
    """The sample for tests that write nothing, refused writes included; one for the whole session."""
    copies = request.getfixturevalue("sqlite_copies" if request.param == "sqlite" else "postgres_copies")
    folder = tmp_path_factory.mktemp("reading")
    return serve(copies(), policy, Base, people, folder, rules=rules, customize=customize_api)


@pytest.fixture(scope="session", params=BOTH)
def scratch(
    request: pytest.FixtureRequest,
    people: dict[str, Principal],
    rules: RuleSet,
    tmp_path_factory: pytest.TempPathFactory,
) -> Served:
    """The sample for tests that write at random and look at no rows; one for the whole session."""
    copies = request.getfixturevalue("sqlite_copies" if request.param == "sqlite" else "postgres_copies")
    folder = tmp_path_factory.mktemp("scratch")
    return serve(copies(), policy, Base, people, folder, rules=rules, customize=customize_api)


@pytest.fixture
def writing(sample_engine: Engine, people: dict[str, Principal], rules: RuleSet, tmp_path: Path) -> Served:
    """The sample for one test to write to."""
    return serve(sample_engine, policy, Base, people, tmp_path, rules=rules, customize=customize_api)


@pytest.fixture(params=BOTH)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Served:
    """The models of tests/api/house.py on an empty database."""
    copies = request.getfixturevalue("sqlite_copies" if request.param == "sqlite" else "postgres_copies")
    engine = copies(empty=True)
    models.Base.metadata.create_all(engine)
    return serve(engine, models.policy, models.Base, models.people, tmp_path)
