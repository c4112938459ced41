"""A resolved schema as immutable values: definitions with relations and permissions, and caveats.

Every name in a :class:`Schema` is known to exist and to be used where it may be; :mod:`rowgate.zed.resolver` made sure.
Expressions, allowed types and caveats are the very nodes that the parser made. Positions never count in a comparison.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

__all__ = [
    "AllowedType",
    "Arrow",
    "Caveat",
    "Definition",
    "Exclusion",
    "Expression",
    "Intersection",
    "Nil",
    "Parameter",
    "ParameterType",
    "Permission",
    "Position",
    "Reference",
    "Relation",
    "Schema",
    "Self",
    "Union",
    "walk",
]


@dataclass(frozen=True, order=True)
class Position:
    """A place in a text: the offset in characters, and the line and column that an editor shows, from 1."""

    offset: int = 0
    line: int = 1
    column: int = 1


NOWHERE = Position()


# --- expressions ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reference:
    """``viewer``: whoever the relation or permission of this name, of the same definition, gives."""

    name: str
    position: Position = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Arrow:
    """``parent->view`` and ``parent.any(view)`` (any parent), ``parent.all(view)`` (every parent, and at least one).

    ``relation`` is a relation of the same definition. ``target`` is looked up on the type of each subject of it; a type
    that lacks it gives nobody. A relation after the subject (``group:1#member``) does not count for an arrow.
    """

    relation: str
    target: str
    quantifier: Literal["any", "all"] = "any"
    # Written as a function call; the renderer keeps what was written.
    call: bool = False
    position: Position = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Nil:
    """``nil``: nobody."""

    position: Position = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Self:
    """``self``: the object itself, as the subject ``type:id`` without a relation."""

    position: Position = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Union:
    """``a + b + c``: at least two operands."""

    operands: tuple[Expression, ...]
    position: Position = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Intersection:
    """``a & b & c``: at least two operands."""

    operands: tuple[Expression, ...]
    position: Position = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Exclusion:
    """``a - b``; ``a - b - c`` is ``(a - b) - c``."""

    base: Expression
    removed: Expression
    position: Position = field(default=NOWHERE, compare=False, repr=False)


Expression: TypeAlias = Reference | Arrow | Nil | Self | Union | Intersection | Exclusion


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and all parts of it, outermost first, from left to right."""
    # With a stack of its own: a generated schema may nest deeper than Python's.
    waiting: list[Expression] = [expression]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Union | Intersection):
            waiting.extend(reversed(node.operands))
        elif isinstance(node, Exclusion):
            waiting += (node.removed, node.base)


# --- relations and permissions ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class AllowedType:
    """A kind of subject that a relation takes: ``user``, ``user:*``, ``group#member``; with traits.

    Args:
        type: name of a definition.
        relation: a relation or permission of that definition (a *userset*); None for the object itself.
        wildcard: every object of the type.
        caveat: the caveat that a relationship must then name; None where it must name none.
        expiration: a relationship must then say when it expires, and otherwise must not.
    """

    type: str
    relation: str | None = None
    wildcard: bool = False
    caveat: str | None = None
    expiration: bool = False
    position: Position = field(default=NOWHERE, compare=False, repr=False)

    @property
    def subject(self) -> str:
        """The subject without its traits, as in a schema: ``group#member``."""
        return f"{self.type}:*" if self.wildcard else f"{self.type}#{self.relation}" if self.relation else self.type

    def __str__(self) -> str:
        traits = [trait for trait in (self.caveat, "expiration" if self.expiration else None) if trait]
        return f"{self.subject} with {' and '.join(traits)}" if traits else self.subject


@dataclass(frozen=True)
class Relation:
    """What relationships state: ``relation viewer: user | group#member``."""

    name: str
    types: tuple[AllowedType, ...]
    comments: tuple[str, ...] = ()
    position: Position = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Permission:
    """What is computed: ``permission view = viewer + parent->view``.

    ``annotation`` are the subject types it was said to give (``permission view: user = ...``).
    """

    name: str
    expression: Expression
    annotation: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    position: Position = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Definition:
    """A type of object. ``relations`` and ``permissions`` keep the order of the text; no name is in both."""

    name: str
    relations: Mapping[str, Relation]
    permissions: Mapping[str, Permission]
    comments: tuple[str, ...] = ()
    position: Position = field(default=NOWHERE, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "relations", MappingProxyType(dict(self.relations)))
        object.__setattr__(self, "permissions", MappingProxyType(dict(self.permissions)))

    def member(self, name: str) -> Relation | Permission | None:
        """The relation or the permission of this name, or None."""
        return self.relations.get(name) or self.permissions.get(name)

    @property
    def members(self) -> tuple[str, ...]:
        """The names of all relations, then of all permissions."""
        return (*self.relations, *self.permissions)


# --- caveats ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ParameterType:
    """``int``, ``list<string>``, ``map<any>``; a list or map has one argument, the type of its values."""

    name: str
    arguments: tuple[ParameterType, ...] = ()
    position: Position = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.name}<{', '.join(map(str, self.arguments))}>" if self.arguments else self.name


@dataclass(frozen=True)
class Parameter:
    """A typed name that a caveat's expression may use."""

    name: str
    type: ParameterType
    position: Position = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Caveat:
    """A condition on a relationship; ``body`` is the text of a CEL expression, not looked into but for its names."""

    name: str
    parameters: tuple[Parameter, ...]
    body: str
    comments: tuple[str, ...] = ()
    position: Position = field(default=NOWHERE, compare=False, repr=False)

    @property
    def types(self) -> Mapping[str, ParameterType]:
        """The type of each parameter."""
        return {parameter.name: parameter.type for parameter in self.parameters}


@dataclass(frozen=True)
class Schema:
    """A whole schema; definitions and caveats in the order of the text, imported ones first."""

    definitions: Mapping[str, Definition]
    caveats: Mapping[str, Caveat]
    uses: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "definitions", MappingProxyType(dict(self.definitions)))
        object.__setattr__(self, "caveats", MappingProxyType(dict(self.caveats)))

    def member(self, definition: str, name: str) -> Relation | Permission | None:
        """The relation or permission of a definition, or None where either is not there."""
        found = self.definitions.get(definition)
        return found.member(name) if found else None
