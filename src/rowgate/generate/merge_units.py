"""Three versions of a tree of units become one: as last generated, as the user left it, as generated now.

A unit that only one side changed is taken from that side. One that both changed alike is taken once. One that they
changed differently is a conflict: the user's stays, unless the caller decides otherwise. Comments above a unit and the
unit itself are merged apart, and blank lines never conflict.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from rowgate.generate.units import Key, Unit, shifted

__all__ = ["Choose", "Conflict", "Merger", "Side", "in_order"]

Side = Literal["mine", "theirs"]

_Name = TypeVar("_Name", bound=Hashable)


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """One place that both sides changed, each in its own way.

    Args:
        where: the unit, as a person calls it: ``Customer.Balance``.
        base: its text as last generated; None where there was none.
        mine: the user's; None where the user removed it.
        theirs: as generated now; None where it is no longer generated.
    """

    where: str
    base: str | None
    mine: str | None
    theirs: str | None


Choose = Callable[[Conflict], Side | None]
"""Decides a conflict; None leaves it open, with the user's text in place."""


@dataclass
class Merger:
    """One merge of trees of units; subclasses merge some kinds of units in ways of their own.

    Args:
        choose: decides conflicts.
    """

    choose: Choose
    conflicts: list[Conflict] = field(default_factory=list)

    def unit(self, base: Unit | None, mine: Unit | None, theirs: Unit | None) -> Unit | None:
        """Merge three versions of one unit, each of which may be missing."""
        if mine == base:
            return theirs
        if theirs in (base, mine):
            return mine
        if mine is None or theirs is None:
            there = mine or theirs
            if base is None:
                return there
            if there is None or there.same(base):
                return None
            return self._decided(base, mine, theirs)
        if base is not None and theirs.same(base):
            return mine
        if mine.same(theirs):
            return mine
        return self._inside(base, mine, theirs)

    def _inside(self, base: Unit | None, mine: Unit, theirs: Unit) -> Unit | None:
        """Merge the pieces of a unit that both sides have, and both changed."""
        kinds = {unit.parts is None for unit in (base, mine, theirs) if unit is not None}
        if len(kinds) > 1:
            return self._decided(base, mine, theirs)
        clash = False
        merged = mine
        if base is not None and mine.gap == base.gap:
            merged = replace(merged, gap=theirs.gap)
        for name in ("lead", "body", "foot"):
            was = getattr(base, name) if base is not None else None
            ours, new = getattr(mine, name), getattr(theirs, name)
            if was is None and name != "body" and not (ours and new):
                was = ""  # comments on one side alone
            if ours == was:
                merged = replace(merged, **{name: new})
            elif new not in (was, ours):
                clash = True
        if clash:
            # Of a unit with parts, only what stands above them is in question here.
            shown = [None if unit is None else replace(unit, gap="", parts=None) for unit in (base, mine, theirs)]
            if self._open(mine.label, *shown) == "theirs":
                merged = replace(merged, lead=theirs.lead, body=theirs.body, foot=theirs.foot)
        if merged.parts is None or theirs.parts is None:
            return merged
        before = base.parts if base is not None and base.parts is not None else ()
        return replace(merged, parts=self.parts(before, merged.parts, theirs.parts))

    def parts(self, base: Sequence[Unit], mine: Sequence[Unit], theirs: Sequence[Unit]) -> tuple[Unit, ...]:
        """Merge the units inside of one, or of a whole text."""
        was, ours, new = ({unit.key: unit for unit in units} for units in (base, mine, theirs))
        kept: dict[Key, Unit] = {}
        for key in dict.fromkeys([*ours, *new]):
            unit = self.part(was.get(key), ours.get(key), new.get(key))
            if unit is not None:
                kept[key] = unit
        order = in_order(list(was), list(ours), list(new), keep=kept)
        indent = mine[0].indent if mine else None
        found = [kept[key] for key in order]
        return tuple(found if indent is None else (shifted(unit, indent) for unit in found))

    def part(self, base: Unit | None, mine: Unit | None, theirs: Unit | None) -> Unit | None:
        """Merge one of several units; where subclasses differ."""
        return self.unit(base, mine, theirs)

    def _decided(self, base: Unit | None, mine: Unit | None, theirs: Unit | None) -> Unit | None:
        there = mine or theirs or base
        label = there.label if there is not None else ""
        return theirs if self._open(label, base, mine, theirs) == "theirs" else mine

    def _open(self, label: str, base: Unit | None, mine: Unit | None, theirs: Unit | None) -> Side:
        texts = [None if unit is None else unit.content for unit in (base, mine, theirs)]
        return self.decide(Conflict(where=label, base=texts[0], mine=texts[1], theirs=texts[2]))

    def decide(self, conflict: Conflict) -> Side:
        """Whose text stands; a conflict that nobody decides is noted, and the user's stands."""
        side = self.choose(conflict)
        if side is None:
            self.conflicts.append(conflict)
        return side or "mine"


def in_order(
    base: Sequence[_Name], mine: Sequence[_Name], theirs: Sequence[_Name], *, keep: Container[_Name]
) -> list[_Name]:
    """The keys to keep, in the order of whichever side changed the order; the user's where both did.

    What only the other side has comes after everything that it comes after there, so that it never stands above
    something that it needs.
    """
    moved = _among(base, set(mine)) != _among(mine, set(base))
    leading, other = (mine, theirs) if moved else (theirs, mine)
    result = [key for key in leading if key in keep]
    there = set(result)
    last = -1
    for key in other:
        if key in there:
            last = max(last, result.index(key))
        elif key in keep:
            last += 1
            result.insert(last, key)
    return result


def _among(keys: Sequence[_Name], others: set[_Name]) -> list[_Name]:
    return [key for key in keys if key in others]
