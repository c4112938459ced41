"""Adds a database to a project: its mapped classes, its place in ``config/settings.py``, its admin app's file.

What one more database changes is found by rendering the project without and with it. That change is merged into each
file as its user left it, and into its base, so that a later rebuild knows what was generated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sqlalchemy import URL

from rowgate.errors import DatabaseNotAdded
from rowgate.generate.answers import Answers, DatabaseAnswer
from rowgate.generate.bases import read_answers, read_bases
from rowgate.generate.classes import Report
from rowgate.generate.introspect import Choice, Progress, read_database
from rowgate.generate.merge import merge
from rowgate.generate.models import Models, write_models
from rowgate.generate.project import render
from rowgate.generate.replacing import read_file, replace_files
from rowgate.project import checked_prefix
from rowgate.settings import LOCAL_FILE, load_settings, write_local

__all__ = ["Added", "add_database"]

_NOTHING: Final = Models(text="", classes=(), report=Report())


@dataclass(frozen=True, kw_only=True)
class Added:
    """What was done.

    Attributes:
        models: the mapped classes of the database, with the report of what was not mapped.
        module: where they are.
        prefix: what its API and admin app stand under.
        written: the files that were made or changed.
        by_hand: what is to be added to a file that the change did not fit into, by path.
        local: the file that holds the URL now.
        setting: the variable in it.
    """

    models: Models
    module: str
    prefix: str
    written: tuple[str, ...]
    by_hand: Mapping[str, str]
    local: Path
    setting: str


def add_database(folder: Path, name: str, url: URL, choice: Choice, *, progress: Progress | None = None) -> Added:
    """Add a database to the project in a folder. The database is read, and not changed.

    Args:
        folder: the project's.
        name: of the database, in the project.
        url: from `rowgate.generate.new.parsed_url`.
        choice: which of its tables.
        progress: told how far the reading is.

    Raises:
        ProjectFileRefused: the folder has no ``.rowgate/project.toml``.
        DeclarationError: the name is none.
        DatabaseNotAdded: the name is taken, or a file is where one would be written.
        DatabaseUnreachable: the database does not answer.
        NothingToMap: it has nothing that the patterns choose.
        RebuildRefused: a file cannot be written; every file is as it was.
    """
    prefix = checked_prefix(name)
    answers = read_answers(folder)
    instance = load_settings(folder).instance
    if any(each.name == name or each.base == DatabaseAnswer(name=name).base for each in answers.databases):
        raise DatabaseNotAdded(f"The project has a database {name!r}, or one whose name is too like it.")
    found = read_database(url, choice, progress=progress)
    database = DatabaseAnswer(name=name, dialect=found.dialect.name, choice=choice)
    models = write_models(found, module=database.module)
    more = replace(answers, databases=(*answers.databases, database))
    changed = _Change.of(answers, more, models)
    for path in changed.new:
        if (folder / path).exists():
            raise DatabaseNotAdded(f"{path} is there already.", hint="Move it away, or name the database otherwise.")
    texts, by_hand = _merged(folder, changed)
    bases = read_bases(folder)
    patched = {
        path: merge(before, bases.get(path, before), after, path=path).text
        for path, (before, after) in changed.edits.items()
    }
    replace_files(folder, texts, bases={**changed.new, **patched}, answers=more)
    setting = f"ROWGATE_DATABASE_URL_{name.upper()}"
    local = instance / LOCAL_FILE
    write_local(local, {setting: url.render_as_string(hide_password=False)})
    return Added(
        models=models,
        module=database.module,
        prefix=prefix,
        written=tuple(sorted(texts)),
        by_hand=by_hand,
        local=local,
        setting=setting,
    )


@dataclass(frozen=True, kw_only=True)
class _Change:
    """What one more database does to the generated files.

    Attributes:
        new: files that it adds.
        edits: files that it changes: their texts without it and with it.
    """

    new: dict[str, str]
    edits: dict[str, tuple[str, str]]

    @classmethod
    def of(cls, answers: Answers, more: Answers, models: Models) -> _Change:
        # The other databases are not read again. What depends on their classes comes out alike on both sides.
        nothing = {each.name: _NOTHING for each in answers.databases}
        before = render(answers, nothing)
        after = render(more, {**nothing, more.databases[-1].name: models})
        return cls(
            new={path: text for path, text in after.items() if path not in before},
            edits={path: (before[path], text) for path, text in after.items() if before.get(path, text) != text},
        )


def _merged(folder: Path, change: _Change) -> tuple[dict[str, str], dict[str, str]]:
    """The files to be written, and what is to be added by hand where a change does not fit."""
    texts: dict[str, str] = dict(change.new)
    by_hand: dict[str, str] = {}
    for path, (before, after) in change.edits.items():
        mine = read_file(folder, path)
        if mine is None and not path.endswith(".py"):
            continue  # the user took the file out, and does without it
        merged = merge(before, mine, after, path=path) if mine is not None else None
        if merged is not None and not merged.conflicts:
            texts[path] = merged.text
        else:
            by_hand[path] = "\n".join(line for line in after.splitlines() if line not in before.splitlines())
    return texts, by_hand
