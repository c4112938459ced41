"""Three-way merge of one generated file: as last generated, as the user left it, as generated now.

Python is merged by classes, members and imports, YAML by keys, anything else by lines. No edit of the user is lost and
none is overwritten: where both sides changed one thing differently, the user's stays and the conflict is told.
"""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from rowgate.generate.merge_lines import merge_lines
from rowgate.generate.merge_python import merge_python
from rowgate.generate.merge_units import Choose, Conflict, Side
from rowgate.generate.merge_yaml import merge_yaml

__all__ = ["Choose", "Conflict", "Merged", "Side", "merge"]

_BY_UNITS = {".py": merge_python, ".yaml": merge_yaml, ".yml": merge_yaml}


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What came of a merge.

    Args:
        text: the merged file; in the place of an open conflict stands the user's text.
        conflicts: those that nobody decided.
    """

    text: str
    conflicts: tuple[Conflict, ...] = ()


def merge(base: str, mine: str, theirs: str, *, path: str = "models.py", choose: Choose | None = None) -> Merged:
    """Merge three versions of a file.

    Args:
        base: as last generated; empty where the file was not generated before.
        mine: as it stands in the project.
        theirs: as it would be generated now.
        path: the file's; its ending says how to merge.
        choose: decides conflicts, by looking at each; None leaves all of them open.

    Returns:
        The merged text. With an unchanged side it is the other side, to the character.
    """
    if mine in (base, theirs):
        return Merged(text=theirs)
    if theirs == base:
        return Merged(text=mine)
    decide = choose or _undecided
    ending, last = _line_end(mine), mine.endswith("\n") or not mine
    old, own, new = (_plain(text) for text in (base, mine, theirs))
    if new in (old, own):
        return Merged(text=mine)
    text, conflicts = (new, ()) if own == old else _merged(old, own, new, path, decide)
    if not last:
        text = text.removesuffix("\n")
    return Merged(text=text.replace("\n", ending), conflicts=conflicts)


def _merged(old: str, own: str, new: str, path: str, choose: Choose) -> tuple[str, tuple[Conflict, ...]]:
    by_units = next((each for suffix, each in _BY_UNITS.items() if path.endswith(suffix)), None)
    if by_units is None or "\r" in old + own + new:
        return merge_lines(old, own, new, choose=choose)
    try:
        return by_units(old, own, new, choose=choose)
    except (SyntaxError, ValueError, yaml.YAMLError):
        # The user's file is not what its name says, or the units do not fit together: one question for the whole.
        conflict = Conflict(where="the whole file", base=old or None, mine=own, theirs=new)
        side = choose(conflict)
        return (new, ()) if side == "theirs" else (own, () if side == "mine" else (conflict,))


def _undecided(_conflict: Conflict) -> Side | None:
    return None


def _line_end(text: str) -> str:
    return "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"


def _plain(text: str) -> str:
    """With the line ends of Unix, also behind the last line."""
    text = text.replace("\r\n", "\n")
    return text if text.endswith("\n") or not text else text + "\n"
