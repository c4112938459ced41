"""A condition tried on an object in memory, in SQL's three-valued logic: True, False, or None for unknown.

Only what every supported database answers alike can be answered here too: comparisons of columns, claims and constants,
IN, IS, BETWEEN, AND, OR, NOT. What depends on a collation (LIKE, the order of texts), reads other rows, or calls a
function is left to the database, and says so.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, TypeAlias

from sqlalchemy import BindParameter, Column
from sqlalchemy import types as sa
from sqlalchemy.orm import Mapper
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import (
    AsBoolean,
    BinaryExpression,
    BooleanClauseList,
    ClauseElement,
    ExpressionClauseList,
    False_,
    Grouping,
    Null,
    True_,
    UnaryExpression,
)

from rowgate.errors import DeclarationError
from rowgate.mapped import mapper_of
from rowgate.policy.render import condition_text

__all__ = ["Truth", "predicate"]

Truth: TypeAlias = Callable[[object, Mapping[str, object]], "bool | None"]
"""Of an object and the values of the condition's parameters."""

_Value: TypeAlias = Callable[[object, Mapping[str, object]], Any]

_EQUALITY: Final = {operators.eq: operator.eq, operators.ne: operator.ne}
_ORDER: Final = {
    operators.lt: operator.lt,
    operators.le: operator.le,
    operators.gt: operator.gt,
    operators.ge: operator.ge,
}
# Values of these have the same equality in Python as in the databases; those of the second line the same order too.
_COMPARABLE: Final = (sa.Boolean, sa.Enum, sa.Uuid, sa.String)
_ORDERED: Final = (sa.Integer, sa.Numeric, sa.Float, sa.Date, sa.DateTime, sa.Time)


def predicate(expression: ClauseElement, entity: type) -> Truth:
    """The predicate that a condition on the rows of an entity is.

    Raises:
        DeclarationError: it holds something that only the database can answer; names it.
    """
    return _Compiler(mapper_of(entity)).test(expression)


class _Compiler:
    def __init__(self, mapper: Mapper[Any]) -> None:
        self._mapper = mapper

    def test(self, element: ClauseElement) -> Truth:
        match element:
            case Grouping():
                return self.test(element.element)
            case BooleanClauseList() if element.operator is operators.and_:
                return _all([self.test(each) for each in element.clauses])
            case BooleanClauseList() if element.operator is operators.or_:
                return _any([self.test(each) for each in element.clauses])
            case UnaryExpression() if element.operator is operators.inv:
                return _not(self.test(element.element))
            case AsBoolean():
                inner = self.test(element.element)
                return _not(inner) if element.operator is operators.is_false else inner
            case True_():
                return lambda obj, values: True
            case False_():
                return lambda obj, values: False
            case BinaryExpression():
                return self._comparison(element)
            case Column() if isinstance(element.type, sa.Boolean):
                return self.value(element)
            case BindParameter() if isinstance(element.type, sa.Boolean):
                return self.value(element)
        raise _beyond(element)

    def value(self, element: ClauseElement) -> _Value:
        match element:
            case Grouping():
                return self.value(element.element)
            case Column() if self._mapper.local_table is element.table:
                _refuse_unlike(element)
                name = self._mapper.get_property_by_column(element).key
                return lambda obj, values: getattr(obj, name)
            case BindParameter():
                key, known = element.key, element.value
                return lambda obj, values: values.get(key, known)
            case Null():
                return lambda obj, values: None
            case True_() | False_():
                said = isinstance(element, True_)
                return lambda obj, values: said
            case ExpressionClauseList():
                parts = [self.value(each) for each in element.clauses]
                return lambda obj, values: [part(obj, values) for part in parts]
        raise _beyond(element)

    def _comparison(self, element: BinaryExpression[Any]) -> Truth:
        sign = element.operator
        left, right = self.value(element.left), self._right(element)
        if sign in (operators.is_, operators.is_not):
            return _is(left, right, negated=sign is operators.is_not)
        if sign in (operators.in_op, operators.not_in_op):
            found = _in(left, right)
            return _not(found) if sign is operators.not_in_op else found
        if sign in (operators.between_op, operators.not_between_op):
            _refuse_unordered(element)
            between = _between(left, right)
            return _not(between) if sign is operators.not_between_op else between
        if sign in _EQUALITY:
            return _compared(_EQUALITY[sign], left, right)
        if sign in _ORDER:
            _refuse_unordered(element)
            return _compared(_ORDER[sign], left, right)
        raise _beyond(element)

    def _right(self, element: BinaryExpression[Any]) -> _Value:
        if element.operator in (operators.between_op, operators.not_between_op):
            clauses = [self.value(each) for each in getattr(element.right, "clauses", ())]
            return lambda obj, values: [clause(obj, values) for clause in clauses]
        return self.value(element.right)


def _refuse_unlike(column: Column[Any]) -> None:
    """A type of the project's own compares as its author likes; what it does in the database is not known here."""
    kind = column.type
    # CHAR is padded in one database and not in the other; SQLite forgets a time's zone.
    unlike = isinstance(kind, sa.TypeDecorator | sa.CHAR) or bool(getattr(kind, "timezone", False))
    if unlike or not isinstance(kind, (*_COMPARABLE, *_ORDERED)):
        raise _beyond(column)


def _refuse_unordered(element: BinaryExpression[Any]) -> None:
    if not isinstance(element.left.type, _ORDERED):
        raise _beyond(element)


def _beyond(element: ClauseElement) -> DeclarationError:
    return DeclarationError(
        f"Whether {condition_text(element)!r} holds can only be told by the database.",
        hint="Use authorization.condition(Entity) in a statement, in place of authorization.allows(obj).",
    )


# --- three-valued logic ------------------------------------------------------------------------------------------


def _all(parts: Iterable[Truth]) -> Truth:
    kept = list(parts)

    def truth(obj: object, values: Mapping[str, object]) -> bool | None:
        found = [part(obj, values) for part in kept]
        return False if False in found else None if None in found else True

    return truth


def _any(parts: Iterable[Truth]) -> Truth:
    kept = list(parts)

    def truth(obj: object, values: Mapping[str, object]) -> bool | None:
        found = [part(obj, values) for part in kept]
        return True if True in found else None if None in found else False

    return truth


def _not(part: Truth) -> Truth:
    def truth(obj: object, values: Mapping[str, object]) -> bool | None:
        found = part(obj, values)
        return None if found is None else not found

    return truth


def _is(left: _Value, right: _Value, *, negated: bool) -> Truth:
    def truth(obj: object, values: Mapping[str, object]) -> bool | None:
        one, other = left(obj, values), right(obj, values)
        same = other is None if one is None else other is not None and bool(_same(one, other))
        return same is not negated

    return truth


def _in(left: _Value, right: _Value) -> Truth:
    def truth(obj: object, values: Mapping[str, object]) -> bool | None:
        value, among = left(obj, values), list(right(obj, values))
        if not among:
            return False  # also for NULL
        if value is None:
            return None
        if any(each is not None and _same(value, each) for each in among):
            return True
        return None if None in among else False

    return truth


def _between(left: _Value, right: _Value) -> Truth:
    def truth(obj: object, values: Mapping[str, object]) -> bool | None:
        value, (low, high) = left(obj, values), right(obj, values)
        above = None if value is None or low is None else bool(_by(operator.ge, value, low))
        below = None if value is None or high is None else bool(_by(operator.le, value, high))
        return False if False in (above, below) else None if None in (above, below) else True

    return truth


def _compared(sign: Callable[[Any, Any], Any], left: _Value, right: _Value) -> Truth:
    def truth(obj: object, values: Mapping[str, object]) -> bool | None:
        one, other = left(obj, values), right(obj, values)
        return None if one is None or other is None else bool(_by(sign, one, other))

    return truth


def _same(one: Any, other: Any) -> bool:
    return bool(_by(operator.eq, one, other))


def _by(sign: Callable[[Any, Any], Any], one: Any, other: Any) -> Any:
    # A database compares a decimal with a double as doubles; Python would find 0.1 and Decimal("0.1") to differ.
    if isinstance(one, float) and isinstance(other, Decimal):
        other = float(other)
    elif isinstance(one, Decimal) and isinstance(other, float):
        one = float(one)
    return sign(one, other)
