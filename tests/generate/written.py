"""A written project, imported into this process and served; what was imported before comes back afterwards."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import configure_mappers
from werkzeug.test import TestResponse

from rowgate.app import create_app, opened_by
from rowgate.project import Project, load_project
from rowgate.settings import load_settings

OURS = {"api", "config", "database", "logic", "security", "ui"}


@contextmanager
def fresh_modules() -> Iterator[None]:
    """As if no project had been imported yet; what was imported before comes back afterwards."""
    kept = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] in OURS}
    path, without = list(sys.path), sys.dont_write_bytecode
    # A file that is edited and read again within a second would be taken from its compiled copy.
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        # Now, while their modules are there to look names up in: SQLAlchemy configures all classes at once.
        configure_mappers()
        for name in [name for name in sys.modules if name.split(".")[0] in OURS]:
            del sys.modules[name]
        sys.modules.update(kept)
        sys.path[:], sys.dont_write_bytecode = path, without


@contextmanager
def loaded(folder: Path) -> Iterator[Project]:
    """The project in a folder."""
    with fresh_modules():
        yield load_project(folder)


@contextmanager
def served(folder: Path) -> Iterator[Flask]:
    """The project in a folder, as its server would answer."""
    with loaded(folder) as project:
        app = create_app(load_settings(folder, environ={}), project=project)
        try:
            yield app
        finally:
            opened_by(app).close()


def cheap_hasher() -> PasswordHasher:
    """Argon2 as weak as it can be, for tests that make many log-ins."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class LoggedIn:
    """A client with somebody's token."""

    def __init__(self, app: Flask, user: str, password: str) -> None:
        self._client: FlaskClient = app.test_client()
        answer = self._client.post("/api/auth/login", json={"username": user, "password": password})
        assert answer.status_code == 200, answer.get_data(as_text=True)
        self._headers = {"Authorization": f"Bearer {answer.get_json()['access_token']}"}

    def get(self, path: str) -> TestResponse:
        return self._client.get(path, headers=self._headers)

    def ids(self, entity: str) -> list[str]:
        """The ids of the rows of an entity that the user sees."""
        answer = self.get(f"/api/{entity}?page[limit]=1000")
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return [row["id"] for row in answer.get_json()["data"]]


def unmarked(path: Path, code: str, *, mark: str = "#") -> None:
    """Take the comment marks off these lines of a file, as a user would."""
    text = path.read_text(encoding="utf-8")
    marked = "".join(f"{mark} {line}\n" if line else f"{mark}\n" for line in code.splitlines())
    assert text.count(marked) == 1, f"not once in {path.name}:\n{marked}"
    path.write_text(text.replace(marked, code + "\n"), encoding="utf-8")


def password_in(output: str) -> str:
    """The password that was made up, in what the command said."""
    found = re.search(r"shown this once:\s+(\S+)", output)
    assert found, output
    return found.group(1)
