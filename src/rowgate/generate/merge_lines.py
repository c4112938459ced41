"""Three versions of any text become one, line by line (diff3).

Between lines that all three have in common, a stretch that one side changed is taken from that side
(Khanna, Kunal, Pierce: A formal investigation of diff3, 2007).
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from rowgate.generate.merge_units import Choose, Conflict, Merger
from rowgate.generate.units import lines_of

__all__ = ["merge_lines"]

_Stretch = tuple[int, int, int]


def merge_lines(base: str, mine: str, theirs: str, *, choose: Choose) -> tuple[str, tuple[Conflict, ...]]:
    """Merge by lines.

    Args:
        base: as last generated.
        mine: the user's.
        theirs: as generated now.
        choose: decides conflicts.

    Returns:
        The merged text, and the conflicts that were left open.
    """
    merger = Merger(choose)
    old, own, new = (lines_of(text) for text in (base, mine, theirs))
    result: list[str] = []
    done = (0, 0, 0)
    for here in _common(old, own, new):
        was, ours, fresh = ("".join(lines[a:b]) for lines, a, b in zip((old, own, new), done, here, strict=True))
        result.append(_taken(merger, was, ours, fresh, done[1] + 1))
        done = here
        if here[0] < len(old):  # the common line itself
            result.append(own[here[1]])
            done = (here[0] + 1, here[1] + 1, here[2] + 1)
    return "".join(result), tuple(merger.conflicts)


def _taken(merger: Merger, was: str, ours: str, fresh: str, line: int) -> str:
    if ours == was:
        return fresh
    if fresh in (was, ours):
        return ours
    conflict = Conflict(where=f"line {line}", base=was or None, mine=ours or None, theirs=fresh or None)
    return fresh if merger.decide(conflict) == "theirs" else ours


def _common(old: list[str], own: list[str], new: list[str]) -> Iterator[_Stretch]:
    """Where each line that all three have in common stands in them, and the three ends."""
    in_own, in_new = _matches(old, own), _matches(old, new)
    for place in range(len(old)):
        if place in in_own and place in in_new:
            yield place, in_own[place], in_new[place]
    yield len(old), len(own), len(new)


def _matches(old: list[str], other: list[str]) -> dict[int, int]:
    blocks = SequenceMatcher(None, old, other, autojunk=False).get_matching_blocks()
    return {block.a + n: block.b + n for block in blocks for n in range(block.size)}
