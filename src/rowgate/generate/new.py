"""Makes a new project: from a database, or the reference project with its sample."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError

from rowgate.auth.sql_models import AuthBase
from rowgate.auth.users import Users
from rowgate.databases import build_sqlite
from rowgate.errors import DatabaseUnreachable, NewProjectRefused
from rowgate.generate.answers import MAIN, Answers, DatabaseAnswer
from rowgate.generate.bases import read_answers, read_bases
from rowgate.generate.introspect import Choice, Progress, read_database
from rowgate.generate.models import Models, write_models
from rowgate.generate.project import check_folder, render, write_new
from rowgate.generate.sample import sample_files, sample_folder
from rowgate.settings import LOCAL_FILE, write_local
from rowgate.types import Principal

__all__ = ["ADMIN", "WHEELS", "FirstUser", "new_project", "new_sample", "parsed_url"]

ADMIN: Final = "admin"
"""The role of the first user; declared in the generated security/declare_security.py."""
WHEELS: Final = "wheels"
"""The folder of a project whose wheels are installed before those of the package index."""
_INSTANCE: Final = "instance"


@dataclass(frozen=True, kw_only=True)
class FirstUser:
    """Who may log in to a new project.

    Args:
        id: the name to log in with.
        password: as typed; only its hash is kept.
    """

    id: str
    password: str


def new_project(
    folder: Path,
    url: URL,
    choice: Choice,
    *,
    user: FirstUser,
    title: str | None = None,
    wheel: Path | None = None,
    progress: Progress | None = None,
) -> Models:
    """Write a project for a database, all or nothing. The database is read, and not changed.

    Args:
        folder: the project's; must not be there, or be empty.
        url: from `parsed_url`.
        choice: which of its tables.
        user: who may log in.
        title: what the admin app calls the project; made from the folder's name where it is left out.
        wheel: rowgate's, to be installed from; put into the project.
        progress: told how far the reading is.

    Returns:
        The mapped classes, and the report of what was not mapped.

    Raises:
        NewProjectRefused: the folder or the title cannot be one.
        DatabaseUnreachable: the database does not answer.
        UserRefused: the name or password of the user cannot be one.
    """
    name = check_folder(folder)
    if title is not None and not title.isprintable():
        raise NewProjectRefused("The title holds characters that cannot be shown.", hint="Take letters and spaces.")
    found = read_database(url, choice, progress=progress)
    models = write_models(found)
    database = DatabaseAnswer(name=MAIN, dialect=found.dialect.name, choice=choice)
    answers = Answers(name=name, title=title or _title(name), databases=(database,))
    settings = {"ROWGATE_DATABASE_URL": url.render_as_string(hide_password=False)}
    prepare = partial(_prepare, settings=settings, user=user, wheel=wheel)
    write_new(folder, render(answers, {MAIN: models}), answers=answers, prepare=prepare)
    return models


def new_sample(folder: Path, *, wheel: Path | None = None) -> None:
    """Write the reference project, whose databases with their users are built at the first start.

    What the sample has beside the generator's output stands in it as a user's edits would.

    Args:
        folder: the project's; must not be there, or be empty.
        wheel: rowgate's, to be installed from; put into the project.

    Raises:
        NewProjectRefused: the folder cannot be one, or this installation has no sample.
    """
    name = check_folder(folder)
    source = sample_folder()
    answers = replace(read_answers(source), name=name)
    bases = read_bases(source)
    files = {**bases, **sample_files(source)}
    write_new(
        folder, files, answers=answers, bases=bases, prepare=partial(_prepare, settings={}, user=None, wheel=wheel)
    )


def parsed_url(text: str, *, beside: Path) -> URL:
    """A database URL as typed. A relative SQLite file is the one in the folder where it was typed.

    Args:
        text: in SQLAlchemy's form.
        beside: that folder.

    Raises:
        DatabaseUnreachable: it cannot be read.
    """
    try:
        url = make_url(text)
    except ArgumentError as error:
        # What is no URL may still hold a password: nothing of it is quoted.
        raise DatabaseUnreachable(
            "The database's URL cannot be read.",
            hint="Write it as sqlite:///file.sqlite, postgresql://user@host:5432/name or mysql://user@host/name.",
        ) from error
    file = url.database
    if url.get_backend_name() == "sqlite" and file and file != ":memory:" and not file.startswith("file:"):
        return url.set(database=str((beside / file).resolve()))
    return url


def _title(name: str) -> str:
    return " ".join(name.replace("_", "-").split("-")).strip().capitalize()


def _prepare(folder: Path, *, settings: Mapping[str, str], user: FirstUser | None, wheel: Path | None) -> None:
    """Make what is this machine's own: its settings, the log-ins with their first user; and the wheel."""
    instance = folder / _INSTANCE
    instance.mkdir(mode=0o700)
    if settings:
        write_local(instance / LOCAL_FILE, settings)
    if user is not None:
        build_sqlite(instance / "auth.sqlite", partial(_make_log_ins, user=user))
    if wheel is not None:
        (folder / WHEELS).mkdir()
        shutil.copyfile(wheel, folder / WHEELS / wheel.name)


def _make_log_ins(engine: Engine, *, user: FirstUser) -> None:
    AuthBase.metadata.create_all(engine)
    Users(engine, Principal, roles=[ADMIN]).add(user.id, user.password, roles=[ADMIN])
