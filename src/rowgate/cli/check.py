"""``rowgate check``: every start-up check, without starting; it writes nothing."""

from __future__ import annotations

from dataclasses import dataclass

import click

from rowgate.auth import Powers
from rowgate.cli.common import Here, as_json, json_option
from rowgate.errors import DeclarationError, SettingRefused
from rowgate.lacking import lacking_of_project
from rowgate.logic import activate_rules
from rowgate.policy import Finding
from rowgate.project import Project
from rowgate.settings import Settings
from rowgate.startup import declaration_findings, secret_findings

__all__ = ["CheckLine", "check", "checked"]


@dataclass(frozen=True)
class CheckLine:
    """A finding of a check, or a declaration that could not be read at all."""

    level: str
    code: str
    message: str
    hint: str
    source: str | None

    def __str__(self) -> str:
        where = f"{self.source}: " if self.source else ""
        return f"{where}{self.level} {self.code}: {self.message}\n    {self.hint}"


@click.command(short_help="Check declarations, rules and settings.")
@json_option
@click.pass_obj
def check(here: Here, json_wanted: bool) -> None:
    """Check the project's declarations, rules, settings and signing secret.

    These are the checks that the server makes at start. A database that is there is looked at: has it the tables and
    columns of the models? Nothing is written. Each finding names the line at fault and says what to do;
    docs/reference/errors.md has a section for each code.

    \b
    Examples:
      rowgate check
      rowgate check --json                 for an editor or a build
      rowgate --project ../shop check

    Exit code 0: no errors (there may be warnings). 1: errors. 2: the project could not be loaded.
    """
    found = checked(here)
    errors = sum(line.level == "error" for line in found)
    if json_wanted:
        as_json({"ok": not errors, "findings": [vars(line) for line in found]})
    else:
        for line in found:
            click.echo(str(line))
        click.echo(_summary(here.project, errors, len(found) - errors))
    if errors:
        raise click.exceptions.Exit(1)


def checked(here: Here) -> list[CheckLine]:
    """What every check of a project finds.

    Args:
        here: the project.

    Raises:
        ProjectRefused, SettingRefused: the project cannot be loaded.
        Exception: whatever its modules raise.
    """
    settings = here.settings()
    found = [_of_finding(f) for f in (*declaration_findings(here.project), *secret_findings(settings))]
    found += _rule_faults(here.project)
    found += _role_faults(here.project, settings)
    found += [_of_finding(finding) for finding in lacking_of_project(here.project, settings)]
    return found


def _of_finding(finding: Finding) -> CheckLine:
    source = str(finding.source) if finding.source else None
    return CheckLine(finding.level, finding.code, finding.message, finding.hint, source)


def _rule_faults(project: Project) -> list[CheckLine]:
    found: list[CheckLine] = []
    for rules, models in ((project.rules, project.models), *((each.rules, each.models) for each in project.databases)):
        try:
            if rules is not None:
                activate_rules(rules, base=models)
        except DeclarationError as refused:
            found.append(CheckLine("error", refused.code, refused.detail, refused.advice, None))
    return found


def _role_faults(project: Project, settings: Settings) -> list[CheckLine]:
    try:
        Powers(settings=settings, policy=project.policy).check()
    except SettingRefused as refused:
        return [CheckLine("error", refused.code, refused.detail, refused.advice, None)]
    return []


def _summary(project: Project, errors: int, warnings: int) -> str:
    counted = (
        _count(sum(len(list(models.registry.mappers)) for models in project.models_of.values()), "entity", "entities"),
        _count(len(project.policy.permissions), "permission"),
        _count(len(project.policy.global_filters), "global filter"),
        _count(len(project.policy.grants), "grant"),
    )
    return f"{_count(errors, 'error')}, {_count(warnings, 'warning')} in {', '.join(counted)}."


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
