"""The last statements of each log-in, kept in memory for the page that shows them as they happen.

What is kept is bounded: so many statements of a log-in, so many log-ins, the longest unused forgotten first. It is kept
by each process for itself; the ids of entries name the process, so that a page which reaches several can join them.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass
from itertools import count
from typing import Any, Final
from uuid import uuid4

from flask import has_request_context

from rowgate import web
from rowgate.audit.log import statement_dict
from rowgate.enforce import ActionRecord, RelationshipRecord, StatementRecord, TrustedRecord
from rowgate.errors import MissingPrincipal

__all__ = ["LiveLog"]

MOST_STATEMENTS: Final = 200
MOST_LOGINS: Final = 200


@dataclass(frozen=True, kw_only=True)
class _Entry:
    number: int
    time: dt.datetime
    record: StatementRecord


class LiveLog:
    """An observer of a gate that keeps what each log-in did last.

    Args:
        statements: how many are kept for a log-in.
        logins: how many log-ins are remembered.
    """

    def __init__(self, *, statements: int = MOST_STATEMENTS, logins: int = MOST_LOGINS) -> None:
        self._statements, self._logins = statements, logins
        self._rings: OrderedDict[str, deque[_Entry]] = OrderedDict()
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._process = uuid4().hex[:8]

    def statement(self, record: StatementRecord) -> None:
        """Keep a statement, where it belongs to the log-in of a request."""
        login = _login()
        if login is None:
            return
        with self._lock:
            ring = self._rings.setdefault(login, deque(maxlen=self._statements))
            ring.append(_Entry(number=next(self._numbers), time=dt.datetime.now(dt.UTC), record=record))
            self._rings.move_to_end(login)
            while len(self._rings) > self._logins:
                self._rings.popitem(last=False)

    def trusted(self, record: TrustedRecord) -> None:
        """Trusted sessions are nobody's; they are in the filter log alone."""

    def action(self, record: ActionRecord) -> None:
        """Actions are in the filter log alone, too."""

    def relationship(self, record: RelationshipRecord) -> None:
        """Changes of relationships are in the filter log alone: they are no statements of a page."""

    def document(self, login: str, *, after: str | None, limit: int) -> dict[str, Any]:
        """The statements of a log-in, oldest first.

        Args:
            after: the cursor of an earlier answer; of another process, it counts for nothing.
            limit: how many at most, the newest.
        """
        process, _, number = (after or "").partition("-")
        seen = int(number) if process == self._process and number.isdecimal() and len(number) < 19 else 0
        with self._lock:
            entries = [entry for entry in self._rings.get(login, ()) if entry.number > seen][-limit:]
        last = entries[-1].number if entries else seen
        return {"cursor": f"{self._process}-{last}", "entries": [self._document(entry) for entry in entries]}

    def _document(self, entry: _Entry) -> dict[str, Any]:
        return {
            "id": f"{self._process}-{entry.number}",
            "time": entry.time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            **statement_dict(entry.record),
        }


def _login() -> str | None:
    """The log-in that the statement's request belongs to."""
    if not has_request_context():
        return None
    try:
        return web.caller().login
    except MissingPrincipal:
        return None
