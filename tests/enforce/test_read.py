"""Reading: verbs that are not given, loads of what may not be read, and statements that are reported."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import exists, func, insert, select, text, union
from sqlalchemy.orm import joinedload, selectinload

from rowgate.enforce import Gate
from rowgate.errors import AccessRefused, StatementRefused
from rowgate.policy import Policy
from rowgate.types import Access
from tests.enforce.shapes import ANN, BOB, Base, Person, Team, User

CLERK = User(id="clerk", name="ann", roles=frozenset({"clerk"}))


@pytest.fixture(autouse=True)
def rows(given: Callable[..., None]) -> None:
    given(Team(id=1), Team(id=2, owner="bob"), Person(id=1, team_id=1), Person(id=3, team_id=2))


@pytest.fixture
def clerks(gate: Gate) -> Gate:
    """The clerk reads people, and nothing else."""
    policy = Policy(User, roles=["clerk"])
    policy.grant(Person, "clerk", access=Access.READ)
    return Gate(policy, gate.plain_engine, models=Base)


def test_what_may_not_be_read_is_refused(clerks: Gate) -> None:
    with clerks.session(CLERK) as session:
        assert session.scalars(select(Person.id).order_by(Person.id)).all() == [1, 3]
        for query in (
            select(Team),
            select(Team.id),
            select(func.count(Team.id)),
            select(Person, Team).join(Person.team),
        ):
            with pytest.raises(AccessRefused, match="You may not read Team"):
                session.execute(query).all()
        with pytest.raises(AccessRefused):
            session.get(Team, 1)


def test_what_may_not_be_read_is_not_loaded_along(clerks: Gate) -> None:
    """Loads and conditions find nothing: the statement itself reads something that may be read."""
    with clerks.session(CLERK) as session:
        assert [person.team for person in session.scalars(select(Person))] == [None, None]
        session.expunge_all()
        for load in (joinedload, selectinload):
            assert [person.team for person in session.scalars(select(Person).options(load(Person.team)))] == [
                None,
                None,
            ]
            session.expunge_all()
        assert session.scalars(select(Person.id).where(Person.team.has())).all() == []
        assert session.scalars(select(Person.id).where(Person.team_id.in_(select(Team.id)))).all() == []


def test_a_made_up_row_is_not_refreshed(gate: Gate) -> None:
    from sqlalchemy.exc import InvalidRequestError
    from sqlalchemy.orm import make_transient_to_detached

    with gate.session(ANN) as session:
        made = Team(id=2)
        make_transient_to_detached(made)
        session.add(made)
        with pytest.raises(InvalidRequestError):
            session.refresh(made)


def test_what_one_session_holds_another_does_not(gate: Gate) -> None:
    with gate.session(BOB) as his, gate.session(ANN) as mine:
        team = his.get_one(Team, 2)
        assert mine.get(Team, 2) is None
        his.expunge(team)
        mine.add(team)
        mine.expire(team)
        assert mine.get(Team, 2) is None


@pytest.mark.parametrize("statement", [text("SELECT 1"), insert(Team).values(id=9), select(Team.__table__)], ids=str)
def test_what_is_no_orm_select_is_refused(gate: Gate, statement: object) -> None:
    with gate.session(ANN) as session, pytest.raises(StatementRefused):
        session.execute(statement)  # type: ignore[call-overload]


def test_statements_of_no_entity_run(gate: Gate) -> None:
    with gate.session(ANN) as session:
        assert session.scalar(select(func.length("abc"))) == 3
        assert session.scalar(select(exists().where(Team.id == 2))) is False
        assert session.scalar(select(exists().where(Team.id == 1))) is True
        assert session.scalars(union(select(Team.id), select(Person.id).where(Person.id == 3))).all() in (
            [1, 3],
            [3, 1],
        )
