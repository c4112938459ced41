"""``rowgate rebuild``: the database changed, and the project follows; edits stay."""

from __future__ import annotations

import click

from rowgate.cli.common import Here

__all__ = ["rebuild"]


@click.command(short_help="The database changed: bring the mapped classes up to date.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
@click.option(
    "--take",
    "decisions",
    multiple=True,
    metavar="SIDE[:PLACE]",
    help="Whose text stands where both sides changed something: mine or theirs; of one place: mine:Customer.Name.",
)
@click.pass_obj
def rebuild(here: Here, dry_run: bool, decisions: tuple[str, ...]) -> None:
    """Read the database again, and bring the mapped classes and the admin app's file up to date. Your edits stay.

    What you changed and what changed in the database are merged, class by class and column by column. Where both
    changed the same thing, that is a conflict: it is shown, and nothing is written until you decide. The database is
    only read. The other way round, from the models to the database, goes `rowgate db migrate`.

    \b
    Examples:
      rowgate rebuild --dry-run
      rowgate rebuild
      rowgate rebuild --take mine                         in every conflict yours stays
      rowgate rebuild --take theirs:Customer.Name         in this one the database's counts

    Exit codes: 0 done, or nothing to do; 1 conflicts are open, or the declarations do not fit the new classes;
    2 it could not be done.
    """
    # Here, because the other commands need not wait for what reads databases and writes files.
    from rowgate.cli.changes_shown import check_after, show_conflicts, show_diff
    from rowgate.cli.new import Progress
    from rowgate.generate.rebuild import plan_rebuild

    planned = plan_rebuild(here.folder, decisions=decisions, progress=Progress())
    plan = planned.plan
    for each in plan.files:
        show_diff(each.diff)
    if plan.conflicts:
        show_conflicts(plan.conflicts, command="rowgate rebuild")
        raise click.exceptions.Exit(1)
    if not plan.changed:
        click.echo("The project is up to date with its database.")
    elif dry_run:
        click.echo(f"\nThis would be written: {', '.join(plan.changed)}. Nothing was.")
    if dry_run:
        return
    planned.write()
    if plan.changed:
        click.echo(f"\nWrote {', '.join(plan.changed)}.")
        for name, models in planned.models.items():
            for table, why in sorted(models.report.not_mapped.items()):
                click.echo(f"not mapped: {table}{'' if name == 'main' else f' ({name})'}: {why}")
        if not check_after(here.folder):
            raise click.exceptions.Exit(1)
