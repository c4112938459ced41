"""How many random examples to try, and whether always the same ones."""

from __future__ import annotations

import os

__all__ = ["examples", "in_ci"]


def examples(default: int) -> int:
    """The number of examples: ``ROWGATE_EXAMPLES`` where it is set, for a long search."""
    return int(os.environ.get("ROWGATE_EXAMPLES", default))


def in_ci() -> bool:
    """In CI the examples are the same at each run, so that a change is what breaks it and not the day."""
    return os.environ.get("CI") == "true"
