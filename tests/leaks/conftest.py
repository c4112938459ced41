"""The matrix's databases, one of each kind for the whole run, with canaries; and the count of probes at the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine

from database.models import Base
from logic.declare_logic import declare_logic
from rowgate.enforce import Gate
from rowgate.logic import activate_rules
from security.declare_security import User, policy
from tests.leaks import snapshots
from tests.leaks.truth import Truth, load_users, plant_canaries


@dataclass(frozen=True)
class World:
    """A database with canaries, the sample's policy and rules on it, and the truth about it."""

    engine: Engine
    gate: Gate
    truth: Truth
    users: dict[str, User]
    before: snapshots.Snapshot


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Shared by the paths; those that write put everything back."""
    copies = request.getfixturevalue("sqlite_copies" if request.param == "sqlite" else "postgres_copies")
    engine = copies()
    plant_canaries(engine)
    gate = Gate(policy, engine, models=Base, rules=activate_rules(declare_logic, base=Base))
    yield World(engine, gate, Truth(engine), load_users(), snapshots.take(engine))
    engine.dispose()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was tried."""
    paths: set[str] = set()
    probes = 0
    for reports in terminalreporter.stats.values():
        for report in reports:
            counted = dict(getattr(report, "user_properties", ()))
            if getattr(report, "when", None) == "call" and "leak_path" in counted:
                paths.add(str(counted["leak_path"]))
                probes += int(str(counted["leak_probes"]))
    if paths:
        terminalreporter.write_line(f"leak probes: {len(paths)} paths, {probes} probes")
