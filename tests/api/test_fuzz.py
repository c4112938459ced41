"""Mutated requests: never a 5xx, never SQL in a body, never a hidden value.

Before the first request every row that the user may not see gets a mark in its columns that hold text. The mark may
then be in no answer, whatever is asked. Requests begin as good ones and are changed at random, from a seed.

750 on each database run with the other tests; ``make fuzz REQUESTS=20000`` runs more.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import String, and_, select, update
from sqlalchemy.inspection import inspect
from sqlalchemy.orm import Session

from api.customize_api import customize_api
from database.models import Base
from rowgate.logic import RuleSet
from rowgate.types import Access, Principal
from security.declare_security import policy
from tests.api.conftest import BOTH, JSON_API, Served, serve

REQUESTS = int(os.environ.get("ROWGATE_TEST_REQUESTS", "750"))
SEED = int(os.environ.get("ROWGATE_TEST_SEED", "1"))
MARK = "qZx7Hidden"
USER = "s1"
ATOMIC = f'{JSON_API}; ext="https://jsonapi.org/ext/atomic"'

# What only a statement, a driver or a traceback would say.
SQL = re.compile(
    r"SELECT\s.{0,200}\sFROM\s|INSERT INTO\s|UPDATE \"|DELETE FROM|WHERE \""
    r"|sqlalchemy|sqlite3|psycopg|Traceback|%\(\w+\)s",
    re.DOTALL,
)

SEEDS: list[tuple[str, str, Any]] = [
    ("GET", "/api/Customer?filter[Country]=UK&sort=-Balance&include=OrderList.OrderDetailList&page[limit]=5", None),
    ("GET", '/api/Order?filter=[{"name":"Customer.City","op":"eq","val":"London"}]&page[number]=1&page[size]=3', None),
    ("GET", '/api/Customer?filter={"or":[{"name":"City","op":"like","val":"L%"},{"search":"a"}]}', None),
    ("GET", "/api/Customer?filter[OrderList.Freight][gt]=10&fields[Customer]=City,OrderList&page[total]=false", None),
    ("GET", "/api/Order?page[after]=&sort=Customer.CompanyName,-OrderDate&page[limit]=2", None),
    ("GET", "/api/Customer/ALFKI?include=OrderList", None),
    ("GET", "/api/Order/10643/OrderDetailList?include=Product", None),
    ("GET", "/api/Order/10643/relationships/Customer", None),
    ("GET", "/api/Customer?format=csv&fields[Customer]=Id,CompanyName", None),
    ("GET", "/api/Order/10643/why?permission=read&subject=employee:5", None),
    ("GET", "/api/Order/10643/permissions", None),
    ("POST", "/api/Order", {"data": {"type": "Order", "attributes": {"Freight": 1.5, "CustomerId": "ALFKI"}}}),
    (
        "POST",
        "/api/Order",
        {"data": {"type": "Order", "relationships": {"Customer": {"data": {"type": "Customer", "id": "CTWTR"}}}}},
    ),
    (
        "PATCH",
        "/api/Customer/CTWTR",
        {"data": {"type": "Customer", "id": "CTWTR", "attributes": {"City": "Bath", "CreditLimit": 900}}},
    ),
    ("PATCH", "/api/Order/10643/relationships/Customer", {"data": {"type": "Customer", "id": "ALFKI"}}),
    ("POST", "/api/Customer/CTWTR/relationships/OrderList", {"data": [{"type": "Order", "id": "10643"}]}),
    ("DELETE", "/api/Customer/CTWTR/relationships/OrderList", {"data": [{"type": "Order", "id": "10643"}]}),
    ("DELETE", "/api/OrderDetail/1040", None),
    ("POST", "/api/Order/10643/ship", {"meta": {"args": {"shipped": "2024-05-31"}}}),
    (
        "POST",
        "/api/operations",
        {
            "atomic:operations": [
                {"op": "update", "data": {"type": "Customer", "id": "CTWTR", "attributes": {"City": "B"}}}
            ]
        },
    ),
]

WORDS = [
    *("", "0", "-1", "1e400", "NaN", "null", "true", "'", '"', "%", "%00", "\\", "' OR 1=1 --", "1);DROP TABLE x;--"),
    *(
        "{}",
        "[]",
        "[[[[[[",
        '{"name":"Id"}',
        "é",
        "\U0001f600",
        "\ud7ff",
        "a" * 300,
        "99999999999999999999",
        "2024-13-45",
    ),
    *(
        "Customer",
        "Order",
        "Employee",
        "OrderList",
        "ReportsTo",
        "Salary",
        "Region",
        "ALFKI",
        "CTWTR",
        "10643",
        "Id",
        "id",
    ),
    *("eq", "like", "any", "is_null", "between", "filter[search]", "page[after]", "include", "..", "/", "~1", "_", ","),
]
VALUES: list[Any] = [
    *(None, True, 0, -1, 1.5, 10**30, 1e308, "", "x", "ALFKI", "10643", "2024-05-31", "é", "a" * 9000, [], {}, [None]),
    *([[]], {"type": "Customer", "id": "ALFKI"}, {"data": None}, {"a": {"b": {"c": []}}}, "\x01", "'; --", MARK[:3]),
]


def mark_hidden_rows(served: Served) -> int:
    """Put the mark into the text columns of each row that the user may not see; returns how many rows it was."""
    count = 0
    with Session(served.gate.plain_engine) as plain, served.gate.session(served.people[USER]) as session:
        for entity in served.gate.bound.entities:
            mapper = inspect(entity)
            keys = list(mapper.primary_key)
            # Keys and references stay: without them the rows would not be those that requests name.
            values = {column: MARK for column in mapper.local_table.columns if _can_be_marked(column)}
            seen: set[tuple[Any, ...]] = set()
            if not session.decide(entity, Access.READ).refused:
                attributes = [mapper.get_property_by_column(key).class_attribute for key in keys]
                seen = {tuple(row) for row in session.execute(select(*attributes))}
            hidden = {tuple(row) for row in plain.execute(select(*keys))} - seen
            for key in hidden if values else ():
                row = and_(*(column == value for column, value in zip(keys, key, strict=True)))
                plain.execute(update(mapper.local_table).where(row).values(values))
                count += 1
        plain.commit()
    return count


def _can_be_marked(column: Any) -> bool:
    fits = isinstance(column.type, String) and (column.type.length is None or column.type.length >= len(MARK))
    return fits and not (column.primary_key or column.foreign_keys or column.unique)


class Mutator:
    """Makes requests out of the good ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret

    def request(self) -> tuple[str, str, dict[str, Any]]:
        """A method, an address, and what is sent with it."""
        method, path, body = self._random.choice(SEEDS)
        options: dict[str, Any] = {"headers": {}}
        for _ in range(self._random.choice((0, 1, 1, 2, 3))):
            path = self._address(path)
        if self._random.random() < 0.1:
            method = self._random.choice(("GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"))
        if self._random.random() < 0.1:
            name = self._random.choice(("Accept", "If-Match", "If-None-Match", "X-Request-Id", "X-Context-Org-Id"))
            options["headers"][name] = self._random.choice(
                ("", "*", '"x"', "text/html", "application/vnd.api+json; a=b")
            )
        if body is not None:
            for _ in range(self._random.choice((0, 1, 1, 2))):
                body = self._body(body)
            text = json.dumps(body)
            if self._random.random() < 0.15:
                cut = self._random.randrange(len(text) + 1)
                text = text[:cut] + self._random.choice(("", "}", "\x00", "NaN", '"a":1,"a":2')) + text[cut + 1 :]
            options["data"] = text.encode("utf-8", "surrogatepass")
            options["content_type"] = self._random.choice(
                (JSON_API, JSON_API, "application/json", ATOMIC, "text/plain")
            )
        return method, path, options

    def _address(self, path: str) -> str:
        pieces = re.split(r"([/?&=\[\],.])", path)
        at = self._random.randrange(len(pieces))
        word = quote(self._random.choice(WORDS).encode("utf-8", "surrogatepass"), safe="[]{},")
        match self._random.randrange(4):
            case 0:
                pieces[at] = word
            case 1:
                del pieces[at]
            case 2:
                pieces.insert(at, word)
            case _:
                joint = "&" if "?" in path else "?"
                pieces.append(f"{joint}{quote(self._random.choice(WORDS), safe='[]', errors='surrogatepass')}={word}")
        return "/" + "".join(pieces).lstrip("/")

    def _body(self, value: Any) -> Any:
        """The same with one part replaced, somewhere within."""
        if isinstance(value, dict) and value and self._random.random() < 0.8:
            name = self._random.choice(list(value))
            made = dict(value)
            if self._random.random() < 0.1:
                made[self._random.choice(WORDS)] = made.pop(name)
            else:
                made[name] = self._body(value[name])
            return made
        if isinstance(value, list) and value and self._random.random() < 0.8:
            at = self._random.randrange(len(value))
            return [*value[:at], self._body(value[at]), *value[at:]]
        return self._random.choice(VALUES)


@pytest.fixture(params=BOTH)
def marked(request: pytest.FixtureRequest, people: dict[str, Principal], rules: RuleSet, tmp_path: Path) -> Served:
    """The sample, with the mark in every row that the user may not see."""
    copies = request.getfixturevalue("sqlite_copies" if request.param == "sqlite" else "postgres_copies")
    served = serve(copies(), policy, Base, people, tmp_path, rules=rules, customize=customize_api)
    assert mark_hidden_rows(served) > 100
    return served


def test_the_mark_is_found_where_rows_are_not_hidden(marked: Served) -> None:
    assert MARK in marked.ask("sa", "GET", "/api/Customer").get_data(as_text=True)


def test_mutated_requests(marked: Served) -> None:
    mutator = Mutator(SEED)
    statuses: Counter[int] = Counter()
    for _ in range(REQUESTS):
        method, path, options = mutator.request()
        response = marked.ask(USER, method, path, **options)
        said = f"{method} {path} {options}"
        assert response.status_code < 500, said
        answer = response.get_data(as_text=True) + str(response.headers)
        assert MARK not in answer, said
        assert not SQL.search(answer), f"{said}\n{answer[:2000]}"
        statuses[response.status_code] += 1
    # Otherwise the requests would be too good, or too bad, to find anything.
    assert statuses[200] > REQUESTS / 10, statuses
    assert statuses[400] > REQUESTS / 10, statuses
