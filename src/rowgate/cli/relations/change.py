"""``rowgate relations grant | revoke | ls | import | export | triggers``: what the relation table holds."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from rowgate.cli.common import Here, as_json, json_option
from rowgate.cli.relations.common import opened_graph
from rowgate.errors import RelationshipRefused
from rowgate.mapped import table_of
from rowgate.relations.install import statements
from rowgate.zed import Relationship, parse_relationships, render
from rowgate.zed.openfga import import_model
from rowgate.zed.openfga_export import export_model

__all__ = ["export", "grant", "import_", "ls", "revoke", "triggers"]

_AUTHOR = "rowgate relations"


def _document(each: Relationship) -> dict[str, object]:
    return {
        "relationship": str(each),
        "resource": str(each.resource),
        "relation": each.relation,
        "subject": str(each.subject),
        "caveat": each.caveat,
        "context": dict(each.context),
        "expires_at": each.expires_at.isoformat() if each.expires_at else None,
    }


@click.command(short_help="Write relationships.")
@click.argument("relationships", nargs=-1, required=True)
@click.pass_obj
def grant(here: Here, relationships: tuple[str, ...]) -> None:
    """Write RELATIONSHIPS, all or none; one that is there gets the new caveat and expiry.

    \b
    Examples:
      rowgate relations grant order:10260#viewer@employee:3
      rowgate relations grant 'order:10260#viewer@department:2#member[expiration:2030-01-01T00:00:00Z]'
      rowgate relations grant 'document:7#viewer@user:anna[office_hours:{"from": 9}]'
    """
    with opened_graph(here) as graph:
        written = graph.write(relationships, created_by=_AUTHOR)
    click.echo(f"{written} written")


@click.command(short_help="Delete relationships.")
@click.argument("relationships", nargs=-1, required=True)
@click.pass_obj
def revoke(here: Here, relationships: tuple[str, ...]) -> None:
    """Delete RELATIONSHIPS, whatever their caveat and expiry.

    \b
    Example:
      rowgate relations revoke order:10260#viewer@employee:3
    """
    with opened_graph(here) as graph:
        gone = graph.delete(relationships)
    click.echo(f"{gone} deleted" + ("" if gone == len(relationships) else f", {len(relationships) - gone} not there"))


@click.command(short_help="List relationships.")
@click.argument("resource", required=False)
@json_option
@click.pass_obj
def ls(here: Here, resource: str | None, json_wanted: bool) -> None:
    """List the relationships of RESOURCE, or all: those of the relation table, then those that columns state.

    \b
    Examples:
      rowgate relations ls order:10248
      rowgate relations ls --json
    """
    with opened_graph(here) as graph:
        found = list(graph.read(resource))
    if json_wanted:
        as_json([_document(each) for each in found])
        return
    now = datetime.now(UTC)
    for each in found:
        click.echo(f"{each}{'  expired' if each.expires_at and each.expires_at <= now else ''}")


@click.command("import", short_help="Read relationships, or an OpenFGA model, from a file.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check everything and write nothing.")
@click.pass_obj
def import_(here: Here, file: Path, dry_run: bool) -> None:
    """Write the relationships of FILE, one a line; or print the schema of an OpenFGA model (FILE.fga).

    All or none is written; a fault is told with its line.

    \b
    Examples:
      rowgate relations import shares.txt --dry-run
      rowgate relations import model.fga > security/schema.zed
    """
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".fga":
        imported = import_model(text, name=file.name)
        click.echo(render(imported.schema), nl=False)
        return
    with opened_graph(here) as graph:
        parsed = []
        for number, each in parse_relationships(text):
            try:
                graph.refuse_unwritable(each)
            except RelationshipRefused as refused:
                raise RelationshipRefused(f"Line {number}: {refused.detail}", hint=refused.advice) from None
            parsed.append(each)
        written = len(parsed) if dry_run else graph.write(parsed, created_by=_AUTHOR)
    click.echo(f"{written} {'would be ' if dry_run else ''}written")


@click.command(short_help="Print all relationships, or the schema as an OpenFGA model.")
@click.option("--schema", "as_schema", type=click.Choice(["zed", "fga"]), help="Print the schema instead.")
@json_option
@click.pass_obj
def export(here: Here, as_schema: str | None, json_wanted: bool) -> None:
    """Print what the relation table holds, one relationship a line, for `rowgate relations import`.

    What columns state is not in it: it is in their tables.

    \b
    Examples:
      rowgate relations export > shares.txt
      rowgate relations export --schema fga > model.fga
    """
    with opened_graph(here) as graph:
        if as_schema:
            click.echo(render(graph.schema) if as_schema == "zed" else export_model(graph.schema), nl=False)
            return
        found = list(graph.written())
    if json_wanted:
        click.echo(json.dumps([_document(each) for each in found], indent=2))
        return
    for each in found:
        click.echo(str(each))


@click.command(short_help="Print the statements that make the relation table.")
@click.pass_obj
def triggers(here: Here) -> None:
    """Print the statements that make the relation table and its triggers in the project's database.

    The server runs them at start. Where its user may not change tables, let an administrator run them once.
    """
    with here.open() as opened:
        relations = opened.gate.bound.relations
        tables = {kind: table_of(entity) for entity, kind in relations.types.items()} if relations else {}
        for statement in statements(opened.gate.plain_engine, tables):
            click.echo(f"{statement};")
