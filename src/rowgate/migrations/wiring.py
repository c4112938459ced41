"""What rowgate hands to the ``env.py`` of a project's migrations, by way of Alembic's configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, MetaData

__all__ = ["ATTRIBUTE", "BASELINE", "VERSION_TABLE", "Wiring"]

ATTRIBUTE: Final = "rowgate"
"""The name in Alembic's ``Config.attributes``."""

VERSION_TABLE: Final = "rowgate_version"
"""Where Alembic keeps which migrations have run; not its usual name, which another program's may have."""

BASELINE: Final = "baseline"
"""The id of the migration that makes the tables which were there before the first one."""


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """One run of Alembic.

    Args:
        connection: to the database that is compared or changed.
        metadata: the tables as they are to be.
        empty: whether the database counts as empty, whatever is in it.
        drop: names of tables that go, as no model maps them; other such tables are left alone.
        options: further arguments of Alembic's ``configure``.
        done: told each migration that has run: its id and its message.
    """

    connection: Connection
    metadata: MetaData
    empty: bool = False
    drop: frozenset[str] = frozenset()
    options: Mapping[str, Any]
    done: Callable[[str, str], None]
