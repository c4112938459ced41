"""Reads the expression of a permission: ``+`` binds tightest, then ``&``, then ``-``.

Grammar::

    expression   = intersection { "-" intersection }
    intersection = union { "&" union }
    union        = operand { "+" operand }
    operand      = "nil" | "self" | "(" expression ")" | name
                 | name "->" target | name "." ( "any" | "all" ) "(" target ")"
    target       = name | "(" target ")"
"""

from __future__ import annotations

from typing import Literal

from rowgate.errors import SchemaError
from rowgate.zed.lexer import Kind
from rowgate.zed.model import Arrow, Exclusion, Expression, Intersection, Nil, Reference, Self, Union
from rowgate.zed.names import MEMBER_NAME, check_form
from rowgate.zed.source import nearest
from rowgate.zed.tokens import Tokens

__all__ = ["parse_expression"]

# More than any schema that a person reads; what goes deeper would exhaust Python's stack somewhere.
_DEEPEST = 50


def parse_expression(tokens: Tokens, *, depth: int = 0) -> Expression:
    """The expression at hand, as far as it goes.

    Args:
        tokens: with the expression's first token at hand.
        depth: how many levels of the expression are above it.

    Raises:
        SchemaError: there is no expression, or it is not well formed.
    """
    position = tokens.current.position
    result = _intersection(tokens, depth)
    exclusions = 0
    while tokens.take("-"):
        # Each is a level of the tree, with those of its operands below it.
        exclusions += 1
        if exclusions > _DEEPEST:
            raise _too_deep(tokens, "More than {} exclusions follow one another.")
        result = Exclusion(result, _intersection(tokens, depth + exclusions), position)
    return result


def _too_deep(tokens: Tokens, detail: str) -> SchemaError:
    hint = "Give parts of the expression permissions of their own."
    return tokens.source.error(tokens.current.position, detail.format(_DEEPEST), hint=hint)


def _intersection(tokens: Tokens, depth: int) -> Expression:
    position = tokens.current.position
    operands = [_union(tokens, depth)]
    while tokens.take("&"):
        operands.append(_union(tokens, depth))
    return operands[0] if len(operands) == 1 else Intersection(tuple(operands), position)


def _union(tokens: Tokens, depth: int) -> Expression:
    position = tokens.current.position
    operands = [_operand(tokens, depth)]
    while tokens.take("+"):
        operands.append(_operand(tokens, depth))
    return operands[0] if len(operands) == 1 else Union(tuple(operands), position)


def _operand(tokens: Tokens, depth: int) -> Expression:
    token = tokens.current
    if tokens.at("("):
        if depth >= _DEEPEST:
            raise _too_deep(tokens, "The expression is nested deeper than {} levels.")
        tokens.advance()
        inner = parse_expression(tokens, depth=depth + 1)
        tokens.need(")", "to close the parenthesis")
        if tokens.at("->", "."):
            raise tokens.unexpected("an operator", hint="The left side of an arrow is the name of a relation.")
        return inner
    if tokens.take_keyword("nil"):
        return Nil(token.position)
    if tokens.take_keyword("self"):
        return Self(token.position)
    if token.kind is not Kind.NAME:
        raise tokens.unexpected("a relation, a permission, nil or `(`")
    name = tokens.name("part of an expression")
    if not tokens.at("->", "."):
        return Reference(name.text, name.position)
    arrow = _arrow(tokens, name.text)
    if tokens.at("->", "."):
        hint = "Give the first arrow a permission of its own, on the type it leads to."
        raise tokens.source.error(tokens.current.position, "An arrow cannot follow an arrow.", hint=hint, width=2)
    return Arrow(name.text, arrow.target, arrow.quantifier, arrow.call, name.position)


def _arrow(tokens: Tokens, relation: str) -> Arrow:
    if tokens.take("->"):
        return Arrow(relation, _target(tokens))
    tokens.advance()
    function = tokens.current
    quantifier: Literal["any", "all"]
    if tokens.at_word("any"):
        quantifier = "any"
    elif tokens.at_word("all"):
        quantifier = "all"
    else:
        hint = nearest(function.text, ("any", "all")) or "There are any and all."
        raise tokens.unexpected(f"any or all, after `{relation}.`", hint=hint)
    tokens.advance()
    tokens.need("(", f"after `{relation}.{quantifier}`")
    target = _target(tokens)
    tokens.need(")", "to close the parenthesis")
    return Arrow(relation, target, quantifier, call=True)


def _target(tokens: Tokens) -> str:
    opened = 0
    while tokens.take("("):
        opened += 1
    name = tokens.name("the target of an arrow")
    # Other names in an expression must exist, which proves their form; this one need not.
    check_form(tokens.source, name.text, name.position, MEMBER_NAME, "a relation or permission")
    for _ in range(opened):
        if not tokens.at(")"):
            raise tokens.unexpected("`)`", hint="The right side of an arrow is one name, not an expression.")
        tokens.advance()
    return name.text
