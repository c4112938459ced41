"""The sample over HTTP, as the matrix asks it: one app for all users, each request with an id of its own choosing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound

from api.customize_api import customize_api
from rowgate import admin, api, auth, web
from rowgate.auth.cookies import SessionCookies
from rowgate.auth.login import LogIn
from rowgate.auth.throttle import Throttle
from rowgate.auth.tokens import Tokens
from rowgate.enforce import Gate
from rowgate.settings import Settings, load_settings
from security.declare_security import User
from tests.leaks.truth import CANARIES, LINKS

JSON_API = "application/vnd.api+json"


@dataclass(frozen=True)
class Reply:
    """What came back of one request."""

    status: int
    text: str
    headers: Mapping[str, str]
    body: Any

    @property
    def data(self) -> list[Any]:
        """The primary resources, whether one or many."""
        data = (self.body or {}).get("data") or []
        return data if isinstance(data, list) else [data]

    @property
    def total(self) -> Any:
        """How many rows the server says there are."""
        return (self.body or {}).get("meta", {}).get("total")

    def resources(self) -> Iterator[tuple[str, str]]:
        """Type and id of every resource and every linkage, wherever in the document."""
        yield from _identities(self.body)


def _identities(part: Any) -> Iterator[tuple[str, str]]:
    if isinstance(part, dict):
        if isinstance(part.get("type"), str) and "id" in part:
            yield part["type"], str(part["id"])
        for value in part.values():
            yield from _identities(value)
    elif isinstance(part, list):
        for value in part:
            yield from _identities(value)


class Web:
    """An app over a gate, with the sample's own endpoints and a few careless ones."""

    def __init__(
        self, gate: Gate, users: Mapping[str, User], folder: Path, *, live_log: admin.LiveLog | None = None
    ) -> None:
        self.gate = gate
        self.app = Flask("leaks", static_folder=None)
        settings = load_settings(folder, environ={}, why_roles=("*",))
        web.install(self.app, gate=gate, settings=settings)
        self.app.before_request(lambda: self._log_in(users))
        made = api.install(self.app, customize=careless_endpoints)
        self._auth = _known(self.app, gate, users, settings)
        admin.install(
            self.app,
            api=made,
            auth=self._auth,
            live_log=live_log or admin.LiveLog(),
            file=admin.read_file(folder, admin.Faults()),
        )

    def _log_in(self, users: Mapping[str, User]) -> None:
        if "Authorization" in request.headers:
            web.set_principal(self._auth.tokens.caller())  # who views the rows as somebody else
        elif "X-User" in request.headers:
            who = request.headers["X-User"]
            web.set_principal(web.Caller(principal=users[who], login=f"log-in of {who}"))

    def send(
        self,
        user: str | None,
        method: str,
        path: str,
        *,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        kind: str = JSON_API,
    ) -> Reply:
        """Send one request as a user; None for nobody."""
        sent = {"X-Request-Id": "asked", **(headers or {}), **({"X-User": user} if user else {})}
        with self.app.test_client() as client:
            content = {"json": json, "content_type": kind} if json is not None else {}
            response = client.open(path, method=method, headers=sent, **content)
            text = response.get_data(as_text=True)
            kept = {name: value for name, value in response.headers if name not in ("Date", "Server")}
            return Reply(response.status_code, text, kept, response.get_json(silent=True))


class _Users:
    """The sample's users as a provider that nobody logs in with."""

    def __init__(self, users: Mapping[str, User]) -> None:
        self._users = users

    def authenticate(self, username: str, password: str) -> None:
        return None

    def principal(self, id: str) -> User | None:  # noqa: A002
        return self._users.get(id)


def _known(app: Flask, gate: Gate, users: Mapping[str, User], settings: Settings) -> auth.Auth:
    """Log-in without its guard: the header X-User says who asks."""
    secret, provider = auth.signing_secret(settings), _Users(users)
    powers, cookies = auth.Powers(settings=settings, policy=gate.policy), SessionCookies(secret)
    tokens = Tokens(
        app,
        provider=provider,
        revocations=auth.MemoryRevocations(),
        secret=secret,
        settings=settings,
        powers=powers,
        cookies=cookies,
    )
    log_in = LogIn(provider=provider, throttle=Throttle(per_user=1, per_address=1, window=1))
    return auth.Auth(provider=provider, tokens=tokens, log_in=log_in, cookies=cookies, powers=powers)


def careless_endpoints(made: api.Api) -> None:
    """The project's endpoints, and some that hand out whatever they find."""
    customize_api(made)

    def rows(entity: type) -> Callable[[], ResponseReturnValue]:
        def listed() -> ResponseReturnValue:
            found = web.session().scalars(select(entity)).all()
            return jsonify([{name: str(getattr(row, name)) for name in CANARIES[entity]} for row in found])

        return listed

    def one(entity: type) -> Callable[[str], ResponseReturnValue]:
        def got(key: str) -> ResponseReturnValue:
            known = int(key) if key.isdigit() else key
            return jsonify([str(web.session().get_one(entity, known).Id)])  # type: ignore[attr-defined]

        return got

    def crash(entity: type) -> Callable[[str], ResponseReturnValue]:
        def crashed(key: str) -> ResponseReturnValue:
            known = int(key) if key.isdigit() else key
            row = web.session().get(entity, known)
            raise NoResultFound(f"SELECT secret FROM {entity.__name__}: {row and vars(row)}")

        return crashed

    for entity in CANARIES:
        name = entity.__name__
        made.app.add_url_rule(f"/own/rows/{name}", f"rows-{name}", rows(entity))
        made.app.add_url_rule(f"/own/one/{name}/<key>", f"one-{name}", one(entity))
        made.app.add_url_rule(f"/own/crash/{name}/<key>", f"crash-{name}", crash(entity))
        _procedures(made, entity)


def _procedures(made: api.Api, entity: type) -> None:
    def touch(row: Any) -> Any:
        """Give the row back."""
        return row

    def everything(depth: int = 1) -> Any:
        """Give all rows back, and those they refer to."""
        found = list(web.session().scalars(select(entity)))
        related = [getattr(row, link.to_one) for link in LINKS if link.owner is entity for row in found[:10]]
        return {"rows": found, "related": [row for row in related if row is not None], "depth": depth}

    def referred(limit: int = 20) -> Any:
        """Give back the rows that others refer to."""
        result: list[Any] = []
        for link in LINKS:
            if link.target is entity:
                for row in web.session().scalars(select(link.owner).limit(limit)):
                    result.append(getattr(row, link.to_one))
        return result

    made.rpc(entity)(touch)
    made.rpc(entity, on_row=False)(everything)
    made.rpc(entity, on_row=False)(referred)


def part(key: object) -> str:
    """A key as a part of an address."""
    return quote(str(key), safe="")
