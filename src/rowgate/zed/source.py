"""A text with its name, which turns a place into an error that shows the line; and the nearest of known names."""

from __future__ import annotations

import difflib
from bisect import bisect_right
from collections.abc import Iterable

from rowgate.errors import SchemaError
from rowgate.zed.model import Position

__all__ = ["Source", "nearest"]


class Source:
    """A schema's text.

    Args:
        text: the whole text; any of ``\\n``, ``\\r\\n`` and ``\\r`` ends a line.
        name: how errors name it, usually a file name.
    """

    def __init__(self, text: str, *, name: str = "schema") -> None:
        self.text = text
        self.name = name
        self.lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._starts = [0]
        for offset, character in enumerate(text):
            if character == "\n" or (character == "\r" and text[offset + 1 : offset + 2] != "\n"):
                self._starts.append(offset + 1)

    def position(self, offset: int) -> Position:
        """The line and column of an offset in characters."""
        line = bisect_right(self._starts, offset)
        return Position(offset, line, offset - self._starts[line - 1] + 1)

    def error(
        self,
        position: Position,
        detail: str,
        *,
        hint: str | None = None,
        width: int = 1,
        kind: type[SchemaError] = SchemaError,
    ) -> SchemaError:
        """An error that shows the line of a position, with ``width`` characters of it marked.

        Args:
            position: where it is wrong.
            detail: what is wrong, a sentence.
            hint: what to do; the error class's own where none is given.
            width: how many characters to mark.
            kind: the class of the error.
        """
        return kind(
            detail,
            hint=hint,
            source=self.name,
            line=position.line,
            column=position.column,
            text=self.lines[position.line - 1],
            width=width,
        )


def nearest(name: str, known: Iterable[str]) -> str | None:
    """A hint that names the known name nearest to one that is not known, or None where none is near."""
    # Names differ in case by mistake too, so that is not held against them.
    names = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), list(names), n=1, cutoff=0.6)
    return f"Did you mean `{names[close[0]]}`?" if close else None
