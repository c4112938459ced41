"""What a rebuild or an upgrade would change, file by file, before anything is written."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial

from rowgate.errors import RebuildRefused
from rowgate.generate.merge import Choose, Conflict, Merged, Side, merge

__all__ = ["FileChange", "Plan", "chooser", "merged_file", "unified"]


@dataclass(frozen=True, kw_only=True)
class FileChange:
    """What becomes of one file.

    Args:
        path: in the project, with ``/`` between its parts.
        before: its text now; None where it is not there.
        after: its text then; None where it goes.
        base: as last generated; None where it was not.
        generated: as generated now; None where it no longer is.
        conflicts: what is to be decided first.
    """

    path: str
    before: str | None
    after: str | None
    base: str | None
    generated: str | None
    conflicts: tuple[Conflict, ...] = ()

    @property
    def diff(self) -> str:
        """What changes in the file, as a unified diff; empty for nothing."""
        return unified(self.path, self.before, self.after)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What becomes of a project's files.

    Args:
        files: those that were or are generated.
    """

    files: tuple[FileChange, ...]

    @property
    def conflicts(self) -> list[tuple[str, Conflict]]:
        """What is to be decided, with the file that it is in."""
        return [(each.path, conflict) for each in self.files for conflict in each.conflicts]

    @property
    def changed(self) -> Mapping[str, str | None]:
        """The files that change, with their new texts; None for those that go."""
        return {each.path: each.after for each in self.files if each.after != each.before}

    @property
    def bases(self) -> Mapping[str, str | None]:
        """The bases that change, likewise."""
        return {each.path: each.generated for each in self.files if each.generated != each.base}


def merged_file(
    path: str, *, base: str | None, mine: str | None, theirs: str | None, choose: Choose | None = None
) -> FileChange:
    """What becomes of a file that was generated, is the user's, and is generated anew; each may be missing.

    Args:
        path: in the project.
        base: as last generated.
        mine: as it stands.
        theirs: as generated now.
        choose: decides conflicts.
    """
    found = _merged(path, base, mine, theirs, choose)
    text = None if mine is None and found.text == "" else found.text
    after = None if theirs is None and text == "" else text
    return FileChange(path=path, before=mine, after=after, base=base, generated=theirs, conflicts=found.conflicts)


def _merged(path: str, base: str | None, mine: str | None, theirs: str | None, choose: Choose | None) -> Merged:
    if mine is not None and theirs is not None:
        return merge(base or "", mine, theirs, path=path, choose=choose)
    if mine == base:
        return Merged(text=theirs or "")
    if theirs in (base, mine):
        return Merged(text=mine or "")
    conflict = Conflict(where="the whole file", base=base, mine=mine, theirs=theirs)
    side = choose(conflict) if choose is not None else None
    text = theirs if side == "theirs" else mine
    return Merged(text=text or "", conflicts=() if side else (conflict,))


def chooser(decisions: Sequence[str]) -> Callable[[str], Choose]:
    """Decide conflicts as told on the command line.

    Args:
        decisions: ``mine``, ``theirs``, or one of them with the place: ``mine:Customer.Name``. A place may hold ``*``;
            one for a place comes before one for all, an earlier one before a later.

    Returns:
        What decides the conflicts of a file, by the file's path.

    Raises:
        RebuildRefused: one is something else.
    """
    rules: list[tuple[Side, str]] = []
    for each in decisions:
        side, _, place = each.partition(":")
        match side:
            case "mine" | "theirs":
                rules.append((side, place))
            case _:
                raise RebuildRefused(
                    f"--take {each}: write mine or theirs, and after a colon the place, if one is meant."
                )
    rules.sort(key=lambda rule: not rule[1])

    def choose(path: str, conflict: Conflict) -> Side | None:
        names = (conflict.where, f"{path}:{conflict.where}")
        return next((side for side, place in rules if not place or any(fnmatchcase(n, place) for n in names)), None)

    return lambda path: partial(choose, path)


def unified(path: str, before: str | None, after: str | None) -> str:
    """Two versions of a file as a unified diff."""
    if before == after:
        return ""
    names = ("/dev/null" if before is None else f"a/{path}", "/dev/null" if after is None else f"b/{path}")
    lines = [(text or "").splitlines() for text in (before, after)]
    return "".join(f"{line}\n" for line in _named(names, lines))


def _named(names: tuple[str, str], lines: list[list[str]]) -> Iterator[str]:
    return iter(difflib.unified_diff(lines[0], lines[1], *names, lineterm=""))
