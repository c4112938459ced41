"""The cookie of a log-in in a browser, and what keeps other sites from using it.

The cookie holds a token that scripts cannot read (HttpOnly) and that a browser sends with requests of this site alone
(SameSite=Strict; RFC 6265bis). On https its name begins with ``__Host-``, so that no subdomain can set one. As "site"
leaves out the port, the cookie does not count where the browser says that another origin's page sent the request
(``Sec-Fetch-Site``); and a request that writes must carry the log-in's CSRF token in a header, which only a script of
this origin can set.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from flask import Request, Response

from rowgate.auth.secret import derived_key
from rowgate.errors import CsrfRefused
from rowgate.settings import Secret

__all__ = ["CSRF_HEADER", "SAFE", "SessionCookies"]

CSRF_HEADER: Final = "X-CSRF-Token"
_NAME: Final = "rowgate_session"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that write nothing (RFC 9110, 9.2.1)."""

_OWN: Final = frozenset({"same-origin", "none"})
"""``Sec-Fetch-Site`` of requests that this origin's pages, or the user's own hand, sent."""


class SessionCookies:
    """Writes and reads the cookie of a log-in.

    Args:
        secret: the installation's signing secret; the CSRF tokens' key is derived from it.
    """

    def __init__(self, secret: Secret) -> None:
        self._key = derived_key(secret, purpose="csrf").encode()

    def csrf_token(self, login: str) -> str:
        """The CSRF token of a log-in: HMAC-SHA-256 of its id."""
        return hmac.new(self._key, login.encode(), hashlib.sha256).hexdigest()

    def put(self, response: Response, token: str, *, request: Request, seconds: int) -> None:
        """Let the browser keep a session's token.

        Args:
            seconds: for how long.
        """
        response.set_cookie(
            _name(request), token, max_age=seconds, path="/", secure=request.is_secure, httponly=True, samesite="Strict"
        )

    def remove(self, response: Response, *, request: Request) -> None:
        """Let the browser forget it."""
        response.set_cookie(
            _name(request), "", max_age=0, path="/", secure=request.is_secure, httponly=True, samesite="Strict"
        )

    def read(self, request: Request) -> str | None:
        """The token in the request's cookie; None without one, and where another site's page sent the request."""
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in _OWN:
            return None
        return request.cookies.get(_name(request)) or None

    def refuse_forged(self, request: Request, login: str) -> None:
        """Refuse a request that writes and has not the log-in's CSRF token.

        Raises:
            CsrfRefused: it has none, or another one.
        """
        sent = request.headers.get(CSRF_HEADER, "")
        if request.method not in SAFE and not hmac.compare_digest(sent.encode(), self.csrf_token(login).encode()):
            raise CsrfRefused("The request writes, and has no valid CSRF token.")


def _name(request: Request) -> str:
    return f"__Host-{_NAME}" if request.is_secure else _NAME
