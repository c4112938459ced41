"""No statement reaches the database with a secured table outside of its criteria, whatever SQLAlchemy made of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, func, inspect, select, tablesample, update
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session, aliased, selectinload

from rowgate.enforce import Gate
from rowgate.errors import StatementRefused
from tests.conftest import BOTH, Copies
from tests.enforce.inspected_models import CRITERIA, HIDDEN, LINKS, Base, Item, Tag, User, item_tag, policy, rows
from tests.enforce.inspector import Inspector
from tests.enforce.statements import Statement, everything, on_postgresql

CLERK = User(id="c", roles=frozenset({"clerk"}), tenant=2)
REFUSED = {"cte named as a table"}  # refusing is as good as filtering; nothing is sent
ALL = [*((name, run, False) for name, run in everything()), *((name, run, True) for name, run in on_postgresql())]


@pytest.fixture(scope="module", params=BOTH)
def gate(request: pytest.FixtureRequest) -> Iterator[Gate]:
    copies: Copies = request.getfixturevalue("sqlite_copies" if request.param == "sqlite" else "postgres_copies")
    engine: Engine = copies(empty=True)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(rows())
        session.flush()
        session.execute(item_tag.insert(), LINKS)
        session.commit()
    return Gate(policy, engine, models=Base, functions=["array", "bernoulli"])


def shown(value: object) -> str:
    """Everything that a result shows, loaded attributes of objects included."""
    state = inspect(value, raiseerr=False)
    if state is not None and hasattr(state, "dict"):
        return repr({name: part for name, part in state.dict.items() if not name.startswith("_")})
    if isinstance(value, list | tuple) or hasattr(value, "_mapping"):
        return " ".join(shown(part) for part in value)  # type: ignore[attr-defined]
    return repr(value)


@pytest.mark.filterwarnings("ignore:SELECT statement has a cartesian product")
@pytest.mark.parametrize(
    ("name", "run", "only_postgresql"),
    [pytest.param(name, run, only, id=name) for name, run, only in ALL],
)
def test_every_secured_table_stands_behind_its_criteria(
    gate: Gate, name: str, run: Statement, only_postgresql: bool
) -> None:
    if only_postgresql and gate.engine.dialect.name != "postgresql":
        return
    with Inspector(gate.engine, CRITERIA) as inspector, gate.session(CLERK) as session:
        try:
            given = run(session)
        except StatementRefused:
            assert name in REFUSED
            return
        text = shown(given)
    assert name not in REFUSED
    assert inspector.bare == []
    assert inspector.occurrences > 0
    assert HIDDEN not in text


@pytest.mark.filterwarnings("ignore:SELECT statement has a cartesian product")
def test_the_inspector_sees_what_is_not_filtered(gate: Gate) -> None:
    """The test of the test: on the plain engine every statement that runs is reported."""
    for name, run in everything():
        if name in ("yield_per", "partitions"):
            continue  # psycopg warns of their open server-side cursors
        with Inspector(gate.plain_engine, CRITERIA) as inspector, Session(gate.plain_engine) as session:
            run(session)
        assert inspector.bare, name


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT item.id FROM item",
        "SELECT item.id FROM item WHERE item.tenant = 2",
        "SELECT item.id FROM item WHERE item.tenant = ? OR 1 = 1",
        "SELECT item.id FROM (SELECT * FROM item WHERE item.tenant = ?) AS item JOIN shop ON shop.id = item.shop_id",
        "SELECT x.id FROM (SELECT * FROM item WHERE item.tenant = ?) AS x WHERE EXISTS (SELECT 1 FROM item)",
        "SELECT x.id FROM (SELECT * FROM item WHERE shop.tenant = ?) AS x",
        "WITH c AS (SELECT * FROM tag) SELECT * FROM c",
        "SELECT * FROM item_tag",
    ],
)
def test_the_inspector_reports(gate: Gate, sql: str) -> None:
    inspector = Inspector(gate.engine, CRITERIA)
    inspector.inspect(sql)
    assert len(inspector.bare) == 1


def test_a_sample_of_a_table_shows_nothing(gate: Gate) -> None:
    """TABLESAMPLE takes a table, and never the subquery that stands for it: the database refuses the statement."""
    if gate.engine.dialect.name != "postgresql":
        return
    sample = aliased(Item, tablesample(Item, func.bernoulli(100)))
    with gate.session(CLERK) as session, pytest.raises((ProgrammingError, StatementRefused)):
        session.scalars(select(sample)).all()


def test_a_bulk_update_sets_no_primary_key(gate: Gate) -> None:
    """The check afterwards finds the rows by their keys; with new ones it would find none and pass."""
    with gate.session(CLERK) as session, pytest.raises(StatementRefused):
        session.execute(update(Tag).values(id=99, tenant=1))


def test_yield_per_with_selectinload(sqlite_copies: Copies) -> None:
    engine = sqlite_copies(empty=True)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(rows())
        session.commit()
    query = select(Item).options(selectinload(Item.tags)).execution_options(yield_per=2)
    with Gate(policy, engine, models=Base).session(CLERK) as session:
        assert len(list(session.scalars(query))) == 4
