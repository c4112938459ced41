"""What the commands share: the project they work on, errors shown without a traceback, users and entities by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import click

from rowgate.enforce import Gate
from rowgate.errors import RowgateError
from rowgate.opened import OpenProject, open_project
from rowgate.project import Project, load_project
from rowgate.settings import Settings, load_settings
from rowgate.types import Principal

__all__ = ["Here", "TeachingGroup", "as_json", "entity_named", "json_option", "principal_named", "show_progress"]

json_option = click.option("--json", "json_wanted", is_flag=True, help="Print JSON, for programs.")


class ShownError(click.ClickException):
    """A rowgate error as a person at a terminal reads it; exit code 2."""

    exit_code = 2

    def __init__(self, error: RowgateError) -> None:
        super().__init__(error.detail)
        self.error = error

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"{self.error.code} {self.error.title}: {self.error.detail}", file=file, err=True)
        click.echo(f"    {self.error.advice}", file=file, err=True)


class TeachingGroup(click.Group):
    """A group that tells errors by code, detail and hint, and commands in the order of a newcomer's first hour."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except RowgateError as error:
            raise ShownError(error) from error


class Here:
    """The project in a folder, loaded when a command first needs it, so that ``--help`` answers at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def project(self) -> Project:
        return load_project(self.folder)

    def settings(self, **typed: str | int | None) -> Settings:
        """The project's settings; what was typed comes before the environment, None stands for what was not."""
        return load_settings(self.project.root, environ=None, **typed)

    def open(self) -> OpenProject:
        """The project with its databases; missing ones are built first."""
        return open_project(self.project, self.settings(), progress=show_progress)


def show_progress(table: str, done: int, total: int) -> None:
    """Tell on the error stream which table of a new database is complete."""
    if done == total:
        click.echo(f"new database: {table}, {total} rows", err=True)


def as_json(value: object) -> None:
    """Print a value as JSON; dates, decimals and the like as text."""
    click.echo(json.dumps(value, indent=2, default=str))


def principal_named(opened: OpenProject, user: str) -> Principal:
    """The principal that a user is after log-in.

    Raises:
        click.BadParameter: no such user may log in.
    """
    principal = opened.provider.principal(user)
    if principal is None:
        raise click.BadParameter(f"there is no user {user!r} who may log in.", param_hint="USER")
    return principal


def entity_named(gates: Mapping[str, Gate], name: str) -> tuple[Gate, type]:
    """The mapped class of that name, and the gate of the database that has it.

    Args:
        gates: of each database, by name.
        name: ``Employee``; or ``hr:Employee``, where several databases have one.

    Raises:
        click.BadParameter: there is none, or there are several; tells the nearest name, or all of them.
    """
    database, colon, plain = name.rpartition(":")
    if colon and database not in gates:
        raise click.BadParameter(
            f"there is no database {database!r}. The databases are: {', '.join(gates)}.", param_hint="ENTITY"
        )
    asked = {database: gates[database]} if colon else gates
    found = [(at, gate, each) for at, gate in asked.items() for each in gate.bound.entities if each.__name__ == plain]
    if len(found) > 1:
        names = " or ".join(f"{at}:{plain}" for at, _, _ in found)
        raise click.BadParameter(f"several databases have an entity {plain!r}. Write {names}.", param_hint="ENTITY")
    if found:
        return found[0][1:]
    by_name = {entity.__name__ for gate in asked.values() for entity in gate.bound.entities}
    near = get_close_matches(plain, by_name, n=1) or [n for n in by_name if n.lower() == plain.lower()]
    advice = f"Did you mean {near[0]}?" if near else f"The entities are: {', '.join(sorted(by_name))}."
    raise click.BadParameter(f"there is no entity {plain!r}. {advice}", param_hint="ENTITY")
