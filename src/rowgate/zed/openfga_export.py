"""Writes a schema as an OpenFGA model of schema 1.1; what that language cannot say is refused, never left out.

Without a counterpart are ``nil``, ``self``, ``.all``, expiration, prefixes of types, caveat parameters of type bytes,
and arrows from a relation that takes subjects with a relation. Annotations of permissions are only checks; they go.
"""

from __future__ import annotations

from rowgate.errors import NoCorrespondence
from rowgate.zed.model import (
    AllowedType,
    Arrow,
    Caveat,
    Definition,
    Exclusion,
    Expression,
    Intersection,
    ParameterType,
    Permission,
    Position,
    Reference,
    Relation,
    Schema,
    Union,
    walk,
)

__all__ = ["export_model"]

# Operators, and what OpenFGA keeps for itself; its other keywords may be names.
_WORDS = frozenset("and but from not or self this with".split())


def export_model(schema: Schema, *, name: str = "schema") -> str:
    """The OpenFGA model that corresponds to a schema.

    Args:
        schema: a resolved schema.
        name: how errors call its text.

    Raises:
        NoCorrespondence: the schema says something that OpenFGA's language cannot; with the line, not with its text.
    """
    return _Writer(schema, name).model()


class _Writer:
    def __init__(self, schema: Schema, name: str) -> None:
        self._schema = schema
        self._name = name

    def _none(self, what: str, position: Position) -> NoCorrespondence:
        detail = f"{what} has no counterpart in OpenFGA."
        return NoCorrespondence(detail, source=self._name, line=position.line, column=position.column)

    def _checked(self, name: str, position: Position) -> str:
        if name in _WORDS or "/" in name or "|" in name:
            raise self._none(f"The name `{name}`", position)
        return name

    def model(self) -> str:
        chunks = ["model\n  schema 1.1"]
        chunks += [self._type(definition) for definition in self._schema.definitions.values()]
        chunks += [self._condition(caveat) for caveat in self._schema.caveats.values()]
        return "\n\n".join(chunks) + "\n"

    def _type(self, definition: Definition) -> str:
        lines = [*_comments(definition.comments, ""), f"type {self._checked(definition.name, definition.position)}"]
        if definition.members:
            lines.append("  relations")
        for relation in definition.relations.values():
            lines += _comments(relation.comments, "    ")
            lines.append(f"    define {self._checked(relation.name, relation.position)}: {self._types(relation)}")
        for permission in definition.permissions.values():
            lines += _comments(permission.comments, "    ")
            self._check_arrows(definition, permission)
            expression = self._expression(permission.expression, nested=False)
            lines.append(f"    define {self._checked(permission.name, permission.position)}: {expression}")
        return "\n".join(lines)

    def _types(self, relation: Relation) -> str:
        return f"[{', '.join(self._allowed(allowed) for allowed in relation.types)}]"

    def _allowed(self, allowed: AllowedType) -> str:
        if allowed.expiration:
            raise self._none("`with expiration`", allowed.position)
        return f"{allowed.subject} with {allowed.caveat}" if allowed.caveat else allowed.subject

    def _check_arrows(self, definition: Definition, permission: Permission) -> None:
        for arrow in walk(permission.expression):
            if not isinstance(arrow, Arrow):
                continue
            parents = definition.relations[arrow.relation].types
            if any(parent.relation for parent in parents):
                raise self._none("An arrow from a relation that takes subjects with a relation", arrow.position)
            if not any(self._schema.member(parent.type, arrow.target) for parent in parents):
                raise self._none("An arrow to a name that none of the types knows", arrow.position)

    def _expression(self, expression: Expression, *, nested: bool) -> str:
        if isinstance(expression, Reference):
            return expression.name
        if isinstance(expression, Arrow):
            if expression.quantifier == "all":
                raise self._none("`.all`", expression.position)
            return f"{expression.target} from {expression.relation}"
        if isinstance(expression, Union | Intersection):
            sign = " or " if isinstance(expression, Union) else " and "
            text = sign.join(self._expression(operand, nested=True) for operand in expression.operands)
        elif isinstance(expression, Exclusion):
            base = self._expression(expression.base, nested=True)
            text = f"{base} but not {self._expression(expression.removed, nested=True)}"
        else:
            raise self._none(f"`{type(expression).__name__.lower()}`", expression.position)
        return f"({text})" if nested else text

    def _condition(self, caveat: Caveat) -> str:
        parameters = [f"{parameter.name}: {self._parameter(parameter.type)}" for parameter in caveat.parameters]
        head = f"condition {self._checked(caveat.name, caveat.position)}({', '.join(parameters)}) {{"
        body = [f"  {line}" if line else "" for line in caveat.body.split("\n")]
        if '"""' in caveat.body or "'''" in caveat.body:
            body = [f"  {caveat.body}"]
        return "\n".join([*_comments(caveat.comments, ""), head, *body, "}"])

    def _parameter(self, kind: ParameterType) -> str:
        if kind.name == "bytes":
            raise self._none("A parameter of type bytes", kind.position)
        for argument in kind.arguments:
            self._parameter(argument)
        return str(kind)


def _comments(comments: tuple[str, ...], indent: str) -> list[str]:
    """Comments of the schema language, of either kind, as those of OpenFGA."""
    lines: list[str] = []
    for comment in comments:
        if comment.startswith("//"):
            lines.append(f"{indent}#{comment[2:]}")
            continue
        inside = [line.strip("/* ") for line in comment.split("\n")]
        lines += [f"{indent}# {line}".rstrip() for line in inside if line]
    return lines
