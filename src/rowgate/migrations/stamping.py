"""A database that was made from the models just now has every migration, though none ran."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from rowgate.migrations.wiring import VERSION_TABLE
from rowgate.project import MAIN, Project

__all__ = ["folder_of", "stamp_new"]


def folder_of(project: Project, database: str = MAIN) -> Path:
    """The folder of a database's migrations."""
    folder = project.root / "migrations"
    return folder if database == MAIN else folder / database


def stamp_new(project: Project, engine: Engine, *, database: str = MAIN) -> None:
    """Note that a new database has every migration.

    Args:
        project: whose migrations.
        engine: of the new database.
        database: its name in the project.
    """
    folder = folder_of(project, database)
    if not any((folder / "versions").glob("*.py")):
        return
    # Here, so that a server that fills no database starts without Alembic.
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        context.stamp(ScriptDirectory.from_config(config), "heads")
