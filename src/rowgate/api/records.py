"""Rows that were read, each with the rows it is related to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

from rowgate.api.resources import Key

if TYPE_CHECKING:
    from rowgate.api.plan import Plan

__all__ = ["Linked", "Record"]

Linked: TypeAlias = "list[Record] | Record | None"


class Record:
    """One row that was read, and the rows it is related to as far as that was asked for.

    Attributes:
        plan: of its type.
        row: the values, in the order of the plan's columns.
        key: the primary key.
        id: the same as text.
        linked: by relationship: the related rows that the principal may see. None where nothing was followed.
        parts: by relationship, where only a part of the related rows was asked for: the most of them, and whether
            others follow.
        whole: all attributes as JSON, and their checksum, once the plan has written them.
    """

    __slots__ = ("_identifier", "id", "key", "linked", "parts", "plan", "row", "whole")

    def __init__(self, plan: Plan, row: Sequence[Any], key: Key) -> None:
        self.plan, self.row, self.key = plan, row, key
        self.id = plan.id_of(key)
        self.linked: dict[str, Linked] | None = None
        self.parts: dict[str, tuple[int, bool]] = {}
        self.whole: tuple[bytes, str] | None = None
        self._identifier: str | None = None

    @property
    def identity(self) -> tuple[str, str]:
        """The type and the id."""
        return self.plan.resource.name, self.id

    @property
    def identifier(self) -> str:
        """The resource identifier object, as JSON text."""
        if self._identifier is None:
            self._identifier = self.plan.identified + orjson.dumps(self.id).decode() + "}"
        return self._identifier
