"""Log-in providers: who may log in, with which roles and claims. ``sql`` keeps them in tables, ``memory`` in a list."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from sqlalchemy import Engine, Select, bindparam, exists, or_, select, update

from rowgate.auth.claims import Claims
from rowgate.auth.passwords import Passwords
from rowgate.auth.sql_models import RevokedToken, User, UserRole
from rowgate.types import Principal

__all__ = ["Directory", "MemoryProvider", "MemoryUser", "Person", "Provider", "SqlProvider"]

_log = logging.getLogger("rowgate.auth")

_ACCOUNT = (
    select(User.id, User.password_hash, User.active, User.claims, UserRole.role)
    .outerjoin(UserRole, UserRole.user_id == User.id)
    .where(User.id == bindparam("name"))
)
# Built once: each request asks it. No row, where the log-in was ended; a role a row, else.
_UNLESS_ENDED = _ACCOUNT.where(~exists().where(RevokedToken.jti == bindparam("login")))


class Provider(Protocol):
    """Credentials, or the id that a token carries, to a principal.

    Both methods take any string at all, and answer for an inactive user as for one that does not exist.
    """

    def authenticate(self, username: str, password: str) -> Principal | None:
        """The principal who logs in with these credentials; None when they are wrong.

        The time it takes must not tell an unknown user, a wrong password and an inactive user apart.

        Raises:
            BadClaim: the user's claims do not have the types that the principal's class declares.
        """

    def principal(self, id: str) -> Principal | None:  # noqa: A002 - the field's name
        """The principal with this id, with the roles and claims held now; None when they may no longer log in.

        Raises:
            BadClaim: as above.
        """


@dataclass(frozen=True, kw_only=True)
class Person:
    """A user as a list shows them."""

    id: str
    name: str
    roles: frozenset[str]


@runtime_checkable
class Directory(Protocol):
    """A provider that can list its users; others need not be."""

    def users(self, search: str, *, limit: int) -> list[Person]:
        """The users who may log in and whose id or name holds a text, in any case of letters; by id.

        Args:
            search: the text; all users where it is empty.
            limit: how many at most.
        """


@dataclass(frozen=True, kw_only=True)
class _Account:
    id: str
    password_hash: str = field(repr=False)
    active: bool
    roles: frozenset[str]
    claims: Mapping[str, Any]


class SqlProvider:
    """Users, roles and claims in the tables of `rowgate.auth.sql_models`.

    Args:
        engine: of the log-in database, which holds nothing else.
        principal_class: the project's principal.
        passwords: how hashes are made.
    """

    def __init__(self, engine: Engine, principal_class: type[Principal], *, passwords: Passwords | None = None) -> None:
        self.engine = engine
        self._claims = Claims(principal_class)
        self._passwords = passwords or Passwords()

    def authenticate(self, username: str, password: str) -> Principal | None:
        """See `Provider`. A hash made with older parameters is replaced at a successful log-in."""
        account = self._account(username)
        genuine = self._passwords.check(account.password_hash if account else None, password)
        if account is None or not genuine or not account.active:
            return None
        if self._passwords.outdated(account.password_hash):
            self._renew(account, password)
        return self._claims.principal(id=account.id, roles=account.roles, claims=account.claims)

    def principal(self, id: str) -> Principal | None:  # noqa: A002
        """See `Provider`. One statement."""
        return self._active(self._account(id))

    def principal_of(self, id: str, *, login: str) -> Principal | None:  # noqa: A002
        """As `principal`; None, too, when the log-in with this id was ended in the same database. One statement."""
        return self._active(self._account(id, _UNLESS_ENDED, login=login))

    def users(self, search: str, *, limit: int) -> list[Person]:
        """See `Directory`. Two statements."""
        wanted = search if _storable(search) else ""
        found = or_(User.id.icontains(wanted, autoescape=True), User.name.icontains(wanted, autoescape=True))
        statement = select(User.id, User.name).where(User.active, found).order_by(User.id).limit(limit)
        with self.engine.connect() as connection:
            rows = connection.execute(statement).all()
            held = select(UserRole.user_id, UserRole.role).where(UserRole.user_id.in_([row.id for row in rows]))
            roles = connection.execute(held).all()
        return [
            Person(id=row.id, name=row.name, roles=frozenset(role for user, role in roles if user == row.id))
            for row in rows
        ]

    def _active(self, account: _Account | None) -> Principal | None:
        if account is None or not account.active:
            return None
        return self._claims.principal(id=account.id, roles=account.roles, claims=account.claims)

    def _account(self, name: str, statement: Select[Any] = _ACCOUNT, **parameters: str) -> _Account | None:
        if not _storable(name) or not all(map(_storable, parameters.values())):
            return None
        with self.engine.connect() as connection:
            rows = connection.execute(statement, {"name": name, **parameters}).all()
        # Some databases compare without regard to case or trailing spaces; one name is one user here.
        if not rows or rows[0].id != name:
            return None
        return _Account(
            id=rows[0].id,
            password_hash=rows[0].password_hash,
            active=rows[0].active,
            roles=frozenset(row.role for row in rows if row.role is not None),
            claims=rows[0].claims or {},
        )

    def _renew(self, account: _Account, password: str) -> None:
        # Only where the hash is still the one checked: a password changed meanwhile must not be put back.
        statement = (
            update(User)
            .where(User.id == account.id, User.password_hash == account.password_hash)
            .values(password_hash=self._passwords.hash(password))
        )
        with self.engine.begin() as connection:
            connection.execute(statement)
        _log.info("Renewed the password hash of %r with the present parameters.", account.id)


@dataclass(frozen=True, kw_only=True)
class MemoryUser:
    """A user given by a program.

    Args:
        id: the name to log in with.
        password: as typed; kept only as a hash.
        roles: names of the roles held.
        claims: by the principal's field name.
        active: whether the user may log in.
    """

    id: str
    password: str = field(repr=False)
    roles: Sequence[str] = ()
    claims: Mapping[str, Any] = field(default_factory=dict)
    active: bool = True


class MemoryProvider:
    """Users in memory, for tests and demonstrations.

    Args:
        users: who may log in; `put` and `remove` change it later.
        principal_class: the project's principal.
        passwords: how hashes are made.
    """

    def __init__(
        self,
        users: Iterable[MemoryUser],
        principal_class: type[Principal],
        *,
        passwords: Passwords | None = None,
    ) -> None:
        self._claims = Claims(principal_class)
        self._passwords = passwords or Passwords()
        self._accounts: dict[str, _Account] = {}
        for user in users:
            self.put(user)

    def put(self, user: MemoryUser) -> None:
        """Add a user, or replace the one of the same id."""
        self._accounts[user.id] = _Account(
            id=user.id,
            password_hash=self._passwords.hash(user.password),
            active=user.active,
            roles=frozenset(user.roles),
            claims=dict(user.claims),
        )

    def remove(self, id: str) -> None:  # noqa: A002
        """Remove a user; no such user is no error."""
        self._accounts.pop(id, None)

    def users(self, search: str, *, limit: int) -> list[Person]:
        """See `Directory`."""
        found = [a for _, a in sorted(self._accounts.items()) if a.active and search.casefold() in a.id.casefold()]
        return [Person(id=each.id, name=each.id, roles=each.roles) for each in found[:limit]]

    def authenticate(self, username: str, password: str) -> Principal | None:
        """See `Provider`."""
        account = self._accounts.get(username)
        genuine = self._passwords.check(account.password_hash if account else None, password)
        return self.principal(username) if genuine else None

    def principal(self, id: str) -> Principal | None:  # noqa: A002
        """See `Provider`."""
        account = self._accounts.get(id)
        if account is None or not account.active:
            return None
        return self._claims.principal(id=account.id, roles=account.roles, claims=account.claims)


def _storable(name: str) -> bool:
    """PostgreSQL has no text with a zero byte, and no driver takes half of a surrogate pair."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in name
