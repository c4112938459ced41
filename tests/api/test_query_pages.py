"""Cursors, pages of included lists, and sorting through relationships, by example; and what is refused of them."""

from __future__ import annotations

import base64
import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from rowgate.api.cursor import read_cursor, write_cursor
from rowgate.api.order import Order, complete, read_order
from rowgate.api.paths import Fault
from rowgate.api.resources import Resources
from rowgate.databases import make_engine
from rowgate.errors import BadParameter
from rowgate.settings import load_settings
from tests.api import market
from tests.api.conftest import Served
from tests.api.test_house import make

FIRST = "/api/Customer?sort=-Country,City&page[limit]=10&page[after]="


def cursor_of(link: str, name: str) -> str:
    """The cursor that a link holds."""
    return parse_qs(urlsplit(link).query)[f"page[{name}]"][0]


def test_a_page_by_cursor_has_links_to_its_neighbours_and_to_both_ends(reading: Served) -> None:
    first = reading.get("u1", FIRST)
    assert first["links"]["self"] == first["links"]["first"]
    assert first["links"]["prev"] is None
    second = reading.get("u1", first["links"]["next"])
    assert second["meta"]["total"] == 89
    assert reading.get("u1", second["links"]["prev"])["data"] == first["data"]
    last = reading.get("u1", second["links"]["last"])
    assert len(last["data"]) == 10
    assert last["links"]["next"] is None
    assert reading.get("u1", last["links"]["first"])["data"] == first["data"]
    whole = reading.ids("u1", "/api/Customer?sort=-Country,City")
    assert [each["id"] for each in last["data"]] == whole[-10:]
    # A page behind the last row has no rows, and the way back from it is the last page.
    (only,) = reading.get("u1", FIRST.replace("after", "before").replace("limit]=10", "limit]=1"))["data"]
    ends = reading.get("u1", f"/api/Customer?sort=-Country,City&filter[Id]={only['id']}&page[before]=&page[limit]=1")
    assert ends["links"]["prev"] is None
    one_more = reading.get("u1", "/api/Customer?sort=Id&filter[Id]=ALFKI,BOLID&page[after]=&page[limit]=1")
    beyond = one_more["links"]["next"].replace("ALFKI%2CBOLID", "ALFKI")
    empty = reading.get("u1", beyond)
    assert (empty["data"], empty["links"]["next"], empty["meta"]["total"]) == ([], None, 1)
    assert reading.ids("u1", empty["links"]["prev"]) == ["ALFKI"]


def test_cursors_go_with_filters_includes_and_related_lists(reading: Served) -> None:
    whole = reading.ids("u1", "/api/Customer/ALFKI/OrderList?sort=Freight")
    met: list[str] = []
    path: str | None = "/api/Customer/ALFKI/OrderList?sort=Freight&page[after]=&page[size]=2&include=Customer"
    while path:
        document = reading.get("u1", path)
        met += [each["id"] for each in document["data"]]
        assert [each["id"] for each in document["included"]] == ["ALFKI"]
        assert "page%5Bsize%5D=2" in document["links"]["self"]
        path = document["links"]["next"] if len(met) <= len(whole) else None
    assert met == whole
    assert len(whole) > 2
    linkage = reading.get("u1", "/api/Customer/ALFKI/relationships/OrderList?page[before]=&page[limit]=1&sort=Freight")
    assert [each["id"] for each in linkage["data"]] == whole[-1:]


def test_rows_that_come_and_go_neither_repeat_nor_hide_others(house: Served) -> None:
    for number in (10, 20, 30, 40):
        make(house, "Label", f"name{number}", rank=number)
    first = house.get("chief", "/api/Label?sort=rank&page[after]=&page[limit]=2")
    assert [each["attributes"]["rank"] for each in first["data"]] == [10, 20]
    assert house.ask("chief", "DELETE", "/api/Label/name20").status_code == 204  # the very row the cursor is of
    make(house, "Label", "before", rank=5)
    make(house, "Label", "behind", rank=25)
    second = house.get("chief", first["links"]["next"])
    assert [each["attributes"]["rank"] for each in second["data"]] == [25, 30]
    back = house.get("chief", second["links"]["prev"])
    assert [each["attributes"]["rank"] for each in back["data"]] == [5, 10]


def test_a_cursor_is_exact_to_the_last_bit_of_what_is_stored(house: Served) -> None:
    """SQLite keeps NUMERIC as a double: rows that are shown alike may differ, and the order goes by what is stored."""
    rows = [
        (1, "0.1", 0.1),
        (2, "0.10000000000004", math.inf),
        (3, "0.10000000000002", -math.inf),
        (4, "0.1", math.nan),
    ]
    statement = text('INSERT INTO "Kinds" (id, exact, rough) VALUES (:id, :exact, :rough)')
    engine = make_engine(house.gate.engine.url)
    with engine.begin() as connection:
        for row_id, exact, rough in rows:
            connection.execute(statement, {"id": row_id, "exact": float(exact), "rough": rough})
    engine.dispose()
    for sort in ("exact", "-exact", "rough", "-rough"):
        whole = house.ids("chief", f"/api/Kinds?sort={sort}&fields[Kinds]=id")
        met: list[str] = []
        path: str | None = f"/api/Kinds?sort={sort}&fields[Kinds]=id&page[after]=&page[limit]=1"
        while path:
            document = house.get("chief", path)
            met += [each["id"] for each in document["data"]]
            path = document["links"]["next"] if len(met) <= len(whole) else None
        assert met == whole, sort
        assert sorted(met) == ["1", "2", "3", "4"]


def cursor(*held: Any) -> str:
    """A cursor that somebody makes up."""
    return base64.urlsafe_b64encode(json.dumps(held).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "made_up",
    [
        "x",
        "!!!!",
        "é",
        "A" * 5000,
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        base64.urlsafe_b64encode(b"[" * 2000).decode(),
        base64.urlsafe_b64encode(b"{}").decode(),
        base64.urlsafe_b64encode(b"[]").decode(),
        base64.urlsafe_b64encode(b"[1,2]").decode(),
        cursor("00000000", "1"),
    ],
)
@pytest.mark.parametrize("name", ["after", "before"])
def test_what_is_no_cursor_is_refused(reading: Served, made_up: str, name: str) -> None:
    (error,) = reading.fault(400, "u1", "GET", f"/api/Customer?page[{name}]={quote(made_up)}")
    assert error["source"] == {"parameter": f"page[{name}]"}
    assert "cursor" in error["detail"]


@pytest.mark.parametrize("sort", ["", "City", "Country", "-Country,City,-Id", "Country,City"])
def test_a_cursor_of_another_sort_is_refused(reading: Served, sort: str) -> None:
    link = reading.get("u1", FIRST)["links"]["next"]
    held = cursor_of(link, "after")
    (error,) = reading.fault(400, "u1", "GET", f"/api/Customer?sort={sort}&page[after]={held}")
    assert error["meta"]["hint"] == "Send the sort of the page that it came from."
    reading.fault(400, "u1", "GET", f"/api/Supplier?sort=-Country,City&page[after]={held}")


def test_values_that_a_column_cannot_hold_are_no_cursor(reading: Served) -> None:
    held = cursor_of(reading.get("u1", "/api/Order?sort=Freight&page[after]=&page[limit]=1")["links"]["next"], "after")
    sign = json.loads(base64.urlsafe_b64decode(held + "=" * (-len(held) % 4)))[0]
    for freight, key in (
        ("x", "1"),
        ("1e999999999", "1"),
        ("9" * 500, "1"),
        ("sNaN", "1"),
        ("1", "x"),
        ("1", "\0"),
        ("1", "9" * 40),
    ):
        reading.fault(400, "u1", "GET", f"/api/Order?sort=Freight&page[after]={cursor(sign, freight, key)}")
    for freight in ("NaN", "Infinity", "-Infinity", None, "-1"):
        reading.get("u1", f"/api/Order?sort=Freight&page[limit]=1&page[after]={cursor(sign, freight, '1')}")


@pytest.fixture(scope="module")
def order() -> Order:
    """An order by a column of each type, one at the end of a path, and the key."""
    resources = Resources(market.MODELS.values())
    firm = resources["Firm"]
    limits = load_settings(Path.cwd(), environ={}, sort_max=20)
    sort = "name,worth,share,since,seen,opens,token,stamp,active,colour,area.name"
    return complete(firm, read_order(sort, parameter="sort", resource=firm, resources=resources, settings=limits))


@settings(deadline=None)
@given(
    values=st.tuples(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
        st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**8), max_value=10**8),
        st.none() | st.floats(allow_nan=False),
        st.none() | st.dates(),
        st.none() | st.datetimes(),
        st.none() | st.times(),
        st.none() | st.uuids(),
        st.none() | st.binary(max_size=20),
        st.none() | st.booleans(),
        st.none() | st.sampled_from(market.Colour),
        st.none() | st.just("x"),
        st.integers(-(2**31), 2**31 - 1),
    )
)
def test_a_cursor_gives_back_each_value_of_each_type(order: Order, values: tuple[Any, ...]) -> None:
    held = write_cursor("Firm", order, values)
    assert read_cursor(held, "Firm", order, Fault("page[after]")) == values
    assert quote(held, safe="") == held


def test_no_number_is_a_number_that_a_cursor_holds(order: Order) -> None:
    of = (order[1], order[2])
    worth, share = read_cursor(write_cursor("Firm", of, (Decimal("NaN"), math.nan)), "Firm", of, Fault("page[after]"))
    assert worth.is_nan()
    assert math.isnan(share)
    with pytest.raises(BadParameter):
        read_cursor("", "Firm", order, Fault("page[after]"))


# --- included lists


def test_each_customers_two_dearest_orders(reading: Served) -> None:
    path = "/api/Customer?filter[Id]=ALFKI,BOLID&include=OrderList&sort[OrderList]=-Freight&page[OrderList][limit]=2"
    document = reading.get("u1", path)
    for customer in document["data"]:
        name = customer["id"]
        dearest = reading.ids("u1", f"/api/Customer/{name}/OrderList?sort=-Freight&page[limit]=2")
        assert [each["id"] for each in customer["relationships"]["OrderList"]["data"]] == dearest
    assert len(document["included"]) == 4
    # The links of the list's own pages keep what was asked for of the included ones.
    assert "page%5BOrderList%5D%5Blimit%5D=2" in document["links"]["self"]


def test_one_rows_included_list_is_cut_as_well(reading: Served) -> None:
    path = "/api/Customer/ALFKI?include=OrderList.OrderDetailList&page[OrderList][limit]=1&page[OrderList][offset]=1"
    whole = reading.ids("u1", "/api/Customer/ALFKI/OrderList")
    document = reading.get("u1", f"{path}&page[OrderList.OrderDetailList][limit]=1")
    assert [each["id"] for each in document["data"]["relationships"]["OrderList"]["data"]] == whole[1:2]
    kinds = sorted(each["type"] for each in document["included"])
    assert kinds == ["Order", "OrderDetail"]
    numbered = reading.get(
        "u1", "/api/Customer/ALFKI?include=OrderList&page[OrderList][size]=1&page[OrderList][number]=2"
    )
    assert numbered["data"]["relationships"]["OrderList"]["data"][0]["id"] == whole[1]


@pytest.mark.parametrize("rows", [1, 5, 80])
def test_the_number_of_statements_does_not_depend_on_the_rows(reading: Served, rows: int) -> None:
    with reading.counting() as sent:
        reading.get(
            "u1",
            f"/api/Customer?page[after]=&page[limit]={rows}&page[total]=false&include=OrderList.OrderDetailList"
            "&page[OrderList][limit]=2&sort[OrderList]=-Customer.CompanyName,Freight",
        )
    assert len(sent) == 3


# --- sorting through relationships


def test_sorting_through_a_relationship(reading: Served) -> None:
    rows = reading.get("u1", "/api/Order?sort=-Customer.CompanyName,Id&include=Customer&page[limit]=1000")
    names = {each["id"]: each["attributes"]["CompanyName"] for each in rows["included"]}
    sorted_by = [(names.get(each["attributes"]["CustomerId"]) or "", -int(each["id"])) for each in rows["data"]]
    assert sorted_by == sorted(sorted_by, reverse=True)
    assert len(names) > 80


def test_rows_whose_relatives_are_hidden_sort_as_those_without(reading: Served) -> None:
    ids = [int(each) for each in reading.ids("s1", "/api/Order?sort=Customer.CompanyName&page[limit]=1000")]
    shown = {int(each) for each in reading.ids("s1", "/api/Order?filter[Customer.Id]=CTWTR&page[limit]=1000")}
    hidden = [each for each in ids if each not in shown]
    assert ids == [*sorted(hidden), *sorted(shown)]
    assert hidden
