"""The routes of log-in: ``/api/auth/login``, ``refresh``, ``logout`` and ``me``."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from rowgate import web
from rowgate.auth.login import LogIn
from rowgate.auth.tokens import Tokens

__all__ = ["NAME", "make_blueprint"]

NAME = "auth"


def make_blueprint(*, log_in: LogIn, tokens: Tokens) -> Blueprint:
    """The blueprint of log-in, to be registered without a prefix.

    Args:
        log_in: looks at credentials.
        tokens: issues and ends tokens.
    """
    blueprint = Blueprint(NAME, __name__, url_prefix="/api/auth")

    @blueprint.post("/login", strict_slashes=False)
    def login() -> Response:
        return _unstored(jsonify(tokens.log_in(log_in.principal()).body()))

    @blueprint.post("/refresh", strict_slashes=False)
    def refresh() -> Response:
        return _unstored(jsonify(tokens.refresh().body()))

    @blueprint.post("/logout", strict_slashes=False)
    def logout() -> Response:
        tokens.log_out()
        return Response(status=204)

    @blueprint.get("/me", strict_slashes=False)
    def me() -> Response:
        principal = web.principal()
        claims = {name: value for name, value in principal.claims().items() if name != "id"}
        return _unstored(jsonify({"id": principal.id, "roles": sorted(principal.roles), "claims": plain(claims)}))

    return blueprint


def _unstored(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


def plain(value: Any) -> Any:
    """Claims as JSON: what JSON has no form for, as text; a set in order."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case dict():
            return {key: plain(each) for key, each in value.items()}
        case frozenset():
            return sorted((plain(each) for each in value), key=str)
        case tuple():
            return [plain(each) for each in value]
        case _:
            return value.isoformat() if hasattr(value, "isoformat") else str(value)
