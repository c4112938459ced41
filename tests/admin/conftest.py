"""The sample with log-in, API and admin app, and browsers that keep its cookie."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import URL, Engine
from werkzeug.test import TestResponse

from api.customize_api import customize_api
from database.load import sample_logins
from database.models import Base
from logic.declare_logic import declare_logic
from rowgate import admin, api, auth, web
from rowgate.admin.file import read_text
from rowgate.databases import make_engine
from rowgate.enforce import Gate, StatementRecord, TrustedRecord
from rowgate.logic import RuleSet, activate_rules
from rowgate.policy import Policy
from rowgate.settings import load_settings
from security.declare_security import policy


@dataclass
class Records:
    """An observer that keeps everything."""

    statements: list[StatementRecord] = field(default_factory=list)
    trusting: list[TrustedRecord] = field(default_factory=list)

    def statement(self, record: StatementRecord) -> None:
        self.statements.append(record)

    def trusted(self, record: TrustedRecord) -> None:
        self.trusting.append(record)


@dataclass
class Browser:
    """A browser: it keeps the cookie, and sends the CSRF token as the app does."""

    client: FlaskClient
    csrf: str = ""
    view: str | None = None

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = dict(options.pop("headers", {}))
        if self.view is not None:
            headers.setdefault("Authorization", f"Bearer {self.view}")
        elif method not in ("GET", "HEAD"):
            headers.setdefault("X-CSRF-Token", self.csrf)
        return self.client.open(path, method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> Any:
        """The document at *path*, which must be there."""
        response = self.ask("GET", path, **options)
        assert response.status_code == 200, response.text[:500]
        return response.get_json()

    def fault(self, status: int, method: str, path: str, **options: Any) -> str:
        """The code of the error that a request must be answered with."""
        response = self.ask(method, path, **options)
        assert response.status_code == status, response.text[:500]
        code = response.get_json()["errors"][0]["code"]
        assert isinstance(code, str)
        return code

    def sign_in(self, user: str, password: str = "p") -> Any:
        response = self.client.post("/admin/session", json={"username": user, "password": password})
        assert response.status_code == 200, response.text
        document = response.get_json()
        self.csrf = document["csrf"]
        return document

    def view_as(self, user: str, *, write: bool = False) -> Browser:
        """Another tab of this browser, in which the rows are viewed as somebody else."""
        answer = self.ask("POST", "/admin/view-as", json={"user": user, "write": write})
        assert answer.status_code == 201, answer.text
        return Browser(self.client, self.csrf, answer.get_json()["token"])


@dataclass
class House:
    """The app, and what it was made of."""

    app: Flask
    gate: Gate
    records: Records

    def browser(self, user: str | None = None) -> Browser:
        browser = Browser(self.app.test_client())
        if user is not None:
            browser.sign_in(user)
        return browser


def build(
    rows: Engine,
    users: Engine,
    folder: Path,
    *,
    rules: RuleSet,
    file: str = "",
    declared: Policy[Any] = policy,
    observers: Sequence[Any] = (),
    **settings: object,
) -> House:
    """The whole app, as `create_app` puts it together."""
    records, live_log = Records(), admin.LiveLog()
    gate = Gate(declared, rows, models=Base, rules=rules, observers=[records, live_log, *observers])
    read = load_settings(folder, environ={}, **{"why_roles": "*", **settings})
    app = Flask("rowgate", static_folder=None)
    web.install(app, gate=gate, settings=read)
    # As cheap as those in the file, so that no sign-in makes an expensive hash.
    passwords = auth.Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    provider = auth.make_provider(read, declared.principal, engine=users, passwords=passwords)
    log_in = auth.install(app, provider=provider, revocations=auth.make_revocations(read, engine=users))
    faults = admin.Faults()
    parsed = read_text(file, faults)
    assert not faults, faults
    made = api.install(app, customize=customize_api if declared is policy else None, searched=parsed.searched())
    admin.install(app, api=made, auth=log_in, live_log=live_log, file=parsed, sample_logins=sample_logins)
    return House(app, gate, records)


@pytest.fixture(scope="session")
def rules() -> RuleSet:
    return activate_rules(declare_logic, base=Base)


@pytest.fixture
def house(sqlite_engine: Engine, users_engine: Engine, rules: RuleSet, tmp_path: Path) -> House:
    """The sample for one test to write to, in SQLite."""
    return build(sqlite_engine, users_engine, tmp_path, rules=rules)


@pytest.fixture
def both(sample_engine: Engine, users_engine: Engine, rules: RuleSet, tmp_path: Path) -> House:
    """The sample for one test to write to, on each database."""
    return build(sample_engine, users_engine, tmp_path, rules=rules)


@pytest.fixture(scope="session")
def reading(
    sqlite_copies: Any, users_template: Path, rules: RuleSet, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """The sample in SQLite for tests that write nothing but log-ins; one for the whole session."""
    folder = tmp_path_factory.mktemp("admin")
    shutil.copyfile(users_template, folder / "users.sqlite")
    users = make_engine(URL.create("sqlite", database=str(folder / "users.sqlite")))
    file = (Path(__file__).parents[2] / "ui/admin.yaml").read_text(encoding="utf-8")
    yield build(sqlite_copies(), users, folder, rules=rules, file=file)
    users.dispose()
