"""Three versions of a Python module become one, by units; imports are merged name by name.

A name that is no longer generated stays imported as long as the user's code needs it, and one that the user removed
comes back when generated code needs it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from textwrap import dedent

from rowgate.generate.merge_units import Choose, Conflict, Merger, in_order
from rowgate.generate.units import Unit
from rowgate.generate.units_python import DOC, FUTURE, IMPORT, python_units

__all__ = ["merge_python"]

_LINE = 120
_FIRST = {DOC: 0, FUTURE: 1}


def merge_python(base: str, mine: str, theirs: str, *, choose: Choose) -> tuple[str, tuple[Conflict, ...]]:
    """Merge by units.

    Args:
        base: as last generated.
        mine: the user's.
        theirs: as generated now.
        choose: decides conflicts; asked twice about each, so it must give the same answer.

    Returns:
        The merged text, and the conflicts that were left open.

    Raises:
        SyntaxError: one of the three is no Python, or the units do not fit together.
    """
    trees = [python_units(text) for text in (base, mine, theirs)]
    bound = dict(_bound(trees[1].parts or ()))
    # First with every import there is, to see which names are needed.
    draft = _PythonMerger(choose, bound=bound).unit(*trees)
    needed = set(_names(draft.text)) if draft is not None else set()
    merger = _PythonMerger(choose, needed=needed, bound=bound)
    merged = merger.unit(*trees)
    text = merged.text if merged is not None else ""
    ast.parse(text)
    return text, tuple(merger.conflicts)


@dataclass
class _PythonMerger(Merger):
    """Merges a module.

    Args:
        needed: the names that the merged code uses; None where that is not known yet, and all count.
        bound: what each name of the user's module stands for.
    """

    needed: set[str] | None = None
    bound: dict[str, str] = field(default_factory=dict)

    def parts(self, base: Sequence[Unit], mine: Sequence[Unit], theirs: Sequence[Unit]) -> tuple[Unit, ...]:
        """What Python wants first comes first, and classes keep their distance."""
        found = sorted(super().parts(base, mine, theirs), key=lambda unit: _FIRST.get(unit.key[0], 2))
        at_head = {units[0].key for units in (mine, theirs) if units}
        for number, unit in enumerate(found):
            if number == 0 and unit.key not in at_head:
                found[0] = replace(unit, gap="")
            elif number and unit.key in at_head and not unit.gap and not unit.indent:
                found[number] = replace(unit, gap="\n\n")
        return tuple(found)

    def part(self, base: Unit | None, mine: Unit | None, theirs: Unit | None) -> Unit | None:
        """A block that lost everything in it gets a ``pass``."""
        there = mine or theirs or base
        if there is not None and there.key[0] == IMPORT:
            return self._import(base, mine, theirs)
        merged = self.unit(base, mine, theirs)
        if merged is None or merged.parts is None or merged.parts:
            return merged
        if merged.key[0] == "if":
            return None
        if not re.search(r"^\s*class\b", merged.body, re.MULTILINE):
            return merged
        indent = merged.indent + 4
        return replace(
            merged, parts=(Unit(key=("text", "pass"), label="", body=f"{' ' * indent}pass\n", indent=indent),)
        )

    def _import(self, base: Unit | None, mine: Unit | None, theirs: Unit | None) -> Unit | None:
        was, ours, new = ([] if unit is None else _imported(unit) for unit in (base, mine, theirs))
        keep = {each for each in ours if each in new or each not in was or self._uses(each)}
        keep |= {each for each in new if each not in ours and self._added(each, was, mine, theirs)}
        names = in_order(was, ours, new, keep=keep)
        if mine is not None and names == ours:
            return mine
        if theirs is not None and names == new and (mine is None or (base is not None and mine.body == base.body)):
            return theirs if mine is None else replace(theirs, gap=mine.gap, lead=mine.lead)
        return _import_of(names, mine or theirs) if names else None

    def _uses(self, alias: str) -> bool:
        return self.needed is None or alias == "*" or _name(alias) in self.needed

    def _added(self, alias: str, was: Sequence[str], mine: Unit | None, theirs: Unit | None) -> bool:
        """Whether a name comes in that is imported by generated code and not, or not so, by the user's."""
        stands_for = self.bound.get(_name(alias))
        if stands_for is None:
            return alias not in was or self._uses(alias)
        if theirs is None or alias in was or stands_for == _source(theirs, alias):
            return False
        line = f"from {theirs.key[1]} import {alias}\n"
        conflict = Conflict(where=f"import of {_name(alias)}", base=None, mine=f"{stands_for}\n", theirs=line)
        return self.decide(conflict) == "theirs"


def _imported(unit: Unit) -> list[str]:
    """What an import statement imports, as written: ``Date``, ``Date as Day``."""
    statement = ast.parse(dedent(unit.body)).body[0]
    if not isinstance(statement, ast.Import | ast.ImportFrom):
        raise SyntaxError(f"{unit.label} is no import")  # noqa: TRY004 - the caller's word for "does not fit"
    return [ast.unparse(alias) for alias in statement.names]


def _name(alias: str) -> str:
    """The name that an import gives a value to."""
    name, _, renamed = alias.partition(" as ")
    return renamed or name.split(".")[0]


def _source(unit: Unit, alias: str) -> str:
    name = alias.partition(" as ")[0]
    return f"from {unit.key[1]} import {name}" if unit.key[1] else f"import {name}"


def _bound(units: Sequence[Unit]) -> Iterator[tuple[str, str]]:
    """What each name of a module stands for: where it is imported from, or the unit that defines it."""
    for unit in units:
        if unit.key[0] == IMPORT:
            for alias in _imported(unit):
                yield _name(alias), _source(unit, alias)
        elif unit.key[0] in ("name", "table"):
            yield unit.label, unit.body.rstrip("\n")


def _import_of(names: list[str], like: Unit | None) -> Unit | None:
    """An import of these names, laid out as another one."""
    if like is None:
        return None
    margin, module = " " * like.indent, like.key[1]
    if not module:
        return like  # `import a, b` is one piece
    body = like.body
    if "#" in body:  # its comments stay with it; what it lacks is imported below
        lacking = [each for each in names if each not in _imported(like)]
        added = f"{margin}from {module} import {', '.join(lacking)}\n" if lacking else ""
        return replace(like, body=body + added)
    line = f"{margin}from {module} import {', '.join(names)}\n"
    if body.count("\n") > 1 or len(line) > _LINE + 1:
        inside = "".join(f"{margin}    {each},\n" for each in names)
        line = f"{margin}from {module} import (\n{inside}{margin})\n"
    return replace(like, body=line)


def _names(text: str) -> Iterator[str]:
    """The names that code uses, and the words in its strings, which may be annotations; documentation left out."""
    tree = ast.parse(text)
    documentation = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield from re.findall(r"\w+", node.value)
