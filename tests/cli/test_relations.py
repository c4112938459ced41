"""``rowgate relations``: questions, changes, files."""

import json
from pathlib import Path

import pytest
from click.testing import Result

from tests.cli.conftest import Invoke

pytestmark = pytest.mark.usefixtures("sample_databases")

FILE = """
schema: |
  definition user {
  }

  definition document {
    relation viewer: user
    permission view = viewer
  }
relationships: |
  document:1#viewer@user:anna
assertions:
  assertTrue:
    - document:1#view@user:anna
  assertFalse:
    - document:1#view@user:%s
"""


def ask(invoke: Invoke, *words: str, code: int = 0) -> Result:
    result = invoke("relations", *words)
    assert result.exit_code == code, result.output
    return result


def lines(invoke: Invoke, *words: str) -> list[str]:
    return ask(invoke, *words).stdout.splitlines()


def test_check_and_why(invoke: Invoke) -> None:
    assert lines(invoke, "check", "order:10248", "read", "employee:1") == ["allowed"]
    assert ask(invoke, "check", "order:10253", "read", "employee:1", code=1).stdout == "denied\n"
    assert lines(invoke, "why", "order:10248", "read", "employee:1") == [
        "employee:1 on order:10248, read: allowed",
        "  order:10248#viewer@department:2#member",
        "  department:2#worker@employee:1",
    ]
    document = json.loads(ask(invoke, "why", "order:10253", "read", "employee:1", "--json").stdout)
    assert (document["answer"], document["path"]) == ("denied", [])


def test_lookup_and_subjects(invoke: Invoke) -> None:
    assert len(lines(invoke, "lookup", "order", "read", "employee:1")) == 128
    found = json.loads(ask(invoke, "subjects", "order:10248", "share", "employee", "--json").stdout)
    assert [each["id"] for each in found["subjects"]] == ["2", "5"]
    assert found["everyone_else"]["answer"] == "denied"


def test_grant_ls_export_import_revoke(invoke: Invoke, tmp_path: Path) -> None:
    share = "order:10253#viewer@employee:1[expiration:2099-01-01T00:00:00Z]"
    assert lines(invoke, "grant", share) == ["1 written"]
    assert share in lines(invoke, "ls", "order:10253")
    assert lines(invoke, "check", "order:10253", "read", "employee:1") == ["allowed"]
    file = tmp_path / "shares.txt"
    file.write_text(ask(invoke, "export").stdout, encoding="utf-8")
    assert share in file.read_text(encoding="utf-8")
    assert lines(invoke, "revoke", share, "order:10254#viewer@employee:1") == ["1 deleted, 1 not there"]
    count = len(file.read_text(encoding="utf-8").splitlines())
    assert lines(invoke, "import", str(file), "--dry-run") == [f"{count} would be written"]
    assert share not in lines(invoke, "ls")
    assert lines(invoke, "import", str(file)) == [f"{count} written"]
    assert share in lines(invoke, "ls")


def test_faults_name_the_line_and_write_nothing(invoke: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "shares.txt"
    file.write_text("order:10253#viewer@employee:1\norder:10253#seller@employee:1\n", encoding="utf-8")
    result = ask(invoke, "import", str(file), code=2)
    assert "Line 2" in result.stderr
    assert "Order.EmployeeId" in result.stderr
    assert ask(invoke, "check", "order:10253", "read", "employee:1", code=1).stdout == "denied\n"
    assert "order#raed" in ask(invoke, "check", "order:1", "raed", "employee:1", code=2).stderr
    assert "JSON" in ask(invoke, "check", "order:1", "read", "employee:1", "--context", "{", code=2).stderr


def test_schemas_in_and_out(invoke: Invoke, tmp_path: Path) -> None:
    assert "permission read = " in ask(invoke, "export", "--schema", "zed").stdout
    model = tmp_path / "model.fga"
    model.write_text("model\n  schema 1.1\ntype user\ntype document\n  relations\n    define viewer: [user]\n")
    assert "relation viewer: user" in ask(invoke, "import", str(model)).stdout
    assert "CREATE TRIGGER" in ask(invoke, "triggers").stdout


def test_validate_counts_and_tells_what_differs(invoke: Invoke, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(FILE % "ben", encoding="utf-8")
    bad.write_text(FILE % "anna", encoding="utf-8")
    result = ask(invoke, "validate", str(good))
    assert result.stdout.endswith("1 files, 2 checks, 2 lists, 0 subjects compared, 0 different\n")
    result = ask(invoke, "validate", str(tmp_path), code=1)
    assert "bad.yaml: document:1#view@user:anna: check gives true, must be false" in result.stdout
    assert "2 files, 4 checks, 4 lists, 0 subjects compared, 2 different" in result.stdout
    broken = tmp_path / "broken.yaml"
    broken.write_text("schema: [", encoding="utf-8")
    assert "no YAML" in ask(invoke, "validate", str(broken), code=2).stderr
