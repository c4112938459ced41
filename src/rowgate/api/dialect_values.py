"""The values of column types that not every database has: arrays, intervals, network addresses, bits, sets."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import types as sa
from sqlalchemy.dialects import mysql, postgresql

from rowgate.api.codec import Codec, Json, ValueFault

__all__ = ["DIALECT_CODECS", "array_codec"]

_DURATION: Final = re.compile(
    r"(?P<sign>-)?P(?:(?P<days>\d{1,9})D)?(?:T(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?"
    r"(?:(?P<seconds>\d{1,9})(?:\.(?P<fraction>\d{1,6}))?S)?)?"
)


def array_codec(item: Codec, *, dimensions: int | None) -> Codec:
    """The codec of an array: a JSON list, of lists where it has several dimensions. It is no filter and no order.

    Args:
        item: of the members, each of which may be null.
        dimensions: how deep the lists are; None where the database does not say.
    """
    takes = "a list" if dimensions in (None, 1) else f"lists in lists, {dimensions} deep"

    def parse(value: Json, left: int | None = dimensions) -> list[Any]:
        if not isinstance(value, list):
            raise ValueFault(takes)
        nested = left > 1 if left is not None else any(isinstance(each, list) for each in value)
        if not nested:
            return [None if each is None else item.parse(each) for each in value]
        made = [parse(each, None if left is None else left - 1) for each in value]
        if len({len(each) for each in made}) > 1:
            raise ValueFault(f"{takes}, those within of one length")
        return made

    def dump(value: Any) -> Json:
        return [dump(each) if isinstance(each, list) else None if each is None else item.dump(each) for each in value]

    def read(_text: str) -> Any:
        raise ValueFault("no text: it holds a list")

    schema: dict[str, Json] = {**item.schema}
    if "type" in schema:
        schema["type"] = [schema["type"], "null"]
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    if dimensions is None:
        schema = {"anyOf": [schema, {"type": "array"}]}
    for _ in range(dimensions or 1):
        schema = {"type": "array", "items": schema}
    return Codec(dump, lambda value: parse(value), read, schema, is_ordered=False, is_comparable=False)


def _interval(_kind: Any) -> Codec:
    def parse(value: Json) -> dt.timedelta:
        match = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if match and any(match[name] for name in ("days", "hours", "minutes", "seconds")):
            parts = {name: int(match[name] or 0) for name in ("days", "hours", "minutes", "seconds")}
            try:
                made = dt.timedelta(**parts, microseconds=int((match["fraction"] or "").ljust(6, "0")))
            except OverflowError:
                raise ValueFault("a shorter duration") from None
            return -made if match["sign"] else made
        raise ValueFault("a duration such as P1DT2H30M")

    def dump(value: dt.timedelta) -> str:
        sign, span = ("-", -value) if value < dt.timedelta() else ("", value)
        minutes, seconds = divmod(span.seconds, 60)
        hours, minutes = divmod(minutes, 60)
        fraction = f".{span.microseconds:06d}".rstrip("0") if span.microseconds else ""
        days = f"{span.days}D" if span.days else ""
        clock = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M")) if count)
        clock += f"{seconds}{fraction}S" if seconds or fraction or not (days or clock) else ""
        return f"{sign}P{days}{'T' + clock if clock else ''}"

    return Codec(dump, parse, parse, {"type": "string", "format": "duration"})


def _address(make: Callable[[str], object], example: str) -> Callable[[Any], Codec]:
    def codec(_kind: Any) -> Codec:
        def parse(value: Json) -> str:
            try:
                if isinstance(value, str):
                    return str(make(value))
            except ValueError:
                pass
            raise ValueFault(f"an address such as {example}")

        return Codec(str, parse, parse, {"type": "string"})

    return codec


def _host(value: str) -> object:
    made = ipaddress.ip_interface(value)
    return made if made.network.num_addresses > 1 else made.ip


def _hardware_address(value: str) -> str:
    digits = re.sub(r"[:.-]", "", value)
    if not re.fullmatch(r"[0-9a-fA-F]{12}|[0-9a-fA-F]{16}", digits):
        raise ValueError(value)
    return ":".join(re.findall("..", digits.lower()))


def _bits(kind: Any) -> Codec:
    """PostgreSQL's: a text of 0 and 1."""
    least = 0 if kind.varying else kind.length or 1
    most = kind.length or (1 if not kind.varying else 10_000_000)

    def parse(value: Json) -> str:
        if isinstance(value, str) and re.fullmatch("[01]*", value) and least <= len(value) <= most:
            return value
        raise ValueFault(f"{most} bits such as {'10' * (min(most, 8) // 2) or '1'}")

    return Codec(str, parse, parse, {"type": "string", "pattern": "^[01]*$"}, is_ordered=False)


def _whole(least: int, most: int) -> Callable[[Any], Codec]:
    def codec(_kind: Any) -> Codec:
        takes = f"a whole number from {least} to {most}"

        def parse(value: Json) -> int:
            if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
                return value
            raise ValueFault(takes)

        def read(text: str) -> int:
            if re.fullmatch(r"-?(0|[1-9][0-9]{0,19})", text):
                return parse(int(text))
            raise ValueFault(takes)

        schema = {"type": "integer", "minimum": least, "maximum": most}
        return Codec(int, parse, read, schema, is_native=most < 2**63)

    return codec


def _mysql_bits(kind: Any) -> Codec:
    """MariaDB's: a whole number."""
    return _whole(0, 2 ** (kind.length or 1) - 1)(kind)


def _mysql_whole(kind: Any) -> Codec:
    size = next(size for types, size in _SIZES if isinstance(kind, types))
    if getattr(kind, "unsigned", False):
        return _whole(0, 2**size - 1)(kind)
    return _whole(-(2 ** (size - 1)), 2 ** (size - 1) - 1)(kind)


_SIZES: Final[tuple[tuple[type[Any], int], ...]] = (
    (mysql.TINYINT, 8),
    (mysql.SMALLINT, 16),
    (mysql.MEDIUMINT, 24),
    (mysql.BIGINT, 64),
    (mysql.INTEGER, 32),
)


def _members(kind: Any) -> Codec:
    """MariaDB's SET: a list of some of its members, in its order."""
    members = list(kind.values)

    def parse(value: Json) -> set[str]:
        if isinstance(value, list) and all(isinstance(each, str) and each in members for each in value):
            return set(value)
        raise ValueFault("a list of some of " + ", ".join(members))

    def dump(value: Any) -> Json:
        return [each for each in members if each in value]

    def read(_text: str) -> Any:
        raise ValueFault("no text: it holds a list")

    schema = {"type": "array", "items": {"type": "string", "enum": members}, "uniqueItems": True}
    return Codec(dump, parse, read, schema, is_ordered=False, is_comparable=False)


DIALECT_CODECS: Final[tuple[tuple[Any, Callable[[Any], Codec]], ...]] = (
    (sa.Interval | postgresql.INTERVAL, _interval),
    (postgresql.INET, _address(_host, "10.0.0.1")),
    (postgresql.CIDR, _address(ipaddress.ip_network, "10.0.0.0/8")),
    (postgresql.MACADDR | postgresql.MACADDR8, _address(_hardware_address, "08:00:2b:01:02:03")),
    (postgresql.BIT, _bits),
    (postgresql.OID, _whole(0, 2**32 - 1)),
    (mysql.BIT, _mysql_bits),
    (mysql.YEAR, _whole(1901, 2155)),
    (mysql.SET, _members),
    (mysql.TINYINT | mysql.SMALLINT | mysql.MEDIUMINT | mysql.INTEGER | mysql.BIGINT, _mysql_whole),
)
"""The types, and what makes a codec for one of them; they come before the general types that some of them are."""
