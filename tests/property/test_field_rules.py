"""Whatever the field rules, rows and users: what is read and written is what plain Python says, value for value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, ForeignKey, delete, func, insert, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, aliased, mapped_column, relationship

from rowgate.enforce import Gate, SecureSession
from rowgate.errors import FieldRefused
from rowgate.policy import Policy
from rowgate.types import Access
from tests.conftest import Copies
from tests.property import oracle as o
from tests.property.settings_of import examples, in_ci
from tests.property.worlds import User, conditions


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "item"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tenant: Mapped[int | None]
    level: Mapped[int | None]
    up_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"))
    up: Mapped[Item | None] = relationship(remote_side="Item.id")


ROLES = ("clerk", "chief")
COLUMNS = ("tenant", "level", "up_id")
VALUES = st.none() | st.integers(0, 2)
CONDITIONS = conditions(("tenant", "level"))


@dataclass(frozen=True)
class Rule:
    """One field rule."""

    kind: str
    columns: tuple[str, ...]
    unless: frozenset[str]
    where: o.Condition | None

    def binds(self, user: User) -> bool:
        return not self.unless & user.roles

    def covers(self, row: o.Row, user: User) -> bool:
        """Whether the row is one of the rule's: unless its condition is known to be false."""
        if self.where is None or any(getattr(user, claim) is None for claim in self.where.claims()):
            return True
        return self.where.truth(row, user) is not False


@dataclass(frozen=True)
class World:
    """Rules, a condition on the rows that are seen at all, rows, and somebody who asks."""

    rules: tuple[Rule, ...]
    seen: o.Condition | None
    rows: tuple[o.Row, ...]
    user: User

    def closed(self, row: o.Row, column: str, *kinds: str) -> bool:
        return any(
            rule.kind in kinds and column in rule.columns and rule.binds(self.user) and rule.covers(row, self.user)
            for rule in self.rules
        )

    def visible(self, rows: list[o.Row]) -> list[o.Row]:
        """The rows as the user sees them: which ones by their real values, then without what is hidden."""
        kept = [row for row in rows if o.holds(self.seen, row, self.user)]
        return [
            {name: None if self.closed(row, name, "hide") else value for name, value in row.items()} for row in kept
        ]


def rules() -> st.SearchStrategy[Rule]:
    return st.builds(
        Rule,
        kind=st.sampled_from(["hide", "hide", "readonly"]),
        columns=st.lists(st.sampled_from(COLUMNS), min_size=1, unique=True).map(tuple),
        unless=st.sampled_from([frozenset(), frozenset(), frozenset({"chief"})]),
        where=st.none() | CONDITIONS,
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    count = draw(st.integers(1, 5))
    links = st.none() | st.integers(1, count)
    rows = tuple(
        {"id": key, "tenant": draw(VALUES), "level": draw(VALUES), "up_id": draw(links)} for key in range(1, count + 1)
    )
    claims = {name: draw(VALUES) for name in ("tenant", "level")}
    user = User(id="u", roles=frozenset(draw(st.sets(st.sampled_from(ROLES), min_size=1))), **claims)
    return World(tuple(draw(st.lists(rules(), max_size=4))), draw(st.none() | CONDITIONS), rows, user)


def gate_of(world: World, engine: Engine) -> Gate:
    policy = Policy(User, roles=ROLES)
    for role in ROLES:
        policy.permission(role, Access.ALL)
        if world.seen is not None:
            policy.grant(Item, role, access=Access.READ, where=world.seen.sql)
            policy.grant(Item, role, access=Access.INSERT | Access.UPDATE | Access.DELETE)
    for rule in world.rules:
        declare = policy.hide if rule.kind == "hide" else policy.readonly
        declare(Item, *rule.columns, unless=rule.unless, where=rule.where.sql if rule.where else None)
    with engine.begin() as connection:
        connection.execute(delete(Item))
        connection.execute(insert(Item), [{**row, "up_id": None} for row in world.rows])
        for row in world.rows:
            connection.execute(update(Item).where(Item.id == row["id"]).values(up_id=row["up_id"]))
    return Gate(policy, engine, models=Base)


def stored(engine: Engine) -> list[o.Row]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(Item.__table__).order_by(Item.id)).mappings()]


def as_rows(result: Any) -> list[o.Row]:
    return [dict(row) for row in result.mappings()]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def engine(request: pytest.FixtureRequest) -> Engine:
    copies: Copies = request.getfixturevalue("sqlite_copies" if request.param == "sqlite" else "postgres_copies")
    made = copies(empty=True)
    Base.metadata.create_all(made)
    return made


def tried(count: int) -> Callable[..., Any]:
    return settings(
        max_examples=examples(count),
        deadline=None,
        derandomize=in_ci(),
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        print_blob=True,
    )


def check_reads(session: SecureSession, rows: list[o.Row], question: o.Condition, user: User) -> None:
    everything = select(Item.id, Item.tenant, Item.level, Item.up_id).order_by(Item.id)
    assert as_rows(session.execute(everything)) == rows
    session.expunge_all()
    loaded = session.scalars(select(Item).order_by(Item.id)).all()
    assert [{name: getattr(each, name) for name in ("id", *COLUMNS)} for each in loaded] == rows
    asked = [row for row in rows if question.truth(row, user) is True]
    assert as_rows(session.execute(everything.where(question.sql(Item, user)))) == asked
    for name in COLUMNS:
        column = getattr(Item, name)
        values = [row[name] for row in rows if row[name] is not None]
        aggregates = select(func.count(column), func.sum(column), func.min(column), func.max(column), func.count())
        wanted = (len(values), sum(values) if values else None, min(values, default=None), max(values, default=None))
        assert tuple(session.execute(aggregates.select_from(Item)).one()) == (*wanted, len(rows))
        ordered = sorted(rows, key=lambda row: (row[name] is None, row[name] or 0, row["id"]))
        found = session.scalars(select(Item.id).order_by(column.is_(None), column, Item.id)).all()
        assert found == [row["id"] for row in ordered]
    there = {row["id"] for row in rows}
    up = aliased(Item)
    pairs = session.execute(select(Item.id, up.id).join(Item.up.of_type(up)).order_by(Item.id)).all()
    assert [tuple(pair) for pair in pairs] == [(row["id"], row["up_id"]) for row in rows if row["up_id"] in there]
    assert [each.up.id if each.up else None for each in loaded] == [
        row["up_id"] if row["up_id"] in there else None for row in rows
    ]


@tried(40)
@given(world=worlds(), question=conditions(("tenant", "level"), claims=False))
def test_what_is_read(engine: Engine, world: World, question: o.Condition) -> None:
    note(str(world))
    with gate_of(world, engine).session(world.user) as session:
        check_reads(session, world.visible(list(world.rows)), question, world.user)


@tried(40)
@given(
    world=worlds(),
    question=conditions(("tenant", "level"), claims=False),
    column=st.sampled_from(["tenant", "level"]),
    value=VALUES,
    how=st.sampled_from(["object", "bulk", "insert", "copy"]),
)
def test_what_is_written(
    engine: Engine, world: World, question: o.Condition, column: str, value: int | None, how: str
) -> None:
    """By an object, by a bulk update, by an insert, and copied from the other column: all of it, or nothing."""
    note(str(world))
    gate = gate_of(world, engine)
    before = list(world.rows)
    after = {row["id"]: dict(row) for row in before}
    seen = world.visible(before)
    refused = False
    other = "level" if column == "tenant" else "tenant"

    def is_closed(row: o.Row) -> bool:
        return world.closed(row, column, "hide", "readonly")

    with gate.session(world.user) as session:
        try:
            if how == "object" and seen:
                target = seen[0]
                changed = target[column] != value
                refused = changed and is_closed(after[target["id"]])
                if changed:
                    after[target["id"]][column] = value
                setattr(session.get_one(Item, target["id"]), column, value)
            elif how in ("bulk", "copy"):
                matched = [row for row in seen if question.truth(row, world.user) is True]
                always = any(
                    rule.binds(world.user)
                    and column in rule.columns
                    and (rule.where is None or any(getattr(world.user, claim) is None for claim in rule.where.claims()))
                    for rule in world.rules
                )
                # Where no row may be written, the statement is refused whatever it matches.
                refused = always or any(is_closed(after[row["id"]]) for row in matched)
                for row in matched:
                    after[row["id"]][column] = value if how == "bulk" else row[other]
                new = value if how == "bulk" else getattr(Item, other)
                session.execute(update(Item).where(question.sql(Item, world.user)).values({column: new}))
            elif how == "insert":
                row = {"id": 9, "tenant": None, "level": None, "up_id": None, column: value}
                refused = value is not None and is_closed(row)
                after[9] = row
                session.add(Item(id=9, **{column: value}))
            session.commit()
        except FieldRefused:
            assert refused
            after = {row["id"]: row for row in before}
        else:
            assert not refused
    assert stored(engine) == [after[key] for key in sorted(after)]
