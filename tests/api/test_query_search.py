"""Search, conditions on one related row, and the limits of a query."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import Engine
from sqlalchemy.dialects import sqlite
from werkzeug.datastructures import MultiDict

from database.models import Base
from rowgate.api.query import LIST, ONE, Query, read_query
from rowgate.api.resources import Resources
from rowgate.errors import BadParameter
from rowgate.settings import load_settings
from rowgate.types import Principal
from security.declare_security import policy
from tests.api import market
from tests.api.conftest import Served, serve


def by(condition: Any) -> str:
    """The parameter of a condition in JSON."""
    return "filter=" + quote(json.dumps(condition))


# --- search


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("alfreds", {"ALFKI"}),
        ("ALFREDS futter", {"ALFKI"}),
        ("futter berlin", {"ALFKI"}),  # one word in the name, the other in the city
        ("alfreds london", set()),
        ("ALFREDSX", set()),
        ("%", set()),
        ("_", set()),
        ("\\", set()),
        ("'; --", set()),
    ],
)
def test_every_word_is_found_in_one_of_the_columns(reading: Served, text: str, wanted: set[str]) -> None:
    assert set(reading.ids("u1", f"/api/Customer?filter[search]={quote(text)}")) == wanted
    assert set(reading.ids("u1", f"/api/Customer?{by({'search': text})}")) == wanted


def test_an_empty_search_finds_everything(reading: Served) -> None:
    for text in ("", "%20"):
        assert len(reading.ids("u1", f"/api/Customer?filter[search]={text}")) == 89


def test_a_search_finds_or_does_not(reading: Served) -> None:
    """NULL holds no word: a search and its opposite divide a list."""
    found = set(reading.ids("u1", f"/api/Customer?{by({'search': 'owa'})}"))
    others = set(reading.ids("u1", f"/api/Customer?{by({'not': {'search': 'owa'}})}"))
    assert found
    assert not found & others
    assert len(found | others) == 89


def test_a_search_finds_no_hidden_row(reading: Served) -> None:
    assert reading.ids("admin", "/api/Customer?filter[search]=Emparedados")
    assert reading.ids("s1", "/api/Customer?filter[search]=Emparedados") == []


def sql(query: Query) -> str:
    """The conditions of a query, with their values."""
    return " AND ".join(
        str(each.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})) for each in query.where
    )


def read(
    query: Mapping[str, str], *, searched: Mapping[str, Any] | None = None, one: bool = False, **limits: int
) -> Query:
    """A query on firms, understood."""
    resources = Resources(market.MODELS.values())
    settings = load_settings(Path.cwd(), environ={}, **limits)
    families = ONE if one else LIST
    return read_query(
        MultiDict(query), resources["Firm"], resources, settings, families=families, searched=searched or {}
    )


def test_the_named_columns_are_searched_and_no_others() -> None:
    found = sql(read({"filter[search]": "3"}, searched={"Firm": ["town", "rating", "since"]}))
    assert "town" in found
    assert '"Firm".rating = 3' in found
    assert "since" not in found, "3 is no date"
    assert '"Firm".name' not in found
    assert sql(read({"filter[search]": "3"}, searched={"Area": ["name"]})).count("LIKE") == 2, "all of a firm's texts"


def test_where_no_named_column_is_visible_nothing_is_found() -> None:
    assert sql(read({"filter[search]": "3"}, searched={"Firm": ["hidden"]})) == "0 = 1"


# --- one related row


def test_any_asks_for_one_related_row_that_satisfies_all(reading: Served) -> None:
    of_germany = [{"name": "Country", "op": "eq", "val": "Germany"}]
    after = {"name": "OrderDate", "op": "ge", "val": "2013-01-01"}
    dear = {"name": "Freight", "op": "gt", "val": 200}
    apart = [*of_germany, *({**each, "name": f"OrderList.{each['name']}"} for each in (after, dear))]
    together = [*of_germany, {"name": "OrderList", "op": "any", "val": [after, dear]}]
    loose = set(reading.ids("u1", f"/api/Customer?{by(apart)}"))
    strict = set(reading.ids("u1", f"/api/Customer?{by(together)}"))
    orders = reading.get("u1", f"/api/Order?{by([after, dear])}&filter[Customer.Country]=Germany&page[limit]=1000")
    assert strict == {each["attributes"]["CustomerId"] for each in orders["data"]}
    assert strict <= loose
    spelled = "filter[OrderList][any]=" + quote(json.dumps([after, dear]))
    assert set(reading.ids("u1", f"/api/Customer?{spelled}&filter[Country]=Germany")) == strict
    nested = {"name": "Customer.OrderList", "op": "any", "val": {"name": "Id", "val": 10643}}
    assert len(reading.ids("u1", f"/api/Order?{by(nested)}")) == len(reading.ids("u1", "/api/Customer/ALFKI/OrderList"))


# --- limits


def test_the_deepest_filter_is_one_that_databases_take(
    sample_engine: Engine, people: dict[str, Principal], tmp_path: Path
) -> None:
    served = serve(sample_engine, policy, Base, people, tmp_path, path_depth=8)
    deepest: Any = {"not": {"or": [{"not": {"or": [{"name": "Customer.OrderList.Id", "op": "ne", "val": 1}]}}]}}
    for name in ("OrderList", "Customer") * 3:
        deepest = {"name": name, "op": "any", "val": deepest}
    assert served.ask("u1", "GET", f"/api/Order?{by(deepest)}&page[limit]=1&page[total]=false").status_code == 200
    (error,) = served.fault(400, "u1", "GET", f"/api/Order?{by({'not': deepest})}")
    assert "10 deep" in error["detail"]


@pytest.mark.parametrize(
    ("query", "limits", "parameter", "setting"),
    [
        ({"filter[name]": "a", "filter[town]": "b"}, {"filter_max": 1}, "filter[town]", "ROWGATE_FILTER_MAX"),
        ({"filter[search]": "a b c"}, {"filter_max": 2}, "filter[search]", "ROWGATE_FILTER_MAX"),
        ({"filter[town]": "a", "filter[search]": "a b"}, {"filter_max": 2}, "filter[search]", "ROWGATE_FILTER_MAX"),
        (
            {"filter[id]": "1", "filter[name]": "a,b"},
            {"filter_values_max": 2},
            "filter[name]",
            "ROWGATE_FILTER_VALUES_MAX",
        ),
        ({"filter[name]": "a,b,c"}, {"filter_values_max": 2}, "filter[name]", "ROWGATE_FILTER_VALUES_MAX"),
        ({"filter[area.within.name]": "a"}, {"path_depth": 1}, "filter[area.within.name]", "ROWGATE_PATH_DEPTH"),
        (
            {"filter": '{"name":"area","op":"any","val":{"name":"within.name","val":"a"}}'},
            {"path_depth": 1},
            "filter",
            "ROWGATE_PATH_DEPTH",
        ),
        ({"sort": "area.within.name"}, {"path_depth": 1}, "sort", "ROWGATE_PATH_DEPTH"),
        ({"sort": "name,town"}, {"sort_max": 1}, "sort", "ROWGATE_SORT_MAX"),
        ({"include": "area,deals"}, {"include_max": 1}, "include", "ROWGATE_INCLUDE_MAX"),
        ({"include": "area.parts"}, {"include_max": 1}, "include", "ROWGATE_INCLUDE_MAX"),
        ({"include": "area.parts"}, {"include_depth": 1}, "include", "ROWGATE_INCLUDE_DEPTH"),
    ],
)
def test_limits_are_settings(query: dict[str, str], limits: dict[str, int], parameter: str, setting: str) -> None:
    read(query)
    with pytest.raises(BadParameter) as refused:
        read(query, **limits)
    assert refused.value.parameter == parameter
    assert setting in refused.value.advice
    read(query, **{name: limit + 2 for name, limit in limits.items()})


def test_the_same_relationship_is_included_once() -> None:
    query = read({"include": "area,area.parts,area.parts,area"}, include_max=2)
    assert query.include == {"area": {"parts": {}}}


# --- what is refused


@pytest.mark.parametrize(
    ("query", "parameter", "hint"),
    [
        ({"sort": "deals.note"}, "sort", "to-one"),
        ({"sort": "area"}, "sort", None),
        ({"sort": "aera.name"}, "sort", "area"),
        ({"sort": "area.nmae"}, "sort", "name"),
        ({"sort": "area..name"}, "sort", None),
        ({"sort": "."}, "sort", None),
        ({"sort[deals]": "note"}, "sort[deals]", "none"),
        ({"sort[deal]": "note", "include": "deals"}, "sort[deal]", "deals"),
        ({"sort[deals]": "nte", "include": "deals"}, "sort[deals]", "note"),
        ({"sort[area]": "name", "include": "area"}, "sort[area]", None),
        ({"page[deals][limit]": "1"}, "page[deals][limit]", "none"),
        ({"page[deals][limit]": "x", "include": "deals"}, "page[deals][limit]", None),
        ({"page[deals][limt]": "1", "include": "deals"}, "page[deals][limt]", "limit"),
        ({"page[deals][after]": "", "include": "deals"}, "page[deals][after]", None),
        ({"page[deals][total]": "true", "include": "deals"}, "page[deals][total]", None),
        ({"page[deals][limit]": "1001", "include": "deals"}, "page[deals][limit]", None),
        ({"page[deals][limit]": "1", "page[deals][size]": "1", "include": "deals"}, "page[deals][size]", None),
        ({"page[area][limit]": "1", "include": "area"}, "page[area][limit]", None),
        ({"page[area.firms][limit]": "1", "include": "area"}, "page[area.firms][limit]", "area"),
        ({"page[deals][limit][x]": "1", "include": "deals"}, "page[deals][limit][x]", None),
        ({"page[after]": "", "page[before]": ""}, "page[before]", None),
        ({"page[after]": "", "page[offset]": "1"}, "page[after]", None),
        ({"page[after]": "", "page[number]": "1"}, "page[after]", None),
        ({"filter[deals][any]": "x"}, "filter[deals][any]", None),
        ({"filter[name][any]": "{}"}, "filter[name][any]", None),
        ({"filter[deals][any]": '{"name":"nope","val":1}'}, "filter[deals][any]", "note"),
        ({"filter": '{"search":5}'}, "filter", None),
        ({"filter[search]": "\0"}, "filter[search]", None),
        ({"filter[search][eq]": "x"}, "filter[search][eq]", None),
        ({"filter[since]": "2024-13-01"}, "filter[since]", None),
        ({"filter[seen]": "now"}, "filter[seen]", None),
        ({"filter[opens]": "25:00"}, "filter[opens]", None),
        ({"filter[token]": "x"}, "filter[token]", None),
        ({"filter[stamp]": "?"}, "filter[stamp]", None),
        ({"filter[active]": "yes"}, "filter[active]", None),
        ({"filter[colour]": "grey"}, "filter[colour]", None),
        ({"filter[worth]": "1.0005"}, "filter[worth]", None),
        ({"filter[share]": "1e400"}, "filter[share]", None),
        ({"filter[colour][gt]": "blue"}, "filter[colour][gt]", None),
    ],
)
def test_what_is_not_understood_is_refused(query: dict[str, str], parameter: str, hint: str | None) -> None:
    with pytest.raises(BadParameter) as refused:
        read(query)
    assert refused.value.parameter == parameter
    if hint is not None:
        assert hint in refused.value.advice


def test_pages_of_included_lists_are_for_single_rows_too() -> None:
    query = read({"include": "deals", "page[deals][limit]": "1", "sort[deals]": "-note"}, one=True)
    (nested,) = query.nested.values()
    assert (nested.limit, nested.offset, [key.name for key in nested.order]) == (1, 0, ["note"])
    for alone in ({"sort": "name"}, {"page[limit]": "1"}):
        with pytest.raises(BadParameter):
            read(alone, one=True)
