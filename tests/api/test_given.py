"""Verbs that are given on no row: 403 whatever is sent, and methods that are not offered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from database.models import Base
from security.declare_security import policy
from tests.api.conftest import Served, serve
from tests.api.test_write import body

# Nobody is given the writing of invoices; a relation grant gives the reading.
REFUSED = (
    ("POST", "/api/Invoice"),
    ("PATCH", "/api/Invoice"),
    ("DELETE", "/api/Invoice"),
    ("PATCH", "/api/Invoice/1"),
    ("DELETE", "/api/Invoice/1"),
    ("PATCH", "/api/Invoice/1?Nope=1"),
    ("POST", "/api/Invoice?sort=Nope"),
    ("DELETE", "/api/Invoice/none"),
)


@pytest.mark.parametrize(("method", "path"), REFUSED)
def test_a_verb_that_is_not_given_is_403_before_anything_is_looked_at(reading: Served, method: str, path: str) -> None:
    ways: tuple[dict[str, Any], ...] = (
        {},
        {"data": b"{", "content_type": "text/plain"},
        {"json": {"data": 1}},
        {"json": body("Invoice", "1", Nope=1)},
        {"json": {}, "headers": {"If-Match": '"x"', "Idempotency-Key": "\x7f"}},
    )
    with reading.counting() as sent:
        for way in ways:
            (error,) = reading.fault(403, "u1", method, path, **way)
            assert error["code"] == "RG102"
    assert sent == []


@pytest.mark.parametrize("middle", ["", "relationships/"])
def test_linkage_that_may_not_be_written_is_403_first(reading: Served, middle: str) -> None:
    """p1 only reads."""
    for method in ("PATCH", "POST", "DELETE"):
        reading.fault(403, "p1", method, f"/api/Customer/ALFKI/{middle}OrderList", data=b"{", content_type="text/plain")
    reading.fault(403, "p1", "PATCH", f"/api/Order/10643/{middle}Customer?Nope=1", json={})


@pytest.mark.parametrize(
    ("user", "path", "methods"),
    [
        ("u1", "Customer", "DELETE GET HEAD OPTIONS PATCH POST"),
        ("u1", "Customer/ALFKI", "DELETE GET HEAD OPTIONS PATCH"),
        ("u1", "Customer/ALFKI/OrderList", "DELETE GET HEAD OPTIONS PATCH POST"),
        ("u1", "Order/10643/relationships/Customer", "GET HEAD OPTIONS PATCH"),
        ("u1", "Invoice", "GET HEAD OPTIONS"),
        ("u1", "Invoice/1", "GET HEAD OPTIONS"),
        ("p1", "Customer", "GET HEAD OPTIONS"),
        ("p1", "Customer/ALFKI", "GET HEAD OPTIONS"),
        ("p1", "Customer/ALFKI/relationships/OrderList", "GET HEAD OPTIONS"),
        ("p1", "Order/10643/Customer", "GET HEAD OPTIONS"),
    ],
)
def test_options_tells_what_the_principal_may_do(reading: Served, user: str, path: str, methods: str) -> None:
    response = reading.ask(user, "OPTIONS", f"/api/{path}")
    assert (response.status_code, " ".join(sorted(response.allow))) == (204, methods)
    known = reading.get(user, "/api/openapi.json")["paths"]
    kind, _, rest = path.partition("/")
    _, _, relation = rest.partition("/")
    described = known[f"/api/{kind}" + ("/{row_id}" if rest else "") + (f"/{relation}" if relation else "")]
    assert {each.upper() for each in described} - {"PARAMETERS"} == set(methods.split()) - {"HEAD", "OPTIONS"}


def test_an_answer_includes_no_more_rows_than_the_setting(reading: Served, tmp_path: Path) -> None:
    served = serve(reading.gate.plain_engine, policy, Base, reading.people, tmp_path, included_max=30)
    for query in ("Order?include=Customer&page[limit]=30", "Customer/ALFKI?include=OrderList"):
        assert served.get("admin", f"/api/{query}")["included"]
    several = "Customer?page[limit]=20&include=OrderList"
    for query in (several, "Order?include=Customer&page[limit]=200", "Order?page[limit]=30&include=Customer,Employee"):
        (error,) = served.fault(400, "admin", "GET", f"/api/{query}")
        assert error["source"] == {"parameter": "include"}
        assert "ROWGATE_INCLUDED_MAX" in error["meta"]["hint"]
    with served.counting() as sent:
        served.fault(400, "admin", "GET", f"/api/{several}")
    assert "LIMIT" in sent[-1], "the rows that are too many are not read"
    assert len(served.get("admin", f"/api/{several}&page[OrderList][limit]=1")["included"]) <= 20
