"""Whatever the condition, the rows and the claims: an action means the same in SQL and on an object in memory."""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, Numeric, String, and_, case, delete, not_, or_, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from rowgate.policy import BoundPolicy, Policy
from rowgate.types import Access
from tests.conftest import Copies
from tests.property.settings_of import examples, in_ci
from tests.property.worlds import User


class Base(DeclarativeBase):
    pass


class Thing(Base):
    __tablename__ = "thing"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tenant: Mapped[int | None]
    level: Mapped[int | None]
    label: Mapped[str | None] = mapped_column(String(5))
    open: Mapped[bool | None]
    price: Mapped[Decimal | None] = mapped_column(Numeric(8, 2))
    rough: Mapped[float | None]
    day: Mapped[dt.date | None]


KINDS: dict[str, st.SearchStrategy[Any]] = {
    "tenant": st.integers(0, 2),
    "level": st.integers(0, 2),
    "label": st.sampled_from(["a", "B", "ß", ""]),
    "price": st.sampled_from([Decimal("0.10"), Decimal("0.30"), Decimal("2.00")]),
    "rough": st.sampled_from([0.1, 0.25, 2.0]),
    "day": st.sampled_from([dt.date(2024, 2, 29), dt.date(2026, 1, 1)]),
}
SIGNS: list[Callable[[Any, Any], Any]] = [operator.eq, operator.ne]
ORDER: list[Callable[[Any, Any], Any]] = [operator.lt, operator.le, operator.gt, operator.ge]

Where = Callable[[Any, Any], Any]


@st.composite
def leaves(draw: st.DrawFn) -> Where:
    name = draw(st.sampled_from([*KINDS]))
    kind = draw(st.sampled_from(["compare", "compare", "claim", "null", "in", "between", "flag", "columns"]))
    value, other = draw(KINDS[name]), draw(KINDS[name])
    sign = draw(st.sampled_from(SIGNS if name == "label" else SIGNS + ORDER))
    match kind:
        case "compare":
            return lambda row, user: sign(getattr(row, name), value)
        case "claim":
            claim = draw(st.sampled_from(["tenant", "level"]))
            return lambda row, user: sign(getattr(row, claim), getattr(user, claim))
        case "null":
            wanted = draw(st.booleans())
            return lambda row, user: getattr(row, name).is_(None) if wanted else getattr(row, name).is_not(None)
        case "in":
            values = draw(st.lists(KINDS[name] | st.none(), max_size=3))
            wanted = draw(st.booleans())
            return lambda row, user: getattr(row, name).in_(values) if wanted else getattr(row, name).not_in(values)
        case "between" if name != "label":
            return lambda row, user: getattr(row, name).between(value, other)
        case "columns":
            return lambda row, user: sign(row.tenant, row.level)
        case _:
            wanted = draw(st.booleans())
            return lambda row, user: row.open if wanted else row.open.is_(True)


def conditions() -> st.SearchStrategy[Where]:
    def grown(parts: st.SearchStrategy[Where]) -> st.SearchStrategy[Where]:
        pairs = st.tuples(parts, parts)
        return (
            parts.map(lambda part: lambda row, user: not_(part(row, user)))
            | pairs.map(lambda pair: lambda row, user: and_(*(part(row, user) for part in pair)))
            | pairs.map(lambda pair: lambda row, user: or_(*(part(row, user) for part in pair)))
        )

    return st.recursive(leaves(), grown, max_leaves=6)


ROWS = st.lists(
    st.fixed_dictionaries({"open": st.none() | st.booleans(), **{name: st.none() | of for name, of in KINDS.items()}}),
    min_size=1,
    max_size=6,
)
USERS = st.builds(
    User,
    id=st.just("u"),
    roles=st.sampled_from([frozenset({"red"}), frozenset({"blue"}), frozenset({"red", "blue"})]),
    tenant=st.none() | st.integers(0, 2),
    level=st.none() | st.integers(0, 2),
)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def engine(request: pytest.FixtureRequest) -> Engine:
    copies: Copies = request.getfixturevalue("sqlite_copies" if request.param == "sqlite" else "postgres_copies")
    made = copies(empty=True)
    Base.metadata.create_all(made)
    return made


@settings(
    max_examples=examples(40),
    deadline=None,
    derandomize=in_ci(),
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    print_blob=True,
)
@given(rows=ROWS, of_red=conditions(), of_blue=conditions(), user=USERS, first=st.booleans())
def test_sql_and_memory_agree(
    engine: Engine, rows: list[dict[str, Any]], of_red: Where, of_blue: Where, user: User, first: bool
) -> None:
    """True, false and unknown alike."""
    policy = Policy(User, roles=["red", "blue"])
    policy.permission("red", Access.READ)
    for role, where in (("red", of_red), ("blue", of_blue)):
        policy.action("use", role, where=where, on=Thing, combine="first" if first else "any")
    actions = BoundPolicy(policy, [Thing]).actions
    given_rows = actions.authorize(user, "use", roles=user.roles, superuser=False)
    condition = given_rows.condition(Thing)
    note(str(condition.compile(engine, compile_kwargs={"literal_binds": True})))
    with Session(engine) as session:
        session.execute(delete(Thing))
        things = [Thing(id=number, **row) for number, row in enumerate(rows)]
        session.add_all(things)
        session.flush()
        in_sql = case((condition, 1), (not_(condition), 0))
        answers = dict(session.execute(select(Thing.id, in_sql)).tuples().all())
        found = set(session.scalars(select(Thing.id).where(condition)))
        for thing in things:
            truth = given_rows.truth(thing)
            assert answers[thing.id] == (None if truth is None else int(truth)), rows[thing.id]
            assert given_rows.allows(thing) == (thing.id in found)
