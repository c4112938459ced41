"""What a new migration does, in words; and a baseline that cannot be taken back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops

from rowgate.migrations.pruning import prune

__all__ = ["Baseline", "Changes"]


class Changes:
    """Takes part in the writing of a migration: one that would do nothing is not written.

    Attributes:
        words: what it does, a line for each change.
    """

    def __init__(self) -> None:
        self.words: list[str] = []

    def __call__(self, context: Any, _revision: Any, scripts: list[ops.MigrationScript]) -> None:
        """See ``process_revision_directives`` of Alembic."""
        upgrade, downgrade = scripts[0].upgrade_ops, scripts[0].downgrade_ops
        if upgrade is None or downgrade is None:
            return
        prune(upgrade, context.connection, context.opts["target_metadata"])
        if upgrade.is_empty():
            scripts.clear()
            return
        upgrade.reverse_into(downgrade)
        self.words += _words(upgrade)


def _words(container: ops.OpContainer) -> Iterator[str]:
    for each in container.ops:
        match each:
            case ops.ModifyTableOps():
                yield from _words(each)
            case ops.CreateTableOp():
                yield f"new table {each.table_name}"
            case ops.DropTableOp():
                yield f"table {each.table_name} is dropped, with its rows"
            case ops.AddColumnOp():
                yield f"new column {each.table_name}.{each.column.name}"
            case ops.DropColumnOp():
                yield f"column {each.table_name}.{each.column_name} is dropped, with its values"
            case ops.AlterColumnOp():
                yield f"column {each.table_name}.{each.column_name} changes: {', '.join(_altered(each))}"
            case ops.CreateIndexOp():
                yield f"new index {each.index_name} on {each.table_name}"
            case ops.DropIndexOp():
                yield f"index {each.index_name} of {each.table_name} is dropped"
            case ops.CreateForeignKeyOp():
                yield f"new foreign key from {each.source_table} to {each.referent_table}"
            case ops.CreateUniqueConstraintOp() | ops.CreateCheckConstraintOp():
                yield f"new constraint {each.constraint_name or 'without a name'} on {each.table_name}"
            case ops.DropConstraintOp():
                yield f"constraint {each.constraint_name or 'without a name'} of {each.table_name} is dropped"
            case _:
                yield str(each.to_diff_tuple() if hasattr(each, "to_diff_tuple") else type(each).__name__)


def _altered(op: ops.AlterColumnOp) -> Iterator[str]:
    if op.modify_type is not None:
        yield f"type {op.existing_type} becomes {op.modify_type}"
    if op.modify_nullable is not None:
        yield "may be empty" if op.modify_nullable else "must not be empty"
    if op.modify_server_default is not False:
        yield "default"
    if op.modify_comment is not False:
        yield "comment"


class _Refuse(ops.MigrateOperation):
    """A step that cannot be taken."""


@renderers.dispatch_for(_Refuse)
def _render_refuse(context: AutogenContext, _op: _Refuse) -> str:
    context.imports.add("from rowgate.migrations.environment import keep_baseline")
    return "keep_baseline()"


class Baseline:
    """Takes part in the writing of a baseline.

    It cannot be taken back: that would drop every table of a database that it did not make.

    Args:
        before: statements that come before the tables.
    """

    def __init__(self, before: Sequence[str]) -> None:
        self._before = before

    def __call__(self, _context: Any, _revision: Any, scripts: list[ops.MigrationScript]) -> None:
        """See ``process_revision_directives`` of Alembic."""
        script = scripts[0]
        if script.upgrade_ops is not None:
            script.upgrade_ops.ops[:0] = [ops.ExecuteSQLOp(statement) for statement in self._before]
        script.downgrade_ops = ops.DowngradeOps(ops=[_Refuse()])
