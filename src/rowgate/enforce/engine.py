"""A secured engine: the plain engine's pool, behind the securing compiler and a guard.

The guard looks at every statement just before the driver gets it. It refuses what the compiler cannot rewrite (raw SQL,
DDL, a write outside of a flush) and what was not compiled for the session that sends it.
"""

from __future__ import annotations

import copy
import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, TextClause, event

from rowgate.enforce.compiler import securing_compiler
from rowgate.enforce.raw import quoting_preparer
from rowgate.errors import StatementRefused

if TYPE_CHECKING:
    from rowgate.enforce.session import SecureSession

__all__ = ["attach_session", "secured_engine", "session_of"]

_SESSION = "rowgate_session"
_BEGINNINGS = frozenset({"BEGIN DEFERRED", "BEGIN IMMEDIATE"})  # what rowgate.databases sends to SQLite


def secured_engine(plain: Engine, *, functions: Iterable[str] = ()) -> Engine:
    """An engine over the same pool whose statements are filtered or refused.

    It has a dialect and a compiled cache of its own, so that nothing compiled without the policy is ever run by it.

    Args:
        plain: the engine to secure; it stays as it is, for migrations and trusted sessions.
        functions: SQL functions that statements may call, besides those known to be harmless.
    """
    with plain.connect():
        pass  # the dialect learns its server's version and features at the first connection; copy it after that
    dialect = copy.copy(plain.dialect)
    dialect.statement_compiler = securing_compiler(type(dialect).statement_compiler, functions=functions)
    dialect.identifier_preparer = quoting_preparer(dialect.identifier_preparer)
    secured = Engine(plain.pool, dialect, plain.url)
    # The connection events of the plain engine's dialect (pragmas and the like) live in the shared pool;
    # those of its engine (an explicit BEGIN) have to come along.
    secured.dispatch._update(plain.dispatch, only_propagate=False)
    event.listen(secured, "before_cursor_execute", _guard)
    return secured


def attach_session(connection: Connection, session: SecureSession) -> None:
    """Tell a connection which session it works for, as the session's transaction begins."""
    connection.execution_options(**{_SESSION: weakref.ref(session)})


def session_of(connection: Connection) -> SecureSession | None:
    """The session that a connection works for; None for a connection taken from the engine by hand."""
    reference = connection.get_execution_options().get(_SESSION)
    return reference() if reference is not None else None


def _guard(
    connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> None:
    compiled = context.compiled
    if compiled is None and statement in _BEGINNINGS:
        return
    session = session_of(connection)
    if compiled is None or context.isddl or isinstance(compiled.statement, TextClause):
        raise StatementRefused("Raw SQL and DDL do not run on a secured engine.")
    if context.isinsert or context.isupdate or context.isdelete:
        if session is None or not session.may_write_now:
            raise StatementRefused(
                "A Core INSERT, UPDATE or DELETE was sent outside of a flush.",
                hint="Change objects and flush, use ORM update() or delete(), or open with gate.trusted(reason='...').",
            )
        session.note_sent(compiled, context)
        return
    criteria = getattr(compiled, "criteria", None)
    if criteria is None:
        return  # it reads no secured table, or it would not have compiled
    if session is None or not session.reads_under(criteria):
        raise StatementRefused("A statement was sent under criteria that are not those of its session.")
    session.note_sent(compiled, context)
