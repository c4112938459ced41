"""RG3xx. Log-in: tokens, credentials, secrets."""

from __future__ import annotations

from collections.abc import Mapping

from rowgate.errors.access import AccessRefused
from rowgate.errors.base import RowgateError


class MissingToken(RowgateError):
    """A route that needs to know who asks was called without an access token."""

    code = "RG301"
    status = 401
    title = "Log-in needed"
    hint = "POST /api/auth/login, then send the header Authorization: Bearer <access_token>."

    @property
    def response_headers(self) -> Mapping[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class BadToken(RowgateError):
    """A token that is damaged, forged, revoked, of the wrong type, or of a user who may no longer log in."""

    code = "RG302"
    status = 401
    title = "Token refused"
    hint = "Log in again: POST /api/auth/login."

    @property
    def response_headers(self) -> Mapping[str, str]:
        return {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class ExpiredToken(BadToken):
    """A genuine token whose time is over."""

    code = "RG303"
    title = "Token expired"
    hint = "Get a new access token with POST /api/auth/refresh, or log in again."


class BadCredentials(RowgateError):
    """Unknown user, wrong password or inactive user: the three are told in the same words."""

    code = "RG304"
    status = 401
    title = "Log-in refused"
    hint = "Check the user name and the password."

    @property
    def response_headers(self) -> Mapping[str, str]:
        # Not Basic, although log-in takes it: a browser would put up its own password box.
        return {"WWW-Authenticate": "Bearer"}


class Throttled(RowgateError):
    """Too many failed log-ins for a user name from an address, or from an address.

    Args:
        retry_after: seconds until the next attempt is looked at.
    """

    code = "RG305"
    status = 429
    title = "Too many attempts"
    hint = "Wait as long as the header Retry-After says."

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail, meta={"retry_after": retry_after})
        self.retry_after = retry_after

    @property
    def response_headers(self) -> Mapping[str, str]:
        return {"Retry-After": str(self.retry_after)}


class BadLoginBody(RowgateError):
    """A log-in request that is not a JSON object with a user name and a password, nor HTTP Basic."""

    code = "RG306"
    status = 400
    title = "Log-in not understood"
    hint = 'Send {"username": "...", "password": "..."} as application/json.'


class BadClaim(RowgateError):
    """The log-in provider holds a claim whose type is not the one the project's principal declares."""

    code = "RG307"
    status = 500
    title = "Claim refused"
    hint = "Mend the user's claims, or the field's type in security/declare_security.py."


class PrincipalFixed(RowgateError):
    """Code tried to change who a request is served for."""

    code = "RG308"
    status = 500
    title = "Principal already set"
    hint = "A request has one principal for its life. Open a session of its own for another: gate.session(...)."


class SecretRefused(RowgateError):
    """The signing secret is missing, short, well known, or readable by others; the server does not start."""

    code = "RG309"
    title = "Signing secret refused"
    hint = "Set ROWGATE_SECRET to 32 random bytes or more, or let rowgate write one: make the instance folder writable."


class CsrfRefused(RowgateError):
    """A request that writes, authenticated by the session's cookie, lacks the session's CSRF token."""

    code = "RG310"
    status = 403
    title = "CSRF token missing"
    hint = "Send the header X-CSRF-Token with the value that GET /admin/session answers, or use a bearer token."


class ViewRefused(RowgateError):
    """The user may not view the rows as somebody else, or not as this one."""

    code = "RG311"
    status = 403
    title = "View refused"
    hint = "ROWGATE_VIEW_AS_ROLES names the roles that may; only a superuser views as a superuser."


class InspectorRefused(RowgateError):
    """The user may not ask the policy inspector this question."""

    code = "RG312"
    status = 403
    title = "Inspector refused"
    hint = "ROWGATE_WHY_ROLES and ROWGATE_INSPECTOR_ROLES name the roles that may."


class ReadOnlyView(AccessRefused):
    """Somebody who only views the rows as another user tried to write."""

    code = "RG313"
    title = "Read-only view"
    hint = "Stop viewing as the other user, or ask for a view that may write."

    @classmethod
    def of(cls, user: str) -> ReadOnlyView:
        """The error for a view as a user."""
        return cls(f"You are viewing as {user}, to read only.")


class NoSuchUser(RowgateError):
    """There is no user of that name who may log in."""

    code = "RG314"
    status = 404
    title = "No such user"
    hint = "GET /admin/users lists those there are."
