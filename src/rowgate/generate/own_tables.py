"""The tables that rowgate itself keeps in a project's databases; they are no entities of the project."""

from __future__ import annotations

from collections.abc import Set
from typing import Final

from rowgate.api.idempotency import KEYS
from rowgate.auth.sql_models import AuthBase
from rowgate.migrations.wiring import VERSION_TABLE
from rowgate.outbox.table import OUTBOX
from rowgate.relations.table import RELATIONSHIPS

__all__ = ["OWN_TABLES", "VERSION_TABLE", "is_own"]

_COLUMNS: Final = {
    table.name: frozenset(table.columns.keys())
    for table in (KEYS, OUTBOX, RELATIONSHIPS, *AuthBase.metadata.tables.values())
}

OWN_TABLES: Final = frozenset(_COLUMNS) | {VERSION_TABLE, "alembic_version", "migrate_version"}
"""The names of the tables; those of Alembic and of sqlalchemy-migrate are no entities either."""


def is_own(name: str, columns: Set[str]) -> bool:
    """Whether a table of the database is one of them. A project's own table may be called ``relationships``.

    Args:
        name: the table's.
        columns: the names of its columns.
    """
    return name in OWN_TABLES and _COLUMNS.get(name, frozenset()) <= columns
