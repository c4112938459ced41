"""The commands know every database of the project."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result

from rowgate.cli import main

Invoke = Callable[..., Result]

SETTINGS = """
from pathlib import Path

from tests.several.world import make_project

project = make_project(Path(__file__).resolve().parent.parent)
"""


@pytest.fixture(scope="module")
def invoke(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Invoke]:
    """Run ``rowgate`` on the project; the sample's modules come back afterwards."""
    kept = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "config"}
    path = list(sys.path)
    folder = tmp_path_factory.mktemp("project")
    (folder / "config").mkdir()
    (folder / "config/__init__.py").touch()
    (folder / "config/settings.py").write_text(SETTINGS, encoding="utf-8")
    yield lambda *arguments: CliRunner().invoke(main, ["--project", str(folder), *arguments])
    for name in [name for name in sys.modules if name.split(".")[0] == "config"]:
        del sys.modules[name]
    sys.modules.update(kept)
    sys.path[:] = path


def test_check_counts_the_entities_of_all(invoke: Invoke) -> None:
    found = invoke("check")
    assert (found.exit_code, found.stdout) == (
        0,
        "0 errors, 0 warnings in 4 entities, 2 permissions, 1 global filter, 2 grants.\n",
    )


def test_whoami_has_a_table_for_each(invoke: Invoke) -> None:
    text = invoke("whoami", "ann").stdout
    main_part, _, hr_part = text.partition("database hr\n")
    assert "database main\n" in main_part
    assert "Note" in main_part
    assert "Department" in hr_part
    document = json.loads(invoke("whoami", "ann", "--json").stdout)
    assert set(document["entities"]) == {"Employee", "Note"}
    assert set(document["databases"]["hr"]["entities"]) == {"Department", "Employee"}
    assert document["databases"]["hr"]["entities"]["Employee"]["READ"]["by"] == "grants"


def test_explain_asks_the_database_that_has_the_entity(invoke: Invoke) -> None:
    assert "hidden" in invoke("explain", "ann", "Department", "2").stdout
    both = invoke("explain", "ann", "Employee", "11")
    assert both.exit_code == 2
    assert "several databases have an entity 'Employee'. Write main:Employee or hr:Employee." in both.stderr
    assert "visible" in invoke("explain", "ann", "hr:Employee", "11").stdout
    assert "hidden" in invoke("explain", "ann", "main:Employee", "11").stdout
    assert "there is no database 'rh'" in invoke("explain", "ann", "rh:Employee").stderr
    assert "Did you mean Department?" in invoke("explain", "ann", "hr:Departmnt").stderr
    assert "there is no entity 'Note'" in invoke("explain", "ann", "hr:Note").stderr


def test_admin_yaml_of_a_further_database(invoke: Invoke) -> None:
    assert "Note:" in invoke("admin-yaml", "--full").stdout
    text = invoke("admin-yaml", "--full", "--database", "hr").stdout
    assert "Department:" in text
    assert "Note:" not in text
    assert "there is no database 'rh'" in invoke("admin-yaml", "--database", "rh").stderr
