"""``@requires``: endpoints about objects that are kept elsewhere, checked before their bodies run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, jsonify
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from database.models import Base
from rowgate import web
from rowgate.api import Api, requires
from rowgate.errors import DeclarationError
from rowgate.types import Principal
from security.declare_security import policy
from tests.api.conftest import Served, serve

DASHBOARD = "/api/finance/dashboard"
ORG = "X-Context-Org-Id"


def ask(served: Served, user: str, *sent: str) -> Any:
    return served.app.test_client().get(DASHBOARD, headers=[("X-User", user), *((ORG, each) for each in sent)])


def test_the_dashboard_sums_one_organization(reading: Served) -> None:
    answer = ask(reading, "nancy", "acme")
    assert answer.status_code == 200
    assert answer.get_json()["meta"]["result"] == {
        "organization": "acme",
        "invoices": {"count": 3, "total": "2100.45"},
        "expenses": {"count": 2, "total": "1200.00"},
        "balance": "900.45",
    }


def test_another_organization_is_refused_like_one_that_does_not_exist(reading: Served) -> None:
    told = [
        reading.app.test_client().get(DASHBOARD, headers={"X-User": "nancy", ORG: each, "X-Request-Id": "same"})
        for each in ("globex", "nowhere")
    ]
    assert [each.status_code for each in told] == [403, 403]
    assert told[0].get_data() == told[1].get_data()
    assert told[0].get_json()["errors"][0]["code"] == "RG111"


@pytest.mark.parametrize("user", ["u1", "p1", "s1", "steven"])
def test_who_has_no_such_permission_is_refused(reading: Served, user: str) -> None:
    assert ask(reading, user, "acme").status_code == 403


def test_a_superuser_sees_every_organization(reading: Served) -> None:
    assert ask(reading, "sa", "globex").get_json()["meta"]["result"]["balance"] == "56265.69"


@pytest.mark.parametrize(
    "sent",
    [
        [],
        [""],
        ["acme", "globex"],
        ["acme,acme"],
        ["acme, globex"],
        ["ac me"],
        ["*"],
        ["acme:1"],
        ["acme#accountant"],
        ["Zo\xeb"],
        ["x" * 1025],
    ],
)
def test_the_header_names_one_object_once(reading: Served, sent: list[str]) -> None:
    answer = ask(reading, "nancy", *sent)
    assert answer.status_code == 400
    (error,) = answer.get_json()["errors"]
    assert (error["code"], error["source"]) == ("RG220", {"header": ORG})


def test_the_rows_are_filtered_too(reading: Served) -> None:
    # An endpoint that forgot its WHERE would still sum up the books of nobody else.
    assert {each["attributes"]["OrganizationId"] for each in reading.get("nancy", "/api/Invoice")["data"]} == {"acme"}
    for user in ("u1", "p1", "s1", "andrew"):
        assert reading.ids(user, "/api/Invoice") == []
        assert reading.ids(user, "/api/Expense") == []


def test_who_has_not_logged_in_is_asked_to(reading: Served) -> None:
    answer = reading.app.test_client().get(DASHBOARD, headers={ORG: "acme"})
    assert answer.status_code == 401


# --- endpoints of a test's own


@pytest.fixture
def serving(sqlite_engine: Engine, people: dict[str, Principal], tmp_path: Path) -> Callable[..., Served]:
    def made(customize: Callable[[Api], None]) -> Served:
        return serve(sqlite_engine, policy, Base, people, tmp_path, customize=customize)

    return made


def by_address(api: Api) -> None:
    @api.app.get("/api/books/<org_id>/<int:year>")
    @requires("organization", "can_view_finance_dashboard", argument="org_id")
    def books(org_id: str, /, year: int) -> Any:
        return jsonify([org_id, year])


def test_the_id_from_the_address(serving: Callable[..., Served]) -> None:
    served = serving(by_address)
    assert served.ask("nancy", "GET", "/api/books/acme/2026").get_json() == ["acme", 2026]
    assert served.ask("nancy", "GET", "/api/books/globex/2026").status_code == 403
    assert served.ask("nancy", "GET", "/api/books/a%20b/2026").status_code == 400


def test_the_body_does_not_run_when_it_is_refused(serving: Callable[..., Served]) -> None:
    ran: list[str] = []

    def customize(api: Api) -> None:
        @api.app.post("/api/pay")
        @requires("organization", "can_view_finance_dashboard", header=ORG)
        def pay(organization_id: str, /) -> str:
            ran.append(organization_id)
            return "paid"

    served = serving(customize)
    assert served.ask("nancy", "POST", "/api/pay", headers={ORG: "globex"}).status_code == 403
    assert served.ask("nancy", "POST", "/api/pay").status_code == 400
    assert ran == []
    assert served.ask("nancy", "POST", "/api/pay", headers={ORG: "acme"}).status_code == 200
    assert ran == ["acme"]


def test_a_decorator_above_the_route_opens_nothing(serving: Callable[..., Served]) -> None:
    def customize(api: Api) -> None:
        @requires("organization", "can_view_finance_dashboard", argument="org_id")
        @api.app.get("/api/open/<org_id>")
        def opened(org_id: str, /) -> str:
            return "open"

    assert serving(customize).ask("nancy", "GET", "/api/open/globex").status_code == 500


def test_an_engine_that_does_not_answer_is_503(serving: Callable[..., Served]) -> None:
    served = serving(by_address)

    def down(*_: Any) -> None:
        raise OperationalError("SELECT", {}, Exception("connection refused"))

    event.listen(served.gate.engine, "before_cursor_execute", down)
    answer = served.ask("nancy", "GET", "/api/books/acme/2026")
    assert answer.status_code == 503
    assert answer.get_json()["errors"][0]["code"] == "RG615"
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("kind", "permission"), [("organisation", "can_view_finance_dashboard"), ("organization", "can_veiw")]
)
def test_what_the_schema_lacks_is_told_at_start(serving: Callable[..., Served], kind: str, permission: str) -> None:
    def customize(api: Api) -> None:
        @api.app.get("/api/typo")
        @requires(kind, permission, header=ORG)
        def typo(organization_id: str, /) -> str:
            return organization_id

    with pytest.raises(DeclarationError, match="typo"):
        serving(customize)


def test_declarations_that_would_leave_a_door_open() -> None:
    def by_name(organization_id: str) -> str:
        return organization_id

    def without() -> str:
        return ""

    for function in (by_name, without):
        with pytest.raises(DeclarationError, match="positional-only"):
            requires("organization", "can_view_finance_dashboard", header=ORG)(function)  # type: ignore[arg-type]
    for given in ({}, {"header": ORG, "argument": "org_id"}):
        with pytest.raises(DeclarationError, match="one of the two"):
            requires("organization", "can_view_finance_dashboard", **given)


def test_a_route_that_is_public_still_asks_who_you_are(serving: Callable[..., Served]) -> None:
    served = serving(by_address)
    web.make_public(served.app, "books")
    assert isinstance(served.app, Flask)
    assert served.app.test_client().get("/api/books/acme/2026").status_code == 401
