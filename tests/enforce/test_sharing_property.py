"""Nobody gives more than they have: random schemas, random relationships, random sharing, and an oracle of its own.

Whatever somebody writes or removes, nobody has a permission on the row afterwards that they did not have before, unless
the one who shared has it. Who has what is computed by the naive evaluator, which shares nothing with the engine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, String, delete
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from rowgate.databases import make_engine
from rowgate.enforce import Gate, Sharing
from rowgate.errors import GivesMore, PermissionRefused
from rowgate.policy import Policy
from rowgate.relations.table import RELATIONSHIPS, metadata, write_relationships
from rowgate.types import Principal
from rowgate.zed import resolve
from rowgate.zed.relationships import WILDCARD, ObjectRef, Relationship, SubjectRef
from tests.conftest import Copies
from tests.relations import worlds as made
from tests.relations.naive import Naive
from tests.relations.worlds import IDS, PERMISSIONS, World

EXAMPLES = int(os.environ.get("ROWGATE_RELATION_EXAMPLES", "25"))
PEOPLE = [SubjectRef("user", each) for each in (*IDS, "nobody")]
CONTEXTS: list[dict[str, object]] = [{}, {"aflag": True, "bflag": False}]
# Everybody may share everything, so that it is the other rule that is tried.
OPEN = "  relation anyone: user:*\n  permission share = anyone\n"


class Base(DeclarativeBase):
    """The rows of the random schemas."""


class Folder(Base):
    __tablename__ = "Folder"
    id: Mapped[str] = mapped_column(String(10), primary_key=True)


class Document(Base):
    __tablename__ = "Document"
    id: Mapped[str] = mapped_column(String(10), primary_key=True)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "sqlite":
        found = make_engine("sqlite://")
    else:
        copies: Copies = request.getfixturevalue("postgres_copies")
        found = copies(empty=True)
    Base.metadata.create_all(found)
    metadata.create_all(found)
    yield found
    found.dispose()


@st.composite
def small_worlds(draw: Any) -> World:
    """One permission of three relations, and people in about half of them: here sharing gives and takes most often."""
    names = ("one_of", "two_of", "ten_of")
    kinds = ["user", "user with expiration", "user with flag_a"]
    lines = "".join(f"  relation {name}: {' | '.join(kinds)}\n" for name in names)
    expression = made._expression(draw, list(names), [], 2)
    text = f"use expiration\nuse self\n{made.CAVEATS}\ndefinition user {{}}\n"
    for kind in ("folder", "document"):
        text += f"definition {kind} {{\n{lines}  permission view = {expression}\n}}\n"
    schema = resolve(text)
    facts: list[Relationship] = []
    for relation in schema.definitions["document"].relations.values():
        for person in IDS:
            how = draw(st.sampled_from([None, None, None, *relation.types]))
            if how is not None:
                moment = made.NOW + timedelta(days=1) if how.expiration else None
                subject = SubjectRef("user", person)
                facts.append(Relationship(ObjectRef("document", "one"), relation.name, subject, how.caveat, {}, moment))
    return World(text, schema, tuple(facts), {})


def opened(world: World) -> World:
    """The world with a guard that everybody passes."""
    text = world.text
    facts = list(world.relationships)
    for kind in ("folder", "document"):
        text = text.replace(f"definition {kind} {{\n", f"definition {kind} {{\n{OPEN}")
        facts += [Relationship(ObjectRef(kind, each), "anyone", SubjectRef("user", WILDCARD)) for each in IDS]
    return World(text, resolve(text), tuple(facts), world.context)


def now_and_later() -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    return now, now + timedelta(days=30)


def shifted(relationship: Relationship) -> Relationship:
    """With an expiry seen from today: over, or in some days."""
    if relationship.expires_at is None:
        return relationship
    away = relationship.expires_at - made.NOW
    moment = datetime.now(UTC).replace(microsecond=0) + 10 * away
    return Relationship(
        relationship.resource,
        relationship.relation,
        relationship.subject,
        relationship.caveat,
        relationship.context,
        moment,
    )


def who_has(world: World, relationships: list[Relationship], row: ObjectRef) -> dict[tuple[Any, ...], set[SubjectRef]]:
    """By moment, context, permission, and whether it must be certain: who has it on the row."""
    found: dict[tuple[Any, ...], set[SubjectRef]] = {}
    for late, moment in enumerate(now_and_later()):
        for number, context in enumerate(CONTEXTS):
            naive = Naive(world.schema, relationships, context, moment)
            for subject in PEOPLE:
                answers = naive.answers(subject)
                for name in PERMISSIONS:
                    answer = answers.get((row.type, name, row.id))
                    if answer is not None:
                        found.setdefault((late, number, name, False), set()).add(subject)
                    if answer == "T":
                        found.setdefault((late, number, name, True), set()).add(subject)
    return found


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_nobody_gives_more_than_they_have(engine: Engine, data: st.DataObject) -> None:
    world = opened(data.draw(st.one_of(small_worlds(), small_worlds(), made.worlds())))
    policy = Policy(Principal, roles=["any"])
    policy.relations(world.text, subject="user")
    gate = Gate(policy, engine, models=Base)
    with engine.begin() as connection:
        connection.execute(delete(RELATIONSHIPS))
        write_relationships(connection, map(shifted, world.relationships))
    rows = [ObjectRef(kind, each) for kind in ("document", "folder") for each in IDS]
    row = rows[0] if len(world.schema.definitions["document"].permissions) == 2 else data.draw(st.sampled_from(rows))
    relations = world.schema.definitions[row.type].relations
    names = [each for each in relations if each != "anyone"]
    options = [(row.type, each, allowed) for each in names for allowed in relations[each].types]
    before = who_has(world, [*map(shifted, world.relationships)], row)
    for _ in range(3):
        # Whoever has something is the more interesting one.
        having = sorted(set().union(*before.values())) or PEOPLE
        giver = data.draw(st.sampled_from([*having, *having, *PEOPLE]))
        option, seed = data.draw(st.sampled_from(options)), data.draw(st.integers(0, 10**6))
        drawn = shifted(made._relationship(*option, seed))
        change = Relationship(row, drawn.relation, drawn.subject, drawn.caveat, drawn.context, drawn.expires_at)
        writes = data.draw(st.sampled_from(["share", "share", "unshare"]))
        with gate.session(Principal(id=giver.id, roles=frozenset({"any"})), writes=True) as session:
            try:
                sharing = Sharing(session, row)
                sharing.share(change) if writes == "share" else sharing.unshare(change)
            except (GivesMore, PermissionRefused) as refused:
                event(type(refused).__name__)
                continue
            after = who_has(world, list(session.graph.read()), row)
            session.commit()
        event(writes)
        for place, holders in after.items():
            gained = holders - before.get(place, set())
            late, number, name, _ = place
            if gained:
                event("gained")
                assert giver in before.get((late, number, name, True), set()), (
                    f"{giver} {writes} {change}: {name} to {gained}\n{world.text}\n"
                    + "\n".join(map(str, world.relationships))
                )
        before = after
