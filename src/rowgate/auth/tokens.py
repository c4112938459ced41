"""Access and refresh tokens: signed (HS256), for this server only, and each checked against the user as they are now.

A token says who, never what they may do: roles and claims are read from the provider on every request, uncached, so
that a role taken away, a claim changed or a user deactivated counts from the next request on. It costs one statement
on the log-in database, which asks whether the log-in was ended as well. A cache of a few seconds would be seconds in
which a hidden row is shown.

All tokens of one log-in carry its id (``login``) and its end (``login_exp``): log-out ends them together, and
refreshing cannot prolong a log-in for ever. A refresh token is not replaced when used: two tabs may refresh at once.

A browser's log-in is one token of the kind ``session``, in a cookie, that lasts as long as the log-in. A view of the
rows as somebody else is an access token whose ``sub`` is that user and whose ``act`` names who really asks (RFC 8693,
4.1); it belongs to the log-in of the latter, ends with it, and is good only as long as they may view.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any, Literal

from flask import Flask, current_app, request
from flask.typing import ResponseReturnValue
from flask_jwt_extended import JWTManager, create_access_token, create_refresh_token
from jwt import ExpiredSignatureError, InvalidTokenError, PyJWTError, decode

from rowgate.auth.cookies import SessionCookies
from rowgate.auth.powers import Powers
from rowgate.auth.providers import Provider
from rowgate.auth.revocations import Revocations
from rowgate.auth.secret import derived_key
from rowgate.auth.standing import make_standing
from rowgate.errors import BadToken, ExpiredToken, MissingToken, NoSuchUser, RowgateError, ViewRefused
from rowgate.settings import Secret, Settings
from rowgate.types import Principal
from rowgate.web import Caller

__all__ = ["Issued", "Tokens"]

Kind = Literal["access", "refresh", "session"]

ISSUER = "rowgate"
AUDIENCE = "rowgate-api"
LEEWAY = 10
"""Seconds that the clocks of two servers may differ."""

LONGEST = 4096
"""Characters of the longest token looked at; ours have about 400."""

MOST_TOKENS = 1024
"""Tokens whose signature is remembered to be genuine, the longest unused forgotten first; half a megabyte."""

_CLAIMS: dict[str, type] = {
    "sub": str, "jti": str, "type": str, "login": str, "login_exp": int, "exp": int, "iat": int,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Issued:
    """What a log-in or a refresh hands out; ``expires_in`` is the access token's life in seconds."""

    access_token: str
    expires_in: int
    refresh_token: str | None = None

    def body(self) -> dict[str, object]:
        """The members of the answer, as in RFC 6749, 5.1."""
        body: dict[str, object] = {
            "access_token": self.access_token,
            "token_type": "Bearer",
            "expires_in": self.expires_in,
        }
        if self.refresh_token is not None:
            body["refresh_token"] = self.refresh_token
        return body


class Tokens:
    """Issues, reads and ends tokens of one app.

    Args:
        app: the Flask app; its ``JWT_*`` configuration is set here.
        provider: says who a token's subject is now.
        revocations: says which log-ins were ended.
        secret: the installation's signing secret.
        settings: the tokens' lives.
        powers: says who may view the rows as whom.
        cookies: hold the tokens of browsers.
    """

    def __init__(
        self,
        app: Flask,
        *,
        provider: Provider,
        revocations: Revocations,
        secret: Secret,
        settings: Settings,
        powers: Powers,
        cookies: SessionCookies,
    ) -> None:
        self._provider = provider
        self._powers = powers
        self._cookies = cookies
        self._revocations = revocations
        self._standing = make_standing(provider, revocations)
        self._access_life = timedelta(minutes=settings.access_minutes)
        self._refresh_life = timedelta(days=settings.refresh_days)
        self._key = derived_key(secret, purpose="tokens")
        self._signed = lru_cache(maxsize=MOST_TOKENS)(self._read_signed)
        self.serve(app)

    def serve(self, app: Flask) -> None:
        """Let ``@jwt_required`` and the making of tokens work in *app* as in the first one.

        Args:
            app: its ``JWT_*`` configuration is set here.
        """
        app.config.update(
            JWT_ALGORITHM="HS256",
            # Named again for reading: the algorithm in a token's own header must not choose.
            JWT_DECODE_ALGORITHMS=["HS256"],
            JWT_SECRET_KEY=self._key,
            JWT_TOKEN_LOCATION=["headers"],
            JWT_ENCODE_ISSUER=ISSUER,
            JWT_DECODE_ISSUER=ISSUER,
            JWT_ENCODE_AUDIENCE=AUDIENCE,
            JWT_DECODE_AUDIENCE=AUDIENCE,
            JWT_DECODE_LEEWAY=LEEWAY,
        )
        self._answer_for(JWTManager(app))

    def log_in(self, principal: Principal) -> Issued:
        """Tokens of a new log-in."""
        now = int(time.time())
        end = now + int(self._refresh_life.total_seconds())
        claims = {"login": uuid.uuid4().hex, "login_exp": end}
        return Issued(
            access_token=create_access_token(principal.id, additional_claims=claims, expires_delta=self._access_life),
            refresh_token=create_refresh_token(
                principal.id, additional_claims=claims, expires_delta=self._refresh_life
            ),
            expires_in=int(self._access_life.total_seconds()),
        )

    def refresh(self) -> Issued:
        """A new access token for the refresh token in the request's header; it does not outlive the log-in.

        Raises:
            MissingToken, BadToken, ExpiredToken: as `caller`.
        """
        claims = self._claims("refresh")
        principal = self._current(claims)
        seconds = min(int(self._access_life.total_seconds()), max(1, claims["login_exp"] - int(time.time())))
        token = create_access_token(
            principal.id,
            additional_claims={name: claims[name] for name in ("login", "login_exp")},
            expires_delta=timedelta(seconds=seconds),
        )
        return Issued(access_token=token, expires_in=seconds)

    @property
    def session_seconds(self) -> int:
        """How long a log-in lasts."""
        return int(self._refresh_life.total_seconds())

    def session(self, principal: Principal) -> tuple[str, Caller]:
        """The token of a new log-in in a browser, and who sends the requests that carry it."""
        login, end = uuid.uuid4().hex, int(time.time()) + self.session_seconds
        claims = {"login": login, "login_exp": end, "type": "session"}
        token = create_access_token(principal.id, additional_claims=claims, expires_delta=self._refresh_life)
        return token, Caller(principal=principal, login=login, expires_at=end)

    def view(self, caller: Caller, user: str, *, writes: bool) -> tuple[Issued, Caller]:
        """An access token for the rows of another user.

        Args:
            caller: who asks; not a view itself.
            user: the id of the user whose rows are to be viewed.
            writes: whether the view may write; otherwise it only reads.

        Raises:
            ViewRefused: the caller may not.
            NoSuchUser: there is no such user who may log in.
        """
        actor = caller.principal
        # Not from within a view: one that only reads would be the way to one that writes.
        if caller.login is None or caller.actor is not None or not self._powers.view_as(actor):
            raise ViewRefused("You may not view the rows as somebody else.")
        subject = self._provider.principal(user)
        if subject is None:
            raise NoSuchUser("There is no such user.")
        if not self._powers.may_view(actor, subject):
            raise ViewRefused("You may not view the rows as a superuser.")
        now = int(time.time())
        seconds = int(self._access_life.total_seconds())
        claims = {
            "login": caller.login,
            "login_exp": now + int(self._refresh_life.total_seconds()),
            "act": {"sub": actor.id},
            "view": "write" if writes else "read",
        }
        token = create_access_token(subject.id, additional_claims=claims, expires_delta=self._access_life)
        return Issued(access_token=token, expires_in=seconds), Caller(
            principal=subject, login=caller.login, actor=actor, read_only=not writes, expires_at=now + seconds
        )

    def caller(self) -> Caller:
        """Who sends the request, with the roles and claims held now: by its bearer token, else by its cookie.

        Raises:
            MissingToken: there is neither.
            ExpiredToken: its time is over.
            BadToken: it is damaged, forged, revoked, of another kind, or its user may no longer log in.
            CsrfRefused: the cookie alone is there, and the request writes.
        """
        cookie = None if "Authorization" in request.headers else self._cookies.read(request)
        if cookie is not None:
            found = self.cookie_caller(cookie)
            self._cookies.refuse_forged(request, found.login or "")
            return found
        claims = self._claims("access")
        if "act" in claims:
            return self._viewer(claims)
        return Caller(principal=self._current(claims), login=claims["login"], expires_at=claims["exp"])

    def cookie_caller(self, token: str) -> Caller:
        """Who the token of a cookie stands for; whether the request was forged is not looked at.

        Raises:
            BadToken, ExpiredToken: as `caller`.
        """
        claims = self._genuine(token, "session")
        return Caller(principal=self._current(claims), login=claims["login"], expires_at=claims["exp"])

    def log_out(self) -> None:
        """End the log-in of the token in the request's header, access or refresh: all of its tokens are refused.

        Raises:
            MissingToken, BadToken, ExpiredToken: as `caller`.
        """
        claims = self._claims("access", "refresh")
        if self._revocations.revoked(claims["login"]):
            raise _refused()
        self._revocations.revoke(claims["login"], expires_at=claims["login_exp"] + 2 * LEEWAY)

    def end(self, caller: Caller) -> None:
        """End the log-in that a caller's request belongs to: all of its tokens are refused, the views too."""
        if caller.login is not None:
            # The caller's own token may end before the log-in does; none of it outlives this.
            end = int(time.time()) + int(self._refresh_life.total_seconds())
            self._revocations.revoke(caller.login, expires_at=end + 2 * LEEWAY)

    def _viewer(self, claims: dict[str, Any]) -> Caller:
        """Who a view's token stands for; both users and the right to view are looked up anew."""
        act, view = claims["act"], claims.get("view")
        name = act.get("sub") if isinstance(act, dict) else None
        actor = self._provider.principal(name) if isinstance(name, str) else None
        subject = self._current(claims)
        if actor is None or view not in ("read", "write") or not self._powers.may_view(actor, subject):
            raise _refused()
        return Caller(
            principal=subject,
            login=claims["login"],
            actor=actor,
            read_only=view == "read",
            expires_at=claims["exp"],
        )

    def _current(self, claims: dict[str, Any]) -> Principal:
        """The token's user as they are now, unless the log-in was ended: no token counts without this."""
        principal = self._standing.principal(claims["sub"], login=claims["login"])
        if principal is None:
            raise _refused()
        return principal

    def _claims(self, *kinds: Kind) -> dict[str, Any]:
        """The claims of the request's bearer token, when it is genuine, current, and of one of *kinds*.

        Whether its log-in was ended is for `_current` to say.
        """
        return self._genuine(_bearer(), *kinds)

    def _genuine(self, token: str, *kinds: Kind) -> dict[str, Any]:
        if len(token) > LONGEST:
            raise _refused()
        try:
            claims = self._signed(token)
        except ExpiredSignatureError:
            raise _expired() from None
        except (PyJWTError, RecursionError):  # deep JSON: only PyJWT 2.15 turns it into its own
            raise _refused() from None
        if claims["exp"] <= time.time() - LEEWAY:
            raise _expired()
        if claims["type"] not in kinds:
            raise _refused()
        return dict(claims)

    def _read_signed(self, token: str) -> dict[str, Any]:
        """The claims of a token that this server signed and that is current.

        Kept for the tokens of the moment: whom a signature is by does not change. When a token ends, its user and its
        log-in are looked at on every request.
        """
        # PyJWT itself: Flask-JWT-Extended's decode_token takes the token apart three times.
        claims: dict[str, Any] = decode(
            token, self._key, algorithms=["HS256"], audience=AUDIENCE, issuer=ISSUER, leeway=LEEWAY
        )
        # The library checks those claims that are there; what is used here must be there, exp above all.
        if any(type(claims.get(name)) is not kind for name, kind in _CLAIMS.items()):
            raise InvalidTokenError
        return claims

    def _answer_for(self, manager: JWTManager) -> None:
        """Let ``@jwt_required`` on a project's own route check and answer as the rest of the API does."""

        def revoked(_header: dict[str, Any], claims: dict[str, Any]) -> bool:
            login = claims.get("login")
            return not isinstance(login, str) or self._revocations.revoked(login)

        def refused(*_facts: object) -> ResponseReturnValue:
            return _answer(_refused())

        manager.token_in_blocklist_loader(revoked)
        manager.expired_token_loader(lambda _header, _claims: _answer(_expired()))
        manager.unauthorized_loader(lambda _reason: _answer(_missing()))
        manager.invalid_token_loader(refused)
        manager.revoked_token_loader(refused)
        manager.needs_fresh_token_loader(refused)
        manager.user_lookup_error_loader(refused)
        manager.token_verification_failed_loader(refused)


def _bearer() -> str:
    """The token in ``Authorization: Bearer <token>`` (RFC 6750, 2.1).

    Read here and not by Flask-JWT-Extended 4.7, which lets OPTIONS pass without a token and fails on ``, ,``.
    """
    headers = request.headers.getlist("Authorization")
    if not headers:
        raise _missing()
    scheme, _, token = headers[0].strip().partition(" ")
    if scheme.lower() != "bearer":
        raise _missing()
    if len(headers) > 1:
        raise _refused()
    return token.strip()


def _answer(error: RowgateError) -> ResponseReturnValue:
    return current_app.handle_user_exception(error)


def _missing() -> MissingToken:
    return MissingToken("There is no bearer token in this request.")


def _expired() -> ExpiredToken:
    return ExpiredToken("The token has expired.")


def _refused() -> BadToken:
    # One text for every cause: which check failed helps only somebody who forges tokens.
    return BadToken("The token is not valid.")
