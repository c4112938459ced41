"""What the parser makes of a file: statements in the order of the text, with names that nobody has looked up yet.

Relations, permissions and caveats are those of :mod:`rowgate.zed.model`; here are the statements around them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from rowgate.zed.model import NOWHERE, Caveat, Permission, Position, Relation

__all__ = ["Block", "Import", "Member", "PartialReference", "SchemaFile", "Statement", "Use"]


@dataclass(frozen=True)
class Use:
    """``use expiration``: switches a part of the language on."""

    flag: str
    comments: tuple[str, ...] = ()
    position: Position = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class Import:
    """``import "common/user.zed"``: the definitions of another file."""

    path: str
    comments: tuple[str, ...] = ()
    position: Position = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True)
class PartialReference:
    """``...shared``: the members of a partial, in this place."""

    name: str
    comments: tuple[str, ...] = ()
    position: Position = field(default=NOWHERE, compare=False, repr=False)


Member: TypeAlias = Relation | Permission | PartialReference


@dataclass(frozen=True)
class Block:
    """``definition document { ... }`` or ``partial shared { ... }``; ``closing`` are comments before the brace."""

    name: str
    members: tuple[Member, ...]
    partial: bool = False
    comments: tuple[str, ...] = ()
    closing: tuple[str, ...] = ()
    position: Position = field(default=NOWHERE, compare=False, repr=False)


Statement: TypeAlias = Use | Import | Block | Caveat


@dataclass(frozen=True)
class SchemaFile:
    """A whole file; ``closing`` are the comments behind the last statement."""

    statements: tuple[Statement, ...]
    closing: tuple[str, ...] = ()
