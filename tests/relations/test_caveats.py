"""Caveats: three values, what wins, and a package without the CEL library."""

import subprocess
import sys
from collections.abc import Mapping

import pytest

from rowgate.relations.caveats import evaluate
from rowgate.zed import resolve
from rowgate.zed.model import Caveat


def caveat(parameters: str, body: str) -> Caveat:
    return resolve(f"caveat asked({parameters}) {{\n  {body}\n}}\n").caveats["asked"]


@pytest.mark.parametrize(
    ("body", "context", "value", "missing"),
    [
        ("aaa || bbb", {"aaa": True}, True, set()),
        ("aaa || bbb", {"aaa": False}, None, {"bbb"}),
        ("aaa && bbb", {"bbb": False}, False, set()),
        ("aaa && bbb", {}, None, {"aaa", "bbb"}),
        ("aaa ? bbb : !bbb", {"bbb": True}, None, {"aaa"}),
        # A fault that the missing value may avoid is no fault yet.
        ("aaa && bbb && 1 / 0 > 1", {"bbb": True}, None, {"aaa"}),
    ],
)
def test_kleene(body: str, context: Mapping[str, object], value: bool | None, missing: set[str]) -> None:
    outcome = evaluate(caveat("aaa bool, bbb bool", body), {}, context)
    assert (outcome.value, outcome.missing, outcome.error) == (value, missing, "")


def test_what_is_written_wins_and_other_names_do_not_matter() -> None:
    asked = caveat("hour int, from int", "hour >= from")
    assert evaluate(asked, {"from": 9}, {"hour": 8, "from": 0, "unrelated": "x"}).value is False


@pytest.mark.parametrize(
    ("parameters", "body", "context"),
    [
        ("num int", "10 / num > 1", {"num": 0}),
        ("num int", "num > 1", {"num": "soon"}),
        ("data map<int>", "data.aaa > 1", {"data": {}}),
        ("data list<int>", "data[3] > 1", {"data": [1]}),
        ("num int", "num + 1 > 0", {"num": 9223372036854775807}),
        ("data map<bool>, key string", "data[?key].orValue(true)", {"data": {}, "key": "x"}),
        ("num int", "num", {"num": 1}),
    ],
)
def test_faults_are_neither_true_nor_false(parameters: str, body: str, context: Mapping[str, object]) -> None:
    outcome = evaluate(caveat(parameters, body), {}, context)
    assert outcome.value is None
    assert outcome.error.startswith(("Caveat", "Parameter"))


def test_the_package_is_imported_without_the_library() -> None:
    program = '''
import sys
sys.modules["cel"] = None
from rowgate.errors import CaveatLibraryMissing
from rowgate.relations import Graph
schema = """
caveat late(hour int) {
  hour > 20
}
definition user {}
definition document {
  relation viewer: user | user with late
}
"""
graph = Graph.from_text(schema, "document:d1#viewer@user:anna")
assert graph.check("document:d1", "viewer", "user:anna")
graph.write(["document:d1#viewer@user:bob[late]"])
try:
    graph.check("document:d1", "viewer", "user:bob")
except CaveatLibraryMissing as error:
    assert "rowgate[relations]" in error.advice
else:
    raise SystemExit("no error")
'''
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)  # noqa: S603 - the program is above
