"""Conditions given as Fractal Specifications (package ``fractal-specifications``), an optional extra.

A specification is turned into the text form of :mod:`rowgate.policy.texts`, and so means exactly what that says: it is
bound to columns at start, its claims are late-bound, NULL is unknown. ``is_satisfied_by`` of the package itself is not
used: it works in two-valued logic and would disagree with the database.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import BindParameter

from rowgate.errors import DeclarationError
from rowgate.policy.render import CLAIM_PREFIX
from rowgate.policy.texts import TextCondition, parse_condition

__all__ = ["condition_of", "is_specification"]

_SIGNS: Final[Mapping[str, Callable[[], ast.cmpop]]] = {
    "EqualsSpecification": ast.Eq,
    "NotEqualsSpecification": ast.NotEq,
    "LessThanSpecification": ast.Lt,
    "LessThanEqualSpecification": ast.LtE,
    "GreaterThanSpecification": ast.Gt,
    "GreaterThanEqualSpecification": ast.GtE,
    "InSpecification": ast.In,
}


def is_specification(value: object) -> bool:
    """Whether a value is a Fractal Specification. Asks without importing the package, which need not be there."""
    return any(base.__module__ == "fractal_specifications.generic.specification" for base in type(value).__mro__)


def condition_of(specification: Any) -> TextCondition:
    """The condition that a specification means.

    Args:
        specification: its values are constants, or claims of the stand-in that a condition is called with.

    Raises:
        DeclarationError: it holds a kind that has no counterpart (``matches``, ``contains``), or a path.
    """
    return parse_condition(_tree(specification), shown=str(specification))


def _tree(specification: Any) -> ast.expr:
    kind = type(specification).__name__
    match kind:
        case "AndSpecification" | "OrSpecification":
            parts = [_tree(each) for each in specification.to_collection()]
            if len(parts) == 1:
                return parts[0]
            if parts:
                return ast.BoolOp(ast.And() if kind == "AndSpecification" else ast.Or(), parts)
            return ast.Constant(kind == "AndSpecification")
        case "NotSpecification":
            return ast.UnaryOp(ast.Not(), _tree(specification.specification))
        case "IsNoneSpecification":
            return ast.Compare(_column(specification), [ast.Is()], [ast.Constant(None)])
        case "EmptySpecification":
            return ast.Constant(True)
        case _ if kind in _SIGNS:
            value = _value(specification.value)
            return ast.Compare(_column(specification), [_SIGNS[kind]()], [value])
    raise DeclarationError(
        f"The specification {specification} is of a kind that has no condition: {kind}.",
        hint="Use equals, less, greater, in, is-none, and, or, not; or write a function of row and user.",
    )


def _column(specification: Any) -> ast.expr:
    field = str(specification.field)
    if not field.isidentifier() or "__" in field:
        raise DeclarationError(
            f"The specification {specification} names {field!r}, which is no column of the row itself.",
            hint="Write a function: where=lambda row, user: row.Parent.has(Parent.Column == ...)",
        )
    return ast.Attribute(ast.Name("row", ast.Load()), field, ast.Load())


def _value(value: Any) -> ast.expr:
    if isinstance(value, BindParameter) and value.key.startswith(CLAIM_PREFIX):
        return ast.Attribute(ast.Name("user", ast.Load()), value.key.removeprefix(CLAIM_PREFIX), ast.Load())
    if isinstance(value, list | tuple | set | frozenset):
        return ast.List([_value(each) for each in value], ast.Load())
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    if value is None or isinstance(value, bool | int | float | str):
        return ast.Constant(value)
    raise DeclarationError(f"A specification's value is a {type(value).__name__}; it can be text, a number or a claim.")
