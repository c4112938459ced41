"""Plans: what goes straight to orjson is written as the codec would write it, and one checksum has one value."""

from __future__ import annotations

import datetime as dt
import enum
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import types as sa

from database.models import Base
from rowgate.api.checksum import checksum
from rowgate.api.order import read_order
from rowgate.api.plan import MOST_ORDERS
from rowgate.api.plans import MOST_PLANS, Plans
from rowgate.api.records import Record
from rowgate.api.resources import Resources
from rowgate.api.values import codec_for
from rowgate.settings import load_settings
from tests.api import house
from tests.api.conftest import Served
from tests.api.test_house import make

NATIVE: list[tuple[sa.TypeEngine[Any], st.SearchStrategy[Any]]] = [
    (sa.Boolean(), st.booleans()),
    (sa.Integer(), st.integers(-(2**31), 2**31 - 1)),
    (sa.BigInteger(), st.integers(-(2**63), 2**63 - 1)),
    (sa.Float(), st.floats()),
    (sa.String(), st.text()),
    (sa.Date(), st.dates()),
    (sa.DateTime(), st.datetimes()),
    (sa.Uuid(), st.uuids()),
    (sa.JSON(), st.recursive(st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(), st.lists)),
]


@pytest.mark.parametrize(("kind", "values"), NATIVE, ids=[type(kind).__name__ for kind, _ in NATIVE])
def test_a_native_value_is_written_as_its_codec_writes_it(kind: sa.TypeEngine[Any], values: Any) -> None:
    codec = codec_for(kind, name="it")
    assert codec.is_native

    @given(values)
    def same(value: Any) -> None:
        assert orjson.dumps(value) == orjson.dumps(codec.dump(value))

    same()


class Colour(enum.Enum):
    red = "#f00"


class Shouted(sa.TypeDecorator[Any]):
    impl = sa.String
    cache_ok = True


@pytest.mark.parametrize(
    "kind",
    [
        sa.Numeric(10, 2),
        sa.Enum(Colour),
        sa.LargeBinary(),
        sa.DateTime(timezone=True),
        sa.Time(),
        sa.Uuid(as_uuid=False),
        Shouted(),
    ],
    ids=repr,
)
def test_what_orjson_would_write_otherwise_is_not_native(kind: sa.TypeEngine[Any]) -> None:
    assert not codec_for(kind, name="it").is_native


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_numbers_keep_every_digit(number: Decimal) -> None:
    written = orjson.dumps(codec_for(sa.Numeric(40, 20), name="it").dump(number)).decode()
    if not number.is_finite():
        assert written == "null"
    else:
        assert written == format(number, "f")
        assert json.loads(written, parse_float=Decimal, parse_int=Decimal) == number


def test_the_checksum_does_not_depend_on_what_is_asked_for(house: Served) -> None:
    row_id = make(
        house,
        "Kinds",
        flag=False,
        exact=1.5,
        colour="red",
        moment="2024-05-31T16:00:00",
        blob="AAEC",
        tree={"a": [1]},
        token="12345678-1234-5678-1234-567812345678",
    )
    path = f"/api/Kinds/{row_id}"
    whole = house.get("chief", path)["data"]["attributes"]["S_CheckSum"]
    for members in ("S_CheckSum", "tree,S_CheckSum", "S_CheckSum,exact,flag"):
        attributes = house.get("chief", f"{path}?fields[Kinds]={members}")["data"]["attributes"]
        assert attributes["S_CheckSum"] == whole
        assert attributes.keys() == set(members.split(","))
    changed = {"data": {"type": "Kinds", "id": row_id, "attributes": {"flag": True, "S_CheckSum": whole}}}
    assert house.ask("chief", "PATCH", path, json=changed).status_code == 200
    house.fault(409, "chief", "PATCH", path, json=changed)  # it is another row now


def test_the_writer_computes_what_the_reader_sends() -> None:
    """A PATCH compares `checksum()` of an object with what a plan wrote for a row."""
    resource = Resources([house.Note, house.Label, house.Kinds])["Kinds"]
    values: dict[str, Any] = dict.fromkeys(resource.attributes)
    values |= {"exact": Decimal("1.50"), "colour": house.Colour.red, "blob": b"x", "moment": dt.datetime(2024, 5, 31)}
    plan = Plans(locking=True).of(resource, None)
    row = [{"id": 7, **values}[attribute.name] for attribute in plan.read]
    written = json.loads(orjson.dumps(plan.attributes(Record(plan, row, (7,)))))
    assert written["S_CheckSum"] == checksum(resource, values)
    assert list(written) == [*resource.attributes, "S_CheckSum"]


def test_what_is_kept_is_bounded(tmp_path: Path) -> None:
    """Clients choose members and orders, so both caches would grow as long as they like."""
    resources, settings = Resources(each.class_ for each in Base.registry.mappers), load_settings(tmp_path, environ={})
    customers = resources["Customer"]
    plans = Plans(locking=True)
    names = list(customers.attributes)
    for number in range(2 * MOST_PLANS):
        members = frozenset(name for place, name in enumerate(names) if number >> place & 1)
        assert {each.name for each in plans.of(customers, members).sent} == members
    assert plans.of(customers, None) is plans.of(customers, None)
    assert plans._made.cache_info().currsize == MOST_PLANS
    plan = plans.of(customers, None)
    for first in names:
        for second in names:
            if first != second:
                text = f"{first},-{second}"
                order = read_order(text, parameter="", resource=customers, resources=resources, settings=settings)
                plan.ordered(order, nulls=False)
    assert len(plan._orders) == MOST_ORDERS
