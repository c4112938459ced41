"""The values of attributes: what JSON holds for each column type, and the Python value it stands for.

Reading is strict: a value is taken only where it is exactly what its column can hold, on every database. NUMERIC values
are JSON numbers with all their decimals (RFC 8259 puts no limit on a number's digits), dates are ISO 8601 (RFC 3339).
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import enum
import math
import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from decimal import Context, Decimal
from typing import Any, Final

import orjson
from sqlalchemy import types as sa

from rowgate.api.codec import Codec, Json, ValueFault, clean_text
from rowgate.api.dialect_values import DIALECT_CODECS, array_codec
from rowgate.errors import DeclarationError

__all__ = ["INT_64", "Codec", "Json", "ValueFault", "clean_text", "codec_for"]

INT_32: Final = 2**31 - 1
INT_64: Final = 2**63 - 1
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})")
# The default context would round a NUMERIC of more than 28 digits.
_WIDE: Final = Context(prec=2000)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def codec_for(kind: sa.TypeEngine[Any], *, name: str) -> Codec:
    """The codec of a column's type.

    Args:
        kind: the type.
        name: of the column, for the error.

    Raises:
        DeclarationError: JSON has no form for the type.
    """
    # A decorated type is taken for what is beneath; these two hold values of another kind than that.
    decorated = isinstance(kind, sa.TypeDecorator)
    while isinstance(kind, sa.TypeDecorator) and not isinstance(kind, sa.Interval | sa.PickleType):
        kind = kind.impl_instance
    if isinstance(kind, sa.ARRAY):
        return array_codec(codec_for(kind.item_type, name=name), dimensions=kind.dimensions)
    for types, make in (*DIALECT_CODECS, *_CODECS):
        if isinstance(kind, types):
            # What a decorator makes of a value may be of any class.
            return replace(make(kind), is_native=False) if decorated else make(kind)
    raise DeclarationError(
        f"{name} has the type {kind!r}, for which the API has no JSON form.",
        hint="Map the column with another type.",
    )


# --- one function a type ----------------------------------------------------------------------------------------


def _boolean(_kind: Any) -> Codec:
    words = {"true": True, "1": True, "false": False, "0": False}

    def parse(value: Json) -> bool:
        if isinstance(value, bool):
            return value
        raise ValueFault("true or false")

    def read(text: str) -> bool:
        if text.lower() in words:
            return words[text.lower()]
        raise ValueFault("true or false")

    return Codec(bool, parse, read, {"type": "boolean"}, is_ordered=False, is_native=True)


def _integer(kind: Any) -> Codec:
    most = 2**15 - 1 if isinstance(kind, sa.SmallInteger) else INT_64 if isinstance(kind, sa.BigInteger) else INT_32
    takes = f"a whole number from {-most - 1} to {most}"

    def parse(value: Json) -> int:
        if isinstance(value, Decimal) and value == value.to_integral_value() and abs(value) <= INT_64:
            value = int(value)  # JSON knows one kind of number: 10.0 is 10
        if isinstance(value, int) and not isinstance(value, bool) and -most - 1 <= value <= most:
            return value
        raise ValueFault(takes)

    def read(text: str) -> int:
        if _INTEGER.fullmatch(text):
            return parse(int(text))
        raise ValueFault(takes)

    return Codec(int, parse, read, {"type": "integer", "minimum": -most - 1, "maximum": most}, is_native=True)


def _number(kind: Any) -> Codec:
    if not kind.asdecimal:
        return _float(kind)
    scale, precision = kind.scale, kind.precision
    largest = Decimal(10) ** (precision - (scale or 0)) if precision else None
    decimals = f" with at most {scale} decimals" if scale is not None else ""
    takes = f"a number{decimals}" + (f" below {largest}" if largest is not None else "")

    def parse(value: Json) -> Decimal:
        if isinstance(value, str):  # ApiLogicServer's clients send decimals as text too
            return read(value)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise ValueFault(takes)
        number = Decimal(value)
        if not number.is_finite() or abs(number.adjusted()) > 400:
            raise ValueFault(takes)
        if largest is not None and number.copy_abs() >= largest:  # abs() would round
            raise ValueFault(takes)
        if scale is not None:
            rounded = number.quantize(Decimal(1).scaleb(-scale), context=_WIDE)
            if rounded != number:
                raise ValueFault(takes)
            number = rounded
        return number

    def read(text: str) -> Decimal:
        if not re.fullmatch(r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?", text):
            raise ValueFault(takes)
        return parse(Decimal(text))

    def dump(value: Any) -> Json:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
        if not number.is_finite():
            return None
        text = str(number)  # much faster than a format, which is for very large and very small ones
        return orjson.Fragment(text if "E" not in text else format(number, "f"))

    return Codec(dump, parse, read, {"type": "number"})


def _float(_kind: Any) -> Codec:
    def parse(value: Json) -> float:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise ValueFault("a number")
        return _finite(value)

    def read(text: str) -> float:
        if not re.fullmatch(r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?", text):
            raise ValueFault("a number")
        return parse(Decimal(text))

    return Codec(float, parse, read, {"type": "number"}, is_native=True)


def _finite(value: int | Decimal) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if math.isinf(number):
        raise ValueFault("a number that a double can hold")
    return number


def _string(kind: Any) -> Codec:
    longest = kind.length

    def read(text: str) -> str:
        return clean_text(text)

    def parse(value: Json) -> str:
        if not isinstance(value, str):
            raise ValueFault("text")
        if longest is not None and len(value) > longest:
            raise ValueFault(f"text of at most {longest} characters")
        return clean_text(value)

    schema: dict[str, Json] = {"type": "string"}
    if longest is not None:
        schema["maxLength"] = longest
    return Codec(str, parse, read, schema, is_text=True, is_native=True)


def _enumeration(kind: Any) -> Codec:
    names = list(kind.enums)
    takes = "one of " + ", ".join(names)

    def parse(value: Json) -> Any:
        if isinstance(value, str) and value in names:
            return kind.enum_class[value] if kind.enum_class else value
        raise ValueFault(takes)

    def dump(value: Any) -> str:
        return value.name if isinstance(value, enum.Enum) else str(value)

    return Codec(dump, parse, parse, {"type": "string", "enum": names}, is_ordered=False)


def _date(_kind: Any) -> Codec:
    takes = "a date such as 2024-05-31"

    def parse(value: Json) -> dt.date:
        if isinstance(value, str) and _DATE.match(value):
            try:
                if _DATE.fullmatch(value):
                    return dt.date.fromisoformat(value)
                # Clients that know only one date type send midnight; anything later in the day would be lost.
                moment = dt.datetime.fromisoformat(value)
                if moment.tzinfo is None and moment.time() == dt.time():
                    return moment.date()
            except ValueError:
                pass
        raise ValueFault(takes)

    return Codec(dt.date.isoformat, parse, parse, {"type": "string", "format": "date"}, is_native=True)


def _moment(kind: Any) -> Codec:
    zoned = bool(kind.timezone)
    takes = f"a date and time such as 2024-05-31T16:00:00{'+02:00' if zoned else ''}"

    def parse(value: Json) -> dt.datetime:
        if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d|$)", value):
            try:
                moment = dt.datetime.fromisoformat(value)
                if zoned:
                    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
                # A column without a zone holds UTC.
                return moment.astimezone(dt.UTC).replace(tzinfo=None) if moment.tzinfo else moment
            except (ValueError, OverflowError):
                pass
        raise ValueFault(takes)

    schema = {"type": "string", "format": "date-time"}
    # Some zones of long ago were seconds off, which orjson rounds.
    return Codec(lambda value: value.isoformat(), parse, parse, schema, is_native=not zoned)


def _time(kind: Any) -> Codec:
    zoned = bool(kind.timezone)
    offset = r"(Z|[+-]\d\d:\d\d(:\d\d)?)?" if zoned else ""

    def parse(value: Json) -> dt.time:
        if isinstance(value, str) and re.fullmatch(rf"\d\d:\d\d(:\d\d(\.\d{{1,6}})?)?{offset}", value):
            try:
                made = dt.time.fromisoformat(value)
                return made.replace(tzinfo=dt.UTC) if zoned and made.tzinfo is None else made
            except ValueError:
                pass
        raise ValueFault(f"a time such as 16:00:00{'+02:00' if zoned else ''}")

    # Never native: orjson 3.13 writes a hundredth of a second as 00:00:00.10000.
    return Codec(dt.time.isoformat, parse, parse, {"type": "string", "format": "time"})


def _uuid(kind: Any) -> Codec:
    def parse(value: Json) -> Any:
        if isinstance(value, str) and re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", value):
            return uuid.UUID(value) if kind.as_uuid else value.lower()
        raise ValueFault("a UUID")

    schema = {"type": "string", "format": "uuid"}
    return Codec(lambda value: str(value).lower(), parse, parse, schema, is_native=kind.as_uuid)


def _binary(_kind: Any) -> Codec:
    def parse(value: Json) -> bytes:
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise ValueFault("bytes in base64") from None

    def dump(value: bytes) -> str:
        return base64.b64encode(value).decode()

    return Codec(dump, parse, parse, {"type": "string", "contentEncoding": "base64"}, is_ordered=False)


def _json(_kind: Any) -> Codec:
    def parse(value: Json) -> Any:
        return _plain(value)

    def read(_text: str) -> Any:
        raise ValueFault("no text: it holds JSON")

    return Codec(lambda value: value, parse, read, {}, is_ordered=False, is_comparable=False, is_native=True)


def _plain(value: Json) -> Any:
    match value:
        case str():
            return clean_text(value)
        case bool() | None:
            return value
        case int() if abs(value) > INT_64:
            raise ValueFault("whole numbers of at most 64 bits")
        case Decimal():
            return _finite(value)
        case list():
            return [_plain(each) for each in value]
        case dict():
            return {clean_text(key): _plain(each) for key, each in value.items()}
        case _:
            return value


_CODECS: tuple[tuple[Any, Callable[[Any], Codec]], ...] = (
    (sa.Boolean, _boolean),
    (sa.Enum, _enumeration),
    (sa.Integer, _integer),
    (sa.Float, _float),
    (sa.Numeric, _number),
    (sa.DateTime, _moment),
    (sa.Date, _date),
    (sa.Time, _time),
    (sa.Uuid, _uuid),
    (sa.LargeBinary | sa.BINARY | sa.VARBINARY, _binary),
    (sa.JSON, _json),
    (sa.String, _string),
)
