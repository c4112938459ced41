"""Makes the tables of the sample and loads its rows from database/sample/*.csv.

All tables and rows go in within one transaction, parents before children, with one statement for each batch of
rows. The files' columns are the tables' columns; an empty cell is NULL; money is rounded half-even to the column's
two decimals, because some cells carry the noise of binary fractions (100.10000000000001).
"""

import csv
import datetime as dt
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any, Final

from argon2 import PasswordHasher
from sqlalchemy import Column, Connection, Engine, MetaData, Numeric, Table, func, insert, inspect, select

from database.models import Base
from rowgate.auth.sql_models import AuthBase, User, UserRole
from rowgate.errors import DatabaseNotEmpty, SampleFileError
from rowgate.project import SampleLogin
from rowgate.relations.table import metadata as relations_metadata
from rowgate.relations.table import write_relationships
from rowgate.zed import parse_relationships

RELATIONSHIPS: Final = "relationships.txt"
SAMPLE: Final = Path(__file__).parent / "sample"
SAMPLE_PASSWORD: Final = "p"  # noqa: S105  the published password of the sample's log-ins
CLAIMS: Final = ("client_id", "region", "employee_id")

Progress = Callable[[str, int, int], None]
Row = dict[str, Any]

_BATCH = 500


def load_sample(engine: Engine, *, folder: Path = SAMPLE, progress: Progress | None = None) -> dict[str, int]:
    """Make the sample's tables and load their rows, all or nothing.

    Args:
        engine: a plain engine on an empty database (SQLite or PostgreSQL).
        folder: holds one file `<table>.csv` a table, and the relation table's lines in `relationships.txt`.
        progress: called with a table's name, its rows loaded so far and its rows in all.

    Returns:
        The rows loaded, by table; 0 for a table that has no file.

    Raises:
        DatabaseNotEmpty: one of the tables is there and has rows.
        SampleFileError: a file does not fit its table.
        sqlalchemy.exc.IntegrityError: a row refers to one that no file has.
    """
    tables = Base.metadata.sorted_tables
    files = {path.stem: path for path in folder.glob("*.csv") if path.stem != "users"}
    for name in files.keys() - Base.metadata.tables.keys():
        raise SampleFileError(f"{files[name].name} belongs to no table.")
    rows = {t.name: parents_first(t, list(_read(files[t.name], t))) for t in tables if t.name in files}
    lines = folder / RELATIONSHIPS
    shared = parse_relationships(lines.read_text(encoding="utf-8")) if lines.exists() else ()
    relationships = [each for _, each in shared]
    with engine.begin() as connection:
        _make_tables(connection, Base.metadata)
        for table in tables:
            _insert(connection, table, rows.get(table.name, []), progress)
        relations_metadata.create_all(connection)
        write_relationships(connection, relationships)
    return {table.name: len(rows.get(table.name, [])) for table in tables}


def load_users(engine: Engine, *, hasher: PasswordHasher | None = None, progress: Progress | None = None) -> int:
    """Make the log-in tables and load the sample's users, all with the password `p`.

    Args:
        engine: a plain engine on the log-ins' own database.
        hasher: makes the password hashes; the default is argon2-cffi's (about 0.1 s a user).
        progress: called with "users", the users hashed so far and the users in all.

    Returns:
        The number of users.

    Raises:
        DatabaseNotEmpty: there are log-ins already.
    """
    hasher = hasher or PasswordHasher()
    with (SAMPLE / "users.csv").open(encoding="utf-8", newline="") as file:
        records = list(csv.DictReader(file))
    users: list[Row] = []
    for record in records:
        users.append(
            {
                "id": record["id"],
                "name": record["name"],
                "password_hash": hasher.hash(SAMPLE_PASSWORD),
                "claims": {name: _claim(record[name]) for name in CLAIMS if record[name]},
            }
        )
        if progress:
            progress("users", len(users), len(records))
    roles = [{"user_id": record["id"], "role": role} for record in records for role in record["roles"].split()]
    with engine.begin() as connection:
        _make_tables(connection, AuthBase.metadata)
        connection.execute(insert(User), users)
        connection.execute(insert(UserRole), roles)
    return len(users)


def sample_logins() -> list[SampleLogin]:
    """The sample's users, for the sign-in page."""
    with (SAMPLE / "users.csv").open(encoding="utf-8", newline="") as file:
        return [
            SampleLogin(
                id=record["id"],
                name=record["name"],
                password=SAMPLE_PASSWORD,
                roles=tuple(record["roles"].split()),
                note=record["note"],
            )
            for record in csv.DictReader(file)
        ]


def _claim(text: str) -> str | int:
    return int(text) if text.isdecimal() else text


def _make_tables(connection: Connection, metadata: MetaData) -> None:
    """Make the tables that are missing; refuse when one that is there has rows."""
    present = set(inspect(connection).get_table_names())
    for table in metadata.sorted_tables:
        if table.name in present and connection.scalar(select(select(table).exists())):
            raise DatabaseNotEmpty(f"The table {table.name} has rows already.")
    metadata.create_all(connection)


def _read(path: Path, table: Table) -> Iterator[Row]:
    """Yield a file's rows with the types of the table's columns."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        unknown = [name for name in reader.fieldnames or () if name not in table.columns]
        if unknown:
            raise SampleFileError(f"{path.name}: the table has no column {unknown[0]}.")
        for record in reader:
            if None in record or None in record.values():
                raise SampleFileError(f"{path.name}:{reader.line_num}: as many cells as columns are needed.")
            try:
                yield {name: cell_value(table.columns[name], cell) for name, cell in record.items()}
            except (ValueError, ArithmeticError) as error:
                raise SampleFileError(f"{path.name}:{reader.line_num}: {error}") from error


def cell_value(column: Column[Any], cell: str) -> object:
    """Turn a cell into the column's Python type; an empty cell is NULL.

    Raises:
        ValueError: the cell does not spell a value of the type, or no cell can (a bytes column, say).
        decimal.InvalidOperation: the cell does not spell a number.
    """
    if cell == "":
        return None
    kind = column.type.python_type
    if kind in (Decimal, float) and not Decimal(cell).is_finite():
        raise ValueError(f"{column.name} is a finite number, not {cell!r}")
    if kind is Decimal and isinstance(column.type, Numeric):
        return Decimal(cell).quantize(Decimal(1).scaleb(-(column.type.scale or 0)), ROUND_HALF_EVEN)
    if kind is bool:
        if cell not in ("0", "1"):
            raise ValueError(f"{column.name} is 0 or 1, not {cell!r}")
        return cell == "1"
    if kind is dt.date:
        return dt.date.fromisoformat(cell)
    if kind in (int, float, str):
        return kind(cell)
    raise ValueError(f"{column.name} has the type {column.type!r}, which no cell can be turned into")


def parents_first(table: Table, rows: list[Row]) -> list[Row]:
    """Order the rows of a table that refers to itself so that each row comes after the one it refers to.

    A reference to a row that is not among `rows` is left for the database to judge.

    Raises:
        SampleFileError: rows refer to each other in a circle, so that none can be first.
    """
    links = [(key.parent.name, key.column.name) for key in table.foreign_keys if key.column.table is table]
    ordered: list[Row] = []
    waiting = rows
    while waiting:
        absent = {(key, row[key]) for row in waiting for _, key in links}
        ready: list[Row] = []
        later: list[Row] = []
        for row in waiting:
            blocked = any((key, row[link]) in absent and row[link] != row[key] for link, key in links)
            (later if blocked else ready).append(row)
        if not ready:
            raise SampleFileError(f"{table.name}: rows refer to each other in a circle.")
        ordered += ready
        waiting = later
    return ordered


def _insert(connection: Connection, table: Table, rows: list[Row], progress: Progress | None) -> None:
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        connection.execute(insert(table), batch)
        if progress:
            progress(table.name, start + len(batch), len(rows))
    _continue_numbering(connection, table, rows)


def _continue_numbering(connection: Connection, table: Table, rows: list[Row]) -> None:
    """Let PostgreSQL number new rows after the loaded ones; SQLite does so by itself."""
    column = table.autoincrement_column
    if column is None or not rows or connection.dialect.name != "postgresql":
        return
    name = connection.dialect.identifier_preparer.format_table(table)
    sequence = func.pg_get_serial_sequence(name, column.name)
    connection.execute(select(func.setval(sequence, select(func.max(column)).scalar_subquery())))
