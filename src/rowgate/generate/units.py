"""A text as a tree of units: what a three-way merge takes or leaves as a whole.

A unit is a class, a member of a class, an import, a key of a YAML mapping, with the comments above it. Every character
of the text is in exactly one unit, so putting the units together gives the text again, its layout included.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import StringIO

__all__ = ["Key", "Spaced", "Unit", "above", "lines_of", "numbered", "shifted"]

Key = tuple[str, ...]
"""What a unit is known by, among those beside it: its kind and its name."""


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One unit of a text; all texts end with a line's end.

    Args:
        key: the same in each version of the text.
        label: what a person calls it.
        gap: the blank lines before it.
        lead: the comments above it.
        body: its own text; of a unit with parts, what stands above them.
        parts: the units inside, in their order; None for a unit that is not taken apart.
        foot: what stands below its parts.
        indent: how far it is indented, in characters.
    """

    key: Key
    label: str
    gap: str = ""
    lead: str = ""
    body: str = ""
    parts: tuple[Unit, ...] | None = None
    foot: str = ""
    indent: int = 0

    @property
    def text(self) -> str:
        """The unit as it stands in its file, with the blank lines before it."""
        return self.gap + self.content

    @property
    def content(self) -> str:
        """The unit without the blank lines before it."""
        return self.lead + self.inner

    @property
    def inner(self) -> str:
        """The unit without the comments above it."""
        return self.body + "".join(part.text for part in self.parts or ()) + self.foot

    def same(self, other: Unit) -> bool:
        """Whether the two differ in blank lines at most."""
        return _squeezed(self) == _squeezed(other)


def _squeezed(unit: Unit) -> tuple[object, ...]:
    parts = None if unit.parts is None else tuple(_squeezed(part) for part in unit.parts)
    return (unit.key, unit.lead, unit.body, parts, unit.foot)


@dataclass(frozen=True, kw_only=True)
class Spaced:
    """The lines between two units: what ends the first, the blank lines, the comments above the second."""

    foot: str
    gap: str
    lead: str


def lines_of(text: str) -> list[str]:
    """The lines of a text, each with its end; form feeds and the like end none, as for Python and YAML."""
    return StringIO(text, newline="\n").readlines()


def above(lines: Sequence[str], *, indent: int | None = None) -> Spaced:
    """Divide the lines between two units: comments that are indented further belong to the first.

    Args:
        lines: blank lines and comments, each with its line's end.
        indent: further than how many characters; None where all comments belong to the second.
    """
    inside = 0
    for number, line in enumerate(lines, start=1):
        if line.strip():
            if indent is None or len(line) - len(line.lstrip()) <= indent:
                break
            inside = number
    rest = list(lines[inside:])
    blank = next((number for number, line in enumerate(rest) if line.strip()), len(rest))
    return Spaced(foot="".join(lines[:inside]), gap="".join(rest[:blank]), lead="".join(rest[blank:]))


def numbered(units: Iterable[Unit]) -> Iterator[Unit]:
    """The units with keys that differ: the second of one key gets a number."""
    seen: Counter[Key] = Counter()
    for unit in units:
        seen[unit.key] += 1
        yield unit if seen[unit.key] == 1 else replace(unit, key=(*unit.key, f"#{seen[unit.key]}"))


def shifted(unit: Unit, indent: int) -> Unit:
    """The unit indented so far, with all that is in it."""
    by = indent - unit.indent
    if not by:
        return unit

    def moved(text: str) -> str:
        return "".join(_moved(line, by) for line in lines_of(text))

    parts = None if unit.parts is None else tuple(shifted(part, part.indent + by) for part in unit.parts)
    return replace(
        unit, lead=moved(unit.lead), body=moved(unit.body), parts=parts, foot=moved(unit.foot), indent=indent
    )


def _moved(line: str, by: int) -> str:
    if not line.strip():
        return line
    if by > 0:
        return " " * by + line
    return line[-by:] if line[:-by].isspace() else line.lstrip()
