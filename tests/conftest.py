"""Databases for tests: templates built once a session, and a cheap copy for each test.

``sqlite_engine``, ``postgres_engine`` and ``sample_engine`` (the two in turn) give a test its own copy of the loaded
sample. ``sqlite_copies`` and ``postgres_copies`` are the factories behind them, for fixtures of a wider scope and for
empty databases: ``sqlite_copies()`` and ``sqlite_copies(empty=True)``.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest
from argon2 import PasswordHasher
from sqlalchemy import URL, Engine, NullPool, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from database.load import load_sample, load_users
from rowgate.databases import build_sqlite, make_engine

POSTGRES = os.environ.get("ROWGATE_TEST_PG", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
MARIADB = os.environ.get("ROWGATE_TEST_MARIADB", "mariadb+pymysql://root@127.0.0.1:3306")
BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


class Copies(Protocol):
    """Makes a new database, a copy of the sample or an empty one; it lives until the session ends."""

    def __call__(self, *, empty: bool = False) -> Engine: ...


# --- SQLite -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The loaded sample as a file, never opened by tests."""
    path = tmp_path_factory.mktemp("template") / "sample.sqlite"
    build_sqlite(path, load_sample)
    return path


@pytest.fixture(scope="session")
def sqlite_copies(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copies]:
    """The factory of SQLite databases."""
    engines: list[Engine] = []
    folder = tmp_path_factory.mktemp("copies")

    def copy(*, empty: bool = False) -> Engine:
        path = folder / f"{len(engines)}.sqlite"
        if not empty:
            shutil.copyfile(sqlite_template, path)
        engines.append(make_engine(URL.create("sqlite", database=str(path))))
        return engines[-1]

    yield copy
    for engine in engines:
        engine.dispose()


@pytest.fixture
def sqlite_engine(sqlite_copies: Copies) -> Iterator[Engine]:
    """A plain engine on this test's own copy of the sample, in SQLite."""
    engine = sqlite_copies()
    yield engine
    _remove_sqlite(engine)


def _remove_sqlite(engine: Engine) -> None:
    engine.dispose()
    database = engine.url.database
    assert database
    Path(database).unlink()


# --- PostgreSQL -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres_admin() -> Iterator[Engine]:
    """The server's own database, to make and drop others; skips without a server, but fails where CI=true."""
    admin = create_engine(
        make_url(POSTGRES),
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
        connect_args={"connect_timeout": 3},
    )
    try:
        admin.connect().close()
    except OperationalError as error:
        message = f"no PostgreSQL server at {make_url(POSTGRES)!r}: {error.orig}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    yield admin
    admin.dispose()


@pytest.fixture(scope="session")
def postgres_engines() -> list[Engine]:
    """The engines that `postgres_copies` has made."""
    return []


@pytest.fixture(autouse=True)
def _idle_connections_are_closed(postgres_engines: list[Engine]) -> Iterator[None]:
    """A server takes about a hundred connections; pools of tests that are over would use them up."""
    yield
    for engine in postgres_engines:
        engine.pool.dispose()


@pytest.fixture(scope="session")
def postgres_copies(postgres_admin: Engine, postgres_engines: list[Engine]) -> Iterator[Copies]:
    """The factory of PostgreSQL databases, each made from a template that this session loads once."""
    prefix = f"rowgate_test_{os.getpid()}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    engines = postgres_engines
    server = make_url(POSTGRES)

    def make(name: str, *, template: str) -> Engine:
        with postgres_admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        return make_engine(server.set(database=name))

    def copy(*, empty: bool = False) -> Engine:
        engines.append(make(f"{prefix}_{len(engines)}", template="template0" if empty else prefix))
        return engines[-1]

    template = make(prefix, template="template0")
    try:
        load_sample(template)
        template.dispose()  # a template must have no connections
        yield copy
    finally:
        for engine in [*engines, template]:
            _remove_postgres(postgres_admin, engine)


@pytest.fixture
def postgres_engine(postgres_copies: Copies, postgres_admin: Engine) -> Iterator[Engine]:
    """A plain engine on this test's own copy of the sample, in PostgreSQL."""
    engine = postgres_copies()
    yield engine
    _remove_postgres(postgres_admin, engine)


def _remove_postgres(admin: Engine, engine: Engine) -> None:
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{engine.url.database}" WITH (FORCE)'))


# --- MariaDB ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def mariadb_databases() -> Iterator[Callable[[], Engine]]:
    """The factory of empty MariaDB databases; skips without a server, but fails where the environment names one."""
    admin = create_engine(
        make_url(MARIADB),
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
        connect_args={"connect_timeout": 3},
    )
    try:
        admin.connect().close()
    except OperationalError as error:
        message = f"no MariaDB server at {make_url(MARIADB)!r}: {error.orig}"
        if "ROWGATE_TEST_MARIADB" in os.environ:
            pytest.fail(message)
        pytest.skip(message)
    prefix = f"rowgate_test_{os.getpid()}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    engines: list[Engine] = []

    def make() -> Engine:
        name = f"{prefix}_{len(engines)}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} CHARACTER SET utf8mb4"))
        engines.append(make_engine(make_url(MARIADB).set(database=name)))
        return engines[-1]

    yield make
    for engine in engines:
        engine.dispose()
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {engine.url.database}"))
    admin.dispose()


# --- both -------------------------------------------------------------------------------------------------------


@pytest.fixture(params=BOTH)
def sample_engine(request: pytest.FixtureRequest) -> Engine:
    """A plain engine on this test's own copy of the sample; the test runs once on each database."""
    name = "sqlite_engine" if request.param == "sqlite" else "postgres_engine"
    engine = request.getfixturevalue(name)
    assert isinstance(engine, Engine)
    return engine


# --- log-ins ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def users_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's log-ins as a file, with hashes that are cheap to make and to verify."""
    path = tmp_path_factory.mktemp("users") / "users.sqlite"
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    build_sqlite(path, lambda engine: load_users(engine, hasher=hasher))
    return path


@pytest.fixture
def users_engine(users_template: Path, tmp_path: Path) -> Iterator[Engine]:
    """A plain engine on this test's own copy of the log-ins, in SQLite."""
    path = tmp_path / "users.sqlite"
    shutil.copyfile(users_template, path)
    engine = make_engine(URL.create("sqlite", database=str(path)))
    yield engine
    engine.dispose()


# --- the longest first, so that no process is left with them at the end ---------------------------------------------


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the random worlds; all others stay in their order."""
    items.sort(key=lambda item: item.path.parent.name != "property")


# --- what the matrix of leaks did; here, because a run that is spread over processes asks only this file -------------


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was tried."""
    paths: set[str] = set()
    probes = 0
    for reports in terminalreporter.stats.values():
        for report in reports:
            counted = dict(getattr(report, "user_properties", ()))
            if getattr(report, "when", None) == "call" and "leak_path" in counted:
                paths.add(str(counted["leak_path"]))
                probes += int(str(counted["leak_probes"]))
    if paths:
        terminalreporter.write_line(f"leak probes: {len(paths)} paths, {probes} probes")
