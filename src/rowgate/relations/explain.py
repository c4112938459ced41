"""Why an answer is what it is: the relationships that lead to it, or those that are missing for it.

For an allowed answer the path is a proof: relationships, one after the other, from the object to the subject. For any
other the nearest relationships that would help are named, fewest steps away first, and what an exclusion took away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rowgate.relations.answers import Answer
from rowgate.relations.ground import Fact, Ground, Pair
from rowgate.relations.plan import Plan
from rowgate.relations.rows import Bound
from rowgate.relations.rules import AnyOf, Both, Direct, Every, Node, Same, Term, Through, Without
from rowgate.zed.relationships import WILDCARD, ObjectRef, Relationship, SubjectRef

__all__ = ["Explanation", "explain"]

_NEAREST = 5


@dataclass(frozen=True)
class Explanation:
    """An answer and its reason.

    Args:
        answer: the answer.
        proof: of an allowed answer the relationships that prove it, from the object to the subject. Empty where the
            subject is the object itself.
        gaps: of any other answer the relationships nearest to the object of which one would help.
        exclusions: objects, each with the relation or permission whose holding took the permission away.
    """

    answer: Answer
    proof: tuple[Relationship, ...] = ()
    gaps: tuple[Relationship, ...] = ()
    exclusions: tuple[tuple[ObjectRef, str], ...] = ()

    @property
    def path(self) -> tuple[str, ...]:
        """The proof, as lines."""
        return tuple(map(str, self.proof))

    @property
    def missing(self) -> tuple[str, ...]:
        """The gaps, as lines."""
        return tuple(map(str, self.gaps))

    @property
    def excluded_by(self) -> tuple[str, ...]:
        """The exclusions, as ``folder:f3#banned``."""
        return tuple(f"{target}#{name}" for target, name in self.exclusions)


def explain(ground: Ground, plan: Plan, identifier: str, subject: SubjectRef) -> Explanation:
    """The reason of the answer about one object and one subject.

    Args:
        ground: the facts, asked for this one subject.
        plan: what is asked.
        identifier: the object's id.
        subject: the subject.
    """
    answer = ground.answer(identifier, subject.id)
    walk = _Walk(ground, plan, subject)
    target = (plan.target, identifier)
    if answer.allowed:
        return Explanation(answer, proof=walk.proof(target))
    missing, excluded = walk.gaps(target)
    return Explanation(answer, gaps=missing, exclusions=excluded)


class _Walk:
    def __init__(self, ground: Ground, plan: Plan, subject: SubjectRef) -> None:
        self._ground = ground
        self._plan = plan
        self._subject = subject

    # --- allowed ------------------------------------------------------------------------------------------------

    def proof(self, target: Pair) -> tuple[Relationship, ...]:
        """The relationships of a proof; each pair is proved by pairs that were found before it, so it ends."""
        found: dict[Relationship, None] = {}
        seen = {target}
        waiting = [target]
        while waiting:
            pair = waiting.pop()
            used = self._support(self._plan.terms[pair[0]], pair)
            for fact, _ in used:
                if fact is not None:
                    found[_stated(fact)] = None
            for _, other in reversed(used):
                if other is not None and other not in seen:
                    seen.add(other)
                    waiting.append(other)
        return tuple(found)

    def _support(self, term: Term, pair: Pair) -> list[tuple[Fact | None, Pair | None]]:
        """The facts and pairs by which a term holds of a pair's object."""
        if isinstance(term, AnyOf):
            ways = (each for each in term.terms if self._ground.holds(each, pair[1], before=pair))
            return self._support(next(ways), pair)
        if isinstance(term, Both):
            return [used for each in term.terms for used in self._support(each, pair)]
        if isinstance(term, Without):
            return self._support(term.base, pair)
        if isinstance(term, Same):
            return [(None, (term.node, pair[1]))]
        if isinstance(term, Direct | Through):
            return [next(self._ground.supports(term, pair[1], before=pair))]
        if isinstance(term, Every):
            facts = [
                (fact, (node, fact.subject_id) if node else None)
                for source, node in term.parents
                for fact in self._ground.of(source, pair[1])
            ]
            return list(facts)
        return []

    # --- not allowed --------------------------------------------------------------------------------------------

    def gaps(self, target: Pair) -> tuple[tuple[Relationship, ...], tuple[tuple[ObjectRef, str], ...]]:
        """What would help, nearest first, and what an exclusion took away."""
        missing: dict[Relationship, None] = {}
        excluded: dict[tuple[ObjectRef, str], None] = {}
        seen = {target}
        level = [target]
        while level and len(missing) < _NEAREST:
            following: list[Pair] = []
            for node, identifier in level:
                for found in self._wanting(self._plan.terms.get(node), node, identifier):
                    if isinstance(found, Relationship):
                        missing[found] = None
                    elif found[2]:
                        excluded[ObjectRef(found[0].type, found[1]), found[0].name] = None
                    elif (other := (found[0], found[1])) not in seen:
                        seen.add(other)
                        following.append(other)
            level = following
        return tuple(missing)[:_NEAREST], tuple(excluded)

    def _wanting(
        self, term: Term | None, node: Node, identifier: str
    ) -> Iterator[Relationship | tuple[Node, str, bool]]:
        if isinstance(term, AnyOf):
            for each in term.terms:
                yield from self._wanting(each, node, identifier)
        elif isinstance(term, Both):
            for each in term.terms:
                if not self._ground.holds(each, identifier):
                    yield from self._wanting(each, node, identifier)
        elif isinstance(term, Without):
            if not self._ground.holds(term.base, identifier):
                yield from self._wanting(term.base, node, identifier)
            elif isinstance(term.removed, Same):
                yield term.removed.node, identifier, True
            elif isinstance(term.removed, Direct):
                removed = term.removed.source
                yield Node(removed.resource_type, removed.relation), identifier, True
            else:
                yield node, identifier, True
        elif isinstance(term, Same):
            yield term.node, identifier, False
        elif isinstance(term, Direct):
            who = self._subject if term.plain else SubjectRef(term.source.subject_type, WILDCARD)
            yield Relationship(ObjectRef(term.source.resource_type, identifier), term.source.relation, who)
        elif isinstance(term, Through):
            for fact in self._ground.of(term.source, identifier):
                yield term.node, fact.subject_id, False
        elif isinstance(term, Every):
            for source, parent in term.parents:
                for fact in self._ground.of(source, identifier):
                    if parent and not self._ground.known(parent, fact.subject_id, Bound.DEFINITE):
                        yield parent, fact.subject_id, False


def _stated(fact: Fact) -> Relationship:
    resource = ObjectRef(fact.resource_type, fact.resource_id)
    return Relationship(
        resource, fact.relation, SubjectRef(fact.subject_type, fact.subject_id, fact.subject_relation or "")
    )
