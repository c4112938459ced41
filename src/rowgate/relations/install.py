"""Makes the relation table in a database, and the triggers that remove relationships together with their rows.

A deleted row takes its relationships along, in the same transaction, whoever deletes it: one row, a bulk statement, a
cascade, another program. If they stayed, a new row under the same key would begin its life shared with strangers. So it
is the database that removes them, by triggers on the tables of the entities that are types of the schema; a row that
gets another key loses its relationships too.

The name of a trigger holds a digest of what it does: one that is no longer wanted is dropped, the others stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256

from sqlalchemy import Connection, Engine, Table, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.ddl import CreateTable

from rowgate.databases import BEGIN_MODE
from rowgate.errors import RelationTableRefused
from rowgate.relations.keys import ColumnKey
from rowgate.relations.table import RELATIONSHIPS, metadata

__all__ = ["install", "statements"]

_Name = tuple[str, str]
"""A table's name and that of a trigger on it."""

_PREFIX = "rowgate_rel_"
_TURN = 0x726F776761746531  # "rowgate1": the key of PostgreSQL's advisory lock


def install(engine: Engine, tables: Mapping[str, Table]) -> None:
    """Make what is missing, and drop triggers that are no longer wanted.

    Args:
        engine: of the database that holds the rows.
        tables: the table of each type of the schema that an entity has; one that is not there (yet) is passed over.

    Raises:
        RelationTableRefused: the database does not let us; the error has the statements.
    """
    try:
        with engine.connect() as connection:
            if not any(_differences(connection, engine, tables)):
                return  # every start but the first: nothing is locked
        with engine.execution_options(**{BEGIN_MODE: "IMMEDIATE"}).begin() as connection:
            if connection.dialect.name == "postgresql":
                # Servers that start at once take turns; on SQLite the transaction itself is the turn.
                connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})
            metadata.create_all(connection)
            _, unwanted, lacking = _differences(connection, engine, tables)
            for table, name in sorted(unwanted):
                _drop(connection, table, name)
            for made in lacking.values():
                for statement in made:
                    connection.execute(text(statement.replace(":", "\\:")))
    except DBAPIError as error:
        raise RelationTableRefused.of(str(error.orig), ";\n".join(statements(engine, tables))) from error


def _differences(
    connection: Connection, engine: Engine, tables: Mapping[str, Table]
) -> tuple[bool, set[_Name], dict[_Name, list[str]]]:
    """Whether the relation table is missing, the triggers no longer wanted, and the statements of those that lack."""
    present = set(inspect(connection).get_table_names())
    found = {kind: table for kind, table in tables.items() if table.schema or table.name in present}
    wanted, there = dict(_triggers(engine, found)), set(_existing(connection))
    lacking = {key: made for key, made in wanted.items() if key not in there}
    return RELATIONSHIPS.name not in present, there - wanted.keys(), lacking


def statements(engine: Engine, tables: Mapping[str, Table]) -> list[str]:
    """The statements that make the relation table and its triggers, for an administrator to run."""
    made = [str(CreateTable(RELATIONSHIPS, if_not_exists=True).compile(engine)).strip()]
    return made + [statement for each in dict(_triggers(engine, tables)).values() for statement in each]


def _triggers(engine: Engine, tables: Mapping[str, Table]) -> Iterator[tuple[_Name, list[str]]]:
    """The statements of each trigger, by the names of its table and its own."""
    for kind, table in sorted(tables.items()):
        make = _postgresql if engine.dialect.name == "postgresql" else _sqlite
        for event, body in make(engine, kind, table).items():
            name = _PREFIX + sha256("".join((table.fullname, event, *body)).encode()).hexdigest()[:16]
            yield (table.name, name), [line.replace("{name}", name) for line in body]


def _sqlite(engine: Engine, kind: str, table: Table) -> dict[str, list[str]]:
    own, new = _identifier(engine, table, "old"), _identifier(engine, table, "new")
    target = engine.dialect.identifier_preparer.format_table(table)
    gone = "".join(
        f" DELETE FROM relationships WHERE {side}_type = '{kind}' AND {side}_id = {own};"  # noqa: S608
        for side in ("resource", "subject")
    )
    moved = f"{own} IS NOT {new}"
    return {
        "delete": [f"CREATE TRIGGER {{name}} AFTER DELETE ON {target} FOR EACH ROW BEGIN{gone} END"],
        "update": [f"CREATE TRIGGER {{name}} AFTER UPDATE ON {target} FOR EACH ROW WHEN {moved} BEGIN{gone} END"],
    }


def _postgresql(engine: Engine, kind: str, table: Table) -> dict[str, list[str]]:
    own, new, gone = (_identifier(engine, table, name) for name in ("old", "new", "gone"))
    target = engine.dialect.identifier_preparer.format_table(table)
    sides = ("resource", "subject")
    # One set-based DELETE a statement, however many rows it removed.
    of_rows = " ".join(
        f"DELETE FROM relationships USING gone WHERE {side}_type = '{kind}' AND {side}_id = {gone};"  # noqa: S608
        for side in sides
    )
    of_row = " ".join(
        f"DELETE FROM relationships WHERE {side}_type = '{kind}' AND {side}_id = {own};"  # noqa: S608
        for side in sides
    )
    of_all = f"DELETE FROM relationships WHERE resource_type = '{kind}' OR subject_type = '{kind}';"  # noqa: S608
    moved = f"{own} IS DISTINCT FROM {new}"
    delete = f"AFTER DELETE ON {target} REFERENCING OLD TABLE AS gone FOR EACH STATEMENT"
    return {
        "delete": [_function(of_rows), f"CREATE TRIGGER {{name}} {delete} EXECUTE FUNCTION {{name}}()"],
        "update": [
            _function(of_row),
            f"CREATE TRIGGER {{name}} AFTER UPDATE ON {target} FOR EACH ROW WHEN ({moved}) EXECUTE FUNCTION {{name}}()",
        ],
        "truncate": [
            _function(of_all),
            f"CREATE TRIGGER {{name}} AFTER TRUNCATE ON {target} FOR EACH STATEMENT EXECUTE FUNCTION {{name}}()",
        ],
    }


def _function(body: str) -> str:
    return (
        "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$rowgate$ BEGIN {body} RETURN NULL; END $rowgate$"
    )


def _identifier(engine: Engine, table: Table, name: str) -> str:
    """The id of a row in SQL, by the name that the row has in a trigger."""
    row = table.alias(name)
    key = ColumnKey([row.c[column.key] for column in table.primary_key.columns], engine.dialect.name)
    return str(key.text.compile(dialect=engine.dialect, compile_kwargs={"literal_binds": True})).replace("%%", "%")


def _existing(connection: Connection) -> Iterator[_Name]:
    if connection.dialect.name == "postgresql":
        query = text(
            "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE NOT t.tgisinternal AND starts_with(t.tgname, :prefix)"
        )
    else:
        query = text("SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger' AND instr(name, :prefix) = 1")
    for table, name in connection.execute(query, {"prefix": _PREFIX}):
        yield str(table), str(name)


def _drop(connection: Connection, table: str, name: str) -> None:
    if connection.dialect.name == "postgresql":
        # Its trigger goes with it.
        connection.execute(text(f"DROP FUNCTION {name}() CASCADE"))
    else:
        connection.execute(text(f"DROP TRIGGER {name}"))
