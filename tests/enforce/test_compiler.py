"""The compiler: every way to name a table, what it refuses, and whose rows a cached statement gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    Table,
    column,
    exists,
    extract,
    func,
    literal_column,
    select,
    table,
    text,
    union_all,
    update,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, aliased, joinedload, mapped_column

from rowgate.enforce import Gate
from rowgate.enforce.compiler import EnforcedBy
from rowgate.errors import StatementRefused
from rowgate.policy import CheckFailed, Policy
from rowgate.types import Access
from tests.enforce.shapes import ANN, BOB, NOBODY, ROOT, Booking, Person, Slot, Tag, Team, User, person_tag


@pytest.fixture(autouse=True)
def rows(given: Callable[..., None]) -> None:
    """Ann's and Bob's, numbered alike: odd ones are Ann's."""
    mine, his = Tag(id=1), Tag(id=2, owner="bob")
    given(mine, his, Team(id=1, name="a"), Team(id=2, name="b", owner="bob"))
    given(Person(id=1, name="ann", team_id=1), Person(id=3, name="ada", team_id=2))
    given(Person(id=2, name="bob", owner="bob", team_id=2))
    given(Slot(day=1, hour=1), Slot(day=1, hour=2, owner="bob"))
    given(Booking(id=1, day=1, hour=2))


def test_an_alias_and_its_table_are_filtered_apart(gate: Gate) -> None:
    one, two = aliased(Person), aliased(Person, name="person")
    with gate.session(ANN) as session:
        assert session.scalars(select(one.id).order_by(one.id)).all() == [1, 3]
        assert session.execute(select(one.id, two.id).where(one.id < two.id)).all() == [(1, 3)]


def test_one_entity_twice_under_names_that_are_ambiguous(gate: Gate) -> None:
    """Two joined loads of one table next to the table itself."""
    with gate.session(ANN) as session:
        query = select(Person, Team).join(Team, Person.team_id == Team.id).options(joinedload(Person.team))
        assert [(person.id, team.id) for person, team in session.execute(query)] == [(1, 1)]
        both = select(Person.id).where(Person.id.in_(select(aliased(Person).id)))
        assert session.scalars(both.order_by(Person.id)).all() == [1, 3]


def test_a_table_with_a_schema_is_filtered(sqlite_copies: Any) -> None:
    class Base(DeclarativeBase):
        pass

    class There(Base):
        __tablename__ = "thing"
        __table_args__ = {"schema": "main"}  # the name SQLite has for the database itself
        id: Mapped[int] = mapped_column(primary_key=True)
        owner: Mapped[str]

    engine = sqlite_copies(empty=True)
    Base.metadata.create_all(engine)
    policy = Policy(User, roles=["user"])
    policy.permission("user", Access.ALL)
    policy.grant(There, "user", where=lambda row, user: row.owner == user.name)
    gate = Gate(policy, engine, models=Base)
    with Session(engine) as plain:
        plain.add_all([There(id=1, owner="ann"), There(id=2, owner="bob")])
        plain.commit()
    with gate.session(ANN) as session:
        assert session.scalars(select(There.id)).all() == [1]
        assert session.scalars(select(aliased(There).owner)).all() == ["ann"]
        other = aliased(There)
        assert session.execute(select(There.id, other.id).where(There.id <= other.id)).all() == [(1, 1)]
        assert session.scalars(select(There.id).where(select(other.id).where(other.id == 2).exists())).all() == []
        session.get_one(There, 1).owner = "ann"
        assert session.execute(update(There).values(owner="ann")).rowcount == 1  # type: ignore[attr-defined]


def test_two_tables_of_one_name_are_no_models(sqlite_copies: Any) -> None:
    class Base(DeclarativeBase):
        pass

    class Here(Base):
        __tablename__ = "thing"
        id: Mapped[int] = mapped_column(primary_key=True)

    class There(Base):
        __tablename__ = "thing"
        __table_args__ = {"schema": "main"}
        id: Mapped[int] = mapped_column(primary_key=True)

    with pytest.raises(CheckFailed, match="P010"):
        Gate(Policy(User, roles=["user"]), sqlite_copies(empty=True), models=[Here, There])


def test_a_link_shows_where_both_of_its_ends_do(gate: Gate, given: Callable[..., None]) -> None:
    with Session(gate.plain_engine) as plain:
        plain.execute(person_tag.insert(), [{"person_id": p, "tag_id": t} for p, t in ((1, 1), (1, 2), (2, 1))])
        plain.commit()
    with gate.session(ANN) as session:
        assert session.scalar(select(func.count()).select_from(Person).join(Person.tags)) == 1
        linked = select(func.count(person_tag.c.tag_id)).select_from(Person).join(person_tag)
        assert session.scalar(linked) == 1
        assert [tag.id for tag in session.get_one(Person, 1).tags] == [1]
    with gate.session(ROOT) as session:
        assert session.scalar(linked) == 3


def test_a_light_table_is_the_secured_one(gate: Gate) -> None:
    light, shadow = table("team", column("id")), Table("team", MetaData(), Column("id", Integer))
    with gate.session(ANN) as session:
        for named in (light, shadow):
            joined = select(Person.id, named.c.id).select_from(Person).join(named, named.c.id >= Person.id)
            assert session.execute(joined).all() == [(1, 1)]


REFUSED = {
    "text as a column": lambda: select(Person.id, text("(SELECT 1)")),
    "text as a condition": lambda: select(Person.id).where(text("1 = 1 OR 1 = 1")),
    "text as a FROM": lambda: select(func.count()).select_from(text("person")),
    "a literal column": lambda: select(Person.id, literal_column("(SELECT max(name) FROM team)")),
    "a hint": lambda: select(Person.id).with_hint(Person, "INDEXED BY x"),
    "a statement's hint": lambda: select(Person.id).with_statement_hint("UNION SELECT 1"),
    "a prefix": lambda: select(Person.id).prefix_with("id", "FROM", "team", "UNION", "SELECT"),
    "a suffix": lambda: select(Person.id).suffix_with("UNION SELECT id FROM team"),
    "an operator of words": lambda: select(Person.id.op("UNION SELECT id FROM team WHERE id =")(1)),
    "an operator with parentheses": lambda: select(Person.id.op("= 1 OR (")(1)),
    "a comment": lambda: select(Person.id.op("/*")(1)),
    "a quote": lambda: select(Person.id.op("`")(1)),
    "a field to extract": lambda: select(extract("year FROM (SELECT 1)", Person.id)),
    "a function that runs SQL": lambda: select(func.query_to_xml("SELECT 1", True, False, "")),
    "a function of a package": lambda: select(func.pg_catalog.now()),
    "a stranger": lambda: select(Person.id, table("sqlite_master", column("name"))),
    "a stranger by its schema": lambda: select(Table("team", MetaData(), Column("id", Integer), schema="main")),
    "a Core statement": lambda: select(Team.__table__),
    "a CTE with a table's name": lambda: select(select(Person.id).cte("team").c.id),
    "a write in a CTE": lambda: select(update(Team).values(name="x").returning(Team.id).cte().c.id),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_policy_can_filter_is_refused(gate: Gate, name: str) -> None:
    with gate.session(ANN) as session, pytest.raises(StatementRefused):
        session.execute(REFUSED[name]()).all()


def test_harmless_words_pass(gate: Gate) -> None:
    with gate.session(ANN) as session:
        assert session.scalars(select(Person.name).where(Person.name.op("LIKE")("a%")).distinct()).all()
        assert session.scalars(select(literal_column("1")).select_from(Person)).all() == [1, 1]
        assert session.scalar(select(func.max(func.lower(Person.name)))) == "ann"
        assert session.scalar(select(Person.id.op("+")(1)).order_by(Person.id).limit(1)) == 2
        assert session.scalar(select(exists(select(Team.id).where(Team.id == 2))).select_from(Person)) is False
        assert session.scalar(select(func.now())) is not None


def test_what_a_project_vouches_for_passes(gate: Gate) -> None:
    with gate.session(ANN) as session, pytest.raises(StatementRefused, match="not known to be harmless"):
        session.scalar(select(func.txid_current()))
    if gate.plain_engine.dialect.name == "postgresql":
        wide = Gate(gate.policy, gate.plain_engine, models=list(gate.bound.entities), functions=["txid_current"])
        with wide.session(ANN) as session:
            assert session.scalar(select(func.txid_current()))


STATEMENTS: dict[str, Callable[[], Any]] = {
    "select": lambda: select(Person.id).order_by(Person.id),
    "union": lambda: union_all(select(Person.id), select(Person.id)),
    "from_statement": lambda: select(Person).from_statement(union_all(select(Person), select(Person))),
    "subquery": lambda: select(select(Person.id).subquery().c.id),
    "cte": lambda: select(select(Person.id).cte().c.id),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_one_cached_statement_gives_each_principal_their_rows(gate: Gate, name: str) -> None:
    """Equal roles share the SQL and differ in the claims; other holders share nothing."""
    statement = STATEMENTS[name]()
    seen = {}
    for user in (ROOT, ANN, BOB, NOBODY, ANN, ROOT):
        with gate.session(user) as session:
            found = session.scalars(statement).all()
        seen.setdefault(user.id, set()).add(frozenset(getattr(row, "id", row) for row in found))
    assert seen == {
        "root": {frozenset({1, 2, 3})},
        "ann": {frozenset({1, 3})},
        "bob": {frozenset({2})},
        "nobody": {frozenset()},
    }


def test_equal_holders_compile_once(gate: Gate) -> None:
    statement = select(Person.id)
    cache = gate.engine._compiled_cache
    assert cache is not None
    with gate.session(ANN) as session:
        session.scalars(statement).all()
    size = len(cache)
    with gate.session(BOB) as session:
        session.scalars(statement).all()
    assert len(cache) == size
    with gate.session(NOBODY) as session:
        session.scalars(statement).all()
    assert len(cache) == size + 1


def test_bulk_writes_through_the_cache(gate: Gate, stored: Callable[..., Any]) -> None:
    statement = update(Person).values(name="renamed")
    for user, expected in ((ANN, 2), (BOB, 1), (NOBODY, 0), (ANN, 2)):
        with gate.session(user) as session:
            assert session.execute(statement).rowcount == expected  # type: ignore[attr-defined]
            session.rollback()
    assert "renamed" not in stored(Person.name)


def test_criteria_of_somebody_else_are_refused(gate: Gate) -> None:
    with gate.session(ROOT) as other:
        stranger = other.criteria
    for criteria in (stranger, gate.every_row):
        with gate.session(ANN) as session, pytest.raises(StatementRefused, match="not those of its session"):
            session.scalars(select(Person).options(EnforcedBy(criteria))).all()


def test_claims_are_bound_by_the_session_alone(gate: Gate) -> None:
    with gate.session(ANN) as session:
        assert session.scalars(select(Person.id), {"rowgate_name": "bob"}).all() == [1, 3]
        with pytest.raises(StatementRefused, match="list of parameters"):
            session.scalars(select(Person.id), [{"rowgate_name": "bob"}]).all()


def test_a_claim_that_is_none_equals_nothing(gate: Gate, given: Callable[..., None]) -> None:
    with gate.session(NOBODY) as session:
        assert session.scalars(select(Person.id)).all() == []
