"""The database changed: its mapped classes and what names them are generated anew, and merged with the user's edits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rowgate.generate.answers import MAIN, Answers
from rowgate.generate.bases import read_answers, read_bases
from rowgate.generate.introspect import Progress, read_database
from rowgate.generate.merge import Choose
from rowgate.generate.models import Models, write_models
from rowgate.generate.planned import Plan, chooser, merged_file
from rowgate.generate.project import render
from rowgate.generate.replacing import read_file, replace_files
from rowgate.settings import load_settings

__all__ = ["Rebuild", "of_the_database", "plan_rebuild", "read_models"]


@dataclass(frozen=True, kw_only=True)
class Rebuild:
    """A rebuild that is planned.

    Args:
        folder: the project's.
        plan: what becomes of its files.
        models: the mapped classes of each database, as they are now.
    """

    folder: Path
    plan: Plan
    models: Mapping[str, Models]

    def write(self) -> None:
        """Write all of it or nothing.

        Raises:
            RebuildRefused: a file cannot be written.
            ValueError: conflicts are open.
        """
        if self.plan.conflicts:
            raise ValueError("conflicts are open")
        replace_files(self.folder, self.plan.changed, bases=self.plan.bases)


def plan_rebuild(folder: Path, *, decisions: tuple[str, ...] = (), progress: Progress | None = None) -> Rebuild:
    """Read the databases, generate what depends on them, and merge it with what stands in the project.

    Args:
        folder: the project's.
        decisions: whose text stands where both sides changed something; see `chooser`.
        progress: told how far the reading is.

    Raises:
        ProjectFileRefused: the project was not made by `rowgate new`, or its ``.rowgate`` is gone.
        DatabaseUnreachable: a database does not answer.
        RebuildRefused: a file cannot be read, or a decision is none.
    """
    decided = chooser(decisions)
    answers = read_answers(folder)
    bases = read_bases(folder)
    models = read_models(folder, answers, progress=progress)
    rendered = {path: text for path, text in render(answers, models).items() if of_the_database(path, answers)}
    paths = sorted({*rendered, *(path for path in bases if of_the_database(path, answers))})
    files = []
    for path in paths:
        choose: Choose = decided(path)
        mine = read_file(folder, path)
        files.append(merged_file(path, base=bases.get(path), mine=mine, theirs=rendered.get(path), choose=choose))
    return Rebuild(folder=folder, plan=Plan(files=tuple(files)), models=models)


def read_models(folder: Path, answers: Answers, *, progress: Progress | None = None) -> Mapping[str, Models]:
    """The mapped classes of each database of a project, as generated from what the database holds now.

    Args:
        folder: the project's, whose settings say where the databases are.
        answers: which tables.
        progress: told how far the reading is.

    Raises:
        DatabaseUnreachable: a database does not answer.
        SettingRefused: the settings cannot be read.
    """
    settings = load_settings(folder)
    models = {}
    for database in answers.databases:
        url = settings.database_url if database.name == MAIN else settings.url_of(database.name)
        found = read_database(url, database.choice, progress=progress)
        models[database.name] = write_models(found, module=database.module)
    return models


def of_the_database(path: str, answers: Answers) -> bool:
    """Whether a generated file follows the database: the mapped classes, and the menus of the admin app."""
    modules = {database.module.replace(".", "/") + ".py" for database in answers.databases}
    return path in modules or (path.startswith("ui/") and path.endswith("admin.yaml"))
