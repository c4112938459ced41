"""The sample as its users meet it: the whole app, real log-ins, over HTTP, on both databases."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from config.settings import project
from database.models import Customer, Order
from rowgate.app import create_app
from rowgate.settings import load_settings
from tests.conftest import Copies

JSON_API = "application/vnd.api+json"

# What the sample's own README says, and for the users it leaves out what the declarations come to.
COUNTS: dict[str, dict[str, int]] = {
    "Customer": {
        **dict.fromkeys(("u1", "r1", "aneu"), 89),
        **dict.fromkeys(("u2", "sam"), 3),
        **dict.fromkeys(("s1", "ALFKI", "ANATR"), 1),
        **dict.fromkeys(("sa", "admin", "nancy", "andrew", "steven"), 95),
        "p1": 2,
    },
    "Category": {
        **dict.fromkeys(("s1", "u2", "sam", "p1", "ANATR"), 3),
        **dict.fromkeys(("u1", "r1", "ALFKI", "aneu"), 1),
        **dict.fromkeys(("sa", "admin", "nancy", "andrew", "steven"), 8),
    },
    "Department": {
        **dict.fromkeys(("s1", "u1", "r1", "aneu", "ALFKI", "ANATR", "p1", "nancy", "andrew", "steven"), 7),
        **dict.fromkeys(("u2", "sam", "sa", "admin"), 8),
    },
    "Employee": {
        **dict.fromkeys(("u1", "u2", "sam", "aneu", "r1", "ALFKI", "ANATR", "p1"), 11),
        **dict.fromkeys(("sa", "admin", "nancy", "andrew", "steven"), 11),
        "s1": 4,
    },
}
# What README says of the sample's relationships.
ORDERS = {"nancy": 128, "andrew": 830, "steven": 230}

# The same question by hand, knowing the sample: own orders and those of everybody below; the orders of customers whose
# account team one is on; and what was shared with one, or with a department one works for (or that it is a part of).
BY_HAND = text(
    """
    WITH RECURSIVE below(id) AS (
      SELECT CAST(:me AS INTEGER) UNION SELECT e."Id" FROM "Employee" e JOIN below ON e."ReportsTo" = below.id
    ), departments(id) AS (
      SELECT "WorksForDepartmentId" FROM "Employee" WHERE "Id" = :me
      UNION SELECT "OnLoanDepartmentId" FROM "Employee" WHERE "Id" = :me
      UNION SELECT d."DepartmentId" FROM "Department" d JOIN departments ON d."Id" = departments.id
    )
    SELECT o."Id" FROM "Order" o
    WHERE o."EmployeeId" IN (SELECT id FROM below)
      OR EXISTS (SELECT 1 FROM relationships r WHERE r.resource_type = 'customer' AND r.relation = 'team'
                 AND r.resource_id = o."CustomerId" AND r.subject_id = CAST(:me AS TEXT))
      OR EXISTS (SELECT 1 FROM relationships r WHERE r.resource_type = 'order' AND r.relation = 'viewer'
                 AND r.resource_id = CAST(o."Id" AS TEXT) AND r.expires_at IS NULL
                 AND (r.subject_type = 'employee' AND r.subject_id = CAST(:me AS TEXT)
                   OR r.subject_type = 'department' AND r.subject_id IN (SELECT CAST(id AS TEXT) FROM departments)))
    ORDER BY o."Id"
    """
)
DISCONTINUED = {
    **dict.fromkeys(("u2", "sam", "sa", "admin"), 8),
    **dict.fromkeys(("s1", "u1", "r1", "aneu", "ALFKI", "ANATR", "p1", "nancy", "andrew", "steven"), 0),
}
USERS = sorted(COUNTS["Customer"])


class Door:
    """The served sample, and a client for each user."""

    def __init__(self, app: Flask, engine: Engine) -> None:
        self.app, self.engine = app, engine
        self._tokens: dict[str, str] = {}

    def ask(self, user: str, method: str, path: str, body: object = None) -> TestResponse:
        if user not in self._tokens:
            login = self.app.test_client().post("/api/auth/login", json={"username": user, "password": "p"})
            assert login.status_code == 200, login.get_data(as_text=True)
            self._tokens[user] = login.get_json()["access_token"]
        return self.app.test_client().open(
            path,
            method=method,
            json=body,
            content_type=JSON_API,
            headers={"Authorization": f"Bearer {self._tokens[user]}", "X-Request-Id": "same"},
        )

    def total(self, user: str, path: str) -> int:
        answer = self.ask(user, "GET", path)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        document = answer.get_json()
        assert document["meta"]["total"] == len(document["data"])
        return int(document["meta"]["total"])

    def customer(self, key: str) -> Customer:
        with Session(self.engine) as plain:
            return plain.get_one(Customer, key)

    def orders(self) -> int:
        with Session(self.engine) as plain:
            return plain.scalar(select(func.count()).select_from(Order)) or 0


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def door(
    request: pytest.FixtureRequest, users_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Door]:
    copies: Copies = request.getfixturevalue(f"{'sqlite' if request.param == 'sqlite' else 'postgres'}_copies")
    engine = copies()
    folder = tmp_path_factory.mktemp("instance")
    users = folder / "auth.sqlite"
    users.write_bytes(users_template.read_bytes())
    settings = load_settings(
        project.root,
        environ={},
        instance=folder,
        database_url=engine.url,
        auth_database_url=f"sqlite:///{users}",
    )
    app = create_app(settings, project=project)
    yield Door(app, engine)
    app.extensions["rowgate"].gate.plain_engine.dispose()
    engine.dispose()


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("entity", COUNTS)
def test_each_user_sees_as_many_rows_as_the_sample_says(door: Door, user: str, entity: str) -> None:
    assert door.total(user, f"/api/{entity}?page[limit]=1000") == COUNTS[entity][user]


@pytest.mark.parametrize("user", USERS)
def test_discontinued_products(door: Door, user: str) -> None:
    assert door.total(user, "/api/Product?filter[Discontinued]=true") == DISCONTINUED[user]


@pytest.mark.parametrize("user", ORDERS)
def test_employees_see_orders_through_relationships(door: Door, user: str, caplog: pytest.LogCaptureFixture) -> None:
    door.ask(user, "GET", "/api/Region")
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="rowgate.security"):
        document = door.ask(user, "GET", "/api/Order?page[limit]=1000&page[total]=false&fields[Order]=Id").get_json()
    seen = [int(row["id"]) for row in document["data"]]
    assert len(seen) == ORDERS[user]
    with door.engine.connect() as plain:
        by_hand = list(plain.scalars(BY_HAND, {"me": {"nancy": 1, "andrew": 2, "steven": 5}[user]}))
    assert seen == by_hand
    statements = [record.getMessage() for record in caplog.records if record.name == "rowgate.security"]
    assert len(statements) == 1
    assert "grant employee order#read for employee user.employee_id" in statements[0]
    assert "relationships" in statements[0]


def test_details_are_seen_with_their_orders(door: Door) -> None:
    orders = door.ask("nancy", "GET", "/api/Order?page[limit]=1000&fields[Order]=Id").get_json()["data"]
    details = door.ask("nancy", "GET", "/api/OrderDetail?page[limit]=1000&fields[OrderDetail]=OrderId").get_json()[
        "data"
    ]
    assert {row["attributes"]["OrderId"] for row in details} == {int(row["id"]) for row in orders}


def test_an_address_with_an_empty_part_is_nothing(door: Door) -> None:
    answer = door.ask("s1", "GET", "/api/Order//permissions")
    assert answer.status_code == 404
    assert answer.get_json()["errors"][0]["status"] == "404"


def test_s1_sees_one_customer(door: Door) -> None:
    assert [row["id"] for row in door.ask("s1", "GET", "/api/Customer").get_json()["data"]] == ["CTWTR"]


def test_a_hidden_customer_is_a_missing_one_to_the_letter(door: Door) -> None:
    hidden, missing = (door.ask("s1", "GET", f"/api/Customer/{key}") for key in ("ALFKI", "NOPE"))
    assert hidden.status_code == missing.status_code == 404
    assert hidden.get_data() == missing.get_data()
    assert dict(hidden.headers) == dict(missing.headers)


def test_orders_include_no_customer_but_the_visible_one(door: Door) -> None:
    document = door.ask("s1", "GET", "/api/Order?include=Customer&page[limit]=1000").get_json()
    assert len(document["data"]) >= 830
    assert {row["id"] for row in document.get("included", [])} <= {"CTWTR"}
    linked = {
        row["relationships"]["Customer"]["data"]["id"]
        for row in document["data"]
        if row["relationships"]["Customer"]["data"]
    }
    assert linked <= {"CTWTR"}


def body(kind: str, key: str | None = None, **attributes: Any) -> dict[str, Any]:
    return {"data": {"type": kind, "attributes": attributes} | ({"id": key} if key else {})}


def test_a_customer_cannot_be_moved_to_another_client(door: Door) -> None:
    answer = door.ask("s1", "PATCH", "/api/Customer/CTWTR", body("Customer", "CTWTR", Client_id=1, Phone="1"))
    assert answer.status_code == 403
    customer = door.customer("CTWTR")
    assert (customer.Client_id, customer.Phone) == (2, None)


def test_a_customer_of_another_client_cannot_be_added(door: Door) -> None:
    new = body("Customer", "NEWAA", CompanyName="New", Client_id=1, CreditLimit=1000, Region="British Isles")
    assert door.ask("s1", "POST", "/api/Customer", new).status_code == 403
    with Session(door.engine) as plain:
        assert plain.get(Customer, "NEWAA") is None


def test_a_derived_attribute_is_read_only(door: Door) -> None:
    answer = door.ask("s1", "PATCH", "/api/Customer/CTWTR", body("Customer", "CTWTR", Balance=5))
    assert answer.status_code == 403
    assert answer.get_json()["errors"][0]["source"] == {"pointer": "/data/attributes/Balance"}


def test_an_order_for_a_hidden_customer_answers_as_for_a_missing_one(door: Door) -> None:
    before = door.orders()
    hidden, missing = (door.ask("s1", "POST", "/api/Order", body("Order", CustomerId=key)) for key in ("ALFKI", "NOPE"))
    assert hidden.status_code == missing.status_code == 409
    assert hidden.get_data() == missing.get_data()
    assert door.orders() == before


def test_the_filter_log_says_why(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="rowgate.security"):
        logging.getLogger("rowgate.security").addHandler(caplog.handler)
        try:
            door.ask("s1", "GET", "/api/Customer?page[total]=false")
        finally:
            logging.getLogger("rowgate.security").removeHandler(caplog.handler)
    block = caplog.records[-1].getMessage()
    lines = block.splitlines()
    assert lines[0] == "s1 [sales] READ Customer"
    assert [line.split("  ")[1].strip() for line in lines[1:3]] == ["+ global filter", "+ global filter"]
    assert "Region == user.region ('British Isles')" in block
    assert "| grant sales    ContactName == 'Mike'" in block
    assert "not your role" in block
    assert "1 row, " in block


@pytest.mark.parametrize("path", ["/api/Customer", "/api/Customer/CTWTR", "/api/Order/10248/Customer", "/api/nothing"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PATCH", "DELETE"])
def test_nobody_gets_anything_without_a_principal(door: Door, path: str, method: str) -> None:
    answer = door.app.test_client().open(path, method=method)
    assert answer.status_code == 401
    assert b"CTWTR" not in answer.get_data()


def test_concurrent_users_keep_to_their_own_rows(door: Door) -> None:
    """Many requests of three users at once, on one app: each answer is as if the user were alone."""
    for user in ("s1", "u1", "u2"):
        door.ask(user, "GET", "/api/Shipper")
    faults: list[str] = []

    def work(user: str, expected: int) -> None:
        for _ in range(40):
            found = door.total(user, "/api/Customer?page[limit]=200")
            if found != expected:
                faults.append(f"{user} saw {found} customers")

    threads = [threading.Thread(target=work, args=pair) for pair in (("s1", 1), ("u1", 89), ("u2", 3)) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
