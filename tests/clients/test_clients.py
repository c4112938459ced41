"""A client library of another author works with the server as it is, over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonapi_requests.request_factory import ApiClientError
from werkzeug.serving import make_server

from config.settings import project
from rowgate.app import create_app
from rowgate.settings import load_settings
from tests.clients.with_jsonapi_requests import work
from tests.conftest import Copies


@pytest.fixture
def address(sqlite_copies: Copies, users_template: Path, tmp_path: Path) -> Iterator[str]:
    """Where the sample is served."""
    engine = sqlite_copies()
    users = tmp_path / "auth.sqlite"
    users.write_bytes(users_template.read_bytes())
    settings = load_settings(
        project.root,
        environ={},
        instance=tmp_path,
        database_url=engine.url,
        auth_database_url=f"sqlite:///{users}",
    )
    app = create_app(settings, project=project)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["rowgate"].gate.plain_engine.dispose()


def test_a_standard_client_reads_filters_includes_creates_updates_and_deletes(address: str) -> None:
    seen = work(address, "u1", "p")
    assert seen["read"] == "Alfreds Futterkiste"
    assert seen["filtered"] == ["AROUT", "BSBEV", "CONSH", "EASTC", "NORTS", "SEVES"]
    assert len(seen["sorted"]) == 3
    assert seen["sorted"] == sorted(seen["sorted"], reverse=True)
    assert seen["included"] == "Alfreds Futterkiste"
    assert (seen["created"], seen["updated"], seen["deleted"]) == ("Repairs", "Repairs and returns", 404)


def test_it_meets_the_rows_of_its_user_only(address: str) -> None:
    with pytest.raises(ApiClientError) as refused:
        work(address, "s1", "p")  # ALFKI is not one of s1's rows
    assert refused.value.status_code == 404
