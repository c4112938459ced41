"""The matrix's databases, one of each kind for the whole run, with canaries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine

from database.models import Base
from logic.declare_logic import declare_logic
from rowgate.admin import LiveLog
from rowgate.enforce import Gate
from rowgate.logic import activate_rules
from security.declare_security import User, policy
from tests.leaks import related, snapshots
from tests.leaks.http import Web
from tests.leaks.truth import Truth, load_users, plant_canaries


@dataclass(frozen=True)
class World:
    """A database with canaries, the sample's policy and rules on it, and the truth about it."""

    engine: Engine
    gate: Gate
    truth: Truth
    users: dict[str, User]
    before: snapshots.Snapshot
    web: Web


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Shared by the paths; those that write put everything back.

    The sample's own policy; or, asked for as ``sqlite-relations``, one in which relationships alone give the same rows.
    """
    copies = request.getfixturevalue("sqlite_copies" if request.param.startswith("sqlite") else "postgres_copies")
    engine = copies()
    plant_canaries(engine)
    rules = activate_rules(declare_logic, base=Base)
    users = load_users()
    log = LiveLog()
    if request.param.endswith("relations"):
        users = {name: users[name] for name in related.USERS}
        truth = Truth(engine, entities=related.NAMES)
        gate = related.make_gate(engine, truth, users, rules, [log])
    else:
        truth = Truth(engine)
        gate = Gate(policy, engine, models=Base, rules=rules, observers=[log])
    web = Web(gate, users, tmp_path_factory.mktemp("leaks"), live_log=log)
    yield World(engine, gate, truth, users, snapshots.take(engine), web)
    engine.dispose()
