"""``rowgate users`` and ``rowgate add-auth``: who may log in, with which roles and claims."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import click
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from rowgate.auth.users import Users, UserShown
from rowgate.cli.common import Here, TeachingGroup, as_json, json_option, show_progress
from rowgate.cli.passwords import password_options, read_password
from rowgate.errors import UserRefused
from rowgate.opened import log_in_engine
from rowgate.settings import LOCAL_FILE, Settings, write_local

__all__ = ["add_auth", "users"]

_AUTH_URL = "ROWGATE_AUTH_DATABASE_URL"


@click.group(cls=TeachingGroup, short_help="List, add and change who may log in.")
def users() -> None:
    """List, add and change who may log in: rows of the log-in database, which the API never shows.

    Roles and claims are read afresh for each request, so a change counts at once.

    \b
    Examples:
      rowgate users list
      rowgate users add ada --role sales --claim client_id=2
      rowgate users change ada --role manager --no-role sales
      rowgate users password ada
      rowgate users change ada --inactive
    """


def _claims(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for each in given:
        name, equals, text = each.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{each!r} is not NAME=VALUE.")
        found[name.strip()] = text
    return found


_claim_option = click.option(
    "--claim", "claims", metavar="NAME=VALUE", multiple=True, callback=_claims, help="A claim; may be repeated."
)


@users.command("list", short_help="List the users.")
@json_option
@click.pass_obj
def list_users(here: Here, json_wanted: bool) -> None:
    """List the users with their roles and claims.

    \b
    Examples:
      rowgate users list
      rowgate users list --json
    """
    with _opened(here) as (opened, _settings):
        found = opened.listed()
    if json_wanted:
        as_json([asdict(each) for each in found])
        return
    for each in found:
        click.echo(_line(each))
    if not found:
        click.echo("Nobody can log in yet. Add the first user: rowgate add-auth", err=True)


@users.command(short_help="Add a user.")
@click.argument("user")
@click.option("--name", metavar="NAME", help="Who that is. [default: the user name]")
@click.option("--role", "roles", metavar="ROLE", multiple=True, help="A role; may be repeated.")
@_claim_option
@password_options
@click.pass_obj
def add(
    here: Here,
    user: str,
    name: str | None,
    roles: tuple[str, ...],
    claims: dict[str, str],
    from_input: bool,
    generates: bool,
) -> None:
    """Add somebody who may log in. The password is asked for.

    \b
    Examples:
      rowgate users add ada --role sales --claim client_id=2
      rowgate users add ada --generate-password
      pass show shop/ada | rowgate users add ada --password-stdin
    """
    with _opened(here) as (opened, _settings):
        password = read_password(user, from_input=from_input, generates=generates)
        added = opened.add(user, password, name=name, roles=roles, claims=claims)
    click.echo(f"Added {_line(added)}", err=True)
    _show(password, generates)


@users.command(short_help="Change roles, claims, name, or whether somebody may log in.")
@click.argument("user")
@click.option("--name", metavar="NAME", help="A new name.")
@click.option("--role", "give", metavar="ROLE", multiple=True, help="A role to hold from now on; may be repeated.")
@click.option("--no-role", "take", metavar="ROLE", multiple=True, help="A role to hold no longer; may be repeated.")
@_claim_option
@click.option("--active/--inactive", default=None, help="Whether the user may log in.")
@click.pass_obj
def change(
    here: Here,
    user: str,
    name: str | None,
    give: tuple[str, ...],
    take: tuple[str, ...],
    claims: dict[str, str],
    active: bool | None,
) -> None:
    """Change somebody's roles, claims or name, or whether they may log in. A claim without a value is removed.

    \b
    Examples:
      rowgate users change ada --role manager --no-role sales
      rowgate users change ada --claim client_id=3 --claim region=
      rowgate users change ada --inactive
    """
    with _opened(here) as (opened, _settings):
        changed = opened.change(user, name=name, active=active, give=give, take=take, claims=claims)
    click.echo(_line(changed), err=True)


@users.command(short_help="Give somebody a new password.")
@click.argument("user")
@password_options
@click.pass_obj
def password(here: Here, user: str, from_input: bool, generates: bool) -> None:
    """Give somebody a new password. It is asked for.

    \b
    Examples:
      rowgate users password ada
      rowgate users password ada --generate-password
    """
    with _opened(here) as (opened, _settings):
        typed = read_password(user, from_input=from_input, generates=generates)
        opened.set_password(user, typed)
    click.echo(f"{user} has a new password.", err=True)
    _show(typed, generates)


@click.command("add-auth", short_help="Make the log-in database, and its first user.")
@click.option("--auth-db-url", metavar="URL", help="Where users are kept. [default: a SQLite file in instance/]")
@click.option("--user", metavar="USER", default="admin", show_default=True, help="The first user.")
@click.option("--role", "roles", metavar="ROLE", multiple=True, help="A role of theirs. [default: admin, if declared]")
@password_options
@click.pass_obj
def add_auth(
    here: Here, auth_db_url: str | None, user: str, roles: tuple[str, ...], from_input: bool, generates: bool
) -> None:
    """Make the tables of log-ins in a database of their own, and the first user. The password is asked for.

    `rowgate new` has done this already. It is for a project whose log-in database is not there: on another machine, in
    another database (with --auth-db-url, which is written into instance/local.env), or in production.

    \b
    Examples:
      rowgate add-auth
      rowgate add-auth --user ada --role admin --generate-password
      rowgate add-auth --auth-db-url postgresql://shop@db/shop_auth
    """
    policy = here.project.policy
    held = roles or tuple(role for role in ("admin",) if role in policy.roles)
    with _opened(here, auth_database_url=_checked(auth_db_url)) as (opened, settings):
        if opened.listed():
            raise UserRefused("There are users already.", hint="Add one: rowgate users add USER")
        password = read_password(user, from_input=from_input, generates=generates)
        added = opened.add(user, password, roles=held)
    if auth_db_url:
        written = settings.auth_database_url.render_as_string(hide_password=False)
        write_local(settings.instance / LOCAL_FILE, {_AUTH_URL: written})
        click.echo(f"Wrote {_AUTH_URL} into {settings.instance / LOCAL_FILE}.", err=True)
    click.echo(f"Added {_line(added)}", err=True)
    _show(password, generates)


@contextmanager
def _opened(here: Here, *, auth_database_url: str | None = None) -> Iterator[tuple[Users, Settings]]:
    settings = here.settings(auth_database_url=auth_database_url)
    if settings.auth_provider != "sql":
        raise UserRefused(
            f"ROWGATE_AUTH_PROVIDER is {settings.auth_provider}: users are not kept in a database.",
            hint="Set it to sql, or change the users where they come from.",
        )
    engine = log_in_engine(here.project, settings, progress=show_progress)
    try:
        policy = here.project.policy
        yield Users(engine, policy.principal, roles=policy.roles), settings
    finally:
        engine.dispose()


def _checked(url: str | None) -> str | None:
    """The URL as typed, if it is one; no part of what is none is shown, as it may hold a password."""
    try:
        return url if url is None else str(make_url(url).render_as_string(hide_password=False))
    except ArgumentError:
        raise click.BadParameter("is no SQLAlchemy URL.", param_hint="--auth-db-url") from None


def _line(user: UserShown) -> str:
    claims = ", ".join(f"{name}={value}" for name, value in user.claims.items())
    parts = [
        user.id,
        f"({user.name})" if user.name != user.id else "",
        f"[{', '.join(user.roles) or 'no role'}]",
        claims,
    ]
    return " ".join(part for part in [*parts, "" if user.active else "may not log in"] if part)


def _show(password: str, generated: bool) -> None:
    """Show a password that was made up: on the output, so that it can be piped on, and never again."""
    if generated:
        click.echo("The password, shown this once:", err=True)
        click.echo(password)
