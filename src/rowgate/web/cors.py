"""Lets web pages of the listed origins call the API; installed only when there are any.

Tokens travel in a header that a page sets itself. The cookie of a log-in is for this server's own pages, so credentials
mode is not offered (https://fetch.spec.whatwg.org/#http-cors-protocol).
"""

from __future__ import annotations

from collections.abc import Collection

from flask import Flask, Response, request

__all__ = ["install"]

_METHODS = "GET, HEAD, POST, PATCH, DELETE, OPTIONS"
_SENT = "Authorization, Content-Type, Accept, Idempotency-Key, If-Match, If-None-Match, X-Request-Id"
_READ = "ETag, Location, Retry-After, WWW-Authenticate, X-Request-Id"
_PREFLIGHT_SECONDS = "600"


def install(app: Flask, origins: Collection[str]) -> None:
    """Answer preflight requests of *origins* and mark the answers that their pages may read.

    Args:
        app: the Flask app.
        origins: as a browser sends them in ``Origin``: scheme, host and port, in lower case.
    """
    listed = frozenset(origins)

    @app.before_request
    def preflight() -> Response | None:
        asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        if not asks or request.headers.get("Origin") not in listed:
            return None
        response = Response(status=204)
        response.headers["Access-Control-Allow-Methods"] = _METHODS
        response.headers["Access-Control-Allow-Headers"] = _SENT
        response.headers["Access-Control-Max-Age"] = _PREFLIGHT_SECONDS
        return response

    @app.after_request
    def allow(response: Response) -> Response:
        response.vary.add("Origin")  # also where it is not allowed: a cache must not mix the two
        origin = request.headers.get("Origin")
        if origin in listed:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = _READ
        return response
