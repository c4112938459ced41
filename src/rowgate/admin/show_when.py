"""The conditions of ``show_when``: a small language, parsed and never evaluated as code.

::

    expression := all ("||" all)*            all := one ("&&" one)*
    one        := "!" one | "(" expression ")" | operand (comparison operand)?
    comparison := "==" "===" "!=" "!==" "<" "<=" ">" ">="
    operand    := record["A"] | record['A'] | record.A | isInserting | isEditing | isShowing
                | "text" | 'text' | number | true | false | null
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["ShowWhenFault", "attributes_of"]

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<record>record(?:\[\s*(?:"[^"\\]*"|'[^'\\]*')\s*\]|\.[A-Za-z_]\w*))
    | (?P<word>isInserting|isEditing|isShowing|true|false|null)\b
    | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<compare>===|!==|==|!=|<=|>=|<|>)
    | (?P<join>\|\||&&)
    | (?P<sign>[!()])
    )""",
    re.VERBOSE,
)
_DEEPEST: Final = 50


class ShowWhenFault(ValueError):
    """A condition that is not one; says what is wrong, and where."""


def attributes_of(text: str) -> list[str]:
    """The attributes that a condition reads.

    Raises:
        ShowWhenFault: it is no condition.
    """
    parser = _Parser(text)
    parser.expression(0)
    if parser.position < len(parser.tokens):
        raise ShowWhenFault(f"{parser.tokens[parser.position][1]!r} stands where the condition should end")
    return parser.read


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        self.read: list[str] = []
        self.position = 0
        at, end = 0, len(text.rstrip())
        while at < end:
            found = _TOKEN.match(text, at)
            if found is None or found.lastgroup is None:
                raise ShowWhenFault(f"{text[at:end].strip()[:20]!r} is not understood")
            self.tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()

    def expression(self, depth: int) -> None:
        if depth > _DEEPEST:
            raise ShowWhenFault("the parentheses go too deep")
        self.one(depth)
        while self.take("join"):
            self.one(depth)

    def one(self, depth: int) -> None:
        while self.take("sign", "!"):
            pass
        if self.take("sign", "("):
            self.expression(depth + 1)
            if not self.take("sign", ")"):
                raise ShowWhenFault("a parenthesis is not closed")
            return
        self.operand()
        if self.take("compare"):
            self.operand()

    def operand(self) -> None:
        record = self.take("record")
        if record:
            self.read.append(re.sub(r"^record\.|^record\[\s*[\"']|[\"']\s*\]$", "", record))
        elif not (self.take("word") or self.take("text") or self.take("number")):
            found = repr(self.tokens[self.position][1]) if self.position < len(self.tokens) else "nothing"
            raise ShowWhenFault(
                f'{found} stands where a value is needed: record["Name"], isInserting, "text", a number'
            )

    def take(self, kind: str, text: str | None = None) -> str | None:
        if self.position < len(self.tokens):
            found, value = self.tokens[self.position]
            if found == kind and text in (None, value):
                self.position += 1
                return value
        return None
