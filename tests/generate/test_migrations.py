"""`rowgate db`: migrations written from what differs, run, taken back; nothing of the database is lost on the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, inspect, text
from sqlalchemy.orm import DeclarativeBase

from rowgate.cli.common import TeachingGroup
from rowgate.cli.db import db
from rowgate.opened import open_project
from rowgate.policy import CheckFailed
from rowgate.project import Database
from rowgate.settings import load_settings
from tests.conftest import BOTH, Copies
from tests.generate.migrating import Here, World, nobody, shop


@pytest.fixture(scope="module")
def servers_own(request: pytest.FixtureRequest) -> list[Engine]:
    """Two PostgreSQL databases for all tests of the module: to make and to drop one takes seconds."""
    copies: Copies = request.getfixturevalue("postgres_copies")
    return [copies(empty=True), copies(empty=True)]


@pytest.fixture(params=BOTH)
def databases(request: pytest.FixtureRequest) -> list[Engine]:
    """Two empty databases; the test runs once on each kind."""
    if request.param == "sqlite":
        copies: Copies = request.getfixturevalue("sqlite_copies")
        return [copies(empty=True), copies(empty=True)]
    engines: list[Engine] = request.getfixturevalue("servers_own")
    for each in engines:
        with each.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    return engines


@pytest.fixture
def engine(databases: list[Engine]) -> Engine:
    """An empty database."""
    return databases[0]


@pytest.fixture
def other(databases: list[Engine]) -> Engine:
    """Another empty database of the same kind."""
    return databases[1]


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return World(tmp_path, engine.url.render_as_string(hide_password=False), nobody())


@pytest.fixture
def sqlite(sqlite_copies: Copies) -> Engine:
    """An empty SQLite database."""
    return sqlite_copies(empty=True)


@pytest.fixture
def on_sqlite(sqlite: Engine, tmp_path: Path) -> World:
    return World(tmp_path, str(sqlite.url), nobody())


def made(engine: Engine, models: type[DeclarativeBase]) -> None:
    """Make the tables by other means, with a customer, a child of it and an order."""
    models.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(
            text("""INSERT INTO "Customer" ("Id", "Code", "ParentId") VALUES (1, 'a', NULL), (2, 'b', 1)""")
        )
        connection.execute(text("""INSERT INTO "Order" ("Id", "CustomerId") VALUES (1, 1), (2, 2)"""))


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return connection.scalar(text(f'SELECT count(*) FROM "{table}"')) or 0


def columns(engine: Engine, table: str) -> set[str]:
    return {column["name"] for column in inspect(engine).get_columns(table)}


# --- an empty database ----------------------------------------------------------------------------------------------


def test_an_empty_database_gets_its_tables(world: World, engine: Engine) -> None:
    told = world.fine(shop(), "migrate", "-m", "start")
    assert "  new table Customer\n" in told
    assert "  new table Order\n" in told
    assert inspect(engine).get_table_names() == []
    assert "ran " in world.fine(shop(), "upgrade")
    assert {"Customer", "Order"} <= set(inspect(engine).get_table_names())
    assert "Nothing to do." in world.fine(shop(), "upgrade")
    assert "nothing to migrate" in world.fine(shop(), "migrate", "-m", "again")
    assert len(world.versions) == 1
    world.fine(shop(), "downgrade")
    assert not {"Customer", "Order"} & set(inspect(engine).get_table_names())


def test_a_column_comes_and_goes(world: World, engine: Engine) -> None:
    made(engine, shop())
    told = world.fine(shop(email=True), "migrate", "-m", "an e-mail")
    assert "  new column Customer.Email\n" in told
    assert world.versions == ["an_e_mail_" + world.versions[0][-15:], "tables_that_were_there_baseline.py"]
    world.fine(shop(email=True), "upgrade")
    assert "Email" in columns(engine, "Customer")
    assert (count(engine, "Customer"), count(engine, "Order")) == (2, 2)
    told = world.fine(shop(), "migrate", "-m", "no e-mail")
    assert "column Customer.Email is dropped, with its values" in told
    world.fine(shop(), "upgrade")
    assert "Email" not in columns(engine, "Customer")
    assert (count(engine, "Customer"), count(engine, "Order")) == (2, 2)
    world.fine(shop(), "downgrade", "--", "-2")
    assert "Email" not in columns(engine, "Customer")
    assert (count(engine, "Customer"), count(engine, "Order")) == (2, 2)


# --- a database that was there --------------------------------------------------------------------------------------


def test_the_first_migration_of_an_existing_database_finds_no_difference(world: World, engine: Engine) -> None:
    made(engine, shop())
    told = world.fine(shop(), "migrate", "-m", "start")
    assert "the tables that were there" in told
    assert "nothing to migrate" in told
    assert world.versions == ["tables_that_were_there_baseline.py"]
    assert "baseline" in world.fine(shop(), "current")
    assert count(engine, "Order") == 2


def test_the_baseline_makes_the_tables_of_another_database(world: World, engine: Engine, other: Engine) -> None:
    made(engine, shop())
    world.fine(shop(email=True), "migrate", "-m", "an e-mail")
    elsewhere = world.at(other.url.render_as_string(hide_password=False))
    elsewhere.fine(shop(email=True), "upgrade")
    assert "Email" in columns(other, "Customer")
    assert "nothing to migrate" in elsewhere.fine(shop(email=True), "migrate", "-m", "nothing")


def test_a_database_that_has_the_tables_is_noted_to_have_the_baseline(
    world: World, engine: Engine, other: Engine
) -> None:
    """A colleague has a copy of the database, and gets the migrations by way of version control."""
    made(engine, shop())
    world.fine(shop(email=True), "migrate", "-m", "an e-mail")
    made(other, shop())
    elsewhere = world.at(other.url.render_as_string(hide_password=False))
    refused = elsewhere.db(shop(email=True), "migrate", "-m", "too early")
    assert refused.exit_code == 2
    assert "RG545 Migration refused: The database has none of the migrations" in refused.output
    elsewhere.fine(shop(email=True), "upgrade")
    assert "Email" in columns(other, "Customer")
    assert count(other, "Order") == 2


def test_a_database_with_some_of_the_tables_is_refused(on_sqlite: World, sqlite: Engine) -> None:
    made(sqlite, shop())
    on_sqlite.fine(shop(), "migrate", "-m", "start")
    with sqlite.begin() as connection:
        connection.execute(text("DROP TABLE rowgate_version"))
        connection.execute(text('DROP TABLE "Order"'))
    refused = on_sqlite.db(shop(), "upgrade")
    assert refused.exit_code == 2
    assert "the database has 1 of them, not Order" in refused.output


def test_the_baseline_is_not_taken_back(on_sqlite: World, sqlite: Engine) -> None:
    made(sqlite, shop())
    on_sqlite.fine(shop(), "migrate", "-m", "start")
    refused = on_sqlite.db(shop(), "downgrade", "base")
    assert refused.exit_code == 2
    assert "RG545" in refused.output
    assert count(sqlite, "Order") == 2


def test_tables_that_no_model_maps_are_left_alone(world: World, engine: Engine) -> None:
    made(engine, shop(notes=True))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE rowgate_outbox (id INTEGER)"))
    told = world.fine(shop(), "migrate", "-m", "start")
    assert "nothing to migrate" in told
    assert "no model maps them: Note." in told
    assert "table Note is dropped" in world.fine(shop(), "migrate", "-m", "no notes", "--drop", "Note")
    world.fine(shop(), "upgrade")
    assert "Note" not in inspect(engine).get_table_names()
    assert "rowgate_outbox" in inspect(engine).get_table_names()


@pytest.mark.parametrize(
    ("table", "words"),
    [("rowgate_outbox", "rowgate's own table"), ("Order", "mapped by a model"), ("Nothing", "has no table Nothing")],
)
def test_what_cannot_be_dropped(on_sqlite: World, sqlite: Engine, table: str, words: str) -> None:
    made(sqlite, shop())
    refused = on_sqlite.db(shop(), "migrate", "-m", "drop", "--drop", table)
    assert refused.exit_code == 2
    assert words in refused.output
    assert on_sqlite.versions == []


# --- SQLite makes tables anew -----------------------------------------------------------------------------------------


def longer(world: World, engine: Engine) -> None:
    """Run a migration that makes the table of customers anew."""
    world.fine(shop(code=40), "migrate", "-m", "longer codes")
    world.fine(shop(code=40), "upgrade")
    assert str(inspect(engine).get_columns("Customer")[1]["type"]) == "VARCHAR(40)"


def test_a_table_made_anew_loses_no_rows_triggers_views_or_keys(on_sqlite: World, sqlite: Engine) -> None:
    made(sqlite, shop())
    with sqlite.begin() as connection:
        connection.execute(text("CREATE TABLE log (what TEXT)"))
        connection.execute(text('CREATE VIEW codes AS SELECT "Code" FROM "Customer"'))
        connection.execute(
            text("""CREATE TRIGGER noted AFTER DELETE ON "Customer" BEGIN INSERT INTO log VALUES (old."Code"); END""")
        )
        connection.execute(
            text("""CREATE TRIGGER ordered AFTER INSERT ON "Order" BEGIN UPDATE "Customer" SET "Code" = 'x'; END""")
        )
    longer(on_sqlite, sqlite)
    assert (count(sqlite, "Customer"), count(sqlite, "Order"), count(sqlite, "codes")) == (2, 2, 2)
    assert count(sqlite, "log") == 0
    with sqlite.begin() as connection:
        # Keys still lead from order to customer and from child to parent, and the trigger still fires.
        connection.execute(text('DELETE FROM "Customer" WHERE "Id" = 1'))
    assert (count(sqlite, "Customer"), count(sqlite, "Order")) == (0, 0)
    assert count(sqlite, "log") >= 1


def test_a_trigger_that_a_migration_drops_stays_away(on_sqlite: World, sqlite: Engine) -> None:
    made(sqlite, shop())
    with sqlite.begin() as connection:
        connection.execute(text('CREATE TRIGGER t AFTER DELETE ON "Customer" BEGIN DELETE FROM "Order"; END'))
    on_sqlite.fine(shop(code=40), "migrate", "-m", "longer codes")
    file = next((on_sqlite.root / "migrations/versions").glob("*longer*"))
    file.write_text(
        file.read_text(encoding="utf-8").replace(
            "def upgrade() -> None:\n", "def upgrade() -> None:\n    op.execute('DROP TRIGGER t')\n"
        ),
        encoding="utf-8",
    )
    on_sqlite.fine(shop(code=40), "upgrade")
    with sqlite.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'")) == 0


def test_a_migration_that_fails_changes_nothing(on_sqlite: World, sqlite: Engine) -> None:
    made(sqlite, shop())
    on_sqlite.fine(shop(email=True), "migrate", "-m", "an e-mail")
    file = next((on_sqlite.root / "migrations/versions").glob("*e_mail*"))
    text_ = file.read_text(encoding="utf-8")
    file.write_text(
        text_.replace("\n\ndef downgrade", "    op.execute('DELETE FROM nowhere')\n\n\ndef downgrade"), encoding="utf-8"
    )
    failed = on_sqlite.db(shop(email=True), "upgrade")
    assert failed.exit_code == 2
    assert "RG546 Migration failed: The database refused a statement: no such table: nowhere" in failed.output
    assert "Email" not in columns(sqlite, "Customer")
    assert on_sqlite.db(shop(email=True), "current").exit_code == 1


def test_rows_that_would_refer_to_nothing_fail_the_migration(on_sqlite: World, sqlite: Engine) -> None:
    made(sqlite, shop())
    on_sqlite.fine(shop(email=True), "migrate", "-m", "an e-mail")
    file = next((on_sqlite.root / "migrations/versions").glob("*e_mail*"))
    text_ = file.read_text(encoding="utf-8")
    file.write_text(
        text_.replace(
            "\n\ndef downgrade", """    op.execute('DELETE FROM "Customer" WHERE "Id" = 1')\n\n\ndef downgrade"""
        ),
        encoding="utf-8",
    )
    failed = on_sqlite.db(shop(email=True), "upgrade")
    assert "2 rows of Customer, Order would refer to rows that are not there" in failed.output
    assert count(sqlite, "Customer") == 2


def test_looking_makes_no_file(tmp_path: Path) -> None:
    world = World(tmp_path, f"sqlite:///{tmp_path}/new.sqlite", nobody())
    world.fine(shop(), "migrate", "-m", "start")
    assert "start" in world.fine(shop(), "history")
    assert world.db(shop(), "current").exit_code == 1
    assert not (tmp_path / "new.sqlite").exists()
    world.fine(shop(), "upgrade")
    assert world.fine(shop(), "history").startswith("+ ")


# --- a new database that the project fills ----------------------------------------------------------------------------


def test_a_database_filled_from_the_models_has_every_migration(
    on_sqlite: World, sqlite: Engine, tmp_path: Path
) -> None:
    made(sqlite, shop())
    on_sqlite.fine(shop(email=True), "migrate", "-m", "an e-mail")
    filled = on_sqlite.at(f"sqlite:///{tmp_path}/filled.sqlite")
    project = filled.project(
        shop(email=True), fill_rows=lambda engine, *, progress=None: shop(email=True).metadata.create_all(engine)
    )
    with open_project(project, filled.settings):
        pass
    assert filled.on(project, "current").exit_code == 0
    assert "Nothing to do." in filled.on(project, "upgrade").output


# --- a server on a database that lacks something ----------------------------------------------------------------------


def start(world: World, models: type[DeclarativeBase]) -> None:
    with open_project(world.project(models), world.settings):
        pass


def test_the_server_does_not_start_on_a_database_that_lacks_a_table(world: World, engine: Engine) -> None:
    made(engine, shop())
    start(world, shop())
    with pytest.raises(CheckFailed, match=r"P040.*table Note is missing: run `rowgate db upgrade`"):
        start(world, shop(notes=True))
    with pytest.raises(CheckFailed, match=r"P040.*table Customer lacks the column Email"):
        start(world, shop(email=True))
    world.fine(shop(email=True), "migrate", "-m", "an e-mail")
    world.fine(shop(email=True), "upgrade")
    start(world, shop(email=True))


def test_a_file_that_is_not_there_is_not_made_by_looking(tmp_path: Path) -> None:
    world = World(tmp_path, f"sqlite:///{tmp_path}/new.sqlite", nobody())
    with pytest.raises(CheckFailed, match="there is no file"):
        start(world, shop())
    assert not (tmp_path / "new.sqlite").exists()


def test_upper_and_lower_case_are_the_same_to_sqlite(on_sqlite: World, sqlite: Engine) -> None:
    with sqlite.begin() as connection:
        connection.execute(text("CREATE TABLE customer (id INTEGER PRIMARY KEY, code TEXT, parentid INTEGER)"))
        connection.execute(text('CREATE VIEW "ORDER" AS SELECT id, id AS customerid FROM customer'))
    start(on_sqlite, shop())


def test_no_migrations_yet(on_sqlite: World) -> None:
    refused = on_sqlite.db(shop(), "upgrade")
    assert refused.exit_code == 2
    assert "There are no migrations" in refused.output
    assert "There are no migrations" in on_sqlite.fine(shop(), "history")


def test_a_database_that_is_none_of_the_projects(on_sqlite: World) -> None:
    refused = on_sqlite.db(shop(), "--database", "hr", "history")
    assert refused.exit_code == 2
    assert "The databases are: main." in refused.output


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    world = World(tmp_path, "postgresql://nobody@127.0.0.1:1/nothing", nobody())
    refused = world.db(shop(), "migrate", "-m", "x")
    assert refused.exit_code == 2
    assert "RG532" in refused.output


# --- what SQLAlchemy does not reflect of SQLite ---------------------------------------------------------------------

LEGACY = """
CREATE TABLE "Customer" (
  "Id" integer primary key,
  "Code" varchar(20) not null {more},
  "ParentId" integer references "Customer"("Id") on delete cascade
);
CREATE INDEX "ix_Customer_ParentId" ON "Customer" ("ParentId");
CREATE UNIQUE INDEX lower_code ON "Customer" (lower("Code"));
CREATE TABLE "Order" (
  "Id" integer primary key,
  "CustomerId" integer not null references "Customer" on delete cascade
);
INSERT INTO "Customer" VALUES (1, 'a', NULL), (2, 'b', 1);
INSERT INTO "Order" VALUES (1, 1), (2, 2);
"""


def legacy(engine: Engine, more: str = "") -> None:
    """Tables as somebody wrote them: keys beside their columns, without names."""
    with engine.begin() as connection:
        for statement in LEGACY.format(more=more).split(";"):
            if statement.strip():
                connection.execute(text(statement))


def test_a_database_written_by_hand_has_no_difference(on_sqlite: World, sqlite: Engine) -> None:
    legacy(sqlite)
    assert "nothing to migrate" in on_sqlite.fine(shop(), "migrate", "-m", "start")
    baseline = next((on_sqlite.root / "migrations/versions").glob("*baseline*")).read_text(encoding="utf-8")
    assert baseline.count("ondelete='CASCADE'") == 2


def test_a_key_beside_its_column_still_cascades_after_the_table_was_made_anew(on_sqlite: World, sqlite: Engine) -> None:
    legacy(sqlite)
    longer(on_sqlite, sqlite)
    with sqlite.begin() as connection:
        assert connection.scalar(text("SELECT sql LIKE '%lower%' FROM sqlite_master WHERE name = 'lower_code'"))
        connection.execute(text('DELETE FROM "Customer" WHERE "Id" = 1'))
    assert (count(sqlite, "Customer"), count(sqlite, "Order")) == (0, 0)


def test_a_column_with_a_key_without_a_name_can_go(on_sqlite: World, sqlite: Engine) -> None:
    legacy(sqlite)
    with sqlite.begin() as connection:
        connection.execute(text('ALTER TABLE "Customer" ADD COLUMN "Other" integer references "Order"'))
    told = on_sqlite.fine(shop(), "migrate", "-m", "no other")
    assert "column Customer.Other is dropped, with its values" in told
    on_sqlite.fine(shop(), "upgrade")
    assert "Other" not in columns(sqlite, "Customer")


@pytest.mark.parametrize("more", ["""CHECK ("Code" <> '')""", "COLLATE NOCASE"])
def test_a_table_made_anew_does_not_lose_its_checks_unseen(on_sqlite: World, sqlite: Engine, more: str) -> None:
    legacy(sqlite, more)
    on_sqlite.fine(shop(code=40), "migrate", "-m", "longer codes")
    refused = on_sqlite.db(shop(code=40), "upgrade")
    assert refused.exit_code == 2
    assert f"would be made anew without 1 {more.split()[0]}" in refused.output
    assert str(inspect(sqlite).get_columns("Customer")[1]["type"]) == "VARCHAR(20)"
    on_sqlite.fine(shop(code=40), "upgrade", "--accept-loss")
    assert str(inspect(sqlite).get_columns("Customer")[1]["type"]) == "VARCHAR(40)"


def test_a_further_database_has_migrations_of_its_own(on_sqlite: World, sqlite: Engine, sqlite_copies: Copies) -> None:
    hr = sqlite_copies(empty=True)
    environ = {"ROWGATE_DATABASE_URL_HR": str(hr.url)}

    def run(*arguments: str) -> str:
        project = on_sqlite.project(shop(), databases=[Database("hr", models=shop(orders=False, notes=True))])
        settings = load_settings(on_sqlite.root, environ=environ, database_url=on_sqlite.url)
        result = CliRunner().invoke(TeachingGroup(commands={"db": db}), ["db", *arguments], obj=Here(project, settings))
        assert result.exit_code == 0, result.output
        return result.output

    for database in ("main", "hr"):
        run("--database", database, "migrate", "-m", "start")
        run("--database", database, "upgrade")
    assert "Order" in inspect(sqlite).get_table_names()
    assert "Note" not in inspect(sqlite).get_table_names()
    assert "Note" in inspect(hr).get_table_names()
    assert "Order" not in inspect(hr).get_table_names()
    assert (on_sqlite.root / "migrations/hr/versions").is_dir()
    assert "nothing to migrate" in run("migrate", "-m", "again")


def test_a_constraint_that_cannot_be_dropped_is_told(on_sqlite: World, sqlite: Engine) -> None:
    with sqlite.begin() as connection:
        connection.execute(text('CREATE TABLE "Note" ("Id" integer primary key, "Text" text references "Note")'))
    told = on_sqlite.fine(shop(orders=False, notes=True), "migrate", "-m", "no key")
    assert "mind: Autogenerate rendered a drop_constraint() directive for an unnamed constraint" in told
