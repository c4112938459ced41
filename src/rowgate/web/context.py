"""The request's principal, session and id; each is set once and lives as long as the request.

They are kept in the WSGI environment and not in ``flask.g``, which belongs to the application context: where a
program has pushed one of its own, ``g`` would carry the principal of one request into the next.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flask import has_request_context, request

from rowgate.errors import MissingPrincipal, PrincipalFixed
from rowgate.types import Access, Principal
from rowgate.web.runtime import runtime

if TYPE_CHECKING:
    from rowgate.enforce import SecureSession

__all__ = [
    "Caller",
    "caller",
    "close",
    "open_session",
    "principal",
    "request_id",
    "session",
    "set_principal",
    "who_asked",
]

_STATE = "rowgate.request"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Short and plain, because it is written to logs and sent back.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who sends a request, and as whom it is served.

    Args:
        principal: whose rows are served.
        login: the id of the log-in that the request belongs to; None where the program says who asks.
        actor: who really asks, where they view the rows as *principal*.
        read_only: nothing may be written.
        expires_at: when the token that was sent ends, in seconds since 1970 (UTC).
    """

    principal: Principal
    login: str | None = None
    actor: Principal | None = None
    read_only: bool = False
    expires_at: int | None = None

    @property
    def real(self) -> Principal:
        """Who sits in front of the screen: the actor, where there is one."""
        return self.actor or self.principal


@dataclass
class _State:
    request_id: str
    caller: Caller | None = None
    sessions: dict[int, SecureSession] = field(default_factory=dict)  # by the identity of the gate


def _state() -> _State:
    if not has_request_context():
        raise MissingPrincipal("There is no request here, so nobody asks for these rows.")
    state = request.environ.get(_STATE)
    if not isinstance(state, _State):
        sent = request.headers.get("X-Request-Id", "")
        state = _State(request_id=sent if _REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex)
        request.environ[_STATE] = state
    return state


def principal() -> Principal:
    """Who the request is served for.

    Raises:
        MissingPrincipal: no request is being served, or nobody has logged in for this one.
    """
    return caller().principal


def caller() -> Caller:
    """Who sends the request, and as whom it is served.

    Raises:
        MissingPrincipal: no request is being served, or nobody has logged in for this one.
    """
    found = _state().caller
    if found is None:
        raise MissingPrincipal("This route asks for rows, but nothing said who asks.")
    return found


def set_principal(who: Principal | Caller) -> None:
    """Say who the request is served for: once, before any of its rows are asked for.

    Args:
        who: the principal; or the caller, where more is known than that.

    Raises:
        PrincipalFixed: the request has a principal already.
    """
    state = _state()
    if state.caller is not None:
        raise PrincipalFixed("The request has a principal already.")
    state.caller = who if isinstance(who, Caller) else Caller(principal=who)


def session(database: str | None = None) -> SecureSession:
    """The request's session on a database, opened for its principal when first asked for.

    It is closed when the request ends; what was not committed by then is rolled back. Its transaction is one that
    writes, unless the request's method is safe (GET, HEAD, OPTIONS). The sessions on two databases have a transaction
    each: one of them may be committed where the other one fails.

    Args:
        database: its name in ``config/settings.py``, or ``main``; by default the one that the route belongs to.

    Raises:
        MissingPrincipal: nobody has logged in for this request.
        DeclarationError: there is no such database.
    """
    state, gate = _state(), runtime().gate_of(database)
    if id(gate) not in state.sessions:
        state.sessions[id(gate)] = open_session(database, writes=request.method not in _SAFE)
    return state.sessions[id(gate)]


def open_session(database: str | None = None, *, writes: bool = False) -> SecureSession:
    """A session of the request's principal, apart from `session`; use it in a ``with``.

    Args:
        database: as for `session`.
        writes: its transaction is one that writes.

    Raises:
        MissingPrincipal: nobody has logged in for this request.
        DeclarationError: there is no such database.
    """
    who = caller()
    return (
        runtime()
        .gate_of(database)
        .session(
            who.principal,
            request_id=request_id(),
            writes=writes and not who.read_only,
            actor=who.actor.id if who.actor is not None else None,
            verbs=Access.READ if who.read_only else Access.ALL,
        )
    )


def request_id() -> str:
    """The request's id: its header ``X-Request-Id`` (1 to 64 of ``A-Z a-z 0-9 . _ -``), else a generated one."""
    return _state().request_id


def who_asked(environ: Mapping[str, object]) -> tuple[str | None, Caller | None]:
    """The id of a request and its caller, from its WSGI environment, also after it was served."""
    state = environ.get(_STATE)
    return (state.request_id, state.caller) if isinstance(state, _State) else (None, None)


def close() -> None:
    """Close the sessions that the request opened, each even where another one cannot be closed."""
    sessions = _state().sessions
    with ExitStack() as closing:
        while sessions:
            closing.callback(sessions.popitem()[1].close)
