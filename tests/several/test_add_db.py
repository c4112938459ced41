"""``rowgate add-db``: the database is served at once, under the policy there is; what its user edited stays."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text

from rowgate.cli import main
from rowgate.generate.bases import read_answers, read_bases
from rowgate.generate.rebuild import plan_rebuild
from tests.conftest import Copies
from tests.generate.written import LoggedIn, served, unmarked

PASSWORD = "correct horse battery"
SHOP = "CREATE TABLE employee (id INTEGER PRIMARY KEY, name TEXT NOT NULL); INSERT INTO employee VALUES (1, 'Ada')"
PEOPLE = """
CREATE TABLE department (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL);
CREATE TABLE employee (
  id INTEGER PRIMARY KEY, salary INTEGER, department_id INTEGER NOT NULL REFERENCES department (id)
);
INSERT INTO department VALUES (1, 'Sales');
INSERT INTO employee VALUES (7, 100, 1), (8, 900, 1)
"""

Run = Callable[..., Result]


def sqlite_file(path: Path, script: str) -> str:
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()
    return f"sqlite:///{path}"


@pytest.fixture
def people(tmp_path: Path) -> str:
    return sqlite_file(tmp_path / "people.sqlite", PEOPLE)


@pytest.fixture(autouse=True)
def _no_settings_of_the_developers_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("ROWGATE_") and not name.startswith("ROWGATE_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def new_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project as ``rowgate new`` writes it."""
    folder = tmp_path_factory.mktemp("new")
    url = sqlite_file(folder / "shop.sqlite", SHOP)
    arguments = ["new", str(folder / "shop"), "--db-url", url, "--password-stdin"]
    made = CliRunner().invoke(main, arguments, input=PASSWORD + "\n")
    assert made.exit_code == 0, made.output
    return folder / "shop"


@pytest.fixture
def shop(new_shop: Path, tmp_path: Path) -> Path:
    """This test's own copy of it."""
    return shutil.copytree(new_shop, tmp_path / "shop")


@pytest.fixture
def add(shop: Path) -> Run:
    return lambda *arguments: CliRunner().invoke(main, ["--project", str(shop), "add-db", *arguments])


def everything(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def changed(folder: Path, path: str, old: str, new: str) -> None:
    file = folder / path
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_it_is_served_at_once_and_hidden_until_declared(shop: Path, add: Run, people: str) -> None:
    found = add("hr", "--db-url", people)
    assert found.exit_code == 0, found.output
    assert "Added hr: 2 classes" in found.stdout
    assert "/hr/api" in found.stdout
    with served(shop) as app:
        admin = LoggedIn(app, "admin", PASSWORD)
        assert admin.get("/hr/api/Employee").status_code == 403
    unmarked(shop / "security/declare_security.py", "policy.permission(Roles.admin, Access.ALL)")
    with (shop / "security/declare_security.py").open("a") as file:
        file.write(
            "\nfrom database import hr_models\n\n"
            "policy.grant(hr_models.Employee, Roles.admin, where=lambda row, user: row.salary < 500)\n"
        )
    with served(shop) as app:
        admin = LoggedIn(app, "admin", PASSWORD)
        assert admin.ids("Employee") == ["1"]
        answer = admin.get("/hr/api/Employee?include=Department").get_json()
        assert [each["id"] for each in answer["data"]] == ["7"]
        assert [each["type"] for each in answer["included"]] == ["Department"]
        assert [each["title"] for each in admin.get("/admin/meta").get_json()["databases"]] == ["Shop", "Shop: hr"]


def test_what_was_generated_is_known_to_a_rebuild(shop: Path, add: Run, people: str) -> None:
    assert add("hr", "--db-url", people, "--exclude", "depart*").exit_code == 0
    answer = read_answers(shop).database("hr")
    assert (answer.dialect, answer.choice.exclude) == ("sqlite", ("depart*",))
    for path, base in read_bases(shop).items():
        assert (shop / path).read_text() == base, path
    assert "class Department" not in (shop / "database/hr_models.py").read_text()


def test_a_rebuild_finds_nothing_to_do_until_the_database_changes(shop: Path, add: Run, tmp_path: Path) -> None:
    assert add("hr", "--db-url", sqlite_file(tmp_path / "people.sqlite", PEOPLE)).exit_code == 0
    assert plan_rebuild(shop).plan.changed == {}
    sqlite_file(tmp_path / "people.sqlite", "ALTER TABLE department ADD COLUMN city VARCHAR(20)")
    ((path, text_then),) = plan_rebuild(shop).plan.changed.items()
    assert path == "database/hr_models.py"
    assert "city: Mapped[str | None]" in (text_then or "")


@pytest.mark.postgresql
def test_a_password_is_in_no_file_that_is_committed(shop: Path, add: Run, postgres_copies: Copies) -> None:
    engine: Engine = postgres_copies(empty=True)
    with engine.begin() as connection:
        for statement in PEOPLE.split(";\n"):
            connection.execute(text(statement))
    url = engine.url.set(password="hunter2").render_as_string(hide_password=False)
    found = add("people", "--db-url", url)
    assert found.exit_code == 0, found.output
    assert "hunter2" not in found.output
    holding = [path for path, content in everything(shop).items() if b"hunter2" in content]
    assert holding == ["instance/local.env"]
    assert (shop / "instance/local.env").stat().st_mode & 0o077 == 0
    assert "rowgate[postgresql]" in (shop / "requirements.txt").read_text()
    unmarked(shop / "security/declare_security.py", "policy.permission(Roles.admin, Access.ALL)")
    with served(shop) as app:
        found_rows = LoggedIn(app, "admin", PASSWORD).get("/people/api/Employee").get_json()["data"]
        assert [each["id"] for each in found_rows] == ["7", "8"]
    engine.dispose()


def test_a_second_one_and_an_edited_call(shop: Path, add: Run, people: str) -> None:
    # Beside where the new lines go, so that it cannot be merged line by line.
    changed(
        shop, "config/settings.py", "customize_api=customize_api,\n", "customize_api=customize_api,\n    webhooks=[],\n"
    )
    changed(shop, "config/settings.py", '"""What this', '"""Our own: what this')
    assert add("hr", "--db-url", people).exit_code == 0
    found = add("old_people", "--db-url", people)
    assert found.exit_code == 0, found.output
    source = (shop / "config/settings.py").read_text()
    assert '"""Our own: what this' in source
    assert "webhooks=[]" in source
    with served(shop) as app:
        admin = LoggedIn(app, "admin", PASSWORD)
        found_databases = admin.get("/old-people/admin/meta").get_json()["databases"]
        assert [each["href"] for each in found_databases] == ["/", "/hr/", "/old-people/"]


def test_what_cannot_be_merged_is_left_alone_and_told(shop: Path, add: Run, people: str) -> None:
    changed(
        shop, "config/settings.py", "project = Project(", "OTHERS = []\n\nproject = Project(\n    databases=OTHERS,"
    )
    before = (shop / "config/settings.py").read_text()
    found = add("hr", "--db-url", people)
    assert found.exit_code == 1
    assert "must be added by hand" in found.stdout
    assert 'Database("hr", models=HrBase)' in found.stdout
    assert "from database.hr_models import Base as HrBase" in found.stdout
    assert (shop / "config/settings.py").read_text() == before
    assert (shop / "database/hr_models.py").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["main"], 2, "a name is"),
        (["api"], 2, "taken"),
        (["Hr"], 2, "a name is"),
        (["../hr"], 2, "a name is"),
        (["hr", "--db-url", "sqlite:///nothing.sqlite"], 2, "RG532"),
        (["hr", "--include", "nothing"], 2, "RG"),
        (["there"], 2, "database/there_models.py is there already"),
    ],
)
def test_what_is_refused_leaves_everything_as_it_was(
    shop: Path, add: Run, people: str, arguments: list[str], code: int, says: str
) -> None:
    (shop / "database/there_models.py").write_text("# mine")
    before = everything(shop)
    found = add(*arguments, *([] if "--db-url" in arguments else ["--db-url", people]))
    assert (found.exit_code, says in found.output) == (code, True), found.output
    assert everything(shop) == before


def test_a_name_that_is_taken(shop: Path, add: Run, people: str) -> None:
    assert add("old_hr", "--db-url", people).exit_code == 0
    before = everything(shop)
    assert "RG565" in add("old_hr", "--db-url", people).stderr
    assert everything(shop) == before
    assert CliRunner().invoke(main, ["--project", str(shop), "add-db", "new"]).exit_code == 2


def test_outside_of_a_project(tmp_path: Path, people: str) -> None:
    found = CliRunner().invoke(main, ["--project", str(tmp_path), "add-db", "hr", "--db-url", people])
    assert (found.exit_code, "RG560" in found.stderr) == (2, True)
