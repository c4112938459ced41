"""What the engine runs its statements on."""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy import CursorResult, Dialect, Executable

__all__ = ["Reader"]


class Reader(Protocol):
    """What runs statements in a transaction: a connection, or a session that stands in for one."""

    @property
    def dialect(self) -> Dialect:
        """The database's dialect."""

    def execute(self, statement: Executable, parameters: Any = None, /) -> CursorResult[Any]:
        """Run a statement."""
