"""What a policy test file says, as inert values: who, and what they see and may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from rowgate.types import Principal
from rowgate.zed import ObjectRef, Relationship

__all__ = [
    "ActionDeed",
    "Check",
    "Data",
    "Deed",
    "Key",
    "PermissionDeed",
    "PolicyFile",
    "PolicyTest",
    "Row",
    "RowDeed",
    "Seen",
    "SeenKind",
    "Tried",
    "User",
    "Verb",
]

Key: TypeAlias = tuple[Any, ...]
SeenKind: TypeAlias = Literal["sees", "sees_only", "does_not_see", "counts"]
Verb: TypeAlias = Literal["read", "insert", "update", "delete"]
Data: TypeAlias = Literal["project", "new", "rows"]
"""The project's database; a new one with the rows it starts with; or an empty one with the file's own rows."""

User: TypeAlias = str | Principal
"""A log-in's name, or a principal that the file declares."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """An expectation about the rows of one entity that a user sees.

    Attributes:
        keys: primary keys; None for every row there is.
        number: of rows, for ``counts``.
        line: of the file, from 1.
    """

    kind: SeenKind
    entity: type
    keys: tuple[Key, ...] | None
    number: int | None
    line: int


@dataclass(frozen=True, kw_only=True)
class RowDeed:
    """A verb on the rows of an entity, or on one of them.

    Attributes:
        text: as the file has it, ``update Customer CTWTR``.
        key: of the row; None where it is about the entity, or the row is not there yet.
        fields: the attributes to read, for ``read``.
        values: by attribute, for ``insert`` and ``update``.
    """

    verb: Verb
    text: str
    entity: type
    key: Key | None = None
    fields: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ActionDeed:
    """An action, on no row in particular or on one.

    Attributes:
        on: the entity and key of the row; None for none.
        method: HTTP method that it is done with; None outside of a request.
        endpoint: the endpoint that it is done at; None for none.
    """

    text: str
    name: str
    on: tuple[type, Key] | None
    method: str | None
    endpoint: str | None


@dataclass(frozen=True, kw_only=True)
class PermissionDeed:
    """A permission of the relationship schema on an object."""

    text: str
    name: str
    resource: ObjectRef


Deed: TypeAlias = RowDeed | ActionDeed | PermissionDeed


@dataclass(frozen=True, kw_only=True)
class Tried:
    """An expectation about a deed.

    Attributes:
        allowed: whether it is to be done, or refused.
        code: of the error that is to refuse it; None for any refusal of access.
        because: words of a declaration that is to be what decides; None for any.
    """

    deed: Deed
    allowed: bool
    code: str | None
    because: str | None
    line: int


Check: TypeAlias = Seen | Tried


@dataclass(frozen=True, kw_only=True)
class PolicyTest:
    """One test: users, and expectations that hold for each of them."""

    name: str
    users: tuple[User, ...]
    checks: tuple[Check, ...]
    line: int


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row that a file brings along; the values by attribute."""

    entity: type
    values: Mapping[str, Any]
    line: int


@dataclass(frozen=True, kw_only=True)
class PolicyFile:
    """A file that was read without faults."""

    path: Path
    data: Data
    rows: tuple[Row, ...]
    relationships: tuple[Relationship, ...]
    tests: tuple[PolicyTest, ...]
