"""What ``rowgate new`` says at its end: what was mapped, what was not and why, and what comes next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import click
from sqlalchemy import URL

from rowgate.generate.models import Models, Report
from rowgate.generate.suggestions import suggest

__all__ = ["say", "say_report", "say_sample"]

_FIRST_LINE: Final = "policy.permission(Roles.admin, Access.ALL)"
_MOST: Final = 20
"""How many names are listed of what went well; what did not is listed in full."""


def say(project: Path, url: URL, models: Models, *, user: str, password: str | None) -> None:
    """Tell what was mapped, what was not and why, and what comes next.

    Args:
        project: the folder, as typed.
        url: the database's.
        models: as generated.
        user: the first user.
        password: theirs, where it was made up.
    """
    shown = url.set(query={}).render_as_string(hide_password=True)
    click.echo(f"Wrote {project}: {len(models.classes)} classes from {shown}.\n")
    say_report(models.report)
    sections = suggest(models, dialect=url.get_dialect().name).sections
    if sections:
        titles = ", ".join(section.title[0].lower() + section.title[1:] for section in sections)
        click.echo(f"\nSuggested in security/declare_security.py, as comments: {titles}.")
    click.echo(f"\nThe database's address is in {project / 'instance/local.env'}, which is not committed.")
    if password is None:
        click.echo(f"The first user is {user}.")
    else:
        click.echo(f"The first user is {user}, with this password, shown this once:\n\n  {password}")
    click.echo(
        f"\nNext:\n"
        f"  cd {project} && make run      then log in at http://127.0.0.1:5656\n\n"
        f"Nobody sees a row yet. In {project / 'security/declare_security.py'}, take the comment mark off:\n"
        f"  # {_FIRST_LINE}"
    )


def say_report(report: Report) -> None:
    """Tell what was mapped, and what was not and why."""
    for heading, lines in _parts(report):
        click.echo(f"  {heading}")
        for line in lines:
            click.echo(f"    {line}")


def _parts(report: Report) -> Iterable[tuple[str, list[str]]]:
    """The headings of the summary with their lines; what is not mapped comes last, and in full."""
    mapped = [name if name == table else f"{name} ({table})" for table, name in sorted(report.mapped.items())]
    yield f"tables: {len(mapped)}", [_cut(mapped)] if mapped else []
    if report.views:
        yield f"views, read-only: {len(report.views)}", [_cut(sorted(report.views.values()))]
    if report.links:
        yield f"tables that only tie two others (many-to-many): {len(report.links)}", [_cut(sorted(report.links))]
    for heading, found in (
        ("keys inferred", report.keys_inferred),
        ("renamed", report.renamed),
        ("types not known", report.types_not_known),
    ):
        if found:
            yield f"{heading}: {len(found)}", _listed(found, most=_MOST)
    if report.left_out:
        yield f"left out, as you chose: {len(report.left_out)}", [_cut(sorted(report.left_out))]
    if report.not_mapped:
        yield f"not mapped: {len(report.not_mapped)}", _listed(report.not_mapped, most=len(report.not_mapped))


def _listed(found: Mapping[str, str], *, most: int) -> list[str]:
    lines = [f"{name}: {words}" for name, words in sorted(found.items())]
    return [*lines[:most], f"and {len(lines) - most} more"] if len(lines) > most else lines


def _cut(names: list[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more


def say_sample(project: Path) -> None:
    """Tell what comes next.

    Args:
        project: the folder, as typed.
    """
    click.echo(
        f"Wrote {project}: the reference project. Its databases are built at the first start.\n\n"
        f"Next:\n"
        f"  cd {project} && make run      then http://127.0.0.1:5656; the log-ins are listed there"
    )
