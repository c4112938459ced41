"""Dependents: what a delete would take along, or cut loose, has to be the client's to change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rowgate.enforce import Gate
from rowgate.errors import StillReferenced
from tests.enforce.shapes import ANN, Badge, Booking, Leaf, Node, Person, Slot

Stored = Callable[..., Any]


@pytest.fixture(autouse=True)
def rows(given: Callable[..., None]) -> None:
    given(Person(id=3), Slot(day=1, hour=1))


def test_hidden_children_by_the_database(gate: Gate, given: Callable[..., None], stored: Stored) -> None:
    given(Node(id=1), Node(id=2, owner="bob", above_id=1))
    with gate.session(ANN) as session:
        session.delete(session.get_one(Node, 1))
        with pytest.raises(StillReferenced):
            session.commit()
    assert stored(Node.id) == [1, 2]


def test_hidden_rows_further_down(gate: Gate, given: Callable[..., None], stored: Stored) -> None:
    """Node, node, node, leaf: only the last one is somebody else's."""
    given(Node(id=1), Node(id=3, above_id=1), Node(id=5, above_id=3), Leaf(id=2, owner="bob", node_id=5))
    with gate.session(ANN) as session:
        session.delete(session.get_one(Node, 1))
        with pytest.raises(StillReferenced):
            session.commit()
    assert stored(Node.id) == [1, 3, 5]
    assert stored(Leaf.id) == [2]


def test_own_rows_go(gate: Gate, given: Callable[..., None], stored: Stored) -> None:
    given(Node(id=1), Node(id=3, above_id=1), Leaf(id=1, node_id=3))
    with gate.session(ANN) as session:
        session.delete(session.get_one(Node, 1))
        session.commit()
    assert (stored(Node.id), stored(Leaf.id)) == ([], [])


def test_a_hidden_row_is_not_cut_loose(gate: Gate, given: Callable[..., None], stored: Stored) -> None:
    given(Badge(id=2, owner="bob", person_id=3))
    with gate.session(ANN) as session:
        session.delete(session.get_one(Person, 3))
        with pytest.raises(StillReferenced):
            session.commit()
    assert stored(Badge.id, Badge.person_id) == [(2, 3)]


def test_hidden_children_by_the_mapper(gate: Gate, given: Callable[..., None], stored: Stored) -> None:
    given(Booking(id=2, owner="bob", day=1, hour=1))
    with gate.session(ANN) as session:
        session.delete(session.get_one(Slot, (1, 1)))
        with pytest.raises(StillReferenced):
            session.commit()
    assert stored(Booking.id, Booking.day) == [(2, 1)]


def test_the_words_do_not_tell_what_refers(gate: Gate, given: Callable[..., None]) -> None:
    """Not which row, and not of which entity."""
    given(Badge(id=2, owner="bob", person_id=3))
    with gate.session(ANN) as session:
        session.delete(session.get_one(Person, 3))
        with pytest.raises(StillReferenced) as raised:
            session.commit()
    told = f"{raised.value} {raised.value.meta} {raised.value.pointers}"
    assert "Badge" not in told
    assert "bob" not in told


def test_own_rows_are_cut_loose(gate: Gate, given: Callable[..., None], stored: Stored) -> None:
    given(Badge(id=1, person_id=3))
    with gate.session(ANN) as session:
        session.delete(session.get_one(Person, 3))
        session.commit()
    assert stored(Badge.id, Badge.person_id) == [(1, None)]


def test_a_ring_is_walked_once(gate: Gate, given: Callable[..., None], stored: Stored) -> None:
    given(Node(id=1), Node(id=3, above_id=1))
    with gate.session(ANN) as session:
        session.get_one(Node, 1).above_id = 3
        session.commit()
        session.delete(session.get_one(Node, 1))
        session.commit()
    assert stored(Node.id) == []
