"""References of pending changes: to rows of the same flush, by value and by object, and by two ways at once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import flag_modified, set_attribute

from rowgate.enforce import Gate, SecureSession
from rowgate.errors import CheckRefused, ReferenceMissing, RowgateError
from tests.enforce.shapes import ANN, Badge, Booking, Person, Slot, Team

Stored = Callable[..., Any]


@pytest.fixture(autouse=True)
def rows(given: Callable[..., None]) -> None:
    """Ann's have odd keys, Bob's even ones."""
    given(Team(id=1), Team(id=2, owner="bob"), Person(id=1, team_id=1), Person(id=3), Slot(day=1, hour=2, owner="bob"))


def test_a_parent_of_the_same_flush_by_object(gate: Gate, stored: Stored) -> None:
    with gate.session(ANN) as session:
        team = Team(id=9)
        session.add_all([Person(id=9, team=team), Badge(id=9, person=Person(id=11, team=team))])
        session.commit()
    assert stored(Badge.id, Badge.person_id) == [(9, 11)]


def test_a_parent_of_the_same_flush_by_value(gate: Gate, stored: Stored) -> None:
    with gate.session(ANN) as session:
        session.add_all([Person(id=9, team_id=9), Team(id=9), Booking(id=9, day=4, hour=4), Slot(day=4, hour=4)])
        session.commit()
    assert 9 in stored(Person.id)


def test_a_parent_of_the_same_flush_from_the_parents_side(gate: Gate, stored: Stored) -> None:
    with gate.session(ANN) as session:
        session.add(Slot(day=5, hour=5, bookings=[Booking(id=9)]))
        session.add(Team(id=9, people=[Person(id=9)]))
        session.commit()
    assert stored(Booking.id, Booking.day) == [(9, 5)]
    assert (9, 9) in stored(Person.id, Person.team_id)


def test_a_parent_that_would_be_hidden_is_none(gate: Gate, stored: Stored) -> None:
    with gate.session(ANN) as session:
        session.add(Person(id=9, team=Team(id=9, owner="bob")))
        with pytest.raises((CheckRefused, ReferenceMissing)):
            session.commit()
    assert 9 not in stored(Person.id)
    assert 9 not in stored(Team.id)


def hidden_team() -> Team:
    made = Team(id=2)
    make_transient_to_detached(made)
    return made


def with_both(session: SecureSession, key: int, team: Any, value: int) -> Person:
    person = session.get_one(Person, key)
    person.team_id = value
    person.team = team
    return person


def value_last(session: SecureSession, key: int, team: Any, value: int) -> Person:
    person = session.get_one(Person, key)
    person.team = team
    person.team_id = value
    return person


def marked(session: SecureSession) -> Person:
    person = session.get_one(Person, 3)
    vars(person)["team_id"] = 2
    flag_modified(person, "team_id")
    return person


def moved(session: SecureSession) -> Any:
    """From one parent's collection to a made-up one's."""
    team, made = session.get_one(Team, 1), hidden_team()
    session.add(made)
    made.people.append(team.people[0])
    return made


def appended_and_set(session: SecureSession) -> Any:
    team = session.get_one(Team, 1)
    person = Person(id=9, team_id=2)
    team.people.append(person)
    person.team_id = 2
    return team


ATTACKS: dict[str, Callable[[SecureSession], Any]] = {
    "no object, and a value": lambda s: s.add(Person(id=9, team=None, team_id=2)),
    "a value, then no object": lambda s: with_both(s, 1, None, 2),
    "no object, then a value": lambda s: value_last(s, 1, None, 2),
    "a visible object, then a value": lambda s: value_last(s, 3, s.get_one(Team, 1), 2),
    "a value, then a visible object": lambda s: with_both(s, 3, s.get_one(Team, 1), 2),
    "a hidden object, then a visible value": lambda s: value_last(s, 3, hidden_team(), 1),
    "a merged row": lambda s: s.merge(Person(id=3, team_id=2)),
    "a merged row with a merged parent": lambda s: s.merge(Person(id=3, team=Team(id=2))),
    "a changed key of a parent": lambda s: setattr(s.get_one(Team, 1), "id", 2),
    "a mark behind the history's back": marked,
    "set_attribute": lambda s: set_attribute(s.get_one(Person, 3), "team_id", 2),
    "a collection of a made-up parent": moved,
    "a visible collection, and a value": appended_and_set,
}


@pytest.mark.parametrize("name", ATTACKS)
def test_no_way_leads_to_a_hidden_parent(gate: Gate, stored: Stored, name: str) -> None:
    with gate.session(ANN) as session, suppress(RowgateError, IntegrityError):
        session.info["kept"] = ATTACKS[name](session)
        session.commit()
    assert 2 not in stored(Person.team_id)
    assert stored(Team.id, Team.owner) == [(1, "ann"), (2, "bob")]


def test_half_a_key_refers_to_nothing(gate: Gate, stored: Stored) -> None:
    with gate.session(ANN) as session:
        session.add(Booking(id=1, day=1))
        session.commit()
        session.get_one(Booking, 1).hour = 2
        with pytest.raises(ReferenceMissing):
            session.commit()
    assert stored(Booking.id, Booking.hour) == [(1, None)]
