"""``rowgate new``: what it writes runs at once, refuses everybody every row, and goes on as its comments say."""

from __future__ import annotations

import logging
import os
import stat
import tomllib
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, text

from rowgate.auth.users import Users
from rowgate.cli import main
from rowgate.databases import make_engine
from rowgate.generate.answers import Answers, DatabaseAnswer, answers_of
from rowgate.generate.bases import answers_text, base_path, read_answers, read_bases
from rowgate.generate.introspect import Choice, read_database
from rowgate.generate.models import Models, write_models
from rowgate.generate.project import requirements
from rowgate.generate.suggestions import Suggested, suggest
from rowgate.settings import load_settings
from tests.generate.written import LoggedIn, cheap_hasher, loaded, password_in, served, unmarked

FIRST_LINE = "policy.permission(Roles.admin, Access.ALL)"
PASSWORD = "correct horse battery"

TABLES = """
CREATE TABLE "user" (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL, created_by INTEGER);
CREATE TABLE folder (
  id INTEGER PRIMARY KEY, title VARCHAR(40) NOT NULL, tenant_id INTEGER NOT NULL,
  owner_id INTEGER REFERENCES "user" (id), parent_id INTEGER REFERENCES folder (id)
);
CREATE TABLE document (
  id INTEGER PRIMARY KEY, title VARCHAR(40) NOT NULL, tenant_id INTEGER, deleted_at TIMESTAMP,
  folder_id INTEGER NOT NULL REFERENCES folder (id)
);
CREATE TABLE page (id INTEGER PRIMARY KEY, body TEXT, document_id INTEGER NOT NULL REFERENCES document (id));
INSERT INTO "user" VALUES (1, 'Ada', 1), (2, 'Ben', 1);
INSERT INTO folder VALUES (1, 'all', 7, 1, NULL), (2, 'part', 7, NULL, 1), (3, 'other', 8, 2, NULL);
INSERT INTO document VALUES (1, 'one', 7, NULL, 2), (2, 'gone', 7, '2024-01-01 00:00:00', 2), (3, 'three', 8, NULL, 3);
INSERT INTO page VALUES (1, 'x', 1), (2, 'y', 2), (3, 'z', 3);
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with everything that can be suggested."""
    path = tmp_path_factory.mktemp("library") / "library.sqlite"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        for statement in TABLES.split(";\n"):
            if statement.strip():
                connection.execute(text(statement))
    engine.dispose()
    return path


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("rowgate.auth.passwords.PasswordHasher", cheap_hasher)
    for name in list(os.environ):
        if name.startswith("ROWGATE_") and not name.startswith("ROWGATE_TEST_"):
            monkeypatch.delenv(name)


def run(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(main, ["new", *arguments], input=typed)


def made(library: Path, *options: str) -> Path:
    result = run("shop", "--db-url", f"sqlite:///{library}", "--password-stdin", *options, typed=PASSWORD + "\n")
    assert result.exit_code == 0, result.output
    return Path("shop").resolve()


def users_of(folder: Path) -> Users:
    """The users of a project, to give them claims."""
    with loaded(folder) as project:
        engine = make_engine(load_settings(folder, environ={}).auth_database_url)
        return Users(engine, project.policy.principal, roles=project.policy.roles)


# --- what it writes -------------------------------------------------------------------------------------------------


def test_the_first_user_logs_in_sees_nothing_and_is_told_where_to_declare(
    library: Path, caplog: pytest.LogCaptureFixture
) -> None:
    result = run("shop", "--db-url", f"sqlite:///{library}")
    assert result.exit_code == 0, result.output
    assert f"# {FIRST_LINE}" in result.output
    folder = Path("shop")
    with caplog.at_level(logging.WARNING, logger="rowgate.policy"), served(folder) as app:
        admin = LoggedIn(app, "admin", password_in(result.output))
        for entity in ("Folder", "Document", "Page", "User"):
            refused = admin.get(f"/api/{entity}")
            assert refused.status_code == 403
            assert "security/declare_security.py" in refused.get_json()["errors"][0]["meta"]["hint"]
        assert admin.get("/admin/meta").get_json()["resources"] == {}
    assert "P015" in caplog.text
    assert "security/declare_security.py" in caplog.text


def test_one_line_lets_the_administrator_see_everything(library: Path) -> None:
    folder = made(library)
    unmarked(folder / "security/declare_security.py", FIRST_LINE)
    with served(folder) as app:
        admin = LoggedIn(app, "admin", PASSWORD)
        assert admin.ids("Folder") == ["1", "2", "3"]
        assert admin.ids("Page") == ["1", "2", "3"]
        assert admin.get("/api/openapi.json").status_code == 200


@pytest.mark.postgresql
def test_on_postgresql(postgres_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    url = postgres_engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    monkeypatch.setenv("ROWGATE_DATABASE_URL", url)
    result = run("shop", "--password-stdin", "--include", "C*", typed=PASSWORD + "\n")
    assert result.exit_code == 0, result.output
    monkeypatch.delenv("ROWGATE_DATABASE_URL")
    folder = Path("shop").resolve()
    assert "rowgate[postgresql]~=" in (folder / "requirements.txt").read_text(encoding="utf-8")
    assert read_answers(folder).database().dialect == "postgresql"
    unmarked(folder / "security/declare_security.py", FIRST_LINE)
    with served(folder) as app:
        admin = LoggedIn(app, "admin", PASSWORD)
        assert (len(admin.ids("Customer")), len(admin.ids("Category"))) == (95, 8)
        assert admin.get("/api/Order").status_code == 404


def test_a_server_that_nobody_can_log_in_to_says_so(library: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = made(library)
    (folder / "instance/auth.sqlite").unlink()
    with caplog.at_level(logging.WARNING, logger="rowgate.auth"), served(folder) as app:
        wrong = app.test_client().post("/api/auth/login", json={"username": "admin", "password": PASSWORD})
        assert wrong.status_code == 401
    assert "rowgate add-auth" in caplog.text
    with loaded(folder):
        added = CliRunner().invoke(main, ["--project", str(folder), "add-auth", "--password-stdin"], input=PASSWORD)
    assert added.exit_code == 0, added.output
    caplog.clear()
    with served(folder) as app:
        LoggedIn(app, "admin", PASSWORD)
    assert "rowgate add-auth" not in caplog.text


def test_the_database_is_read_and_not_changed(library: Path) -> None:
    before = library.read_bytes()
    made(library)
    assert library.read_bytes() == before


def test_the_address_goes_into_a_file_that_only_its_owner_reads(library: Path) -> None:
    folder = made(library)
    local = folder / "instance/local.env"
    assert stat.S_IMODE(local.stat().st_mode) == 0o600
    assert stat.S_IMODE(local.parent.stat().st_mode) == 0o700
    assert load_settings(folder, environ={}).database_url.database == str(library)
    committed = [path for path in folder.rglob("*") if path.is_file() and "instance" not in path.parts]
    assert len(committed) > 30
    assert [path for path in committed if str(library) in path.read_text(encoding="utf-8")] == []
    assert "instance/" in (folder / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_a_relative_file_is_the_one_where_the_command_was_typed(library: Path) -> None:
    Path("some.sqlite").write_bytes(library.read_bytes())
    assert run("shop", "--db-url", "sqlite:///some.sqlite").exit_code == 0
    assert load_settings(Path("shop"), environ={}).database_url.database == str(Path("some.sqlite").resolve())


def test_the_bases_are_what_was_written(library: Path) -> None:
    folder = made(library, "--title", 'The "Shop": 1', "--exclude", "user", "--infer-keys")
    bases = read_bases(folder)
    assert {path: (folder / path).read_text(encoding="utf-8") for path in bases} == bases
    database = DatabaseAnswer(choice=Choice(exclude=("user",), infer_keys=True))
    assert read_answers(folder) == Answers(name="shop", title='The "Shop": 1', databases=(database,))
    menu = yaml.safe_load((folder / "ui/admin.yaml").read_text(encoding="utf-8"))
    assert menu["title"] == 'The "Shop": 1'
    assert list(menu["resources"]) == ["Document", "Folder", "Page"]


def test_into_an_empty_folder(library: Path) -> None:
    Path("shop").mkdir()
    made(library)
    assert sorted(path.name for path in Path().iterdir()) == ["shop"]


def test_a_wheel_is_put_into_the_project(library: Path) -> None:
    Path("rowgate-9-py3-none-any.whl").write_bytes(b"a wheel")
    folder = made(library, "--wheel", "rowgate-9-py3-none-any.whl")
    assert (folder / "wheels/rowgate-9-py3-none-any.whl").read_bytes() == b"a wheel"


def test_what_is_not_mapped_is_told_with_the_reason() -> None:
    engine = create_engine("sqlite:///odd.sqlite")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE good (id INTEGER PRIMARY KEY)"))
        connection.execute(text("CREATE TABLE keyless (a INTEGER)"))
    engine.dispose()
    result = run("shop", "--db-url", "sqlite:///odd.sqlite")
    assert result.exit_code == 0
    assert "not mapped: 1" in result.output
    assert "keyless: " in result.output


def test_the_sample(tmp_path: Path) -> None:
    result = run("nw", "--sample")
    assert result.exit_code == 0, result.output
    folder = tmp_path / "nw"
    assert read_answers(folder).name == "nw"
    assert (folder / "database/sample/Customer.csv").is_file()
    assert "def load_sample" in (folder / "database/load.py").read_text(encoding="utf-8")
    assert "rowgate~=" in (folder / "requirements.txt").read_text(encoding="utf-8")
    with loaded(folder) as project:
        assert project.fill_rows is not None
        assert project.root == folder


# --- what it refuses: nothing is written -----------------------------------------------------------------------------

REFUSED = [
    (["9lives", "--db-url", "sqlite:///{library}"], "RG561", "no name for a project"),
    (["a/b/c", "--db-url", "sqlite:///{library}"], "RG561", "There is no folder"),
    (["full", "--db-url", "sqlite:///{library}"], "RG561", "not an empty folder"),
    (["shop", "--db-url", "sqlite:///missing.sqlite"], "RG532", "no such file"),
    (["shop", "--db-url", "postgresql://nobody:hush@127.0.0.1:1/none"], "RG532", "Nothing was written"),
    (["shop", "--db-url", "oracle+oracledb://u:hush@h/x"], "RG532", "pip install oracledb"),
    (["shop", "--db-url", "hush"], "RG532", "cannot be read"),
    (["shop", "--db-url", "nosuch://u:hush@h/x"], "RG532", ""),
    (["shop", "--db-url", "sqlite:///{library}", "--include", "nothing*"], "RG563", "choose none"),
    (["shop"], "", "--db-url"),
    (["shop", "--sample", "--db-url", "sqlite:///{library}"], "", "leave out --db-url"),
    (["shop", "--sample", "--title", "T"], "", "leave out --title"),
    (["shop", "--db-url", "sqlite:///{library}", "--title", "a\nb"], "RG561", "The title"),
    (["shop", "--db-url", "sqlite:///{library}", "--user", " ada"], "RG562", "user name"),
]


@pytest.mark.parametrize(("arguments", "code", "words"), REFUSED, ids=lambda each: str(each)[:40])
def test_refused(library: Path, tmp_path: Path, arguments: list[str], code: str, words: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/kept").touch()
    result = run(*(each.format(library=library) for each in arguments))
    assert result.exit_code == 2
    assert code in result.output
    assert words in result.output
    assert "hush" not in result.output
    assert "Traceback" not in result.output
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["full", "kept"]


def test_a_short_password_is_refused_before_anything_is_written(library: Path, tmp_path: Path) -> None:
    result = run("shop", "--db-url", f"sqlite:///{library}", "--password-stdin", typed="short\n")
    assert (result.exit_code, "RG562" in result.output) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_what_breaks_on_the_way_leaves_nothing(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rowgate.generate.new.write_local", fails)
    result = run("shop", "--db-url", f"sqlite:///{library}")
    assert result.exit_code == 2
    assert "No space left on device" in result.output
    assert list(tmp_path.iterdir()) == []


# --- what it suggests ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def suggested(library: Path) -> Suggested:
    return suggest(models_of(library), dialect="sqlite")


def models_of(database: Path) -> Models:
    return write_models(read_database(f"sqlite:///{database}", Choice()))


def test_no_relationships_are_suggested_where_there_can_be_none(library: Path) -> None:
    assert suggest(models_of(library), dialect="mysql").schema == ""


def section(suggested: Suggested, title: str) -> str:
    return next(each.code for each in suggested.sections if each.title.startswith(title))


def test_everything_is_suggested_and_nothing_is_on(library: Path, suggested: Suggested) -> None:
    assert [each.title for each in suggested.sections] == [
        "A tenant",
        "Rows that are marked as gone",
        "Owners",
        "Rows that are seen with their parents",
    ]
    with loaded(made(library)) as project:
        policy = project.policy
        assert (policy.permissions, policy.grants, policy.global_filters) == ([], [], [])
        assert (policy.relation_schema, policy.stated_relations, policy.superuser) == (None, [], None)


def test_the_tenant_and_the_mark(library: Path, suggested: Suggested) -> None:
    folder = made(library)
    file = folder / "security/declare_security.py"
    unmarked(file, section(suggested, "A tenant"))
    unmarked(file, section(suggested, "Rows that are marked"))
    with file.open("a", encoding="utf-8") as end:
        end.write("policy.permission(Roles.user, Access.READ)\n")
    unmarked(file, FIRST_LINE)
    users = users_of(folder)
    users.add("ada", PASSWORD, roles=["user"], claims={"tenant_id": "7"})
    users.add("nobody", PASSWORD, roles=["user"])
    with served(folder) as app:
        ada = LoggedIn(app, "ada", PASSWORD)
        assert (ada.ids("Folder"), ada.ids("Document")) == (["1", "2"], ["1"])
        nobody = LoggedIn(app, "nobody", PASSWORD)
        assert (nobody.ids("Folder"), nobody.ids("Document")) == ([], [])
        admin = LoggedIn(app, "admin", PASSWORD)
        assert (admin.ids("Folder"), admin.ids("Document")) == (["1", "2", "3"], ["1", "2", "3"])


def test_the_owner(library: Path, suggested: Suggested) -> None:
    folder = made(library)
    unmarked(folder / "security/declare_security.py", section(suggested, "Owners"))
    users_of(folder).add("ada", PASSWORD, roles=["user"], claims={"user_id": "1"})
    with served(folder) as app:
        ada = LoggedIn(app, "ada", PASSWORD)
        assert (ada.ids("Folder"), ada.ids("User")) == (["1"], ["1", "2"])
        assert ada.get("/api/Document").status_code == 403


def test_rows_are_seen_with_their_parents(library: Path, suggested: Suggested) -> None:
    Path("copy.sqlite").write_bytes(library.read_bytes())  # the server makes a table and triggers in it
    folder = made(Path("copy.sqlite").resolve())
    unmarked(folder / "security/declare_security.py", section(suggested, "Rows that are seen"))
    unmarked(folder / "security/schema.zed", suggested.schema.rstrip("\n"), mark="//")
    users = users_of(folder)
    users.add("ada", PASSWORD, roles=["user"], claims={"user_id": "1"})
    users.add("ben", PASSWORD, roles=["user"], claims={"user_id": "2"})
    with served(folder) as app:
        ada, ben = LoggedIn(app, "ada", PASSWORD), LoggedIn(app, "ben", PASSWORD)
        assert [ada.ids(entity) for entity in ("Folder", "Document", "Page")] == [["1", "2"], ["1", "2"], ["1", "2"]]
        assert [ben.ids(entity) for entity in ("Folder", "Document", "Page")] == [["3"], ["3"], ["3"]]


def test_all_of_it_at_once_has_no_errors(library: Path, suggested: Suggested) -> None:
    folder = made(library)
    for each in suggested.sections:
        unmarked(folder / "security/declare_security.py", each.code)
    unmarked(folder / "security/declare_security.py", FIRST_LINE)
    unmarked(folder / "security/schema.zed", suggested.schema.rstrip("\n"), mark="//")
    with loaded(folder):
        result = CliRunner().invoke(main, ["--project", str(folder), "check"])
    assert result.exit_code == 0, result.output
    assert "0 errors, 0 warnings" in result.output


def test_where_nothing_is_found_nothing_is_suggested() -> None:
    engine = create_engine("sqlite:///plain.sqlite")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE plain (id INTEGER PRIMARY KEY, company_name TEXT, active BOOLEAN)"))
    engine.dispose()
    result = run("shop", "--db-url", "sqlite:///plain.sqlite")
    assert result.exit_code == 0, result.output
    assert "Suggested" not in result.output
    assert not Path("shop/security/schema.zed").exists()


# --- answers ---------------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
CHOICES = st.builds(
    Choice,
    include=st.lists(TEXTS, max_size=3).map(tuple),
    exclude=st.lists(TEXTS, max_size=3).map(tuple),
    schemas=st.lists(TEXTS, max_size=2).map(tuple),
    infer_keys=st.booleans(),
)


@given(
    title=TEXTS,
    choice=CHOICES,
    further=st.lists(st.sampled_from(["hr", "stock", "größe"]), unique=True),
    sample=st.booleans(),
)
@settings(max_examples=50, deadline=None)
def test_answers_come_back_as_they_were_written(title: str, choice: Choice, further: list[str], sample: bool) -> None:
    databases = tuple(DatabaseAnswer(name=name, choice=choice) for name in ("main", *further))
    answers = Answers(name="shop", title=title, databases=databases, sample=sample)
    assert answers_of(tomllib.loads(answers_text(answers))) == answers


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", ""])
def test_a_base_stays_in_the_project(path: str) -> None:
    with pytest.raises(ValueError, match="no path inside a project"):
        base_path(path)


@pytest.mark.parametrize(
    ("version", "dialects", "lines"),
    [
        ("0.1.0.dev0", ["sqlite"], ["rowgate~=0.1.0.dev0"]),
        ("0.3.2", ["postgresql"], ["rowgate[postgresql]~=0.3.2"]),
        ("1.4.2", ["mysql", "postgresql"], ["rowgate[mysql,postgresql]~=1.4"]),
        ("2.0.0rc1", ["mssql"], ["rowgate~=2.0.0rc1", "pyodbc"]),
    ],
)
def test_requirements(version: str, dialects: list[str], lines: list[str]) -> None:
    databases = tuple(DatabaseAnswer(name=f"d{place}", dialect=each) for place, each in enumerate(dialects))
    assert requirements(Answers(name="x", title="X", version=version, databases=databases)) == lines
