"""A project: the declarations that ``config/settings.py`` of its folder brings together under the name ``project``."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import Engine
from sqlalchemy.orm import DeclarativeBase

from rowgate.errors import DeclarationError, ProjectRefused
from rowgate.policy import Policy
from rowgate.webhooks import Webhook

__all__ = ["MAIN", "Database", "Fill", "Progress", "Project", "SampleLogin", "checked_prefix", "load_project"]

_MODULE = "config.settings"

MAIN: Final = "main"
"""The name of the database that a project has in any case."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")
_PREFIX = re.compile(r"[a-z][a-z0-9-]{0,29}")
# Where the main database and the server have addresses of their own.
_TAKEN: Final = frozenset({"admin", "api", "assets", "health", "metrics", "ui"})

Progress = Callable[[str, int, int], None]
"""Told a table's name, its rows loaded so far and its rows in all."""


class Fill(Protocol):
    """Makes the tables of an empty database and loads the rows it starts with."""

    def __call__(self, engine: Engine, *, progress: Progress | None = None) -> object: ...


@dataclass(frozen=True, kw_only=True)
class SampleLogin:
    """A log-in of a sample, whose password is no secret; the sign-in page offers it to newcomers.

    Args:
        id: the user name.
        name: who that is.
        password: as typed.
        roles: the roles held.
        note: what to look at as this user.
    """

    id: str
    name: str
    password: str
    roles: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Database:
    """A further database of a project: its own tables, API and admin app, under the project's one policy.

    Its URL is the setting ``ROWGATE_DATABASE_URL_<NAME>``; by default the SQLite file ``<instance>/<name>.sqlite``.

    Args:
        name: 1 to 30 of a-z, 0-9 and _, not ``main``; messages, commands and the setting know it by that.
        models: the declarative base of its mapped classes; it shares neither registry nor metadata with another.
        prefix: the part of the address that its API and admin app stand under: ``/<prefix>/api/<Type>``. By default
            the name, with ``-`` for ``_``.
        rules: declares the business rules; None for none.
        fill_rows: fills a new database at the first start; None where the database is made by other means.
        customize_api: adds the project's own endpoints below the prefix; None for none.

    Raises:
        DeclarationError: the name or the prefix is none, or is taken.
    """

    name: str
    _: KW_ONLY
    models: type[DeclarativeBase]
    prefix: str = ""
    rules: Callable[[], None] | None = None
    fill_rows: Fill | None = None
    customize_api: Callable[[Any], None] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "prefix", checked_prefix(self.name, self.prefix))

    @property
    def setting(self) -> str:
        """The variable that holds its URL."""
        return f"ROWGATE_DATABASE_URL_{self.name.upper()}"

    @property
    def admin_file(self) -> Path:
        """Where its admin app's file is, under the project's folder."""
        return Path(f"ui/{self.name}_admin.yaml")


@dataclass(frozen=True, kw_only=True)
class Project:
    """What a project is made of. Inert: nothing is opened or checked until the server or a command does so.

    Args:
        root: the project's folder; relative settings are under it.
        models: the declarative base of the mapped classes.
        policy: the declarations of ``security/declare_security.py``.
        rules: declares the business rules; None for none.
        fill_rows: fills a new database at the first start; None where the database is made by other means.
        fill_users: the same for the log-in database.
        customize_api: adds the project's own endpoints; called with a `rowgate.api.Api`; None for none.
        sample_logins: the log-ins that the sign-in page offers in development, as long as their passwords are as
            listed; None for none.
        webhooks: which changes are sent to whom; of the main database alone.
        databases: further databases, under the same policy.

    Raises:
        DeclarationError: two webhooks have one name, or two databases have a name, a prefix or models in common, or a
            webhook is on an entity of a further database.
    """

    root: Path
    models: type[DeclarativeBase]
    policy: Policy[Any]
    rules: Callable[[], None] | None = None
    fill_rows: Fill | None = None
    fill_users: Fill | None = None
    customize_api: Callable[[Any], None] | None = None
    sample_logins: Callable[[], Sequence[SampleLogin]] | None = None
    webhooks: Sequence[Webhook] = ()
    databases: Sequence[Database] = ()

    @property
    def models_of(self) -> Mapping[str, type[DeclarativeBase]]:
        """The declarative base of each database, by name; the main one first."""
        return {MAIN: self.models, **{each.name: each.models for each in self.databases}}

    def __post_init__(self) -> None:
        _refuse_common(self.models, self.databases)
        for webhook in self.webhooks:
            for database in self.databases:
                if any(webhook.entity is mapper.class_ for mapper in database.models.registry.mappers):
                    raise DeclarationError(
                        f"Webhook {webhook.name!r} is on {webhook.entity.__name__}, in the database {database.name!r}.",
                        hint="Webhooks are sent from the main database alone.",
                    )
        names = [webhook.name for webhook in self.webhooks]
        for name in names:
            if names.count(name) > 1:
                raise DeclarationError(f"Two webhooks are called {name!r}; the queue goes by the name.")


def checked_prefix(name: str, prefix: str = "") -> str:
    """The prefix of a further database, whose name is one.

    Args:
        name: of the database.
        prefix: as declared; empty for the one that the name gives.

    Raises:
        DeclarationError: the name or the prefix is none, or is taken.
    """
    if not _NAME.fullmatch(name) or name == MAIN:
        raise DeclarationError(f"Database {name!r}: a name is 1 to 30 of a-z, 0-9 and _, and not {MAIN!r}.")
    prefix = prefix or name.replace("_", "-")
    if not _PREFIX.fullmatch(prefix) or prefix in _TAKEN:
        raise DeclarationError(
            f"Database {name!r}: the prefix {prefix!r} is not 1 to 30 of a-z, 0-9 and -, or is taken.",
            hint=f"Give it another: prefix='...'. Taken are {', '.join(sorted(_TAKEN))}.",
        )
    return prefix


def _refuse_common(main: type[DeclarativeBase], databases: Sequence[Database]) -> None:
    """Refuse databases that could not be told apart.

    Raises:
        DeclarationError: names both.
    """
    taken: dict[tuple[str, object], tuple[int, str]] = {
        ("models", id(each)): (0, MAIN) for each in (main.registry, main.metadata)
    }
    for number, database in enumerate(databases, 1):
        for what, value in (
            ("name", database.name),
            ("prefix", database.prefix),
            ("models", id(database.models.registry)),
            ("models", id(database.models.metadata)),
        ):
            first, other = taken.setdefault((what, value), (number, database.name))
            if first != number:
                raise DeclarationError(
                    f"The databases {other!r} and {database.name!r} have one {what}.",
                    hint="Give each a name, a prefix and a declarative base of its own.",
                )


def load_project(root: Path) -> Project:
    """Import the project in a folder, and let its own modules be imported from there.

    Args:
        root: the folder that holds ``config/settings.py``.

    Raises:
        ProjectRefused: the folder holds no project, its file defines none, or the folder of another project was
            imported from before in this process.
        Exception: whatever the project's modules raise; the traceback names the line.
    """
    root = root.resolve()
    file = root / "config" / "settings.py"
    if not file.is_file():
        raise ProjectRefused(f"There is no config/settings.py in {root}.")
    if str(root) not in sys.path:
        # First, so that the project's folders come before installed packages of the same names (config, api).
        sys.path.insert(0, str(root))
    module = importlib.import_module(_MODULE)
    if module.__file__ is None or Path(module.__file__).resolve() != file:
        raise ProjectRefused(
            f"{_MODULE} was imported from {module.__file__}, not from {root}.",
            hint="One process serves one project. Start another process for the other one.",
        )
    project = getattr(module, "project", None)
    if not isinstance(project, Project):
        raise ProjectRefused(
            f"{file} does not define the project.",
            hint="End it with: project = Project(root=..., models=Base, policy=policy, ...)",
        )
    return project
