"""Graphs made to hurt: deep chains, cycles, many groups, odd ids, and hops that have expired or hang on a caveat."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, delete, event, text

from rowgate.databases import make_engine
from rowgate.errors import CaveatFailed, RelationshipRefused, SchemaError, UnknownPermission
from rowgate.relations import Graph, Verdict
from rowgate.relations.table import LONGEST_ID, RELATIONSHIPS
from rowgate.zed import resolve
from rowgate.zed.relationships import ObjectRef, Relationship, SubjectRef
from tests.conftest import BOTH, Copies

SCHEMA = """
use expiration

caveat in_hours(hour int, from int) {
  hour >= from
}

definition user {}

definition group {
  relation member: user | group#member | group#member with expiration | group#member with in_hours
}

definition folder {
  relation parent: folder
  relation viewer: user | group#member
  relation banned: user
  permission view = (viewer + parent->view) - banned
}

definition document {
  relation parent: folder
  relation viewer: user | user:*
  permission view = viewer + parent->view
}

definition either {
  relation parent: either
  relation viewer: user
  permission view = viewer - parent->view
}
"""
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def server(postgres_copies: Copies) -> Engine:
    return postgres_copies(empty=True)


@pytest.fixture(params=BOTH)
def graph(request: pytest.FixtureRequest) -> Iterator[Graph]:
    """An empty graph of the schema; once on each database."""
    lite = request.param == "sqlite"
    engine = make_engine("sqlite://") if lite else request.getfixturevalue("server")
    graph = Graph(resolve(SCHEMA), engine)
    with engine.begin() as connection:
        connection.execute(delete(RELATIONSHIPS))
    yield graph
    if lite:
        engine.dispose()


def fill(graph: Graph, lines: Iterable[str]) -> None:
    """Write many relationships and let the database count them, as it does by itself after a while."""
    graph.write(lines)
    with graph.engine.begin() as connection:
        connection.execute(text("ANALYZE"))


def test_a_chain_of_ten_thousand_folders(graph: Graph) -> None:
    depth = 10_000
    fill(graph, (f"folder:f{each}#parent@folder:f{each + 1}" for each in range(depth)))
    graph.write([f"folder:f{depth}#viewer@user:anna", "document:deep#parent@folder:f0"])
    graph.write([f"folder:f{depth // 2}#banned@user:bob", f"folder:f{depth}#viewer@user:bob"])
    assert graph.check("document:deep", "view", "user:anna")
    assert graph.lookup_resources("document", "view", "user:anna").keys() == {"deep"}
    assert len(graph.lookup_resources("folder", "view", "user:anna")) == depth + 1
    assert not graph.check("document:deep", "view", "user:bob")
    assert len(graph.lookup_resources("folder", "view", "user:bob")) == depth // 2
    assert graph.lookup_subjects("document:deep", "view", "user").found.keys() == {"anna"}


def test_groups_in_a_circle_end(graph: Graph) -> None:
    size = 3_000
    # Not counted: a planner without statistics must not go through all of them in each round either.
    graph.write(f"group:g{each}#member@group:g{(each + 1) % size}#member" for each in range(size))
    graph.write(["group:g7#member@user:anna", "folder:top#viewer@group:g8#member", "folder:top#parent@folder:top"])
    assert graph.check("folder:top", "view", "user:anna")
    assert graph.check("folder:top", "view", "user:bob").verdict is Verdict.DENIED
    assert len(graph.lookup_resources("group", "member", "user:anna")) == size
    assert graph.lookup_subjects("group:g0", "member", "user").found.keys() == {"anna"}


def test_five_thousand_groups(graph: Graph) -> None:
    count = 5_000
    graph.write(f"group:g{each}#member@user:anna" for each in range(count))
    fill(graph, (f"folder:shared#viewer@group:g{each}#member" for each in range(count)))
    assert graph.check("folder:shared", "view", "user:anna")
    assert not graph.check("folder:shared", "view", "user:bob")
    assert graph.lookup_resources("folder", "view", "user:anna").keys() == {"shared"}


def test_one_statement_however_deep(graph: Graph) -> None:
    graph.write(f"folder:f{each}#parent@folder:f{each + 1}" for each in range(50))
    graph.write(["folder:f50#viewer@user:anna"])
    sent: list[str] = []

    def note(*arguments: object) -> None:
        sent.append(str(arguments[2]))

    event.listen(graph.engine, "before_cursor_execute", note)
    try:
        assert graph.check("folder:f0", "view", "user:anna")
        assert len(graph.lookup_resources("folder", "view", "user:anna")) == 51
    finally:
        event.remove(graph.engine, "before_cursor_execute", note)
    # The schema has a caveat, so each question first asks which caveats there are.
    caveats = [statement for statement in sent if statement.startswith("SELECT DISTINCT relationships.caveat")]
    questions = [statement for statement in sent if statement.startswith("WITH")]
    assert (len(caveats), len(questions)) == (2, 2)


@pytest.mark.parametrize(
    "identifier", ["it's", 'say "hi"', "a/b", "münchen", "名前", "a%b_c", ":colon", "\\", "x#y@z", " "]
)
def test_ids_are_values_never_text_of_the_statement(graph: Graph, identifier: str) -> None:
    document, user = ObjectRef("document", identifier), SubjectRef("user", identifier)
    graph.write([Relationship(document, "viewer", user)])
    assert graph.check(document, "view", user)
    assert graph.check_many([(document, "view", user), (ObjectRef("document", "x"), "view", user)])[0]
    assert graph.lookup_resources("document", "view", user).keys() == {identifier}
    assert graph.lookup_subjects(document, "view", "user").found.keys() == {identifier}
    assert not graph.check(document, "view", "user:anna")
    assert [each.subject for each in graph.read(document)] == [user]
    assert graph.delete([Relationship(document, "viewer", user)]) == 1
    assert not graph.check(document, "view", user)


def test_ids_that_no_table_keeps_are_refused(graph: Graph) -> None:
    for bad in ("", "nul\0", "x" * (LONGEST_ID + 1), "ü" * LONGEST_ID):
        with pytest.raises(RelationshipRefused):
            graph.write([Relationship(ObjectRef("document", bad), "viewer", SubjectRef("user", "anna"))])
    with pytest.raises(RelationshipRefused):
        graph.write([Relationship(ObjectRef("document", "*"), "viewer", SubjectRef("user", "anna"))])
    longest = "x" * LONGEST_ID
    graph.write([Relationship(ObjectRef("document", longest), "viewer", SubjectRef("user", longest))])
    assert graph.lookup_resources("document", "view", SubjectRef("user", longest)).keys() == {longest}


def test_the_wildcard_is_nobody_to_ask_about(graph: Graph) -> None:
    graph.write(["document:open#viewer@user:*"])
    assert graph.check("document:open", "view", "user:whoever")
    subjects = graph.lookup_subjects("document:open", "view", "user")
    assert subjects.everyone
    assert subjects.answer("whoever")
    with pytest.raises(RelationshipRefused):
        graph.check("document:open", "view", "user:*")


def test_an_expired_hop_does_not_count(graph: Graph) -> None:
    ends = NOW + timedelta(hours=1)
    graph.write([f"group:inner#member@group:outer#member[expiration:{ends.isoformat()}]".replace("+00:00", "Z")])
    graph.write(["group:outer#member@user:anna", "folder:plan#viewer@group:inner#member"])
    assert graph.check("folder:plan", "view", "user:anna", now=NOW)
    assert graph.lookup_resources("folder", "view", "user:anna", now=NOW).keys() == {"plan"}
    for moment in (ends, ends + timedelta(microseconds=1)):
        assert not graph.check("folder:plan", "view", "user:anna", now=moment)
        assert not graph.lookup_resources("folder", "view", "user:anna", now=moment)
        assert not graph.lookup_subjects("folder:plan", "view", "user", now=moment).found
    assert graph.check("folder:plan", "view", "user:anna", now=ends - timedelta(microseconds=1))


def test_a_caveated_hop_counts_by_the_context(graph: Graph) -> None:
    graph.write(['group:inner#member@group:outer#member[in_hours:{"from":9}]'])
    graph.write(["group:outer#member@user:anna", "folder:plan#viewer@group:inner#member"])
    open_answer = graph.check("folder:plan", "view", "user:anna")
    assert open_answer.verdict is Verdict.CONDITIONAL
    assert open_answer.missing == {"hour"}
    assert not open_answer
    assert graph.lookup_resources("folder", "view", "user:anna") == {"plan": open_answer}
    assert graph.check("folder:plan", "view", "user:anna", context={"hour": 9})
    # What was written wins over the request.
    assert not graph.check("folder:plan", "view", "user:anna", context={"hour": 8, "from": 0})
    assert not graph.lookup_resources("folder", "view", "user:anna", context={"hour": 8})
    with pytest.raises(CaveatFailed):
        graph.check("folder:plan", "view", "user:anna", context={"hour": "soon"})
    listed = graph.lookup_resources("folder", "view", "user:anna", context={"hour": "soon"})
    assert listed["plan"].faults
    assert not listed["plan"]


def test_a_cycle_through_an_exclusion_is_undefined_and_nobody_is_let_in(graph: Graph) -> None:
    assert any("exclusion" in each for each in graph.obstacles())
    graph.write(["either:odd#parent@either:odd", "either:odd#viewer@user:anna"])
    assert graph.check("either:odd", "view", "user:anna").verdict is Verdict.UNDEFINED
    assert not graph.lookup_resources("either", "view", "user:anna")["odd"]
    # Where the data has no such cycle the answer is exact.
    graph.write(["either:top#viewer@user:bob", "either:mid#parent@either:top", "either:mid#viewer@user:bob"])
    graph.write(["either:low#parent@either:mid", "either:low#viewer@user:bob"])
    assert {key for key, value in graph.lookup_resources("either", "view", "user:bob").items() if value} == {
        "top",
        "low",
    }


def test_writing_again_replaces_and_is_one_row(graph: Graph) -> None:
    graph.write(["group:inner#member@group:outer#member", 'group:inner#member@group:outer#member[in_hours:{"from":9}]'])
    (row,) = graph.read("group:inner")
    assert row.caveat == "in_hours"
    graph.write(["group:inner#member@group:outer#member"])
    (row,) = graph.read("group:inner")
    assert row.caveat is None
    assert not row.context


def test_what_the_schema_does_not_know(graph: Graph) -> None:
    with pytest.raises(RelationshipRefused):
        graph.write(["document:d1#viewer@user:anna", "document:d1#veiwer@user:bob"])
    assert not list(graph.read())
    for question in (("document:d1", "veiw", "user:anna"), ("dokument:d1", "view", "user:anna")):
        with pytest.raises(UnknownPermission):
            graph.check(*question)
    for subject in ("usr:anna", "group:g1#membr"):
        with pytest.raises(UnknownPermission):
            graph.check("document:d1", "view", subject)
    with pytest.raises(SchemaError):
        Graph.from_text("definition user {}\ndefinition doc {\n  relation viewer: usr\n}")
