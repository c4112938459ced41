"""``rowgate relations check | lookup | subjects | why``: the questions."""

from __future__ import annotations

from typing import Any

import click

from rowgate.cli.common import Here, as_json, json_option
from rowgate.cli.relations.common import answer_document, answer_words, context_option, opened_graph
from rowgate.relations import Verdict

__all__ = ["check", "lookup", "subjects", "why"]


@click.command(short_help="May a subject do this to an object?")
@click.argument("resource")
@click.argument("permission")
@click.argument("subject")
@context_option
@json_option
@click.pass_obj
def check(here: Here, resource: str, permission: str, subject: str, context: dict[str, Any], json_wanted: bool) -> None:
    """Tell whether SUBJECT has PERMISSION on RESOURCE.

    The answer is allowed, denied, conditional (with the names that are missing), or undefined.

    \b
    Examples:
      rowgate relations check order:10248 read employee:1
      rowgate relations check order:10248 read department:2#member
      rowgate relations check document:7 view user:anna --context '{"hour": 9}'

    Exit codes: 0 allowed; 1 anything else.
    """
    with opened_graph(here) as graph:
        answer = graph.check(resource, permission, subject, context=context)
    if json_wanted:
        as_json({"resource": resource, "permission": permission, "subject": subject, **answer_document(answer)})
    else:
        click.echo(answer_words(answer))
    raise SystemExit(0 if answer else 1)


@click.command(short_help="Why, by which relationships, or what is missing?")
@click.argument("resource")
@click.argument("permission")
@click.argument("subject")
@context_option
@json_option
@click.pass_obj
def why(here: Here, resource: str, permission: str, subject: str, context: dict[str, Any], json_wanted: bool) -> None:
    """Tell why a check answers what it answers: the path of relationships, or the nearest ones that are missing.

    \b
    Example:
      rowgate relations why order:10248 read employee:1
    """
    with opened_graph(here) as graph:
        found = graph.explain(resource, permission, subject, context=context)
    if json_wanted:
        as_json(
            {
                **answer_document(found.answer),
                "path": list(found.path),
                "would_help": list(found.missing),
                "excluded_by": list(found.excluded_by),
            }
        )
        return
    click.echo(f"{subject} on {resource}, {permission}: {answer_words(found.answer)}")
    for line in found.path:
        click.echo(f"  {line}")
    for line in found.excluded_by:
        click.echo(f"  taken away by {line}")
    for line in found.missing:
        click.echo(f"  would help: {line}")


@click.command(short_help="Which objects may a subject do this to?")
@click.argument("resource_type", metavar="TYPE")
@click.argument("permission")
@click.argument("subject")
@context_option
@json_option
@click.pass_obj
def lookup(
    here: Here, resource_type: str, permission: str, subject: str, context: dict[str, Any], json_wanted: bool
) -> None:
    """List the objects of TYPE on which SUBJECT has PERMISSION, in one statement.

    \b
    Example:
      rowgate relations lookup order read employee:1
    """
    with opened_graph(here) as graph:
        found = graph.lookup_resources(resource_type, permission, subject, context=context)
    rows = sorted(found.items(), key=lambda item: (len(item[0]), item[0]))
    if json_wanted:
        as_json([{"id": identifier, **answer_document(answer)} for identifier, answer in rows])
        return
    for identifier, answer in rows:
        click.echo(f"{resource_type}:{identifier}" + ("" if answer else f"  {answer_words(answer)}"))
    click.echo(f"{sum(map(bool, found.values()))} allowed of {len(found)} found", err=True)


@click.command(short_help="Who may do this to an object?")
@click.argument("resource")
@click.argument("permission")
@click.argument("subject_type", metavar="TYPE[#RELATION]")
@context_option
@json_option
@click.pass_obj
def subjects(
    here: Here, resource: str, permission: str, subject_type: str, context: dict[str, Any], json_wanted: bool
) -> None:
    """List the subjects of a TYPE that have PERMISSION on RESOURCE.

    \b
    Examples:
      rowgate relations subjects order:10248 read employee
      rowgate relations subjects order:10248 viewer department#member
    """
    kind, _, relation = subject_type.partition("#")
    with opened_graph(here) as graph:
        found = graph.lookup_subjects(resource, permission, kind, relation, context=context)
    behind = f"#{relation}" if relation else ""
    rows = sorted(found.found.items(), key=lambda item: (len(item[0]), item[0]))
    if json_wanted:
        as_json(
            {
                "subjects": [{"id": identifier, **answer_document(answer)} for identifier, answer in rows],
                "everyone_else": answer_document(found.everyone),
            }
        )
        return
    for identifier, answer in rows:
        click.echo(f"{kind}:{identifier}{behind}" + ("" if answer else f"  {answer_words(answer)}"))
    if found.everyone.verdict is not Verdict.DENIED:
        click.echo(f"{kind}:*  every other one: {answer_words(found.everyone)}")
