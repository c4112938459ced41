"""Atomic operations: in order, all or none, each judged as a request of its own."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.conftest import JSON_API, Served
from tests.api.test_write import body, rows

PATH = "/api/operations"
ATOMIC = f'{JSON_API}; ext="https://jsonapi.org/ext/atomic"'

Op = dict[str, Any]


def sent(*operations: Op) -> dict[str, Any]:
    return {"json": {"atomic:operations": list(operations)}, "content_type": ATOMIC}


def add(kind: str, row_id: str | None = None, *, lid: str | None = None, **attributes: Any) -> Op:
    data = body(kind, row_id, **attributes)["data"]
    return {"op": "add", "data": {**data, "lid": lid} if lid else data}


def update(kind: str, row_id: str, **attributes: Any) -> Op:
    return {"op": "update", "data": body(kind, row_id, **attributes)["data"]}


def remove(kind: str, row_id: str) -> Op:
    return {"op": "remove", "ref": {"type": kind, "id": row_id}}


def related(op: Op, **to_one: Op | None) -> Op:
    op["data"]["relationships"] = {name: {"data": data} for name, data in to_one.items()}
    return op


def done(served: Served, user: str, *operations: Op) -> list[Any]:
    """The results, which must be there."""
    response = served.ask(user, "POST", PATH, **sent(*operations))
    assert response.status_code == 200, response.get_data(as_text=True)[:800]
    assert response.content_type == ATOMIC
    assert response.get_json()["jsonapi"]["ext"] == ["https://jsonapi.org/ext/atomic"]
    results: list[Any] = response.get_json()["atomic:results"]
    assert len(results) == len(operations)
    return results


def test_operations_are_done_in_order_with_local_ids(writing: Served) -> None:
    results = done(
        writing,
        "u1",
        add("Customer", "NEWCO", lid="c", CompanyName="New", CreditLimit=5000, Client_id=1),
        related(
            add("Order", lid="o"),
            Customer={"type": "Customer", "lid": "c"},
            Employee={"type": "Employee", "id": "1"},
        ),
        related(add("OrderDetail", lid="d", ProductId=1, Quantity=2), Order={"type": "Order", "lid": "o"}),
        {"op": "update", "data": {"type": "OrderDetail", "lid": "d", "attributes": {"Quantity": 3}}},
        {
            "op": "update",
            "ref": {"type": "Order", "lid": "o", "relationship": "Employee"},
            "data": {"type": "Employee", "id": "2"},
        },
        {"op": "update", "href": "/api/Customer/NEWCO", "data": body("Customer", "NEWCO", City="Bath")["data"]},
    )
    customer, order, detail, changed, nothing, moved = results
    assert customer["data"]["id"] == "NEWCO"
    assert nothing == {}
    # Each row is answered as it is after all of them, rules included.
    assert moved == customer
    assert customer["data"]["attributes"]["City"] == "Bath"
    assert customer["data"]["attributes"]["Balance"] == 54
    assert order["data"]["attributes"]["CustomerId"] == "NEWCO"
    assert order["data"]["attributes"]["EmployeeId"] == 2
    assert order["data"]["attributes"]["AmountTotal"] == 54
    assert detail == changed
    assert detail["data"]["attributes"]["OrderId"] == int(order["data"]["id"])
    for each in (customer, order, detail):
        path = f"/api/{each['data']['type']}/{each['data']['id']}"
        assert writing.get("u1", path)["data"] == each["data"]


def test_what_an_operation_did_the_next_one_finds(writing: Served) -> None:
    gone = writing.ask(
        "u1",
        "POST",
        PATH,
        **sent(
            add("Customer", "NEWCO", CompanyName="New", Client_id=1),
            remove("Customer", "NEWCO"),
        ),
    )
    assert gone.status_code == 204
    again = add("Customer", "NEWCO", CompanyName="Other", Client_id=1)
    first, second = done(writing, "u1", again, update("Customer", "NEWCO", City="Bath"))
    assert first == second
    assert writing.ask("u1", "POST", PATH, **sent(remove("Customer", "NEWCO"))).status_code == 204
    writing.fault(404, "u1", "GET", "/api/Customer/NEWCO")


@pytest.mark.parametrize(
    ("refused", "status", "code", "pointer"),
    [
        (update("Customer", "NOPE", City="X"), 404, "RG105", "/atomic:operations/1"),
        (update("Customer", "CTWTR", City="X"), 404, "RG105", "/atomic:operations/1"),  # of another client
        (remove("Customer", "ALFKI"), 409, None, "/atomic:operations/1"),
        (update("Customer", "ALFKI", Balance=1), 403, "RG104", "/atomic:operations/1/data/attributes/Balance"),
        (update("Customer", "ALFKI", CreditLimit=1), 422, "RG401", None),
        (add("Customer", "ANATR", CompanyName="X", Client_id=1), 409, "RG209", "/atomic:operations/1"),
        (add("Order", CustomerId="CTWTR"), 409, "RG107", "/atomic:operations/1/data/attributes/CustomerId"),
        (update("Customer", "ALFKI", Client_id=2), 403, None, None),
        (
            {"op": "update", "data": body("Customer", "ANTO", City="X", S_CheckSum="old")["data"]},
            409,
            "RG208",
            "/atomic:operations/1/data/attributes/S_CheckSum",
        ),
        (
            related(add("Order"), Customer={"type": "Customer", "id": "CTWTR"}),
            409,
            "RG107",
            "/atomic:operations/1/data/relationships/Customer",
        ),
    ],
)
def test_one_that_is_refused_undoes_those_before_and_says_which(
    reading: Served, refused: Op, status: int, code: str | None, pointer: str | None
) -> None:
    before = rows(reading)
    first = update("Customer", "ALFKI", City="Never")
    errors = reading.fault(
        status, "u1", "POST", PATH, **sent(first, refused, update("Customer", "ANATR", City="Never"))
    )
    assert code is None or errors[0]["code"] == code
    assert pointer is None or errors[0]["source"]["pointer"] == pointer, errors
    assert errors[0]["source"]["pointer"].startswith("/atomic:operations/1")
    if code == "RG208":
        assert errors[0]["meta"]["current"] == reading.get("u1", "/api/Customer/ANTO")["data"]
    assert rows(reading) == before


def test_hidden_and_missing_rows_answer_alike(reading: Served) -> None:
    """In every place where an operation can name a row."""

    def with_id(row_id: str) -> list[Op]:
        link = {"type": "Customer", "id": row_id}
        return [
            update("Customer", row_id, City="X"),
            {"op": "update", "ref": link, "data": body("Customer", City="X")["data"]},
            {"op": "update", "href": f"/api/Customer/{row_id}", "data": body("Customer", City="X")["data"]},
            remove("Customer", row_id),
            {"op": "update", "ref": {**link, "relationship": "OrderList"}, "data": []},
            {"op": "add", "ref": {**link, "relationship": "OrderList"}, "data": [{"type": "Order", "id": "10643"}]},
            {"op": "update", "href": "/api/Order/10643/relationships/Customer", "data": link},
            related(add("Order"), Customer=link),
            add("Order", CustomerId=row_id),
        ]

    for hidden, missing in zip(with_id("CTWTR"), with_id("CTWTX"), strict=True):
        answers = [
            reading.ask("u1", "POST", PATH, headers={"X-Request-Id": "same"}, **sent(op)) for op in (hidden, missing)
        ]
        assert answers[0].status_code == answers[1].status_code >= 400, hidden
        assert answers[0].data.replace(b"CTWTR", b"?") == answers[1].data.replace(b"CTWTX", b"?")


@pytest.mark.parametrize("user", ["u1", "s1", "buyer", "admin"])
def test_each_operation_is_answered_as_the_request_it_stands_for(scratch: Served, user: str) -> None:
    """The status and the code are those of a single request, whoever asks."""
    for op, method, path, document in (
        (remove("Region", "1"), "DELETE", "/api/Region/1", None),
        (remove("Customer", "CTWTR"), "DELETE", "/api/Customer/CTWTR", None),
        (update("Customer", "CTWTR", Balance=1), "PATCH", "/api/Customer/CTWTR", body("Customer", Balance=1)),
        (update("Employee", "1", LastName=None), "PATCH", "/api/Employee/1", body("Employee", LastName=None)),
        (add("Employee", "77", LastName="X"), "POST", "/api/Employee", body("Employee", "77", LastName="X")),
        (add("EmployeeAudit", Title="X"), "POST", "/api/EmployeeAudit", body("EmployeeAudit", Title="X")),
    ):
        batch = scratch.ask(user, "POST", PATH, **sent(op))
        single = scratch.ask(user, method, path, **({} if document is None else {"json": document}))
        if batch.status_code < 300:
            # What it did cannot be done again.
            assert user == "admin"
            assert single.status_code in (200, 404, 409)
            continue
        assert batch.status_code == single.status_code, (op, batch.get_data(as_text=True))
        codes = [[error["code"] for error in each.get_json()["errors"]] for each in (batch, single)]
        assert codes[0] == codes[1]


def test_every_fault_of_every_operation_is_told_at_once(reading: Served) -> None:
    errors = reading.fault(
        400,
        "u1",
        "POST",
        PATH,
        **sent(
            update("Customer", "ALFKI", City=7, CreditLimit="much", Nope=1),
            {"op": "upsert"},
            {"op": "remove"},
            {"op": "update", "ref": {"type": "Custumer", "id": "1"}, "data": {}},
            related(add("Order", lid="o"), Customer={"type": "Customer", "lid": "unknown"}),
            add("Order", lid="o"),
            {"op": "add", "ref": {"type": "Order", "id": "10643", "relationship": "Customer"}, "data": None},
            {"op": "update", "href": "https://elsewhere/api/Order/1", "data": {}},
            {"op": "remove", "ref": {"type": "Order", "id": "1"}, "href": "/api/Order/1"},
            [],
        ),
    )
    assert {error["source"]["pointer"] for error in errors} == {
        "/atomic:operations/0/data/attributes/City",
        "/atomic:operations/0/data/attributes/CreditLimit",
        "/atomic:operations/0/data/attributes/Nope",
        "/atomic:operations/1/op",
        "/atomic:operations/2/ref",
        "/atomic:operations/3/ref",
        "/atomic:operations/4/data/relationships/Customer/data",
        "/atomic:operations/5/data/lid",
        "/atomic:operations/6/op",
        "/atomic:operations/7/href",
        "/atomic:operations/8/href",
        "/atomic:operations/9",
    }


def test_a_row_cannot_lead_to_itself_by_its_local_id(reading: Served) -> None:
    own = related(add("Order", lid="o", CustomerId="ALFKI"), ClonedFrom={"type": "Order", "lid": "o"})
    (error,) = reading.fault(400, "u1", "POST", PATH, **sent(own))
    assert error["source"]["pointer"] == "/atomic:operations/0/data/relationships/ClonedFrom/data"


@pytest.mark.parametrize("document", [{}, {"atomic:operations": []}, {"atomic:operations": {}}, {"data": []}, []])
def test_what_is_no_document_of_operations(reading: Served, document: Any) -> None:
    reading.fault(400, "u1", "POST", PATH, json=document, content_type=ATOMIC)


def test_no_more_operations_than_the_setting_says(reading: Served) -> None:
    one = update("Customer", "ALFKI", City="X")
    (error,) = reading.fault(400, "u1", "POST", PATH, **sent(*[one] * 501))
    assert "500" in error["detail"]


def test_the_extension_is_asked_for_by_its_media_type(reading: Served) -> None:
    document = {"atomic:operations": [update("Customer", "NOPE", City="X")]}
    other = f'{JSON_API}; ext="https://example.com/other"'
    for kind in (JSON_API, "application/json", other):
        reading.fault(415, "u1", "POST", PATH, json=document, content_type=kind)
    for accept in (other, "application/json", "text/html"):
        refused = reading.ask("u1", "POST", PATH, json=document, content_type=ATOMIC, headers={"Accept": accept})
        assert refused.status_code == 406
    for accept in (ATOMIC, JSON_API, "*/*", f"{other}, {ATOMIC};q=0.5"):
        reading.fault(404, "u1", "POST", PATH, json=document, content_type=ATOMIC, headers={"Accept": accept})
    # And nowhere else.
    reading.fault(415, "u1", "POST", "/api/Customer", json=body("Customer"), content_type=ATOMIC)


def test_nobody_and_other_methods(reading: Served) -> None:
    reading.fault(400, "u1", "POST", f"{PATH}?include=Customer", **sent(update("Customer", "ALFKI")))
    reading.fault(405, "u1", "GET", PATH)
    reading.fault(412, "u1", "POST", PATH, headers={"If-Match": "*"}, **sent(update("Customer", "ALFKI")))


def test_a_row_that_is_written_and_not_seen_is_no_result(house: Served) -> None:
    response = house.ask("writer", "POST", PATH, **sent(add("Note", text="x")))
    assert (response.status_code, response.data) == (204, b"")
    assert len(house.ids("chief", "/api/Note")) == 1


def test_many_to_many_in_one_go(house: Served) -> None:
    results = done(
        house,
        "chief",
        add("Label", "red", rank=9),
        add("Label", "blue"),
        related(add("Note", lid="n", text="t"), labels=[{"type": "Label", "id": "red"}]),  # type: ignore[arg-type]
        {
            "op": "add",
            "ref": {"type": "Note", "lid": "n", "relationship": "labels"},
            "data": [{"type": "Label", "id": "blue"}],
        },
        {
            "op": "remove",
            "ref": {"type": "Note", "lid": "n", "relationship": "labels"},
            "data": [{"type": "Label", "id": "red"}],
        },
    )
    assert house.ids("chief", f"/api/Note/{results[2]['data']['id']}/labels") == ["blue"]


NAMES = st.sampled_from(["a", "b", "c"])
STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "update", "remove"]), NAMES, st.integers(0, 99)), min_size=1, max_size=6
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(STEPS, min_size=1, max_size=4))
def test_any_sequence_is_done_as_a_dictionary_would_do_it(
    house: Served, batches: list[list[tuple[str, str, int]]]
) -> None:
    """The oracle is a dictionary: an operation that cannot be done leaves it as it was before the whole request."""
    for row_id in house.ids("chief", "/api/Label"):
        house.ask("chief", "DELETE", f"/api/Label/{row_id}")
    model: dict[str, int] = {}
    for steps in batches:
        made, refused = dict(model), None
        operations = []
        for index, (verb, name, rank) in enumerate(steps):
            operations.append(
                remove("Label", name)
                if verb == "remove"
                else {"op": verb, "data": body("Label", name, rank=rank)["data"]}
            )
            if refused is None and (name in made) == (verb == "add"):
                refused = index
            elif verb == "remove":
                made.pop(name, None)
            else:
                made[name] = rank
        response = house.ask("chief", "POST", PATH, **sent(*operations))
        if refused is None:
            assert response.status_code in (200, 204), response.get_data(as_text=True)
            model = made
        else:
            (error,) = response.get_json()["errors"]
            assert error["status"] == ("409" if steps[refused][0] == "add" else "404")
            assert error["source"]["pointer"] == f"/atomic:operations/{refused}"
        there = house.get("chief", "/api/Label")["data"]
        assert {each["id"]: each["attributes"]["rank"] for each in there} == model
