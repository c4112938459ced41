"""What writing or removing a relationship can give: the permissions of its resource that it can turn to true.

Read off the rules alone, whatever relationships there are, so it errs on the side of too many. A relation gives a
permission by being written where it stands on the left of exclusions (``viewer + owner``), and by being removed where
it stands on the right of one (``viewer - banned``); on the right of the right it is written again. ``.all`` counts both
ways: a first parent can make it true, and a parent taken away too. The way may lead over other objects and back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rowgate.relations.rules import Direct, Every, Node, Same, Source, Term, Through, subterms

__all__ = ["Gives", "gives"]

Turn = tuple[Node, bool]
"""A node, and whether more of it gives more of what was asked for."""


@dataclass(frozen=True)
class Gives:
    """The nodes of a type that relationships of one relation can turn to true.

    Args:
        written: by being written, or by holding for longer or under a weaker condition than before.
        removed: by being removed, or by ending sooner or counting under a stronger condition than before.
    """

    written: frozenset[str]
    removed: frozenset[str]


def gives(rules: Mapping[Node, Term], resource_type: str, relation: str) -> Gives:
    """What relationships of one relation can give on the object that they are about.

    Args:
        rules: of the schema.
        resource_type: the type of the object.
        relation: the relation.
    """
    written: set[str] = set()
    removed: set[str] = set()
    for node in rules:
        if node.type == resource_type:
            turns = _turns(rules, node, (resource_type, relation))
            written |= {node.name} if True in turns else set()
            removed |= {node.name} if False in turns else set()
    return Gives(frozenset(written), frozenset(removed))


def _turns(rules: Mapping[Node, Term], target: Node, wanted: tuple[str, str]) -> set[bool]:
    """The turns in which a relation's relationships occur below a node: True where more of them give more."""
    found: set[bool] = set()
    seen: set[Turn] = {(target, True)}
    waiting: list[Turn] = [(target, True)]
    while waiting:
        node, upright = waiting.pop()
        term = rules.get(node)
        for part, positive in subterms(term) if term is not None else ():
            turn = upright == positive
            for source in _sources(part):
                if (source.resource_type, source.relation) == wanted:
                    found |= {True, False} if isinstance(part, Every) else {turn}
            for other in _nodes(part):
                if (other, turn) not in seen:
                    seen.add((other, turn))
                    waiting.append((other, turn))
    return found


def _sources(term: Term) -> Iterator[Source]:
    if isinstance(term, Direct | Through):
        yield term.source
    elif isinstance(term, Every):
        yield from (source for source, _ in term.parents)


def _nodes(term: Term) -> Iterator[Node]:
    if isinstance(term, Same | Through):
        yield term.node
    elif isinstance(term, Every):
        yield from (node for _, node in term.parents if node is not None)
