"""Engines with sane settings, and SQLite files that are complete or absent.

SQLite: Python's driver opens its transactions late and only before some statements, so that SELECT is not isolated
and SAVEPOINT misbehaves. The driver is told to open none, and each transaction begins with a BEGIN of our own
(https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#enabling-non-legacy-sqlite-transactional-modes-with-the-sqlite3-or-aiosqlite-driver).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from rowgate.errors import DatabaseNotEmpty

BUSY_TIMEOUT_MS: Final = 5000
"""How long a SQLite connection waits for another one's write, in milliseconds."""

BEGIN_MODE: Final = "sqlite_begin"
"""Execution option that names how a SQLite transaction begins: DEFERRED (the default) or IMMEDIATE.

A transaction that reads first and writes later fails at once ("database is locked"), without the busy timeout, when
another one wrote in between. With IMMEDIATE it takes its turn at the start.
"""

_DRIVERS: Final = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
_SIDE_FILES = ("-wal", "-shm", "-journal")


def make_engine(url: str | URL) -> Engine:
    """Make an engine for a database URL.

    SQLite connections enforce foreign keys, use a write-ahead log (files only), and wait up to 5,000 ms for a lock.
    ``postgresql:`` and ``postgres:`` mean psycopg 3, ``mysql:`` and ``mariadb:`` PyMySQL. PostgreSQL's just-in-time
    compiler is off. Connections to a server are tested when taken from the pool.

    Args:
        url: in SQLAlchemy's form: ``sqlite:///path``, ``postgresql://user@host:port/name``, ``mariadb://...``.

    Raises:
        sqlalchemy.exc.ArgumentError: the URL cannot be read.
        ModuleNotFoundError: the database's driver is not installed.
    """
    parsed = with_driver(make_url(url))
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed)
        event.listen(engine, "connect", _configure_sqlite)
        begin_explicitly(engine)
        return engine
    engine = create_engine(parsed, pool_pre_ping=True, pool_size=10, max_overflow=10)
    if parsed.get_backend_name() == "postgresql":
        event.listen(engine, "connect", _configure_postgresql)
    return engine


def with_driver(url: URL) -> URL:
    """A URL with the driver that we are tested with, where it names none."""
    return url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))


def begin_explicitly(engine: Engine) -> None:
    """Begin each transaction of a SQLite engine with a BEGIN of our own.

    ``make_engine`` has done so already; a second engine over the same pool needs it too, because SQLAlchemy
    keeps this event with the engine and not with the pool.
    """
    event.listen(engine, "begin", _begin)


def _configure_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver is to open no transactions
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")  # a database in memory keeps its own mode
    cursor.execute("PRAGMA synchronous=NORMAL")  # safe with WAL: a crash never corrupts
    cursor.close()


def _configure_postgresql(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # Compiling a statement of many small parts takes seconds, running it a millisecond; recursive queries are estimated
    # as dear, so PostgreSQL would. Said in SQL, because connection poolers refuse it as an option of the connection;
    # and as a query on its settings, because servers before version 11 have no such setting.
    before, connection.autocommit = connection.autocommit, True
    cursor = connection.cursor()
    cursor.execute("SELECT set_config('jit', 'off', false) FROM pg_settings WHERE name = 'jit'")
    cursor.close()
    connection.autocommit = before


def _begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get(BEGIN_MODE, "DEFERRED")
    if mode not in ("DEFERRED", "IMMEDIATE"):
        raise ValueError(f"{BEGIN_MODE} is DEFERRED or IMMEDIATE, not {mode!r}")
    driver = connection.connection.driver_connection
    if mode == "DEFERRED" and driver is not None:
        # It takes no lock, so it never waits or fails; SQLAlchemy's way to send a statement takes ten times as long.
        driver.execute("BEGIN DEFERRED")
    else:
        connection.exec_driver_sql(f"BEGIN {mode}")


def build_sqlite(path: Path, fill: Callable[[Engine], object]) -> None:
    """Build a SQLite file in a temporary file beside it, and give it its name when it is complete.

    An interrupted build leaves nothing under the name. When two processes build at once the first one's file stands.

    Args:
        path: the file to build; its folder is made when missing.
        fill: makes the tables and rows through the engine it is given.

    Raises:
        DatabaseNotEmpty: the file is there, or a write-ahead log or journal of an earlier file of this name is, which
            SQLite would play into the new one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for found in (path, *(path.with_name(path.name + suffix) for suffix in _SIDE_FILES)):
        if found.exists():
            raise DatabaseNotEmpty(f"The file {found} is in the way of a new database.")
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        engine = make_engine(URL.create("sqlite", database=str(part)))
        try:
            fill(engine)
        finally:
            engine.dispose()  # closing the last connection folds the write-ahead log into the file
        _publish(part, path)
    finally:
        for leftover in (part, *(part.with_name(part.name + suffix) for suffix in _SIDE_FILES)):
            leftover.unlink(missing_ok=True)


def _publish(part: Path, path: Path) -> None:
    try:
        os.link(part, path)  # unlike a rename, never replaces a file that another process just published
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        if not path.exists():
            part.rename(path)
