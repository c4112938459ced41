"""``rowgate db``: write and run the migrations that make a database like the models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from sqlalchemy import Connection, MetaData

from rowgate.cli.common import Here, TeachingGroup, as_json, json_option
from rowgate.errors import MigrationRefused
from rowgate.project import MAIN

if TYPE_CHECKING:
    from rowgate.migrations.commands import Migrations

__all__ = ["db"]

_SHOWN = 10

_accept_loss = click.option(
    "--accept-loss", is_flag=True, help="SQLite: a table made anew may lose a CHECK, COLLATE and the like."
)


@click.group(cls=TeachingGroup, short_help="Change the database: write migrations and run them.")
@click.option("--database", "name", metavar="NAME", default=MAIN, show_default=True, help="Which of the databases.")
@click.pass_obj
@click.pass_context
def db(context: click.Context, here: Here, name: str) -> None:
    """Make the database like the models: write migrations (with Alembic) and run them.

    The other way round, from the database to the models, goes `rowgate rebuild`.

    \b
    Examples:
      rowgate db migrate -m "customers have an e-mail"    write what differs into migrations/; look at it
      rowgate db upgrade                                  run what has not run
      rowgate db downgrade                                take the last one back
    """
    # Here, because the other commands need not wait for Alembic.
    from rowgate.migrations.commands import Migrations

    project = here.project
    if name not in project.models_of:
        known = ", ".join(project.models_of)
        raise click.BadParameter(f"there is no database {name!r}. The databases are: {known}.", param_hint="--database")
    context.obj = Migrations(project=project, settings=here.settings(), database=name, complete=_complete)


@db.command(short_help="Write a migration: what the models and the database differ in.")
@click.option("-m", "--message", required=True, help="What it does, in a few words.")
@click.option("--drop", multiple=True, metavar="TABLE", help="Drop this table, which no model maps. May be repeated.")
@click.pass_obj
def migrate(migrations: Migrations, message: str, drop: tuple[str, ...]) -> None:
    """Write a migration that makes the database like the models. The database is not changed yet.

    Alembic cannot see that something has another name: it takes that for one dropped and one new. Look at the file, and
    mend it, before you run it.

    \b
    Examples:
      rowgate db migrate -m "customers have an e-mail"
      rowgate db migrate -m "no more faxes" --drop Fax
    """
    from rowgate.generate.migration_files import write_missing
    from rowgate.generate.own_tables import OWN_TABLES

    for name in drop:
        if name in OWN_TABLES:
            raise MigrationRefused(f"{name} is rowgate's own table.", hint="It belongs to the project's declarations.")
    write_missing(migrations.folder)
    done = migrations.migrate(message, drop=drop)
    if done.baseline is not None:
        click.echo(f"Wrote {_short(done.baseline, migrations)}: the tables that were there. The database has them.")
    if done.path is None:
        click.echo("The database is as the models have it: nothing to migrate.")
    else:
        click.echo(f"Wrote {_short(done.path, migrations)}:")
        for change in done.changes:
            click.echo(f"  {change}")
        for note in done.notes:
            click.echo(f"  mind: {note}")
        click.echo(f"Look at it, then run it: {migrations.command} upgrade")
    left = [name for name in migrations.unmapped() if name not in {*OWN_TABLES, *drop}]
    if left:
        more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
        click.echo(f"Left alone, as no model maps them: {', '.join(left[:_SHOWN])}{more}.", err=True)


@db.command(short_help="Run the migrations that have not run.")
@click.argument("revision", default="head")
@_accept_loss
@click.pass_obj
def upgrade(migrations: Migrations, revision: str, accept_loss: bool) -> None:
    """Run the migrations that have not run on the database, up to REVISION (all of them by default).

    \b
    Examples:
      rowgate db upgrade
      rowgate db upgrade +1
    """
    _tell(migrations, revision, down=False, accept_loss=accept_loss)


@db.command(short_help="Take migrations back.")
@click.argument("revision", default="-1")
@_accept_loss
@click.pass_obj
def downgrade(migrations: Migrations, revision: str, accept_loss: bool) -> None:
    """Take back the last migration, or those after REVISION. What is dropped, is dropped with its rows.

    \b
    Examples:
      rowgate db downgrade                 the last one
      rowgate db downgrade -- -2           the last two
      rowgate db downgrade 1f3c5a7b9d2e    down to this one
    """
    _tell(migrations, revision, down=True, accept_loss=accept_loss)


def _tell(migrations: Migrations, revision: str, *, down: bool, accept_loss: bool) -> None:
    count = 0

    def done(id_: str, message: str) -> None:
        nonlocal count
        count += 1
        click.echo(f"{'took back' if down else 'ran'} {id_}{f'  {message}' if message else ''}")

    run = migrations.downgrade if down else migrations.upgrade
    run(revision, done=done, accept_loss=accept_loss)
    if not count:
        click.echo("Nothing to do.")


@db.command(short_help="Show the migration that the database has.")
@json_option
@click.pass_obj
def current(migrations: Migrations, json_wanted: bool) -> None:
    """Show the last migration that has run on the database, and how many have not.

    Exit code 0: all have run. 1: some have not.
    """
    every = migrations.history()
    has = [each for each in every if each.run]
    waiting = [each for each in every if not each.run]
    if json_wanted:
        as_json({"current": has[-1].id if has else None, "waiting": [each.id for each in waiting]})
    elif has:
        click.echo(f"{has[-1].id}  {has[-1].message}")
    else:
        click.echo("None has run." if every else "There are no migrations.")
    if waiting:
        if not json_wanted:
            click.echo(f"{len(waiting)} to run: {migrations.command} upgrade")
        raise click.exceptions.Exit(1)


@db.command(short_help="List the migrations, and which have run.")
@json_option
@click.pass_obj
def history(migrations: Migrations, json_wanted: bool) -> None:
    """List every migration, the first one first; `+` marks those that have run on the database."""
    every = migrations.history()
    if json_wanted:
        as_json([vars(each) for each in every])
        return
    for each in every:
        click.echo(f"{'+' if each.run else ' '} {each.id:<12}  {each.message}")
    if not every:
        click.echo(f"There are no migrations. Write the first one: {migrations.command} migrate -m '...'")


@db.command(short_help="Note which migrations the database has, without running any.")
@click.argument("revision", default="head")
@click.pass_obj
def stamp(migrations: Migrations, revision: str) -> None:
    """Note that the database has the migrations up to REVISION (all by default), without running any.

    For a database that was changed by other means.
    """
    migrations.stamp(revision)
    click.echo(f"Noted: the database has the migrations up to {revision}.")


def _complete(connection: Connection, metadata: MetaData) -> None:
    from rowgate.generate.sqlite_facts import complete

    if connection.dialect.name == "sqlite":
        complete(connection, metadata)


def _short(path: Path, migrations: Migrations) -> str:
    return str(path.relative_to(migrations.project.root)) if path.is_relative_to(migrations.project.root) else str(path)
