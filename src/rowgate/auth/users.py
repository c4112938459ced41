"""Adds and changes users in the log-in database, for commands: what is stored is what a log-in can use."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from rowgate.auth.claims import Claims
from rowgate.auth.passwords import Passwords
from rowgate.auth.sql_models import User, UserRole
from rowgate.errors import BadClaim, UserRefused
from rowgate.types import Principal

__all__ = ["SHORTEST_PASSWORD", "UserShown", "Users", "check_password"]

SHORTEST_PASSWORD: Final = 8
"""Characters (NIST SP 800-63B, 5.1.1)."""
_LONGEST_PASSWORD: Final = 1024
_LONGEST_NAME: Final = 64


@dataclass(frozen=True, kw_only=True)
class UserShown:
    """A user as a list shows them: no hash."""

    id: str
    name: str
    active: bool
    roles: tuple[str, ...]
    claims: Mapping[str, Any]


class Users:
    """The users of a project.

    Args:
        engine: of the log-in database, with its tables.
        principal_class: the project's principal, which has the claims.
        roles: the roles there are.
        passwords: how hashes are made; argon2-cffi's defaults when not given.
    """

    def __init__(
        self,
        engine: Engine,
        principal_class: type[Principal],
        *,
        roles: Iterable[str],
        passwords: Passwords | None = None,
    ) -> None:
        self._engine = engine
        self._principal_class = principal_class
        self._claims = Claims(principal_class)
        self._roles = frozenset(roles)
        self._passwords = passwords

    def listed(self) -> list[UserShown]:
        """Every user, by id."""
        statement = select(User).options(selectinload(User.roles)).order_by(User.id)
        with Session(self._engine) as session:
            return [_shown(user) for user in session.scalars(statement)]

    def add(
        self,
        id: str,  # noqa: A002 - the field's name
        password: str,
        *,
        name: str | None = None,
        roles: Iterable[str] = (),
        claims: Mapping[str, str] | None = None,
    ) -> UserShown:
        """Add somebody who may log in.

        Args:
            id: the name to log in with.
            password: as typed; only its hash is kept.
            name: who that is; the id where it is left out.
            roles: names of roles.
            claims: by name, each as text.

        Raises:
            UserRefused: there is such a user; the name, the password, a role or a claim cannot be one.
        """
        _check_id(id)
        check_password(password)
        held = self._known_roles(roles)
        values = self._read_claims(id, {}, claims or {})
        user = User(id=id, name=name or id, password_hash=self._hash(password), claims=values, active=True)
        user.roles = [UserRole(role=role) for role in held]
        try:
            with Session(self._engine) as session, session.begin():
                session.add(user)
        except IntegrityError as error:
            raise UserRefused(f"There is a user {id!r} already.", hint="`rowgate users change` changes one.") from error
        return self._one(id)

    def change(
        self,
        id: str,  # noqa: A002
        *,
        name: str | None = None,
        active: bool | None = None,
        give: Iterable[str] = (),
        take: Iterable[str] = (),
        claims: Mapping[str, str] | None = None,
    ) -> UserShown:
        """Change somebody; it counts from their next request on.

        Args:
            id: who.
            name: a new name; None leaves it.
            active: whether they may log in; None leaves it.
            give: roles to hold from now on.
            take: roles to hold no longer.
            claims: by name, each as text; an empty text removes one.

        Raises:
            UserRefused: there is no such user, role or claim.
        """
        given, taken = self._known_roles(give), frozenset(take)
        with self._changed(id) as user:
            user.name = name or user.name
            user.active = user.active if active is None else active
            held = {role.role for role in user.roles}
            for role in sorted(taken - held):
                raise UserRefused(f"{id} does not hold the role {role!r}.")
            kept = [role for role in user.roles if role.role not in taken]
            user.roles = [*kept, *(UserRole(role=role) for role in given if role not in held)]
            user.claims = self._read_claims(id, user.claims or {}, claims or {})
        return self._one(id)

    def set_password(self, id: str, password: str) -> None:  # noqa: A002
        """Give somebody a new password.

        Raises:
            UserRefused: there is no such user, or the password cannot be one.
        """
        check_password(password)
        with self._changed(id) as user:
            user.password_hash = self._hash(password)

    @contextmanager
    def _changed(self, id: str) -> Iterator[User]:  # noqa: A002
        with Session(self._engine) as session, session.begin():
            user = session.get(User, id)
            if user is None or user.id != id:
                raise UserRefused(f"There is no user {id!r}.")
            yield user

    def _one(self, id: str) -> UserShown:  # noqa: A002
        with Session(self._engine) as session:
            return _shown(session.get_one(User, id))

    def _hash(self, password: str) -> str:
        self._passwords = self._passwords or Passwords()
        return self._passwords.hash(password)

    def _known_roles(self, roles: Iterable[str]) -> list[str]:
        wanted = list(dict.fromkeys(roles))
        for role in wanted:
            if role not in self._roles:
                known = ", ".join(sorted(self._roles))
                raise UserRefused(
                    f"There is no role {role!r}. The roles are: {known}.", hint="Declare it, or mend the name."
                )
        return wanted

    def _read_claims(self, id: str, held: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:  # noqa: A002
        """The claims to store: those held with those given, each in the form that its field reads."""
        values = dict(held)
        known = [name for name in self._principal_class.claim_names() if name != "id"]
        for name, text in given.items():
            if name not in known:
                there = (
                    f"The claims are: {', '.join(known)}." if known else f"{self._principal_class.__name__} has none."
                )
                raise UserRefused(
                    f"There is no claim {name!r}. {there}", hint="Declare it as a field of the principal."
                )
            if text == "":
                values.pop(name, None)
            else:
                values[name] = self._stored(id, name, text)
        return values

    def _stored(self, id: str, name: str, text: str) -> Any:  # noqa: A002
        for value in _readings(text):
            try:
                self._claims.value(id, name, value)
            except BadClaim:
                continue
            return value
        raise UserRefused(
            f"The claim {name} does not take {text!r}.",
            hint="Numbers and dates are written plainly (2, 2024-05-31), lists as JSON: [1, 2].",
        )


def check_password(password: str) -> None:
    """Refuse what cannot be a password.

    Raises:
        UserRefused: it is too short or too long.
    """
    if not SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
        raise UserRefused(
            f"A password has {SHORTEST_PASSWORD} characters or more, {_LONGEST_PASSWORD} at most.",
            hint="A sentence is easy to remember, and hard to guess.",
        )


def _check_id(id: str) -> None:  # noqa: A002
    if not id or len(id) > _LONGEST_NAME or not id.isprintable() or id != id.strip():
        raise UserRefused(f"{id!r} cannot be a user name: 1 to {_LONGEST_NAME} characters, no spaces around it.")


def _readings(text: str) -> Iterator[Any]:
    """What a text may stand for: itself, or the JSON it is."""
    yield text
    try:
        yield json.loads(text)
    except ValueError:
        return


def _shown(user: User) -> UserShown:
    return UserShown(
        id=user.id,
        name=user.name,
        active=user.active,
        roles=tuple(role.role for role in user.roles),
        claims=dict(user.claims or {}),
    )
