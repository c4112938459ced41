"""Code laid out as ``ruff format`` would: one line where it fits, else what the brackets hold on a line of its own,
else each part on a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

__all__ = ["LINE", "Bracketed", "Code", "call", "laid_out", "quoted", "text_of", "tuple_of"]

LINE: Final = 120
"""The most characters of a line."""

_INDENT: Final = "    "


@dataclass(frozen=True)
class Bracketed:
    """A call or a display: what stands before the bracket, the parts, and the brackets.

    A part may begin with ``name=``, before a further bracketed one: that is what ``before`` is for.
    """

    before: str
    parts: tuple[Code, ...]
    opening: str = "("
    closing: str = ")"


Code: TypeAlias = "str | Bracketed"


def quoted(value: str) -> str:
    """A string as ruff writes it: in double quotes, unless that needs more backslashes."""
    mark = "'" if value.count('"') > value.count("'") else '"'
    # `repr` of text without quotes has single ones and escapes none.
    written = "".join(f"\\{each}" if each == mark else each if each in "'\"" else repr(each)[1:-1] for each in value)
    return f"{mark}{written}{mark}"


def call(name: str, parts: Sequence[Code], *, keyword: str = "") -> Bracketed:
    """A call of a name.

    Args:
        name: what is called.
        parts: the arguments.
        keyword: the keyword that the call is the value of.
    """
    return Bracketed(f"{keyword}={name}" if keyword else name, tuple(parts))


def tuple_of(parts: Sequence[Code]) -> Bracketed:
    """A tuple."""
    return Bracketed("", tuple(parts))


def text_of(code: Code) -> str:
    """Code on one line."""
    if isinstance(code, str):
        return code
    inner = ", ".join(text_of(part) for part in code.parts)
    lone = not code.before and code.opening == "(" and len(code.parts) == 1
    return f"{code.before}{code.opening}{inner}{',' if lone else ''}{code.closing}"


def laid_out(start: str, code: Code, *, indent: int = 1, end: str = "") -> str:
    """A statement, in lines.

    Args:
        start: what stands before the code, ``Id: Mapped[int] = `` say.
        code: what follows.
        indent: the level of the statement.
        end: what follows the code on its last line.
    """
    return "\n".join(_lines(start, code, indent, end))


def _lines(start: str, code: Code, indent: int, end: str) -> list[str]:
    margin = _INDENT * indent
    flat = f"{margin}{start}{text_of(code)}{end}"
    if len(flat) <= LINE or isinstance(code, str) or not code.parts:
        return [flat]
    first, last = f"{margin}{start}{code.before}{code.opening}", f"{margin}{code.closing}{end}"
    inner = _INDENT * (indent + 1) + ", ".join(text_of(part) for part in code.parts)
    lone = not code.before and code.opening == "(" and len(code.parts) == 1
    # The parts of a tuple or dict in several lines end with a comma each; a call's may share a line without one.
    if len(inner) <= LINE and not lone:
        return [first, inner, last]
    lines = [first]
    for part in code.parts:
        lines += _lines("", part, indent + 1, ",")
    return [*lines, last]
