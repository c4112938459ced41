"""Answers a plan in memory, over relationships already read: for many subjects or objects at once, three-valued.

Used where SQL cannot say a recursion, to list subjects, and to tell which names a conditional answer hangs on. Subjects
are the bits of an integer, so that one pass answers for all. A component that excludes itself around a cycle is solved
by the alternating fixpoint of the well-founded semantics (Van Gelder, The alternating fixpoint of logic programs with
negation, 1989): what is in neither bound's certainty, and hangs on no caveat, is undefined.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from rowgate.relations.answers import ALLOWED, DENIED, Answer, Verdict
from rowgate.relations.caveats import Outcome
from rowgate.relations.components import components
from rowgate.relations.plan import Plan
from rowgate.relations.rows import Bound
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
from rowgate.zed.relationships import WILDCARD

__all__ = ["Fact", "Ground", "Pair"]

Pair = tuple[Node, str]


@dataclass(frozen=True)
class Fact:
    """A relationship that has not expired, with what its caveat says."""

    resource_type: str
    resource_id: str
    relation: str
    subject_type: str
    subject_id: str
    subject_relation: str
    outcome: Outcome | None = None

    def counts(self, bound: Bound) -> bool:
        """Whether its caveat lets it count in a bound."""
        value = True if self.outcome is None else self.outcome.value
        return bool(value) if bound is Bound.DEFINITE else value is not False


class Ground:
    """The facts that a plan's answers depend on.

    Args:
        plan: what is asked.
        facts: at least all that the objects asked for depend on.
        subjects: the ids of the subjects asked for. One that no fact names stands for all such.
    """

    def __init__(self, plan: Plan, facts: Iterable[Fact], subjects: Sequence[str]) -> None:
        self._plan = plan
        self._subjects = list(subjects)
        self._bits = {identifier: 1 << place for place, identifier in enumerate(subjects)}
        self._all = (1 << len(subjects)) - 1
        self._facts: dict[tuple[str, str, str, str], list[Fact]] = {}
        for fact in facts:
            key = (fact.resource_type, fact.resource_id, fact.relation, fact.subject_type)
            self._facts.setdefault(key, []).append(fact)
        self._known: dict[Bound, dict[Pair, int]] = {bound: {} for bound in Bound}
        # When a pair was found to hold for certain: a proof goes from later to earlier ones.
        self._found: dict[Pair, int] = {}
        self._clock = count()

    def answers(self, identifiers: Iterable[str]) -> dict[str, dict[str, Answer]]:
        """For each object's id the answer for each subject's id; denied ones are left out."""
        wanted = [(self._plan.target, identifier) for identifier in identifiers]
        self._solve(wanted)
        found: dict[str, dict[str, Answer]] = {}
        for pair in wanted:
            definite, possible = self._known[Bound.DEFINITE][pair], self._known[Bound.POSSIBLE][pair]
            row: dict[str, Answer] = {}
            for identifier, bit in self._bits.items():
                if definite & bit:
                    row[identifier] = ALLOWED
                elif possible & bit:
                    row[identifier] = self._open_answer(pair, bit)
            found[pair[1]] = row
        return found

    def answer(self, identifier: str, subject: str) -> Answer:
        """The answer for one object and one of the subjects."""
        return self.answers([identifier])[identifier].get(subject, DENIED)

    def known(self, node: Node, identifier: str, bound: Bound) -> bool:
        """Whether a node was found to hold of an object, for any of the subjects."""
        return bool(self._known[bound].get((node, identifier), 0))

    def holds(self, term: Term, identifier: str, *, before: Pair | None = None) -> bool:
        """Whether a term holds for certain of an object, for any of the subjects.

        Args:
            term: the term, of a pair that has been answered.
            identifier: the object's id.
            before: only by what had been found before this pair.
        """
        if isinstance(term, AnyOf):
            return any(self.holds(each, identifier, before=before) for each in term.terms)
        if isinstance(term, Both):
            return all(self.holds(each, identifier, before=before) for each in term.terms)
        if isinstance(term, Without):
            base = self.holds(term.base, identifier, before=before)
            return base and not self._value(term.removed, identifier, Bound.POSSIBLE)
        if isinstance(term, Same):
            return self._earlier((term.node, identifier), before)
        if isinstance(term, Direct | Through):
            return next(self.supports(term, identifier, before=before), None) is not None
        return bool(self._value(term, identifier, Bound.DEFINITE))

    def supports(
        self, term: Direct | Through, identifier: str, *, before: Pair | None = None
    ) -> Iterator[tuple[Fact, Pair | None]]:
        """The facts by which a term holds for certain of an object, each with the parent's pair it goes through."""
        for fact in self.of(term.source, identifier):
            if fact.counts(Bound.DEFINITE) and self._supported(term, fact, Bound.DEFINITE):
                parent = (term.node, fact.subject_id) if isinstance(term, Through) else None
                if parent is None or self._earlier(parent, before):
                    yield fact, parent

    def _earlier(self, pair: Pair, before: Pair | None) -> bool:
        if not self._known[Bound.DEFINITE].get(pair, 0):
            return False
        return before is None or self._found[pair] < self._found[before]

    # --- solving ------------------------------------------------------------------------------------------------

    def of(self, source: Source, identifier: str) -> Iterator[Fact]:
        """The facts of a kind about an object."""
        key = (source.resource_type, identifier, source.relation, source.subject_type)
        for fact in self._facts.get(key, ()):
            if source.subject_relation is None or fact.subject_relation == source.subject_relation:
                yield fact

    def _term(self, node: Node) -> Term:
        return self._plan.terms.get(node, Never())

    def _needs(self, pair: Pair) -> Iterator[Pair]:
        node, identifier = pair
        for part, _ in subterms(self._term(node)):
            if isinstance(part, Same):
                yield part.node, identifier
            elif isinstance(part, Through):
                yield from ((part.node, fact.subject_id) for fact in self.of(part.source, identifier))
            elif isinstance(part, Every):
                for source, parent in part.parents:
                    if parent:
                        yield from ((parent, fact.subject_id) for fact in self.of(source, identifier))

    def _solve(self, pairs: Sequence[Pair]) -> None:
        done = self._known[Bound.DEFINITE]

        def needs(pair: Pair) -> Iterable[Pair]:
            return () if pair in done else self._needs(pair)

        for component in components(pairs, needs):
            if component[0] not in done:
                self._component(component)

    def _component(self, component: tuple[Pair, ...]) -> None:
        inside = frozenset(component)
        users: dict[Pair, list[Pair]] = {}
        for pair in component:
            for other in self._needs(pair):
                if other in inside:
                    users.setdefault(other, []).append(pair)
        definite, possible = self._known[Bound.DEFINITE], self._known[Bound.POSSIBLE]
        definite.update(dict.fromkeys(component, 0))
        before: list[int] | None = None
        # Each round knows more for certain; without a cycle through an exclusion the second round changes nothing.
        while before != (now := [definite[pair] for pair in component]):
            before = now
            possible.update(dict.fromkeys(component, 0))
            self._grow(component, users, Bound.POSSIBLE)
            definite.update(dict.fromkeys(component, 0))
            self._grow(component, users, Bound.DEFINITE)

    def _grow(self, component: tuple[Pair, ...], users: Mapping[Pair, list[Pair]], bound: Bound) -> None:
        known = self._known[bound]
        waiting = list(component)
        queued = set(component)
        while waiting:
            pair = waiting.pop()
            queued.discard(pair)
            bits = self._value(self._term(pair[0]), pair[1], bound)
            if bits & ~known[pair]:
                known[pair] |= bits
                if bound is Bound.DEFINITE:
                    self._found[pair] = next(self._clock)
                for user in users.get(pair, ()):
                    if user not in queued:
                        queued.add(user)
                        waiting.append(user)

    def _value(self, term: Term, identifier: str, bound: Bound) -> int:
        """The subjects for which a term holds of an object, as bits, by what is known so far."""
        bits = 0
        if isinstance(term, AnyOf):
            for each in term.terms:
                bits |= self._value(each, identifier, bound)
        elif isinstance(term, Both):
            bits = self._all
            for each in term.terms:
                bits &= self._value(each, identifier, bound)
        elif isinstance(term, Without):
            bits = self._value(term.base, identifier, bound)
            bits &= ~self._value(term.removed, identifier, bound.other)
        elif isinstance(term, Same):
            bits = self._known[bound].get((term.node, identifier), 0)
        elif isinstance(term, Identity):
            bits = self._bits.get(identifier, 0)
        elif isinstance(term, Every):
            bits = self._every(term, identifier, bound)
        elif isinstance(term, Direct | Through):
            for fact in self.of(term.source, identifier):
                if fact.counts(bound):
                    bits |= self._supported(term, fact, bound)
        return bits

    def _supported(self, term: Direct | Through, fact: Fact, bound: Bound) -> int:
        if isinstance(term, Through):
            return self._known[bound].get((term.node, fact.subject_id), 0)
        if fact.subject_id == WILDCARD:
            return self._all if term.wildcard else 0
        return self._bits.get(fact.subject_id, 0) if term.plain else 0

    def _every(self, term: Every, identifier: str, bound: Bound) -> int:
        bits, some = self._all, False
        for source, parent in term.parents:
            for fact in self.of(source, identifier):
                some = True
                holds = self._known[bound].get((parent, fact.subject_id), 0) if parent else 0
                bits &= holds if fact.counts(bound) else 0
        return bits if some else 0

    # --- what an open answer hangs on ---------------------------------------------------------------------------

    def _open_answer(self, pair: Pair, bit: int) -> Answer:
        missing: set[str] = set()
        faults: dict[str, None] = {}
        seen = {pair}
        waiting = [pair]
        while waiting:
            node, identifier = waiting.pop()
            for outcome, other in self._doubts(self._term(node), identifier, bit):
                if outcome is not None:
                    missing |= outcome.missing
                    if outcome.error:
                        faults[outcome.error] = None
                if other is not None and other not in seen:
                    seen.add(other)
                    waiting.append(other)
        if missing or faults:
            return Answer(Verdict.CONDITIONAL, frozenset(missing), tuple(faults))
        return Answer(Verdict.UNDEFINED)

    def _open(self, term: Term, identifier: str, bit: int) -> bool:
        possible = self._value(term, identifier, Bound.POSSIBLE) & bit
        return bool(possible and not self._value(term, identifier, Bound.DEFINITE) & bit)

    def _doubts(self, term: Term, identifier: str, bit: int) -> Iterator[tuple[Outcome | None, Pair | None]]:
        """The caveats without an outcome, and the pairs, that leave a term open."""
        if isinstance(term, AnyOf | Both | Without):
            parts = (term.base, term.removed) if isinstance(term, Without) else term.terms
            for each in parts:
                if self._open(each, identifier, bit):
                    yield from self._doubts(each, identifier, bit)
        elif isinstance(term, Same):
            yield None, (term.node, identifier)
        elif isinstance(term, Direct | Through):
            for fact in self.of(term.source, identifier):
                if fact.counts(Bound.POSSIBLE) and self._supported(term, fact, Bound.POSSIBLE) & bit:
                    parent = (term.node, fact.subject_id) if isinstance(term, Through) else None
                    yield from self._fact_doubts(fact, parent, bit)
        elif isinstance(term, Every):
            for source, parent_node in term.parents:
                for fact in self.of(source, identifier):
                    yield from self._fact_doubts(fact, (parent_node, fact.subject_id) if parent_node else None, bit)

    def _fact_doubts(self, fact: Fact, parent: Pair | None, bit: int) -> Iterator[tuple[Outcome | None, Pair | None]]:
        if fact.outcome is not None and fact.outcome.value is None:
            yield fact.outcome, None
        if parent is not None and not self._known[Bound.DEFINITE].get(parent, 0) & bit:
            yield None, parent
