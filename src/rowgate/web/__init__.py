"""What a request carries: who asks, the session for their rows, and the request's id."""

from rowgate.web.authorize import authorize, check_actions
from rowgate.web.context import (
    Caller,
    caller,
    open_session,
    principal,
    request_id,
    session,
    set_principal,
    who_asked,
)
from rowgate.web.hooks import install
from rowgate.web.runtime import Runtime, is_public, make_public, runtime

__all__ = [
    "Caller",
    "Runtime",
    "authorize",
    "caller",
    "check_actions",
    "install",
    "is_public",
    "make_public",
    "open_session",
    "principal",
    "request_id",
    "runtime",
    "session",
    "set_principal",
    "who_asked",
]
