"""Which log-ins have been ended before their tokens ran out.

What is kept is the id of a log-in, which all of its tokens carry, so that one entry ends the access tokens and the
refresh token together. Entries whose tokens have run out are removed whenever one is added: no job is needed.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from typing import Protocol

from sqlalchemy import Engine, bindparam, delete, insert, select
from sqlalchemy.exc import IntegrityError

from rowgate.auth.sql_models import RevokedToken

__all__ = ["MemoryRevocations", "Revocations", "SqlRevocations"]

KIND = "login"

# Built once: each request asks it.
_ENDED = select(RevokedToken.jti).where(RevokedToken.jti == bindparam("login"))


class Revocations(Protocol):
    """A store of ended log-ins; times are seconds since 1970, UTC."""

    def revoke(self, login: str, *, expires_at: int) -> None:
        """End a log-in; ending it again is no error.

        Args:
            login: its id.
            expires_at: when the last of its tokens runs out, and the entry may be forgotten.
        """

    def revoked(self, login: str) -> bool:
        """Whether the log-in was ended."""

    def purge(self, now: int) -> int:
        """Forget entries that expired before *now*; answers how many there were."""


class SqlRevocations:
    """In the log-in database, so that all processes of a server know, and a restart forgets nothing.

    Args:
        engine: of the log-in database.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def revoke(self, login: str, *, expires_at: int) -> None:
        """See `Revocations`."""
        self.purge(int(time.time()))
        row = {"jti": login, "expires_at": _stored(expires_at), "kind": KIND}
        try:
            with self.engine.begin() as connection:
                connection.execute(insert(RevokedToken).values(row))
        except IntegrityError:
            # Two log-outs at once. Anything else that is wrong must not pass for "revoked".
            if not self.revoked(login):
                raise

    def revoked(self, login: str) -> bool:
        """See `Revocations`. One statement."""
        with self.engine.connect() as connection:
            found = connection.scalar(_ENDED, {"login": login})
        return found is not None

    def purge(self, now: int) -> int:
        """See `Revocations`."""
        with self.engine.begin() as connection:
            return connection.execute(delete(RevokedToken).where(RevokedToken.expires_at < _stored(now))).rowcount


class MemoryRevocations:
    """In this process only: tests, and the ``memory`` provider, whose users do not outlive it either."""

    def __init__(self) -> None:
        self._ended: dict[str, int] = {}
        self._lock = threading.Lock()

    def revoke(self, login: str, *, expires_at: int) -> None:
        """See `Revocations`."""
        self.purge(int(time.time()))
        with self._lock:
            self._ended[login] = expires_at

    def revoked(self, login: str) -> bool:
        """See `Revocations`."""
        return login in self._ended

    def purge(self, now: int) -> int:
        """See `Revocations`."""
        with self._lock:
            old = [login for login, expires_at in self._ended.items() if expires_at < now]
            for login in old:
                del self._ended[login]
        return len(old)


def _stored(seconds: int) -> dt.datetime:
    # The column is UTC without a zone, which SQLite and PostgreSQL compare alike.
    return dt.datetime.fromtimestamp(seconds, dt.UTC).replace(tzinfo=None)
