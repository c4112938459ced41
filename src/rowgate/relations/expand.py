"""The tree of a permission of one object: operators of the schema, and at the leaves the relationships of the object.

One object deep, as Zanzibar's Expand: a leaf ``group:eng#member`` is expanded by asking again. Source: Pang et al.,
Zanzibar: Google's Consistent, Global Authorization System, USENIX ATC 2019, section 2.4.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from rowgate.relations.rules import AnyOf, Both, Direct, Every, Node, Same, Source, Term, Through, Without
from rowgate.zed.relationships import Relationship

__all__ = ["Branch", "expand"]

Operator = Literal["union", "intersection", "exclusion", "every", "arrow", "relation", "self", "nil"]


@dataclass(frozen=True)
class Branch:
    """A part of the tree.

    Args:
        operator: how the branches below go together; ``arrow`` and ``every`` (``.all``) name what is asked of parents.
        name: the node it stands for, ``document:7#view``; "" for a part of an expression.
        branches: the parts below; of an exclusion the base, then what is removed.
        subjects: of a relation, its relationships that have not expired, as lines.
        parents: of an arrow, what is to be asked next, ``folder:3#view``.
    """

    operator: Operator
    name: str = ""
    branches: tuple[Branch, ...] = ()
    subjects: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()


def expand(
    rules: Mapping[Node, Term], node: Node, identifier: str, relationships: Sequence[Relationship], now: datetime
) -> Branch:
    """The tree of a node of one object.

    Args:
        rules: the terms of the schema.
        node: a relation or permission.
        identifier: the object's id.
        relationships: all of the object.
        now: the moment at which expiry is looked at.
    """
    alive = [each for each in relationships if each.expires_at is None or each.expires_at > now]
    return _Expander(rules, identifier, alive).node(node)


class _Expander:
    def __init__(self, rules: Mapping[Node, Term], identifier: str, alive: Sequence[Relationship]) -> None:
        self._rules = rules
        self._identifier = identifier
        self._alive = alive

    def node(self, node: Node) -> Branch:
        """A node with the terms below it."""
        label = f"{node.type}:{self._identifier}#{node.name}"
        term = self._rules[node]
        parts = term.terms if isinstance(term, AnyOf) else (term,)
        if parts and all(self._states(node, each) for each in parts):
            subjects = tuple(str(each) for each in self._alive if each.relation == node.name)
            return Branch("relation", label, subjects=subjects)
        return Branch("union", label, branches=tuple(self._term(each) for each in parts))

    def _states(self, node: Node, term: Term) -> bool:
        """Whether a term is one of a relation's own: relationships of its name that say what stands behind."""
        if not isinstance(term, Direct | Through):
            return False
        return term.source.relation == node.name and term.source.subject_relation is not None

    def _term(self, term: Term) -> Branch:
        if isinstance(term, AnyOf):
            return Branch("union", branches=tuple(self._term(each) for each in term.terms))
        if isinstance(term, Both):
            return Branch("intersection", branches=tuple(self._term(each) for each in term.terms))
        if isinstance(term, Without):
            return Branch("exclusion", branches=(self._term(term.base), self._term(term.removed)))
        if isinstance(term, Same):
            return self.node(term.node) if term.node.name else Branch("self")
        if isinstance(term, Through):
            return Branch("arrow", parents=self._parents(term.source, term.node))
        if isinstance(term, Every):
            parents = [name for source, node in term.parents for name in self._parents(source, node)]
            return Branch("every", parents=tuple(parents))
        return Branch("nil")

    def _parents(self, source: Source, node: Node | None) -> tuple[str, ...]:
        return tuple(
            f"{each.subject.type}:{each.subject.id}#{node.name}" if node else f"{each.subject} (has no such permission)"
            for each in self._alive
            if each.relation == source.relation and each.subject.type == source.subject_type
        )
