"""The values of types that not every database has: what is written is read back, and nothing else is taken."""

from __future__ import annotations

import datetime as dt
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import validate
from sqlalchemy import types as sa
from sqlalchemy.dialects import mysql, postgresql

from rowgate.api.values import ValueFault, codec_for

SPANS = st.timedeltas(min_value=dt.timedelta(days=-99999), max_value=dt.timedelta(days=99999))


def _codec(kind: sa.TypeEngine[Any]) -> Any:
    return codec_for(kind, name="the column")


@given(SPANS)
def test_intervals(span: dt.timedelta) -> None:
    codec = _codec(postgresql.INTERVAL())
    assert codec.read(codec.text(span)) == span


@given(st.lists(st.none() | st.integers(-(2**31), 2**31 - 1)))
def test_arrays(values: list[int | None]) -> None:
    codec = _codec(postgresql.ARRAY(sa.Integer))
    dumped = orjson.loads(orjson.dumps(codec.dump(values)))
    validate(dumped, dict(codec.schema))
    assert codec.parse(dumped) == values


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (
            postgresql.ARRAY(sa.Integer),
            [[], [1, None], [[1, 2], [3, 4]]],
            ["x", 1, None, ["x"], [[1], [1, 2]], [[1], 2]],
        ),
        (postgresql.ARRAY(sa.Integer, dimensions=2), [[[1], [2]]], [[1], [[1], [2, 3]]]),
        (postgresql.ARRAY(sa.Enum("a", "b")), [["a", None]], [["c"]]),
        (postgresql.INTERVAL(), ["P1D", "PT0.5S", "-P1DT2H"], ["P", "PT", "1 day", 5, "P1Y"]),
        (postgresql.INET(), ["10.0.0.1", "10.0.0.1/8", "::1"], ["10.0.0", "x", 1, "10.0.0.1/33"]),
        (postgresql.CIDR(), ["10.0.0.0/8"], ["10.0.0.1/8", "x"]),
        (postgresql.MACADDR(), ["08:00:2b:01:02:03"], ["08:00:2b", "08:00:2b:01:02:0g"]),
        (postgresql.BIT(4), ["1010"], ["101", "10101", "10x0", 5]),
        (postgresql.BIT(4, varying=True), ["", "1", "1010"], ["10101"]),
        (postgresql.OID(), [0, 2**32 - 1], [-1, 2**32, True, "1"]),
        (mysql.BIT(8), [0, 255], [-1, 256, True]),
        (mysql.YEAR(), [1901, 2155], [1900, 2156]),
        (mysql.TINYINT(), [-128, 127], [128, -129]),
        (mysql.TINYINT(unsigned=True), [0, 255], [-1, 256]),
        (mysql.BIGINT(unsigned=True), [0, 2**64 - 1], [-1, 2**64]),
        (mysql.MEDIUMINT(), [8388607], [8388608]),
        (sa.Time(timezone=True), ["16:00:00+02:00", "16:00:00Z"], ["16", "16:00:00+2", "25:00:00+02:00"]),
        (sa.Time(), ["16:00:00"], ["16:00:00+02:00"]),
    ],
)
def test_what_is_taken(kind: sa.TypeEngine[Any], good: list[Any], bad: list[Any]) -> None:
    codec = _codec(kind)
    for value in good:
        parsed = codec.parse(value)
        validate(value, dict(codec.schema))
        assert codec.parse(orjson.loads(orjson.dumps(codec.dump(parsed)))) == parsed
    for value in bad:
        with pytest.raises(ValueFault):
            codec.parse(value)


def test_a_set_is_a_list_in_the_order_of_its_members() -> None:
    codec = _codec(mysql.SET("b", "a", "c"))
    assert codec.dump({"a", "b"}) == ["b", "a"]
    assert codec.parse(["c", "a"]) == {"a", "c"}
    with pytest.raises(ValueFault):
        codec.parse(["d"])
    with pytest.raises(ValueFault):
        codec.read("a")
