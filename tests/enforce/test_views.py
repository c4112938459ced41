"""A view of the database is read under the policy, and never written; nor is a column that the database computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import Computed, Engine, delete, insert, select, text, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from rowgate.audit import explain_entity
from rowgate.enforce import Gate
from rowgate.errors import AccessRefused, ReadOnlyColumn
from rowgate.policy import Policy
from rowgate.types import VIEW_INFO, Access, Principal
from tests.conftest import Copies


class Base(DeclarativeBase):
    """Base of the classes here."""


class Item(Base):
    """A row of a table; Twice is computed."""

    __tablename__ = "item"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]
    twice: Mapped[int] = mapped_column(Computed("number * 2", persisted=True))


class Seen(Base):
    """A row of a view that its database would let us write through."""

    __tablename__ = "seen"
    __table_args__ = {"info": {VIEW_INFO: True}}

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]


class Roles(StrEnum):
    """Who there is."""

    all = "all"
    sa = "sa"


policy: Policy[Any] = Policy(Principal, superuser=Roles.sa)
policy.permission(Roles.all, Access.ALL)
policy.grant(Seen, Roles.all, where=lambda row, _user: row.number < 10, access=Access.ALL)
USERS = [Principal(id=role, roles=frozenset({role})) for role in ("all", "sa")]


@pytest.fixture
def engine(sqlite_copies: Copies) -> Iterator[Engine]:
    """Two rows, and the view of them, which a trigger makes writable."""
    made = sqlite_copies(empty=True)
    Item.metadata.create_all(made, tables=[Base.metadata.tables["item"]])
    with made.begin() as connection:
        connection.execute(insert(Base.metadata.tables["item"]), [{"id": 1, "number": 1}, {"id": 2, "number": 20}])
        connection.execute(text("CREATE VIEW seen AS SELECT id, number FROM item"))
        connection.execute(
            text("CREATE TRIGGER gone INSTEAD OF DELETE ON seen BEGIN DELETE FROM item WHERE id = OLD.id; END")
        )
    yield made
    made.dispose()


@pytest.mark.parametrize("user", USERS, ids=lambda user: user.id)
def test_a_view_is_read_and_never_written(engine: Engine, user: Principal) -> None:
    gate = Gate(policy, engine, models=Base)
    with gate.session(user) as session:
        assert sorted(session.scalars(select(Seen.id))) == ([1] if user.id == "all" else [1, 2])
    for write in (
        lambda s: s.add(Seen(id=3, number=3)),
        lambda s: setattr(s.get(Seen, 1), "number", 3),
        lambda s: s.delete(s.get(Seen, 1)),
        lambda s: s.execute(update(Seen).values(number=3)),
        lambda s: s.execute(delete(Seen)),
    ):
        with pytest.raises(AccessRefused, match="is a view of the database"):
            _write(gate, user, write)
    with Session(engine) as session:
        assert sorted(session.execute(select(Item.id, Item.number)).tuples()) == [(1, 1), (2, 20)]


def test_an_explanation_says_why(engine: Engine) -> None:
    gate = Gate(policy, engine, models=Base)
    told = explain_entity(gate, USERS[1], Seen).text()
    assert "Seen is a view of the database" in told
    assert "superuser" in told  # who may still read it


@pytest.mark.parametrize("user", USERS, ids=lambda user: user.id)
def test_what_the_database_computes_is_not_set(engine: Engine, user: Principal) -> None:
    gate = Gate(policy, engine, models=Base)
    with pytest.raises(ReadOnlyColumn, match="twice of Item is computed"):
        _write(gate, user, lambda s: s.add(Item(number=3, twice=7)))
    with gate.session(user, writes=True) as session:
        session.get_one(Item, 1).number = 5
        session.commit()
        assert session.get_one(Item, 1).twice == 10


def _write(gate: Gate, user: Principal, write: Callable[[Any], object]) -> None:
    with gate.session(user, writes=True) as session:
        write(session)
        session.commit()
