"""The command ``rowgate``: serve a project, check its declarations, and ask why somebody sees a row or not."""

from __future__ import annotations

from pathlib import Path

import click

from rowgate import __version__
from rowgate.cli.add_db import add_db
from rowgate.cli.admin_yaml import admin_yaml
from rowgate.cli.check import check
from rowgate.cli.common import Here, TeachingGroup
from rowgate.cli.db import db
from rowgate.cli.events import events
from rowgate.cli.explain import explain
from rowgate.cli.import_als import import_als
from rowgate.cli.new import new
from rowgate.cli.policy_test import policy
from rowgate.cli.rebuild import rebuild
from rowgate.cli.relations import relations
from rowgate.cli.run import run
from rowgate.cli.serve import serve
from rowgate.cli.upgrade import upgrade
from rowgate.cli.users import add_auth, users
from rowgate.cli.whoami import whoami

__all__ = ["main"]


@click.group(cls=TeachingGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--project",
    "folder",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The project's folder: the one that holds config/settings.py. [default: the current folder]",
)
@click.version_option(__version__, prog_name="rowgate")
@click.pass_context
def main(context: click.Context, folder: Path) -> None:
    """Row-level security for SQLAlchemy models: serve a project, check it, ask it why.

    \b
    Examples:
      rowgate new shop --db-url URL        write a project for your database
      rowgate check                        are the declarations sound?
      rowgate run                          serve http://127.0.0.1:5656
      rowgate whoami s1                    what may s1 do, and by which lines?
      rowgate explain s1 Customer ALFKI    why does s1 not see this customer?
      rowgate relations why order:10248 read employee:1

    Exit codes: 0 fine; 1 the check found errors; 2 the command could not be done, and the output says why.
    """
    context.obj = Here(folder)


for command in (
    new,
    add_auth,
    add_db,
    import_als,
    users,
    run,
    serve,
    check,
    whoami,
    explain,
    policy,
    relations,
    events,
    db,
    rebuild,
    upgrade,
    admin_yaml,
):
    main.add_command(command)
