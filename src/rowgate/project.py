"""A project: the declarations that ``config/settings.py`` of its folder brings together under the name ``project``."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Engine
from sqlalchemy.orm import DeclarativeBase

from rowgate.errors import DeclarationError, ProjectRefused
from rowgate.policy import Policy
from rowgate.webhooks import Webhook

__all__ = ["Fill", "Progress", "Project", "SampleLogin", "load_project"]

_MODULE = "config.settings"

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
        webhooks: which changes are sent to whom.

    Raises:
        DeclarationError: two webhooks have one name.
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

    def __post_init__(self) -> None:
        names = [webhook.name for webhook in self.webhooks]
        for name in names:
            if names.count(name) > 1:
                raise DeclarationError(f"Two webhooks are called {name!r}; the queue goes by the name.")


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
