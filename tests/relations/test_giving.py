"""What a relation can give, read off the rules: by being written, and by being removed."""

from __future__ import annotations

import pytest

from rowgate.relations.giving import Gives, gives
from rowgate.relations.rules import rules
from rowgate.zed import resolve

SCHEMA = """
definition user {}

definition group {
  relation member: user | group#member
  relation owner: user
}

definition folder {
  relation parent: folder
  relation viewer: user | group#member
  relation banned: user
  relation spared: user
  permission view = viewer + parent->view
  permission blocked = banned - spared
  permission enter = view - blocked
  permission strict = parent.all(view)
  permission both = viewer & parent->enter
}
"""


def of(kind: str, relation: str) -> Gives:
    return gives(rules(resolve(SCHEMA)), kind, relation)


def test_the_left_of_an_exclusion_gives_by_being_written() -> None:
    found = of("folder", "viewer")
    assert found.written == {"viewer", "view", "enter", "strict", "both"}
    assert found.removed == set()


def test_the_right_of_an_exclusion_gives_by_being_removed_and_the_right_of_the_right_by_being_written() -> None:
    assert of("folder", "banned") == Gives(
        written=frozenset({"banned", "blocked"}), removed=frozenset({"enter", "both"})
    )
    assert of("folder", "spared") == Gives(
        written=frozenset({"spared", "enter", "both"}), removed=frozenset({"blocked"})
    )


def test_the_parents_of_an_arrow_give_and_those_of_all_both_ways() -> None:
    found = of("folder", "parent")
    assert found.written == {"parent", "view", "enter", "strict", "both"}
    assert found.removed == {"strict"}


def test_members_of_members() -> None:
    assert of("group", "member").written == {"member"}
    assert of("group", "owner").written == {"owner"}


@pytest.mark.parametrize("relation", ["absent", "view"])
def test_what_is_no_relation_gives_nothing(relation: str) -> None:
    assert of("folder", relation) == Gives(frozenset(), frozenset())
