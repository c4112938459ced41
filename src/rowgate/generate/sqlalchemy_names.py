"""SQLAlchemy's own names in code: imported by name, and written ``sa.Date`` where a class hides ``Date``."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Final

from rowgate.generate.layout import Bracketed, Code

__all__ = ["resolved", "sqlalchemy_name"]

_MARK: Final = "\x01"  # in no other code: a string literal would have it escaped
_MARKED: Final = re.compile(f"{_MARK}(\\w+)")


def sqlalchemy_name(name: str) -> str:
    """A name of SQLAlchemy's as code has it until `resolved` writes it."""
    return f"{_MARK}{name}"


def resolved(code: Code, hidden: Collection[str], imports: dict[str, set[str]]) -> Code:
    """Code with each of SQLAlchemy's names as it can be written there.

    Args:
        code: what holds the names.
        hidden: the names that mean something else there.
        imports: gets what must be imported.
    """

    def written(match: re.Match[str]) -> str:
        # Two classes are called UUID, and annotations name Python's.
        if match[1] in hidden or match[1] == "UUID":
            imports.setdefault("", set()).add("sqlalchemy as sa")
            return f"sa.{match[1]}"
        imports.setdefault("sqlalchemy", set()).add(match[1])
        return match[1]

    if isinstance(code, Bracketed):
        parts = tuple(resolved(part, hidden, imports) for part in code.parts)
        return replace(code, before=_MARKED.sub(written, code.before), parts=parts)
    return _MARKED.sub(written, code)
