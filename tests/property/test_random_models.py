"""Whatever the models, rows, users and declarations: reads and writes are what the contract says, to the row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from sqlalchemy import Engine
from sqlalchemy.exc import CircularDependencyError, IntegrityError, SAWarning
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError

from rowgate.databases import make_engine
from rowgate.errors import AccessRefused, ReferenceMissing, RowgateError, RowNotFound, StillReferenced
from rowgate.types import Access
from tests.conftest import Copies
from tests.property import oracle as o
from tests.property.models import Built, build
from tests.property.reads import Reads
from tests.property.settings_of import examples, in_ci
from tests.property.worlds import Attempt, World, worlds
from tests.property.writes import GaveUp, Hands, foreseen, is_idle

# How SQLAlchemy itself says that a row it was to change is not there.
MISSING = (StaleDataError, ObjectDeletedError, SAWarning)

EngineOf = Callable[[], Engine]


def profile(count: int) -> settings:
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=in_ci(),
        database=None if in_ci() else settings.default.database,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
        phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
        print_blob=True,
    )


@contextmanager
def built_on(engine: Engine, world: World) -> Iterator[Built]:
    built = build(world, engine)
    try:
        assert built.rows() == world.tables
        yield built
    finally:
        built.base.metadata.drop_all(engine)


def oracle_of(built: Built, attempt: Attempt, tables: o.Tables) -> o.Oracle:
    return o.Oracle(built.world.entities, built.world.links, built.world.declared, tables, attempt.user)


# --- reads ------------------------------------------------------------------------------------------------------


def check_reads(engine: Engine, world: World) -> None:
    with built_on(engine, world) as built:
        for attempt in world.attempts:
            oracle = oracle_of(built, attempt, world.tables)
            for name in world.entities:
                check_reads_of(built, oracle, name, attempt)


def check_reads_of(built: Built, oracle: o.Oracle, name: str, attempt: Attempt) -> None:
    refused = not oracle.may(name, Access.READ)
    with built.gate.session(attempt.user) as session:
        for what, read, expected in Reads(built, oracle, name, dict(attempt.question)).all():
            note(f"{what} of {name} as {attempt.user}")
            session.expunge_all()
            if refused:
                try:
                    given = read(session)
                except AccessRefused:
                    session.rollback()
                else:  # an EXISTS, or a count of a subquery, names no entity to refuse: it finds nothing
                    assert given == expected
            else:
                assert read(session) == expected


# --- writes -----------------------------------------------------------------------------------------------------


def check_writes(engine: Engine, world: World) -> None:
    with built_on(engine, world) as built:
        tables = world.tables
        for attempt in world.attempts:
            oracle = oracle_of(built, attempt, tables.copy())
            for write in attempt.writes:
                note(f"{write} as {attempt.user}")
                if is_idle(oracle, write):
                    continue
                expected: int | o.Errors | None
                try:
                    expected = foreseen(oracle, write)
                except o.Refused as refused:
                    expected = refused.errors
                given: int | type[Exception] | None
                with built.gate.session(attempt.user) as session:
                    try:
                        given = Hands(built, oracle, session).do(write)
                    except (RowgateError, IntegrityError, GaveUp, *MISSING) as error:
                        given = type(error)
                    except CircularDependencyError:
                        return  # SQLAlchemy cannot order rows that refer to themselves; nothing was written
                note(f"given {given}, expected {expected}")
                judge(given, expected, no_hidden=sees_everything(oracle, write.entity))
                assert built.rows() == oracle.tables
            tables = oracle.tables


def sees_everything(oracle: o.Oracle, entity: str) -> bool:
    return len(oracle.visible(entity)) == len(oracle.tables.rows[entity])


def judge(given: int | type[Exception] | None, expected: int | o.Errors | None, *, no_hidden: bool) -> None:
    if expected == 0 and given is ReferenceMissing:
        return  # a bulk update of no rows with a bad foreign key: nothing is written either way
    if not isinstance(expected, frozenset):
        assert given == expected
    elif given is GaveUp:
        assert expected
    elif RowNotFound in expected and no_hidden:  # the row is missing, and there are no hidden ones to tell it from
        assert given in (*expected, *MISSING, ReferenceMissing)
    elif given is IntegrityError:  # a restricting foreign key is the database's to enforce
        assert StillReferenced in expected
    else:
        assert given in expected


# --- the databases ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def memory() -> Iterator[EngineOf]:
    """A new SQLite database in memory for each example."""
    made: list[Engine] = []

    def new() -> Engine:
        if made:
            made.pop().dispose()
        made.append(make_engine("sqlite://"))
        return made[0]

    yield new
    made.pop().dispose()


@pytest.fixture(scope="module")
def server(postgres_copies: Copies) -> EngineOf:
    """One empty PostgreSQL database for all examples; each drops its tables."""
    engine = postgres_copies(empty=True)
    return lambda: engine


@profile(examples(100))
@given(world=worlds())
def test_reads_on_sqlite(memory: EngineOf, world: World) -> None:
    check_reads(memory(), world)


@profile(examples(100))
@given(world=worlds())
def test_writes_on_sqlite(memory: EngineOf, world: World) -> None:
    check_writes(memory(), world)


@pytest.mark.postgresql
@profile(examples(20))
@given(world=worlds())
def test_reads_on_postgresql(server: EngineOf, world: World) -> None:
    check_reads(server(), world)


@pytest.mark.postgresql
@profile(examples(20))
@given(world=worlds())
def test_writes_on_postgresql(server: EngineOf, world: World) -> None:
    check_writes(server(), world)
