"""The rules that a question needs, cut down to what its kind of subject can reach, in the order of their strata.

A question is a node (document#view) and a kind of subject (user, or group#member). Terms that hold for no such subject
go; what is left is ordered into strongly connected components, dependencies first. A component that refers to itself
only in ways that one recursive SQL query can say becomes a :class:`Recursion`; otherwise the plan says why not, and the
question is answered by a fixpoint in memory (:mod:`rowgate.relations.ground`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rowgate.relations.components import components
from rowgate.relations.rules import (
    AnyOf,
    Both,
    Direct,
    Every,
    Identity,
    Never,
    Node,
    Same,
    Source,
    Term,
    Through,
    Without,
    subterms,
)

__all__ = ["Alternative", "Plan", "Recursion", "Step", "dependencies", "plan", "specialise"]


@dataclass(frozen=True)
class Step:
    """``head`` holds for an object when ``body`` holds for the object itself or (with a source) for its parent."""

    head: Node
    body: Node
    source: Source | None
    conditions: tuple[tuple[Term, bool], ...] = ()


@dataclass(frozen=True)
class Alternative:
    """One way in which a node of a recursion holds without the recursion: all conditions, each true or not true."""

    head: Node
    conditions: tuple[tuple[Term, bool], ...]


@dataclass(frozen=True)
class Recursion:
    """A component as one recursive query: where it begins, and its steps with one recursive reference each."""

    nodes: tuple[Node, ...]
    bases: tuple[Alternative, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Plan:
    """What a question needs.

    Args:
        target: the node asked for. It may have no term: then nobody of this kind has it.
        terms: the term of every node needed.
        strata: the components, dependencies first; a node that does not refer to itself is one alone.
        recursions: the components that refer to themselves, by each of their nodes.
        caveated: the nodes whose answer may depend on a caveat.
        obstacles: why SQL cannot say it, for each component concerned; empty where it can.
    """

    target: Node
    terms: Mapping[Node, Term]
    strata: tuple[tuple[Node, ...], ...]
    recursions: Mapping[Node, Recursion]
    caveated: frozenset[Node]
    obstacles: tuple[str, ...]

    @property
    def in_sql(self) -> bool:
        """Whether one SQL statement can answer it."""
        return not self.obstacles

    @property
    def caveats(self) -> frozenset[str]:
        """The caveats that the answer may depend on."""
        return frozenset(name for source in self.sources() for name in source.caveats)

    def sources(self) -> Iterator[Source]:
        """The kinds of relationship that the plan reads; some come more than once."""
        for term in self.terms.values():
            for part, _ in subterms(term):
                if isinstance(part, Direct | Through):
                    yield part.source
                elif isinstance(part, Every):
                    yield from (source for source, _ in part.parents)


def dependencies(term: Term) -> Iterator[Node]:
    """The nodes that a term refers to; some come more than once."""
    for part, _ in subterms(term):
        if isinstance(part, Same | Through):
            yield part.node
        elif isinstance(part, Every):
            yield from (node for _, node in part.parents if node)


def plan(narrowed: Mapping[Node, Term], target: Node) -> Plan:
    """The plan of a question.

    Args:
        narrowed: the terms of the whole schema for one kind of subject: see :func:`specialise`.
        target: the node asked for.
    """
    terms = _reachable(narrowed, target)
    strata = tuple(components([target], lambda node: dependencies(terms.get(node, Never()))))
    recursions: dict[Node, Recursion] = {}
    obstacles: list[str] = []
    caveated: set[Node] = set()
    for nodes in strata:
        needed = {other for node in nodes for other in dependencies(terms.get(node, Never()))}
        if any(_uses_caveat(terms.get(node, Never())) for node in nodes) or needed & caveated:
            caveated.update(nodes)
        if len(nodes) == 1 and nodes[0] not in needed:
            continue
        try:
            recursion = _recursion(terms, nodes)
        except _NotLinear as obstacle:
            obstacles.append(f"{', '.join(map(str, sorted(nodes)))}: {obstacle}")
        else:
            recursions.update(dict.fromkeys(nodes, recursion))
    return Plan(
        target,
        terms,
        strata,
        recursions,
        frozenset(caveated),
        tuple(obstacles),
    )


def _uses_caveat(term: Term) -> bool:
    for part, _ in subterms(term):
        if isinstance(part, Direct | Through) and part.source.caveats:
            return True
        if isinstance(part, Every) and any(source.caveats for source, _ in part.parents):
            return True
    return False


# --- cutting down -----------------------------------------------------------------------------------------------


def specialise(rules: Mapping[Node, Term], subject_type: str, subject_relation: str = "") -> dict[Node, Term]:
    """The rules for one kind of subject, with the identity put in and without nodes that can hold for no object.

    Args:
        rules: the terms of the whole schema.
        subject_type: the type of the subject.
        subject_relation: what stands behind it, ``member`` of ``group:eng#member``; "" for the object itself.
    """
    own = Node(subject_type, subject_relation)
    narrowed = {node: _narrow(term, subject_type, subject_relation) for node, term in rules.items()}
    narrowed[own] = AnyOf((Identity(), narrowed.get(own, Never())))
    # Which nodes can hold at all: the least solution, exclusions taken as if nothing were removed.
    alive: set[Node] = set()
    waiting: dict[Node, set[Node]] = {}
    for node, term in narrowed.items():
        for other in dependencies(term):
            waiting.setdefault(other, set()).add(node)
    look = list(narrowed)
    while look:
        node = look.pop()
        if node not in alive and _may_hold(narrowed[node], alive):
            alive.add(node)
            look += waiting.get(node, ())
    return {node: _simplify(term, alive) for node, term in narrowed.items() if node in alive}


def _narrow(term: Term, subject_type: str, subject_relation: str) -> Term:
    if isinstance(term, Direct):
        return term if not subject_relation and term.source.subject_type == subject_type else Never()
    if isinstance(term, AnyOf):
        return AnyOf(tuple(_narrow(each, subject_type, subject_relation) for each in term.terms))
    if isinstance(term, Both):
        return Both(tuple(_narrow(each, subject_type, subject_relation) for each in term.terms))
    if isinstance(term, Without):
        base = _narrow(term.base, subject_type, subject_relation)
        return Without(base, _narrow(term.removed, subject_type, subject_relation))
    return term


def _may_hold(term: Term, alive: set[Node]) -> bool:
    if isinstance(term, AnyOf):
        return any(_may_hold(each, alive) for each in term.terms)
    if isinstance(term, Both):
        return all(_may_hold(each, alive) for each in term.terms)
    if isinstance(term, Without):
        return _may_hold(term.base, alive)
    if isinstance(term, Same | Through):
        return term.node in alive
    if isinstance(term, Every):
        return any(node in alive for _, node in term.parents)
    return not isinstance(term, Never)


def _simplify(term: Term, alive: set[Node]) -> Term:
    """The term without the parts that never hold; only for a term that may hold."""
    if isinstance(term, AnyOf):
        terms: list[Term] = []
        for each in term.terms:
            if _may_hold(each, alive):
                simple = _simplify(each, alive)
                terms += simple.terms if isinstance(simple, AnyOf) else (simple,)
        terms = list(dict.fromkeys(terms))
        return terms[0] if len(terms) == 1 else AnyOf(tuple(terms))
    if isinstance(term, Both):
        return Both(tuple(dict.fromkeys(_simplify(each, alive) for each in term.terms)))
    if isinstance(term, Without):
        base = _simplify(term.base, alive)
        return Without(base, _simplify(term.removed, alive)) if _may_hold(term.removed, alive) else base
    if isinstance(term, Every):
        return Every(tuple((source, node if node in alive else None) for source, node in term.parents))
    return term


def _reachable(terms: Mapping[Node, Term], target: Node) -> dict[Node, Term]:
    """The terms that the target needs; a reference to a node that is a leaf becomes the leaf."""
    leaves = {node: term for node, term in terms.items() if isinstance(term, Direct | Identity)}
    found: dict[Node, Term] = {}
    waiting = [target]
    while waiting:
        node = waiting.pop()
        if node in terms and node not in found:
            found[node] = _inlined(terms[node], leaves)
            waiting += dependencies(found[node])
    return found


def _inlined(term: Term, leaves: Mapping[Node, Term]) -> Term:
    if isinstance(term, Same):
        return leaves.get(term.node, term)
    if isinstance(term, AnyOf):
        return AnyOf(tuple(dict.fromkeys(_inlined(each, leaves) for each in term.terms)))
    if isinstance(term, Both):
        return Both(tuple(dict.fromkeys(_inlined(each, leaves) for each in term.terms)))
    if isinstance(term, Without):
        return Without(_inlined(term.base, leaves), _inlined(term.removed, leaves))
    return term


# --- recursion --------------------------------------------------------------------------------------------------


class _NotLinear(Exception):
    """SQL's recursive queries cannot say it; the text says what."""


def _recursion(terms: Mapping[Node, Term], nodes: tuple[Node, ...]) -> Recursion:
    inside = frozenset(nodes)
    bases: list[Alternative] = []
    steps: list[Step] = []
    for head in nodes:
        for body, source, conditions in _alternatives(terms[head], inside):
            if body is None:
                bases.append(Alternative(head, conditions))
            else:
                steps.append(Step(head, body, source, conditions))
    return Recursion(nodes, tuple(bases), tuple(steps))


_Way = tuple[Node | None, Source | None, tuple[tuple[Term, bool], ...]]


def _alternatives(term: Term, inside: frozenset[Node]) -> list[_Way]:
    """The ways in which a term holds; each has at most one reference to the recursion, first of all."""
    if not inside.intersection(dependencies(term)):
        return [(None, None, ((term, True),))]
    if isinstance(term, Same):
        return [(term.node, None, ())]
    if isinstance(term, Through):
        return [(term.node, term.source, ())]
    if isinstance(term, AnyOf):
        return [way for each in term.terms for way in _alternatives(each, inside)]
    if isinstance(term, Both):
        recursive = [each for each in term.terms if inside.intersection(dependencies(each))]
        if len(recursive) > 1:
            raise _NotLinear("an intersection with two recursive operands")
        others = tuple((each, True) for each in term.terms if each is not recursive[0])
        return [(body, source, (*rest, *others)) for body, source, rest in _alternatives(recursive[0], inside)]
    if isinstance(term, Without):
        if inside.intersection(dependencies(term.removed)):
            raise _NotLinear("recursion through the right side of an exclusion")
        ways = _alternatives(term.base, inside)
        return [(body, source, (*rest, (term.removed, False))) for body, source, rest in ways]
    raise _NotLinear("recursion through .all")
