"""The measured world: what is measured is right, each question is one statement, and the command runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, select, text

from config.settings import project
from rowgate.types import Principal
from tests.conftest import BOTH, POSTGRES, Copies

sys.path.insert(0, str(project.root / "benchmarks"))

from relations_by_hand import ByHand
from relations_world import Document, Role, World, build, gate_of

READERS = ("few", "many", "u1", "u50", "nobody")


def visible(engine: Engine, reader: str) -> set[int]:
    """What a user may see, from the rows themselves and nothing else."""
    with engine.connect() as connection:
        told = connection.execute(text("SELECT resource_type, resource_id, relation, subject_id FROM relationships"))
        rows = [tuple(row) for row in told]
        folders = dict(map(tuple, connection.execute(text("SELECT id, parent_id FROM folder"))))
        documents = dict(map(tuple, connection.execute(text("SELECT id, folder_id FROM document"))))
    mine = {reader}
    while more := {to for kind, to, name, who in rows if (kind, name) == ("group", "member") and who in mine} - mine:
        mine |= more
    shared = {(kind, int(to)) for kind, to, name, who in rows if name == "viewer" and who in mine}

    def above(folder: int | None) -> bool:
        return folder is not None and (("folder", folder) in shared or above(folders[folder]))

    return {each for each, folder in documents.items() if ("document", each) in shared or above(folder)}


@pytest.fixture(scope="module", params=BOTH)
def empty(request: pytest.FixtureRequest) -> list[Engine]:
    """Two empty databases of a kind."""
    copies: Copies = request.getfixturevalue("sqlite_copies" if request.param == "sqlite" else "postgres_copies")
    return [copies(empty=True), copies(empty=True)]


@pytest.fixture(scope="module", params=[True, False], ids=["columns", "table"])
def measured(request: pytest.FixtureRequest, empty: list[Engine]) -> tuple[Engine, World]:
    """A world of 500 documents."""
    world = World.of(500, stated=request.param)
    engine = empty[0 if request.param else 1]
    build(engine, world)
    return engine, world


def test_all_ways_to_ask_give_what_the_rows_say(measured: tuple[Engine, World]) -> None:
    engine, world = measured
    gate = gate_of(engine, world)
    relations = gate.bound.relations
    assert relations
    graph = relations.graph(None, engine)
    hand = ByHand(engine.dialect.name, stated=world.stated)
    seen: list[set[int]] = []
    for reader in READERS:
        right = visible(engine, reader)
        with gate.session(Principal(id=reader, roles=frozenset({Role.READER}))) as session:
            assert set(session.scalars(select(Document.id))) == right
            page = select(Document.id, Document.title).order_by(Document.number, Document.id).limit(50)
            told = session.execute(page).all()
        assert {int(each) for each in graph.lookup_resources("document", "view", f"user:{reader}")} == right
        for document in (1, 2, 7, 250, 500):
            assert bool(graph.check(f"document:{document}", "view", f"user:{reader}")) == (document in right)
        # The other side answers the same questions.
        with engine.connect() as connection:
            assert {row[0] for row in connection.execute(hand.ids(), {"subject": reader})} == right
            for in_order in (True, False):
                assert connection.execute(hand.page(in_order=in_order), {"subject": reader}).all() == told
            for document in (1, 2, 7):
                found = connection.execute(hand.check(), {"subject": reader, "document": document}).all()
                assert bool(found) == (document in right)
        seen.append(right)
    assert all(seen[:-1])
    assert not seen[-1]


def test_a_page_a_list_and_a_check_are_one_statement_each(measured: tuple[Engine, World]) -> None:
    engine, world = measured
    gate = gate_of(engine, world)
    relations = gate.bound.relations
    assert relations
    sent: list[str] = []
    event.listen(gate.engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    if gate.engine is not engine:
        event.listen(engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    with gate.session(Principal(id="many", roles=frozenset({Role.READER}))) as session:
        for _ in range(2):
            assert session.execute(select(Document.id).order_by(Document.number).limit(50)).all()
    questions = {each for each in sent if "relationships" in each}
    assert len([each for each in sent if "relationships" in each]) == 2
    assert len(questions) == 1  # also to the letter, so that prepared statements serve
    sent.clear()
    with engine.connect() as connection:
        graph = relations.graph(None, connection)
        assert graph.lookup_resources("document", "view", "user:many")
        assert len([each for each in sent if "relationships" in each]) == 1
        sent.clear()
        graph.check("document:7", "view", "user:many")
    assert len([each for each in sent if "relationships" in each]) == 1


@pytest.mark.parametrize("kind", BOTH)
def test_the_command_measures(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    server = ""
    if kind == "postgresql":
        request.getfixturevalue("postgres_admin")
        server = POSTGRES
    path = tmp_path / "lines.json"
    command = [sys.executable, "benchmarks/bench_relations.py", "--quick", "--variants", "columns", "--server", server]
    done = subprocess.run(  # noqa: S603
        [*command, "--json", str(path)], cwd=project.root, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = json.loads(path.read_text(encoding="utf-8"))
    assert {line["database"] for line in lines} == ({"sqlite"} if kind == "sqlite" else {"sqlite", "postgresql"})
    assert {line["statements"] for line in lines} == {1}
    assert done.stdout.count("first page") == len(lines) // 4
