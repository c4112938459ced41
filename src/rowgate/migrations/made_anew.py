"""What SQLite's tables keep when a migration makes them anew, and what they would lose.

Alembic makes the new table from what SQLAlchemy reflects of the old one. Triggers and indexes on expressions are not
among that: they are made again from SQLite's own text. What else the text of CREATE TABLE says and reflection does not
is counted before and after, so that nothing gets lost unseen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, event

from rowgate.errors import MigrationFailed

__all__ = ["nothing_lost"]

_NAME = r'["`\[]?([^"`\]\s(]+)'
_TABLE_GONE = re.compile(rf"\s*DROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?{_NAME}", re.IGNORECASE)
_DROPPED = re.compile(rf"\s*DROP\s+(?:TRIGGER|INDEX)\s+(?:IF\s+EXISTS\s+)?{_NAME}", re.IGNORECASE)
_NAMED_ANEW = re.compile(r'\s*ALTER\s+TABLE\s+"?_alembic_tmp_', re.IGNORECASE)
_SAYINGS: Final = ("CHECK", "COLLATE", "AUTOINCREMENT", "STRICT", "WITHOUT ROWID", "GENERATED", "ON CONFLICT")
_OBJECTS = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL"


@contextmanager
def nothing_lost(connection: Connection, *, accept_loss: bool) -> Iterator[None]:
    """Watch a migration, and make again what went with a table that was made anew.

    Args:
        connection: to a SQLite database, in the transaction of the migration.
        accept_loss: whether a table may lose what the text of its CREATE TABLE says beyond columns and keys.

    Raises:
        MigrationFailed: a table would lose something.
    """
    before = connection.exec_driver_sql(_OBJECTS).all()
    anew: set[str] = set()
    dropped: set[str] = set()

    def note(_connection: Any, cursor: Any, statement: str, *_more: Any) -> None:
        if found := _TABLE_GONE.match(statement):
            anew.add(found[1])
        elif found := _DROPPED.match(statement):
            dropped.add(found[1])
        elif _NAMED_ANEW.match(statement):
            # Else SQLite refuses the name for as long as views and triggers speak of the table that is not there.
            cursor.execute("PRAGMA legacy_alter_table=ON")

    def named(_connection: Any, cursor: Any, statement: str, *_more: Any) -> None:
        if _NAMED_ANEW.match(statement):
            cursor.execute("PRAGMA legacy_alter_table=OFF")

    event.listen(connection, "before_cursor_execute", note)
    event.listen(connection, "after_cursor_execute", named)
    try:
        yield
    finally:
        event.remove(connection, "before_cursor_execute", note)
        event.remove(connection, "after_cursor_execute", named)
    after = connection.exec_driver_sql(_OBJECTS).all()
    there = {name: sql for kind, name, _, sql in after if kind == "table" and name in anew}
    if not accept_loss:
        _refuse_losses({name: sql for kind, name, _, sql in before if kind == "table"}, there)
    present = {name for _, name, *_ in after}
    for kind, name, table, sql in before:
        again = kind == "trigger" or (kind == "index" and name in _by_expression(before))
        if again and table in there and name not in present | dropped:
            connection.exec_driver_sql(sql)


def _by_expression(objects: Any) -> set[str]:
    """The indexes that reflection does not see: those on expressions."""
    found = set()
    for kind, name, _, sql in objects:
        inside = sql.partition("(")[2].rpartition(")")[0]
        if kind == "index" and "(" in re.split(r"\bWHERE\b", inside, flags=re.IGNORECASE)[0]:
            found.add(name)
    return found


def _refuse_losses(before: dict[str, str], after: dict[str, str]) -> None:
    for name, text in after.items():
        had, has = _said(before.get(name, "")), _said(text)
        lost = [f"{had[each] - has[each]} {each}" for each in _SAYINGS if had[each] > has[each]]
        if lost:
            raise MigrationFailed(
                f"The table {name} would be made anew without {', '.join(lost)}. Nothing was changed.",
                hint="Write it into the migration, as arguments of batch_alter_table: table_args=, table_kwargs=. "
                "Where it is meant to go: --accept-loss.",
            )


def _said(text: str) -> Counter[str]:
    """How often the text of a CREATE TABLE says each thing; texts in quotes and comments count for nothing."""
    plain = re.sub(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL)
    return Counter({each: len(re.findall(rf"\b{each}\b", plain, re.IGNORECASE)) for each in _SAYINGS})
