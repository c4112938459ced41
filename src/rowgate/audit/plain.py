"""Text that cannot forge a line of the log: what is not printable is written as an escape."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["clean", "name", "names", "shortened"]

_PLAIN_NAME = re.compile(r"[\w.@+-]+")


def clean(text: str) -> str:
    r"""The text with control characters, line separators and direction marks as ``\n``, ``\x1b``, ``\u2028``."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in _no_surrogates(text))


def name(text: str) -> str:
    """A principal's id or a role: as it is when it is one plain word, else in quotes."""
    return text if text.isprintable() and _PLAIN_NAME.fullmatch(text) else clean(repr(text))


def names(texts: Iterable[str]) -> str:
    """Several of them, sorted, with commas between."""
    return ", ".join(name(text) for text in sorted(texts))


def shortened(text: str, most: int) -> str:
    """The text, or its first ``most`` characters and how many were left out."""
    return text if len(text) <= most else f"{text[:most]}... ({len(text) - most:,} more characters)"


def _no_surrogates(text: str) -> str:
    # A lone surrogate cannot be written to a stream in UTF-8.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
