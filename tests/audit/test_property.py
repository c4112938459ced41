"""The explanation's verdict is what a secured session really does, for random rows, declarations and principals."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, or_
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from rowgate.audit import explain_row
from rowgate.enforce import Gate
from rowgate.errors import RowgateError
from rowgate.policy import Policy
from rowgate.types import Access, Principal
from tests.conftest import BOTH, Copies

ROLES = ["r1", "r2", "root"]
VERBS = [Access.READ, Access.INSERT, Access.UPDATE, Access.DELETE]


class Base(DeclarativeBase):
    pass


class Thing(Base):
    __tablename__ = "Thing"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int | None]
    word: Mapped[str | None]
    note: Mapped[str | None]  # no condition speaks of it, so that an update of it changes no verdict


@dataclass(frozen=True, kw_only=True)
class User(Principal):
    level: int | None = None
    name: str | None = None


Condition = Callable[[Any, Any], Any]

CONDITIONS: list[Condition] = [
    lambda row, user: row.number == user.level,
    lambda row, user: row.number > 1,
    lambda row, user: row.word == user.name,
    lambda row, user: or_(row.word == "a", row.number < user.level),
    lambda row, user: row.word.is_(None),
    lambda row, user: ~(row.number == 2),
    lambda row, user: row.number.in_([1, 2]),
    lambda row, user: row.word != "a",
]

conditions = st.sampled_from(CONDITIONS)
accesses = st.lists(st.sampled_from(VERBS), min_size=1, unique=True).map(
    lambda verbs: Access(sum(verb.value for verb in verbs))
)
roles = st.sampled_from(["r1", "r2"])
some_roles = st.lists(roles, max_size=2, unique=True)
permissions = st.lists(st.tuples(roles, accesses), min_size=1, max_size=3)
grants = st.lists(
    st.tuples(roles, st.none() | accesses, st.none() | conditions, st.none() | conditions, st.none() | st.just("why")),
    max_size=4,
)
filters = st.lists(st.tuples(conditions, some_roles, st.none() | some_roles), max_size=2)
rows = st.tuples(st.none() | st.integers(0, 3), st.none() | st.sampled_from(["a", "b", "it's"]))
users = st.builds(
    User,
    id=st.just("u"),
    roles=st.frozensets(st.sampled_from(ROLES), max_size=2),
    level=st.none() | st.integers(0, 3),
    name=st.none() | st.sampled_from(["a", "b", "it's"]),
)


@pytest.fixture(params=BOTH, scope="module")
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    copies: Copies = request.getfixturevalue(f"{'sqlite' if request.param == 'sqlite' else 'postgres'}_copies")
    made = copies(empty=True)
    Base.metadata.create_all(made)
    yield made
    made.dispose()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(permissions, grants, filters, rows, users, st.booleans())
def test_the_verdict_is_what_the_secured_session_does(
    engine: Engine,
    permissions: list[tuple[str, Access]],
    grants: list[tuple[str, Access | None, Condition | None, Condition | None, str | None]],
    filters: list[tuple[Condition, list[str], list[str] | None]],
    row: tuple[int | None, str | None],
    user: User,
    exists: bool,
) -> None:
    policy = Policy(User, superuser="root", roles=ROLES)
    for role, access in permissions:
        policy.permission(role, access)
    for role, given_access, where, _, reason in grants:
        policy.grant(Thing, role, access=given_access, where=where, reason=reason)
    for where, exempt, only in filters:
        policy.global_filter(Thing, where, exempt=exempt, only=only)
    gate = Gate(policy, engine, models=Base)
    with gate.trusted(reason="test") as session:
        session.query(Thing).delete()
        session.add(Thing(id=1 if exists else 2, number=row[0], word=row[1]))
        session.commit()

    for access in VERBS:
        explained = explain_row(gate, user, Thing, 1, access)
        assert explained.exists is exists
        assert explained.allowed is (exists and does(gate, user, access, row)), access
        # The steps tell the same as the verdict.
        if exists:
            assert explained.allowed is (not explained.stopped_by)
        assert "Thing 1: " in explained.text()


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(permissions, grants, filters, rows, users)
def test_with_check_decides_on_an_insert(
    engine: Engine,
    permissions: list[tuple[str, Access]],
    grants: list[tuple[str, Access | None, Condition | None, Condition | None, str | None]],
    filters: list[tuple[Condition, list[str], list[str] | None]],
    row: tuple[int | None, str | None],
    user: User,
) -> None:
    policy = Policy(User, superuser="root", roles=ROLES)
    for role, access in permissions:
        policy.permission(role, access)
    for role, given_access, where, check, _ in grants:
        policy.grant(Thing, role, access=given_access, where=where, check=check)
    for where, exempt, only in filters:
        policy.global_filter(Thing, where, exempt=exempt, only=only)
    gate = Gate(policy, engine, models=Base)
    with gate.trusted(reason="test") as session:
        session.query(Thing).delete()
        session.add(Thing(id=1, number=row[0], word=row[1]))
        session.commit()
    explained = explain_row(gate, user, Thing, 1, Access.INSERT)
    assert explained.allowed is does(gate, user, Access.INSERT, row)
    assert explained.allowed is (not explained.stopped_by)


def does(gate: Gate, user: User, access: Access, row: tuple[int | None, str | None]) -> bool:
    """Whether a secured session does it; nothing is kept."""
    with gate.session(user) as session:
        try:
            if access is Access.INSERT:
                session.add(Thing(id=9, number=row[0], word=row[1]))
                session.flush()
                return True
            found = session.get(Thing, 1)
            if found is None:
                return False
            if access is Access.UPDATE:
                found.note = "changed"
            elif access is Access.DELETE:
                session.delete(found)
            session.flush()
        except RowgateError:
            return False
        else:
            return True
        finally:
            session.rollback()
