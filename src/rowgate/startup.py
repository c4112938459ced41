"""Start-up checks of a whole project: its policy, its tables, its signing secret.

The server refuses to start on an error; ``rowgate check`` shows the same findings, and the warnings.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.orm import DeclarativeBase

from rowgate.admin import ADMIN_FILE, Faults, check_names, read_file
from rowgate.auth import signing_secret
from rowgate.auth.secret import FILE_NAME
from rowgate.auth.sql_models import AuthBase
from rowgate.enforce.gate import entities_of
from rowgate.errors import SecretRefused
from rowgate.policy import BoundPolicy, CheckFailed, Finding
from rowgate.policy.declarations import Source
from rowgate.project import MAIN, Project
from rowgate.settings import Settings

__all__ = ["admin_findings", "declaration_findings", "entities_elsewhere", "secret_findings"]


def declaration_findings(project: Project) -> list[Finding]:
    """What the checks note about the declarations and the mapped classes, errors and warnings."""
    # What is wrong with the policy itself is found again with each database.
    found = dict.fromkeys(
        finding for name, models in project.models_of.items() for finding in _policy_findings(project, name, models)
    )
    return [*found, *admin_findings(project)]


def entities_elsewhere(project: Project, database: str) -> Sequence[Sequence[type]]:
    """The mapped classes of each database but one."""
    return [entities_of(models) for name, models in project.models_of.items() if name != database]


def _policy_findings(project: Project, name: str, models: type[DeclarativeBase]) -> list[Finding]:
    elsewhere = entities_elsewhere(project, name)
    try:
        bound = BoundPolicy(project.policy, entities_of(models), elsewhere=elsewhere, relates=name == MAIN)
        found = list(bound.findings)
    except CheckFailed as refused:
        found = list(refused.findings)
    for table in sorted(models.metadata.tables.keys() & AuthBase.metadata.tables.keys()):
        found.append(Finding.of("P008", f"The models map {table}, a table of the log-in database."))
    return found


def admin_findings(project: Project) -> list[Finding]:
    """What is wrong with the admin app's files: what cannot be meant, names that the models lack, unknown keys."""
    found = _file_findings(project, ADMIN_FILE, project.models)
    for database in project.databases:
        found += _file_findings(project, database.admin_file, database.models)
    return found


def _file_findings(project: Project, where: Path, models: type[DeclarativeBase]) -> list[Finding]:
    faults = Faults()
    file = read_file(project.root, faults, where)
    check_names(file, entities_of(models), faults)
    path = str(project.root / where)
    codes = {"error": "P030", "warning": "P031"}
    return [
        Finding.of(codes[fault.level], fault.message, source=Source(path, fault.line), hint=fault.hint)
        for fault in sorted(faults, key=lambda fault: fault.line)
    ]


def secret_findings(settings: Settings) -> list[Finding]:
    """Whether the server would start with the signing secret there is; one still to be generated is sound."""
    if settings.secret is None and not (settings.instance / FILE_NAME).exists():
        return []
    try:
        signing_secret(settings)
    except SecretRefused as refused:
        return [Finding.of("P009", refused.detail, hint=refused.advice)]
    return []
