"""``rowgate policy test``: the sample's tests cover every declaration; exit codes, selection, JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config.settings import project
from tests.cli.conftest import Invoke

TESTS = project.root / "security/tests"

ONE = """
rows:
  Paper: [{Id: 1}]
tests:
  - {name: readers see, as: {roles: [reader]}, counts: {Paper: %s}}
  - {name: nobody does, as: {}, sees_only: {Paper: []}}
"""
READERS = 'policy.permission("reader", Access.READ)\npolicy.permission("reader", Access.DELETE)'


@pytest.mark.usefixtures("sample_databases")
def test_the_samples_tests_hold_and_cover_every_declaration(invoke: Invoke) -> None:
    result = invoke("policy", "test", "--coverage-min", "100")
    assert result.exit_code == 0, result.output
    assert "19 of 19 declarations are decisive, 100 %, of at least 100 % wanted" in result.stdout
    assert result.stdout.endswith("expectations: none failed.\n")


def test_a_part_of_them(invoke: Invoke) -> None:
    result = invoke("policy", "test", str(TESTS / "sales.yaml"), "-k", "mike")
    assert (result.exit_code, result.stdout.count("  ok  ")) == (0, 1), result.output
    nothing = invoke("policy", "test", str(TESTS / "sales.yaml"), "-k", "nothing like it")
    assert nothing.exit_code == 2
    assert "no test's file, name or user holds 'nothing like it'" in nothing.stderr


def test_a_failure_and_its_exit_code(invoke_on: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text(ONE % 2, encoding="utf-8")
    result = invoke_on(READERS, "policy", "test", str(file))
    assert result.exit_code == 1
    assert "  FAIL  readers see\n" in result.stdout
    assert f"{file}:5: somebody sees 1 of Paper, not 2. Seen instead: 1." in result.stdout
    assert "permission reader" in result.stdout
    assert result.stdout.endswith("2 tests, 2 expectations: 1 failed.\n")


def test_too_little_coverage_and_its_exit_code(invoke_on: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text(ONE % 1, encoding="utf-8")
    assert invoke_on(READERS, "policy", "test", str(file), "--coverage").exit_code == 0
    result = invoke_on(READERS, "policy", "test", str(file), "--coverage-min", "51")
    assert result.exit_code == 1
    assert "coverage: 1 of 2 declarations are decisive, 50 %, of at least 51 % wanted" in result.stdout
    never = result.stdout.split("never decisive: no test would fail without\n")[1]
    assert never.startswith("  config/settings.py:") or "settings.py:" in never.splitlines()[0]
    assert "permission reader: DELETE" in never
    told = json.loads(invoke_on(READERS, "policy", "test", str(file), "--coverage", "--json").stdout)
    assert (told["ok"], told["coverage"]["percent"]) == (True, 50)
    assert [bool(each["decided_by"]) for each in told["coverage"]["declarations"]] == [True, False]


def test_a_faulty_file_runs_nothing(invoke_on: Invoke, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(ONE % 1, encoding="utf-8")
    (tmp_path / "bad.yaml").write_text("tests:\n  - {as: x, counts: {Papre: 1}}\n", encoding="utf-8")
    result = invoke_on(READERS, "policy", "test", str(tmp_path / "good.yaml"), str(tmp_path / "bad.yaml"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"{tmp_path / 'bad.yaml'}:2: error: There is no entity 'Papre'.\n    Did you mean Paper?\n"
    )
    missing = invoke_on(READERS, "policy", "test", str(tmp_path / "none.yaml"))
    assert missing.exit_code == 2
    assert "RG550 Policy test refused: There is no file" in missing.stderr
