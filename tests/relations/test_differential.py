"""Random schemas and relationships: check, list and subjects agree with the naive evaluator and with each other."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete

from rowgate.databases import make_engine
from rowgate.relations import Answer, Graph, Verdict
from rowgate.relations.table import RELATIONSHIPS, write_relationships
from rowgate.zed.relationships import ObjectRef, SubjectRef
from tests.conftest import Copies
from tests.relations.naive import Naive
from tests.relations.worlds import IDS, NOW, World, worlds

# 300 where it counts, fewer at a desk, more by the variable.
EXAMPLES = int(os.environ.get("ROWGATE_RELATION_EXAMPLES", "300" if os.environ.get("CI") == "true" else "100"))
SUBJECTS = [SubjectRef("user", each) for each in (*IDS, "nobody")]
SUBJECTS += [SubjectRef("group", "one", "member"), SubjectRef("folder", "two"), SubjectRef("folder", "two", "view")]
TARGETS = [(kind, name) for kind in ("folder", "document") for name in ("view", "edit", "admin", "viewer")]
TARGETS.append(("group", "member"))


@pytest.fixture(scope="module")
def memory() -> Iterator[Engine]:
    engine = make_engine("sqlite://")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def server(postgres_copies: Copies) -> Engine:
    return postgres_copies(empty=True)


questions = st.lists(st.tuples(st.sampled_from(TARGETS), st.sampled_from(SUBJECTS)), min_size=3, max_size=5)


def letter(answer: Answer | None, naive: str) -> str:
    """T, F, or ? for an answer that is open, as the naive evaluator has it."""
    if answer is None or answer.verdict is Verdict.DENIED:
        return "F"
    return "T" if answer.verdict is Verdict.ALLOWED else "?"


def compare(engine: Engine, world: World, asked: list[tuple[tuple[str, str], SubjectRef]]) -> None:
    graph = Graph(world.schema, engine)
    with engine.begin() as connection:
        connection.execute(delete(RELATIONSHIPS))
        write_relationships(connection, world.relationships)
    naive = Naive(world.schema, world.relationships, world.context, NOW)
    for (kind, name), subject in asked:
        right = naive.answers(subject)
        listed = graph.lookup_resources(kind, name, subject, context=world.context, now=NOW)
        ids = sorted({*IDS, subject.id, *listed})
        objects = [(ObjectRef(kind, each), name, subject) for each in ids]
        checked = dict(zip(ids, graph.check_many(objects, context=world.context, now=NOW), strict=True))
        for each in ids:
            want = right.get((kind, name, each), "F")
            got = letter(checked[each], want), letter(listed.get(each), want)
            assert got == (want, want), f"{kind}:{each}#{name}@{subject}: check, list {got}, not {want}\n{world.text}"
            assert listed.get(each, checked[each]) == checked[each]
        # One object is checked by another statement than several: by a search, where that can be.
        for each in ids[:2]:
            alone = graph.check(ObjectRef(kind, each), name, subject, context=world.context, now=NOW)
            assert alone == checked[each], f"{kind}:{each}#{name}@{subject} alone: {alone}\n{world.text}"
        target = ObjectRef(kind, IDS[0])
        found = graph.lookup_subjects(target, name, subject.type, subject.relation, context=world.context, now=NOW)
        for each in (*IDS, "nobody"):
            other = SubjectRef(subject.type, each, subject.relation)
            want = naive.answers(other).get((kind, name, IDS[0]), "F")
            assert letter(found.answer(each), want) == want, f"{target}#{name}: subject {other}\n{world.text}"


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds(), questions)
def test_sqlite_agrees(memory: Engine, world: World, asked: list[tuple[tuple[str, str], SubjectRef]]) -> None:
    compare(memory, world, asked)


@pytest.mark.postgresql
@settings(max_examples=max(1, EXAMPLES // 8), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds(), questions)
def test_postgresql_agrees(server: Engine, world: World, asked: list[tuple[tuple[str, str], SubjectRef]]) -> None:
    compare(server, world, asked)
