"""The guard: what reaches the driver over a secured engine, by whatever way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable, DropTable

from rowgate.enforce import Gate
from rowgate.enforce.scope import Scope
from rowgate.errors import StatementRefused
from tests.enforce.shapes import ANN, BOB, Person, Team

SENT: dict[str, Callable[[Any], Any]] = {
    "text": lambda connection: connection.execute(text("SELECT 1")),
    "raw SQL": lambda connection: connection.exec_driver_sql("SELECT * FROM person"),
    "a transaction's end": lambda connection: connection.exec_driver_sql("COMMIT"),
    "a table": lambda connection: connection.execute(select(Person.__table__)),
    "an entity": lambda connection: connection.execute(select(Person)),
    "create": lambda connection: connection.execute(CreateTable(Person.__table__)),
    "drop": lambda connection: connection.execute(DropTable(Person.__table__)),
    "insert": lambda connection: connection.execute(insert(Team.__table__).values(id=9)),
    "update": lambda connection: connection.execute(update(Team.__table__).values(name="x")),
    "delete": lambda connection: connection.execute(delete(Team.__table__)),
    "many": lambda connection: connection.execute(insert(Team.__table__), [{"id": 8}, {"id": 9}]),
}


@pytest.fixture(autouse=True)
def rows(given: Callable[..., None]) -> None:
    given(Team(id=1), Team(id=2, owner="bob"))


@pytest.mark.parametrize("name", SENT)
def test_a_connection_by_hand_sends_nothing(gate: Gate, stored: Callable[..., Any], name: str) -> None:
    with gate.engine.connect() as connection, pytest.raises(StatementRefused):
        SENT[name](connection)
    assert stored(Team.id, Team.name) == [(1, ""), (2, "")]


@pytest.mark.parametrize("name", SENT)
def test_nor_does_the_connection_of_a_session(gate: Gate, stored: Callable[..., Any], name: str) -> None:
    with gate.session(ANN) as session:
        session.scalars(select(Team)).all()
        connection = Session.connection(session)
        with pytest.raises(StatementRefused):
            SENT[name](connection)
    assert stored(Team.id, Team.name) == [(1, ""), (2, "")]


@pytest.mark.parametrize("name", ["text", "raw SQL", "create", "drop"])
def test_rules_do_not_send_raw_sql_either(gate: Gate, name: str) -> None:
    with gate.session(ANN) as session, session.within(Scope.RULES), pytest.raises(StatementRefused):
        SENT[name](Session.connection(session))


def test_a_plain_session_on_the_secured_engine_reads_nothing(gate: Gate) -> None:
    with Session(gate.engine) as session, pytest.raises(StatementRefused):
        session.scalars(select(Team)).all()
    with Session(gate.engine) as session:
        session.add(Team(id=9))
        with pytest.raises(StatementRefused):
            session.commit()


def test_a_statement_compiled_for_one_session_is_not_sent_by_another(gate: Gate) -> None:
    """A compiled statement carries its criteria; the guard compares them with the session's."""
    with gate.session(ANN) as mine, gate.session(BOB) as his:
        assert his.scalars(select(Team.id)).all() == [2]
        option = [*mine.scalars(select(Team.id))]
        assert option == [1]
        with pytest.raises(StatementRefused):
            Session.connection(his).execute(select(Team.id))


def test_connections_go_back_to_the_pool_without_their_session(gate: Gate) -> None:
    """The next user of a pooled connection is nobody until a session says who it is."""
    with gate.session(ANN) as session:
        session.scalars(select(Team)).all()
    with gate.engine.connect() as connection, pytest.raises(StatementRefused):
        connection.execute(select(Team))
    with gate.plain_engine.connect() as connection:
        assert len(connection.execute(select(Team)).all()) == 2
