"""Requests that schemathesis makes up from a user's OpenAPI document, over every entity: each answer is as described.

A few of each operation run with the other tests; ``make api-check`` runs more.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure, FailureGroup

from config.settings import project
from rowgate.app import create_app
from rowgate.settings import load_settings
from tests.conftest import Copies

EXAMPLES = int(os.environ.get("ROWGATE_TEST_EXAMPLES", "2"))
USER = os.environ.get("ROWGATE_TEST_USER", "u1")

CONFIG = Path(__file__).with_name("schemathesis.toml")


@pytest.fixture(scope="module")
def app(sqlite_copies: Copies, users_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    engine = sqlite_copies()
    folder = tmp_path_factory.mktemp("instance")
    users = folder / "auth.sqlite"
    users.write_bytes(users_template.read_bytes())
    loaded = load_settings(
        project.root,
        environ={},
        instance=folder,
        database_url=engine.url,
        auth_database_url=f"sqlite:///{users}",
    )
    made = create_app(loaded, project=project)
    yield made
    made.extensions["rowgate"].gate.plain_engine.dispose()


def tried(operation: Any, mode: GenerationMode, headers: dict[str, str]) -> None:
    """Send made-up requests that the document allows (or does not, in the other mode), and check the answers."""

    @seeded(1)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        case.call_and_validate(headers=headers)

    check()


# A row without its natural key: SQLAlchemy warns, then the database refuses it.
@pytest.mark.filterwarnings("ignore:Column .* is marked as a member of the primary key:sqlalchemy.exc.SAWarning")
def test_every_answer_is_as_described(app: Flask) -> None:
    login = app.test_client().post("/api/auth/login", json={"username": USER, "password": "p"})
    headers = {"Authorization": f"Bearer {login.get_json()['access_token']}"}
    config = SchemathesisConfig.from_path(CONFIG)
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app, headers=headers, config=config)
    faults: list[str] = []
    count = 0
    for result in schema.get_all_operations():
        operation: Any = result.ok()
        if operation.path.startswith("/api/auth/log"):
            continue  # made-up passwords are throttled, and a log-out would end the token
        count += 1
        for mode in GenerationMode:
            try:
                tried(operation, mode, headers)
            except (Failure, FailureGroup) as error:
                faults.append(f"{operation.label}: {error}")
            except NotImplementedError:
                assert mode is GenerationMode.NEGATIVE  # an operation that takes nothing can be sent nothing wrong
    assert count > 150
    assert not faults, "\n\n".join(faults)
