"""A newer rowgate has newer templates: generated files that nobody touched follow them; the others are told of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from rowgate import __version__
from rowgate.generate.answers import Answers
from rowgate.generate.bases import read_answers, read_bases
from rowgate.generate.introspect import Progress
from rowgate.generate.planned import FileChange, Plan, unified
from rowgate.generate.project import render
from rowgate.generate.rebuild import of_the_database, read_models
from rowgate.generate.replacing import read_file, replace_files

__all__ = ["Touched", "Upgrade", "plan_upgrade"]


@dataclass(frozen=True, kw_only=True)
class Touched:
    """A file whose template changed, and which the user changed too; it stays.

    Args:
        path: in the project.
        diff: what changed in the template.
    """

    path: str
    diff: str


@dataclass(frozen=True, kw_only=True)
class Upgrade:
    """An upgrade that is planned.

    Args:
        folder: the project's.
        plan: what becomes of the files that nobody touched.
        touched: the others whose template changed.
        before: the version that the files are from.
        answers: what the project is made from, with the present version.
    """

    folder: Path
    plan: Plan
    touched: tuple[Touched, ...]
    before: str
    answers: Answers

    @property
    def anything(self) -> bool:
        """Whether there is something to write: a file, a base or the version."""
        return bool(self.plan.changed or self.plan.bases or self.before != self.answers.version)

    def write(self) -> None:
        """Write all of it or nothing, and the version.

        Raises:
            RebuildRefused: a file cannot be written.
        """
        replace_files(self.folder, self.plan.changed, bases=self.plan.bases, answers=self.answers)


def plan_upgrade(folder: Path, *, progress: Progress | None = None) -> Upgrade:
    """Render the present templates, and compare with what was last generated and with what stands in the project.

    Args:
        folder: the project's.
        progress: told how far the reading of the database is; what the templates suggest comes from it.

    Raises:
        ProjectFileRefused: the project was not made by `rowgate new`, or its ``.rowgate`` is gone.
        DatabaseUnreachable: a database does not answer.
        RebuildRefused: a file cannot be read.
    """
    old = read_answers(folder)
    answers = replace(old, version=__version__)
    bases = {path: text for path, text in read_bases(folder).items() if not of_the_database(path, answers)}
    models = read_models(folder, answers, progress=progress)
    rendered = {path: text for path, text in render(answers, models).items() if not of_the_database(path, answers)}
    files: list[FileChange] = []
    touched: list[Touched] = []
    for path in sorted({*bases, *rendered}):
        base, theirs, mine = bases.get(path), rendered.get(path), read_file(folder, path)
        untouched = mine in (base, theirs)
        if not untouched and theirs != base:
            touched.append(Touched(path=path, diff=unified(path, base, theirs)))
        after = theirs if untouched else mine
        files.append(FileChange(path=path, before=mine, after=after, base=base, generated=theirs))
    return Upgrade(
        folder=folder, plan=Plan(files=tuple(files)), touched=tuple(touched), before=old.version, answers=answers
    )
