"""The query string: every form by example, what is refused and how, and that no text breaks the server."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.conftest import Served


def by_json(*conditions: Any) -> str:
    """The path of the customers that satisfy conditions."""
    return "/api/Customer?page[limit]=1000&filter=" + quote(json.dumps(list(conditions)))


def leaf(name: str, op: str, val: Any = None) -> dict[str, Any]:
    """One condition."""
    return {"name": name, "op": op, "val": val}


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("filter[Id]=ALFKI", {"ALFKI"}),
        ("filter[id]=ALFKI", {"ALFKI"}),
        ("filter[Id]=ALFKI,BOLID,NOPE", {"ALFKI", "BOLID"}),
        ("filter[Id]=ALFKI&filter[Country]=Spain", set()),
        ("filter[Id]=BOLID&filter[Country]=Spain,UK", {"BOLID"}),
        ("filter[Id][ge]=WHITC&filter[Id][lt]=WILMK", {"WHITC"}),
        ("filter[Id][in]=ALFKI,BOLID", {"ALFKI", "BOLID"}),
        ("filter[Id][between]=ALFKI,ALFKI", {"ALFKI"}),
        ("filter[CompanyName][like]=Alfreds%25", {"ALFKI"}),
        ("filter[CompanyName][ilike]=alfreds%25", {"ALFKI"}),
        ("filter[Id][like]=A_FKI", {"ALFKI"}),
        ("filter[Id][like]=A\\_FKI", set()),
        ("filter[OrderList.Id]=10643", {"ALFKI"}),
        ("filter[OrderList.OrderDetailList.Id]=1040", {"ALFKI"}),
        ("filter[OrderList.Customer.Id]=ALFKI", {"ALFKI"}),
        ("filter[Id]=ALFKI,ANATR", {"ALFKI"}),
    ],
)
def test_filters(reading: Served, query: str, wanted: set[str]) -> None:
    assert set(reading.ids("u1", f"/api/Customer?{query}")) == wanted


@pytest.mark.parametrize(
    ("conditions", "wanted"),
    [
        ([leaf("Id", "eq", "ALFKI")], {"ALFKI"}),
        ([{"name": "Id", "val": "ALFKI"}], {"ALFKI"}),
        ([leaf("Id", "in", ["ALFKI", "BOLID"]), leaf("City", "ne", "Berlin")], {"BOLID"}),
        ([{"or": [leaf("Id", "eq", "ALFKI"), leaf("Id", "eq", "BOLID")]}], {"ALFKI", "BOLID"}),
        ([{"or": []}], set()),
        ([{"and": [leaf("Id", "in", ["ALFKI", "BOLID"]), {"not": leaf("Id", "eq", "ALFKI")}]}], {"BOLID"}),
        ([{"not": {"or": [leaf("Id", "ne", "ALFKI")]}}], {"ALFKI"}),
        ([leaf("OrderList.Id", "eq", 10643)], {"ALFKI"}),
        ([leaf("OrderList.Id", "eq", "10643")], {"ALFKI"}),
        ([leaf("OrderList.OrderDate", "eq", "2013-08-25"), leaf("Country", "eq", "Germany")], {"ALFKI"}),
        ([leaf("Id", "in", [])], set()),
    ],
)
def test_filters_in_json(reading: Served, conditions: list[Any], wanted: set[str]) -> None:
    assert set(reading.ids("u1", by_json(*conditions))) == wanted


def test_null_tests_and_their_opposites_divide_a_list(reading: Served) -> None:
    whole = set(reading.ids("u1", by_json()))
    for condition in (leaf("Fax", "is_null", True), leaf("Fax", "eq", None), {"name": "Fax", "op": "is_null"}):
        without = set(reading.ids("u1", by_json(condition)))
        assert 0 < len(without) < len(whole)
        assert set(reading.ids("u1", by_json({"not": condition}))) == whole - without
    assert set(reading.ids("u1", by_json(leaf("Fax", "is_null", False)))) == whole - without


def test_a_hidden_row_cannot_be_probed(reading: Served) -> None:
    orders = set(reading.ids("s1", "/api/Order?page[limit]=1000&fields[Order]=Id"))
    of_others = set(reading.ids("admin", "/api/Order?filter[Customer.Id]=ALFKI"))
    assert of_others <= orders  # s1 sees the orders, but not whose they are
    for condition in (
        leaf("Customer.Id", "eq", "ALFKI"),
        leaf("Customer.Id", "ne", "CTWTR"),
        leaf("Customer.Country", "is_null", False),
        leaf("Customer.CreditLimit", "gt", 0),
    ):
        assert reading.ids("s1", "/api/Order?filter=" + quote(json.dumps(condition))) == []
    refused = leaf("OrderList.OrderDetailList.Product.Discontinued", "eq", True)
    assert reading.ids("u1", by_json(refused)) == []


def test_sorting(reading: Served) -> None:
    whole = "/api/Customer?page[limit]=1000&sort="
    ids = reading.ids("u1", whole + "Id")
    assert ids == sorted(ids)
    assert reading.ids("u1", whole + "-Id") == ids[::-1]
    rows = reading.get("u1", whole + "-Country,City,id")["data"]
    cities = [(each["attributes"]["Country"], each["attributes"]["City"]) for each in rows]
    countries = [country for country, _ in cities]
    assert countries.index("Venezuela") < countries.index("Argentina")
    faxes = [each["attributes"]["Fax"] is None for each in reading.get("u1", whole + "Fax")["data"]]
    assert faxes == sorted(faxes, reverse=True), "NULL comes first"


def test_pages_join_without_a_gap(reading: Served) -> None:
    whole = reading.ids("u1", "/api/Customer?sort=Country&page[limit]=1000")
    for first in ("page[limit]=7", "page[size]=7", "page[limit]=7&page[total]=false"):
        met: list[str] = []
        path: str | None = f"/api/Customer?sort=Country&filter[Country][ne]=a%26b&{first}"
        last = None
        while path:
            document = reading.get("u1", path)
            met += [each["id"] for each in document["data"]]
            assert document["links"]["self"].split("?")[0] == "/api/Customer"
            last = document
            path = document["links"]["next"]
        assert met == whole
        assert last is not None
        back = last["links"]["prev"]
        assert back
        assert reading.ids("u1", back) == whole[-(len(whole) % 7 or 7) - 7 :][:7]
        if "total" not in first:
            assert last["links"]["last"] == last["links"]["self"]
            assert reading.get("u1", last["links"]["first"])["links"]["last"] == last["links"]["self"]
            assert last["meta"]["total"] == len(whole)
        else:
            assert last["meta"] == {"limit": 7}
            assert "last" not in last["links"]


def test_a_page_beyond_the_end_is_empty(reading: Served) -> None:
    document = reading.get("u1", "/api/Customer?page[offset]=500&page[limit]=50")
    assert document["data"] == []
    assert document["links"]["next"] is None
    assert len(reading.ids("u1", document["links"]["last"])) == 39
    assert reading.get("u1", "/api/Customer?page[limit]=0")["meta"]["total"] == 89


@pytest.mark.parametrize(
    ("query", "parameter", "hint"),
    [
        ("filtr[Id]=x", "filtr[Id]", "filter"),
        ("foo=1", "foo", "filter"),
        ("filter[Ctiy]=x", "filter[Ctiy]", "City"),
        ("filter[OrderLst.Id]=1", "filter[OrderLst.Id]", "OrderList"),
        ("filter[OrderList.Custmer.Id]=1", "filter[OrderList.Custmer.Id]", "Customer"),
        ("filter[OrderList]=1", "filter[OrderList]", None),
        ("filter[]=1", "filter[]", None),
        ("filter[Id][equals]=1", "filter[Id][equals]", None),
        ("filter[Id][eq][x]=1", "filter[Id][eq][x]", None),
        ("filter[OrderCount]=many", "filter[OrderCount]", None),
        ("filter[OrderCount]=99999999999", "filter[OrderCount]", None),
        ("filter[OrderCount][like]=1%25", "filter[OrderCount][like]", None),
        ("filter[Id][like]=a%5C", "filter[Id][like]", None),
        ("filter[Id]=%00", "filter[Id]", None),
        ("filter[Id][between]=a", "filter[Id][between]", None),
        ("filter[Balance]=NaN", "filter[Balance]", None),
        ("filter[CreatedOn]=soon", "filter[CreatedOn]", None),
        ("filter=x", "filter", None),
        ("filter=5", "filter", None),
        ("filter={}", "filter", "name"),
        ('filter={"name":"Id","oops":1}', "filter", "op"),
        ('filter={"name":"Id","op":"EQ","val":"x"}', "filter", "eq"),
        ('filter={"name":"Id","op":"lt","val":null}', "filter", "is_null"),
        ('filter={"name":"Id","op":"in","val":"x"}', "filter", None),
        ('filter={"name":"Id","op":"eq","val":["x"]}', "filter", None),
        ('filter={"name":"Id","op":"eq","val":5}', "filter", None),
        ('filter={"or":{"name":"Id"}}', "filter", None),
        ('filter={"name":"Id","name":"City"}', "filter", None),
        ("filter=" + "[" * 100 + "]" * 100, "filter", None),
        ("sort=Ctiy", "sort", "City"),
        ("sort=OrderList", "sort", None),
        ("sort=" + ",".join(["Id"] * 11), "sort", None),
        ("sort=Id&sort=City", "sort", None),
        ("sort[x]=Id", "sort[x]", None),
        ("include=OrderLst", "include", "OrderList"),
        ("include=OrderList.Custmer", "include", "Customer"),
        ("include=OrderList.Customer.OrderList.Customer", "include", "ROWGATE_INCLUDE_DEPTH"),
        ("include=City", "include", None),
        ("fields[Custmer]=Id", "fields[Custmer]", "Customer"),
        ("fields[Customer]=Ctiy", "fields[Customer]", "City"),
        ("fields=Id", "fields", None),
        ("page[limit]=x", "page[limit]", None),
        ("page[limit]=-1", "page[limit]", None),
        ("page[limit]=1001", "page[limit]", None),
        ("page[size]=0", "page[size]", None),
        ("page[number]=0", "page[number]", None),
        ("page[offset]=99999999999", "page[offset]", None),
        ("page[number]=1&page[offset]=1", "page[number]", None),
        ("page[limt]=1", "page[limt]", "limit"),
        ("page[total]=no", "page[total]", None),
        ("page=1", "page", None),
    ],
)
def test_what_is_not_understood_is_refused(reading: Served, query: str, parameter: str, hint: str | None) -> None:
    (error,) = reading.fault(400, "u1", "GET", f"/api/Customer?{query}")
    assert error["code"] == "RG201"
    assert error["source"] == {"parameter": parameter}
    if hint is not None:
        assert hint in error["meta"]["hint"]


def test_all_that_is_not_understood_is_told_at_once(reading: Served) -> None:
    errors = reading.fault(400, "u1", "GET", "/api/Customer?foo=1&filter[x]=1&sort=y&include=z&page[w]=1")
    assert [error["source"]["parameter"] for error in errors] == ["foo", "filter[x]", "sort", "include", "page[w]"]


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", "/api/Customer/ALFKI", "sort=Id"),
        ("GET", "/api/Customer/ALFKI", "filter[Id]=x"),
        ("GET", "/api/Order/10643/Customer", "page[limit]=1"),
        ("DELETE", "/api/Customer/ALFKI", "include=OrderList"),
        ("PATCH", "/api/Customer/ALFKI", "filter[Id]=x"),
        ("POST", "/api/Customer", "sort=Id"),
    ],
)
def test_a_parameter_in_the_wrong_place_is_refused(reading: Served, method: str, path: str, query: str) -> None:
    options = {} if method in ("GET", "DELETE") else {"json": {"data": {"type": "Customer", "id": "ALFKI"}}}
    (error,) = reading.fault(400, "u1", method, f"{path}?{query}", **options)
    assert error["code"] == "RG201"


# --- whatever a client sends

NAMES = st.sampled_from(
    ["Id", "id", "City", "Balance", "OrderCount", "CreatedOn", "Client_id", "OrderList", "OrderList.Id", "Nope", ""]
)
OPERATORS = st.sampled_from(["eq", "ne", "lt", "in", "notin", "like", "ilike", "is_null", "between", "any", "and", ""])
TEXT = st.text(max_size=12) | st.sampled_from(
    [
        "",
        "1",
        "-1",
        "1.5",
        "1e5",
        "null",
        "NaN",
        "Infinity",
        "true",
        "2024-02-30",
        "%",
        "\\",
        "'",
        '"',
        "\0",
        "a,b",
        "9" * 40,
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
LEAF = st.fixed_dictionaries({"name": NAMES, "op": OPERATORS, "val": VALUES})
CONDITION = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.builds(lambda word, parts: {word: parts}, st.sampled_from(["and", "or"]), st.lists(inner, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
        st.builds(lambda part: {"name": "OrderList", "op": "any", "val": part}, inner),
        st.builds(lambda text: {"search": text}, VALUES),
    ),
    max_leaves=5,
)
PARAMETER = st.one_of(
    st.tuples(st.builds("filter[{}]".format, NAMES), TEXT),
    st.tuples(st.builds("filter[{}][{}]".format, NAMES, OPERATORS), TEXT),
    st.tuples(st.just("filter"), st.builds(json.dumps, CONDITION) | TEXT),
    st.tuples(st.just("sort"), st.builds(",".join, st.lists(NAMES, max_size=3)) | TEXT),
    st.tuples(st.just("include"), st.sampled_from(["OrderList", "OrderList.Customer", "x", "."]) | TEXT),
    st.tuples(st.sampled_from(["fields[Customer]", "fields[Order]", "fields[x]", "fields"]), NAMES | TEXT),
    st.tuples(st.builds("page[{}]".format, st.sampled_from(["offset", "limit", "number", "size", "total", "x"])), TEXT),
    st.tuples(st.sampled_from(["page[after]", "page[before]"]), TEXT | st.sampled_from(["", "WzFd", "WyJhIiwxXQ"])),
    st.tuples(st.builds("page[{}][{}]".format, NAMES, st.sampled_from(["limit", "offset", "size", "x"])), TEXT),
    st.tuples(st.builds("sort[{}]".format, NAMES), NAMES | TEXT),
    st.tuples(st.just("filter[search]"), TEXT),
    st.tuples(TEXT, TEXT),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parameters=st.lists(PARAMETER, max_size=3))
def test_no_query_breaks_the_server(reading: Served, parameters: list[tuple[str, str]]) -> None:
    query = urlencode(parameters, errors="surrogatepass")
    for path in ("/api/Customer", "/api/Customer/ALFKI/OrderList"):
        response = reading.ask("u1", "GET", f"{path}?{query}")
        assert response.status_code in (200, 400), (query, response.get_data(as_text=True)[:500])
        if response.status_code == 400:
            for error in response.get_json()["errors"]:
                assert error["source"]["parameter"] is not None
                assert "SELECT" not in error["detail"]
        elif path == "/api/Customer":
            assert all(each["id"] != "ANATR" for each in response.get_json()["data"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(condition=CONDITION)
def test_no_filter_breaks_the_server(reading: Served, condition: Any) -> None:
    response = reading.ask("s1", "GET", "/api/Customer?filter=" + quote(json.dumps(condition)))
    assert response.status_code in (200, 400), response.get_data(as_text=True)[:500]
    if response.status_code == 200:
        assert {each["id"] for each in response.get_json()["data"]} <= {"CTWTR"}
