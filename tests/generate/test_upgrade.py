"""`rowgate upgrade`: files that nobody touched follow their templates, the others stay and are told of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from rowgate import __version__
from rowgate.generate import upgrade as upgrading
from rowgate.generate.answers import Answers
from rowgate.generate.bases import read_answers, read_bases, write_answers
from rowgate.generate.models import Models
from rowgate.generate.project import render
from tests.generate.test_rebuild import Rowgate, database, edit, made, rowgate, shop, state

__all__ = ["database", "made", "rowgate", "shop"]


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rowgate whose templates have changed."""

    def rendered(answers: Answers, models: Mapping[str, Models]) -> dict[str, str]:
        files = render(answers, models)
        files["Makefile"] += "\nnew:\n\techo new\n"
        files["run.py"] = files["run.py"].replace('"""', '"""Newer. ', 1)
        files["docs/new.md"] = "New.\n"
        files["ui/admin.yaml"] = "# of the database\n" + files["ui/admin.yaml"]
        del files["tests/test_project.py"]
        return files

    monkeypatch.setattr(upgrading, "render", rendered)


@pytest.fixture
def older(shop: Path) -> None:
    """The project is from an older rowgate."""
    write_answers(shop, Answers(name="shop", title="Shop", version="0.0.1"))


def test_nothing_changed(rowgate: Rowgate, shop: Path) -> None:
    before = state(shop)
    result = rowgate("upgrade")
    assert (result.exit_code, result.output) == (0, f"The project is up to date with rowgate {__version__}.\n")
    assert state(shop) == before


@pytest.mark.usefixtures("newer", "older")
def test_only_untouched_files_follow(rowgate: Rowgate, shop: Path) -> None:
    edit(shop / "run.py", "import sys\n", "import sys  # mine\n")
    before = state(shop)
    dry = rowgate("upgrade", "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "+new:\n" in dry.output
    assert "run.py is yours and stays. In its template this changed:" in dry.output
    assert f"from 0.0.1 to {__version__}" in dry.output
    assert state(shop) == before

    result = rowgate("upgrade")
    assert result.exit_code == 0, result.output
    after = state(shop)
    assert after["run.py"] == before["run.py"]
    assert b"new:\n" in after["Makefile"]
    assert after["docs/new.md"] == b"New.\n"
    assert "tests/test_project.py" not in after
    assert after["ui/admin.yaml"] == before["ui/admin.yaml"]  # it follows the database: rowgate rebuild
    assert read_answers(shop).version == __version__
    assert "Newer. " in read_bases(shop)["run.py"]
    assert "tests/test_project.py" not in read_bases(shop)
    assert rowgate("upgrade").output == f"The project is up to date with rowgate {__version__}.\n"


@pytest.mark.usefixtures("newer", "older")
def test_a_file_of_the_users_is_not_overwritten_by_a_new_one(rowgate: Rowgate, shop: Path) -> None:
    (shop / "docs").mkdir()
    (shop / "docs/new.md").write_text("Mine.\n", encoding="utf-8")
    result = rowgate("upgrade")
    assert "docs/new.md is yours and stays" in result.output
    assert (shop / "docs/new.md").read_text(encoding="utf-8") == "Mine.\n"


@pytest.mark.usefixtures("newer", "older")
def test_a_file_that_the_user_removed_does_not_come_back(rowgate: Rowgate, shop: Path) -> None:
    (shop / "Makefile").unlink()
    result = rowgate("upgrade")
    assert "Makefile is yours and stays" in result.output
    assert not (shop / "Makefile").exists()


@pytest.mark.usefixtures("older")
def test_the_version_alone(rowgate: Rowgate, shop: Path) -> None:
    result = rowgate("upgrade")
    assert result.exit_code == 0, result.output
    assert read_answers(shop).version == __version__
