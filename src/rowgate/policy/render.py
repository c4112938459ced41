"""A condition in the words of its declaration: ``Client_id == user.client_id (2)`` instead of SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import BindParameter, Column
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import (
    AsBoolean,
    BinaryExpression,
    BooleanClauseList,
    ClauseElement,
    ClauseList,
    False_,
    Grouping,
    Null,
    True_,
    UnaryExpression,
)

__all__ = ["CLAIM_PREFIX", "condition_text"]

CLAIM_PREFIX = "rowgate_"

_SYMBOLS: Mapping[Callable[..., Any], str] = {
    operators.eq: "==",
    operators.ne: "!=",
    operators.lt: "<",
    operators.le: "<=",
    operators.gt: ">",
    operators.ge: ">=",
    operators.in_op: "in",
    operators.not_in_op: "not in",
    operators.is_: "is",
    operators.is_not: "is not",
    operators.like_op: "like",
    operators.not_like_op: "not like",
    operators.ilike_op: "ilike",
    operators.not_ilike_op: "not ilike",
    operators.add: "+",
    operators.sub: "-",
    operators.mul: "*",
    operators.truediv: "/",
    operators.concat_op: "+",
}


def condition_text(expression: ClauseElement, values: Mapping[str, object] | None = None) -> str:
    """Render a condition.

    Args:
        expression: the SQL expression of a declaration.
        values: the principal's claims by name; each is shown behind its first use in parentheses.

    Returns:
        One line. An element without a form of its own is shown as SQL.
    """
    return _Text(values or {}).of(expression)


class _Text:
    def __init__(self, values: Mapping[str, object]) -> None:
        self.values = values

    def of(self, element: ClauseElement) -> str:
        match element:
            case BindParameter():
                return self.parameter(element)
            case Column():
                return element.name
            case BinaryExpression() if element.operator in _SYMBOLS:
                return f"{self.of(element.left)} {_SYMBOLS[element.operator]} {self.of(element.right)}"
            case BooleanClauseList():
                word = " | " if element.operator is operators.or_ else " & "
                return word.join(self.of(clause) for clause in element.clauses)
            case ClauseList():
                return ", ".join(self.of(clause) for clause in element.clauses)
            case Grouping():
                return f"({self.of(element.element)})"
            case AsBoolean():
                negated = element.operator is operators.is_false
                return ("not " if negated else "") + self.of(element.element)
            case UnaryExpression() if element.operator is operators.inv:
                return f"not {self.of(element.element)}"
            case Null():
                return "None"
            case True_():
                return "True"
            case False_():
                return "False"
            case _:
                return " ".join(str(element).split())

    def parameter(self, parameter: BindParameter[Any]) -> str:
        if not parameter.key.startswith(CLAIM_PREFIX):
            return repr(parameter.value)
        name = parameter.key.removeprefix(CLAIM_PREFIX)
        shown = f"user.{name}"
        return f"{shown} ({self.values[name]!r})" if name in self.values else shown
