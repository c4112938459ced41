"""What the ``env.py`` of a project's migrations runs: Alembic, with the project's models and database."""

from __future__ import annotations

from typing import Any

from alembic import context

from rowgate.errors import MigrationRefused
from rowgate.migrations.compare import Comparison, render_item
from rowgate.migrations.wiring import ATTRIBUTE, VERSION_TABLE, Wiring

__all__ = ["keep_baseline", "run_migrations"]


def run_migrations(**options: Any) -> None:
    """Compare or migrate, as the command wants. Called by ``migrations/env.py``.

    Args:
        options: arguments of Alembic's ``context.configure`` that come before rowgate's own.

    Raises:
        MigrationRefused: Alembic was started by something else than ``rowgate db``.
    """
    wiring = context.config.attributes.get(ATTRIBUTE)
    if not isinstance(wiring, Wiring):
        raise MigrationRefused("migrations/env.py runs under `rowgate db` only.")
    compared = Comparison(wiring)

    def done(*, step: Any, **_more: Any) -> None:
        script = step.up_revision if step.is_upgrade else None
        wiring.done(step.up_revision_id, (script.doc or "").removesuffix(".") if script is not None else "")

    settings: dict[str, Any] = {
        "connection": wiring.connection,
        "target_metadata": wiring.metadata,
        "version_table": VERSION_TABLE,
        "include_name": compared.include_name,
        "include_object": compared.include_object,
        "include_schemas": any(table.schema for table in wiring.metadata.tables.values()),
        "compare_type": compared.compare_type,
        "render_item": render_item,
        # ALTER TABLE on SQLite is hardly more than ADD COLUMN; in a batch, Alembic makes the table anew there.
        "render_as_batch": True,
        "on_version_apply": done,
        **wiring.options,
        **options,
    }
    context.configure(**settings)
    with context.begin_transaction():
        context.run_migrations()


def keep_baseline() -> None:
    """Stands in the baseline, where its tables would be dropped.

    Raises:
        MigrationRefused: always.
    """
    raise MigrationRefused(
        "The baseline's tables were there before the first migration, and are not dropped.",
        hint="rowgate db downgrade baseline takes back what came after it.",
    )
