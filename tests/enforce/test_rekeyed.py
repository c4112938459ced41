"""A parent that gets another key takes no child along that is hidden from the client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from rowgate.enforce import Gate
from rowgate.errors import CheckRefused, StillReferenced
from rowgate.policy import Policy
from rowgate.types import Access, Principal
from tests.conftest import Copies


class Base(DeclarativeBase):
    pass


class Parent(Base):
    __tablename__ = "rekeyed_parent"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class Child(Base):
    __tablename__ = "rekeyed_child"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    parent_id: Mapped[int] = mapped_column(ForeignKey("rekeyed_parent.id", onupdate="CASCADE"))
    owner: Mapped[str]


class Owned:
    owner: Mapped[str]


ANN = Principal(id="ann", roles=frozenset({"user"}))


def policy() -> Policy[Principal]:
    made = Policy(Principal, roles=["user", "clerk"])
    made.permission("user", Access.ALL)
    made.permission("clerk", Access.ALL)
    made.global_filter(Owned, lambda row, user: row.owner == user.id, only=["user"])
    made.grant(Child, "clerk", where=lambda row, user: row.parent_id < 10)
    return made


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def gate(request: pytest.FixtureRequest) -> Iterator[Gate]:
    copies: Copies = request.getfixturevalue(f"{'sqlite' if request.param == 'sqlite' else 'postgres'}_copies")
    engine = copies(empty=True)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Parent(id=1), Parent(id=2)])
        session.flush()
        session.add_all([Child(id=1, parent_id=1, owner="ann"), Child(id=2, parent_id=2, owner="bob")])
        session.commit()
    yield Gate(policy(), engine, models=Base)
    engine.dispose()


def children(gate: Gate) -> list[tuple[int, int]]:
    with Session(gate.plain_engine) as session:
        return [(child.id, child.parent_id) for child in session.scalars(select(Child).order_by(Child.id))]


def test_a_visible_child_follows(gate: Gate) -> None:
    with gate.session(ANN) as session:
        session.get_one(Parent, 1).id = 5
        session.commit()
    assert children(gate) == [(1, 5), (2, 2)]


def test_a_hidden_child_keeps_its_parent_where_it_is(gate: Gate) -> None:
    with gate.session(ANN) as session:
        session.get_one(Parent, 2).id = 5
        with pytest.raises(StillReferenced):
            session.commit()
    assert children(gate) == [(1, 1), (2, 2)]


def test_a_child_may_not_follow_out_of_the_clients_rows(gate: Gate) -> None:
    with gate.session(Principal(id="cleo", roles=frozenset({"clerk"}))) as session:
        session.get_one(Parent, 1).id = 50
        with pytest.raises(CheckRefused):
            session.commit()
    assert children(gate) == [(1, 1), (2, 2)]
