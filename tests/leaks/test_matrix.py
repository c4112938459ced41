"""The matrix: every path, for every sample user, at every row that is hidden from that user."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from security.declare_security import policy
from tests.leaks.all_paths import PATHS
from tests.leaks.conftest import World
from tests.leaks.matrix import Path, Row, engine_fits, leaks, questions
from tests.leaks.related import NOT_BY_COLUMNS

ALL = list(PATHS.values())
# Relation grants on PostgreSQL: every third path by default, all by a flag. The SQL is SQLite's but for casts.
LONG = [] if os.environ.get("ROWGATE_LEAKS_ALL") == "1" else [each for place, each in enumerate(ALL) if place % 3]
WORLDS = [
    "sqlite",
    "sqlite-relations",
    pytest.param("postgresql", marks=pytest.mark.postgresql),
    pytest.param("postgresql-relations", marks=pytest.mark.postgresql),
]


@pytest.mark.parametrize("world", WORLDS, indirect=True, scope="session")
@pytest.mark.parametrize("tried", ALL, ids=lambda tried: tried.name)
def test_nothing_leaks(tried: Path, world: World, record_property: Callable[[str, object], None]) -> None:
    if not engine_fits(tried, world.engine):
        pytest.skip(f"a path of {tried.dialect}")
    if world.gate.policy is not policy and tried.name in NOT_BY_COLUMNS:
        pytest.skip("no column takes a row out of a relationship")
    if tried in LONG and "postgresql" in world.engine.dialect.name and world.gate.policy is not policy:
        pytest.skip("one in three here; all with ROWGATE_LEAKS_ALL=1")
    asked = list(questions(world.gate, world.truth, tried, world.users.values(), world.web))
    before = world.before if tried.writes else None
    found = [leak for asking in asked for leak in leaks(tried, asking, before)]
    held = world.engine.pool.checkedout()
    record_property("leak_path", tried.name)
    record_property("leak_probes", sum(asking.probes for asking in asked))
    assert asked
    assert not found, "\n".join(found[:20])
    assert not held, "a path that leaves connections to the garbage collector uses up the pool"


@pytest.mark.parametrize("world", WORLDS, indirect=True, scope="session")
@pytest.mark.parametrize("tried", [tried for tried in ALL if tried.finds], ids=lambda tried: tried.name)
def test_the_path_leads_to_rows(tried: Path, world: World) -> None:
    """The superuser gets by it what is hidden from a user: the path is no probe of nothing."""
    if not engine_fits(tried, world.engine):
        pytest.skip(f"a path of {tried.dialect}")
    for asking in questions(world.gate, world.truth, tried, [world.users["s1"]], world.web):
        boss = replace(asking, acting=world.users["admin"])
        assert leaks(tried, boss), asking.entity.__name__


def test_every_row_of_the_contract_has_paths() -> None:
    rows = Counter(tried.row for tried in PATHS.values())
    assert set(rows) == set(Row)
    assert len(PATHS) >= 90
