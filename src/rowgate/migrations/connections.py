"""The connection that a migration runs on; on SQLite one transaction, in which making a table anew loses nothing.

SQLite changes most of a table by making it anew (https://www.sqlite.org/lang_altertable.html#otheralter): copy, drop,
rename. Dropping a table deletes its rows first, which foreign keys answer by deleting other tables' rows. So foreign
keys are off meanwhile, and checked at the end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from rowgate.databases import BEGIN_MODE, make_engine
from rowgate.errors import DatabaseUnreachable, MigrationFailed
from rowgate.migrations.made_anew import nothing_lost

__all__ = ["connected", "migrating"]


@contextmanager
def connected(setting: str, url: URL) -> Iterator[Connection]:
    """A connection to look with.

    Args:
        setting: the variable that holds the URL, for the error.
        url: of the database.

    Raises:
        DatabaseUnreachable: it cannot be opened.
    """
    try:
        engine = make_engine(url)
    except ModuleNotFoundError as error:
        raise DatabaseUnreachable(f"{setting} is {url!r}: {error}") from error
    if engine.dialect.name == "sqlite":
        _reflect_options(engine)
    try:
        try:
            connection = engine.connect()
        except OperationalError as error:
            words = " ".join(str(error.orig).split())
            raise DatabaseUnreachable(f"{setting} is {url!r}: {words}") from error
        with connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def migrating(setting: str, url: URL, *, accept_loss: bool = False) -> Iterator[Connection]:
    """A connection to change tables with. On SQLite all is done or nothing; elsewhere Alembic begins and commits.

    Args:
        setting: the variable that holds the URL, for the error.
        url: of the database.
        accept_loss: see `nothing_lost`.

    Raises:
        DatabaseUnreachable: it cannot be opened.
        MigrationFailed: the database refused a statement, rows would refer to rows that are gone, or a table of SQLite
            would lose something.
    """
    try:
        with connected(setting, url) as connection:
            if connection.dialect.name != "sqlite":
                yield connection
                return
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA foreign_keys=OFF")  # has no effect within a transaction
            connection = connection.execution_options(**{BEGIN_MODE: "IMMEDIATE"})
            with connection.begin():
                dangling = _dangling(connection)
                with nothing_lost(connection, accept_loss=accept_loss):
                    yield connection
                more = _dangling(connection) - dangling
                if more:
                    tables = ", ".join(sorted({table for table, *_ in more}))
                    raise MigrationFailed(f"{len(more)} rows of {tables} would refer to rows that are not there.")
    except DBAPIError as error:
        raise MigrationFailed(f"The database refused a statement: {' '.join(str(error.orig).split())}") from error


def _dangling(connection: Connection) -> set[tuple[str, int | None, str, int]]:
    """The rows whose foreign key refers to nothing."""
    found = connection.exec_driver_sql("PRAGMA foreign_key_check")
    return {(str(table), row, str(parent), key) for table, row, parent, key in found}


def _reflect_options(engine: Engine) -> None:
    """Let this engine reflect what is done on delete and on update, also where a key stands beside its column.

    SQLAlchemy 2.0.58 reads it out of the text of CREATE TABLE, and finds it only behind the columns. A table made anew
    from that would keep its rows when their parent goes.
    """
    dialect: Any = engine.dialect
    reflected = dialect.get_foreign_keys

    def get_foreign_keys(connection: Connection, table_name: str, schema: str | None = None, **more: Any) -> Any:
        keys = reflected(connection, table_name, schema=schema, **more)
        # SQLite lets a key refer to a table that is not there; SQLAlchemy would look for it in vain.
        tables = {str(name).casefold() for name in dialect.get_table_names(connection, schema)}
        keys = [key for key in keys if key["referred_table"].casefold() in tables]
        quote = connection.dialect.identifier_preparer.quote
        where = f"{quote(schema)}." if schema else ""
        rows = connection.exec_driver_sql(f"PRAGMA {where}foreign_key_list({quote(table_name)})").all()
        columns: dict[int, list[str]] = defaultdict(list)
        for number, _, _, column, *_ in sorted(rows, key=lambda row: (row[0], row[1])):
            columns[number].append(column)
        told = {number: (parent, on_update, on_delete) for number, _, parent, _, _, on_update, on_delete, _ in rows}
        for key in keys:
            for number, (parent, on_update, on_delete) in told.items():
                same = parent.casefold() == key["referred_table"].casefold()
                if same and columns[number] == key["constrained_columns"]:
                    given = {"ondelete": on_delete, "onupdate": on_update}
                    key["options"] |= {name: does for name, does in given.items() if does != "NO ACTION"}
        return keys

    dialect.get_foreign_keys = get_foreign_keys
