"""Turns the JSON values of a caveat's context into the values its parameters' types say, or says why they are none.

The conversions are SpiceDB's: numbers may come as texts, timestamps are RFC 3339, durations Go's (``1h30m``), bytes
base64. Source: https://authzed.com/docs/spicedb/concepts/caveats#parameter-types.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from rowgate.errors import RelationshipRefused
from rowgate.zed.model import Caveat, ParameterType
from rowgate.zed.source import nearest

__all__ = ["convert", "convert_context", "duration", "timestamp"]

_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")
_DURATION = re.compile(r"[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)")
_DURATION_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_MICROSECONDS = {"ns": 0.001, "us": 1, "µs": 1, "μs": 1, "ms": 1e3, "s": 1e6, "m": 6e7, "h": 3.6e9}
_WORDS = {bool: "a bool", str: "a text", list: "a list", dict: "a map", type(None): "null"}


def timestamp(text: str) -> datetime:
    """The moment that an RFC 3339 text states, in UTC; fractions beyond microseconds are cut off.

    Raises:
        ValueError: it is no such text.
    """
    if not _TIMESTAMP.fullmatch(text):
        raise ValueError("not an RFC 3339 timestamp such as 2030-01-31T12:00:00Z")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError:
        raise ValueError("not between the years 1 and 9999") from None


def duration(text: str) -> timedelta:
    """The time that a text in Go's notation states: ``1h30m``, ``-1.5s``, ``300ms``; to the microsecond.

    Raises:
        ValueError: it is no such text.
    """
    if not _DURATION.fullmatch(text):
        raise ValueError("not a duration such as 1h30m")
    total = sum(Decimal(number) * Decimal(str(_MICROSECONDS[unit])) for number, unit in _DURATION_PART.findall(text))
    try:
        return timedelta(microseconds=int(total)) * (-1 if text.startswith("-") else 1)
    except OverflowError:
        raise ValueError("longer than 999999999 days") from None


def convert_context(caveat: Caveat, context: Mapping[str, object]) -> dict[str, object]:
    """The context of a relationship or request as values of the types that a caveat's parameters have.

    Args:
        caveat: the caveat.
        context: JSON values by the parameters' names; some may be missing.

    Raises:
        RelationshipRefused: a name is no parameter, or a value not of its type.
    """
    values: dict[str, object] = {}
    for name, value in context.items():
        kind = caveat.types.get(name)
        if kind is None:
            hint = nearest(name, caveat.types) or f"There are {', '.join(caveat.types)}."
            raise RelationshipRefused(f"Caveat `{caveat.name}` has no parameter `{name}`.", hint=hint)
        try:
            values[name] = convert(kind, value)
        except ValueError as error:
            detail = f"Parameter `{name}` of caveat `{caveat.name}` takes {kind}: {error}."
            raise RelationshipRefused(detail, hint="Nothing was written. Give a value of the type.") from None
    return values


def convert(kind: ParameterType, value: object) -> object:
    """One JSON value as a value of a parameter's type.

    Returns:
        int, float, bool, str, bytes, datetime (in UTC), timedelta, IPv4Address or IPv6Address; list or dict of such.

    Raises:
        ValueError: the value is not of the type; the text says how, without the value.
    """
    if kind.name == "any":
        return value
    if kind.name == "list":
        if not isinstance(value, list | tuple):
            raise ValueError(f"found {_word(value)}")
        return [convert(kind.arguments[0], item) for item in value]
    if kind.name == "map":
        if not isinstance(value, Mapping):
            raise ValueError(f"found {_word(value)}")
        return {str(key): convert(kind.arguments[0], item) for key, item in value.items()}
    if kind.name == "bool":
        if not isinstance(value, bool):
            raise ValueError(f"found {_word(value)}")
        return value
    return _number(kind.name, value) if kind.name in ("int", "uint", "double") else _text(kind.name, value)


def _word(value: object) -> str:
    return _WORDS.get(type(value), "a number" if isinstance(value, int | float) else "something else")


def _number(kind: str, value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"found {_word(value)}")  # noqa: TRY004 - one kind of error for all that does not convert
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("found a text that is no number") from None
    if not number.is_finite():
        raise ValueError("found no finite number")
    if kind == "double":
        return float(number)
    low, high = (0, 2**64 - 1) if kind == "uint" else (-(2**63), 2**63 - 1)
    # The size comes first: the integer of a number such as 1e999999999 would fill the memory.
    if not low <= number <= high or math.trunc(number) != number:
        raise ValueError(f"found a number that is none of the integers from {low} to {high}")
    return int(number)


def _text(kind: str, value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(f"found {_word(value)}")  # noqa: TRY004 - as above
    if kind == "bytes":
        try:
            return base64.b64decode(value, validate=True)
        except binascii.Error:
            raise ValueError("found a text that is not base64") from None
    if kind == "ipaddress":
        try:
            return ipaddress.ip_address(value)
        except ValueError:
            raise ValueError("found a text that is no IP address") from None
    if kind == "timestamp":
        return timestamp(value)
    return duration(value) if kind == "duration" else value
