"""What a schema says, as rules: one term for each relation and permission, over relationships and other nodes.

A *node* is a relation or permission of a type. Its term tells which objects it holds for, given a subject. Terms know
nothing of SQL; :mod:`rowgate.relations.plan` cuts them down to what one kind of subject can reach.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from rowgate.zed.model import (
    AllowedType,
    Arrow,
    Exclusion,
    Expression,
    Intersection,
    Reference,
    Relation,
    Schema,
    Self,
    Union,
)

if TYPE_CHECKING:
    from rowgate.relations.columns import ColumnRelation

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
        column: where the rows of other tables state them; None where the relation table does.
    """

    resource_type: str
    relation: str
    subject_type: str
    subject_relation: str | None = ""
    caveats: frozenset[str] = frozenset()
    column: ColumnRelation | None = None


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


def rules(schema: Schema, columns: Sequence[ColumnRelation] = ()) -> Mapping[Node, Term]:
    """The term of every relation and permission of a schema.

    ``.any`` and ``->`` become one :class:`Through` for each type of parent that has the target. Identities are not in
    the terms, since they depend on the subject: see :func:`rowgate.relations.plan.plan`.

    Args:
        schema: the schema.
        columns: the relations that columns state; for the kinds of subject they name, the relation table is not asked.
    """
    return _Rules(schema, columns).all()


class _Rules:
    def __init__(self, schema: Schema, columns: Sequence[ColumnRelation]) -> None:
        self._schema = schema
        self._columns: dict[tuple[str, str, str, str], list[ColumnRelation]] = {}
        for column in columns:
            self._columns.setdefault(column.kind, []).append(column)

    def all(self) -> Mapping[Node, Term]:
        found: dict[Node, Term] = {}
        for definition in self._schema.definitions.values():
            for relation in definition.relations.values():
                found[Node(definition.name, relation.name)] = self._relation(definition.name, relation)
            for permission in definition.permissions.values():
                node = Node(definition.name, permission.name)
                found[node] = self._expression(definition.name, permission.expression)
        return found

    def _relation(self, definition: str, relation: Relation) -> Term:
        grouped: dict[tuple[str, str], list[AllowedType]] = {}
        for allowed in relation.types:
            grouped.setdefault((allowed.type, allowed.relation or ""), []).append(allowed)
        terms: list[Term] = []
        for (kind, name), types in grouped.items():
            for source in self._sources(definition, relation.name, kind, name, types):
                if name:
                    terms.append(Through(source, Node(kind, name)))
                else:
                    plain = any(not allowed.wildcard for allowed in types)
                    terms.append(Direct(source, plain, any(allowed.wildcard for allowed in types)))
        return AnyOf(tuple(terms))

    def _sources(
        self, definition: str, relation: str, kind: str, name: str, types: list[AllowedType]
    ) -> Iterator[Source]:
        source = Source(definition, relation, kind, name, _caveats(types))
        stated = self._columns.get((definition, relation, kind, name))
        if stated is None:
            yield source
        else:
            yield from (replace(source, caveats=frozenset(), column=column) for column in stated)

    def _expression(self, definition: str, expression: Expression) -> Term:
        if isinstance(expression, Union):
            return AnyOf(tuple(self._expression(definition, each) for each in expression.operands))
        if isinstance(expression, Intersection):
            return Both(tuple(self._expression(definition, each) for each in expression.operands))
        if isinstance(expression, Exclusion):
            base = self._expression(definition, expression.base)
            return Without(base, self._expression(definition, expression.removed))
        if isinstance(expression, Reference):
            return Same(Node(definition, expression.name))
        if isinstance(expression, Arrow):
            return self._arrow(definition, expression)
        # `self` is the object as a subject without a relation; nothing else is a node without a name.
        return Same(Node(definition, "")) if isinstance(expression, Self) else Never()

    def _arrow(self, definition: str, arrow: Arrow) -> Term:
        grouped: dict[tuple[str, str], list[AllowedType]] = {}
        stated = {kind[2] for kind in self._columns if kind[:2] == (definition, arrow.relation)}
        for allowed in self._schema.definitions[definition].relations[arrow.relation].types:
            # An arrow takes the relation table's together, whatever stands behind the subject.
            behind = allowed.relation or "" if allowed.type in stated else "*"
            grouped.setdefault((allowed.type, behind), []).append(allowed)
        parents: list[tuple[Source, Node | None]] = []
        for (kind, behind), types in grouped.items():
            target = Node(kind, arrow.target) if self._schema.member(kind, arrow.target) else None
            if behind == "*":
                parents.append((Source(definition, arrow.relation, kind, None, _caveats(types)), target))
            else:
                sources = self._sources(definition, arrow.relation, kind, behind, types)
                parents += [(source, target) for source in sources]
        if arrow.quantifier == "all":
            return Every(tuple(parents))
        ways = tuple(Through(source, node) for source, node in parents if node)
        return ways[0] if len(ways) == 1 else AnyOf(ways)


def _caveats(types: list[AllowedType]) -> frozenset[str]:
    return frozenset(allowed.caveat for allowed in types if allowed.caveat)
