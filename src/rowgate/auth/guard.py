"""Every route needs a log-in unless it was made public: the default is to ask who is calling."""

from __future__ import annotations

from flask import Flask, request

from rowgate import web
from rowgate.auth.cookies import SAFE
from rowgate.auth.tokens import Tokens
from rowgate.errors import ReadOnlyView

__all__ = ["install"]


def install(app: Flask, tokens: Tokens) -> None:
    """Set the principal of each request before its view runs, or refuse the request.

    It covers a project's own routes too, wherever they are. Addresses that no route has are told as missing outside
    of ``/api``; below it they need a log-in first, so that nobody without one learns which types there are.

    Args:
        app: the Flask app; `rowgate.web.install` was called on it.
        tokens: reads the request's access token, or its cookie.
    """

    @app.before_request
    def authenticate() -> None:
        if request.endpoint is None:
            if request.path != "/api" and not request.path.startswith("/api/"):
                return
        elif web.is_public(request.endpoint):
            return
        caller = tokens.caller()
        web.set_principal(caller)
        # Rows are kept safe by the session; this is for what else a project's route may do, send a mail say.
        if caller.read_only and request.method not in SAFE:
            raise ReadOnlyView.of(caller.principal.id)
