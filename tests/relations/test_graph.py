"""The graph in Python: answers, reasons, trees, and what surprises about the semantics."""

import pytest

from rowgate.relations import Graph, Verdict
from rowgate.zed.relationships import parse_relationship

SCHEMA = """
use self

definition user {}

definition group {
  relation member: user | group#member
}

definition folder {
  relation parent: folder
  relation viewer: user | group#member
  relation banned: user
  permission view = (viewer + parent->view) - banned
}

definition document {
  relation folder: folder
  relation owner: user
  relation approver: user
  permission view = owner + folder->view
  permission sign = view & approver
  permission nobody = nil
  permission mine = self
  permission everywhere = folder.all(view)
}
"""
LINES = """
// document 7's folder is 3, folder 3's viewers are the members of group 5, anna is a member of group 5
document:7#folder@folder:3
folder:3#parent@folder:1
folder:1#viewer@group:5#member
group:5#member@group:6#member
group:6#member@user:anna
group:6#member@user:bob
folder:3#banned@user:bob
document:7#approver@user:carl
"""


@pytest.fixture
def graph() -> Graph:
    return Graph.from_text(SCHEMA, LINES)


def test_check_list_and_subjects(graph: Graph) -> None:
    assert graph.check("document:7", "view", "user:anna").verdict is Verdict.ALLOWED
    assert graph.check("document:7", "view", "user:bob").verdict is Verdict.DENIED
    assert graph.lookup_resources("folder", "view", "user:bob").keys() == {"1"}
    assert graph.lookup_subjects("document:7", "view", "user").found.keys() == {"anna"}
    assert graph.lookup_subjects("document:7", "view", "group", "member").found.keys() == {"5", "6"}


def test_check_many_keeps_the_order(graph: Graph) -> None:
    questions = [
        ("document:7", "view", "user:bob"),
        ("folder:1", "view", "user:bob"),
        ("document:8", "view", "user:bob"),
    ]
    assert [bool(answer) for answer in graph.check_many(questions)] == [False, True, False]
    assert graph.check_many([]) == []


def test_a_subject_with_a_relation_has_what_it_names(graph: Graph) -> None:
    assert graph.check("document:new", "nobody", "document:new#nobody")
    assert graph.lookup_resources("document", "nobody", "document:new#nobody").keys() == {"new"}
    assert graph.lookup_resources("document", "mine", "document:new").keys() == {"new"}
    assert not graph.lookup_resources("document", "mine", "user:anna")


def test_every_parent_and_at_least_one(graph: Graph) -> None:
    assert graph.check("document:7", "everywhere", "user:anna")
    assert not graph.check("document:alone", "everywhere", "user:anna")
    graph.write(["document:7#folder@folder:other"])
    assert not graph.check("document:7", "everywhere", "user:anna")


def test_the_path_is_explained(graph: Graph) -> None:
    why = graph.explain("document:7", "view", "user:anna")
    assert why.answer
    assert why.path == (
        "document:7#folder@folder:3",
        "folder:3#parent@folder:1",
        "folder:1#viewer@group:5#member",
        "group:5#member@group:6#member",
        "group:6#member@user:anna",
    )
    without = [parse_relationship(line) for line in why.path[-1:]]
    graph.delete(without)
    assert not graph.check("document:7", "view", "user:anna")


def test_what_is_missing_is_explained(graph: Graph) -> None:
    why = graph.explain("document:7", "view", "user:dora")
    assert not why.answer
    assert why.missing[0] == "document:7#owner@user:dora"
    for line in why.missing:
        graph.write([line])
        assert graph.check("document:7", "view", "user:dora"), line
        graph.delete([line])
    assert graph.explain("document:7", "sign", "user:anna").missing == ("document:7#approver@user:anna",)


def test_an_exclusion_is_explained(graph: Graph) -> None:
    why = graph.explain("folder:3", "view", "user:bob")
    assert not why.answer
    assert why.excluded_by == ("folder:3#banned",)


def test_an_explanation_of_a_circle_ends(graph: Graph) -> None:
    graph.write(["folder:1#parent@folder:3"])
    assert graph.explain("document:7", "view", "user:anna").path[-1] == "group:6#member@user:anna"
    assert not graph.explain("document:7", "view", "user:dora").answer


def test_the_tree_is_expanded(graph: Graph) -> None:
    tree = graph.expand("document:7", "sign")
    assert tree.name == "document:7#sign"
    (both,) = tree.branches
    assert both.operator == "intersection"
    view, approver = both.branches
    assert [each.operator for each in view.branches] == ["relation", "arrow"]
    assert view.branches[1].parents == ("folder:3#view",)
    assert approver.subjects == ("document:7#approver@user:carl",)


def test_everything_here_is_one_statement(graph: Graph) -> None:
    assert graph.obstacles() == ()
