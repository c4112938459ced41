"""ORM update() and delete(): verb, rows, WITH CHECK, references, dependents, parameters."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import aliased

from rowgate.enforce import Gate
from rowgate.errors import (
    AccessRefused,
    CheckRefused,
    ReferenceMissing,
    RowgateError,
    StatementRefused,
    StillReferenced,
)
from tests.enforce.shapes import ANN, READER, WRITER, Badge, Booking, Node, Note, Person, Slot, Team

Stored = Callable[..., Any]
Given = Callable[..., None]


@pytest.fixture(autouse=True)
def rows(given: Given) -> None:
    given(
        Team(id=1, name="a"), Team(id=2, name="b", owner="bob"), Slot(day=1, hour=1), Slot(day=1, hour=2, owner="bob")
    )
    given(Person(id=1, name="x", team_id=1), Person(id=2, name="x", owner="bob"), Person(id=3, name="y"))
    given(Note(id=1), Note(id=2, writer="bob"), Booking(id=1), Badge(id=1))


def run(gate: Gate, statement: Any, *args: Any, user: Any = ANN) -> int:
    with gate.session(user) as session:
        count: int = session.execute(statement, *args).rowcount  # type: ignore[attr-defined]
        session.commit()
        return count


def test_an_update_is_of_the_visible_rows(gate: Gate, stored: Stored) -> None:
    assert run(gate, update(Person).values(name="z")) == 2
    assert stored(Person.id, Person.name) == [(1, "z"), (2, "x"), (3, "z")]
    assert run(gate, update(Person).where(Person.id == 2).values(name="z")) == 0


def test_a_delete_is_of_the_visible_rows(gate: Gate, stored: Stored) -> None:
    assert run(gate, delete(Person)) == 2
    assert stored(Person.id) == [2]


def test_of_the_rows_seen_only_those_the_verb_may_touch(gate: Gate, stored: Stored) -> None:
    assert run(gate, update(Note).values(text="mine"), user=WRITER) == 1
    assert stored(Note.text, Note.id) == [("", 2), ("mine", 1)] or stored(Note.id, Note.text) == [(1, "mine"), (2, "")]
    assert run(gate, delete(Note), user=WRITER) == 1
    assert stored(Note.id) == [2]


@pytest.mark.parametrize("statement", [update(Person).values(name="z"), delete(Person)], ids=["update", "delete"])
def test_without_the_verb(gate: Gate, stored: Stored, statement: Any) -> None:
    with pytest.raises(AccessRefused):
        run(gate, statement, user=READER)
    assert stored(Person.name) == ["x", "x", "y"]


REFUSED: dict[str, tuple[type[RowgateError], Callable[[], Any], Any]] = {
    "give rows away": (CheckRefused, lambda: update(Person).values(owner="bob"), {}),
    "give rows away by parameters": (CheckRefused, lambda: update(Person), {"owner": "bob"}),
    "give rows away by a subquery": (
        CheckRefused,
        lambda: update(Person).values(owner=select(func.max(Team.name)).scalar_subquery()),
        {},
    ),
    "refer to a hidden row": (ReferenceMissing, lambda: update(Person).values(team_id=2), {}),
    "refer to a missing row": (ReferenceMissing, lambda: update(Person).values(team_id=77), {}),
    "refer by parameters": (ReferenceMissing, lambda: update(Person), {"team_id": 2}),
    "refer by ordered values": (ReferenceMissing, lambda: update(Person).ordered_values((Person.team_id, 2)), {}),
    "refer by the column": (ReferenceMissing, lambda: update(Person).values({Person.__table__.c.team_id: 2}), {}),
    "refer by two columns": (ReferenceMissing, lambda: update(Booking).values(day=1, hour=2), {}),
    "refer by half a key": (StatementRefused, lambda: update(Booking).values(day=1), {}),
    "refer by an expression": (StatementRefused, lambda: update(Person).values(team_id=Person.id + 1), {}),
    "refer by a function": (StatementRefused, lambda: update(Person).values(team_id=func.abs(2)), {}),
    "a list of rows": (StatementRefused, lambda: update(Person), [{"id": 1, "name": "z"}]),
    "returning": (StatementRefused, lambda: update(Person).values(name="z").returning(Person.name), {}),
    "delete returning": (StatementRefused, lambda: delete(Person).returning(Person.id), {}),
    "a Core update": (StatementRefused, lambda: update(Person.__table__).values(name="z"), {}),
    "a Core delete": (StatementRefused, lambda: delete(Person.__table__), {}),
    "a write in a CTE": (
        StatementRefused,
        lambda: update(Person).values(name="z").add_cte(delete(Team).returning(Team.id).cte()),
        {},
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_nothing_is_written_where_a_check_fails(gate: Gate, stored: Stored, name: str) -> None:
    error, make, parameters = REFUSED[name]
    before = [stored(*entity.__table__.c) for entity in (Person, Team, Booking)]
    with gate.session(ANN) as session:
        session.add(Note(id=50))
        with pytest.raises(error):
            session.execute(make(), parameters)
        session.commit()
    assert [stored(*entity.__table__.c) for entity in (Person, Team, Booking)] == before


def test_a_reference_through_a_parameter_is_checked(gate: Gate, stored: Stored) -> None:
    statement = update(Person).where(Person.id == bindparam("which")).values(team_id=bindparam("team"))
    with pytest.raises(ReferenceMissing):
        run(gate, statement, {"which": 3, "team": 2})
    with pytest.raises(ReferenceMissing):
        run(gate, update(Person).values(team_id=bindparam("team")), {"team": 2})
    with pytest.raises(ReferenceMissing):
        run(gate, update(Person).values(team_id=bindparam("team", callable_=lambda: 2)))
    assert (3, None) in stored(Person.id, Person.team_id)
    assert run(gate, statement, {"which": 3, "team": 1}) == 1


def test_a_reference_set_by_its_column_is_checked(gate: Gate, stored: Stored) -> None:
    """The attribute has another name than its column."""
    for statement, parameters in (
        (update(Badge).values(person_id=2), {}),
        (update(Badge).values({"holder": 2}), {}),
        (update(Badge).values({Badge.__table__.c.holder: 2}), {}),
        (update(Badge), {"holder": 2}),
        (update(Badge), {"person_id": 2}),
    ):
        with gate.session(ANN) as session, suppress(SQLAlchemyError, KeyError, RowgateError):
            session.execute(statement, parameters)
            session.commit()
        assert stored(Badge.person_id) == [None]


def test_what_is_allowed(gate: Gate, stored: Stored) -> None:
    assert run(gate, update(Person).where(Person.name == "y").values(team_id=1)) == 1
    assert run(gate, update(Booking).values(day=1, hour=1)) == 1
    assert run(gate, update(Booking).values(day=None, hour=None)) == 1
    assert (3, 1) in stored(Person.id, Person.team_id)
    with gate.session(ANN) as session:
        person = session.get_one(Person, 1)
        session.execute(update(Person).values(name="fresh"))
        assert person.name == "fresh"
        session.commit()


def test_a_where_reads_as_the_client_does(gate: Gate, stored: Stored) -> None:
    """A hidden row in a subquery, or under an alias, decides nothing."""
    other = aliased(Person)
    hidden = select(other.id).where(other.id == 2)
    assert run(gate, update(Team).where(hidden.exists()).values(name="probed")) == 0
    assert (
        run(gate, update(Team).where(Team.id.in_(select(Person.id).where(Person.owner == "bob"))).values(name="probed"))
        == 0
    )
    assert run(gate, delete(Person).where(hidden.exists())) == 0
    seen = select(func.max(Team.name)).scalar_subquery()
    assert run(gate, update(Person).where(Person.id == 1).values(name=seen)) == 1
    assert (1, "a") in stored(Person.id, Person.name)


def test_a_where_with_parameters(gate: Gate, stored: Stored) -> None:
    statement = update(Person).where(Person.name == bindparam("old")).values(name="found")
    assert run(gate, statement, {"old": "x"}) == 1
    assert stored(Person.id, Person.name) == [(1, "found"), (2, "x"), (3, "y")]


class TestDependents:
    def test_by_the_database(self, gate: Gate, given: Given, stored: Stored) -> None:
        given(Node(id=1), Node(id=2, owner="bob", above_id=1))
        with pytest.raises(StillReferenced):
            run(gate, delete(Node))
        assert stored(Node.id) == [1, 2]

    def test_set_null(self, gate: Gate, given: Given, stored: Stored) -> None:
        given(Badge(id=2, owner="bob", person_id=3))
        with pytest.raises(StillReferenced):
            run(gate, delete(Person).where(Person.id == 3))
        assert stored(Badge.id, Badge.person_id) == [(1, None), (2, 3)]


def test_pending_changes_are_flushed_and_checked_first(gate: Gate, stored: Stored) -> None:
    with gate.session(ANN) as session:
        session.add(Person(id=9, owner="bob"))
        with pytest.raises(CheckRefused):
            session.execute(update(Person).values(name="z"))
    assert stored(Person.name) == ["x", "x", "y"]
