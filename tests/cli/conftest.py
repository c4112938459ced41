"""A runner for the command, on a small project of its own and on the sample with copies of its databases."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from config.settings import project
from rowgate.cli import main

Invoke = Callable[..., Result]

PROJECT = """
from pathlib import Path

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from rowgate.policy import Policy
from rowgate.project import Project
from rowgate.types import Access, Principal


class Base(DeclarativeBase):
    pass


class Paper(Base):
    __tablename__ = {table!r}
    Id: Mapped[int] = mapped_column(primary_key=True)


policy = Policy(Principal, roles=["reader"])
{declarations}
project = Project(root=Path(__file__).parent.parent, models=Base, policy=policy)
"""


@pytest.fixture(autouse=True)
def _no_settings_of_the_developers_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ROWGATE_INSTANCE", str(tmp_path / "instance"))


@pytest.fixture
def invoke() -> Invoke:
    """Run ``rowgate`` with these arguments on the sample project."""

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["--project", str(project.root), *arguments])

    return run


@pytest.fixture
def invoke_on(tmp_path: Path) -> Iterator[Invoke]:
    """Run ``rowgate`` on a new project with these declarations; the sample's modules come back afterwards."""
    kept = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "config"}
    path = list(sys.path)

    def run(declarations: str, *arguments: str, table: str = "Paper") -> Result:
        folder = tmp_path / "project"
        (folder / "config").mkdir(parents=True, exist_ok=True)
        (folder / "config/__init__.py").touch()
        source = PROJECT.format(declarations=declarations, table=table)
        (folder / "config/settings.py").write_text(source, encoding="utf-8")
        return CliRunner().invoke(main, ["--project", str(folder), *arguments])

    yield run
    for name in [name for name in sys.modules if name.split(".")[0] == "config"]:
        del sys.modules[name]
    sys.modules.update(kept)
    sys.path[:] = path


@pytest.fixture
def sample_databases(
    sqlite_template: Path, users_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sample's rows and log-ins where the command looks for them, so that it need not build them."""
    instance = tmp_path / "instance"
    instance.mkdir()
    shutil.copyfile(sqlite_template, instance / "database.sqlite")
    shutil.copyfile(users_template, instance / "auth.sqlite")
