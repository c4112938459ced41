"""Which mapped tables and columns a database lacks: one look at its catalogue, when a server starts.

Without it, each request that touches such a table would fail, and the log would show the database's words for it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import URL, Engine, MetaData, Table, create_engine, inspect
from sqlalchemy.engine.reflection import ObjectKind
from sqlalchemy.exc import OperationalError, SAWarning

from rowgate.databases import make_engine
from rowgate.policy import Finding
from rowgate.project import MAIN, Project
from rowgate.settings import Settings

__all__ = ["database_findings", "lacking_of_project"]

_MOST = 20


def lacking_of_project(project: Project, settings: Settings) -> list[Finding]:
    """What each database of a project lacks. One that is not there yet lacks nothing; it is still to be made.

    Args:
        project: the models.
        settings: where the databases are.
    """
    found: list[Finding] = []
    urls = {each.name: settings.url_of(each.name) for each in project.databases}
    for name, models in project.models_of.items():
        url = urls.get(name, settings.database_url)
        if _is_no_file(url):
            continue
        try:
            # Not as the server opens SQLite, which would turn on its write-ahead log: this only looks.
            engine = create_engine(url) if url.get_backend_name() == "sqlite" else make_engine(url)
            try:
                found += database_findings(engine, models.metadata, database=name)
            finally:
                engine.dispose()
        except (ModuleNotFoundError, OperationalError) as error:
            cause = error.orig if isinstance(error, OperationalError) else error
            words = " ".join(str(cause).split())
            found.append(Finding.of("P041", f"The database {name} was not looked at: {words}"))
    return found


def database_findings(engine: Engine, metadata: MetaData, *, database: str = MAIN) -> list[Finding]:
    """What the database lacks of the models, as findings P040.

    Args:
        engine: a plain one, of the database.
        metadata: of the mapped classes.
        database: its name in the project.

    Returns:
        At most 21 findings; the last then says how many more there are.
    """
    command = "rowgate db upgrade" if database == MAIN else f"rowgate db --database {database} upgrade"
    if _is_no_file(engine.url):
        return [Finding.of("P040", f"there is no file {engine.url.database}: run `{command}`.")]
    found = list(_lacking(engine, metadata.tables.values(), command))
    if len(found) > _MOST:
        more = Finding.of("P040", f"{len(found) - _MOST} more tables lack columns: run `{command}`.")
        found = [*found[:_MOST], more]
    return found


def _lacking(engine: Engine, tables: Iterable[Table], command: str) -> Iterator[Finding]:
    schemas: dict[str | None, list[Table]] = {}
    for table in tables:
        schemas.setdefault(table.schema, []).append(table)
    # These two take upper and lower case in names for the same.
    folded = engine.dialect.name in ("sqlite", "mysql", "mariadb")

    def known(name: str) -> str:
        return name.casefold() if folded else name

    for schema, mapped in schemas.items():
        there = _columns(engine, schema, mapped)
        present = {known(name): {known(column) for column in columns} for name, columns in there.items()}
        missing = [table.fullname for table in mapped if known(table.name) not in present]
        if missing:
            yield Finding.of("P040", f"{_missing(missing)} missing: run `{command}`.")
        for table in mapped:
            columns = present.get(known(table.name))
            if columns is None:
                continue
            lacks = [column.name for column in table.columns if known(column.name) not in columns]
            if lacks:
                word = "column" if len(lacks) == 1 else "columns"
                yield Finding.of(
                    "P040", f"table {table.fullname} lacks the {word} {', '.join(lacks)}: run `{command}`."
                )


def _missing(names: list[str]) -> str:
    if len(names) == 1:
        return f"table {names[0]} is"
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"tables {', '.join(names[:_MOST])}{more} are"


def _columns(engine: Engine, schema: str | None, mapped: list[Table]) -> dict[str, list[str]]:
    """The names of the columns of each table and view of a schema that has one of the mapped names."""
    with engine.connect() as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # of types that it does not know; here only names count
        inspector = inspect(connection)
        names = [table.name for table in mapped]
        if connection.dialect.name in ("sqlite", "mysql", "mariadb"):
            wanted = {name.casefold() for name in names}
            there = [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
            names = [name for name in there if name.casefold() in wanted]
        found = inspector.get_multi_columns(schema, filter_names=names, kind=ObjectKind.ANY)
    return {name: [column["name"] for column in columns] for (_, name), columns in found.items()}


def _is_no_file(url: URL) -> bool:
    """Whether the database is a SQLite file that is not there; looking into it would make it."""
    file = url.database
    if url.get_backend_name() != "sqlite" or not file or file.startswith((":", "file:")):
        return False
    return not Path(file).exists()
