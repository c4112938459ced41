"""``rowgate add-db``: a second database for the project, under the same policy."""

from __future__ import annotations

import os
from pathlib import Path

import click

from rowgate.cli.common import Here
from rowgate.errors import DatabaseUnreachable

__all__ = ["add_db"]


@click.command("add-db", short_help="Add a second database, under the same policy.")
@click.argument("name")
@click.option(
    "--db-url",
    metavar="URL",
    help="The database, as SQLAlchemy writes it. [default: the setting ROWGATE_DATABASE_URL_<NAME> of the environment]",
)
@click.option("--include", metavar="PATTERN", multiple=True, help="Only tables like this (order*); may be repeated.")
@click.option("--exclude", metavar="PATTERN", multiple=True, help="No tables like this; may be repeated.")
@click.option("--schema", "schemas", metavar="NAME", multiple=True, help="A schema to read; may be repeated.")
@click.option("--infer-keys", is_flag=True, help="Take a unique key where a table has no primary key.")
@click.pass_obj
def add_db(
    here: Here,
    name: str,
    db_url: str | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    schemas: tuple[str, ...],
    infer_keys: bool,
) -> None:
    """Add a database to the project: its mapped classes, its API and its admin app below /NAME/.

    The policy of the project holds for it from the start: until security/declare_security.py says more, global filters
    bind its entities by their columns, and roles' permissions give their verbs. The database is only read. Its address,
    with the password, goes into instance/local.env, which is not committed.

    \b
    Examples:
      rowgate add-db hr --db-url sqlite:///hr.sqlite
      rowgate add-db hr --db-url postgresql://ada@localhost/people --schema staff
      rowgate add-db old_books --db-url mysql://ada@localhost/books --exclude 'tmp_*'
    """
    # Here, because the other commands need not wait for what reads databases and writes files.
    from rowgate.cli.new import Progress, advice
    from rowgate.cli.new_summary import say_report
    from rowgate.generate.add_database import add_database
    from rowgate.generate.introspect import Choice
    from rowgate.generate.new import parsed_url

    text = db_url or os.environ.get(f"ROWGATE_DATABASE_URL_{name.upper()}")
    if not text:
        raise click.UsageError("Which database? Add --db-url URL.")
    url = parsed_url(text, beside=Path.cwd())
    choice = Choice(include=include, exclude=exclude, schemas=schemas, infer_keys=infer_keys)
    try:
        added = add_database(here.folder, name, url, choice, progress=Progress())
    except DatabaseUnreachable as error:
        raise DatabaseUnreachable(error.detail, hint=advice(url, error)) from error
    shown = url.set(query={}).render_as_string(hide_password=True)
    click.echo(f"Added {name}: {len(added.models.classes)} classes from {shown}.\n")
    say_report(added.models.report)
    click.echo(f"\nWrote {', '.join(added.written)}; its address is {added.setting} in {added.local}.")
    for path, lines in added.by_hand.items():
        click.echo(f"\n{path} has been edited so that this must be added by hand:\n")
        click.echo("\n".join(f"  {line}" for line in lines.splitlines()))
    click.echo(
        f"\nThe API is at /{added.prefix}/api, the admin app at /{added.prefix}/. The policy that stands holds for it\n"
        f"at once: see `rowgate whoami USER`, and declare what is its own in security/declare_security.py:\n"
        f"  from {added.module} import ..."
    )
    if added.by_hand:
        raise click.exceptions.Exit(1)
