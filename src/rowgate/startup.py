"""Start-up checks of a whole project: its policy, its tables, its signing secret.

The server refuses to start on an error; ``rowgate check`` shows the same findings, and the warnings.
"""

from __future__ import annotations

from rowgate.admin import ADMIN_FILE, Faults, check_names, read_file
from rowgate.auth import signing_secret
from rowgate.auth.secret import FILE_NAME
from rowgate.auth.sql_models import AuthBase
from rowgate.enforce.gate import entities_of
from rowgate.errors import SecretRefused
from rowgate.policy import BoundPolicy, CheckFailed, Finding
from rowgate.policy.declarations import Source
from rowgate.project import Project
from rowgate.settings import Settings

__all__ = ["admin_findings", "declaration_findings", "secret_findings"]


def declaration_findings(project: Project) -> list[Finding]:
    """What the checks note about the declarations and the mapped classes, errors and warnings."""
    try:
        found = list(BoundPolicy(project.policy, entities_of(project.models)).findings)
    except CheckFailed as refused:
        found = list(refused.findings)
    for name in sorted(project.models.metadata.tables.keys() & AuthBase.metadata.tables.keys()):
        found.append(Finding.of("P008", f"The models map {name}, a table of the log-in database."))
    return [*found, *admin_findings(project)]


def admin_findings(project: Project) -> list[Finding]:
    """What is wrong with ``ui/admin.yaml``: what cannot be meant, names that the models do not have, unknown keys."""
    faults = Faults()
    file = read_file(project.root, faults)
    check_names(file, entities_of(project.models), faults)
    path = str(project.root / ADMIN_FILE)
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
