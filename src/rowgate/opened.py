"""A project opened: its databases built where they are missing, its gate and its log-in provider.

The server and every command that needs rows or users open a project here, so that all of them see the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import URL, Engine, MetaData, QueuePool, inspect
from sqlalchemy.exc import OperationalError

from rowgate.auth import Provider, make_provider
from rowgate.auth.sql_models import AuthBase
from rowgate.budgets import keep_budgets
from rowgate.databases import build_sqlite, make_engine
from rowgate.enforce import Gate, Observer
from rowgate.errors import DatabaseUnreachable
from rowgate.logic import activate_rules
from rowgate.mapped import table_of
from rowgate.outbox import Recorder, create_outbox
from rowgate.policy import CheckFailed
from rowgate.project import Fill, Progress, Project
from rowgate.relations.install import install
from rowgate.settings import Settings
from rowgate.startup import declaration_findings

__all__ = ["OpenProject", "open_project"]


@dataclass(frozen=True, kw_only=True)
class OpenProject:
    """What a server or command works with. Close it, or use it in a ``with`` block.

    Attributes:
        project: the declarations.
        settings: as read at start.
        gate: opens sessions on the rows.
        provider: knows the users.
        auth_engine: of the log-in database; None where the provider keeps its users in memory.
    """

    project: Project
    settings: Settings
    gate: Gate
    provider: Provider
    auth_engine: Engine | None

    def empty_pools(self) -> None:
        """Close the connections that are idle; the pools make new ones. For a process that is about to fork.

        A database in memory keeps its connection, which is the database.
        """
        for engine in (self.gate.plain_engine, self.auth_engine):
            if engine is not None and isinstance(engine.pool, QueuePool):
                # The pool and not the engine: the gate's secured engine works on the same one.
                engine.pool.dispose()

    def close(self) -> None:
        """Close the connections to both databases."""
        self.gate.plain_engine.dispose()
        if self.auth_engine is not None:
            self.auth_engine.dispose()

    def __enter__(self) -> OpenProject:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def open_project(
    project: Project,
    settings: Settings,
    *,
    observers: Sequence[Observer] = (),
    progress: Progress | None = None,
) -> OpenProject:
    """Check a project's declarations, build its databases where they are missing, and open them.

    Args:
        project: from `load_project`.
        settings: which databases, which provider.
        observers: told of every statement.
        progress: told how far the building of a missing database is.

    Raises:
        CheckFailed: the policy has errors.
        DeclarationError: the rules have errors, or the provider lacks something.
        SampleFileError: a file of first rows does not fit the tables.
        DatabaseUnreachable: a database cannot be opened.
    """
    # Declarations first: a mistake in them is told before a database is built.
    findings = declaration_findings(project)
    if any(finding.level == "error" for finding in findings):
        raise CheckFailed(findings)
    rules = activate_rules(project.rules, base=project.models) if project.rules else None
    with ExitStack() as on_failure:
        rows = _reached("ROWGATE_DATABASE_URL", settings.database_url, seconds=settings.request_seconds)
        on_failure.callback(rows.dispose)
        _fill_when_missing(rows, project.models.metadata, project.fill_rows, progress)
        recorder = Recorder(project.webhooks) if project.webhooks else None
        if recorder is not None:
            create_outbox(rows)
        gate = Gate(project.policy, rows, models=project.models, rules=rules, observers=observers, recorder=recorder)
        if gate.bound.relations is not None:
            types = gate.bound.relations.types
            install(rows, {kind: table_of(entity) for entity, kind in types.items()})
        users: Engine | None = None
        if settings.auth_provider == "sql":
            users = _reached("ROWGATE_AUTH_DATABASE_URL", settings.auth_database_url, seconds=settings.request_seconds)
            on_failure.callback(users.dispose)
            _fill_when_missing(users, AuthBase.metadata, project.fill_users, progress)
        provider = make_provider(settings, project.policy.principal, engine=users)
        on_failure.pop_all()
    return OpenProject(project=project, settings=settings, gate=gate, provider=provider, auth_engine=users)


def _reached(setting: str, url: URL, *, seconds: float) -> Engine:
    """An engine whose database answers; a SQLite file that is not there yet will be made."""
    try:
        engine = make_engine(url)
        keep_budgets(engine, seconds=seconds)
        if engine.dialect.name != "sqlite":
            engine.connect().close()
    except (ModuleNotFoundError, OperationalError) as error:
        # The driver's own words name the host and the user, and never the password; nor does the URL as shown.
        cause = error.orig if isinstance(error, OperationalError) else error
        raise DatabaseUnreachable(f"{setting} is {url!r}: {' '.join(str(cause).split())}") from error
    return engine


def _fill_when_missing(engine: Engine, metadata: MetaData, fill: Fill | None, progress: Progress | None) -> None:
    """Fill a SQLite file that is not there, or another database that has none of the tables."""
    if fill is None:
        return
    database = engine.url.database
    if engine.dialect.name == "sqlite" and database and database != ":memory:" and not database.startswith("file:"):
        if not Path(database).exists():
            build_sqlite(Path(database), partial(fill, progress=progress))
    elif not set(inspect(engine).get_table_names()) & {table.name for table in metadata.tables.values()}:
        if engine.dialect.name == "sqlite":  # in memory: another engine would fill another database
            fill(engine, progress=progress)
            return
        unhurried = make_engine(engine.url)  # what a request may take does not limit the loading of a whole database
        try:
            fill(unhurried, progress=progress)
        finally:
            unhurried.dispose()
