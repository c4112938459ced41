"""The matrix once more, for columns: what field rules hide in rows that a user sees comes out by no path, and stays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import DeclarativeBase

from database import models as m
from logic.declare_logic import declare_logic
from rowgate.enforce import Gate, compiler
from rowgate.logic import activate_rules
from rowgate.mapped import state_of
from rowgate.policy import Policy
from security.declare_security import User
from security.declare_security import policy as sample
from tests.leaks import snapshots
from tests.leaks.all_paths import PATHS
from tests.leaks.http import Web
from tests.leaks.matrix import Exactly, Path, Same, Saw, WentThrough, engine_fits, questions
from tests.leaks.truth import Truth, load_users, plant_canaries

HIDDEN: Mapping[type, tuple[str, ...]] = {
    m.Customer: ("ContactTitle", "Fax"),
    m.Category: ("Description",),
    m.Product: ("QuantityPerUnit",),
    m.Employee: ("HomePhone",),
    m.Supplier: ("Phone",),
}
"""Columns that nobody but the superuser sees; of employees, everybody sees the own one too."""

USERS = ("s1",)
"""One user, of whom rows of every entity with hidden columns are hidden as well."""

ON_POSTGRESQL = 12
"""There every so many paths: the subquery is written by the same code."""

MARK = "ZH~"


def veiled_policy() -> Policy[User]:
    """The sample's policy, and what is hidden."""
    policy = copy(sample)
    policy.field_rules = list(sample.field_rules)
    for entity, columns in HIDDEN.items():
        if entity is m.Employee:
            policy.hide(entity, *columns, where=lambda row, user: row.Id != user.employee_id)
        else:
            policy.hide(entity, *columns)
    return policy


@dataclass(frozen=True)
class Veiled:
    """A database in which each hidden value is marked."""

    engine: Engine
    truth: Truth
    users: list[User]
    before: snapshots.Snapshot
    open: Callable[[], Web]


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def veiled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Veiled]:
    copies = request.getfixturevalue("sqlite_copies" if request.param == "sqlite" else "postgres_copies")
    engine: Engine = copies()
    plant_canaries(engine)
    users = load_users()
    with engine.begin() as connection:
        for entity, columns in HIDDEN.items():
            sets = ", ".join(f""""{column}" = '{MARK}' || "Id" """ for column in columns)
            connection.execute(text(f'UPDATE "{entity.__name__}" SET {sets}'))
        own = [user.employee_id for user in users.values() if user.employee_id is not None]
        for number in own:
            connection.execute(text(f"""UPDATE "Employee" SET "HomePhone" = 'own' WHERE "Id" = {number}"""))
    rules = activate_rules(declare_logic, base=m.Base)

    def opened() -> Web:
        gate = Gate(veiled_policy(), engine, models=m.Base, rules=rules)
        return Web(gate, users, tmp_path_factory.mktemp("columns"))

    yield Veiled(engine, Truth(engine), [users[name] for name in USERS], snapshots.take(engine), opened)
    engine.dispose()


@pytest.fixture(scope="session")
def web(veiled: Veiled) -> Web:
    return veiled.open()


def came_out(tried: Path, veiled: Veiled, web: Web) -> list[str]:
    """Hidden values that a path brought out, and those that it changed."""
    found: list[str] = []
    for asking in questions(web.gate, veiled.truth, tried, veiled.users, web):
        where = f"{tried.name}: {asking.user.id} on {asking.entity.__name__}"
        for fact in tried.probe(asking):
            found += [f"{where}: {part[:200]}" for part in texts(fact) if MARK in part]
    if tried.writes:
        after = snapshots.take(veiled.engine)
        found += [f"{tried.name}: wrote {name}" for name in written(veiled.before, after)]
        snapshots.restore(veiled.engine, veiled.before, after)
    return found


def texts(fact: Any) -> Iterator[str]:
    """Every text in what a probe yields."""
    match fact:
        case str():
            yield fact
        case DeclarativeBase():
            for value in state_of(fact).dict.values():
                if not isinstance(value, DeclarativeBase):
                    yield from texts(value)
        case Same():
            yield from (fact.hidden, fact.missing)
        case Exactly():
            yield repr(fact.got)
        case WentThrough():
            yield fact.what
        case Saw():
            yield repr(list(fact.keys))
        case Mapping():
            for key, value in fact.items():
                yield from (*texts(key), *texts(value))
        case Iterable() if not isinstance(fact, bytes):
            for part in fact:
                yield from texts(part)


def written(before: snapshots.Snapshot, after: snapshots.Snapshot) -> Iterator[str]:
    """Hidden columns of rows that are still there and have other values now."""
    for entity, columns in HIDDEN.items():
        name = entity.__name__
        at = [snapshots.TABLES[name].c.keys().index(column) for column in columns]
        for key in before[name].keys() & after[name].keys():
            if any(before[name][key][place] != after[name][key][place] for place in at):
                yield f"{name} {key}"


@pytest.mark.parametrize("number", range(len(PATHS)), ids=list(PATHS))
def test_nothing_hidden_comes_out(number: int, veiled: Veiled, web: Web) -> None:
    tried = list(PATHS.values())[number]
    if veiled.engine.dialect.name == "postgresql" and tried.dialect is None and number % ON_POSTGRESQL:
        pytest.skip("tried on SQLite")
    if not engine_fits(tried, veiled.engine):
        pytest.skip(f"a path of {tried.dialect}")
    assert came_out(tried, veiled, web) == []


# --- tests of the test ---------------------------------------------------------------------------------------------


def stars(patch: pytest.MonkeyPatch) -> None:
    """The compiler forgets what is hidden."""
    made = compiler.securing_compiler

    def careless(*args: Any, **options: Any) -> Any:
        kind = made(*args, **options)
        kind._open_in = lambda self, table: {}
        return kind

    patch.setattr("rowgate.enforce.engine.securing_compiler", careless)


def test_a_compiler_that_forgets_is_seen(veiled: Veiled, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        stars(patch)
        web = veiled.open()
        paths = ("select_entities", "after_expiry", "lazy_to_many")
        silent = [name for name in paths if not came_out(PATHS[name], veiled, web)]
    assert silent == []
