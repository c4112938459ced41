"""Makes a project from one of ApiLogicServer's: translated by reading it; nothing of the old project is run.

The generated files are the bases of later rebuilds, and the translated ones stand in the project as a user's edits.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import URL

from rowgate.auth.passwords import Passwords
from rowgate.databases import build_sqlite
from rowgate.errors import ImportRefused
from rowgate.generate.answers import MAIN, Answers, DatabaseAnswer
from rowgate.generate.import_als_admin import read_admin
from rowgate.generate.import_als_api import read_api
from rowgate.generate.import_als_logic import read_logic
from rowgate.generate.import_als_models import read_models
from rowgate.generate.import_als_report import FILE, Report
from rowgate.generate.import_als_security import SUPERUSER, read_security
from rowgate.generate.import_als_source import AlsProject
from rowgate.generate.import_als_users import LogIns, fill_log_ins, read_log_ins
from rowgate.generate.introspect import Choice, Progress, read_database
from rowgate.generate.models import write_models
from rowgate.generate.project import check_folder, render, write_new
from rowgate.settings import LOCAL_FILE, write_local

__all__ = ["import_als"]

_INSTANCE: Final = "instance"


def import_als(
    source: Path,
    folder: Path,
    *,
    url: URL | None = None,
    log_in_url: URL | None = None,
    progress: Progress | None = None,
    passwords: Passwords | None = None,
) -> Report:
    """Write a project that does what one of ApiLogicServer's did, all or nothing. The old one is only read.

    Args:
        source: the folder of the old project.
        folder: the new project's; must not be there, or be empty.
        url: the database of the rows; by default the one that the old project names.
        log_in_url: the database of its log-ins; likewise.
        progress: told how far the reading of the database is.
        passwords: how hashes are made.

    Returns:
        What was translated and what was not; the project has it as ``import-report.md``.

    Raises:
        ImportRefused: there is no such project, it cannot be read, or it does not say where its database is.
        NewProjectRefused: the new folder cannot be one.
        DatabaseUnreachable: the database does not answer.
    """
    name = check_folder(folder)
    project = AlsProject(source)
    rows = url or project.database_url()
    if rows is None:
        raise ImportRefused(
            "config/config.py does not say plainly where the database is.", hint="Name it: --db-url URL."
        )
    report = Report()
    files, log_ins = _translated(project, log_in_url, report)
    found = read_database(rows, Choice(), progress=progress)
    answers = Answers(
        name=name,
        title=name.replace("_", "-").replace("-", " ").capitalize(),
        databases=(DatabaseAnswer(name=MAIN, dialect=found.dialect.name),),
    )
    bases = render(answers, {MAIN: write_models(found)})
    files[FILE] = report.text(project.root.name)
    settings = "config/default.env"
    files[settings] = bases[settings].replace("ROWGATE_WHY_ROLES=admin", f"ROWGATE_WHY_ROLES={SUPERUSER}")
    prepare = partial(_prepare, url=rows, log_ins=log_ins, passwords=passwords)
    write_new(folder, {**bases, **files}, answers=answers, bases=bases, prepare=prepare)
    return report


def _translated(project: AlsProject, log_in_url: URL | None, report: Report) -> tuple[dict[str, str], LogIns]:
    source = project.parsed("database/models.py")
    declared = project.parsed("security/declare_security.py")
    if source is None or declared is None:
        raise ImportRefused(f"{project.root} has lost a file.")
    models = read_models(source, project.parsed("database/customize_models.py"), report)
    security = read_security(declared, models.classes, report)
    log_ins = read_log_ins(log_in_url or project.log_in_url(), report)
    files = {
        "database/models.py": models.text,
        "database/customize_models.py": models.customized,
        "security/declare_security.py": security.text(log_ins.claims, log_ins.roles),
        **read_logic(project, models.classes, report),
        **read_api(project, report),
    }
    admin = read_admin(project.text("ui/admin/admin.yaml"), models.classes, report)
    if admin is not None:
        files["ui/admin.yaml"] = admin
    return files, log_ins


def _prepare(folder: Path, *, url: URL, log_ins: LogIns, passwords: Passwords | None) -> None:
    instance = folder / _INSTANCE
    instance.mkdir(mode=0o700)
    write_local(instance / LOCAL_FILE, {"ROWGATE_DATABASE_URL": url.render_as_string(hide_password=False)})
    build_sqlite(instance / "auth.sqlite", partial(fill_log_ins, log_ins=log_ins, passwords=passwords))
