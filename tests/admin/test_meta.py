"""What the app is told: per principal no more than the policy allows, with the file's words over the models'."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from rowgate.logic import RuleSet
from rowgate.policy import Policy
from rowgate.types import Access
from security.declare_security import Roles, User
from tests.admin.conftest import House, build


def attribute(meta: dict[str, Any], resource: str, name: str) -> Any:
    return next(each for each in meta["resources"][resource]["attributes"] if each["name"] == name)


def test_derived_fields_come_with_their_rule(reading: House) -> None:
    meta = reading.browser("admin").get("/admin/meta")
    balance = attribute(meta, "Customer", "Balance")
    assert balance["derived"].startswith("sum of Order.AmountTotal where ")
    assert (balance["readonly"], balance["why_readonly"], balance["format"]) == (True, "derived", "money")
    assert balance["info"] == "What is owed for ready orders that have not been shipped."
    number = attribute(meta, "Order", "Id")
    assert (number["why_readonly"], number["label"], number["generated"]) == ("generated", "Number", True)
    assert attribute(meta, "Order", "OrderDate")["has_default"] is True  # a rule gives it
    customer = attribute(meta, "Order", "CustomerId")
    assert (customer["label"], customer["required"]) == ("Customer", True)
    assert customer["reference"] == {"relationship": "Customer", "resource": "Customer"}
    assert attribute(meta, "Customer", "CompanyName")["max_length"] == 80


@pytest.mark.parametrize("user", ["admin", "u1", "r1", "s1", "p1", "nancy", "ALFKI"])
def test_what_one_can_do_is_what_the_api_lets_one_do(reading: House, user: str) -> None:
    """The API is the oracle: a verb that meta denies is refused, and one that it gives is not refused as such."""
    browser = reading.browser(user)
    resources = browser.get("/admin/meta")["resources"]
    for name in ("Shipper", "Customer", "Category"):
        can = resources.get(name, {"can": dict.fromkeys(("read", "insert", "update", "delete"), False)})["can"]
        assert can["read"] == (browser.ask("GET", f"/api/{name}?page[limit]=1").status_code == 200)
        insert = browser.ask("POST", f"/api/{name}", json={"data": {"type": name}})
        assert can["insert"] == (insert.status_code == 422), insert.text  # a value is missing, or 403


def test_types_that_one_may_do_nothing_with_are_not_there(
    sqlite_engine: Engine, users_engine: Engine, rules: RuleSet, tmp_path: Path
) -> None:
    from database.models import Category, Customer

    closed = Policy(User, superuser=Roles.sa, no_role=Roles.public)
    closed.grant(Customer, Roles.sales, access=Access.READ)
    closed.grant(Category, Roles.tenant, access=Access.INSERT)
    closed.hide(Customer, "Balance", unless=[Roles.sa])
    closed.readonly(Customer, "Phone", unless=[Roles.sa])
    house = build(sqlite_engine, users_engine, tmp_path, rules=rules, declared=closed)
    meta = house.browser("s1").get("/admin/meta")
    assert list(meta["resources"]) == ["Customer"]
    customer = meta["resources"]["Customer"]
    assert customer["relationships"] == []  # orders are none of their business
    names = {each["name"]: each for each in customer["attributes"]}
    assert "Balance" not in names
    assert "Balance" not in house.browser("s1").ask("GET", "/ui/admin/admin.yaml").text
    assert names["Phone"]["why_readonly"] == "rule"
    assert list(house.browser("u1").get("/admin/meta")["resources"]) == ["Category"]
    assert "Balance" in str(house.browser("admin").get("/admin/meta"))


def test_relationships_have_their_keys_from_both_sides(reading: House) -> None:
    meta = reading.browser("admin").get("/admin/meta")["resources"]
    orders = next(each for each in meta["Customer"]["relationships"] if each["name"] == "OrderList")
    assert orders == {
        "name": "OrderList", "label": "Orders", "direction": "tomany", "resource": "Order", "fks": ["CustomerId"],
        "inverse": "Customer", "required": True, "writable": True, "attributes": None, "hidden": False,
    }  # fmt: skip
    above = next(each for each in meta["Employee"]["relationships"] if each["name"] == "Manager")
    assert (above["direction"], above["fks"], above["inverse"]) == ("toone", ["ReportsTo"], "DirectReportList")
    assert meta["Order"]["actions"][0]["link"] == "/api/Order/{id}/ship"


def test_meta_is_kept_by_the_browser_until_it_changes(reading: House) -> None:
    browser = reading.browser("s1")
    first = browser.ask("GET", "/admin/meta")
    assert "private" in first.headers["Cache-Control"]
    assert {"Authorization", "Cookie"} <= set(first.vary)
    again = browser.ask("GET", "/admin/meta", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = reading.browser("u1").ask("GET", "/admin/meta", headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200


def test_html_of_the_file_comes_without_scripts(
    sqlite_engine: Engine, users_engine: Engine, rules: RuleSet, tmp_path: Path
) -> None:
    bad = '<b>x</b><script>alert(1)</script><a href="javascript:alert(1)" onclick="x()">y</a><img src=x onerror=z()>'
    file = f"info: '{bad}'\nresources:\n  Customer:\n    info_list: '{bad}'\n    info_show: '{bad}'\n"
    house = build(sqlite_engine, users_engine, tmp_path, rules=rules, file=file)
    meta = house.browser("admin").get("/admin/meta")
    for text in (meta["info"], meta["resources"]["Customer"]["info_list"], meta["resources"]["Customer"]["info_show"]):
        assert "<b>x</b>" in text
        assert not any(word in text for word in ("script", "onclick", "onerror", "alert"))


def test_counts_are_of_visible_rows(both: House) -> None:
    for user, customers in (("u1", 89), ("s1", 1)):
        browser = both.browser(user)
        counts = browser.get("/admin/counts")["counts"]
        assert counts["Customer"] == customers
        for name in ("Category", "Order", "Department"):
            assert counts[name] == browser.get(f"/api/{name}?page[limit]=1")["meta"]["total"]
    related = both.browser("u1").get("/admin/counts?resource=Customer&id=ALFKI")["counts"]
    assert related == {"OrderList": both.browser("u1").get("/api/Customer/ALFKI/OrderList")["meta"]["total"]}
    assert both.browser("u1").fault(404, "GET", "/admin/counts?resource=Customer&id=NOBODY") == "RG105"


def test_counts_take_one_statement(reading: House) -> None:
    browser = reading.browser("u1")
    reading.records.statements.clear()
    browser.get("/admin/counts")
    assert len(reading.records.statements) == 1
    reading.records.statements.clear()
    browser.get("/admin/counts?resource=Employee&id=1")
    assert len(reading.records.statements) == 2


def test_the_whole_file_is_given_for_other_clients(reading: House) -> None:
    answer = reading.browser("s1").ask("GET", "/ui/admin/admin.yaml")
    assert answer.content_type.startswith("application/yaml")
    assert "user_key: CompanyName" in answer.text
    assert reading.browser("s1").get("/admin/admin.schema.json")["$schema"].startswith("https://json-schema.org/")


def test_how_a_row_can_be_shared_is_told_by_the_schema(reading: House) -> None:
    meta = reading.browser("nancy").get("/admin/meta")
    assert meta["may"]["relationships"] is True
    sharing = meta["resources"]["Order"]["sharing"]
    assert (sharing["type"], sharing["permissions"]) == ("order", ["read", "share"])
    viewer = next(each for each in sharing["relations"] if each["name"] == "viewer")
    assert viewer["guard"] == "share"
    assert {(each["type"], each["relation"], each["resource"]) for each in viewer["subjects"]} >= {
        ("employee", None, "Employee"),
        ("department", "member", "Department"),
    }
    for link in sharing["links"].values():
        address = link.replace("{id}", "10258") + ("?permission=read" if link.endswith("why") else "")
        assert reading.browser("nancy").ask("GET", address).status_code == 200, address
    assert meta["resources"]["Product"]["sharing"] is None


def test_the_search_box_looks_where_the_file_says(reading: House) -> None:
    browser = reading.browser("u1")
    assert [each["id"] for each in browser.get("/api/Customer?filter[search]=ALFK")["data"]] == ["ALFKI"]
    phone = browser.get("/api/Customer/ALFKI")["data"]["attributes"]["Phone"]
    assert browser.get("/api/Customer", query_string={"filter[search]": phone})["data"] == []
