"""Conditions as text: ``row.Price <= user.budget and row.Kind in ['veggie', 'fish']``, parsed and never evaluated.

The grammar is a part of Python's expressions, read with :mod:`ast`::

    test   :=  test and|or test | not test | (test) | and_(test, ...) | or_(test, ...) | not_(test) | True | False
            |  value (== != < <= > >= in, not in, is, is not) value
            |  column.in_([...]) | column.is_(None) | column.like('...') | column.startswith('...')
    value  :=  column | claim | constant | [constant, ...]
    column :=  row.Name
    claim  :=  user.name

What is outside of it is an error that shows the function to write instead. A condition's ``str()`` is its text in one
form: parsing that gives an equal condition.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Boolean, and_, false, not_, or_, true

from rowgate.errors import DeclarationError

__all__ = ["TextCondition", "parse_condition"]

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


@dataclass(frozen=True)
class TextCondition:
    """A condition that was given as text; may be called like one that was given as a function.

    Two are equal where they say the same in the same order.
    """

    text: str
    tree: ast.expr = field(repr=False, compare=False)

    def __call__(self, row: Any, user: Any) -> Any:
        """The expression: of an entity's class and a principal, or the stand-in for one."""
        return _Reader(self.text).read(self.tree, row, user, dry=False)

    def __str__(self) -> str:
        return self.text


def parse_condition(text: str | ast.expr, *, shown: str | None = None) -> TextCondition:
    """Read a condition.

    Args:
        text: in the grammar of this module; or its tree.
        shown: how the author wrote it, for the error, where that was otherwise.

    Raises:
        DeclarationError: it is not Python, or outside of the grammar.
    """
    if isinstance(text, str):
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError) as fault:
            raise _refused(shown or text, f"it is no expression ({fault})") from fault
    else:
        tree = text
    reader = _Reader(shown or ast.unparse(tree))
    try:
        reader.read(tree, None, None, dry=True)
    except (AttributeError, TypeError) as fault:
        raise _refused(reader.text, "a constant stands where a column must") from fault
    except RecursionError as fault:
        raise _refused(reader.text[:100], "it is nested too deeply") from fault
    return TextCondition(ast.unparse(tree), tree)


def _refused(text: str, why: str) -> DeclarationError:
    body = text.replace("{entity_class}", "row").replace("Security.current_user()", "user")
    return DeclarationError(
        f"The filter {text!r} is outside of what string filters may say: {why}.",
        hint=f"Write it as a function: where=lambda row, user: {body}",
    )


class _Nothing:
    """Stands for a column or claim while a text is only being read."""

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
                parts = [_test(again(value)) for value in values]
                return None if dry else (and_ if isinstance(op, ast.And) else or_)(*parts)
            case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=operand):
                part = _test(again(operand))
                return None if dry else not_(part)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return -number
            case ast.BinOp(left=left, op=ast.BitAnd() | ast.BitOr() as op, right=right):
                parts = [_test(again(left)), _test(again(right))]
                return None if dry else (and_ if isinstance(op, ast.BitAnd) else or_)(*parts)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
                return _COMPARISONS[type(op)](again(left), again(right))
            case ast.Constant(value=None | bool() | int() | float() | str() as value):
                return value
            case ast.List(elts=items) | ast.Tuple(elts=items) if all(isinstance(item, ast.Constant) for item in items):
                return [again(item) for item in items]
            case ast.Attribute(value=ast.Name(id="row"), attr=name) if not name.startswith("_"):
                return _Nothing() if dry else getattr(row, name)
            case ast.Attribute(value=ast.Name(id="user"), attr=name) if not name.startswith("_"):
                return _Nothing() if dry else getattr(user, name)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS:
                parts = [_test(again(arg)) for arg in args]
                return None if dry else _FUNCTIONS[name](*parts)
            case ast.Call(func=ast.Attribute(value=column, attr=name), args=[arg], keywords=[]) if name in _METHODS:
                return getattr(again(column), name)(again(arg))
            case _:
                raise _refused(self.text, f"{ast.unparse(node)!r} is not in its grammar")


def _test(part: Any) -> Any:
    """A constant as an expression: ``and_()`` takes no plain True."""
    return (true() if part else false()) if isinstance(part, bool) else part
