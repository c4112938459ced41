"""The time that one piece of work may spend in the database, and the statements it has sent.

A request has a budget. What keeps it, on each database:

- before each statement the budget is looked at, and a statement of a request that has run out of time is not sent;
- PostgreSQL ends a statement that runs for longer than the whole budget by itself (``statement_timeout``, set once for
  each connection, so that a request pays nothing for it). Once a tenth of the budget is gone, each statement gets what
  is left of it instead;
- SQLite asks back every few thousand steps of its virtual machine (a progress handler), and is told to stop.

Time that Python code spends outside of the database cannot be taken away from it; it counts at the next statement.
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.pool import ConnectionPoolEntry

from rowgate.errors import RequestTimedOut

__all__ = ["Budget", "current", "keep_budgets", "spend"]

_STEPS: Final = 10_000
"""Steps of SQLite's virtual machine between two looks at the clock: well under a millisecond of work."""

_FRESH: Final = 0.9
"""A budget of which this part is left is kept by the connection's own timeout."""

_SQLITE_INTERRUPT: Final = 9  # https://sqlite.org/rescode.html#interrupt
_QUERY_CANCELED: Final = "57014"

_current: ContextVar[Budget | None] = ContextVar("rowgate_budget", default=None)


@dataclass(eq=False)
class Budget:
    """What one piece of work may spend, and what it has spent.

    Args:
        seconds: from now; None for no limit.
    """

    seconds: float | None
    started: float = field(default_factory=time.monotonic)
    statements: int = 0
    overdrawn: bool = False

    @property
    def left(self) -> float:
        """Seconds that are left; below 0 when it has run out."""
        return float("inf") if self.seconds is None else self.started + self.seconds - time.monotonic()

    def lift(self) -> None:
        """Take the limit away: an answer that has begun is not cut off."""
        self.seconds = None

    def refuse(self) -> RequestTimedOut:
        """The error for work that has run out of time."""
        self.overdrawn = True
        return RequestTimedOut("The request took longer than the server gives it.")


def spend(budget: Budget | None) -> None:
    """Let the statements of this thread (this context) spend a budget from now on; None for none."""
    _current.set(budget)


def current() -> Budget | None:
    """The budget being spent."""
    return _current.get()


def keep_budgets(engine: Engine, *, seconds: float) -> None:
    """Count the statements of an engine, and hold them to the budget of the moment.

    Call it before the engine's first connection. An engine made over the same pool later takes it over.

    Args:
        engine: for SQLite or PostgreSQL; on others a budget is looked at between statements only.
        seconds: the largest budget there will be; no statement on PostgreSQL runs for longer.
    """
    postgresql = engine.dialect.name == "postgresql"

    def connected(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        if postgresql:
            before, connection.autocommit = connection.autocommit, True
            cursor = connection.cursor()
            cursor.execute(f"SET statement_timeout = {_milliseconds(seconds)}")
            cursor.close()
            connection.autocommit = before
        elif engine.dialect.name == "sqlite":
            connection.set_progress_handler(_is_out_of_time, _STEPS)

    def sending(connection: Connection, cursor: Any, *_rest: object) -> None:
        budget = current()
        if budget is None:
            return
        budget.statements += 1
        if budget.seconds is None:
            return
        left = budget.left
        if left <= 0:
            raise budget.refuse()
        if postgresql and left < seconds * _FRESH:
            own = connection.connection.cursor()
            own.execute(f"SET LOCAL statement_timeout = {_milliseconds(left)}")
            own.close()

    event.listen(engine, "connect", connected)
    event.listen(engine, "before_cursor_execute", sending)
    event.listen(engine, "handle_error", _told)


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _is_out_of_time() -> bool:
    budget = current()
    return budget is not None and budget.left <= 0


def _told(context: ExceptionContext) -> BaseException | None:
    """The error of a statement that was stopped for its time; None leaves any other one as it is."""
    budget, error = current(), context.original_exception
    stopped = (
        getattr(error, "sqlite_errorcode", None) == _SQLITE_INTERRUPT
        or getattr(error, "sqlstate", None) == _QUERY_CANCELED
    )
    # PostgreSQL gives the same code to a statement that an administrator cancelled. Its clock may be a bit ahead.
    if stopped and budget is not None and budget.left < 0.05:
        return budget.refuse()
    return None
