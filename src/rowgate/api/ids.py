"""Ids: a primary key as one piece of text.

The parts of a composite key are joined with ``_``. Within a part ``~`` is written ``~0`` and ``_`` is written ``~1``,
as RFC 6901 does for its ``/``. A key of one part is left as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["join_id", "split_id"]


def join_id(parts: Sequence[str]) -> str:
    """The id that the parts of a key make."""
    if len(parts) == 1:
        return parts[0]
    return "_".join(part.replace("~", "~0").replace("_", "~1") for part in parts)


def split_id(text: str, count: int) -> list[str] | None:
    """The parts of a key of ``count`` columns; None where the text is no such id."""
    if count == 1:
        return [text]
    parts = text.split("_")
    if len(parts) != count:
        return None
    if any("~" in part.replace("~0", "").replace("~1", "") for part in parts):
        return None
    return [part.replace("~1", "_").replace("~0", "~") for part in parts]
