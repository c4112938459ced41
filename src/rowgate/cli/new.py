"""``rowgate new``: a project for a database, or the reference project."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import click
from sqlalchemy import URL

from rowgate.cli.passwords import generated, read_password
from rowgate.errors import DatabaseUnreachable

__all__ = ["Progress", "advice", "new"]

_INSTALL: Final = {
    "postgresql": "pip install 'rowgate[postgresql]'",
    "mysql": "pip install 'rowgate[mysql]'",
    "mariadb": "pip install 'rowgate[mysql]'",
    "oracle": "pip install oracledb",
    "mssql": "pip install pyodbc",
}


@click.command(short_help="Write a project for your database.")
@click.argument("project", type=click.Path(path_type=Path))
@click.option("--db-url", metavar="URL", envvar="ROWGATE_DATABASE_URL", help="The database, as SQLAlchemy writes it.")
@click.option("--include", metavar="PATTERN", multiple=True, help="Only tables like this (order*); may be repeated.")
@click.option("--exclude", metavar="PATTERN", multiple=True, help="No tables like this; may be repeated.")
@click.option("--schema", "schemas", metavar="NAME", multiple=True, help="A schema to read; may be repeated.")
@click.option("--infer-keys", is_flag=True, help="Take a unique key where a table has no primary key.")
@click.option("--title", metavar="TEXT", help="What the admin app is called. [default: made from PROJECT]")
@click.option("--user", metavar="USER", default="admin", show_default=True, help="The first user.")
@click.option("--ask-password", "asks", is_flag=True, help="Ask for their password. [default: one is made up]")
@click.option("--password-stdin", "from_input", is_flag=True, help="Read their password from the input, one line.")
@click.option(
    "--wheel",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Install rowgate from this wheel, which is put into the project.",
)
@click.option("--sample", is_flag=True, help="The reference project with its sample database instead.")
def new(
    project: Path,
    db_url: str | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    schemas: tuple[str, ...],
    infer_keys: bool,
    title: str | None,
    user: str,
    asks: bool,
    from_input: bool,
    wheel: Path | None,
    sample: bool,
) -> None:
    """Write a project for a database: mapped classes, API, admin app, log-in, and a policy that refuses everything.

    PROJECT is the folder to be made; it must not be there, or be empty. The database is only read. Its address, with
    the password, goes into PROJECT/instance/local.env, which is not committed. Other users of this machine can see a
    password on the command line while the command runs: set ROWGATE_DATABASE_URL instead of --db-url to avoid that.

    SQLite, PostgreSQL and MySQL/MariaDB are tested; Oracle and SQL Server go by their URL and are not.

    \b
    Examples:
      rowgate new shop --db-url sqlite:///some.sqlite
      rowgate new shop --db-url postgresql://ada@localhost/shop --schema sales --schema stock
      rowgate new shop --db-url mysql://ada@localhost/shop --exclude 'tmp_*' --infer-keys
      rowgate new northwind --sample
    """
    # Here, because the other commands need not wait for what reads databases and writes files.
    from rowgate.cli.new_summary import say, say_sample
    from rowgate.generate.introspect import Choice
    from rowgate.generate.new import FirstUser, new_project, new_sample, parsed_url
    from rowgate.generate.project import check_folder

    if sample:
        refused = {
            "--db-url": db_url,
            "--include": include,
            "--exclude": exclude,
            "--schema": schemas,
            "--title": title,
        }
        context = click.get_current_context()
        for option, value in refused.items():
            if value and not (option == "--db-url" and _from_environment(context)):
                raise click.UsageError(f"--sample comes with its own database: leave out {option}.")
        new_sample(project, wheel=wheel)
        say_sample(project)
        return
    if not db_url:
        raise click.UsageError("Which database? Add --db-url URL, or --sample for the reference project.")
    check_folder(project)  # before anybody types a password, or waits for a database
    url = parsed_url(db_url, beside=Path.cwd())
    made_up = not asks and not from_input
    password = generated() if made_up else read_password(user, from_input=from_input, generates=False)
    try:
        models = new_project(
            project,
            url,
            Choice(include=include, exclude=exclude, schemas=schemas, infer_keys=infer_keys),
            user=FirstUser(id=user, password=password),
            title=title,
            wheel=wheel,
            progress=Progress(),
        )
    except DatabaseUnreachable as error:
        raise DatabaseUnreachable(error.detail, hint=advice(url, error)) from error
    say(project, url, models, user=user, password=password if made_up else None)


def _from_environment(context: click.Context) -> bool:
    return context.get_parameter_source("db_url") is click.core.ParameterSource.ENVIRONMENT


def advice(url: URL, error: DatabaseUnreachable) -> str:
    if isinstance(error.__cause__, ModuleNotFoundError):
        backend = url.get_backend_name()
        return f"Its driver is not installed: {_INSTALL.get(backend, 'install it')}. Nothing was written."
    return "Nothing was written. See whether the server runs, and whether host, name, user and password are right."


class Progress:
    """Tells at a terminal how far the reading is, on one line."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()

    def __call__(self, what: str, done: int, total: int) -> None:
        if self._shown:
            ending = done >= total
            click.echo(f"\r\033[Kreading {what}: {done} of {total}", nl=ending, err=True)
