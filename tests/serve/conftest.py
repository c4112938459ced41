"""The sample with routes that take their time, in this process and in processes of its own."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from config.settings import project
from rowgate import web
from rowgate.api import Api
from rowgate.app import create_app, opened_by
from rowgate.budgets import current
from rowgate.settings import load_settings

MakeApp = Callable[..., Flask]

# Twenty seconds and more of work in one statement, which holds no row of anybody.
LONG = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000000) SELECT max(i) FROM n",
    "postgresql": "SELECT pg_sleep(20)",
}

ROUTES = """
import time
from pathlib import Path

from rowgate.api import Api


def customize_api(api: Api) -> None:
    @api.app.get("/api/slowly/<float:seconds>")
    def slowly(seconds: float) -> str:
        Path("arrived").touch()
        time.sleep(seconds)
        return "done"
"""


def pass_time(seconds: float) -> None:
    """Let the request be older than it is."""
    budget = current()
    assert budget is not None
    budget.started -= seconds


def slow_routes(api: Api) -> None:
    """One that sends a statement without end, and one that sends a short one after it has slept."""

    @api.app.get("/api/long")
    def long() -> str:
        pass_time(29.5)  # of thirty
        with web.runtime().gate.trusted(reason="test") as session:
            session.execute(text(LONG[session.get_bind().dialect.name]))
        return "done"

    @api.app.get("/api/late/<float:seconds>")
    def late(seconds: float) -> str:
        with web.runtime().gate.trusted(reason="test") as session:
            session.execute(text("SELECT 1"))
            pass_time(seconds)
            session.execute(text("SELECT 1"))
        return "done"


class Buffered(FlaskClient):
    """Reads each answer to its end, as a server does; only then has it been served."""

    def open(self, *args: Any, **given: Any) -> TestResponse:
        return super().open(*args, **{"buffered": True, **given})


def _apps(engine: Engine, users: Path, folder: Path) -> Iterator[MakeApp]:
    apps: list[Flask] = []
    shutil.copyfile(users, folder / "auth.sqlite")

    def make(**settings: Any) -> Flask:
        given = {"instance": folder, "database_url": engine.url, "log_level": "WARNING", **settings}
        read = load_settings(project.root, environ={}, **given)
        apps.append(create_app(read, project=replace(project, customize_api=slow_routes)))
        apps[-1].test_client_class = Buffered
        return apps[-1]

    yield make
    for app in apps:
        opened_by(app).close()


@pytest.fixture
def make_app(sqlite_engine: Engine, users_template: Path, tmp_path: Path) -> Iterator[MakeApp]:
    """Makes the app of the sample with those routes, and these settings."""
    yield from _apps(sqlite_engine, users_template, tmp_path)


@pytest.fixture
def make_app_on_each(sample_engine: Engine, users_template: Path, tmp_path: Path) -> Iterator[MakeApp]:
    """The same, on each database."""
    yield from _apps(sample_engine, users_template, tmp_path)


@pytest.fixture
def make_app_on_postgresql(postgres_engine: Engine, users_template: Path, tmp_path: Path) -> Iterator[MakeApp]:
    """The same, on PostgreSQL."""
    yield from _apps(postgres_engine, users_template, tmp_path)


def log_in(client: FlaskClient, user: str = "admin") -> dict[str, str]:
    """The header of a log-in."""
    answer = client.post("/api/auth/login", json={"username": user, "password": "p"})
    return {"Authorization": f"Bearer {answer.get_json()['access_token']}"}


@dataclass
class Server:
    """A server in processes of its own; what it prints goes to files, which never fill up."""

    process: "subprocess.Popen[bytes]"
    out: Path
    err: Path
    url: str = ""

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[str, str]:
        """Send a signal; what was printed until the end."""
        self.process.send_signal(number)
        self.process.wait(timeout=60)
        return self.out.read_text(), self.err.read_text()

    def wait_for_request(self) -> None:
        """Wait until a request to ``/api/slowly`` is being served."""
        while not (self.out.parent / "arrived").exists():
            time.sleep(0.02)


@pytest.fixture
def serve(tmp_path: Path, sqlite_template: Path, users_template: Path) -> Iterator[Callable[..., Server]]:
    """Starts ``rowgate`` with these arguments on a copy of the sample, and waits until it serves."""
    for folder in ("config", "database", "logic", "security", "api"):
        shutil.copytree(project.root / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "api/customize_api.py").write_text(ROUTES, encoding="utf-8")
    (tmp_path / "instance").mkdir()
    shutil.copyfile(sqlite_template, tmp_path / "instance/database.sqlite")
    shutil.copyfile(users_template, tmp_path / "instance/auth.sqlite")
    servers: list[Server] = []

    def start(*arguments: str, **environment: str) -> Server:
        program = [sys.executable, "-c", "from rowgate.cli import main; main()", *arguments]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ROWGATE_")}
        environ = {**kept, "ROWGATE_ACCESS_LOG": "json", "ROWGATE_FILTER_LOG": "off", **environment}
        out, err = (tmp_path / f"{len(servers)}.{name}" for name in ("out", "err"))
        with out.open("wb") as to_out, err.open("wb") as to_err:
            process = subprocess.Popen(program, cwd=tmp_path, env=environ, stdout=to_out, stderr=to_err)  # noqa: S603
        server = Server(process, out, err)
        servers.append(server)
        while "Serving on " not in (said := err.read_text()):
            if process.poll() is not None:
                pytest.fail(said)
            time.sleep(0.05)
        server.url = said.split("Serving on ")[1].split(",")[0]
        return server

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
