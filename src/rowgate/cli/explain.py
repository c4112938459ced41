"""``rowgate explain``: which declarations let a user through to a row, or stopped them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import click

from rowgate.api.ids import split_id
from rowgate.audit import EntityExplanation, Explanation, explain_entity, explain_row
from rowgate.cli.common import Here, as_json, entity_named, json_option, principal_named
from rowgate.mapped import mapper_of
from rowgate.types import Access

__all__ = ["explain"]

# int() alone would take "1_2", which is a key of two columns.
_INTEGER = re.compile(r"-?[0-9]+")


@click.command(short_help="Say why a user sees a row or not.")
@click.argument("user")
@click.argument("entity")
@click.argument("id", required=False)
@click.option(
    "--access",
    type=click.Choice(["read", "insert", "update", "delete"], case_sensitive=False),
    default="read",
    show_default=True,
    help="The verb to explain.",
)
@json_option
@click.pass_obj
def explain(here: Here, user: str, entity: str, id: str | None, access: str, json_wanted: bool) -> None:  # noqa: A002
    """Explain what USER may do to the rows of ENTITY, or to the one row with this ID.

    Without ID: every declaration on the entity. "+" must hold, one of the "|" must hold, "-" does not count, and why.

    With ID: the verdict, and each declaration tried on the row: "+" lets it through, "-" stops it or does not match, no
    mark: does not count. Whoever may run this command may read the database, so the answer is not limited to what USER
    sees; do not send it to them.

    \b
    Examples:
      rowgate explain s1 Customer                      which rows, by which lines
      rowgate explain s1 Customer ALFKI                why is this row hidden?
      rowgate explain r1 Order 10643 --access delete   may r1 delete it?

    The ID of an entity with a key of several columns is written with underscores, as in the API: 1_01581. Where several
    databases have an ENTITY of one name, write which is meant: hr:Employee.
    """
    verb = Access[access.upper()]
    with here.open() as opened:
        principal = principal_named(opened, user)
        gate, kind = entity_named(opened.gates, entity)
        explanation: EntityExplanation | Explanation
        if id is None:
            every_verb = explain_entity(gate, principal, kind)
            asked = tuple(decision for decision in every_verb.decisions if decision.access is verb)
            explanation = replace(every_verb, decisions=asked)
        else:
            explanation = explain_row(gate, principal, kind, key_from(kind, id), verb)
    if json_wanted:
        as_json(explanation.as_dict())
    else:
        click.echo(explanation.text())


def key_from(entity: type, text: str) -> tuple[Any, ...]:
    """A primary key from its text: columns' values joined with ``_``.

    Raises:
        click.BadParameter: the text is no key of this entity.
    """
    columns = mapper_of(entity).primary_key
    parts = split_id(text, len(columns))
    if parts is None:
        names = "_".join(column.name for column in columns)
        raise click.BadParameter(f"a key of {entity.__name__} is written {names}.", param_hint="ID")
    wanted_numbers = [column.type.python_type is int for column in columns]
    if any(number and not _INTEGER.fullmatch(part) for part, number in zip(parts, wanted_numbers, strict=True)):
        raise click.BadParameter(f"{text!r} is no key of {entity.__name__}: a number is needed.", param_hint="ID")
    return tuple(int(part) if number else part for part, number in zip(parts, wanted_numbers, strict=True))
