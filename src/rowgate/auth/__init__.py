"""Log-in: providers, tokens, throttling, and the routes of ``/api/auth``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Flask
from sqlalchemy import Engine

from rowgate import web
from rowgate.auth import guard
from rowgate.auth.blueprint import NAME, make_blueprint
from rowgate.auth.cookies import SessionCookies
from rowgate.auth.login import LogIn
from rowgate.auth.passwords import Passwords
from rowgate.auth.powers import Powers
from rowgate.auth.providers import MemoryProvider, MemoryUser, Provider, SqlProvider
from rowgate.auth.revocations import MemoryRevocations, Revocations, SqlRevocations
from rowgate.auth.secret import signing_secret
from rowgate.auth.throttle import Throttle
from rowgate.auth.tokens import Tokens
from rowgate.errors import DeclarationError
from rowgate.settings import Settings
from rowgate.types import Principal

__all__ = [
    "Auth",
    "MemoryProvider",
    "MemoryRevocations",
    "MemoryUser",
    "Passwords",
    "Powers",
    "Provider",
    "Revocations",
    "SqlProvider",
    "SqlRevocations",
    "install",
    "make_provider",
    "make_revocations",
    "share",
    "signing_secret",
]


def make_provider(
    settings: Settings,
    principal_class: type[Principal],
    *,
    engine: Engine | None = None,
    users: Iterable[MemoryUser] = (),
    passwords: Passwords | None = None,
) -> Provider:
    """The provider that the settings name.

    Args:
        settings: ``auth_provider`` decides.
        principal_class: the project's principal.
        engine: of the log-in database, for ``sql``.
        users: who may log in, for ``memory``.
        passwords: how hashes are made; argon2-cffi's defaults when not given.

    Raises:
        DeclarationError: what the provider needs was not given, or a claim has a type no provider can hold.
    """
    if settings.auth_provider == "memory":
        listed = list(users)
        if not listed:
            raise DeclarationError("ROWGATE_AUTH_PROVIDER is memory, but the program lists no users.")
        return MemoryProvider(listed, principal_class, passwords=passwords)
    return SqlProvider(_needed(engine), principal_class, passwords=passwords)


def make_revocations(settings: Settings, *, engine: Engine | None = None) -> Revocations:
    """The store of ended log-ins that goes with the provider: its database, or this process.

    Args:
        settings: ``auth_provider`` decides.
        engine: of the log-in database, for ``sql``.

    Raises:
        DeclarationError: the engine was not given.
    """
    return MemoryRevocations() if settings.auth_provider == "memory" else SqlRevocations(_needed(engine))


@dataclass(frozen=True, kw_only=True)
class Auth:
    """Log-in as installed in an app, for packages above that have log-in pages of their own."""

    provider: Provider
    tokens: Tokens
    log_in: LogIn
    cookies: SessionCookies
    powers: Powers


def install(app: Flask, *, provider: Provider, revocations: Revocations) -> Auth:
    """Put log-in into *app*: the routes of ``/api/auth``, and a guard before every route that is not public.

    Args:
        app: the Flask app; `rowgate.web.install` was called on it.
        provider: who may log in.
        revocations: which log-ins were ended.

    Raises:
        SecretRefused: there is no signing secret that can be relied on.
        SettingRefused: a setting names a role that does not exist.
    """
    runtime = web.runtime(app)
    settings = runtime.settings
    secret = signing_secret(settings)
    powers = Powers(settings=settings, policy=runtime.gate.policy)
    powers.check()
    cookies = SessionCookies(secret)
    tokens = Tokens(
        app,
        provider=provider,
        revocations=revocations,
        secret=secret,
        settings=settings,
        powers=powers,
        cookies=cookies,
    )
    throttle = Throttle(
        per_user=settings.login_attempts,
        per_address=settings.login_attempts_address,
        window=settings.login_window_seconds,
    )
    log_in = LogIn(provider=provider, throttle=throttle)
    _route(app, log_in, tokens)
    return Auth(provider=provider, tokens=tokens, log_in=log_in, cookies=cookies, powers=powers)


def share(app: Flask, auth: Auth) -> None:
    """Put the log-in of one app into another one: the same users, tokens and counts of attempts.

    Args:
        app: the other app; `rowgate.web.install` was called on it.
        auth: as installed in the first.
    """
    auth.tokens.serve(app)
    _route(app, auth.log_in, auth.tokens)


def _route(app: Flask, log_in: LogIn, tokens: Tokens) -> None:
    app.register_blueprint(make_blueprint(log_in=log_in, tokens=tokens))
    # They read their token themselves: refresh takes a refresh token, and log-out either kind.
    web.make_public(app, f"{NAME}.login", f"{NAME}.refresh", f"{NAME}.logout")
    guard.install(app, tokens)


def _needed(engine: Engine | None) -> Engine:
    if engine is None:
        raise DeclarationError("The sql provider needs the engine of the log-in database.")
    return engine
