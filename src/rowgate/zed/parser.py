"""Reads a file of SpiceDB's schema language; its own names are checked for form, others not at all.

Grammar::

    file        = { use | import | caveat | partial | definition }
    use         = "use" ( "expiration" | "import" | "partial" | "self" | "typechecking" )
    import      = "import" string                              with `use import`
    caveat      = "caveat" path "(" parameter { "," parameter } ")" "{" CEL "}"
    parameter   = name type ;  type = name [ "<" type ">" ]
    definition  = ( "definition" | "partial" ) path "{" { relation | permission | "..." path } "}"
    relation    = "relation" name ":" allowed { "|" allowed }
    allowed     = path [ ":" "*" | "#" ( name | "..." ) ] [ "with" traits ]
    traits      = path | "expiration" | path "and" "expiration"
    permission  = "permission" name [ ":" path { "|" path } ] "=" expression

The expression is in :mod:`rowgate.zed.expressions`. Source: https://authzed.com/docs/spicedb/concepts/schema.
"""

from __future__ import annotations

from rowgate.zed.caveats import parse_caveat
from rowgate.zed.expressions import parse_expression
from rowgate.zed.lexer import KEYWORDS, Kind, Token
from rowgate.zed.model import AllowedType, Permission, Relation
from rowgate.zed.source import Source, nearest
from rowgate.zed.syntax import Block, Import, Member, PartialReference, SchemaFile, Statement, Use
from rowgate.zed.tokens import Tokens

__all__ = ["FLAGS", "parse"]

# The parts of the language that `use` switches on, with the words that are keywords then.
FLAGS = {
    "expiration": ("expiration", "and"),
    "import": ("import",),
    "partial": ("partial",),
    "self": ("self",),
    "typechecking": ("typechecking",),
}
_AT_TOP = ("caveat", "definition", "import", "partial", "use")


def parse(text: str, *, name: str = "schema") -> SchemaFile:
    """The statements of a schema's text.

    Args:
        text: the text of one file.
        name: how errors call it.

    Raises:
        SchemaError: the text is not well formed; with the place.
    """
    return Parser(Source(text, name=name)).file()


class Parser:
    """One pass over a source, from top to bottom, with one token at hand."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._tokens = Tokens(source)
        self._flags: set[str] = set()

    def file(self) -> SchemaFile:
        statements: list[Statement] = []
        defined = False
        self._tokens.skip_ends()
        while self._tokens.current.kind is not Kind.FILE_END:
            # `use` is no keyword: a permission may have the name.
            if self._tokens.at_word("use"):
                statements.append(self._use(late=defined))
            elif self._tokens.at_keyword("import"):
                statements.append(self._import())
            elif self._tokens.at_keyword("caveat"):
                statements.append(parse_caveat(self._tokens))
                defined = True
            elif self._tokens.at_keyword("definition") or self._tokens.at_keyword("partial"):
                statements.append(self._block())
                defined = True
            else:
                raise self._not_at_top()
            self._tokens.skip_ends()
        self._tokens.advance()
        return SchemaFile(tuple(statements), self._tokens.comments())

    def _not_at_top(self) -> Exception:
        word = self._tokens.current.text
        if word in ("import", "partial"):
            return self._tokens.unexpected("a definition", hint=f"Begin the file with `use {word}`.")
        if word in ("relation", "permission"):
            return self._tokens.unexpected("a definition", hint=f"A {word} stands inside the braces of a definition.")
        return self._tokens.unexpected("a definition or a caveat", hint=nearest(word, _AT_TOP))

    def _comments_and_end(self) -> tuple[str, ...]:
        """End a statement inside of braces; all comments met in it, and behind it on the line."""
        self._tokens.end()
        return self._tokens.comments()

    def _use(self, *, late: bool) -> Use:
        keyword = self._tokens.advance()
        token = self._tokens.current
        if token.kind is not Kind.NAME:
            raise self._tokens.unexpected("what to use", hint=f"One of {', '.join(FLAGS)}.")
        flag = self._tokens.advance().text
        if flag not in FLAGS:
            hint = nearest(flag, FLAGS) or f"There are {', '.join(FLAGS)}."
            raise self._source.error(token.position, f"`use {flag}` is unknown.", hint=hint, width=token.width)
        if late:
            detail = "`use` comes before any definition."
            raise self._source.error(keyword.position, detail, hint="Move it to the top.", width=keyword.width)
        if flag in self._flags:
            detail = f"`use {flag}` is there already."
            raise self._source.error(token.position, detail, hint="Remove one of them.", width=token.width)
        self._flags.add(flag)
        # The lexer is one token ahead, but tells keywords from names no sooner than they are asked for.
        self._tokens.keywords = KEYWORDS | {word for used in self._flags for word in FLAGS[used]}
        return Use(flag, self._comments_and_end(), keyword.position)

    def _import(self) -> Import:
        keyword = self._tokens.advance()
        if self._tokens.current.kind is not Kind.STRING:
            raise self._tokens.unexpected("a path in quotes")
        path = self._tokens.advance().text
        return Import(path, self._tokens.comments(), keyword.position)

    # --- definitions --------------------------------------------------------------------------------------------

    def _block(self) -> Block:
        keyword = self._tokens.advance()
        name = self._tokens.path(f"the name of a {keyword.text}")
        self._tokens.need("{", f"after `{name.text}`")
        comments = self._tokens.comments()
        members: list[Member] = []
        self._tokens.skip_ends()
        while not self._tokens.at("}"):
            members.append(self._member())
            self._tokens.skip_ends()
        self._tokens.advance()
        if self._tokens.current.kind is Kind.END:
            # It brings the comment behind the brace.
            self._tokens.advance()
        partial = keyword.text == "partial"
        return Block(name.text, tuple(members), partial, comments, self._tokens.comments(), name.position)

    def _member(self) -> Member:
        if self._tokens.take_keyword("relation"):
            return self._relation()
        if self._tokens.take_keyword("permission"):
            return self._permission()
        if "partial" in self._flags and self._tokens.take("..."):
            reference = self._tokens.path("the name of a partial")
            return PartialReference(reference.text, self._comments_and_end(), reference.position)
        if self._tokens.at("..."):
            raise self._tokens.unexpected("a relation or a permission", hint="Begin the file with `use partial`.")
        if self._tokens.current.kind is Kind.FILE_END:
            raise self._tokens.unexpected("a relation, a permission or `}`", hint="A brace is not closed.")
        word = self._tokens.current.text
        hint = nearest(word, ("relation", "permission"))
        if word in _AT_TOP:
            hint = "The brace of the definition before is not closed."
        raise self._tokens.unexpected("a relation, a permission or `}`", hint=hint)

    def _relation(self) -> Relation:
        name = self._tokens.name("the name of a relation")
        self._tokens.need(":", f"after relation `{name.text}`")
        types = [self._allowed_type()]
        while self._tokens.take("|"):
            types.append(self._allowed_type())
        return Relation(name.text, tuple(types), self._comments_and_end(), name.position)

    def _allowed_type(self) -> AllowedType:
        kind = self._tokens.path("a type")
        relation, wildcard = None, False
        if self._tokens.take(":"):
            self._tokens.need("*", f"after `{kind.text}:`")
            wildcard = True
        elif self._tokens.take("#") and not self._tokens.take("..."):
            relation = self._tokens.name(f"a relation of `{kind.text}`").text
        caveat, expiration = self._traits()
        return AllowedType(kind.text, relation, wildcard, caveat, expiration, kind.position)

    def _traits(self) -> tuple[str | None, bool]:
        if not self._tokens.take_keyword("with"):
            return None, False
        if self._tokens.take_keyword("expiration"):
            return None, True
        caveat = self._tokens.path("a caveat").text
        if not self._tokens.take_keyword("and"):
            if self._tokens.at_word("and"):
                raise self._tokens.unexpected("the end of the statement", hint="Begin with `use expiration`.")
            return caveat, False
        if not self._tokens.take_keyword("expiration"):
            raise self._tokens.unexpected("`expiration`", hint="A type takes one caveat, and expiration.")
        return caveat, True

    def _permission(self) -> Permission:
        name = self._tokens.name("the name of a permission")
        annotation: list[Token] = []
        if self._tokens.take(":"):
            annotation.append(self._tokens.path("a type"))
            while self._tokens.take("|"):
                annotation.append(self._tokens.path("a type"))
        self._tokens.need("=", f"after permission `{name.text}`")
        expression = parse_expression(self._tokens)
        types = tuple(token.text for token in annotation)
        return Permission(name.text, expression, types, self._comments_and_end(), name.position)
