"""An evaluator that shares nothing with the engine but the schema's model and the relationships: sets, grown by rounds.

For one subject it computes two sets of (type, name, id): what certainly holds, and what may hold. Each is the least set
that is closed under the schema, with exclusions looked up in the other; the two are refined in turn until nothing
changes (the alternating fixpoint). Caveats are those of :mod:`tests.relations.worlds`: one boolean parameter.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from rowgate.zed.model import (
    Arrow,
    Exclusion,
    Expression,
    Intersection,
    Nil,
    Permission,
    Reference,
    Schema,
    Union,
)
from rowgate.zed.relationships import Relationship, SubjectRef

Fact = tuple[str, str, str]
Holds = Callable[[Relationship], bool]


class Naive:
    """Answers by brute force.

    Args:
        schema: the schema.
        relationships: all there are.
        context: values of the caveats' parameters.
        now: the moment at which expiry is looked at.
    """

    def __init__(
        self, schema: Schema, relationships: Sequence[Relationship], context: Mapping[str, object], now: datetime
    ) -> None:
        self._schema = schema
        self._facts = [each for each in relationships if each.expires_at is None or each.expires_at > now]
        self._context = context
        self._ids: dict[str, set[str]] = {kind: set() for kind in schema.definitions}
        for each in relationships:
            self._ids[each.resource.type].add(each.resource.id)
            if not each.subject.wildcard:
                self._ids[each.subject.type].add(each.subject.id)

    def answers(self, subject: SubjectRef) -> dict[Fact, str]:
        """T for what holds, ? for what may; all other facts do not hold."""
        self._ids[subject.type].add(subject.id)
        certain: set[Fact] = set()
        while True:
            possible = self._closure(subject, certain, self._may_count)
            refined = self._closure(subject, possible, self._counts)
            if refined == certain:
                break
            certain = refined
        return {fact: "T" if fact in certain else "?" for fact in possible}

    def _value(self, fact: Relationship) -> bool | None:
        if fact.caveat is None:
            return True
        (name,) = self._schema.caveats[fact.caveat].types
        known = dict(self._context) | dict(fact.context)
        return bool(known[name]) if name in known else None

    def _counts(self, fact: Relationship) -> bool:
        return self._value(fact) is True

    def _may_count(self, fact: Relationship) -> bool:
        return self._value(fact) is not False

    def _closure(self, subject: SubjectRef, removed: set[Fact], counts: Holds) -> set[Fact]:
        found: set[Fact] = set()
        while True:
            before = len(found)
            for kind, definition in self._schema.definitions.items():
                for name in definition.members:
                    for identifier in self._ids[kind]:
                        if self._holds(kind, name, identifier, subject, found, removed, counts):
                            found.add((kind, name, identifier))
            if len(found) == before:
                return found

    def _holds(
        self,
        kind: str,
        name: str,
        identifier: str,
        subject: SubjectRef,
        found: set[Fact],
        removed: set[Fact],
        counts: Holds,
    ) -> bool:
        if (kind, identifier, name) == (subject.type, subject.id, subject.relation):
            return True
        member = self._schema.member(kind, name)
        if isinstance(member, Permission):
            return self._true(member.expression, kind, identifier, subject, found, removed, counts)
        for fact in self._facts:
            if (fact.resource.type, fact.resource.id, fact.relation) != (kind, identifier, name) or not counts(fact):
                continue
            who = fact.subject
            if who == subject or (who.wildcard and who.type == subject.type and not subject.relation):
                return True
            if who.relation and (who.type, who.relation, who.id) in found:
                return True
        return False

    def _true(
        self,
        expression: Expression,
        kind: str,
        identifier: str,
        subject: SubjectRef,
        found: set[Fact],
        removed: set[Fact],
        counts: Holds,
    ) -> bool:
        def true(each: Expression) -> bool:
            return self._true(each, kind, identifier, subject, found, removed, counts)

        match expression:
            case Union(operands):
                return any(map(true, operands))
            case Intersection(operands):
                return all(map(true, operands))
            case Exclusion(base, right):
                # The other side: facts looked up in the other set, caveats counted the other way.
                other = self._may_count if counts == self._counts else self._counts
                return true(base) and not self._true(right, kind, identifier, subject, removed, found, other)
            case Reference(name):
                return (kind, name, identifier) in found
            case Arrow(relation, target, quantifier):
                facts = [
                    fact
                    for fact in self._facts
                    if (fact.resource.type, fact.resource.id, fact.relation) == (kind, identifier, relation)
                ]
                values = [counts(fact) and (fact.subject.type, target, fact.subject.id) in found for fact in facts]
                return any(values) if quantifier == "any" else bool(values) and all(values)
            case Nil():
                return False
            case _:
                return (kind, identifier, "") == (subject.type, subject.id, subject.relation)
