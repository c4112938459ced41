"""The databases that policy tests ask: the project's own, a new one with its first rows, or a file's own rows.

The last two are made in memory, and are gone with the bench. A test changes nothing: each deed is rolled back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import cached_property

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event, insert
from sqlalchemy.exc import SQLAlchemyError

from rowgate.auth import Provider, make_provider
from rowgate.databases import begin_explicitly
from rowgate.enforce import Gate
from rowgate.enforce.gate import entities_of
from rowgate.errors import PolicyTestRefused
from rowgate.logic import activate_rules
from rowgate.mapped import mapper_of, table_of
from rowgate.opened import OpenProject, log_in_engine, open_project
from rowgate.policy import BoundPolicy, CheckFailed
from rowgate.project import MAIN, Database, Progress, Project
from rowgate.relations.install import install
from rowgate.relations.table import metadata as relations_metadata
from rowgate.relations.table import write_relationships
from rowgate.settings import Settings
from rowgate.startup import declaration_findings, entities_elsewhere
from rowgate.testing.cases import PolicyFile, PolicyTest, Row, User
from rowgate.testing.gates import Gates
from rowgate.testing.vocabulary import Vocabulary
from rowgate.types import Principal

__all__ = ["Bench"]


class Bench:
    """What the tests of one project stand on; nothing is opened before it is asked for. Use it in a ``with`` block.

    Args:
        project: the declarations.
        settings: which databases are the project's own, and where its log-ins are; read when they are asked for.
        progress: told how far the building of a missing database is.

    Raises:
        CheckFailed: the declarations have errors.
    """

    def __init__(self, project: Project, settings: Callable[[], Settings], *, progress: Progress | None = None) -> None:
        findings = declaration_findings(project)
        if any(finding.level == "error" for finding in findings):
            raise CheckFailed(findings)
        self.project = project
        self._settings, self._progress = settings, progress
        self._close = ExitStack()

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The names that files may use. Needs no database."""
        project = self.project
        return Vocabulary.of(
            {
                name: BoundPolicy(
                    project.policy,
                    entities_of(models),
                    elsewhere=entities_elsewhere(project, name),
                    relates=name == MAIN,
                )
                for name, models in project.models_of.items()
            }
        )

    @cached_property
    def opened(self) -> OpenProject:
        """The project with its own databases.

        Raises:
            RowgateError: as :func:`rowgate.opened.open_project`.
        """
        return self._close.enter_context(open_project(self.project, self._settings(), progress=self._progress))

    def gates(self, file: PolicyFile) -> Gates:
        """The gates that a file's tests ask; for a file with rows of its own new ones at each call.

        Raises:
            PolicyTestRefused: the file's rows do not fit the tables, or there is no new database to be had.
            RowgateError: the project's own database cannot be opened.
        """
        if file.data == "project":
            return Gates(tuple(self.opened.gates.values()))
        return self._new if file.data == "new" else self._of_rows(file)

    def principal(self, user: User, file: PolicyFile, test: PolicyTest) -> Principal:
        """Whom a test means.

        Raises:
            PolicyTestRefused: no such user may log in.
        """
        if not isinstance(user, str):
            return user
        found = self.provider.principal(user)
        if found is None:
            raise PolicyTestRefused(
                f"{file.path}:{test.line}: there is no user {user!r}, neither under users: nor among the log-ins."
            )
        return found

    @cached_property
    def provider(self) -> Provider:
        """Who knows the log-ins; the database of the rows is not opened for that.

        Raises:
            DatabaseUnreachable: the log-in database cannot be opened.
        """
        settings = self._settings()
        engine: Engine | None = None
        if settings.auth_provider == "sql":
            engine = log_in_engine(self.project, settings, progress=self._progress)
            self._close.callback(engine.dispose)
        return make_provider(settings, self.project.policy.principal, engine=engine)

    def close(self) -> None:
        """Close all databases."""
        self._close.close()

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    # --- databases in memory

    @cached_property
    def _new(self) -> Gates:
        def fill(name: str, engine: Engine) -> None:
            first = self._parts[name].fill_rows
            if first is None:
                raise PolicyTestRefused(
                    f"data: new needs rows to start with, and the {name} database of the project has no fill_rows.",
                    hint="Give the file rows: of its own, or leave out data: to ask the project's database.",
                )
            first(engine)

        return self._made(fill)

    def _of_rows(self, file: PolicyFile) -> Gates:
        def fill(name: str, engine: Engine) -> None:
            models = self.project.models_of[name]
            try:
                models.metadata.create_all(engine)
                relations_metadata.create_all(engine)
            except SQLAlchemyError as error:
                raise PolicyTestRefused(
                    f"{file.path}: the tables cannot be made in SQLite: {_words(error)}",
                    hint="Leave out rows:, and ask the project's own database.",
                ) from error
            own = set(entities_of(models))
            with engine.begin() as connection:
                _insert(connection, file, [row for row in file.rows if row.entity in own])
                write_relationships(connection, file.relationships if name == MAIN else ())

        return self._made(fill)

    @property
    def _parts(self) -> dict[str, Project | Database]:
        return {MAIN: self.project, **{each.name: each for each in self.project.databases}}

    def _made(self, fill: Callable[[str, Engine], None]) -> Gates:
        """Gates on new databases in memory, one for each of the project's."""
        made: list[Gate] = []
        for name, part in self._parts.items():
            engine = self._memory()
            fill(name, engine)
            gate = Gate(
                self.project.policy,
                engine,
                models=part.models,
                rules=activate_rules(part.rules, base=part.models) if part.rules is not None else None,
                elsewhere=entities_elsewhere(self.project, name),
                relates=name == MAIN,
            )
            if gate.bound.relations is not None:
                install(engine, {kind: table_of(entity) for entity, kind in gate.bound.relations.types.items()})
            made.append(gate)
        return Gates(tuple(made))

    def _memory(self) -> Engine:
        # One connection, which is the database, for whichever thread asks: no two sessions are open at once.
        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        event.listen(engine, "connect", _own_transactions)
        begin_explicitly(engine)
        self._close.callback(engine.dispose)
        return engine


def _insert(connection: Connection, file: PolicyFile, rows: Iterable[Row]) -> None:
    # Until the end of the transaction: so the file has its rows in any order.
    connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    for row in rows:
        try:
            connection.execute(insert(table_of(row.entity)), _by_column(row))
        except SQLAlchemyError as error:
            raise PolicyTestRefused(
                f"{file.path}:{row.line}: this {row.entity.__name__} cannot be written: {_words(error)}"
            ) from error
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if orphans:
        table, _, parent, _ = orphans[0]
        raise PolicyTestRefused(f"{file.path}: a row of {table} refers to a {parent} that is not under rows:.")


def _own_transactions(connection: object, _entry: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]
    connection.execute("PRAGMA foreign_keys=ON")  # type: ignore[attr-defined]


def _by_column(row: Row) -> dict[str, object]:
    attributes = mapper_of(row.entity).column_attrs
    return {attributes[name].columns[0].key: value for name, value in row.values.items()}


def _words(error: SQLAlchemyError) -> str:
    return " ".join(str(getattr(error, "orig", None) or error).split())
