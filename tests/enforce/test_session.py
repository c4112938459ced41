"""Sessions: one principal for life, no way out to a connection, and scopes that end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from rowgate.enforce import Gate, RelationshipRecord, StatementRecord, TrustedRecord
from rowgate.enforce.scope import Scope
from rowgate.errors import MissingPrincipal, StatementRefused
from rowgate.types import Principal
from tests.enforce.shapes import ANN, BOB, ROOT, Base, Person, Team, make_policy


@pytest.fixture(autouse=True)
def rows(given: Callable[..., None]) -> None:
    given(Team(id=1), Team(id=2, owner="bob"), Person(id=1, team_id=2), Person(id=2, owner="bob"))


def test_a_principal_is_for_life(gate: Gate) -> None:
    with gate.session(ANN) as session:
        assert session.principal is ANN
        with pytest.raises(AttributeError):
            session.principal = BOB  # type: ignore[misc]
        with pytest.raises(AttributeError):
            ANN.name = "bob"  # type: ignore[misc]


def test_nobody_is_never_everybody(gate: Gate) -> None:
    with pytest.raises(MissingPrincipal, match="without a principal"):
        gate.session(None)
    with pytest.raises(MissingPrincipal, match="not a User"):
        gate.session(Principal(id="x", roles=frozenset({"root"})))


def test_a_session_knows_one_engine(gate: Gate) -> None:
    with gate.session(ANN) as session:
        assert session.get_bind() is session.bind
        assert session.get_bind(bind=session.bind) is session.bind
        with pytest.raises(StatementRefused, match="its own engine"):
            session.get_bind(bind=gate.plain_engine)
        with pytest.raises(StatementRefused, match="its own engine"):
            session.scalars(select(Person), bind_arguments={"bind": gate.plain_engine}).all()
        with pytest.raises(StatementRefused, match="connection"):
            session.connection()


@pytest.mark.parametrize("name", ["bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings"])
def test_the_legacy_bulk_methods_are_closed(gate: Gate, name: str) -> None:
    with gate.session(ANN) as session, pytest.raises(StatementRefused, match="skip the checks"):
        getattr(session, name)(Person, [])


def test_scopes_end_also_by_an_error(gate: Gate) -> None:
    with gate.session(ANN) as session:
        mine = session.criteria
        with suppress(ZeroDivisionError), session.within(Scope.RULES), session.writing():
            assert session.may_write_now
            assert session.criteria is gate.every_row
            assert session.scalar(select(func.count(Person.id))) == 2
            raise ZeroDivisionError
        assert session.scope is Scope.CLIENT
        assert not session.may_write_now
        assert session.criteria is mine
        assert session.scalar(select(func.count(Person.id))) == 1


def test_a_session_reads_on_after_its_commit(gate: Gate) -> None:
    with gate.session(ANN) as session:
        assert [person.team for person in session.scalars(select(Person))] == [None]
        session.commit()
        assert session.scalars(select(Team.id)).all() == [1]
        session.rollback()
        assert session.get(Team, 2) is None


def test_the_plain_engine_stays_plain(gate: Gate) -> None:
    with Session(gate.plain_engine) as plain:
        assert plain.scalar(select(func.count(Person.id))) == 2


@dataclass
class Witness:
    """An observer that remembers."""

    statements: list[StatementRecord]
    sessions: list[TrustedRecord]

    def statement(self, record: StatementRecord) -> None:
        self.statements.append(record)

    def trusted(self, record: TrustedRecord) -> None:
        self.sessions.append(record)

    def relationship(self, record: RelationshipRecord) -> None:
        """Nothing is shared here."""


@pytest.fixture
def witness() -> Witness:
    return Witness([], [])


@pytest.fixture
def watched(gate: Gate, witness: Witness) -> Gate:
    return Gate(make_policy(), gate.plain_engine, models=Base, observers=[witness])


def test_a_trusted_session_sees_all_and_is_recorded(watched: Gate, witness: Witness) -> None:
    with watched.trusted(reason="nightly totals", request_id="r1") as session:
        assert session.principal is None
        assert session.scalar(select(func.count(Person.id))) == 2
    (record,) = witness.sessions
    assert (record.reason, record.request_id) == ("nightly totals", "r1")
    assert "test_session.py:" in record.source


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_trusted_session_needs_a_reason(gate: Gate, reason: str) -> None:
    with pytest.raises(StatementRefused, match="reason"), gate.trusted(reason=reason):
        pass


def test_trust_ends_with_its_session(gate: Gate) -> None:
    with gate.session(ANN) as session:
        with gate.trusted(reason="a look") as trusted:
            assert trusted.get(Person, 2) is not None
        assert session.get(Person, 2) is None


def test_each_statement_is_recorded(watched: Gate, witness: Witness) -> None:
    with watched.session(ANN, request_id="r2") as session:
        assert len(session.scalars(select(Person)).all()) == 1
        session.get_one(Person, 1).name = "new"
        session.commit()
    read, *_, written = witness.statements
    assert (read.access.name, read.rows, read.request_id, read.principal) == ("READ", 1, "r2", ANN)
    assert read.sent is not None
    assert "ann" in str(read.sent.parameters)
    assert [decision.entity for decision in read.decisions] == [Person]
    assert (written.access.name, written.rows) == ("UPDATE", 1)


def test_a_refusal_is_recorded(watched: Gate, witness: Witness) -> None:
    with watched.session(ANN) as session:
        session.add(Person(id=9, owner="bob"))
        with pytest.raises(Exception, match="RG103"):
            session.commit()
    refused = [record for record in witness.statements if record.refused]
    assert [(record.access.name, record.rows) for record in refused] == [("INSERT", 0)]


def test_it_works_in_a_program_without_a_web_framework() -> None:
    """In a process of its own: enforcement imports none, and filters."""
    program = """
import sys
import rowgate.enforce
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from rowgate.policy import Policy
from rowgate.types import Access, Principal

class Base(DeclarativeBase): ...
class Row(Base):
    __tablename__ = "row"
    id: Mapped[int] = mapped_column(primary_key=True)

engine = create_engine("sqlite://")
Base.metadata.create_all(engine)
with Session(engine) as session:
    session.add_all([Row(id=1), Row(id=2)])
    session.commit()
policy = Policy(Principal, roles=["user"])
policy.permission("user", Access.READ)
policy.grant(Row, "user", where=lambda row, user: row.id == 1)
gate = rowgate.enforce.Gate(policy, engine, models=Base)
with gate.session(Principal(id="x", roles=frozenset({"user"}))) as session:
    assert session.scalars(select(Row.id)).all() == [1]
loaded = {"flask", "werkzeug", "safrs", "logic_bank"} & set(sys.modules)
assert not loaded, loaded
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr


def test_roots_see_all(gate: Gate) -> None:
    with gate.session(ROOT) as session:
        counted: Any = session.scalar(select(func.count(Person.id)))
        assert counted == 2
