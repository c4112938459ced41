"""How ``rowgate rebuild`` and ``upgrade`` show what changes: diffs, conflicts, and what the checks say of it."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from rowgate.cli.check import checked
from rowgate.cli.common import Here
from rowgate.errors import RowgateError
from rowgate.generate.merge import Conflict

__all__ = ["check_after", "show_conflicts", "show_diff"]

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def show_diff(diff: str) -> None:
    """Print a unified diff, in colours at a terminal."""
    for line in diff.splitlines():
        bold = line.startswith(("+++ ", "--- "))
        click.echo(click.style(line, bold=True) if bold else click.style(line, fg=_COLOURS.get(line[:1])))


def show_conflicts(conflicts: Sequence[tuple[str, Conflict]], *, command: str) -> None:
    """Print each conflict with all its sides, and how to decide it.

    Args:
        conflicts: with the files that they are in.
        command: that is to be run again with the decisions.
    """
    for path, conflict in conflicts:
        click.echo(click.style(f"\nconflict: {conflict.where} ({path})", bold=True))
        _side("yours", conflict.mine, "you removed it", "green")
        _side("generated now", conflict.theirs, "it is no longer generated", "red")
        _side("generated last", conflict.base, "it was not generated", None)
    first = conflicts[0][1].where.replace("*", "?")
    click.echo(
        f"\nNothing was written. Decide, once for all or one by one:\n"
        f"  {command} --take mine             yours stay as they are\n"
        f"  {command} --take theirs           what is generated now replaces them\n"
        f"  {command} --take 'mine:{first}' --take theirs"
    )


def _side(name: str, text: str | None, none: str, colour: str | None) -> None:
    click.echo(f"  {name}:{'' if text else f' {none}'}")
    for line in (text or "").splitlines():
        click.echo(click.style(f"    | {line}", fg=colour))


def check_after(folder: Path) -> bool:
    """Make the checks of `rowgate check` on the project as it is now, and tell the errors.

    Returns:
        Whether there are none.
    """
    try:
        errors = [str(line) for line in checked(Here(folder)) if line.level == "error"]
    except RowgateError as error:
        errors = [f"{error.code} {error.detail}\n    {error.advice}"]
    except Exception as error:  # whatever the project's modules raise: it is told
        errors = [_raised(error, folder)]
    if errors:
        click.echo("\nThe project's declarations do not fit any more:")
    for each in errors:
        click.echo(each)
    return not errors


def _raised(error: Exception, folder: Path) -> str:
    """What a module of the project raised when it was imported, with its line."""
    root = folder.resolve()
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(root)]
    where = f"{Path(frames[-1].filename).relative_to(root)}:{frames[-1].lineno}: " if frames else ""
    return f"{where}error: {type(error).__name__}: {error}\n    Mend the line: what it names may have gone."
