"""String filters, parsed and never evaluated: ``'{entity_class}.Client_id == Security.current_user().client_id'``.

What is outside of the grammar below is an error that shows the function to write instead::

    test   :=  test and|or test | not test | (test) | and_(test, ...) | or_(test, ...) | not_(test)
            |  value (== != < <= > >= in, not in) value | column.in_([...]) | column.is_(None) | column.like('...')
    value  :=  column | claim | constant | [constant, ...]
    column :=  {entity_class}.Name
    claim  :=  Security.current_user().name
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Boolean, and_, not_, or_

from rowgate.errors import DeclarationError

__all__ = ["parse_filter"]

_ENTITY = "entity_class"
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: lambda left, right: left == _like(left, right),
    ast.NotEq: lambda left, right: left != _like(left, right),
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda column, values: column.in_(values),
    ast.NotIn: lambda column, values: column.not_in(values),
    ast.Is: lambda column, value: column.is_(value),
    ast.IsNot: lambda column, value: column.is_not(value),
}
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {"and_": and_, "or_": or_, "not_": not_}
_METHODS = frozenset({"in_", "not_in", "notin_", "is_", "is_not", "isnot", "like", "ilike", "startswith"})


def _like(column: Any, value: Any) -> Any:
    """A constant in the column's own type: ApiLogicServer's files compare booleans with 0 and 1."""
    is_boolean = isinstance(getattr(column, "type", None), Boolean)
    return bool(value) if is_boolean and value in (0, 1) else value


def parse_filter(text: str) -> Callable[[Any, Any], Any]:
    """Read a string filter.

    Args:
        text: the filter, with ``{entity_class}`` for the entity.

    Returns:
        The condition it means: ``(entity class, principal) -> expression``.

    Raises:
        DeclarationError: it is not Python, or outside of the grammar.
    """
    try:
        tree = ast.parse(text.replace("{entity_class}", _ENTITY).strip(), mode="eval")
    except SyntaxError as fault:
        raise _refused(text, f"it is no expression ({fault.msg})") from fault
    reader = _Reader(text)
    try:
        reader.read(tree.body, None, None, dry=True)
    except (AttributeError, TypeError) as fault:
        raise _refused(text, "a constant stands where a column must") from fault
    return lambda row, user: reader.read(tree.body, row, user, dry=False)


def _refused(text: str, why: str) -> DeclarationError:
    body = text.replace("{entity_class}", "row").replace("Security.current_user()", "user")
    return DeclarationError(
        f"The filter {text!r} is outside of what string filters may say: {why}.",
        hint=f"Write it as a function: where=lambda row, user: {body}",
    )


class _Nothing:
    """Stands for a column or claim while a filter is only being read."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: self

    def _same(self, _: object) -> Any:
        return self

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _same
    __hash__ = object.__hash__


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text

    def read(self, node: ast.expr, row: Any, user: Any, *, dry: bool) -> Any:
        def again(part: ast.expr) -> Any:
            return self.read(part, row, user, dry=dry)

        match node:
            case ast.BoolOp(op=op, values=values):
                parts = [again(value) for value in values]
                return None if dry else (and_ if isinstance(op, ast.And) else or_)(*parts)
            case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=operand):
                part = again(operand)
                return None if dry else not_(part)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return -number
            case ast.BinOp(left=left, op=ast.BitAnd() | ast.BitOr() as op, right=right):
                parts = [again(left), again(right)]
                return None if dry else (and_ if isinstance(op, ast.BitAnd) else or_)(*parts)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
                return _COMPARISONS[type(op)](again(left), again(right))
            case ast.Constant(value=None | bool() | int() | float() | str() as value):
                return value
            case ast.List(elts=items) | ast.Tuple(elts=items) if all(isinstance(item, ast.Constant) for item in items):
                return [again(item) for item in items]
            case ast.Attribute(value=ast.Name(id="entity_class"), attr=name) if not name.startswith("_"):
                return _Nothing() if dry else getattr(row, name)
            case ast.Attribute(value=ast.Call(func=function, args=[], keywords=[]), attr=name) if _is_user(function):
                return _Nothing() if dry else getattr(user, name)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS:
                parts = [again(arg) for arg in args]
                return None if dry else _FUNCTIONS[name](*parts)
            case ast.Call(func=ast.Attribute(value=column, attr=name), args=[arg], keywords=[]) if name in _METHODS:
                return getattr(again(column), name)(again(arg))
            case _:
                raise _refused(self.text, f"{ast.unparse(node)!r} is not in its grammar")


def _is_user(function: ast.expr) -> bool:
    return ast.unparse(function) == "Security.current_user"
