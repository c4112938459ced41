"""The parser's hold on the tokens: one looked at, the rest unread; and the comments met on the way."""

from __future__ import annotations

from rowgate.errors import SchemaError
from rowgate.zed.lexer import KEYWORDS, Kind, Lexer, Token
from rowgate.zed.source import Source

__all__ = ["Tokens"]


class Tokens:
    """The token at hand, with the questions and demands that a parser makes of it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.keywords = KEYWORDS
        self._lexer = Lexer(source)
        self.current = self._lexer.next()
        self._comments: list[str] = []

    def advance(self) -> Token:
        """Take the token at hand."""
        token = self.current
        self._comments += token.comments
        self.current = self._lexer.next()
        return token

    def comments(self) -> tuple[str, ...]:
        """The comments of all tokens taken since the last call."""
        found = tuple(self._comments)
        self._comments.clear()
        return found

    def body(self) -> tuple[str, int]:
        """The raw text behind the opening brace at hand, and its offset; the closing brace is at hand then."""
        opening = self.current
        self._comments += opening.comments
        text = self._lexer.body(opening)
        self.current = self._lexer.next()
        return text

    def at(self, *symbols: str) -> bool:
        """Whether one of these symbols is at hand."""
        return self.current.kind is Kind.SYMBOL and self.current.text in symbols

    def at_word(self, word: str) -> bool:
        """Whether this word is at hand, keyword or not."""
        return self.current.kind is Kind.NAME and self.current.text == word

    def at_keyword(self, word: str) -> bool:
        """Whether this word is at hand, and a keyword as things are."""
        return self.at_word(word) and word in self.keywords

    def take(self, symbol: str) -> bool:
        """Take this symbol if it is at hand."""
        found = self.at(symbol)
        if found:
            self.advance()
        return found

    def take_keyword(self, word: str) -> bool:
        """Take this keyword if it is at hand."""
        found = self.at_keyword(word)
        if found:
            self.advance()
        return found

    def need(self, symbol: str, where: str) -> Token:
        """Take this symbol.

        Raises:
            SchemaError: another token is at hand.
        """
        if not self.at(symbol):
            raise self.unexpected(f"`{symbol}`", where)
        return self.advance()

    def name(self, what: str) -> Token:
        """Take a name that is no keyword.

        Raises:
            SchemaError: a keyword or no word at all is at hand.
        """
        if self.current.kind is Kind.NAME and self.current.text in self.keywords:
            detail = f"`{self.current.text}` is a keyword and cannot be {what}."
            raise self.source.error(self.current.position, detail, width=self.current.width)
        if self.current.kind is not Kind.NAME:
            raise self.unexpected(what)
        return self.advance()

    def path(self, what: str) -> Token:
        """Take a name that may have prefixes, ``tenant/document``, as one token."""
        first = self.name(what)
        text, end = first.text, first.position.offset + first.width
        while self.take("/"):
            part = self.name(what)
            text, end = f"{text}/{part.text}", part.position.offset + part.width
        return Token(Kind.NAME, text, first.position, end - first.position.offset)

    def end(self) -> None:
        """Take the end of a statement; a closing brace and the file's end are ends too.

        Raises:
            SchemaError: the statement goes on.
        """
        if self.current.kind is Kind.END:
            self.advance()
        elif not (self.at("}") or self.current.kind is Kind.FILE_END):
            raise self.unexpected("the end of the statement", hint="Every statement has a line of its own.")

    def skip_ends(self) -> None:
        """Take all ends of statements at hand."""
        while self.current.kind is Kind.END:
            self.advance()

    def unexpected(self, wanted: str, where: str = "", *, hint: str | None = None) -> SchemaError:
        """The error for a token at hand that is not the one wanted."""
        token = self.current
        detail = f"Expected {wanted}{where and ' ' + where}, found {token}."
        if hint is None and token.kind is Kind.END and token.text != ";":
            hint = "A line's end after a name or `)` ends the statement: to go on, end the line with an operator."
        return self.source.error(token.position, detail, hint=hint, width=token.width)
