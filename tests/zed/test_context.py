"""The values of a caveat's context: JSON to the parameters' types."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest

from rowgate.errors import RelationshipRefused
from rowgate.zed import resolve
from rowgate.zed.context import convert, convert_context, duration
from rowgate.zed.model import ParameterType

NUMBERS = ParameterType("list", (ParameterType("int"),))


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("int", 5, 5),
        ("int", 5.0, 5),
        ("int", "-5", -5),
        ("int", "9223372036854775807", 2**63 - 1),
        ("uint", 2**64 - 1, 2**64 - 1),
        ("double", 1, 1.0),
        ("double", "1.5", 1.5),
        ("bool", True, True),
        ("string", "", ""),
        ("bytes", "aGk=", b"hi"),
        ("any", None, None),
        ("any", {"a": [1]}, {"a": [1]}),
        ("ipaddress", "10.0.0.1", ip_address("10.0.0.1")),
        ("ipaddress", "::1", ip_address("::1")),
        ("timestamp", "2030-01-01T01:00:00+01:00", datetime(2030, 1, 1, tzinfo=UTC)),
        ("duration", "1h30m", timedelta(minutes=90)),
        ("duration", "-1.5s", timedelta(seconds=-1.5)),
        ("duration", "250ms", timedelta(milliseconds=250)),
        ("duration", "0", timedelta()),
    ],
)
def test_values(kind: str, value: object, expected: object) -> None:
    found = convert(ParameterType(kind), value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int", "x"),
        ("int", None),
        ("int", True),
        ("int", 1.5),
        ("int", 2**63),
        ("int", "1e999999999"),
        ("int", "nan"),
        ("uint", -4),
        ("double", True),
        ("double", "inf"),
        ("bool", 1),
        ("string", 1),
        ("bytes", "?"),
        ("ipaddress", "bad"),
        ("timestamp", "2025-01-01"),
        ("timestamp", "2025-02-30T00:00:00Z"),
        ("duration", "1 hour"),
        ("duration", "9" * 30 + "h"),
        ("timestamp", "0001-01-01T00:00:00+23:00"),
        ("duration", ""),
        ("duration", 5),
    ],
)
def test_no_values(kind: str, value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words are for people
        convert(ParameterType(kind), value)


def test_lists_and_maps() -> None:
    assert convert(NUMBERS, [1, "2"]) == [1, 2]
    assert convert(ParameterType("map", (NUMBERS,)), {"a": [1]}) == {"a": [1]}
    for value in (3, {"a": 1}, ["x"], None):
        with pytest.raises(ValueError):  # noqa: PT011
            convert(NUMBERS, value)
    with pytest.raises(ValueError, match="a list"):
        convert(ParameterType("map", (NUMBERS,)), [1])


def test_an_error_never_quotes_the_value() -> None:
    caveat = resolve("caveat late(hour int) { hour > 20 }").caveats["late"]
    with pytest.raises(RelationshipRefused) as caught:
        convert_context(caveat, {"hour": "secret"})
    assert "secret" not in str(caught.value)
    assert convert_context(caveat, {}) == {}


def test_a_duration_is_exact() -> None:
    assert duration("0.1s") * 3 == duration("0.3s") == timedelta(milliseconds=300)
