"""Engines: SQLite's settings and transactions, PostgreSQL's driver, and files that are complete or absent."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from rowgate.databases import BEGIN_MODE, begin_explicitly, build_sqlite, make_engine
from rowgate.errors import DatabaseNotEmpty


@pytest.fixture
def engine(tmp_path):
    engine = make_engine(f"sqlite:///{tmp_path / 'a.sqlite'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE p (id INTEGER PRIMARY KEY)"))
        connection.execute(text("CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p)"))
        connection.execute(text("INSERT INTO p VALUES (1)"))
    yield engine
    engine.dispose()


def count(connection) -> int:
    return connection.execute(text("SELECT count(*) FROM p")).scalar()


# --- URLs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_means_psycopg_3(scheme):
    engine = make_engine(f"{scheme}://me:secret@db.example:5433/sales?sslmode=require")
    assert engine.dialect.driver == "psycopg"
    assert engine.url.render_as_string(hide_password=False) == (
        "postgresql+psycopg://me:secret@db.example:5433/sales?sslmode=require"
    )


# --- SQLite ------------------------------------------------------------------------------------------------------


def test_sqlite_settings_hold_on_every_connection(engine):
    with engine.connect() as first, engine.connect() as second:
        for connection in (first, second):
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
            assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
            assert connection.execute(text("PRAGMA busy_timeout")).scalar() == 5000


def test_foreign_keys_are_enforced(engine):
    with engine.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(text("INSERT INTO c VALUES (1, 99)"))


def test_reads_of_one_transaction_see_one_state(engine):
    with engine.connect() as reader:
        assert count(reader) == 1
        with engine.begin() as writer:
            writer.execute(text("INSERT INTO p VALUES (2)"))
        assert count(reader) == 1
        reader.rollback()
        assert count(reader) == 2


def test_a_savepoint_rolls_back_only_its_own_part(engine):
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO p VALUES (2)"))
        with connection.begin_nested() as savepoint:
            connection.execute(text("INSERT INTO p VALUES (3)"))
            savepoint.rollback()
    with engine.connect() as connection:
        assert count(connection) == 2


def test_rolling_back_undoes_a_released_savepoint_and_a_table(engine):
    with engine.connect() as connection:
        with connection.begin_nested():
            connection.execute(text("INSERT INTO p VALUES (2)"))
            connection.execute(text("CREATE TABLE extra (id INTEGER)"))
        connection.rollback()
        assert count(connection) == 1
        assert not engine.dialect.has_table(connection, "extra")


def test_a_late_writer_fails_and_an_immediate_one_takes_its_turn(engine):
    with engine.connect() as late:
        count(late)
        with engine.begin() as other:
            other.execute(text("INSERT INTO p VALUES (2)"))
        with pytest.raises(OperationalError, match="locked"):
            late.execute(text("INSERT INTO p VALUES (3)"))

    immediate = engine.execution_options(**{BEGIN_MODE: "IMMEDIATE"})
    barrier = threading.Barrier(4)

    def read_then_write() -> None:
        barrier.wait()
        with immediate.begin() as connection:
            connection.execute(text("INSERT INTO p VALUES (:id)"), {"id": 10 + count(connection)})

    threads = [threading.Thread(target=read_then_write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT id FROM p ORDER BY id")).scalars().all() == [1, 2, 12, 13, 14, 15]


def test_an_unknown_begin_mode_is_refused(engine):
    with pytest.raises(ValueError, match="DEFERRED or IMMEDIATE"):
        engine.execution_options(**{BEGIN_MODE: "; DROP TABLE p"}).connect().execute(text("SELECT 1"))


def test_a_second_engine_over_the_pool_begins_explicitly_too(engine):
    second = create_engine(engine.url, pool=engine.pool)
    begin_explicitly(second)
    with second.connect() as connection:
        connection.execute(text("INSERT INTO p VALUES (2)"))
        connection.rollback()
        assert count(connection) == 1


def test_memory_enforces_foreign_keys():
    engine = make_engine("sqlite://")
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
    engine.dispose()


# --- files that are complete or absent ---------------------------------------------------------------------------


def fill(engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE p (id INTEGER PRIMARY KEY)"))
        connection.execute(text("INSERT INTO p VALUES (1)"))


def test_a_build_leaves_one_complete_file(tmp_path):
    path = tmp_path / "new folder" / "odd ?name%20#.sqlite"
    build_sqlite(path, fill)
    assert [found.name for found in path.parent.iterdir()] == [path.name]
    copy = path.rename(tmp_path / "plain.sqlite")
    engine = make_engine(f"sqlite:///{copy}")
    with engine.connect() as connection:
        assert count(connection) == 1
    engine.dispose()


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_build_leaves_nothing(tmp_path, error):
    def interrupted(engine) -> None:
        fill(engine)
        assert not (tmp_path / "a.sqlite").exists()
        raise error

    with pytest.raises(error):
        build_sqlite(tmp_path / "a.sqlite", interrupted)
    assert list(tmp_path.iterdir()) == []


def test_of_two_builds_at_once_the_first_stands(tmp_path):
    path = tmp_path / "a.sqlite"

    def slow(engine) -> None:
        fill(engine)
        build_sqlite(path, fill)
        path.write_bytes(path.read_bytes() + b"the first")

    build_sqlite(path, slow)
    assert path.read_bytes().endswith(b"the first")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("there", ["", "-wal", "-shm", "-journal"])
def test_a_build_refuses_what_is_in_its_way(tmp_path, there):
    found = tmp_path / f"a.sqlite{there}"
    found.write_bytes(b"precious")
    with pytest.raises(DatabaseNotEmpty, match="is in the way"):
        build_sqlite(tmp_path / "a.sqlite", fill)
    assert found.read_bytes() == b"precious"


def test_a_build_works_without_hard_links(tmp_path, monkeypatch):
    def no_links(source: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted", str(source), None, str(target))

    monkeypatch.setattr("rowgate.databases.os.link", no_links)
    build_sqlite(tmp_path / "a.sqlite", fill)
    assert [found.name for found in tmp_path.iterdir()] == ["a.sqlite"]
