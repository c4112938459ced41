"""``rowgate run`` and ``run.py``: what is typed comes before the settings, and both are one command."""

import subprocess
import sys

import pytest

from config.settings import project
from rowgate.cli.common import Here
from rowgate.settings import Settings
from tests.cli.conftest import Invoke


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Where a server would have listened."""
    addresses: list[tuple[str, int]] = []

    def serve(here: Here, settings: Settings, *, workers: int, threads: int) -> None:
        assert here.project is project
        assert (workers, threads) == (1, 8)
        addresses.append((settings.host, settings.port))

    # By its module: rowgate.cli.run is the command.
    monkeypatch.setattr(sys.modules["rowgate.cli.run"], "serve_project", serve)
    return addresses


@pytest.mark.parametrize(
    ("typed", "environment", "address"),
    [
        ((), {}, ("127.0.0.1", 5656)),
        ((), {"ROWGATE_PORT": "8080"}, ("127.0.0.1", 8080)),
        (("--port", "0", "--host", "::1"), {"ROWGATE_PORT": "8080"}, ("::1", 0)),
    ],
)
def test_where_it_listens(
    invoke: Invoke,
    monkeypatch: pytest.MonkeyPatch,
    served: list[tuple[str, int]],
    typed: tuple[str, ...],
    environment: dict[str, str],
    address: tuple[str, int],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    result = invoke("run", *typed)
    assert result.exit_code == 0, result.output
    assert served == [address]


def test_a_port_that_is_none_is_refused(invoke: Invoke, served: list[tuple[str, int]]) -> None:
    assert invoke("run", "--port", "70000").exit_code == 2
    assert served == []


def test_run_py_is_the_same_command() -> None:
    program = [sys.executable, str(project.root / "run.py"), "--help"]
    done = subprocess.run(program, cwd="/", capture_output=True, text=True, check=True)  # noqa: S603
    assert "--host H" in done.stdout
    assert "--port P" in done.stdout
