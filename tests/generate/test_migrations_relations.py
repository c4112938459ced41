"""After a migration that makes a table anew, a deleted row still takes its relationships along."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from rowgate.databases import make_engine
from rowgate.opened import open_project
from rowgate.policy import Policy
from rowgate.relations.table import write_relationships
from rowgate.types import Principal
from rowgate.zed import parse_relationship
from tests.conftest import Copies
from tests.generate.migrating import World, shop

SCHEMA = """
definition user {}

definition customer {
  relation viewer: user
  permission read = viewer
}
"""


@dataclass(frozen=True)
class Somebody(Principal):
    """Who asks."""


@pytest.fixture
def engine(sqlite_copies: Copies) -> Engine:
    return sqlite_copies(empty=True)


def world_of(folder: Path, engine: Engine, code: int) -> tuple[World, type]:
    """The project with a relationship schema over its customers."""
    models = shop(code=code)
    policy = Policy(Somebody, roles=["reader"])
    policy.relations(SCHEMA, subject="user")
    customer = next(mapper.class_ for mapper in models.registry.mappers if mapper.class_.__name__ == "Customer")
    policy.relation_grant(customer, "read", role="reader")
    return World(folder, str(engine.url), policy), models


def shared(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(text("SELECT count(*) FROM relationships")) or 0


def triggers(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'Customer'"
        return set(connection.scalars(text(query)))


@pytest.mark.parametrize("down", [False, True])
def test_relationships_go_with_their_row_after_the_table_was_made_anew(
    engine: Engine, tmp_path: Path, down: bool
) -> None:
    world, models = world_of(tmp_path, engine, 20)
    models.metadata.create_all(engine)
    with open_project(world.project(models), world.settings):
        pass
    before = triggers(engine)
    assert len(before) == 2
    with engine.begin() as connection:
        connection.execute(text("""INSERT INTO "Customer" ("Id", "Code") VALUES (1, 'a'), (2, 'b')"""))
        lines = ["customer:1#viewer@user:ada", "customer:2#viewer@user:ada"]
        write_relationships(connection, [parse_relationship(line) for line in lines])

    later, longer = world_of(tmp_path, engine, 40)
    later.fine(longer, "migrate", "-m", "longer codes")
    later.fine(longer, "upgrade")
    if down:
        later.fine(longer, "downgrade")
    assert triggers(engine) == before
    assert shared(engine) == 2
    other = make_engine(engine.url)  # another program
    with other.begin() as connection:
        connection.execute(text('DELETE FROM "Customer" WHERE "Id" = 1'))
    other.dispose()
    assert shared(engine) == 1


def test_triggers_that_are_missing_are_made_by_the_upgrade(engine: Engine, tmp_path: Path) -> None:
    world, models = world_of(tmp_path, engine, 20)
    world.fine(models, "migrate", "-m", "start")
    world.fine(models, "upgrade")
    assert len(triggers(engine)) == 2
