"""No merge loses an edit or a generated change that the user did not touch, whatever both did."""

from __future__ import annotations

import ast
import random
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from rowgate.generate.merge import merge
from rowgate.generate.units_python import python_units
from tests.generate import merge_worlds as worlds

SEEDS = st.integers(0, 2**32)


@settings(max_examples=250, deadline=None)
@given(SEEDS)
def test_python_against_dictionaries(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311
    base = worlds.generated(draw)
    mine, theirs = worlds.edited(base, draw), worlds.regenerated(base, draw)
    texts = [worlds.written(each, draw) for each in (base, mine, theirs)]
    found = merge(*texts)
    classes, conflicts = worlds.expected(base, mine, theirs)
    # A comment above a member that is no longer generated makes it the user's, as any edit does.
    commented = [each for each in found.conflicts if each.mine and "# a remark" in each.mine]

    got, functions = worlds.read(found.text)
    if not commented:
        assert got == classes
        assert len(found.conflicts) == len(conflicts)
    for function, source in mine.functions.items():
        assert functions[function] == source
    for comment in mine.comments:
        assert comment in found.text
    missing = undefined(found.text) - {"Base", "str", "int", "object"}
    assert not missing, missing


def undefined(text: str) -> set[str]:
    """The names that a module reads and nobody gives a value to."""
    tree = ast.parse(text)
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    given = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    given |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    given |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
    return {node.id for node in names if isinstance(node.ctx, ast.Load)} - given


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.sampled_from(["models.py", "admin.yaml", "README.md"]))
def test_a_side_that_did_nothing_does_not_matter(seed: int, path: str) -> None:
    draw = random.Random(seed)  # noqa: S311
    base = worlds.generated(draw)
    one, other = worlds.written(base, draw), worlds.written(worlds.edited(base, draw), draw)
    assert merge(one, one, other, path=path).text == other
    assert merge(one, other, one, path=path).text == other
    assert merge(one, other, other, path=path).text == other


LINE = st.sampled_from(["a\n", "b\n", "c\n", "d\n", "\n"])


@settings(max_examples=200, deadline=None)
@given(st.lists(LINE, max_size=8), st.lists(LINE, max_size=8), st.lists(LINE, max_size=8), st.data())
def test_lines(base: list[str], mine: list[str], theirs: list[str], data: st.DataObject) -> None:
    """Lines that only one side added are in the result, and with every conflict decided, nothing else is."""
    added = "mine\n"
    place = data.draw(st.integers(0, len(mine)))
    mine = [*mine[:place], added, *mine[place:]]
    theirs = [*theirs, "theirs\n"]
    texts = ["".join(lines) for lines in (base, mine, theirs)]
    found = merge(*texts, path="a.txt")
    assert added in found.text
    assert "theirs" in found.text or any("theirs" in (each.theirs or "") for each in found.conflicts)
    assert set(found.text.splitlines()) <= {line.strip() for line in [*base, *mine, *theirs]}


PIECES = st.lists(
    st.sampled_from(
        [
            "class A:\n    a = 1\n",
            "class B(A):\n    # c\n\n    'doc'\n    def f(self):\n        # in\n        return 1\n        # end\n",
            "# alone\n",
            "\n",
            "x = 1; y = 2\n",
            "if TYPE_CHECKING:\n    from a import b\n",
            "p = Q(\n    a=1,\n    b=2,  # c\n)\n",
            "@d(\n    1\n)\nclass C: pass\n",
            's = """\n# no\n"""\n',
            "for i in ():\n    pass\nelse:\n    pass\n    # deep\n",
        ]
    ),
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(PIECES)
def test_taking_apart_and_putting_together(pieces: list[str]) -> None:
    text = "".join(pieces)
    units = python_units(text)
    assert units.text == text
    keys = [unit.key for unit in units.parts or ()]
    assert len(keys) == len(set(keys))
    assert sum(len(re.findall("# alone", unit.text)) for unit in units.parts or ()) <= pieces.count("# alone\n")
