"""Cuts the text of an OpenFGA model into tokens; ``#`` begins a comment only behind a space or at the start."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rowgate.errors import SchemaError
from rowgate.zed.lexer import Kind, Lexer, Token
from rowgate.zed.model import Position
from rowgate.zed.source import Source

__all__ = ["Scanner", "Word"]

_TOKEN = re.compile(r"(?P<word>[\w.\-/]+)|(?P<symbol>[:\[\](),#*{}<>])")
_SKIP = re.compile(r"\s+")
_COMMENT = re.compile(r"#[^\r\n]*")


@dataclass(frozen=True)
class Word:
    """A word or a sign; ``first`` where nothing but spaces precedes it on its line. Empty at the text's end."""

    text: str
    position: Position
    first: bool
    comments: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"`{self.text}`" if self.text else "the end of the text"


class Scanner:
    """The tokens of a model, one at hand."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._at = 0
        self._comments: list[str] = []
        self.current = self._next()

    def comments(self) -> tuple[str, ...]:
        """The comments of all tokens taken since the last call, those behind the last one on its line included."""
        found = tuple(self._comments)
        self._comments.clear()
        return found

    def _next(self) -> Word:
        text, line = self.source.text, self.source.position(self._at).line
        comments: list[str] = []
        while self._at < len(text):
            spaced = self._at == 0 or text[self._at - 1].isspace()
            if found := _SKIP.match(text, self._at):
                pass
            elif spaced and (found := _COMMENT.match(text, self._at)):
                behind = self._at and self.source.position(self._at).line == line
                # One behind a statement goes with it, not with what follows.
                (self._comments if behind else comments).append("//" + found.group()[1:].rstrip())
            elif found := _TOKEN.match(text, self._at):
                position = self.source.position(self._at)
                first = not self.source.lines[position.line - 1][: position.column - 1].strip()
                self._at = found.end()
                return Word(found.group(), position, first, tuple(comments))
            else:
                position = self.source.position(self._at)
                raise self.source.error(position, f"The character {text[self._at]!r} has no meaning here.")
            self._at = found.end()
        return Word("", self.source.position(len(text)), True, tuple(comments))

    def advance(self) -> Word:
        """Take the token at hand."""
        taken = self.current
        self._comments += taken.comments
        self.current = self._next()
        return taken

    def at(self, text: str) -> bool:
        """Whether this word or sign is at hand, within the statement."""
        return self.current.text == text

    def begins(self, *words: str) -> bool:
        """Whether a line that begins with one of these words is at hand."""
        return self.current.first and self.current.text in words

    def take(self, text: str) -> bool:
        """Take this word or sign if it is at hand."""
        found = self.at(text)
        if found:
            self.advance()
        return found

    def need(self, text: str) -> Word:
        """Take this word or sign.

        Raises:
            SchemaError: something else is at hand.
        """
        if not self.at(text):
            raise self.unexpected(f"`{text}`")
        return self.advance()

    def name(self, what: str) -> Word:
        """Take a word.

        Raises:
            SchemaError: no word is at hand.
        """
        if not re.fullmatch(r"[\w.\-/]+", self.current.text):
            raise self.unexpected(what)
        return self.advance()

    def body(self) -> tuple[str, int]:
        """Take a text in braces, and the braces; the text between them and its offset."""
        if not self.at("{"):
            raise self.unexpected("`{`")
        text, begin = Lexer(self.source).body(Token(Kind.SYMBOL, "{", self.current.position, 1))
        self._at = begin + len(text) + 1
        self.current = self._next()
        return text, begin

    def unexpected(self, wanted: str, hint: str | None = None) -> SchemaError:
        """The error for a token at hand that is not the one wanted."""
        detail = f"Expected {wanted}, found {self.current}."
        hint = hint or "https://openfga.dev/docs/configuration-language has the grammar."
        return self.source.error(self.current.position, detail, hint=hint, width=len(self.current.text))
