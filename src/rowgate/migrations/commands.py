"""The migrations of one database of a project: written, run, taken back, listed."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy import URL, Connection, MetaData, Table, inspect, make_url
from sqlalchemy.exc import SAWarning

from rowgate.errors import MigrationRefused
from rowgate.migrations.baseline import as_it_is, has_tables_of, mapped_there
from rowgate.migrations.changes import Baseline, Changes
from rowgate.migrations.connections import connected, migrating
from rowgate.migrations.preparing import preparations
from rowgate.migrations.stamping import folder_of
from rowgate.migrations.triggers import make_triggers
from rowgate.migrations.wiring import ATTRIBUTE, BASELINE, VERSION_TABLE, Wiring
from rowgate.project import MAIN, Project
from rowgate.settings import Settings

__all__ = ["Migrations", "Revision", "Written"]


@dataclass(frozen=True, kw_only=True)
class Revision:
    """One migration.

    Args:
        id: Alembic's.
        message: what it was said to do.
        run: whether it has run on the database.
    """

    id: str
    message: str
    run: bool


@dataclass(frozen=True, kw_only=True)
class Written:
    """What `Migrations.migrate` did.

    Args:
        path: the new migration; None where nothing differs.
        changes: what it does, in words.
        notes: what Alembic says of it.
        baseline: the migration that makes what was there before, when it was written now.
    """

    path: Path | None
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    baseline: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Migrations:
    """The migrations of one database.

    Args:
        project: whose models they follow.
        settings: where the database is.
        database: its name in the project.
        complete: adds what SQLAlchemy's reflection misses to reflected tables, for the baseline.
    """

    project: Project
    settings: Settings
    database: str = MAIN
    complete: Callable[[Connection, MetaData], None] | None = None

    @property
    def folder(self) -> Path:
        """Where they are kept."""
        return folder_of(self.project, self.database)

    @property
    def metadata(self) -> MetaData:
        """The tables as the models have them."""
        return self.project.models_of[self.database].metadata

    @property
    def command(self) -> str:
        """The command that works on them."""
        return "rowgate db" if self.database == MAIN else f"rowgate db --database {self.database}"

    @property
    def setting(self) -> str:
        """The variable that holds the database's URL."""
        found = [each.setting for each in self.project.databases if each.name == self.database]
        return found[0] if found else "ROWGATE_DATABASE_URL"

    @property
    def url(self) -> URL:
        """Where the database is."""
        return self.settings.database_url if self.database == MAIN else self.settings.url_of(self.database)

    def migrate(self, message: str, *, drop: Iterable[str] = ()) -> Written:
        """Write a migration that makes the database like the models; nothing is changed in the database.

        Before the first one, the tables that are there are written down as the baseline, and the database is noted to
        have it: an empty database is later brought to the same state.

        Args:
            message: what it does, in a few words.
            drop: tables that no model maps and that are to go; others are left alone.

        Raises:
            MigrationRefused: not all migrations have run on the database, or `drop` names no such table.
            DatabaseUnreachable: it cannot be opened.
        """
        dropped = frozenset(drop)
        baseline = None
        with self._looking() as connection:
            self._check_drop(connection, dropped)
            there = mapped_there(connection, self.metadata)
            heads = self._heads()
        if not heads and there:
            baseline = self._write_baseline(there)
        with self._looking() as connection:
            self._check_at_head(connection)
            changes = Changes()
            wiring = self._wiring(connection, self.metadata, drop=dropped)
            with warnings.catch_warnings(record=True) as noted:
                warnings.simplefilter("always", UserWarning)
                script = self._revision(wiring, message, changes)
        path = None if script is None else Path(script)
        notes = tuple(" ".join(str(each.message).split()) for each in noted)
        return Written(path=path, changes=tuple(changes.words), notes=notes, baseline=baseline)

    def upgrade(self, revision: str = "head", *, done: Callable[[str, str], None], accept_loss: bool = False) -> None:
        """Run migrations that have not run.

        A database that has the tables of the baseline already is noted to have it first.

        Args:
            revision: up to which one.
            done: told each one: its id and its message.
            accept_loss: whether SQLite's tables may lose what the migration does not say; see `nothing_lost`.

        Raises:
            MigrationRefused: there is no such migration, or only a part of the baseline's tables is there.
            MigrationFailed: the database refused a statement.
            DatabaseUnreachable: it cannot be opened.
        """
        self._run(command.upgrade, revision, done, adopt=True, accept_loss=accept_loss)

    def downgrade(self, revision: str = "-1", *, done: Callable[[str, str], None], accept_loss: bool = False) -> None:
        """Take migrations back.

        Args:
            revision: down to which one, or how many: ``-1`` is the last; ``base`` is all.
            done: told each one: its id and its message.
            accept_loss: as for `upgrade`.

        Raises:
            MigrationRefused: there is no such migration, or it is the baseline, which would drop every table.
            MigrationFailed: the database refused a statement.
            DatabaseUnreachable: it cannot be opened.
        """
        self._run(command.downgrade, revision, done, accept_loss=accept_loss)

    def stamp(self, revision: str = "head") -> None:
        """Note that the database has the migrations up to one, without running any.

        Raises:
            MigrationRefused: there is no such migration.
            DatabaseUnreachable: the database cannot be opened.
        """
        self._run(command.stamp, revision, lambda _id, _message: None)

    def history(self) -> list[Revision]:
        """Every migration, the first one first."""
        if not self._written():
            return []
        with self._looking() as connection, _told_by_us():
            scripts = self._scripts()
            has = _current(connection)
            run = {each.revision for each in scripts.iterate_revisions(has, "base")} if has else set()
            found = list(scripts.walk_revisions())
        return [
            Revision(id=each.revision, message=(each.doc or "").removesuffix("."), run=each.revision in run)
            for each in found[::-1]
        ]

    def unmapped(self) -> list[str]:
        """The tables of the database that no model maps; migrations leave them alone."""
        with self._looking() as connection:
            return [each for each in inspect(connection).get_table_names() if each not in self.metadata.tables]

    # --- the parts ----------------------------------------------------------------------------------------------

    @contextmanager
    def _looking(self) -> Iterator[Connection]:
        """A connection to look with; a SQLite file that is not there is not made by looking."""
        url = self.url if _exists(self.url) else make_url("sqlite://")
        with connected(self.setting, url) as connection, warnings.catch_warnings():
            # What SQLAlchemy cannot reflect (an index on an expression), it cannot compare either.
            warnings.simplefilter("ignore", SAWarning)
            yield connection

    def _run(
        self,
        action: Callable[..., Any],
        revision: str,
        done: Callable[[str, str], None],
        *,
        adopt: bool = False,
        accept_loss: bool = False,
    ) -> None:
        if not self._written():
            raise MigrationRefused(
                f"There are no migrations in {self.folder}.",
                hint=f"Write the first one: {self.command} migrate -m '...'",
            )
        if self.url.get_backend_name() == "sqlite" and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        with migrating(self.setting, self.url, accept_loss=accept_loss) as connection, _told_by_us():
            config = self._config(self._wiring(connection, self.metadata, done=done))
            adopted = adopt and not _current(connection) and self._has_baseline(connection)
            _end(connection)
            if adopted:
                command.stamp(config, BASELINE)
                _end(connection)
            action(config, revision)
        if self.database == MAIN:
            make_triggers(self.project, self.settings)

    def _wiring(
        self,
        connection: Connection,
        metadata: MetaData,
        *,
        empty: bool = False,
        drop: frozenset[str] = frozenset(),
        done: Callable[[str, str], None] | None = None,
    ) -> Wiring:
        options: Mapping[str, Any] = {"transactional_ddl": True} if connection.dialect.name == "sqlite" else {}
        return Wiring(
            connection=connection,
            metadata=metadata,
            empty=empty,
            drop=drop,
            options=options,
            done=done or (lambda _id, _message: None),
        )

    def _config(self, wiring: Wiring | None = None) -> Config:
        config = Config()
        config.cmd_opts = argparse.Namespace(quiet=True)
        config.set_main_option("script_location", str(self.folder).replace("%", "%%"))
        config.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(slug)s_%%(rev)s")
        config.set_main_option("path_separator", "os")
        if wiring is not None:
            config.attributes[ATTRIBUTE] = wiring
        return config

    def _scripts(self) -> ScriptDirectory:
        return ScriptDirectory.from_config(self._config())

    def _written(self) -> bool:
        return any((self.folder / "versions").glob("*.py"))

    def _heads(self) -> Sequence[str]:
        if not self._written():
            return []
        with _told_by_us():
            return self._scripts().get_heads()

    def _check_at_head(self, connection: Connection) -> None:
        heads, has = self._heads(), _current(connection)
        if len(heads) > 1:
            raise MigrationRefused(
                f"The migrations end in {len(heads)} places: {', '.join(sorted(heads))}.",
                hint="Two were written from one: let the newer one's down_revision name the other.",
            )
        if set(heads) != set(has):
            state = f"has {', '.join(has)}" if has else "has none of the migrations"
            raise MigrationRefused(
                f"The database {state}, and the last one is {heads[0] if heads else 'missing here'}.",
                hint=f"Run them first: {self.command} upgrade. Where it has them in fact: {self.command} stamp",
            )

    def _check_drop(self, connection: Connection, drop: frozenset[str]) -> None:
        there = set(inspect(connection).get_table_names())
        for name in sorted(drop):
            if name in self.metadata.tables:
                raise MigrationRefused(f"{name} is mapped by a model.", hint="Remove its class first.")
            if name not in there:
                raise MigrationRefused(f"The database has no table {name}.")

    def _write_baseline(self, tables: Sequence[Table]) -> Path:
        with self._looking() as connection:
            found = as_it_is(connection, tables)
            if self.complete is not None:
                self.complete(connection, found)
            process = Baseline(preparations(connection, found, self.metadata))
            _end(connection)
            wiring = self._wiring(connection, found, empty=True)
            script = self._revision(wiring, "tables that were there", process, rev_id=BASELINE)
        self.stamp(BASELINE)
        return Path(script or "")

    def _revision(
        self, wiring: Wiring, message: str, process: Callable[..., None], *, rev_id: str | None = None
    ) -> str | None:
        (self.folder / "versions").mkdir(parents=True, exist_ok=True)
        with _told_by_us():
            made = command.revision(
                self._config(wiring),
                message=message,
                autogenerate=True,
                rev_id=rev_id,
                process_revision_directives=process,
            )
        scripts = made if isinstance(made, list) else [made]
        return next((each.path for each in scripts if each is not None), None)

    def _has_baseline(self, connection: Connection) -> bool:
        """Whether the database has the tables that the baseline would make; some but not all is a mistake."""
        scripts = self._scripts()
        if BASELINE not in {each.revision for each in scripts.walk_revisions()}:
            return False
        return has_tables_of(Path(scripts.get_revision(BASELINE).path), connection)


def _current(connection: Connection) -> tuple[str, ...]:
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return context.get_current_heads()


def _end(connection: Connection) -> None:
    """End the transaction that looking began, so that Alembic begins its own; on SQLite all is one transaction."""
    if connection.dialect.name != "sqlite":
        connection.rollback()


def _exists(url: URL) -> bool:
    file = url.database
    return url.get_backend_name() != "sqlite" or not file or file.startswith((":", "file:")) or Path(file).exists()


@contextmanager
def _told_by_us() -> Iterator[None]:
    """Alembic's own complaints, with a code."""
    try:
        with warnings.catch_warnings():
            # Of what tables made anew would lose: `nothing_lost` sees to that.
            warnings.filterwarnings("ignore", "Unnamed CHECK constraint on reflected", UserWarning)
            warnings.simplefilter("ignore", SAWarning)
            yield
    except (CommandError, RevisionError) as error:
        raise MigrationRefused(" ".join(str(error).split())) from error
