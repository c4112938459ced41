"""The request's principal, session and id; each is set once and lives as long as the request.

They are kept in the WSGI environment and not in ``flask.g``, which belongs to the application context: where a
program has pushed one of its own, ``g`` would carry the principal of one request into the next.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import has_request_context, request

from rowgate.errors import MissingPrincipal, PrincipalFixed
from rowgate.types import Principal
from rowgate.web.runtime import runtime

if TYPE_CHECKING:
    from rowgate.enforce import SecureSession

__all__ = ["close", "principal", "request_id", "session", "set_principal"]

_STATE = "rowgate.request"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Short and plain, because it is written to logs and sent back.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass
class _State:
    request_id: str
    principal: Principal | None = None
    session: SecureSession | None = None


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
    found = _state().principal
    if found is None:
        raise MissingPrincipal("This route asks for rows, but nothing said who asks.")
    return found


def set_principal(principal: Principal) -> None:
    """Say who the request is served for: once, before any of its rows are asked for.

    Raises:
        PrincipalFixed: the request has a principal already.
    """
    state = _state()
    if state.principal is not None:
        raise PrincipalFixed("The request has a principal already.")
    state.principal = principal


def session() -> SecureSession:
    """The request's session, opened for its principal when first asked for.

    It is closed when the request ends; what was not committed by then is rolled back. Its transaction is one that
    writes, unless the request's method is safe (GET, HEAD, OPTIONS).

    Raises:
        MissingPrincipal: nobody has logged in for this request.
    """
    state = _state()
    if state.session is None:
        writes = request.method not in _SAFE
        state.session = runtime().gate.session(principal(), request_id=state.request_id, writes=writes)
    return state.session


def request_id() -> str:
    """The request's id: its header ``X-Request-Id`` (1 to 64 of ``A-Z a-z 0-9 . _ -``), else a generated one."""
    return _state().request_id


def close() -> None:
    """Close the request's session, if it opened one."""
    state = _state()
    if state.session is not None:
        state.session.close()
        state.session = None
