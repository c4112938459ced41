"""What a project was made from: its title, and which databases with which choice of tables. No URL, no password."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rowgate import __version__
from rowgate.errors import ProjectFileRefused
from rowgate.generate.introspect import Choice

__all__ = ["MAIN", "Answers", "DatabaseAnswer", "answers_of", "as_table"]

MAIN = "main"
"""The name of a project's first database."""


@dataclass(frozen=True, kw_only=True)
class DatabaseAnswer:
    """One database of a project.

    Args:
        name: "main" for the first; an identifier for each further one.
        dialect: SQLAlchemy's name of its kind: "sqlite", "postgresql", "mysql".
        choice: which of its tables are mapped, and how.
    """

    name: str = MAIN
    dialect: str = "sqlite"
    choice: Choice = field(default_factory=Choice)

    @property
    def module(self) -> str:
        """The module of its mapped classes."""
        return "database.models" if self.name == MAIN else f"database.{self.name}_models"

    @property
    def base(self) -> str:
        """What config/settings.py calls the declarative base of its mapped classes."""
        return "Base" if self.name == MAIN else f"{self.name.title().replace('_', '')}Base"

    @property
    def admin_file(self) -> str:
        """The path of its admin app's file in the project."""
        return "ui/admin.yaml" if self.name == MAIN else f"ui/{self.name}_admin.yaml"


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What `rowgate new` was told; `.rowgate/project.toml` holds it.

    Args:
        name: the project's name: that of its folder when it was made.
        title: what the admin app calls it.
        databases: in the order of their making; the first is "main".
        version: of the rowgate whose templates the bases were rendered with.
        sample: whether the project is the reference project, made with ``--sample``.
    """

    name: str
    title: str
    databases: tuple[DatabaseAnswer, ...] = (DatabaseAnswer(),)
    version: str = __version__
    sample: bool = False

    def database(self, name: str = MAIN) -> DatabaseAnswer:
        """The database of that name.

        Raises:
            KeyError: there is none.
        """
        return {each.name: each for each in self.databases}[name]


def as_table(answers: Answers) -> dict[str, Any]:
    """The answers as plain values, for a TOML file."""
    return {
        "name": answers.name,
        "title": answers.title,
        "version": answers.version,
        "sample": answers.sample,
        "databases": {
            each.name: {
                "dialect": each.dialect,
                "include": list(each.choice.include),
                "exclude": list(each.choice.exclude),
                "schemas": list(each.choice.schemas),
                "infer_keys": each.choice.infer_keys,
            }
            for each in answers.databases
        },
    }


def answers_of(table: Mapping[str, Any]) -> Answers:
    """The way back from `as_table`.

    Raises:
        ProjectFileRefused: something is missing, unknown, or of another type.
    """
    known = {"name": str, "title": str, "version": str, "sample": bool, "databases": dict}
    _check(table, known, "")
    databases = []
    for name, answer in table["databases"].items():
        kinds = {"dialect": str, "include": list, "exclude": list, "schemas": list, "infer_keys": bool}
        _check(answer, kinds, f"databases.{name}.")
        if not name.isidentifier():
            raise ProjectFileRefused(f"databases.{name}: the name of a database is a Python identifier.")
        choice = Choice(
            include=tuple(answer["include"]),
            exclude=tuple(answer["exclude"]),
            schemas=tuple(answer["schemas"]),
            infer_keys=answer["infer_keys"],
        )
        databases.append(DatabaseAnswer(name=name, dialect=answer["dialect"], choice=choice))
    if not databases or databases[0].name != MAIN:
        raise ProjectFileRefused(f"The first of the databases is called {MAIN!r}.")
    return Answers(
        name=table["name"],
        title=table["title"],
        version=table["version"],
        sample=table["sample"],
        databases=tuple(databases),
    )


def _check(table: object, kinds: Mapping[str, type], where: str) -> None:
    if not isinstance(table, Mapping):
        raise ProjectFileRefused(f"{where.rstrip('.')} is a table.")
    for name, kind in kinds.items():
        value = table.get(name)
        if not isinstance(value, kind):
            raise ProjectFileRefused(f"{where}{name} is missing, or is no {kind.__name__}.")
        if isinstance(value, list) and not all(isinstance(each, str) for each in value):
            raise ProjectFileRefused(f"{where}{name} is a list of texts.")
    for name in table.keys() - kinds.keys():
        raise ProjectFileRefused(f"{where}{name} is not known.", hint="Was the file written by a newer rowgate?")
