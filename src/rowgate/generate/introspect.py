"""Reads what a database holds: its tables and views, their columns, keys and comments, with few statements.

SQLAlchemy's reflection of many tables at once is used throughout, so that five hundred tables cost about as many
statements as one where the database's catalogue allows it (PostgreSQL); SQLite and MariaDB answer table by table.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, TypeAlias

from sqlalchemy import URL, Connection, Dialect, Inspector, MetaData, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, NoSuchTableError, SAWarning

from rowgate.databases import make_engine
from rowgate.errors import DatabaseUnreachable, NothingToMap
from rowgate.generate.mariadb_facts import add_checks
from rowgate.generate.own_tables import is_own
from rowgate.generate.sqlite_facts import complete, name_untyped, rowids
from rowgate.generate.view_keys import ViewKey, find_view_keys

__all__ = ["Choice", "Introspected", "Progress", "chosen", "read_database"]

Progress: TypeAlias = Callable[[str, int, int], None]
"""Told what is being read, how many of its parts are done, and how many there are."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which tables are read.

    Args:
        include: patterns with ``*`` and ``?`` of the tables and views to read, ``name`` or ``schema.name``; none: all.
        exclude: patterns of those to leave out, of the ones included.
        schemas: the schemas to read; none: the connection's own.
        infer_keys: whether a table without a primary key gets one from a unique constraint or index over columns that
            are never NULL, and a view from columns whose values are found to be unique.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()
    infer_keys: bool = False


@dataclass(frozen=True, kw_only=True)
class Introspected:
    """What was found.

    Attributes:
        dialect: the database's, which spells its types and expressions.
        choice: which tables were read.
        metadata: the tables and views, as SQLAlchemy reflects them.
        views: the full names of those that are views.
        view_keys: by full name of a view: the columns that tell its rows apart.
        left_out: the full names of what is there and was not chosen, or is a part (a partition) of what was.
        untyped: by full name and column: what its values are, for columns whose declaration names no type.
        rowids: of SQLite, by full name and column: the keys that SQLite numbers by itself.
        unread: by full name: why a table or view could not be read.
    """

    dialect: Dialect
    choice: Choice = Choice()
    metadata: MetaData
    views: frozenset[str] = frozenset()
    view_keys: dict[str, ViewKey] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    untyped: dict[tuple[str, str], str] = field(default_factory=dict)
    rowids: frozenset[tuple[str, str]] = frozenset()
    unread: dict[str, str] = field(default_factory=dict)


def read_database(url: str | URL, choice: Choice, *, progress: Progress | None = None) -> Introspected:
    """Read the tables and views of a database. Nothing is written.

    Args:
        url: as `rowgate.databases.make_engine` takes it.
        choice: which of them.
        progress: told how far the reading is.

    Raises:
        DatabaseUnreachable: the database does not answer, its driver is missing, or the URL cannot be read.
        NothingToMap: there is no such schema, or nothing that the patterns choose.
    """
    told = progress or (lambda _what, _done, _of: None)
    with _connected(url) as connection:
        return _read(connection, choice, told)


@contextmanager
def _connected(url: str | URL) -> Iterator[Connection]:
    try:
        shown = make_url(url).render_as_string(hide_password=True)
    except ArgumentError as error:
        raise DatabaseUnreachable("The URL of the database cannot be read.") from error
    try:
        engine = make_engine(url)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise DatabaseUnreachable(f"{shown}: {' '.join(str(error).split())}") from error
    try:
        # Python's SQLite driver would make an empty file of a name that is misspelt.
        file = engine.url.database if engine.dialect.name == "sqlite" else None
        if file and file != ":memory:" and not file.startswith("file:") and not Path(file).is_file():
            raise DatabaseUnreachable(f"{shown}: there is no such file.")
        try:
            connection = engine.connect()
        except DBAPIError as error:
            raise DatabaseUnreachable(f"{shown}: {' '.join(str(error.orig).split())}") from error
        with connection:
            yield connection
    finally:
        engine.dispose()


def _read(connection: Connection, choice: Choice, told: Progress) -> Introspected:
    inspector = inspect(connection)
    schemas = _schemas(inspector, choice)
    metadata = MetaData()
    views: set[str] = set()
    left_out: list[str] = []
    unread: dict[str, str] = {}
    for done, schema in enumerate(schemas):
        told("schemas" if schema is None else f"schema {schema}", done, len(schemas))
        names = set(inspector.get_table_names(schema))
        parts = _partitions(connection, schema, inspector) & names
        left_out += [full_name(schema, name) for name in parts if chosen(schema, name, choice)]
        tables = _names(schema, names - parts, choice, left_out)
        found_views = [*inspector.get_view_names(schema), *_materialized(inspector, schema)]
        own_views = _names(schema, found_views, choice, left_out)
        views |= {full_name(schema, name) for name in own_views}
        _reflect(connection, metadata, schema, [*tables, *own_views], unread, told)
    told("schemas", len(schemas), len(schemas))
    if not metadata.tables and not unread:
        if left_out:
            raise NothingToMap(f"The patterns choose none of the {len(left_out)} tables and views there are.")
        raise NothingToMap("The database has no table and no view.")
    if connection.dialect.name == "sqlite":
        complete(connection, metadata)
    elif getattr(connection.dialect, "is_mariadb", False):
        add_checks(connection, metadata)
    untyped = name_untyped(connection, metadata)
    view_keys = find_view_keys(connection, metadata, views & metadata.tables.keys(), thorough=choice.infer_keys)
    return Introspected(
        dialect=connection.dialect,
        choice=choice,
        metadata=metadata,
        views=frozenset(views),
        view_keys=view_keys,
        left_out=tuple(sorted(left_out)),
        untyped=untyped,
        rowids=rowids(connection, metadata),
        unread=unread,
    )


def full_name(schema: str | None, name: str) -> str:
    """A table's name as SQLAlchemy's metadata has it."""
    return name if schema is None else f"{schema}.{name}"


def chosen(schema: str | None, name: str, choice: Choice) -> bool:
    """Whether a table or view is to be read."""
    names = {name, full_name(schema, name)}

    def matches(patterns: Iterable[str]) -> bool:
        return any(fnmatchcase(each, pattern) for each in names for pattern in patterns)

    return (not choice.include or matches(choice.include)) and not matches(choice.exclude)


def _schemas(inspector: Inspector, choice: Choice) -> list[str | None]:
    if not choice.schemas:
        return [None]
    there = set(inspector.get_schema_names())
    for name in choice.schemas:
        if name not in there:
            raise NothingToMap(f"There is no schema {name!r}.", hint=f"The schemas are: {', '.join(sorted(there))}.")
    # The connection's own schema is where names without a schema are looked up; a schema's name would say no more.
    own = inspector.default_schema_name
    return [None if name == own else name for name in dict.fromkeys(choice.schemas)]


def _names(schema: str | None, names: Iterable[str], choice: Choice, left_out: list[str]) -> list[str]:
    kept: list[str] = []
    for name in sorted(set(names)):
        if chosen(schema, name, choice):
            kept.append(name)
        else:
            left_out.append(full_name(schema, name))
    return kept


def _partitions(connection: Connection, schema: str | None, inspector: Inspector) -> set[str]:
    """The tables of PostgreSQL that are a part of another one, whose rows that one has too.

    As entities they would be a second door to the rows, beside what is declared on the whole.
    """
    if connection.dialect.name != "postgresql":
        return set()
    parts = text(
        "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relispartition AND n.nspname = :schema"
    )
    return set(connection.scalars(parts, {"schema": schema or inspector.default_schema_name}))


def _materialized(inspector: Inspector, schema: str | None) -> list[str]:
    try:
        return inspector.get_materialized_view_names(schema)
    except NotImplementedError:
        return []


_RUN: Final = 50
"""Tables reflected at once: each run costs a handful of statements, and tells how far it is."""


def _reflect(
    connection: Connection,
    metadata: MetaData,
    schema: str | None,
    names: list[str],
    unread: dict[str, str],
    told: Progress,
) -> None:
    for start in range(0, len(names), _RUN):
        run = names[start : start + _RUN]
        told("tables" if schema is None else f"tables of {schema}", start, len(names))
        try:
            caught = _reflect_run(connection, metadata, schema, run)
        except (DBAPIError, NoSuchTableError):  # one of them is a view that is broken: which?
            for name in run:
                try:
                    _reflect_run(connection, metadata, schema, [name])
                except (DBAPIError, NoSuchTableError) as error:
                    words = error.orig if isinstance(error, DBAPIError) else error
                    unread[full_name(schema, name)] = " ".join(str(words).split())
            caught = []
        for name in run:
            table = metadata.tables.get(full_name(schema, name))
            if table is None:
                unread.setdefault(full_name(schema, name), _why(name, caught))
            elif is_own(name, set(table.columns.keys())):
                metadata.remove(table)
    told("tables" if schema is None else f"tables of {schema}", len(names), len(names))


def _reflect_run(
    connection: Connection, metadata: MetaData, schema: str | None, names: list[str]
) -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SAWarning)
        with connection.begin_nested() if connection.in_transaction() else connection.begin():
            # Without the tables that foreign keys lead to: those not chosen stay out.
            metadata.reflect(connection, schema=schema, views=True, only=names, resolve_fks=False)
    return caught


def _why(name: str, caught: list[warnings.WarningMessage]) -> str:
    for warning in caught:
        text = str(warning.message)
        if f"table {name}" in text or f" {name}:" in text:
            return " ".join(text.split())
    return "the database does not describe it"
