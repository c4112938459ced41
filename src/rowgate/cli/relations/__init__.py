"""``rowgate relations``: ask and change relationships, and run validation files."""

from __future__ import annotations

import click

from rowgate.cli.common import TeachingGroup
from rowgate.cli.relations.ask import check, lookup, subjects, why
from rowgate.cli.relations.change import export, grant, import_, ls, revoke, triggers
from rowgate.cli.relations.validate import validate

__all__ = ["relations"]


@click.group(cls=TeachingGroup, short_help="Ask and change relationships; run validation files.")
def relations() -> None:
    """Relationships between objects, and what follows from them under the project's schema.

    Objects and subjects are written TYPE:ID (order:10248, employee:3), members of a group TYPE:ID#RELATION
    (department:2#member), relationships RESOURCE#RELATION@SUBJECT.

    \b
    Examples:
      rowgate relations check order:10248 read employee:1       may she?
      rowgate relations why order:10248 read employee:1         and why?
      rowgate relations lookup order read employee:1            which orders may she read?
      rowgate relations subjects order:10248 read employee      who may read it?
      rowgate relations grant order:10260#viewer@employee:3     share it
    """


for command in (check, why, lookup, subjects, ls, grant, revoke, import_, export, triggers, validate):
    relations.add_command(command)
