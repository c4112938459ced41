"""The nearest known name, for every message about one that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["did_you_mean"]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known name, or all of them where none is near.

    Args:
        name: as the client wrote it.
        known: the names it could have meant.
    """
    names = sorted(known)
    by_folded = {each.casefold(): each for each in names}
    near = get_close_matches(name.casefold()[:200], by_folded, n=1)
    if near:
        return f"Did you mean {by_folded[near[0]]}?"
    if len(names) > 40:
        return "/api/swagger.json lists the names there are."
    return f"Known here: {', '.join(names)}." if names else "There is none here."
