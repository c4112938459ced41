"""The routes of log-in: ``/api/auth/login``, ``refresh``, ``logout`` and ``me``."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest

from rowgate import web
from rowgate.auth.providers import Provider
from rowgate.auth.throttle import Throttle
from rowgate.auth.tokens import Tokens
from rowgate.errors import BadCredentials, BadLoginBody

__all__ = ["NAME", "make_blueprint"]

NAME = "auth"
BODY_LIMIT = 16_384
"""Bytes of the largest log-in body: it holds two short strings."""

LONGEST_NAME = 255
LONGEST_PASSWORD = 1024

_log = logging.getLogger("rowgate.auth")


@dataclass(frozen=True, kw_only=True)
class _Credentials:
    username: str
    password: str


def make_blueprint(*, provider: Provider, tokens: Tokens, throttle: Throttle) -> Blueprint:
    """The blueprint of log-in, to be registered without a prefix.

    Args:
        provider: checks credentials.
        tokens: issues and ends tokens.
        throttle: counts failed log-ins.
    """
    blueprint = Blueprint(NAME, __name__, url_prefix="/api/auth")

    @blueprint.post("/login", strict_slashes=False)
    def login() -> Response:
        credentials = _credentials()
        with throttle.attempt(credentials.username, request.remote_addr) as attempt:
            principal = provider.authenticate(credentials.username, credentials.password)
            attempt.succeeded = principal is not None
        if principal is None:
            _log.warning(
                "Refused log-in of %r from %s, request %s.",
                credentials.username,
                request.remote_addr,
                web.request_id(),
            )
            raise BadCredentials("The user name or the password is wrong.")
        _log.info("Log-in of %r from %s, request %s.", principal.id, request.remote_addr, web.request_id())
        return _unstored(jsonify(tokens.log_in(principal).body()))

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
        return _unstored(jsonify({"id": principal.id, "roles": sorted(principal.roles), "claims": _plain(claims)}))

    return blueprint


def _credentials() -> _Credentials:
    """From the JSON body, or from HTTP Basic where there is no body.

    Raises:
        BadLoginBody: neither, both, or not two strings.
    """
    request.max_content_length = min(BODY_LIMIT, request.max_content_length or BODY_LIMIT)
    text = request.get_data()
    basic = request.authorization
    if basic is not None and basic.type == "basic":
        if text.strip() not in (b"", b"{}"):
            raise BadLoginBody("The request has HTTP Basic credentials and a body; one of them is enough.")
        found: Any = {"username": basic.username, "password": basic.password}
    elif not request.is_json:
        raise BadLoginBody("The body is not declared as JSON.")
    else:
        try:
            found = request.get_json()
        except (BadRequest, RecursionError) as error:
            raise BadLoginBody("The body is not JSON.") from error
    if not isinstance(found, dict):
        raise BadLoginBody("The body is not a JSON object.")
    return _Credentials(
        username=_text(found, "username", LONGEST_NAME), password=_text(found, "password", LONGEST_PASSWORD)
    )


def _text(body: dict[str, Any], name: str, longest: int) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise BadLoginBody(f"{name} is not text of 1 to {longest} characters.")
    return value


def _unstored(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


def _plain(value: Any) -> Any:
    """Claims as JSON: what JSON has no form for, as text; a set in order."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case frozenset():
            return sorted((_plain(each) for each in value), key=str)
        case tuple():
            return [_plain(each) for each in value]
        case _:
            return value.isoformat() if hasattr(value, "isoformat") else str(value)
