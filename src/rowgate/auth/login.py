"""A log-in: credentials read from a request, looked at under the throttle, and told to the log."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest

from rowgate import web
from rowgate.auth.providers import Provider
from rowgate.auth.throttle import Throttle
from rowgate.errors import BadCredentials, BadLoginBody
from rowgate.types import Principal

__all__ = ["LogIn"]

BODY_LIMIT = 16_384
"""Bytes of the largest log-in body: it holds two short strings."""

LONGEST_NAME = 255
LONGEST_PASSWORD = 1024

_log = logging.getLogger("rowgate.auth")


@dataclass(frozen=True, kw_only=True)
class LogIn:
    """Looks at the credentials of requests.

    Args:
        provider: checks them.
        throttle: counts failures.
    """

    provider: Provider
    throttle: Throttle

    def principal(self) -> Principal:
        """The user whose credentials the request carries.

        Raises:
            BadLoginBody: it carries none, or not well formed ones.
            BadCredentials: they are wrong.
            Throttled: too many wrong ones came before.
        """
        credentials = _credentials()
        with self.throttle.attempt(credentials.username, request.remote_addr) as attempt:
            principal = self.provider.authenticate(credentials.username, credentials.password)
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
        return principal


@dataclass(frozen=True, kw_only=True)
class _Credentials:
    username: str
    password: str


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
