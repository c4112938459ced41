"""The routes of sign-in: the session of a browser, the view of the rows as somebody else, and whom one may choose."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from flask import Blueprint, Response, request

from rowgate import web
from rowgate.admin.answers import body, count, known_only, sent
from rowgate.admin.meta import identity, moment
from rowgate.auth import Auth
from rowgate.auth.providers import Directory
from rowgate.errors import BadDocument, BadToken, InspectorRefused
from rowgate.project import SampleLogin
from rowgate.settings import Settings

__all__ = ["SampleLogins", "add_sign_in"]

_log = logging.getLogger("rowgate.auth")


@dataclass(kw_only=True)
class SampleLogins:
    """The log-ins of a sample, as long as it is one: in development, and while the first has the published password.

    Args:
        listed: as the project lists them; None for none.
        auth: asked whether they may log in.
        settings: whether this is development.
    """

    listed: Callable[[], Sequence[SampleLogin]] | None
    auth: Auth
    settings: Settings
    _found: list[dict[str, Any]] | None = None
    _lock: Lock = field(default_factory=Lock)

    def all(self) -> list[dict[str, Any]]:
        """Those to offer. A password is looked at once, as that takes its time."""
        with self._lock:
            if self._found is None:
                self._found = self._look()
            return self._found

    def _look(self) -> list[dict[str, Any]]:
        listed = list(self.listed()) if self.listed is not None and not self.settings.production else []
        if not listed or self.auth.provider.authenticate(listed[0].id, listed[0].password) is None:
            return []
        return [
            {"id": each.id, "name": each.name, "roles": list(each.roles), "note": each.note, "password": each.password}
            for each in listed
            if self.auth.provider.principal(each.id) is not None
        ]


def add_sign_in(blueprint: Blueprint, auth: Auth, samples: SampleLogins, *, title: str) -> None:
    """Add the routes.

    Args:
        auth: log-in as installed.
        samples: the log-ins to offer.
        title: the name of the app.
    """

    @blueprint.get("/admin/session")
    def session() -> Response:
        # Public, and 200 for everybody: a page that asks "who am I?" is no failed request.
        token = auth.cookies.read(request)
        if token is not None:
            try:
                return sent(_signed_in(auth.tokens.cookie_caller(token)))
            except BadToken:
                pass  # an old or ended log-in: the same as none
        return sent({"signed_in": False, "title": title, "sample_logins": samples.all()})

    @blueprint.post("/admin/session")
    def sign_in() -> Response:
        token, caller = auth.tokens.session(auth.log_in.principal())
        response = sent(_signed_in(caller))
        auth.cookies.put(response, token, request=request, seconds=auth.tokens.session_seconds)
        return response

    @blueprint.delete("/admin/session")
    def sign_out() -> Response:
        caller = web.caller()
        auth.tokens.end(caller)
        response = Response(status=204)
        auth.cookies.remove(response, request=request)
        return response

    @blueprint.post("/admin/view-as")
    def view_as() -> Response:
        asked = body(members=("user", "write"))
        user, writes = asked.get("user"), asked.get("write", False)
        if not isinstance(user, str) or not isinstance(writes, bool):
            raise BadDocument('The body is not {"user": "...", "write": true or false}.', pointers=[""])
        issued, caller = auth.tokens.view(web.caller(), user, writes=writes)
        _log.warning(
            "%r views as %r%s, request %s.",
            caller.real.id,
            caller.principal.id,
            " and may write" if writes else "",
            web.request_id(),
        )
        return sent(
            {
                "token": issued.access_token,
                "token_type": "Bearer",
                "expires_in": issued.expires_in,
                "expires_at": moment(caller.expires_at),
                "actor": caller.real.id,
                "subject": identity(caller.principal),
                "read_only": caller.read_only,
            },
            status=201,
        )

    @blueprint.get("/admin/users")
    def users() -> Response:
        known_only("search", "limit")
        real = web.caller().real
        if not (auth.powers.inspect(real) or auth.powers.view_as(real)):
            raise InspectorRefused("You may not list the users.")
        limit = count("limit", default=20, most=200)
        if not isinstance(auth.provider, Directory):
            return sent({"listed": False, "users": []})
        found = auth.provider.users(request.args.get("search", ""), limit=limit)
        listed = [{"id": each.id, "name": each.name, "roles": sorted(each.roles)} for each in found]
        return sent({"listed": True, "users": listed})

    def _signed_in(caller: web.Caller) -> dict[str, Any]:
        return {
            "signed_in": True,
            "title": title,
            "csrf": auth.cookies.csrf_token(caller.login or ""),
            "expires_at": moment(caller.expires_at),
            "principal": identity(caller.principal),
        }
