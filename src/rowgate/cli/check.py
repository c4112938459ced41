"""``rowgate check``: every start-up check, without starting and without a database."""

from __future__ import annotations

from dataclasses import dataclass

import click

from rowgate.auth import Powers
from rowgate.cli.common import Here, as_json, json_option
from rowgate.errors import DeclarationError, SettingRefused
from rowgate.logic import activate_rules
from rowgate.policy import Finding
from rowgate.project import Project
from rowgate.settings import Settings
from rowgate.startup import declaration_findings, secret_findings

__all__ = ["check"]


@dataclass(frozen=True)
class _Line:
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

    These are the checks that the server makes at start. No database is opened. Each finding names the line at fault
    and says what to do; docs/reference/errors.md has a section for each code.

    \b
    Examples:
      rowgate check
      rowgate check --json                 for an editor or a build
      rowgate --project ../shop check

    Exit code 0: no errors (there may be warnings). 1: errors. 2: the project could not be loaded.
    """
    settings = here.settings()
    found = [_of_finding(f) for f in (*declaration_findings(here.project), *secret_findings(settings))]
    found += _rule_faults(here.project)
    found += _role_faults(here.project, settings)
    errors = sum(line.level == "error" for line in found)
    if json_wanted:
        as_json({"ok": not errors, "findings": [vars(line) for line in found]})
    else:
        for line in found:
            click.echo(str(line))
        click.echo(_summary(here.project, errors, len(found) - errors))
    if errors:
        raise click.exceptions.Exit(1)


def _of_finding(finding: Finding) -> _Line:
    source = str(finding.source) if finding.source else None
    return _Line(finding.level, finding.code, finding.message, finding.hint, source)


def _rule_faults(project: Project) -> list[_Line]:
    if project.rules is None:
        return []
    try:
        activate_rules(project.rules, base=project.models)
    except DeclarationError as refused:
        return [_Line("error", refused.code, refused.detail, refused.advice, None)]
    return []


def _role_faults(project: Project, settings: Settings) -> list[_Line]:
    try:
        Powers(settings=settings, policy=project.policy).check()
    except SettingRefused as refused:
        return [_Line("error", refused.code, refused.detail, refused.advice, None)]
    return []


def _summary(project: Project, errors: int, warnings: int) -> str:
    counted = (
        _count(len(list(project.models.registry.mappers)), "entity", "entities"),
        _count(len(project.policy.permissions), "permission"),
        _count(len(project.policy.global_filters), "global filter"),
        _count(len(project.policy.grants), "grant"),
    )
    return f"{_count(errors, 'error')}, {_count(warnings, 'warning')} in {', '.join(counted)}."


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
