"""``rowgate import-als``: a project of ApiLogicServer's, taken over."""

from __future__ import annotations

from pathlib import Path

import click

from rowgate.cli.new import Progress

__all__ = ["import_als"]


@click.command("import-als", short_help="Take over an ApiLogicServer project.")
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("project", type=click.Path(path_type=Path))
@click.option("--db-url", metavar="URL", help="The database of the rows. [default: the one that SOURCE names]")
@click.option("--auth-url", metavar="URL", help="The database of the log-ins. [default: likewise]")
def import_als(source: Path, project: Path, db_url: str | None, auth_url: str | None) -> None:
    """Write PROJECT from SOURCE, the folder of a project that ApiLogicServer made.

    SOURCE is only read, and nothing of it runs. Taken over: mapped classes, declared security, rules (also those of
    logic_discovery), simple endpoints, admin.yaml, and the log-ins with their passwords hashed. What could not be
    translated stays as a comment in its place, and is listed in PROJECT/import-report.md, with what is stricter now.

    The database is used where it is; it is not changed.

    \b
    Examples:
      rowgate import-als ../northwind northwind2
      rowgate import-als ../shop shop2 --db-url postgresql://ada@localhost/shop
    """
    from rowgate.generate.import_als import import_als as take_over
    from rowgate.generate.import_als_report import FILE
    from rowgate.generate.new import parsed_url

    report = take_over(
        source,
        project,
        url=parsed_url(db_url, beside=Path.cwd()) if db_url else None,
        log_in_url=parsed_url(auth_url, beside=Path.cwd()) if auth_url else None,
        progress=Progress(),
    )
    click.echo(f"Wrote {project}.")
    for each in report.translated:
        click.echo(f"  {each.replace('`', '')}")
    for place, what, why in report.by_hand:
        click.echo(f"  needs a hand: {place}: {what.replace('`', '')}. {why}")
    click.echo(f"{len(report.by_hand)} places need a hand; {project / FILE} has them, and what is stricter now.")
    click.echo(f"Next: rowgate --project {project} check")
