"""Cursors: where in a list's order a page ends, so that the next one starts there however the rows change meanwhile.

A cursor holds what the list is sorted by, of one row: values that its reader was sent or could have asked for, since a
hidden column, or a column of a hidden related row, is NULL where it is sorted by. Whoever makes one up asks for nothing
that the filter ``[gt]`` does not answer. So it is not signed; it is read as strictly as any value, and refused where it
was made for another type or another sort.

Its form, which clients need not know: base64url of a JSON list, of a mark of the type and the sort, and then the values
as text, or null.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, Dialect, Float, Numeric, and_, false, literal, or_, true, type_coerce
from sqlalchemy.types import TypeDecorator, TypeEngine

from rowgate.api.json_text import JsonFault, read_json
from rowgate.api.order import Order, SortKey
from rowgate.api.paths import Fault
from rowgate.api.values import ValueFault, clean_text

__all__ = ["mark_of", "read_cursor", "seek", "write_cursor"]

# Digits of a number, beyond which no database goes.
MOST_DIGITS: Final = 400


class _StoredNumber(TypeDecorator[Any]):
    """A NUMERIC as it is stored. SQLite stores a double, and rows are in its order: rounded to the column's decimals
    two different ones would be one."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Float(53) if dialect.name == "sqlite" else Numeric())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return float(value) if value is not None and dialect.name == "sqlite" else value


def mark_of(key: SortKey) -> ColumnElement[Any]:
    """What is selected to know where a row stands."""
    return type_coerce(key.by, _StoredNumber()) if _is_decimal(key) else key.by


def write_cursor(kind: str, order: Order, values: Sequence[Any]) -> str:
    """The cursor of a row.

    Args:
        kind: the type listed.
        order: complete.
        values: the row's, of `mark_of` each key.
    """
    texts = [None if value is None else _text(key, value) for key, value in zip(order, values, strict=True)]
    return base64.urlsafe_b64encode(orjson.dumps([_sign(kind, order), *texts])).decode().rstrip("=")


def read_cursor(text: str, kind: str, order: Order, fault: Fault) -> tuple[Any, ...]:
    """The values that a cursor holds.

    Args:
        text: the cursor.
        kind, order: of the list that it is to be used for.
        fault: of the parameter.

    Raises:
        BadParameter: it is no cursor, or one of another list.
    """
    broken = fault.of("This is no cursor.", hint="Take cursors from the links of a page, as they are.")
    try:
        held = read_json(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, JsonFault, ValueError):
        raise broken from None
    if not isinstance(held, list) or not all(each is None or isinstance(each, str) for each in held) or not held:
        raise broken
    sign, *texts = held
    if sign != _sign(kind, order) or len(texts) != len(order):
        raise fault.of(
            "The cursor was made for another list or another sort.", hint="Send the sort of the page that it came from."
        )
    try:
        return tuple(None if each is None else _value(key, each) for key, each in zip(order, texts, strict=True))
    except (ValueFault, ArithmeticError, ValueError):
        raise broken from None


def seek(order: Order, values: Sequence[Any], *, backwards: bool) -> ColumnElement[bool]:
    """The condition on rows that come after a place, or before it.

    Each key is compared in turn: not before the place, and then either after it or equal and so up to the keys that
    follow. The first comparison stands alone, so that an index serves it.

    Args:
        order: complete.
        values: of the place.
        backwards: whether the rows before it are meant.
    """
    condition: ColumnElement[bool] = false()  # the place itself is not after the place
    for key, value in reversed(list(zip(order, values, strict=True))):
        by, rises = mark_of(key), key.descends is backwards
        reached: ColumnElement[bool]
        past: ColumnElement[bool]
        if value is None:
            # NULL is the lowest: everything else is above it, and nothing below.
            reached, past = (true(), by.is_not(None)) if rises else (by.is_(None), false())
        else:
            at = literal(value, by.type)
            reached, past = (by >= at, by > at) if rises else (by <= at, by < at)
            if not rises and key.nullable:
                reached, past = or_(reached, by.is_(None)), or_(past, by.is_(None))
        condition = and_(reached, or_(past, condition))
    return condition


def _sign(kind: str, order: Order) -> str:
    spelled = kind + "".join(f" {'-' if key.descends else '+'}{key.name}" for key in order)
    return hashlib.sha256(spelled.encode()).hexdigest()[:8]


def _is_number(key: SortKey) -> bool:
    return key.codec.schema.get("type") == "number"


def _is_decimal(key: SortKey) -> bool:
    return _is_number(key) and key.by.type.python_type is Decimal


def _text(key: SortKey, value: Any) -> str:
    # Numbers may be what JSON has no form for: an infinity, or no number.
    return str(value) if _is_number(key) else key.codec.text(value)


def _value(key: SortKey, text: str) -> Any:
    if not _is_number(key):
        return key.codec.read(clean_text(text))
    if not _is_decimal(key):
        return float(text)
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueFault("a number") from None
    if number.is_snan() or (number.is_finite() and (abs(number.adjusted()) > MOST_DIGITS or len(text) > MOST_DIGITS)):
        raise ValueFault("a number that a database holds")
    return number
