"""Whatever a client sends as a body: the answer is never a fault of the server, and a refusal writes nothing."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.conftest import JSON_API, Served

TEXT = st.text(max_size=8) | st.sampled_from(["ALFKI", "ANATR", "10643", "2024-05-31", "", "\0", "x" * 200, "1e9"])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXT)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=5,
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(
        "Id CustomerId EmployeeId OrderDate Freight ShipName AmountTotal Ready CreatedOn S_CheckSum Nope".split()
    ),
    SCALARS,
    max_size=4,
)
IDENTIFIER = st.fixed_dictionaries(
    {"type": st.sampled_from(["Customer", "Employee", "Order", "OrderDetail", "Nope"]), "id": TEXT | st.integers()}
)
LINKAGE = st.fixed_dictionaries({"data": st.none() | IDENTIFIER | st.lists(IDENTIFIER, max_size=2) | ANYTHING})
RELATIONSHIPS = st.dictionaries(
    st.sampled_from(["Customer", "Employee", "ClonedFrom", "OrderDetailList", "CloneList", "Nope"]), LINKAGE, max_size=2
)
RESOURCE = st.fixed_dictionaries(
    {"type": st.just("Order") | TEXT},
    optional={
        "id": st.just("10643") | TEXT | st.integers(),
        "attributes": ATTRIBUTES | ANYTHING,
        "relationships": RELATIONSHIPS | ANYTHING,
    },
)
DOCUMENT = st.fixed_dictionaries({"data": RESOURCE}) | st.dictionaries(st.just("data") | TEXT, ANYTHING, max_size=2)
FREE = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check(served: Served, method: str, path: str, sent: Any) -> None:
    """Send a body; the answer must be sound, and quiet about SQL and hidden rows."""
    text = json.dumps(sent)
    for user in ("u1", "s1"):
        response = served.ask(user, method, path, data=text, content_type=JSON_API)
        words = response.get_data(as_text=True)
        assert response.status_code < 500, (text, words[:500])
        if response.status_code >= 400:
            for error in response.get_json()["errors"]:
                assert not any(word in error["detail"] for word in ("SELECT", "INSERT", "UPDATE", "sqlite", "psycopg"))
        elif words and user == "u1":
            assert '"ANATR"' not in words


@FREE
@given(sent=DOCUMENT)
def test_no_body_breaks_a_post(scratch: Served, sent: Any) -> None:
    check(scratch, "POST", "/api/Order", sent)


@FREE
@given(sent=DOCUMENT)
def test_no_body_breaks_a_patch(scratch: Served, sent: Any) -> None:
    check(scratch, "PATCH", "/api/Order/10643?include=Customer", sent)


@FREE
@given(
    method=st.sampled_from(["PATCH", "POST", "DELETE"]),
    sent=LINKAGE | ANYTHING,
    path=st.sampled_from(
        ["Order/10643/Customer", "Order/10643/CloneList", "Order/10643/relationships/OrderDetailList"]
    ),
)
def test_no_linkage_breaks_a_relationship(scratch: Served, method: str, sent: Any, path: str) -> None:
    check(scratch, method, f"/api/{path}", sent)
