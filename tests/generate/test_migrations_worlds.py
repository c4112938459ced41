"""The first migration of a generated project finds no difference, whatever its database is made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from rowgate.generate.introspect import read_database
from rowgate.generate.models import write_models
from tests.generate import migrating
from tests.generate.serving import imported
from tests.generate.worlds import WORLDS, Maker, World


def _marked(world: World) -> object:
    marks = [] if world.database == "sqlite" else [getattr(pytest.mark, world.database)]
    return pytest.param(world, marks=marks, id=f"{world.name}-{world.database}")


@pytest.fixture(scope="module")
def maker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Maker:
    return Maker(
        tmp_path_factory.mktemp("worlds"),
        postgres=lambda: request.getfixturevalue("postgres_copies"),
        mariadb=lambda: request.getfixturevalue("mariadb_databases"),
    )


@pytest.mark.parametrize("world", [_marked(each) for each in WORLDS if each.name != "sample"])
def test_no_difference(world: World, maker: Maker, tmp_path: Path) -> None:
    engine = maker.make(world)
    models = write_models(read_database(engine.url, world.choice))
    project = migrating.World(tmp_path, engine.url.render_as_string(hide_password=False), migrating.nobody())
    with imported(models, f"migrated_{world.name}_{world.database}") as module:
        told = project.fine(module.Base, "migrate", "-m", "first")
        assert "nothing to migrate" in told, told
        other = maker.empty(world.database)
        copy = project.at(other.url.render_as_string(hide_password=False))
        copy.fine(module.Base, "upgrade")
        again = copy.fine(module.Base, "migrate", "-m", "again")
        assert "nothing to migrate" in again, again
    engine.dispose()
    other.dispose()
