"""Cuts the text of a schema into tokens, one at a time, as the parser asks for them.

Lines matter: a line's end after a name, ``}``, ``)`` or ``*`` ends a statement, as a semicolon does, so an expression
goes on in the next line only after an operator. Comments hang on the token that follows; behind a statement that is its
end, so that they go with it. A caveat's body is not cut at all, since it is CEL: see :meth:`Lexer.body`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from rowgate.errors import SchemaError
from rowgate.zed.cel_names import CEL_TEXT
from rowgate.zed.model import Position
from rowgate.zed.source import Source

__all__ = ["KEYWORDS", "Kind", "Lexer", "Token"]

# Never the name of anything. More words become keywords with a `use`: see rowgate.zed.parser.
KEYWORDS = frozenset({"definition", "caveat", "relation", "permission", "nil", "with"})


class Kind(Enum):
    """What a token is; the value is how an error names it."""

    NAME = "a name"
    SYMBOL = "a symbol"
    STRING = "a text in quotes"
    END = "the end of the statement"
    FILE_END = "the end of the file"


@dataclass(frozen=True)
class Token:
    """A token with its text (of a string, without the quotes) and the comments before and behind it."""

    kind: Kind
    text: str
    position: Position
    width: int
    comments: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.kind.value if self.kind in (Kind.END, Kind.FILE_END, Kind.STRING) else f"`{self.text}`"


_SPACE = re.compile(r"[ \t]+")
_LINE = re.compile(r"\r\n|\r|\n")
_LINE_COMMENT = re.compile(r"//[^\r\n]*")
_BLOCK_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_NAME = re.compile(r"\w+")
_SYMBOL = re.compile(r"->|\.\.\.|[{}()|+\-&/=:;#*.,<>]")
_TEXT = re.compile(r'"""(.*?)"""|\'\'\'(.*?)\'\'\'|"((?:\\.|[^"\\\r\n])*)"|\'((?:\\.|[^\'\\\r\n])*)\'', re.DOTALL)
# The pieces of CEL in which a brace is no brace.
_CEL_OPAQUE = re.compile(rf"{CEL_TEXT}|//[^\r\n]*|\w+", re.DOTALL)
_ESCAPED_QUOTE = re.compile(
    r"[bB]?(?P<quote>[\"'])(?!(?P=quote){2})(?:[^\\]|\\(?!(?P=quote)).)*\\(?P=quote)", re.DOTALL
)
_ENDS_STATEMENT = frozenset({"}", ")", "*"})


def _tidy(comment: str) -> str:
    """A comment without the spaces around its lines, so that where it stood does not matter."""
    return "\n".join(line.strip() for line in _LINE.split(comment))


class Lexer:
    """The tokens of a source, in order; :meth:`next` gives one after the other, the file's end for ever."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._text = source.text
        self._at = 0
        self._ending = False

    def next(self) -> Token:
        """The next token.

        Raises:
            SchemaError: a character that no token begins with, or a comment or string that does not end.
        """
        comments: list[str] = []
        while self._at < len(self._text):
            if found := _SPACE.match(self._text, self._at):
                self._at = found.end()
            elif found := _LINE.match(self._text, self._at):
                if self._ending:
                    # Comments so far stand behind the statement; they go with it.
                    return self._token(Kind.END, found.group(), found.end(), comments)
                self._at = found.end()
            elif self._text.startswith(("//", "/*"), self._at):
                comments.append(self._comment())
            else:
                return self._significant(comments)
        return self._token(Kind.FILE_END, "", self._at, comments)

    def _significant(self, comments: list[str]) -> Token:
        if found := _NAME.match(self._text, self._at):
            return self._token(Kind.NAME, found.group(), found.end(), comments)
        if found := _TEXT.match(self._text, self._at):
            inside = next(group for group in found.groups() if group is not None)
            return self._token(Kind.STRING, inside, found.end(), comments)
        if found := _SYMBOL.match(self._text, self._at):
            kind = Kind.END if found.group() == ";" else Kind.SYMBOL
            return self._token(kind, found.group(), found.end(), comments)
        if self._text[self._at] in "\"'":
            raise self._unclosed_text()
        position = self._source.position(self._at)
        raise self._source.error(position, f"The character {self._text[self._at]!r} has no meaning here.")

    def _unclosed_text(self) -> SchemaError:
        position = self._source.position(self._at)
        return self._source.error(position, "The text in quotes does not end on its line.", hint="Close the quotes.")

    def _token(self, kind: Kind, text: str, end: int, comments: list[str]) -> Token:
        token = Token(kind, text, self._source.position(self._at), end - self._at, tuple(comments))
        self._at = end
        self._ending = kind is Kind.NAME or (kind is Kind.SYMBOL and text in _ENDS_STATEMENT)
        return token

    def _comment(self) -> str:
        found = _LINE_COMMENT.match(self._text, self._at) or _BLOCK_COMMENT.match(self._text, self._at)
        if found is None:
            position = self._source.position(self._at)
            raise self._source.error(position, "The comment does not end.", hint="Close it with */.", width=2)
        self._at = found.end()
        return _tidy(found.group())

    def body(self, opening: Token) -> tuple[str, int]:
        """The text from behind an opening brace up to its closing one, and where it begins; the brace is next.

        Raises:
            SchemaError: the brace has no closing one.
        """
        begin = self._at = opening.position.offset + opening.width
        depth = 1
        while self._at < len(self._text):
            if found := _CEL_OPAQUE.match(self._text, self._at):
                self._check_quotes(found.group())
                self._at = found.end()
                continue
            if self._text[self._at] in "\"'":
                raise self._unclosed_text()
            depth += {"{": 1, "}": -1}.get(self._text[self._at], 0)
            if not depth:
                return self._text[begin : self._at], begin
            self._at += 1
        raise self._source.error(opening.position, "The brace is never closed.", hint="Close the caveat with }.")

    def _check_quotes(self, piece: str) -> None:
        """Refuse what CEL allows and SpiceDB's lexer does not, so that a schema means the same to both."""
        if _ESCAPED_QUOTE.match(piece):
            hint = "SpiceDB refuses it: put the text in the other quotes, or write the quote as \\x22 or \\x27."
            position = self._source.position(self._at)
            raise self._source.error(position, "A quote in a text cannot be escaped.", hint=hint, width=len(piece))
