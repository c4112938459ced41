""" "Why do I see this?" and "what would s1 see?", as their readers meet them."""

from __future__ import annotations

import logging
import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from database.models import Order
from tests.browser.conftest import Desk, Site
from tests.browser.test_pages import NANCY

pytestmark = pytest.mark.browser


def test_s1_reads_why(desk: Desk, site: Site) -> None:
    visitor = desk.visit(site, "s1")
    page = visitor.open("/Customer")
    expect(page.get_by_role("link", name="Cotswald Tours")).to_be_visible()
    page.get_by_role("button", name="Why do I see these?").click()
    panel = page.get_by_role("dialog")
    expect(panel).to_contain_text("s1 may see 1 row of Customers")
    for words in (
        "Client_id == user.client_id (2)",
        "Region == user.region ('British Isles')",
        "CreditLimit > 300",
        "ContactName == 'Mike'",
    ):
        expect(panel).to_contain_text(words)
    expect(panel.get_by_role("list", name="Each of these must hold").get_by_role("listitem")).to_have_count(2)
    expect(panel.get_by_role("list", name="and at least one of these").get_by_role("listitem")).to_have_count(2)
    assert len(re.findall(r"security/declare_security\.py:\d+", panel.inner_text())) == 4
    statement = panel.locator("pre").inner_text()
    assert '"Client_id" = 2' in statement
    assert "'Mike'" in statement
    panel.get_by_role("button", name="do not count").click()
    expect(panel).to_contain_text("not your role")
    panel.get_by_role("link", name="Open in the policy inspector").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Policy inspector")
    expect(panel).to_have_count(0)


def test_the_trace_of_a_row_says_what_stops_it(desk: Desk, site: Site) -> None:
    page = desk.visit(site, "admin").open("/-/policy?resource=Customer&as=s1&id=ALFKI")
    one = page.get_by_role("region", name="One row")
    expect(one).to_contain_text("s1 does not see Customer ALFKI")
    expect(one).to_contain_text("2 declarations stop it")
    every = page.get_by_role("region", name="All rows")
    expect(every).to_contain_text("s1 may see 1 of 95 rows of Customers")
    page.get_by_label("One row, by id").fill("CTWTR")
    page.get_by_role("button", name="Trace").click()
    expect(one).to_contain_text("s1 sees Customer CTWTR")
    page.get_by_label("wants to").click()
    page.get_by_role("option", name="delete").click()
    expect(one).to_contain_text("s1 may not delete Customer CTWTR")


def test_s1_asks_about_herself_alone(desk: Desk, site: Site) -> None:
    visitor = desk.visit(site, "s1")
    visitor.watch.expected = 2
    page = visitor.open("/-/policy?resource=Customer&id=ALFKI")
    expect(page.get_by_label("Who")).to_be_disabled()
    region = page.get_by_role("region", name="One row")
    expect(region).to_contain_text("There is nothing here")
    page = visitor.open("/-/policy?resource=Customer&as=admin")
    expect(page.get_by_role("region", name="All rows").get_by_role("alert")).to_be_visible()


def test_view_as(desk: Desk, site: Site, caplog: pytest.LogCaptureFixture) -> None:
    visitor = desk.visit(site, "admin")
    page = visitor.page
    page.get_by_role("button", name="Account of admin").click()
    page.get_by_role("menuitem", name="View as").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("User").fill("u1")
    page.get_by_role("option", name="u1").click()
    with caplog.at_level(logging.INFO, logger="rowgate.security"):
        dialog.get_by_role("button", name="View").click()
        banner = page.get_by_role("status").filter(has_text="Viewing as u1")
        expect(banner).to_contain_text("read-only")
        page = visitor.open("/Category")
        expect(page.get_by_role("row")).to_have_count(2)
        page = visitor.open("/Customer")
        expect(page.locator("main")).to_contain_text("of 89")
    assert any("u1" in record.getMessage() and "admin" in record.getMessage() for record in caplog.records)
    expect(page.get_by_role("link", name="New")).to_have_count(0)
    expect(page.get_by_role("checkbox")).to_have_count(0)
    page.reload()
    expect(banner).to_be_visible()
    banner.get_by_role("button", name="Stop viewing").click()
    expect(banner).to_have_count(0)
    expect(page.locator("main")).to_contain_text("What admin sees")
    page = visitor.open("/Customer")
    expect(page.locator("main")).to_contain_text("of 95")


def test_a_view_that_has_run_out_gives_the_viewer_back(desk: Desk, site: Site) -> None:
    visitor = desk.visit(site, "admin")
    visitor.watch.expected = 2
    page = visitor.page
    page.evaluate("sessionStorage.setItem('rowgate.view-as', 'run-out')")
    page.reload()
    expect(page.locator("main")).to_contain_text("What admin sees")
    page = visitor.open("/Customer")
    expect(page.locator("main")).to_contain_text("of 95")
    expect(page.get_by_text("Viewing as")).to_have_count(0)


def test_nobody_without_the_right_is_offered_to_view_as(desk: Desk, site: Site) -> None:
    page = desk.visit(site, "u1").page
    page.get_by_role("button", name="Account of u1").click()
    expect(page.get_by_role("menuitem", name="Sign out")).to_be_visible()
    expect(page.get_by_role("menuitem", name="View as")).to_have_count(0)


def test_the_log_is_live(desk: Desk, site: Site) -> None:
    visitor = desk.visit(site, "s1")
    other = visitor.context.new_page()
    page = visitor.open("/-/log")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("main")).to_contain_text("No statement yet")
    other.goto(f"{site.url}/#/Supplier")
    expect(other.get_by_role("heading", level=1)).to_have_text("Suppliers")
    entry = page.get_by_role("list", name="Filter log").get_by_role("button", name="Supplier").first
    entry.click()
    expect(page.locator("main")).to_contain_text("Region == user.region ('British Isles')")
    page.get_by_role("link", name="Open in the inspector").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Policy inspector")
    expect(page.get_by_label("rows of")).to_contain_text("Suppliers")


def orders(site: Site, user: str) -> set[int]:
    """The numbers of the orders that the user sees, by the API."""
    client = site.app.test_client()
    token = client.post("/api/auth/login", json={"username": user, "password": "p"}).get_json()["access_token"]
    answer = client.get("/api/Order?page[limit]=1000&fields[Order]=Id", headers={"Authorization": f"Bearer {token}"})
    return {row["attributes"]["Id"] for row in answer.get_json()["data"]}


def test_an_order_is_shared_seen_explained_and_taken_back(desk: Desk, own_site: Site) -> None:
    nancy, steven = desk.visit(own_site, "nancy"), desk.visit(own_site, "steven")
    steven.watch.expected = 4  # what was on the screen is asked for again
    with Session(own_site.engine) as plain:
        sold = set(plain.scalars(select(Order.Id).where(Order.EmployeeId == NANCY)))
    order = min(sold - orders(own_site, "steven"))
    theirs = steven.open(f"/Order/row/{order}")
    expect(theirs.locator("main")).to_contain_text("may not see it")

    mine = nancy.open(f"/Order/row/{order}")
    mine.get_by_role("tab", name="Sharing").click()
    asked = mine.get_by_role("region", name="Why does somebody have access?")
    asked.get_by_role("combobox", name="Employee").fill("Buchanan")
    mine.get_by_role("option", name="Buchanan").click()
    expect(asked).to_contain_text(f"Buchanan may not read Order {order}")
    expect(asked).to_contain_text("Any of these would help")

    form = mine.get_by_role("region", name="Share", exact=True)
    form.get_by_role("combobox", name="Employee").fill("Buchanan")
    mine.get_by_role("option", name="Buchanan").click()
    form.get_by_role("button", name="Share").click()
    table = mine.get_by_role("region", name="Sharing", exact=True)
    expect(table).to_contain_text("Buchanan")
    expect(asked).to_contain_text(f"Buchanan may read Order {order}")
    expect(asked).to_contain_text("viewer")

    theirs = steven.open("/Order")
    theirs = steven.open(f"/Order/row/{order}")
    expect(theirs.get_by_role("heading", level=1)).to_have_text(f"Order {order}")
    theirs.get_by_role("tab", name="Sharing").click()
    expect(theirs.get_by_role("tabpanel", name="Sharing")).to_contain_text("viewer")
    expect(theirs.get_by_role("tabpanel", name="Sharing")).to_contain_text("those who may share")
    expect(theirs.get_by_role("region", name="Share", exact=True)).to_have_count(0)

    expect(table.get_by_role("row")).to_have_count(4)
    mine.get_by_role("button", name="Take viewer back from Buchanan").click()
    expect(table.get_by_role("row")).to_have_count(3)
    steven.open("/Order")
    theirs = steven.open(f"/Order/row/{order}")
    expect(theirs.locator("main")).to_contain_text("may not see it")
