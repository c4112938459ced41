"""The names that a CEL expression takes from outside: what a caveat's parameters must be, no more and no fewer.

CEL is not parsed here, only cut into tokens. A word is a name from outside unless it is a literal, a field (after a
dot), a function (before a parenthesis), or bound by a macro such as ``list.all(item, item > 2)``.
Source: https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["CEL_TEXT", "PREDECLARED", "Name", "outside_names"]

# A text of CEL. In a raw one a backslash is a backslash; elsewhere it guards what follows.
CEL_TEXT = (
    r"(?:[rR][bB]?|[bB][rR])(?:\"\"\".*?\"\"\"|'''.*?'''|\"[^\"\r\n]*\"|'[^'\r\n]*')"
    r"|[bB]?(?:\"\"\"(?:\\.|.)*?\"\"\"|'''(?:\\.|.)*?'''|\"(?:\\.|[^\"\\\r\n])*\"|'(?:\\.|[^'\\\r\n])*')"
)
_TOKEN = re.compile(
    rf"(?P<text>{CEL_TEXT})"
    r"|(?P<comment>//[^\r\n]*)"
    r"|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\w*)"
    r"|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<space>\s+)|(?P<symbol>.)",
    re.DOTALL,
)
_LITERALS = frozenset({"true", "false", "null", "in"})
# Names that need no parameter, and may be one: types as values (`type(x) == int`), and `optional.none()`.
PREDECLARED = frozenset("bool bytes double int list map null_type optional string type uint".split())
_MACROS = frozenset("all exists exists_one existsOne filter map optMap optFlatMap".split())


@dataclass(frozen=True)
class Name:
    """A name from outside and where it stands first, as an offset in the expression."""

    text: str
    offset: int


def outside_names(expression: str) -> tuple[Name, ...]:
    """The names that a CEL expression takes from outside, each once, in the order of their first use."""
    tokens = list(_tokens(expression))
    bound = set(_bound(tokens))
    found: dict[str, Name] = {}
    for index, (kind, text, offset) in enumerate(tokens):
        before = tokens[index - 1][1] if index else ""
        after = tokens[index + 1][1] if index + 1 < len(tokens) else ""
        # `m.?key` is a field as well; `a ? b : c` is not, for a dot stands before the mark of the first alone.
        optional = before == "?" and index > 1 and tokens[index - 2][1] == "."
        if kind != "word" or before == "." or optional or after == "(" or text in _LITERALS or text in bound:
            continue
        found.setdefault(text, Name(text, offset))
    return tuple(found.values())


def _tokens(expression: str) -> Iterator[tuple[str, str, int]]:
    for match in _TOKEN.finditer(expression):
        kind = match.lastgroup or ""
        if kind not in ("space", "comment"):
            yield kind, match.group(), match.start()


def _bound(tokens: list[tuple[str, str, int]]) -> Iterator[str]:
    for index, (kind, name, _) in enumerate(tokens[:-1]):
        before = [text for _, text, _ in tokens[max(index - 3, 0) : index]]
        called = len(before) == 3 and before[0] == "." and before[1] in _MACROS and before[2] == "("
        if kind == "word" and called and tokens[index + 1][1] == ",":
            yield name
