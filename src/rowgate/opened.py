"""A project opened: its databases built where they are missing, a gate for each, and its log-in provider.

The server and every command that needs rows or users open a project here, so that all of them see the same.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sqlalchemy import URL, Engine, MetaData, QueuePool, exists, inspect, select
from sqlalchemy.exc import DBAPIError, OperationalError

from rowgate.auth import Provider, make_provider
from rowgate.auth.sql_models import AuthBase, User
from rowgate.budgets import keep_budgets
from rowgate.databases import build_sqlite, make_engine
from rowgate.enforce import Gate, Observer
from rowgate.errors import DatabaseUnreachable, SettingRefused
from rowgate.lacking import database_findings
from rowgate.logic import activate_rules
from rowgate.mapped import mapper_of, table_of
from rowgate.migrations.stamping import stamp_new
from rowgate.outbox import Recorder, create_outbox
from rowgate.policy import CheckFailed
from rowgate.project import MAIN, Fill, Progress, Project
from rowgate.relations.install import install
from rowgate.settings import Settings
from rowgate.startup import declaration_findings, entities_elsewhere

__all__ = ["OpenProject", "log_in_engine", "open_project"]

_AUTH_SETTING = "ROWGATE_AUTH_DATABASE_URL"
_log = logging.getLogger("rowgate.auth")
_log_policy = logging.getLogger("rowgate.policy")


@dataclass(frozen=True, kw_only=True)
class OpenProject:
    """What a server or command works with. Close it, or use it in a ``with`` block.

    Attributes:
        project: the declarations.
        settings: as read at start.
        gate: opens sessions on the rows of the main database.
        provider: knows the users.
        auth_engine: of the log-in database; None where the provider keeps its users in memory.
        further: the gates of the further databases, by name.
    """

    project: Project
    settings: Settings
    gate: Gate
    provider: Provider
    auth_engine: Engine | None
    further: Mapping[str, Gate] = field(default_factory=dict)

    @property
    def gates(self) -> Mapping[str, Gate]:
        """The gate of each database, by name; the main one first."""
        return {MAIN: self.gate, **self.further}

    def gate_of(self, entity: type) -> Gate:
        """The gate of the database that has an entity.

        Raises:
            KeyError: none has it.
        """
        base = mapper_of(entity).base_mapper.class_
        for gate in self.gates.values():
            if base in gate.bound.entities:
                return gate
        raise KeyError(entity.__name__)

    def _engines(self) -> Iterator[Engine]:
        yield from (gate.plain_engine for gate in self.gates.values())
        if self.auth_engine is not None:
            yield self.auth_engine

    def empty_pools(self) -> None:
        """Close the connections that are idle; the pools make new ones. For a process that is about to fork.

        A database in memory keeps its connection, which is the database.
        """
        for engine in self._engines():
            if isinstance(engine.pool, QueuePool):
                # The pool and not the engine: the gate's secured engine works on the same one.
                engine.pool.dispose()

    def close(self) -> None:
        """Close the connections to all databases."""
        for engine in self._engines():
            engine.dispose()

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
        CheckFailed: the policy has errors, or a database lacks tables or columns that the models have.
        DeclarationError: the rules have errors, or the provider lacks something.
        SampleFileError: a file of first rows does not fit the tables.
        DatabaseUnreachable: a database cannot be opened.
        SettingRefused: a setting is for a database that the project does not have.
    """
    _refuse_strange_urls(project, settings)
    # Declarations first: a mistake in them is told before a database is built.
    findings = declaration_findings(project)
    if any(finding.level == "error" for finding in findings):
        raise CheckFailed(findings)
    for finding in findings:
        if finding.code == "P015":  # the other warnings are for `rowgate check`; without this nobody knows why
            _log_policy.warning("%s", finding)
    rules = activate_rules(project.rules, base=project.models) if project.rules else None
    further_rules = {
        each.name: activate_rules(each.rules, base=each.models) if each.rules else None for each in project.databases
    }
    with ExitStack() as on_failure:
        rows = _reached("ROWGATE_DATABASE_URL", settings.database_url, seconds=settings.request_seconds)
        on_failure.callback(rows.dispose)
        _fill_when_missing(rows, project.models.metadata, _noted(project, MAIN, project.fill_rows), progress)
        _refuse_lacking(rows, project.models.metadata, MAIN)
        recorder = Recorder(project.webhooks) if project.webhooks else None
        if recorder is not None:
            create_outbox(rows)
        gate = Gate(
            project.policy,
            rows,
            models=project.models,
            rules=rules,
            observers=observers,
            recorder=recorder,
            elsewhere=entities_elsewhere(project, MAIN),
        )
        if gate.bound.relations is not None:
            types = gate.bound.relations.types
            install(rows, {kind: table_of(entity) for entity, kind in types.items()})
        further: dict[str, Gate] = {}
        for database in project.databases:
            engine = _reached(database.setting, settings.url_of(database.name), seconds=settings.request_seconds)
            on_failure.callback(engine.dispose)
            fill = _noted(project, database.name, database.fill_rows)
            _fill_when_missing(engine, database.models.metadata, fill, progress)
            _refuse_lacking(engine, database.models.metadata, database.name)
            further[database.name] = Gate(
                project.policy,
                engine,
                models=database.models,
                rules=further_rules[database.name],
                observers=observers,
                elsewhere=entities_elsewhere(project, database.name),
                relates=False,
                database=database.name,
            )
        users: Engine | None = None
        if settings.auth_provider == "sql":
            users = log_in_engine(project, settings, progress=progress)
            on_failure.callback(users.dispose)
            _warn_when_empty(users)
        provider = make_provider(settings, project.policy.principal, engine=users)
        on_failure.pop_all()
    return OpenProject(
        project=project, settings=settings, gate=gate, provider=provider, auth_engine=users, further=further
    )


def log_in_engine(project: Project, settings: Settings, *, progress: Progress | None = None) -> Engine:
    """An engine on the log-in database, whose tables are made where they are missing.

    Args:
        project: fills a new one, where it says so.
        settings: which database.
        progress: told how far the filling is.

    Raises:
        DatabaseUnreachable: it cannot be opened, or does not let us make the tables.
    """
    url = settings.auth_database_url
    if url.get_backend_name() == "sqlite" and url.database and not url.database.startswith((":", "file:")):
        Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = _reached(_AUTH_SETTING, url, seconds=settings.request_seconds)
    try:
        if project.fill_users is not None:
            _fill_when_missing(engine, AuthBase.metadata, project.fill_users, progress)
        else:
            AuthBase.metadata.create_all(engine)
    except DBAPIError as error:
        engine.dispose()
        words = " ".join(str(error.orig).split())
        raise DatabaseUnreachable(
            f"{_AUTH_SETTING} is {url!r}: the tables of log-ins cannot be made: {words}"
        ) from error
    except BaseException:
        engine.dispose()
        raise
    return engine


def _warn_when_empty(users: Engine) -> None:
    with users.connect() as connection:
        if not connection.scalar(select(exists().select_from(User))):
            _log.warning("Nobody can log in yet. Add the first user: rowgate add-auth")


def _refuse_strange_urls(project: Project, settings: Settings) -> None:
    """Refuse a URL of a database that there is none of: its name may be a misspelt one."""
    known = {each.name: each.setting for each in project.databases}
    for name in settings.database_urls.keys() - known.keys():
        wanted = ", ".join(known.values()) or "none: the project has its main database alone"
        raise SettingRefused(
            f"ROWGATE_DATABASE_URL_{name.upper()} is for a database that config/settings.py does not declare.",
            hint=f"Such settings of this project are: {wanted}.",
        )


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


def _noted(project: Project, database: str, fill: Fill | None) -> Fill | None:
    """The same, with a note in the new database that it is as the newest migration would have it."""
    if fill is None:
        return None

    def filled(engine: Engine, *, progress: Progress | None = None) -> object:
        done = fill(engine, progress=progress)
        stamp_new(project, engine, database=database)
        return done

    return filled


def _refuse_lacking(engine: Engine, metadata: MetaData, database: str) -> None:
    """Do not serve models that the database does not fit: each request for them would fail."""
    findings = database_findings(engine, metadata, database=database)
    if findings:
        raise CheckFailed(findings)


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
