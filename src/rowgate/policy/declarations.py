"""The declarations as inert values: what was said, by which line. Nothing here decides anything."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from rowgate.types import Access

__all__ = [
    "AnyCondition",
    "Declaration",
    "GlobalFilter",
    "Grant",
    "Permission",
    "RelationSchema",
    "Source",
    "StatedRelation",
    "SubjectOf",
]

# Called once at start with the mapped class and a stand-in for the principal; gives a SQL condition.
AnyCondition: TypeAlias = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Source:
    """The line that made a declaration, for log lines, errors and explanations."""

    file: str
    line: int

    @classmethod
    def of_caller(cls, *, depth: int) -> Source:
        """The line ``depth`` calls above the caller of this method (0 = that caller itself)."""
        frame = sys._getframe(depth + 1)
        return cls(frame.f_code.co_filename, frame.f_lineno)

    def __str__(self) -> str:
        path = Path(self.file)
        try:
            path = path.relative_to(Path.cwd())
        except ValueError:
            path = Path(*path.parts[-2:])
        return f"{path.as_posix()}:{self.line}"


@dataclass(frozen=True, kw_only=True)
class Permission:
    """A role's default access, for every entity."""

    role: str
    access: Access
    source: Source
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Rows of one entity for one role (or, with ``role=None``, for every principal).

    ``access=None`` takes the principal's default access; ``where=None`` means all rows; ``check=None`` means
    that a written row must satisfy ``where``. A relation grant names a permission of the relationship schema in the
    place of ``where``, and with ``parent`` asks for it on the row that this relationship leads to.
    """

    entity: type
    role: str | None
    access: Access | None
    where: AnyCondition | None
    check: AnyCondition | None
    source: Source
    reason: str | None = None
    permission: str | None = None
    parent: Any = None


@dataclass(frozen=True, kw_only=True)
class GlobalFilter:
    """A condition on every entity that has the columns of ``shape``.

    It binds everyone but holders of a role in ``exempt``; or, where ``only`` is given, no one but their holders.
    """

    shape: type
    where: AnyCondition
    exempt: frozenset[str]
    only: frozenset[str] | None
    source: Source
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class SubjectOf:
    """Who a principal is in the relationship schema: the object of a type whose id is one of its claims."""

    type: str
    claim: Callable[[Any], Any]
    source: Source


@dataclass(frozen=True, kw_only=True)
class RelationSchema:
    """The relationship schema, and how entities and principals are named in it.

    The first of ``subjects`` is the principal itself, and ``otherwise`` the object that it is where that claim is None;
    each other one is somebody on whose behalf it acts, or who acts for it, where the claim is set, and must be allowed
    too.
    """

    schema: str | Path
    subjects: tuple[SubjectOf, ...]
    otherwise: str | None
    types: Mapping[type, str]
    context: Callable[[Any], Mapping[str, object]] | None
    source: Source
    share: str | None = "share"


@dataclass(frozen=True, kw_only=True)
class StatedRelation:
    """A relation that columns, a constant or a claim state, in the place of the relation table."""

    resource: type | str
    relation: str
    path: tuple[Any, ...]
    constant: str | None
    claim: Callable[[Any], Any] | None
    subject: str | None
    source: Source
    reason: str | None = None


Declaration: TypeAlias = Permission | Grant | GlobalFilter | RelationSchema | StatedRelation | SubjectOf
