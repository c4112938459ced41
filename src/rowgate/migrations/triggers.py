"""After a migration, the triggers that remove relationships together with their rows fit the tables again."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Table

from rowgate.databases import make_engine
from rowgate.enforce.gate import entities_of
from rowgate.mapped import table_of
from rowgate.policy import BoundPolicy, CheckFailed
from rowgate.project import MAIN, Project
from rowgate.relations.install import install
from rowgate.settings import Settings
from rowgate.startup import entities_elsewhere

__all__ = ["make_triggers"]


def make_triggers(project: Project, settings: Settings) -> bool:
    """Make the triggers that the relationship schema wants on the tables of the main database, as the server does.

    Args:
        project: the declarations.
        settings: where the database is.

    Returns:
        False where the declarations have errors: the triggers are then made when the server starts again.

    Raises:
        RelationTableRefused: the database does not let us.
    """
    try:
        tables = _tables(project)
    except CheckFailed:
        return False
    if tables:
        engine = make_engine(settings.database_url)
        try:
            install(engine, tables)
        finally:
            engine.dispose()
    return True


def _tables(project: Project) -> Mapping[str, Table]:
    """The table of each type of the relationship schema that an entity has."""
    bound = BoundPolicy(project.policy, entities_of(project.models), elsewhere=entities_elsewhere(project, MAIN))
    if bound.relations is None:
        return {}
    return {kind: table_of(entity) for entity, kind in bound.relations.types.items()}
