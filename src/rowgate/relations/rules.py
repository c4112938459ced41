"""What a schema says, as rules: one term for each relation and permission, over relationships and other nodes.

A *node* is a relation or permission of a type. Its term tells which objects it holds for, given a subject. Terms know
nothing of SQL; :mod:`rowgate.relations.plan` cuts them down to what one kind of subject can reach.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from rowgate.zed.model import (
    AllowedType,
    Arrow,
    Exclusion,
    Expression,
    Intersection,
    Permission,
    Reference,
    Relation,
    Schema,
    Self,
    Union,
)

__all__ = [
    "AnyOf",
    "Both",
    "Direct",
    "Every",
    "Identity",
    "Never",
    "Node",
    "Same",
    "Source",
    "Term",
    "Through",
    "Without",
    "rules",
    "subterms",
]


class Node(NamedTuple):
    """A relation or permission of a type."""

    type: str
    name: str

    def __str__(self) -> str:
        return f"{self.type}#{self.name}"


@dataclass(frozen=True)
class Source:
    """Relationships of a relation with subjects of one type.

    Args:
        resource_type: the type of the resource.
        relation: the relation.
        subject_type: the type of the subject.
        subject_relation: what stands behind the subject; None where it does not matter (an arrow ignores it).
        caveats: the caveats that the schema allows on them.
    """

    resource_type: str
    relation: str
    subject_type: str
    subject_relation: str | None = ""
    caveats: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Never:
    """Holds for no object."""


@dataclass(frozen=True)
class Identity:
    """Holds for the object that the subject itself names: ``self``, and ``doc:x#view`` for ``doc:x#view``."""


@dataclass(frozen=True)
class Direct:
    """A relationship names the subject (``plain``), or every subject of its type (``wildcard``)."""

    source: Source
    plain: bool = True
    wildcard: bool = False


@dataclass(frozen=True)
class Through:
    """A relationship names a parent for which ``node`` holds."""

    source: Source
    node: Node


@dataclass(frozen=True)
class Every:
    """There is a relationship, and for each the parent's node holds; a type that lacks the target has None."""

    parents: tuple[tuple[Source, Node | None], ...]


@dataclass(frozen=True)
class Same:
    """Another node of the same object."""

    node: Node


@dataclass(frozen=True)
class AnyOf:
    """At least one of the terms."""

    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Both:
    """All of the terms."""

    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Without:
    """The base, and not what is removed."""

    base: Term
    removed: Term


Term: TypeAlias = Never | Identity | Direct | Through | Every | Same | AnyOf | Both | Without


def subterms(term: Term) -> Iterator[tuple[Term, bool]]:
    """The term and all its parts, each with whether it stands on an even number of right sides of exclusions."""
    waiting: list[tuple[Term, bool]] = [(term, True)]
    while waiting:
        part, positive = waiting.pop()
        yield part, positive
        if isinstance(part, AnyOf | Both):
            waiting += [(each, positive) for each in reversed(part.terms)]
        elif isinstance(part, Without):
            waiting += [(part.removed, not positive), (part.base, positive)]


def rules(schema: Schema) -> Mapping[Node, Term]:
    """The term of every relation and permission of a schema.

    ``.any`` and ``->`` become one :class:`Through` for each type of parent that has the target. Identities are not in
    the terms, since they depend on the subject: see :func:`rowgate.relations.plan.plan`.
    """
    found: dict[Node, Term] = {}
    for definition in schema.definitions.values():
        for relation in definition.relations.values():
            found[Node(definition.name, relation.name)] = _relation(definition.name, relation)
        for permission in definition.permissions.values():
            node = Node(definition.name, permission.name)
            found[node] = _permission(schema, definition.name, permission)
    return found


def _relation(definition: str, relation: Relation) -> Term:
    grouped: dict[tuple[str, str], list[AllowedType]] = {}
    for allowed in relation.types:
        grouped.setdefault((allowed.type, allowed.relation or ""), []).append(allowed)
    terms: list[Term] = []
    for (kind, name), types in grouped.items():
        source = Source(definition, relation.name, kind, name, _caveats(types))
        if name:
            terms.append(Through(source, Node(kind, name)))
        else:
            plain = any(not allowed.wildcard for allowed in types)
            terms.append(Direct(source, plain, any(allowed.wildcard for allowed in types)))
    return AnyOf(tuple(terms))


def _caveats(types: list[AllowedType]) -> frozenset[str]:
    return frozenset(allowed.caveat for allowed in types if allowed.caveat)


def _permission(schema: Schema, definition: str, permission: Permission) -> Term:
    return _expression(schema, definition, permission.expression)


def _expression(schema: Schema, definition: str, expression: Expression) -> Term:
    if isinstance(expression, Union):
        return AnyOf(tuple(_expression(schema, definition, each) for each in expression.operands))
    if isinstance(expression, Intersection):
        return Both(tuple(_expression(schema, definition, each) for each in expression.operands))
    if isinstance(expression, Exclusion):
        base = _expression(schema, definition, expression.base)
        return Without(base, _expression(schema, definition, expression.removed))
    if isinstance(expression, Reference):
        return Same(Node(definition, expression.name))
    if isinstance(expression, Arrow):
        return _arrow(schema, definition, expression)
    # `self` is the object as a subject without a relation; nothing else is a node without a name.
    return Same(Node(definition, "")) if isinstance(expression, Self) else Never()


def _arrow(schema: Schema, definition: str, arrow: Arrow) -> Term:
    grouped: dict[str, list[AllowedType]] = {}
    for allowed in schema.definitions[definition].relations[arrow.relation].types:
        grouped.setdefault(allowed.type, []).append(allowed)
    parents: list[tuple[Source, Node | None]] = []
    for kind, types in grouped.items():
        source = Source(definition, arrow.relation, kind, None, _caveats(types))
        parents.append((source, Node(kind, arrow.target) if schema.member(kind, arrow.target) else None))
    if arrow.quantifier == "all":
        return Every(tuple(parents))
    ways = tuple(Through(source, node) for source, node in parents if node)
    return ways[0] if len(ways) == 1 else AnyOf(ways)
