"""A session as what the relationship engine runs its statements on: in its transaction, with nobody's criteria."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import CursorResult, Dialect, Executable

from rowgate.enforce.scope import Scope

if TYPE_CHECKING:
    from rowgate.enforce.session import SecureSession

__all__ = ["SessionReader"]


class SessionReader:
    """Reads and writes relationships in the transaction of a session. For enforcement itself, not for callers.

    Args:
        session: whose transaction it is; what it has flushed is seen.
    """

    def __init__(self, session: SecureSession) -> None:
        self._session = session

    @property
    def dialect(self) -> Dialect:
        return self._session.gate.engine.dialect

    def execute(self, statement: Executable, parameters: Any = None, /) -> CursorResult[Any]:
        with self._session.within(Scope.CHECKS), self._session.writing(), self._session.asking():
            return cast(CursorResult[Any], self._session.execute(statement, parameters))
