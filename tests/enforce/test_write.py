"""Writing: each check by an example, and nothing written where one fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import make_transient_to_detached

from rowgate.enforce import Gate, SecureSession
from rowgate.errors import (
    AccessRefused,
    CheckRefused,
    ReferenceMissing,
    RowgateError,
    RowNotFound,
)
from tests.enforce.shapes import (
    ANN,
    NOBODY,
    READER,
    WRITER,
    Badge,
    Booking,
    Leaf,
    Node,
    Note,
    Person,
    Slot,
    Tag,
    Team,
    person_tag,
)

Stored = Callable[..., Any]
EVERY = (Team, Person, Tag, Badge, Booking, Node, Leaf, Note)


@pytest.fixture(autouse=True)
def rows(given: Callable[..., None]) -> None:
    """Ann's have odd keys, Bob's even ones."""
    given(Team(id=1, name="a"), Team(id=2, name="b", owner="bob"), Tag(id=1), Tag(id=2, owner="bob"))
    given(Person(id=1, name="ann", team_id=1), Person(id=2, name="bob", owner="bob", team_id=1), Person(id=3))
    given(Slot(day=1, hour=1), Slot(day=1, hour=2, owner="bob"), Note(id=1), Note(id=2, writer="bob"))


def detached(entity: type, **key: Any) -> Any:
    """An object that says it is a row, without having been read."""
    made = entity(**key)
    make_transient_to_detached(made)
    return made


def change(obj: Any, **values: Any) -> Any:
    for name, value in values.items():
        setattr(obj, name, value)
    return obj


def append(obj: Any, name: str, item: Any) -> Any:
    getattr(obj, name).append(item)
    return obj


REFUSED: dict[str, tuple[type[RowgateError], Callable[[SecureSession], Any]]] = {
    "change a hidden row": (RowNotFound, lambda s: change(s.merge(detached(Team, id=2), load=False), name="x")),
    "change a missing row": (RowNotFound, lambda s: change(s.merge(detached(Team, id=77), load=False), name="x")),
    "insert a row of somebody else's": (CheckRefused, lambda s: s.add(Team(id=9, owner="bob"))),
    "give a row away": (CheckRefused, lambda s: change(s.get_one(Team, 1), owner="bob")),
    "refer to a hidden row": (ReferenceMissing, lambda s: change(s.get_one(Person, 3), team_id=2)),
    "refer to a missing row": (ReferenceMissing, lambda s: change(s.get_one(Person, 3), team_id=77)),
    "insert with a hidden reference": (ReferenceMissing, lambda s: s.add(Person(id=9, team_id=2))),
    "refer by an object": (ReferenceMissing, lambda s: change(s.get_one(Person, 3), team=detached(Team, id=2))),
    "refer one way": (
        ReferenceMissing,
        lambda s: s.add(Badge(id=9, person=s.merge(detached(Person, id=2), load=False))),
    ),
    "refer by two columns": (ReferenceMissing, lambda s: s.add(Booking(id=9, day=1, hour=2))),
    "refer by two columns to nothing": (ReferenceMissing, lambda s: s.add(Booking(id=9, day=7, hour=7))),
    "link a hidden tag": (
        ReferenceMissing,
        lambda s: append(s.get_one(Person, 1), "tags", s.merge(detached(Tag, id=2), load=False)),
    ),
    "take somebody else's person": (
        RowNotFound,
        lambda s: append(s.get_one(Team, 1), "people", s.merge(detached(Person, id=2), load=False)),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_nothing_is_written_where_a_check_fails(gate: Gate, stored: Stored, name: str) -> None:
    error, act = REFUSED[name]
    columns = [[*entity.__table__.c] for entity in EVERY]
    before = [stored(*each) for each in columns] + [stored(*person_tag.c)]
    with gate.session(ANN) as session:
        session.get_one(Tag, 1)
        session.add(Note(id=50, text="a good row beside a bad one"))
        kept = act(session)  # a changed object lives only as long as somebody holds it
        with pytest.raises(error) as raised:
            session.commit()
        assert not session.new
        del kept
        assert session.scalars(select(Note.id).where(Note.id == 50)).all() == []
    assert "bob" not in str(raised.value)
    assert [stored(*each) for each in columns] + [stored(*person_tag.c)] == before


def test_a_hidden_row_is_deleted_as_little_as_a_missing_one(gate: Gate, stored: Stored) -> None:
    told = set()
    for key in (2, 77):
        with gate.session(ANN) as session:
            row = session.merge(detached(Team, id=key), load=False)
            session.delete(row)
            with pytest.raises(RowNotFound) as raised:
                session.commit()
            told.add(str(raised.value).replace(str(key), "<key>"))
    assert len(told) == 1
    assert stored(Team.id) == [1, 2]


@pytest.mark.parametrize(
    "act",
    [
        lambda s: s.add(Team(id=9)),
        lambda s: change(s.get_one(Team, 1), name="x"),
        lambda s: s.delete(s.get_one(Person, 3)),
    ],
    ids=["insert", "update", "delete"],
)
def test_a_verb_that_is_not_given(gate: Gate, stored: Stored, act: Callable[[SecureSession], Any]) -> None:
    with gate.session(READER) as session:
        act(session)
        with pytest.raises(AccessRefused, match="You may not"):
            session.commit()
    assert stored(Team.id, Team.name) == [(1, "a"), (2, "b")]
    assert 3 in stored(Person.id)


def test_what_is_allowed_is_written(gate: Gate, stored: Stored) -> None:
    with gate.session(ANN) as session:
        session.get_one(Team, 1).name = "renamed"
        session.add(Person(id=5, team=session.get_one(Team, 1)))
        session.delete(session.get_one(Person, 3))
        tagged = session.get_one(Person, 1)
        tagged.tags.append(session.get_one(Tag, 1))
        session.add(Booking(id=1, day=1, hour=1))
        session.commit()
    assert stored(Team.name) == ["b", "renamed"]
    assert stored(Person.id, Person.team_id) == [(1, 1), (2, 1), (5, 1)]
    assert stored(*person_tag.c) == [(1, 1)]
    assert stored(Booking.id) == [1]


class TestGrantsThatReadMoreThanTheyWrite:
    """Writers see every note, change their own, and keep them short."""

    def test_a_row_that_is_seen_but_not_theirs(self, gate: Gate, stored: Stored) -> None:
        with gate.session(WRITER) as session:
            session.get_one(Note, 2).text = "x"
            with pytest.raises(AccessRefused, match="but not update it"):
                session.commit()
        assert stored(Note.text) == ["", ""]

    def test_the_check_is_of_the_row_as_written(self, gate: Gate, stored: Stored) -> None:
        with gate.session(WRITER) as session:
            session.get_one(Note, 1).length = 50
            with pytest.raises(CheckRefused):
                session.commit()
            session.get_one(Note, 1).length = 5
            session.commit()
        assert stored(Note.id, Note.length) == [(1, 5), (2, 0)]

    def test_an_insert_is_checked_alike(self, gate: Gate, stored: Stored) -> None:
        for note in (Note(id=9, writer="bob"), Note(id=9, length=10)):
            with gate.session(WRITER) as session:
                session.add(note)
                with pytest.raises(CheckRefused):
                    session.commit()
        assert stored(Note.id) == [1, 2]

    def test_a_row_cannot_be_taken_over(self, gate: Gate, stored: Stored) -> None:
        """It satisfies the check afterwards; but the grant did not match it before."""
        with gate.session(WRITER) as session:
            session.get_one(Note, 2).writer = "ann"
            with pytest.raises(AccessRefused):
                session.commit()
        assert stored(Note.writer, Note.id) == [("ann", 1), ("bob", 2)]


def test_a_user_without_the_claim_writes_nothing(gate: Gate, stored: Stored) -> None:
    for owner in ("ann", "", "None"):
        with gate.session(NOBODY) as session:
            session.add(Team(id=9, owner=owner))
            with pytest.raises(CheckRefused):
                session.commit()
    assert stored(Team.id) == [1, 2]


def test_a_session_works_on_after_a_refusal(gate: Gate, stored: Stored) -> None:
    with gate.session(ANN) as session:
        session.add(Team(id=9, owner="bob"))
        with pytest.raises(CheckRefused):
            session.flush()
        session.add(Team(id=11))
        session.commit()
    assert stored(Team.id) == [1, 2, 11]
