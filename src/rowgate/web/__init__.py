"""What a request carries: who asks, the session for their rows, and the request's id."""

from rowgate.web.context import principal, request_id, session, set_principal
from rowgate.web.hooks import install
from rowgate.web.runtime import Runtime, is_public, make_public, runtime

__all__ = [
    "Runtime",
    "install",
    "is_public",
    "make_public",
    "principal",
    "request_id",
    "runtime",
    "session",
    "set_principal",
]
