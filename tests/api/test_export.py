"""Exports: the rows of the list, under the same policy, whole, in constant memory, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import gc
import io
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert
from werkzeug.test import TestResponse

from rowgate.api.export import csv_field
from tests.api.conftest import JSON_API, Served
from tests.api.house import Note
from tests.api.test_house import make

KINDS = ("Customer", "Order", "OrderDetail", "Product", "Employee", "Department", "Territory")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def exported(served: Served, user: str, path: str) -> TestResponse:
    response = served.ask(user, "GET", path)
    assert response.status_code == 200, response.get_data(as_text=True)[:500]
    return response


def table(response: TestResponse) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.get_data(as_text=True), newline="")))


def lines(response: TestResponse) -> list[dict[str, Any]]:
    return [json.loads(line) for line in response.get_data(as_text=True).splitlines()]


def as_cell(value: Any) -> str:
    """What a value of a document is in a table."""
    if value is None:
        return ""
    if isinstance(value, str):
        return "'" + value if value.startswith((*FORMULA, "'")) else value
    return json.dumps(value)


@pytest.mark.parametrize("user", ["s1", "u1", "u2", "p1", "admin"])
def test_an_export_holds_the_rows_of_the_list(reading: Served, user: str) -> None:
    for kind in KINDS:
        resources = []
        for offset in (0, 1000, 2000):
            page = f"page[limit]=1000&page[offset]={offset}"
            resources += reading.get(user, f"/api/{kind}?sort=-Id&{page}")["data"]
        for each in resources:
            del each["attributes"]["S_CheckSum"], each["links"], each["relationships"]
        assert lines(exported(reading, user, f"/api/{kind}?sort=-Id&format=ndjson")) == resources
        wanted = [each["attributes"] for each in resources]
        found = table(exported(reading, user, f"/api/{kind}?sort=-Id&format=csv"))
        numbers = {name for each in wanted for name, value in each.items() if isinstance(value, float | int)}
        assert len(found) == len(wanted)
        for row, attributes in zip(found, wanted, strict=True):
            assert list(row) == list(attributes)
            for name, cell in row.items():
                if name in numbers and cell and cell not in ("true", "false"):
                    assert float(cell) == attributes[name]
                else:
                    assert cell == as_cell(attributes[name])


def test_it_takes_filters_fields_and_related_rows(reading: Served) -> None:
    found = table(exported(reading, "u1", "/api/Customer?filter[City]=London&fields[Customer]=City,Id&format=csv"))
    assert found[0].keys() == {"Id", "City"}
    assert {row["City"] for row in found} == {"London"}
    found = table(exported(reading, "u1", "/api/Customer/ALFKI/OrderList?format=csv&fields[Order]=Id,CustomerId"))
    assert [row["CustomerId"] for row in found] == ["ALFKI"] * 6
    assert [row["Id"] for row in found] == reading.ids("u1", "/api/Customer/ALFKI/OrderList")


def test_numbers_have_all_their_digits(reading: Served) -> None:
    path = "/api/Order?filter[Id]=10643&fields[Order]=Freight,Ready,ShippedDate,OrderDate"
    text = exported(reading, "u1", f"{path}&format=csv").get_data(as_text=True)
    assert text == "OrderDate,ShippedDate,Freight,Ready\r\n2013-08-25,,29.46,true\r\n"
    text = exported(reading, "u1", f"{path}&format=ndjson").get_data(as_text=True)
    assert '"Freight":29.46' in text


def test_nobody_exports_what_they_may_not_read(reading: Served) -> None:
    for form in ("csv", "ndjson"):
        (error,) = reading.fault(403, "buyer", "GET", f"/api/Order?format={form}")
        assert error["code"] == "RG102"
        (error,) = reading.fault(404, "s1", "GET", f"/api/Customer/ALFKI/OrderList?format={form}")
        assert error["code"] == "RG105"
        (row,) = lines(exported(reading, "s1", "/api/Customer?format=ndjson"))
        assert row["id"] == "CTWTR"


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("format=xml", ["format"]),
        ("format=csv&include=OrderList", ["include"]),
        ("format=csv&page[limit]=3&page[total]=false", ["page[limit]", "page[total]"]),
        ("format=ndjson&fields[Customer]=Id,OrderList", ["fields[Customer]"]),
        ("format=ndjson&fields[Customer]=S_CheckSum", ["fields[Customer]"]),
        ("format=csv&filter[Citty]=x", ["filter[Citty]"]),
    ],
)
def test_what_an_export_does_not_hold_is_refused(reading: Served, query: str, parameters: list[str]) -> None:
    errors = reading.fault(400, "u1", "GET", f"/api/Customer?{query}")
    assert [error["source"]["parameter"] for error in errors] == parameters


@pytest.mark.parametrize("path", ["Customer/ALFKI", "Order/10643/Customer", "Customer/ALFKI/relationships/OrderList"])
def test_only_lists_are_exported(reading: Served, path: str) -> None:
    (error,) = reading.fault(400, "u1", "GET", f"/api/{path}?format=csv")
    assert error["source"] == {"parameter": "format"}


def test_headers(reading: Served) -> None:
    response = exported(reading, "u1", "/api/Customer?format=csv")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert response.headers["Content-Disposition"] == 'attachment; filename="Customer.csv"'
    assert response.headers["Cache-Control"] == "no-store"
    assert "Content-Length" not in response.headers
    response.close()
    before = reading.gate.engine.pool.checkedout()
    response = reading.ask("u1", "HEAD", "/api/Customer?format=ndjson")
    assert response.headers["Content-Type"] == "application/x-ndjson"
    assert response.data == b""
    # Though nobody closed it; on PostgreSQL a cursor that is left to the garbage collector warns.
    assert reading.gate.engine.pool.checkedout() == before


def test_exports_are_described(reading: Served) -> None:
    paths = reading.ask("u1", "GET", "/api/swagger.json").get_json()["paths"]
    for path, exported in (
        ("/api/Customer", True),
        ("/api/Customer/{row_id}", False),
        ("/api/Customer/{row_id}/OrderList", True),
        ("/api/Order/{row_id}/Customer", False),
        ("/api/Customer/{row_id}/relationships/OrderList", False),
    ):
        operation = paths[path]["get"]
        assert ("format" in {each["name"] for each in operation["parameters"]}) is exported
        kinds = set(operation["responses"]["200"]["content"])
        assert kinds == ({"application/vnd.api+json", "text/csv", "application/x-ndjson"} if exported else {JSON_API})


def test_the_session_ends_with_the_answer(reading: Served) -> None:
    """Also where the client goes away in the middle."""
    gc.collect()
    pool: Any = reading.gate.engine.pool
    before = pool.checkedout()
    for _ in range(3):
        response = reading.ask("u1", "GET", "/api/OrderDetail?format=csv", buffered=False)
        rows = iter(response.response)
        next(rows)
        next(rows)
        assert pool.checkedout() == before + 1
        response.close()
        assert pool.checkedout() == before
    exported(reading, "u1", "/api/OrderDetail?format=csv")
    reading.fault(400, "u1", "GET", "/api/OrderDetail?format=csv&include=Order")
    assert pool.checkedout() == before


# --- the house: keys called id, NULL and empty text, every column type ---------------------------------------------


def test_a_key_called_id_is_the_first_column(house: Served) -> None:
    first = make(house, "Note", text="", owner=None)
    make(house, "Note", text='a,"b"\r\nc ', owner="=HYPERLINK(1)")
    response = exported(house, "chief", "/api/Note?format=csv")
    assert response.get_data(as_text=True).startswith(f'id,text,owner\r\n{first},"",\r\n')
    assert [row["text"] for row in table(response)] == ["", 'a,"b"\r\nc ']
    assert table(response)[1]["owner"] == "'=HYPERLINK(1)"
    assert lines(exported(house, "chief", "/api/Note?format=ndjson"))[1]["attributes"]["owner"] == "=HYPERLINK(1)"


def test_every_type_of_column(house: Served) -> None:
    values = {
        "flag": True,
        "big": -(2**62),
        "exact": -0.5,
        "rough": -1.5e-9,
        "moment": "2024-05-31T16:00:00",
        "time": "16:00:00",
        "token": "12345678-1234-5678-1234-567812345678",
        "colour": "red",
        "blob": "PT0=",
        "tree": ["=1+1", {"a": -1}],
    }
    row_id = make(house, "Kinds", **values)
    (resource,) = lines(exported(house, "chief", "/api/Kinds?format=ndjson"))
    document = house.get("chief", f"/api/Kinds/{row_id}")["data"]["attributes"]
    del document["S_CheckSum"]
    assert resource["attributes"] == document
    (row,) = table(exported(house, "chief", "/api/Kinds?format=csv"))
    assert row["exact"] == "-0.5000000000"  # a number is no formula
    assert float(row["rough"]) == -1.5e-9
    assert {name: row[name] for name in ("flag", "big", "moment", "colour", "blob", "zoned")} == {
        "flag": "true",
        "big": str(-(2**62)),
        "moment": "2024-05-31T16:00:00",
        "colour": "red",
        "blob": "PT0=",
        "zoned": "",
    }
    assert json.loads(row["tree"]) == values["tree"]


def test_memory_does_not_grow_with_the_rows(house: Served) -> None:
    def add(first: int, count: int) -> None:
        with house.gate.plain_engine.begin() as connection:
            rows = [{"id": first + each, "text": f"note {each} " * 8, "owner": "clerk"} for each in range(count)]
            connection.execute(insert(Note), rows)

    def peak(form: str) -> tuple[int, int]:
        response = house.ask("clerk", "GET", f"/api/Note?format={form}", buffered=False)
        tracemalloc.start()
        try:
            size = sum(len(part) for part in response.response)
            return size, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            response.close()

    add(1, 2_000)
    for form in ("csv", "ndjson"):
        peak(form)  # what is made once
    few = {form: peak(form) for form in ("csv", "ndjson")}
    add(10_000, 20_000)
    for form, (size, memory) in few.items():
        more, most = peak(form)
        assert more > 10 * size
        assert most < 1.5 * memory, f"{form}: {memory} bytes for 2,000 rows, {most} for 22,000"


# --- formulas -----------------------------------------------------------------------------------------------------

hostile = st.text(st.sampled_from([*FORMULA, "'", '"', ",", "\n", " ", "a", "1", "|", "é"]), max_size=8)


@given(st.lists(hostile, min_size=1, max_size=4))
def test_no_text_is_a_formula_and_none_is_lost(texts: list[str]) -> None:
    """Against Python's own reader of CSV: what it reads begins with no formula, and is the text but for the guard."""
    line = ",".join(csv_field(text) for text in texts) + "\r\n"
    (read,) = csv.reader(io.StringIO(line, newline=""))
    assert not any(cell.startswith(FORMULA) for cell in read)
    assert [cell.removeprefix("'") for cell in read] == texts


@given(st.text(min_size=1))
def test_text_that_is_no_formula_stays_as_it_is(text: str) -> None:
    if not text.startswith((*FORMULA, "'")):
        (read,) = csv.reader(io.StringIO(csv_field(text) + "\r\n", newline="")) if "\0" not in text else ([text],)
        assert read == [text]
