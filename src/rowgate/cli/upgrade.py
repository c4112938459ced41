"""``rowgate upgrade``: a newer rowgate has newer templates; files that nobody touched follow."""

from __future__ import annotations

import click

from rowgate.cli.common import Here

__all__ = ["upgrade"]


@click.command(short_help="rowgate changed: bring generated files that you did not touch up to date.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
@click.pass_obj
def upgrade(here: Here, dry_run: bool) -> None:
    """Bring generated files up to the templates of the installed rowgate: those that you did not touch.

    A file that you changed stays as it is; what changed in its template is shown, for you to take over. The framework
    itself is upgraded by pip. The mapped classes and the admin app's file follow `rowgate rebuild`, not this.

    \b
    Examples:
      pip install -U rowgate
      rowgate upgrade --dry-run
      rowgate upgrade
    """
    # Here, because the other commands need not wait for what reads databases and writes files.
    from rowgate.cli.changes_shown import check_after, show_diff
    from rowgate.cli.new import Progress
    from rowgate.generate.upgrade import plan_upgrade

    planned = plan_upgrade(here.folder, progress=Progress())
    plan = planned.plan
    for each in plan.files:
        show_diff(each.diff)
    for touched in planned.touched:
        click.echo(click.style(f"\n{touched.path} is yours and stays. In its template this changed:", bold=True))
        show_diff(touched.diff)
    if not planned.anything:
        click.echo(f"The project is up to date with rowgate {planned.before}.")
        return
    versions = f"from {planned.before} to {planned.answers.version}"
    if dry_run:
        click.echo(f"\nThis would bring it {versions}, and write: {', '.join(plan.changed) or 'no file'}. Nothing was.")
        return
    planned.write()
    went = (
        f"The project went {versions}" if planned.before != planned.answers.version else "Brought .rowgate up to date"
    )
    click.echo(f"\n{went}. Wrote: {', '.join(plan.changed) or 'no other file'}.")
    if plan.changed and not check_after(here.folder):
        raise click.exceptions.Exit(1)
