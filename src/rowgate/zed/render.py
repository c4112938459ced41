"""Writes a schema's text in one fixed layout: four spaces, one statement a line, comments above what they stand by.

What was parsed comes back the same when the text is parsed again, comments included; see ``tests/zed/test_render.py``.
"""

from __future__ import annotations

from rowgate.zed.model import (
    Arrow,
    Caveat,
    Definition,
    Exclusion,
    Expression,
    Nil,
    Reference,
    Relation,
    Schema,
    Self,
    Union,
)
from rowgate.zed.syntax import Block, Import, Member, PartialReference, SchemaFile, Statement, Use

__all__ = ["render", "render_expression", "render_file"]

_INDENT = "    "


def render_file(file: SchemaFile) -> str:
    """The text of a parsed file, ending with a line's end unless it is empty."""
    chunks: list[str] = []
    for before, statement in zip((None, *file.statements), file.statements, strict=False):
        # Directives stand together; all else has an empty line between.
        together = isinstance(statement, Use | Import) and type(before) is type(statement)
        if chunks and not (together and not statement.comments):
            chunks.append("")
        chunks += _statement(statement)
    if file.closing:
        chunks += ["", *_comments(file.closing, "")] if chunks else _comments(file.closing, "")
    return "\n".join(chunks) + "\n" if chunks else ""


def render(schema: Schema) -> str:
    """The text of a resolved schema: no partials and imports any more, caveats first, all else in its order."""
    uses = [Use(flag) for flag in sorted(schema.uses - {"partial", "import"})]
    blocks = [_block_of(definition) for definition in schema.definitions.values()]
    return render_file(SchemaFile((*uses, *schema.caveats.values(), *blocks)))


def render_expression(expression: Expression, *, inside: bool = False) -> str:
    """The text of an expression; what is made of parts stands in parentheses inside of another, for the readers' sake.

    Args:
        expression: the expression.
        inside: whether it is an operand.
    """
    if isinstance(expression, Reference):
        return expression.name
    if isinstance(expression, Arrow):
        if expression.call or expression.quantifier == "all":
            return f"{expression.relation}.{expression.quantifier}({expression.target})"
        return f"{expression.relation}->{expression.target}"
    if isinstance(expression, Nil | Self):
        return type(expression).__name__.lower()
    if isinstance(expression, Exclusion):
        # From the left to the right, as it is read: a - b - c.
        base = render_expression(expression.base, inside=not isinstance(expression.base, Exclusion))
        text = f"{base} - {render_expression(expression.removed, inside=True)}"
    else:
        sign = " + " if isinstance(expression, Union) else " & "
        text = sign.join(render_expression(operand, inside=True) for operand in expression.operands)
    return f"({text})" if inside else text


def _block_of(definition: Definition) -> Block:
    members: tuple[Member, ...] = (*definition.relations.values(), *definition.permissions.values())
    return Block(definition.name, members, comments=definition.comments)


def _comments(comments: tuple[str, ...], indent: str) -> list[str]:
    lines = [line for comment in comments for line in comment.split("\n")]
    # The stars of a block comment stand under its first one.
    return [f"{indent}{' ' if line.startswith('*') else ''}{line}".rstrip() for line in lines]


def _statement(statement: Statement) -> list[str]:
    head = _comments(statement.comments, "")
    if isinstance(statement, Use):
        return [*head, f"use {statement.flag}"]
    if isinstance(statement, Import):
        return [*head, f"import {_quoted(statement.path)}"]
    if isinstance(statement, Caveat):
        return head + _caveat(statement)
    keyword = "partial" if statement.partial else "definition"
    body = [line for member in statement.members for line in _member(member)]
    body += _comments(statement.closing, _INDENT)
    if not body:
        return [*head, f"{keyword} {statement.name} {{}}"]
    return [*head, f"{keyword} {statement.name} {{", *body, "}"]


def _quoted(path: str) -> str:
    quote = next(quote for quote in ('"', "'", '"""', "'''") if quote not in path and path[-1:] != quote[0])
    return f"{quote}{path}{quote}"


def _member(member: Member) -> list[str]:
    head = _comments(member.comments, _INDENT)
    if isinstance(member, PartialReference):
        return [*head, f"{_INDENT}...{member.name}"]
    if isinstance(member, Relation):
        return [*head, f"{_INDENT}relation {member.name}: {' | '.join(map(str, member.types))}"]
    annotation = f": {' | '.join(member.annotation)}" if member.annotation else ""
    return [*head, f"{_INDENT}permission {member.name}{annotation} = {render_expression(member.expression)}"]


def _caveat(caveat: Caveat) -> list[str]:
    parameters = ", ".join(f"{parameter.name} {parameter.type}" for parameter in caveat.parameters)
    text = caveat.body
    # A text of several lines keeps them as they are.
    lines = [text] if '"""' in text or "'''" in text else text.split("\n")
    body = [f"{_INDENT}{line}" if line else "" for line in lines]
    return [f"caveat {caveat.name}({parameters}) {{", *body, "}"]
