"""JSON read strictly and written exactly.

Reading keeps numbers exact (Decimal), and refuses what other readers would understand differently: members given twice,
NaN, text that is not UTF-8, nesting without end.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn

import orjson

from rowgate.api.values import Json

__all__ = ["DEEPEST", "JsonFault", "read_json", "write_json"]

DEEPEST: Final = 64
"""Levels of nesting that a document may have."""


class JsonFault(ValueError):
    """Text that is not JSON, or not JSON that everybody understands alike; says what is wrong."""


def read_json(text: str | bytes) -> Json:
    """Read one JSON value; numbers with a fraction or an exponent become Decimal.

    Raises:
        JsonFault: it is not sound JSON.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        value = json.loads(text, parse_float=_number, parse_constant=_no_constant, object_pairs_hook=_object)
    except JsonFault:
        raise
    except UnicodeDecodeError:
        raise JsonFault("It is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise JsonFault(f"It is not JSON: line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise JsonFault(f"It is nested more than {DEEPEST} levels deep.") from None
    except ValueError:  # a whole number of thousands of digits
        raise JsonFault("It holds a number with too many digits.") from None
    _check_depth(value)
    return value


def write_json(value: Json) -> bytes:
    """Write a value as JSON."""
    return orjson.dumps(value)


def _number(text: str) -> Decimal:
    if len(text) > 1000:
        raise JsonFault("It holds a number with too many digits.")
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent of twenty digits, say
        raise JsonFault("It holds a number that is too large.") from None


def _no_constant(name: str) -> NoReturn:
    raise JsonFault(f"{name} is not JSON.")


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise JsonFault("An object has a member twice.")
    return made


def _check_depth(value: Json) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return
    raise JsonFault(f"It is nested more than {DEEPEST} levels deep.")
