"""Reading columns with statements that are kept: filtered for each session, refused and reported as every select."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Select, bindparam, event, exists, func, literal, select, text
from sqlalchemy.orm import aliased

from rowgate.enforce import Gate, StatementRecord
from rowgate.enforce.columns import ColumnReads, fetch, stream
from rowgate.enforce.scope import Scope
from rowgate.errors import AccessRefused, StatementRefused
from rowgate.policy import Policy
from rowgate.types import Access
from tests.enforce.shapes import ANN, BOB, NOBODY, ROOT, Base, Person, Team, User, person_tag

CLERK = User(id="clerk", name="ann", roles=frozenset({"clerk"}))

PEOPLE = select(Person.id).order_by(Person.id)
OF_TEAM = PEOPLE.where(Person.team_id == bindparam("team"))


@pytest.fixture(autouse=True)
def rows(given: Callable[..., None]) -> None:
    given(
        Team(id=1),
        Team(id=2, owner="bob"),
        *(Person(id=each, team_id=1, name=str(each % 3)) for each in (1, 2, 5)),
        *(Person(id=each, team_id=2, owner="bob") for each in (3, 4)),
    )


def ids(gate: Gate, who: Any, statement: Select[Any], **parameters: object) -> list[Any]:
    with gate.session(who) as session:
        return [row[0] for row in fetch(session, statement, parameters)]


def test_one_statement_serves_everybody_and_shows_each_their_own(gate: Gate) -> None:
    for _ in range(3):
        assert ids(gate, ANN, PEOPLE) == [1, 2, 5]
        assert ids(gate, BOB, PEOPLE) == [3, 4]
        assert ids(gate, ROOT, PEOPLE) == [1, 2, 3, 4, 5]  # other roles: other criteria, and other SQL
        assert ids(gate, NOBODY, PEOPLE) == []
        assert ids(gate, ANN, OF_TEAM, team=1) == [1, 2, 5]
        assert ids(gate, BOB, OF_TEAM, team=1) == []
        assert ids(gate, BOB, OF_TEAM, team=2) == [3, 4]


def statements() -> list[Select[Any]]:
    other = aliased(Person)
    inner = select(Person.id, func.row_number().over(order_by=Person.id).label("n")).subquery()
    return [
        PEOPLE,
        select(func.count()).select_from(Person),
        select(func.count(Person.id)),
        select(other.id).order_by(other.id),
        select(Person.id, Team.id).join(Person.team).order_by(Person.id),
        select(Person.id).join(other, other.team_id == Person.team_id).order_by(Person.id, other.id),
        select(Person.id).where(Person.team.has(Team.name == "")).order_by(Person.id),
        select(Team.id).where(exists().where(Person.team_id == Team.id)).order_by(Team.id),
        select(inner.c.id).where(inner.c.n < 3).order_by(inner.c.id),
        select(Person.name, func.count()).group_by(Person.name).order_by(Person.name),
    ]


@pytest.mark.parametrize("number", range(len(statements())))
@pytest.mark.parametrize("who", [ANN, BOB], ids=["ann", "bob"])
def test_it_shows_what_the_session_itself_shows(gate: Gate, who: Any, number: int) -> None:
    statement = statements()[number]
    with gate.session(who) as session:
        wanted = [tuple(row) for row in session.execute(statement)]
        assert [tuple(row) for row in fetch(session, statement)] == wanted
        assert [tuple(row) for run in stream(session, statement, at_once=2) for row in run] == wanted


def test_no_parameter_takes_the_place_of_a_claim(gate: Gate) -> None:
    """The criteria's values are bound under names; a caller who knows them gains nothing."""
    with gate.session(ANN) as session:
        forged = dict.fromkeys(session.claims, "bob")
        assert forged
        assert [row[0] for row in fetch(session, PEOPLE, forged)] == [1, 2, 5]
        assert [row[0] for run in stream(session, PEOPLE, forged, at_once=2) for row in run] == [1, 2, 5]


def test_what_may_not_be_read_is_refused(gate: Gate) -> None:
    policy = Policy(User, roles=["clerk"])
    policy.grant(Person, "clerk", access=Access.READ)
    clerks = Gate(policy, gate.plain_engine, models=Base)
    teams = select(Team.id).subquery()
    with clerks.session(CLERK) as session:
        assert len(fetch(session, PEOPLE)) == 5
        assert fetch(session, select(Person.id).where(Person.team.has())) == []
        for statement in (select(Team.id), select(Person.id, Team.id).join(Person.team), select(teams.c.id)):
            with pytest.raises(AccessRefused, match="You may not read Team"):
                fetch(session, statement)
            with pytest.raises(AccessRefused):
                stream(session, statement, at_once=2)  # at the call, not at the first row


def test_what_is_no_select_of_entities_is_refused(gate: Gate) -> None:
    raw = select(Person.id).where(text("1 = 1"))
    with gate.session(ANN) as session:
        for statement in (select(Person.__table__.c.id), select(person_tag.c.tag_id), select(literal(1)), raw):
            with pytest.raises(StatementRefused):
                fetch(session, statement)


def test_criteria_that_a_caller_put_on_a_statement_are_not_obeyed(gate: Gate) -> None:
    """The option of another session's criteria: the guard compares what was compiled with who sends it."""
    from rowgate.enforce.compiler import EnforcedBy

    with gate.session(ANN) as session:
        for criteria in (gate.every_row,):
            with pytest.raises(StatementRefused):
                fetch(session, PEOPLE.options(EnforcedBy(criteria)))


def test_pending_changes_are_seen(gate: Gate) -> None:
    with gate.session(ANN) as session:
        session.add(Person(id=9, owner="ann"))
        assert [row[0] for row in fetch(session, PEOPLE)] == [1, 2, 5, 9]
        session.rollback()


def test_the_scope_of_checks_sees_every_row(gate: Gate) -> None:
    with gate.session(ANN) as session:
        with session.within(Scope.CHECKS):
            assert len(fetch(session, PEOPLE)) == 5
        assert len(fetch(session, PEOPLE)) == 3


class Heard:
    def __init__(self) -> None:
        self.records: list[StatementRecord] = []

    def statement(self, record: StatementRecord) -> None:
        self.records.append(record)

    def trusted(self, record: object) -> None:
        raise AssertionError(record)


def test_observers_are_told_once_with_the_rows(gate: Gate) -> None:
    heard = Heard()
    watched = Gate(gate.policy, gate.plain_engine, models=Base, observers=[heard])
    with watched.session(ANN, request_id="r1") as session:
        fetch(session, PEOPLE)
        runs = stream(session, select(Person.id, Person.team_id), at_once=2)
        assert len(heard.records) == 1
        assert [len(run) for run in runs] == [2, 1]
        stopped = stream(session, PEOPLE, at_once=1)
        next(stopped)
        stopped.close()
        stopped.close()
        stream(session, PEOPLE, at_once=1).close()
    assert [record.rows for record in heard.records] == [3, 3, 1, 0]
    for record in heard.records:
        assert [decision.entity for decision in record.decisions] == [Person]
        assert (record.request_id, record.access, record.refused) == ("r1", Access.READ, None)
        assert record.sent is not None
        assert "ann" in str(record.sent.parameters)


def test_a_stream_takes_its_rows_as_they_come(gate: Gate) -> None:
    """PostgreSQL: a server-side cursor, or the driver would hold every row before the first is given out."""
    used: list[str] = []

    def note(_connection: Any, cursor: Any, *_: Any) -> None:
        used.append(type(cursor).__name__)

    event.listen(gate.engine, "before_cursor_execute", note)
    with gate.session(ANN) as session:
        list(stream(session, PEOPLE, at_once=2))
    assert used[-1] == ("ServerCursor" if gate.engine.dialect.name == "postgresql" else "Cursor")


def test_a_statement_that_is_gone_is_forgotten(gate: Gate) -> None:
    reads = ColumnReads()
    kept = select(Person.id)
    reads.of(kept)
    for _ in range(3):
        reads.of(select(Person.id).where(Person.id > 1))
    gc.collect()
    assert list(reads._known) == [kept]
