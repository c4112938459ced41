"""Reads an OpenFGA model of schema 1.1 into the internal model, as far as the two languages correspond.

=========================================  ===================================================
OpenFGA                                    here
=========================================  ===================================================
``define a: [user, group#member]``         ``relation a: user | group#member``
``define a: b or c from d``                ``permission a = b + d->c``
``define a: [user] or b``                  ``relation a_direct: user``, ``permission a = a_direct + b``
``b and c``, ``b but not c``               ``b & c``, ``b - c``
``condition c(x: int) { x < 1 }``          ``caveat c(x int) { x < 1 }``
=========================================  ===================================================

The names of OpenFGA may be what names here may not; modules have no counterpart. Both are errors with their place. What
the schema language forbids and OpenFGA allows (wildcards through a subject's relation) is one as well. Two differences
stay: where a parameter is missing OpenFGA answers with an error and SpiceDB *conditional*, and relationships of
``a`` above are written to ``a_direct``: see :attr:`Imported.renamed`. Source:
https://openfga.dev/docs/configuration-language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rowgate.errors import NoCorrespondence, SchemaError
from rowgate.zed.caveats import DEEPEST_TYPE, PARAMETER_TYPES, check_parameters, outdented
from rowgate.zed.lexer import KEYWORDS
from rowgate.zed.model import (
    AllowedType,
    Arrow,
    Caveat,
    Exclusion,
    Expression,
    Intersection,
    Parameter,
    ParameterType,
    Permission,
    Position,
    Reference,
    Relation,
    Schema,
    Union,
)
from rowgate.zed.names import MEMBER_NAME, check_form
from rowgate.zed.openfga_text import Scanner
from rowgate.zed.resolver import resolve_file
from rowgate.zed.source import Source, nearest
from rowgate.zed.syntax import Block, Member, SchemaFile, Statement

__all__ = ["Imported", "import_model"]

_TOP = ("type", "condition", "extend", "module", "model")
_OPERATORS = ("or", "and", "but")
_DEEPEST = 50


@dataclass(frozen=True)
class Imported:
    """What became of an OpenFGA model.

    Args:
        schema: the resolved schema.
        file: its statements, to be written with :func:`rowgate.zed.render.render_file`.
        renamed: for each type and relation that OpenFGA both assigns and computes, the relation that takes the
            relationships here.
    """

    schema: Schema
    file: SchemaFile
    renamed: Mapping[tuple[str, str], str]


def import_model(text: str, *, name: str = "model.fga") -> Imported:
    """The schema that corresponds to an OpenFGA model.

    Args:
        text: the model in OpenFGA's language, schema 1.1.
        name: how errors call it.

    Raises:
        SchemaError: the text is not well formed.
        NoCorrespondence: the schema language cannot say it.
        UnknownSchemaName: it uses a name that nothing defines.
        SchemaConflict: its parts do not go together in the schema language.
    """
    source = Source(text, name=name)
    reader = _Reader(source)
    file = SchemaFile(tuple(reader.statements()), reader.closing)
    return Imported(resolve_file(source, file), file, reader.renamed)


class _Reader:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._words = Scanner(source)
        self._types: tuple[AllowedType, ...] = ()
        self._open = 0
        self.renamed: dict[tuple[str, str], str] = {}
        self.closing: tuple[str, ...] = ()

    def statements(self) -> list[Statement]:
        if self._words.begins("module"):
            raise self._modules()
        self._words.need("model")
        self._words.need("schema")
        if self._words.current.text != "1.1":
            raise self._words.unexpected("`1.1`", hint="Only models of schema 1.1 are read.")
        self._words.advance()
        found: list[Statement] = []
        while self._words.current.text:
            if self._words.begins("type"):
                found.append(self._type())
            elif self._words.begins("condition"):
                found.append(self._condition())
            elif self._words.begins("extend", "module"):
                raise self._modules()
            else:
                raise self._words.unexpected("type or condition", nearest(self._words.current.text, _TOP))
        self._words.advance()
        self.closing = self._words.comments()
        return found

    def _modules(self) -> SchemaError:
        detail = "Modules have no counterpart in the schema language."
        return self._source.error(self._words.current.position, detail, kind=NoCorrespondence)

    def _name(self, what: str) -> tuple[str, Position]:
        word = self._words.name(what)
        if word.text in KEYWORDS:
            raise self._source.error(
                word.position,
                f"`{word.text}` is a keyword of the schema language and cannot be {what}.",
                hint="Rename it in the model.",
                width=len(word.text),
                kind=NoCorrespondence,
            )
        return word.text, word.position

    # --- types --------------------------------------------------------------------------------------------------

    def _type(self) -> Block:
        self._words.advance()
        name, position = self._name("the name of a type")
        members: list[Member] = []
        relations = self._words.begins("relations")
        if relations:
            self._words.advance()
        comments = self._words.comments()
        if relations:
            while self._words.begins("define"):
                members += self._define(name)
        return Block(name, tuple(members), comments=comments, position=position)

    def _define(self, kind: str) -> list[Member]:
        self._words.advance()
        name, position = self._name("the name of a relation")
        self._words.need(":")
        # Which relation the types in brackets are assigned by is known only at the end of the expression.
        self._types = ()
        direct = f"{name}_direct"
        expression = self._expression(direct)
        comments = self._words.comments()
        if isinstance(expression, Reference) and expression.name == direct and self._types:
            return [Relation(name, self._types, comments, position)]
        permission = Permission(name, expression, (), comments, position)
        if not self._types:
            return [permission]
        self.renamed[kind, name] = direct
        return [Relation(direct, self._types, (), position), permission]

    def _expression(self, direct: str) -> Expression:
        position = self._words.current.position
        operands = [self._operand(direct)]
        operator = self._words.current.text
        if self._words.current.first or operator not in _OPERATORS:
            return operands[0]
        while self._words.at(operator) and not self._words.current.first:
            self._words.advance()
            if operator == "but":
                self._words.need("not")
                operands = [Exclusion(operands[0], self._operand(direct), position)]
                break
            operands.append(self._operand(direct))
        if self._words.current.text in _OPERATORS and not self._words.current.first:
            hint = "Put one of the two in parentheses."
            raise self._words.unexpected("the end of the definition, for operators do not mix", hint)
        if operator == "but":
            return operands[0]
        return Union(tuple(operands), position) if operator == "or" else Intersection(tuple(operands), position)

    def _operand(self, direct: str) -> Expression:
        position = self._words.current.position
        if self._words.take("("):
            self._open += 1
            if self._open > _DEEPEST:
                raise self._words.unexpected("no more parentheses", "Give parts of it relations of their own.")
            inner = self._expression(direct)
            self._words.need(")")
            self._open -= 1
            return inner
        if self._words.at("["):
            if self._types:
                raise self._words.unexpected("a relation", "Types in brackets stand once in a definition.")
            self._types = self._allowed_types()
            return Reference(direct, position)
        name, position = self._name("a relation")
        if self._words.at("from") and not self._words.current.first:
            self._words.advance()
            # Other names must exist, which proves their form; the target of an arrow need not.
            check_form(self._source, name, position, MEMBER_NAME, "a relation")
            return Arrow(self._name("a relation")[0], name, position=position)
        return Reference(name, position)

    def _allowed_types(self) -> tuple[AllowedType, ...]:
        self._words.need("[")
        types = [self._allowed_type()]
        while self._words.take(","):
            types.append(self._allowed_type())
        self._words.need("]")
        return tuple(types)

    def _allowed_type(self) -> AllowedType:
        kind, position = self._name("a type")
        relation, wildcard, caveat = None, False, None
        if self._words.take(":"):
            self._words.need("*")
            wildcard = True
        elif self._words.take("#"):
            relation = self._name("a relation")[0]
        if self._words.take("with"):
            caveat = self._name("a condition")[0]
        return AllowedType(kind, relation, wildcard, caveat, False, position)

    # --- conditions ---------------------------------------------------------------------------------------------

    def _condition(self) -> Caveat:
        self._words.advance()
        name, position = self._name("the name of a condition")
        self._words.need("(")
        parameters = [self._parameter()]
        while self._words.take(","):
            parameters.append(self._parameter())
        self._words.need(")")
        raw, begin = self._words.body()
        caveat = Caveat(name, tuple(parameters), outdented(raw), self._words.comments(), position)
        check_parameters(self._source, caveat, raw, begin)
        return caveat

    def _parameter(self) -> Parameter:
        name, position = self._name("the name of a parameter")
        self._words.need(":")
        return Parameter(name, self._parameter_type(), position)

    def _parameter_type(self, depth: int = 0) -> ParameterType:
        word = self._words.name("a type")
        if depth > DEEPEST_TYPE:
            raise self._source.error(word.position, "Types are nested too deep.", hint="Write any.")
        if word.text not in PARAMETER_TYPES:
            hint = nearest(word.text, PARAMETER_TYPES) or f"There are {', '.join(PARAMETER_TYPES)}."
            detail = f"There is no parameter type `{word.text}`."
            raise self._source.error(word.position, detail, hint=hint, width=len(word.text))
        if not PARAMETER_TYPES[word.text]:
            return ParameterType(word.text, (), word.position)
        self._words.need("<")
        inner = self._parameter_type(depth + 1)
        self._words.need(">")
        return ParameterType(word.text, (inner,), word.position)
