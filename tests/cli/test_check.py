"""``rowgate check``: sound projects pass, and each fault is told with its code, line and hint."""

import json
import sqlite3
from pathlib import Path

import pytest

from rowgate import __version__
from tests.cli.conftest import Invoke

SECRET = "k3J9sPq0vXw7LmZ2tR8yB5nC1dF6gH4a"


def test_the_sample_is_sound(invoke: Invoke) -> None:
    result = invoke("check")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("0 errors, ")


def test_check_opens_no_database_and_writes_no_secret(invoke: Invoke, tmp_path: Path) -> None:
    assert invoke("check").exit_code == 0
    assert not (tmp_path / "instance").exists()


def test_a_wrong_declaration_is_told_with_its_line(invoke_on: Invoke) -> None:
    result = invoke_on('policy.permission("raeder", Access.READ)', "check")
    assert result.exit_code == 1
    assert "config/settings.py:21: error P001: There is no role 'raeder'." in result.stdout
    assert "The roles are: reader." in result.stdout
    assert "1 error, 0 warnings in 1 entity, 1 permission, 0 global filters, 0 grants." in result.stdout


def test_a_warning_is_shown_and_does_not_fail(invoke_on: Invoke) -> None:
    result = invoke_on("", "check")
    assert result.exit_code == 0
    assert "warning P015: No permission and no grant is declared." in result.stdout


def test_findings_as_json(invoke_on: Invoke) -> None:
    result = invoke_on('policy.grant(Paper, "reader", where=lambda row, user: row.Nmae == 1)', "check", "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["ok"] is False
    assert [(f["code"], f["level"], f["source"]) for f in document["findings"]] == [
        ("P003", "error", "config/settings.py:21")
    ]


def test_models_that_map_the_log_in_tables_are_refused(invoke_on: Invoke) -> None:
    result = invoke_on('policy.permission("reader", Access.READ)', "check", table="auth_user")
    assert result.exit_code == 1
    assert "error P008: The models map auth_user" in result.stdout


@pytest.mark.parametrize(("env", "code"), [("development", 0), ("production", 1)])
def test_a_short_secret_is_an_error_in_production(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch, env: str, code: int
) -> None:
    monkeypatch.setenv("ROWGATE_ENV", env)
    monkeypatch.setenv("ROWGATE_SECRET", SECRET[:10])
    result = invoke("check")
    assert result.exit_code == code
    assert ("error P009" in result.stdout) == bool(code)
    assert SECRET[:10] not in result.output


def test_a_setting_that_is_none_ends_with_its_code(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROWGATE_PROT", "1")
    result = invoke("check")
    assert result.exit_code == 2
    assert "RG520 Setting refused: ROWGATE_PROT" in result.stderr
    assert "Did you mean ROWGATE_PORT?" in result.stderr
    assert "Traceback" not in result.output


def test_a_database_that_lacks_a_table_is_an_error(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "some.sqlite"
    connection = sqlite3.connect(file)
    connection.executescript("CREATE TABLE customer (id INTEGER)")
    connection.close()
    monkeypatch.setenv("ROWGATE_DATABASE_URL", f"sqlite:///{file}")
    before = file.read_bytes()
    result = invoke("check")
    assert result.exit_code == 1
    assert "error P040: tables Region, " in result.stdout
    assert "error P040: table Customer lacks the columns CompanyName, " in result.stdout
    assert "run `rowgate db upgrade`" in result.stdout
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_a_database_that_does_not_answer_is_a_warning(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROWGATE_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/nothing")
    result = invoke("check")
    assert result.exit_code == 0
    assert "warning P041: The database main was not looked at: " in result.stdout
    assert "secret" not in result.output


def test_the_version_is_told(invoke: Invoke) -> None:
    assert invoke("--version").stdout == f"rowgate, version {__version__}\n"
