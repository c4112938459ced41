"""``rowgate admin-yaml``: the admin app's file, written with what differs from the models and no more."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import click
from sqlalchemy.orm import DeclarativeBase

from rowgate.admin import ADMIN_FILE, AdminFile, Faults, check_names, read_text
from rowgate.admin.fields import Fields
from rowgate.admin.json_schema import json_schema
from rowgate.admin.written import full, short, yaml_text
from rowgate.api.resources import Resources
from rowgate.cli.common import Here
from rowgate.enforce.gate import entities_of
from rowgate.logic import activate_rules
from rowgate.project import MAIN, Project

__all__ = ["admin_yaml"]

HEAD = """What the admin app shows otherwise than the models give it. docs/reference/admin-yaml.md lists every key;
`rowgate admin-yaml` writes this file anew with what differs, and with --full all there is."""


@click.command("admin-yaml", short_help="Write ui/admin.yaml: what differs from the models.")
@click.option("--full", "everything", is_flag=True, help="All there is, defaults filled in, as ApiLogicServer has it.")
@click.option(
    "--from",
    "source",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Read this file instead of the project's: one of ApiLogicServer's, say.",
)
@click.option("--database", metavar="NAME", default=MAIN, help="The file of this further database.")
@click.option("--write", is_flag=True, help="Write ui/admin.yaml instead of printing; comments in it are lost.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the file instead.")
@click.pass_obj
def admin_yaml(here: Here, everything: bool, source: Path | None, database: str, write: bool, schema: bool) -> None:
    """Print ui/admin.yaml as it would be written: only what the models and rules do not give by themselves.

    \b
    Examples:
      rowgate admin-yaml                         what is needed of the present file
      rowgate admin-yaml --full                  every resource, attribute and tab, to copy from
      rowgate admin-yaml --from als.yaml         take over ApiLogicServer's file: look first, then add --write
      rowgate admin-yaml --schema                for an editor that checks while you type
    """
    if schema:
        click.echo(json.dumps(json_schema(), indent=2))
        return
    if source is not None and not source.is_file():
        raise click.BadParameter(f"there is no file {source}.", param_hint="--from")
    project = here.project
    models, declare, name = _of_database(project, database)
    path = source or project.root / name
    entities = entities_of(models)
    file = _read(path, entities) if path.is_file() else AdminFile()
    rules = activate_rules(declare, base=models) if declare is not None else None
    fields = Fields(
        file=file,
        resources=Resources(entities),
        derived=rules.derived if rules is not None else {},
        defaulted=rules.defaulted if rules is not None else {},
    )
    text = yaml_text(full(fields) if everything else short(fields), head=HEAD)
    if not write:
        click.echo(text, nl=False)
        return
    target = project.root / name
    target.parent.mkdir(exist_ok=True)
    target.write_text(text, encoding="utf-8")
    click.echo(f"Wrote {target}.", err=True)


def _of_database(project: Project, name: str) -> tuple[type[DeclarativeBase], Callable[[], None] | None, Path]:
    """The models, the rules and the file of a database.

    Raises:
        click.BadParameter: there is none of that name.
    """
    if name == MAIN:
        return project.models, project.rules, ADMIN_FILE
    for each in project.databases:
        if each.name == name:
            return each.models, each.rules, each.admin_file
    known = ", ".join(project.models_of)
    raise click.BadParameter(f"there is no database {name!r}. The databases are: {known}.", param_hint="--database")


def _read(path: Path, entities: list[type]) -> AdminFile:
    faults = Faults()
    file = read_text(path.read_text(encoding="utf-8"), faults)
    check_names(file, entities, faults)
    for fault in sorted(faults, key=lambda each: each.line):
        advice = f" {fault.hint}" if fault.hint else ""
        click.echo(f"{path}:{fault.line}: {fault.level}: {fault.message}{advice}", err=True)
    if faults.fatal:
        raise click.ClickException(f"{path} has errors; nothing was written.")
    return file
