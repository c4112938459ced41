"""The plug-in in runs of pytest of its own: in a project's folder, and where there is no project."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from config.settings import project

SETTINGS = """
from pathlib import Path

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from rowgate.policy import Policy
from rowgate.project import Project
from rowgate.types import Access, Principal


class Base(DeclarativeBase):
    pass


class Paper(Base):
    __tablename__ = "paper"
    Id: Mapped[int] = mapped_column(primary_key=True)


def fill(engine, *, progress=None):
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(Paper.__table__.insert(), [{"Id": 1}, {"Id": 2}])


policy = Policy(Principal, roles=["reader"])
policy.permission("reader", Access.READ)
policy.grant(Paper, "reader", where=lambda row, user: row.Id == 1)
project = Project(root=Path(__file__).parent.parent, models=Base, policy=policy, fill_rows=fill)
"""
POLICY = """
data: new
users:
  anna: {roles: [reader]}
tests:
  - {name: holds, as: [anna, {}], does_not_see: {Paper: [2]}}
  - {name: does not, as: anna, sees: {Paper: [2]}}
"""
IN_PYTHON = """
from config.settings import Paper


def test_what_is_seen(as_user):
    with as_user(roles=["reader"]) as anna:
        assert anna.visible(Paper) == {1}
        with anna.refused():
            anna.session.delete(anna.session.get_one(Paper, 1))


def test_nobody(as_user):
    with as_user("nobody"):
        pass
"""
NO_PROJECT = """
import sys


def test_rowgate_is_not_even_imported():
    inside = {name for name in sys.modules if name.split(".")[0] == "rowgate"}
    assert inside <= {"rowgate", "rowgate.testing", "rowgate.testing.plugin"}
"""


def run(folder: Path, files: dict[str, str]) -> subprocess.CompletedProcess[str]:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("ROWGATE_", "PYTEST_"))},
        # So that it is loaded once, whether or not its entry point is installed.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "ROWGATE_INSTANCE": str(folder / "instance"),
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "rowgate.testing.plugin",
        "-q",
        "-W",
        "error",
        "-p",
        "no:cacheprovider",
    ]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603


def test_a_projects_policy_tests_are_collected_and_as_user_works(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        {
            "pytest.ini": "[pytest]\npythonpath = .\n",
            "config/__init__.py": "",
            "config/settings.py": SETTINGS,
            "security/tests/papers.yaml": POLICY,
            "security/other.yaml": "not: a policy test",
            "tests/test_papers.py": IN_PYTHON,
        },
    )
    assert "2 failed, 3 passed" in done.stdout, done.stdout + done.stderr
    assert "papers.yaml:7: anna does not see Paper 2. Seen instead: 1." in done.stdout
    assert "config/settings.py:" in done.stdout
    assert "grant reader" in done.stdout
    assert "There is no user 'nobody' who may log in." in done.stdout
    assert "judging.py" not in done.stdout, "the failure of a policy test is no traceback through rowgate"


def test_it_is_harmless_where_there_is_no_project(tmp_path: Path) -> None:
    done = run(tmp_path, {"test_none.py": NO_PROJECT, "security/tests/papers.yaml": POLICY})
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_a_faulty_file_is_an_error_of_the_run(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        {
            "config/__init__.py": "",
            "config/settings.py": SETTINGS,
            "security/tests/papers.yaml": POLICY.replace("Paper", "Papre"),
        },
    )
    assert done.returncode == 2, done.stdout
    assert "papers.yaml:6: error: There is no entity 'Papre'." in done.stdout
    assert "Did you mean Paper?" in done.stdout


def test_the_entry_point_is_declared() -> None:
    declared = tomllib.loads((project.root / "pyproject.toml").read_text(encoding="utf-8"))
    assert declared["project"]["entry-points"]["pytest11"] == {"rowgate": "rowgate.testing.plugin"}
