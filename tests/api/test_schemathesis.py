"""Requests that schemathesis makes up from a user's OpenAPI document: each answer is as described.

Its engine sends them over HTTP, with all of its checks: what the document allows, each constraint of it broken, methods
that it does not have, requests without a log-in. A few addresses are tried with the other tests; ``make api-check``
tries every one, as several users.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from werkzeug.serving import WSGIRequestHandler, make_server

from config.settings import project
from rowgate.app import create_app
from rowgate.settings import load_settings
from tests.conftest import Copies

EXAMPLES = os.environ.get("ROWGATE_TEST_EXAMPLES")
USERS = os.environ.get("ROWGATE_TEST_USER", "u1").split()
SAMPLE = r"^/api/(Region/\{row_id\}(/TerritoryList)?|Invoice(/\{row_id\})?|operations|auth/me|openapi.json)$"

CONFIG = Path(__file__).with_name("schemathesis.toml")


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_arguments: object, **_more: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def app(sqlite_copies: Copies, users_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("instance")
    users = folder / "auth.sqlite"
    users.write_bytes(users_template.read_bytes())
    loaded = load_settings(
        project.root,
        environ={},
        instance=folder,
        database_url=sqlite_copies().url,
        auth_database_url=f"sqlite:///{users}",
        filter_log="off",
        access_log="off",
    )
    made = create_app(loaded, project=project)
    yield made
    made.extensions["rowgate"].gate.plain_engine.dispose()


@pytest.fixture(scope="module")
def address(app: Flask) -> Iterator[str]:
    """Of the app, served by threads of this process."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.timeout(3600 if EXAMPLES is not None else 300)
@pytest.mark.parametrize("user", USERS)
def test_every_answer_is_as_described(app: Flask, address: str, tmp_path: Path, user: str) -> None:
    login = app.test_client().post("/api/auth/login", json={"username": user, "password": "p"})
    headers = {"Authorization": f"Bearer {login.get_json()['access_token']}"}
    file = tmp_path / "schemathesis.toml"
    file.write_text(
        f"headers = {{ Authorization = {json.dumps(headers['Authorization'])} }}\n"
        f'[generation]\nmode = "all"\nmax-examples = {EXAMPLES or 1}\n{CONFIG.read_text()}'
    )
    config = SchemathesisConfig.from_path(file)
    schema = schemathesis.openapi.from_url(f"{address}/api/openapi.json", headers=headers, config=config)
    # Made-up passwords are throttled, and a log-out would end the token.
    schema = schema.exclude(path_regex="^/api/auth/log")
    if EXAMPLES is None:
        schema = schema.include(path_regex=SAMPLE)

    tried: set[str] = set()
    cases = 0
    faults: dict[object, str] = {}
    for event in from_schema(schema).execute():
        match event:
            case events.ScenarioFinished(recorder=recorder):
                tried.add(recorder.label)
                cases += len(recorder.cases)
                for identity, checks in recorder.checks.items():
                    for failed in (each for each in checks if each.failure_info is not None):
                        failure = failed.failure_info.failure
                        request: Any = recorder.cases[identity].value
                        told = f"{recorder.label}: {failure.message}\n{request.as_curl_command()}"
                        faults.setdefault((recorder.label, type(failure)), told)
            case events.NonFatalError(value=error) | events.FatalError(exception=error):
                raise error
    assert not faults, "\n\n".join(faults.values())
    assert cases > 20 * len(tried)
    assert len(tried) > (200 if EXAMPLES is not None else 10)
