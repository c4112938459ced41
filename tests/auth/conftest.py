"""A small Flask app with log-in, on each provider, and users whose hashes are cheap to make."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask, Response, jsonify
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from sqlalchemy import Engine, delete, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from rowgate import auth, web
from rowgate.auth.passwords import Passwords
from rowgate.auth.sql_models import AuthBase, User, UserRole
from rowgate.databases import make_engine
from rowgate.errors import RowgateError
from rowgate.policy import Policy
from rowgate.settings import Settings, load_settings
from rowgate.types import Principal


class CountingHasher(PasswordHasher):
    """Argon2 at its cheapest, which counts the hashes it computes."""

    def __init__(self, *, time_cost: int = 1) -> None:
        super().__init__(time_cost=time_cost, memory_cost=8, parallelism=1)
        self.verified = 0
        self.made = 0

    def verify(self, *arguments: Any) -> bool:
        self.verified += 1
        return super().verify(*arguments)

    def hash(self, *arguments: Any, **options: Any) -> str:
        self.made += 1
        return super().hash(*arguments, **options)


@dataclass(frozen=True, kw_only=True)
class Claimant(Principal):
    client_id: int | None = None
    region: str | None = None
    since: dt.date | None = None


@dataclass(frozen=True, kw_only=True)
class Person:
    """A user, before a provider holds them."""

    id: str
    password: str = "p"
    roles: tuple[str, ...] = ()
    claims: Mapping[str, Any] = field(default_factory=dict)
    active: bool = True


PEOPLE = (
    Person(id="s1", roles=("sales",), claims={"client_id": 2, "region": "British Isles", "since": "2020-02-29"}),
    Person(id="u2", password="Straße ☃ p", roles=("tenant", "manager"), claims={"client_id": 2}),
    Person(id="jürgen", roles=()),
    Person(id="gone", roles=("sales",), active=False),
    Person(id="liar", roles=("sales",), claims={"id": "sa", "roles": ["sa"], "shoe_size": 44}),
)


@dataclass(kw_only=True)
class House:
    """A provider with the people in it, and how to change them."""

    kind: str
    provider: auth.Provider
    revocations: auth.Revocations
    hasher: CountingHasher
    put: Callable[[Person], None]
    remove: Callable[[str], None]
    engine: Engine | None = None


def memory_house() -> House:
    hasher = CountingHasher()
    provider = auth.MemoryProvider([], Claimant, passwords=Passwords(hasher))

    def put(person: Person) -> None:
        provider.put(auth.MemoryUser(**vars(person)))

    return House(
        kind="memory",
        provider=provider,
        revocations=auth.MemoryRevocations(),
        hasher=hasher,
        put=put,
        remove=provider.remove,
    )


def sql_house(engine: Engine) -> House:
    AuthBase.metadata.create_all(engine)
    hasher = CountingHasher()
    passwords = Passwords(hasher)

    def put(person: Person) -> None:
        with Session(engine) as session, session.begin():
            session.execute(delete(UserRole).where(UserRole.user_id == person.id))
            session.execute(delete(User).where(User.id == person.id))
            session.add(
                User(
                    id=person.id,
                    name=person.id,
                    password_hash=passwords.hash(person.password),
                    active=person.active,
                    claims=dict(person.claims),
                    roles=[UserRole(role=role) for role in person.roles],
                )
            )

    def remove(user_id: str) -> None:
        with Session(engine) as session, session.begin():
            session.execute(update(User).where(User.id == user_id).values(active=False))

    return House(
        kind="sql",
        provider=auth.SqlProvider(engine, Claimant, passwords=passwords),
        revocations=auth.SqlRevocations(engine),
        hasher=hasher,
        put=put,
        remove=remove,
        engine=engine,
    )


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """Each provider, with the people in it."""
    if request.param == "memory":
        built = memory_house()
    elif request.param == "sqlite":
        built = sql_house(make_engine(f"sqlite:///{tmp_path / 'auth.sqlite'}"))
    else:
        built = sql_house(request.getfixturevalue("auth_postgres"))
    for person in PEOPLE:
        built.put(person)
    yield built
    if built.engine is not None:
        AuthBase.metadata.drop_all(built.engine)
        if request.param == "sqlite":
            built.engine.dispose()


@pytest.fixture(scope="session")
def auth_postgres(request: pytest.FixtureRequest) -> Engine:
    """One empty PostgreSQL database for all tests of this folder, one after the other."""
    engine = request.getfixturevalue("postgres_copies")(empty=True)
    assert isinstance(engine, Engine)
    return engine


@pytest.fixture
def principal_class() -> type[Principal]:
    return Claimant


@pytest.fixture
def person() -> type[Person]:
    return Person


@pytest.fixture
def new_hasher() -> type[CountingHasher]:
    return CountingHasher


class NoGate:
    """These routes ask for no rows."""

    policy = Policy(Claimant, superuser="sa", roles=["sa", "sales", "tenant", "manager"])


@dataclass(kw_only=True)
class Rig:
    """The app and the ways to call it."""

    app: Flask
    house: House
    settings: Settings
    client: FlaskClient

    def login(self, username: object = "s1", password: object = "p", **options: Any) -> TestResponse:
        return self.client.post("/api/auth/login", json={"username": username, "password": password}, **options)

    def tokens(self, username: str = "s1", password: str = "p") -> dict[str, Any]:
        answer = self.login(username, password)
        assert answer.status_code == 200, answer.text
        body = answer.get_json()
        assert isinstance(body, dict)
        return body

    def call(self, path: str, token: str | None, *, method: str = "GET", **options: Any) -> TestResponse:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.client.open(path, method=method, headers=headers, **options)


@pytest.fixture
def make_rig(house: House, tmp_path: Path) -> Callable[..., Rig]:
    """Builds the app with settings of the test's own."""

    def make(**overrides: object) -> Rig:
        settings = load_settings(tmp_path, environ={}, **overrides)
        app = Flask("small", static_folder=None)
        app.testing = True

        @app.errorhandler(RowgateError)
        def answer(error: RowgateError) -> ResponseReturnValue:
            body = {"errors": [{"code": error.code, "title": error.title, "detail": error.detail}]}
            return jsonify(body), error.status, dict(error.response_headers)

        web.install(app, gate=NoGate(), settings=settings)  # type: ignore[arg-type]
        auth.install(app, provider=house.provider, revocations=house.revocations)

        @app.route("/api/rows")
        def rows() -> Response:
            return jsonify(sorted(web.principal().roles))

        @app.route("/own")
        def own() -> Response:
            return jsonify(web.principal().id)

        @app.route("/api/open")
        def open_to_all() -> str:
            return "hello"

        web.make_public(app, "open_to_all")
        return Rig(app=app, house=house, settings=settings, client=app.test_client())

    return make


@pytest.fixture
def rig(make_rig: Callable[..., Rig]) -> Rig:
    return make_rig()
