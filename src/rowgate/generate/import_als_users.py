"""The log-ins of an ApiLogicServer project: read from its database, with their passwords hashed for the first time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import URL, Engine, MetaData, Table, insert, select
from sqlalchemy.exc import SQLAlchemyError

from rowgate.auth.passwords import Passwords
from rowgate.auth.sql_models import AuthBase, User, UserRole
from rowgate.auth.users import SHORTEST_PASSWORD
from rowgate.databases import make_engine
from rowgate.generate.import_als_report import Report

__all__ = ["LogIn", "LogIns", "fill_log_ins", "read_log_ins"]

_KINDS: Final = {int: "int", str: "str", bool: "bool", float: "float"}
_OWN: Final = frozenset({"id", "name", "username", "password", "password_hash"})
_HASHED: Final = ("$2a$", "$2b$", "$2y$", "pbkdf2:", "pbkdf2_", "scrypt:", "sha256$", "$5$", "$6$", "{")
_ARGON: Final = "$argon2"
_NOBODY: Final = "!"
"""No Argon2 hash, so that no password fits it."""


@dataclass(frozen=True, kw_only=True)
class LogIn:
    """One user; the password as it stands in the old database."""

    id: str
    name: str
    password: str = field(repr=False)
    roles: tuple[str, ...]
    claims: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class LogIns:
    """All users.

    Attributes:
        claims: the Python type of each claim.
    """

    users: tuple[LogIn, ...] = ()
    claims: Mapping[str, str] = field(default_factory=dict)

    @property
    def roles(self) -> set[str]:
        return {role for user in self.users for role in user.roles}


def read_log_ins(url: URL | None, report: Report) -> LogIns:
    """Read the users.

    Args:
        url: of the old log-in database; None where there is none.
        report: told of what cannot be taken over.
    """
    if url is None:
        report.needs("config/config.py", "no log-ins were taken over", "`rowgate add-auth` makes the first user.")
        return LogIns()
    try:
        engine = make_engine(url)
        try:
            with engine.connect() as connection:
                metadata = MetaData()
                users = Table("User", metadata, autoload_with=connection)
                held = Table("UserRole", metadata, autoload_with=connection)
                rows = connection.execute(select(users)).mappings().all()
                pairs = [tuple(row) for row in connection.execute(select(held.c.user_id, held.c.role_name))]
        finally:
            engine.dispose()
    except (SQLAlchemyError, ModuleNotFoundError, AttributeError) as error:
        words = " ".join(str(getattr(error, "orig", None) or error).split())
        report.needs("the log-in database", "no log-ins were taken over", f"It cannot be read: {words}")
        return LogIns()
    claims = {name: kind for name, column in users.c.items() if name not in _OWN and (kind := _kind(column))}
    left = [name for name in users.c.keys() if name not in _OWN and name not in claims]  # noqa: SIM118 - no dict
    if left:
        report.notes.append(f"These columns of User are no claims, for their types: {', '.join(left)}.")
    made = LogIns(users=tuple(_log_in(row, pairs, claims) for row in rows), claims=claims)
    _tell(made, report)
    return made


def fill_log_ins(engine: Engine, log_ins: LogIns, *, passwords: Passwords | None = None) -> None:
    """Make the tables of log-ins, and write the users with hashes of their passwords (about 0.1 s each).

    Args:
        engine: of an empty database.
        log_ins: from `read_log_ins`.
        passwords: how hashes are made.
    """
    AuthBase.metadata.create_all(engine)
    made = passwords or Passwords()
    users = [
        {
            "id": user.id,
            "name": user.name,
            "password_hash": _hash(user.password, made),
            "claims": {name: value for name, value in user.claims.items() if value is not None},
        }
        for user in log_ins.users
    ]
    roles = [{"user_id": user.id, "role": role} for user in log_ins.users for role in user.roles]
    with engine.begin() as connection:
        if users:
            connection.execute(insert(User), users)
        if roles:
            connection.execute(insert(UserRole), roles)


def _hash(password: str, passwords: Passwords) -> str:
    if password.startswith(_ARGON):
        return password
    return _NOBODY if not password or password.startswith(_HASHED) else passwords.hash(password)


def _kind(column: Any) -> str:
    try:
        return _KINDS.get(column.type.python_type, "")
    except NotImplementedError:
        return ""


def _log_in(row: Any, pairs: Sequence[tuple[Any, ...]], claims: Mapping[str, str]) -> LogIn:
    return LogIn(
        id=str(row["id"]),
        name=str(row.get("name") or row["id"])[:120],
        password=str(row.get("password_hash") or row.get("password") or ""),
        roles=tuple(dict.fromkeys(str(role) for user, role in pairs if user == row["id"])),
        claims={name: row[name] for name in claims},
    )


def _tell(log_ins: LogIns, report: Report) -> None:
    report.translated.append(
        f"The log-ins: {len(log_ins.users)} users with the claims {', '.join(log_ins.claims) or '(none)'}"
    )
    foreign = [user.id for user in log_ins.users if user.password.startswith(_HASHED) or not user.password]
    if foreign:
        why = "Their passwords are hashed otherwise, or empty: `rowgate users change ID` gives them new ones."
        report.needs("the log-in database", f"{', '.join(foreign)} cannot log in yet", why)
    short = [user.id for user in log_ins.users if 0 < len(user.password) < SHORTEST_PASSWORD]
    if short:
        why = f"They have fewer than {SHORTEST_PASSWORD} characters; they work, and should not stay."
        report.needs("the log-in database", f"the passwords of {', '.join(short)} are short", why)
