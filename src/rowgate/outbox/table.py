"""The table of the outbox, in metadata of its own: no API exposes it, and no secured session may read it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Double, Engine, Index, Integer, MetaData, String, Table, Text, inspect
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

__all__ = ["DEAD", "OUTBOX", "PENDING", "create_outbox"]

PENDING: Final = "pending"
DEAD: Final = "dead"

_metadata = MetaData()

OUTBOX: Final = Table(
    "rowgate_outbox",
    _metadata,
    # In the order of the writes to one row: whoever changes a row holds its lock until the event is committed.
    Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True),
    Column("message_id", String(64), nullable=False, unique=True),
    Column("topic", String(100), nullable=False),
    Column("key", String(500), nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", String(10), nullable=False, default=PENDING),
    # Times are seconds since 1970, UTC, by the clock of the program.
    Column("created_at", Double, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("lease", String(32)),
    Column("leased_until", Double),
    Column("last_error", String(200)),
    Index("ix_rowgate_outbox_order", "topic", "key", "id"),
    Index("ix_rowgate_outbox_due", "state", "due_at"),
    # Ids of rows that are gone are not given again: a receiver goes by them.
    sqlite_autoincrement=True,
)


def create_outbox(engine: Engine) -> None:
    """Make the table where it is missing; two processes may do so at once.

    Args:
        engine: a plain one, of the database that holds the rows.
    """
    try:
        _metadata.create_all(engine)
    except (IntegrityError, OperationalError, ProgrammingError):
        if not inspect(engine).has_table(OUTBOX.name):
            raise
