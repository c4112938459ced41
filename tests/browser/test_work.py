"""What people do all day: look up, create, edit, be refused in the right place, and see what others see."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from database.models import Customer, Order, OrderDetail, Shipper
from tests.browser.conftest import Desk, Site

pytestmark = pytest.mark.browser


def expect_value(page: Page, name: str, text: str) -> None:
    """Wait until a record's page shows this beside a label."""
    shown = page.locator("dl > div").filter(has=page.locator("dt", has_text=name))
    expect(shown.locator("dd").first).to_have_text(text)


def lookup(page: Page, label: str, text: str) -> None:
    page.get_by_role("combobox", name=label).fill(text)
    page.get_by_role("option", name=text).first.click()


def test_sign_in_and_out(desk: Desk, site: Site) -> None:
    visitor = desk.visit(site)
    visitor.watch.expected = 1
    page = visitor.page
    page.goto(site.url)
    page.get_by_label("User name").fill("s1")
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    page.get_by_role("button", name=re.compile("^s1")).click()
    expect(page.get_by_role("navigation", name="Menu")).to_be_visible()
    assert not any("session" in cookie for cookie in page.evaluate("document.cookie").split(";"))
    page.get_by_role("button", name="Account of s1").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Password")).to_be_visible()


def test_an_ended_session_leads_to_the_sign_in_page(desk: Desk, site: Site) -> None:
    visitor = desk.visit(site, "u1")
    visitor.watch.expected = 3
    visitor.context.clear_cookies()
    visitor.page.get_by_role("link", name="Orders").first.click()
    expect(visitor.page.get_by_role("alert")).to_contain_text("session has ended")


def test_search_filter_sort_and_columns(desk: Desk, site: Site) -> None:
    visitor = desk.visit(site, "admin")
    page = visitor.open("/Customer")
    page.get_by_role("searchbox").fill("futter")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("searchbox").fill("")
    expect(page.locator("main")).to_contain_text("of 95")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("dialog").get_by_label("Field").click()
    page.get_by_role("option", name="Country").click()
    page.get_by_role("dialog").get_by_label("Value").fill("germ")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("button", name="Country contains germ")).to_be_visible()
    expect(page.locator("main")).to_contain_text("of 11")
    page.reload()
    expect(page.get_by_role("button", name="Country contains germ")).to_be_visible()
    page.get_by_role("columnheader", name="Company Name").get_by_role("button").click()
    page.wait_for_function(
        """() => {
          const names = [...document.querySelectorAll("tbody a")].map((link) => link.innerText);
          return names.length === 11 && names.join() === [...names].sort().reverse().join();
        }"""
    )
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="Contact Title").uncheck()
    page.keyboard.press("Escape")
    expect(page.get_by_role("columnheader", name="Contact Title")).to_have_count(0)


def test_a_list_as_a_file(desk: Desk, site: Site) -> None:
    visitor = desk.visit(site, "s1")
    page = visitor.open("/Customer")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Export as CSV").click()
    path = waiting.value.path()
    lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "Cotswald Tours" in lines[1]


def test_an_order_with_details_and_the_rules_that_refuse_it(desk: Desk, own_site: Site) -> None:
    visitor = desk.visit(own_site, "admin")
    visitor.watch.expected = 1
    page = visitor.open("/Customer/row/ALFKI")
    expect_value(page, "Balance", "2,102.00")
    page.get_by_role("link", name="Add").click()
    expect(page.get_by_label("Customer")).to_have_value("Alfreds Futterkiste")
    page.get_by_label("Freight").fill("12,5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("tab", name="Orders")).to_contain_text("7")
    with Session(own_site.engine) as plain:
        order = plain.scalars(select(Order).order_by(Order.Id.desc())).first()
        assert order is not None
        assert (order.CustomerId, order.Freight) == ("ALFKI", Decimal("12.50"))
        number = order.Id
    page = visitor.open(f"/Order/row/{number}")
    page.get_by_role("link", name="Add").click()
    lookup(page, "Product", "Chai")
    page.get_by_label("Quantity").fill("1000")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("form").get_by_role("alert")).to_contain_text("exceeds credit")
    page.get_by_label("Quantity").fill("3")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("tab", name="Items")).to_contain_text("1")
    expect_value(page, "Total", "54.00")
    page = visitor.open("/Customer/row/ALFKI")
    expect_value(page, "Balance", "2,156.00")


def test_a_refusal_stands_at_its_field(desk: Desk, own_site: Site) -> None:
    visitor = desk.visit(own_site, "admin")
    visitor.watch.expected = 1
    page = visitor.open("/Customer/row/ALFKI/edit")
    page.get_by_label("Company Name").fill("")
    page.get_by_label("Credit Limit").fill("abc")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Company Name")).to_be_focused()
    expect(page.locator("form")).to_contain_text("This is required.")
    expect(page.locator("form")).to_contain_text("This is not a number.")
    page.get_by_label("Company Name").fill("Alfreds")
    page.get_by_label("Credit Limit").fill("10")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("form")).to_contain_text("exceeds credit")
    page.get_by_label("Credit Limit").fill("5000.10")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Alfreds$"))
    with Session(own_site.engine) as plain:
        assert plain.get_one(Customer, "ALFKI").CreditLimit == Decimal("5000.10")


def test_only_what_was_changed_is_sent(desk: Desk, own_site: Site) -> None:
    visitor = desk.visit(own_site, "admin")
    page = visitor.open("/Customer/row/ALFKI/edit")
    page.get_by_label("Phone").fill("1")
    with page.expect_request(lambda request: request.method == "PATCH") as waiting:
        page.get_by_role("button", name="Save").click()
    assert set(waiting.value.post_data_json["data"]["attributes"]) == {"Phone", "S_CheckSum"}
    expect(page.get_by_role("heading", level=1)).to_have_text("Alfreds Futterkiste")


def test_a_conflict_is_merged(desk: Desk, own_site: Site) -> None:
    first, second = desk.visit(own_site, "admin"), desk.visit(own_site, "u1")
    first.watch.expected = 1
    mine = first.open("/Customer/row/ALFKI/edit")
    theirs = second.open("/Customer/row/ALFKI/edit")
    theirs.get_by_label("Phone").fill("theirs")
    theirs.get_by_label("City").fill("Bonn")
    theirs.get_by_role("button", name="Save").click()
    expect(theirs.get_by_role("heading", level=1)).to_have_text("Alfreds Futterkiste")
    mine.get_by_label("Phone").fill("mine")
    mine.get_by_label("Fax").fill("4711")
    mine.get_by_role("button", name="Save").click()
    dialog = mine.get_by_role("dialog")
    expect(dialog).to_contain_text("changed meanwhile")
    expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
    dialog.get_by_role("radio", name="mine").check()
    dialog.get_by_role("button", name="Save").click()
    expect(mine.get_by_role("heading", level=1)).to_have_text("Alfreds Futterkiste")
    with Session(own_site.engine) as plain:
        customer = plain.get_one(Customer, "ALFKI")
        assert (customer.Phone, customer.Fax, customer.City) == ("mine", "4711", "Bonn")


def test_many_rows_at_once_and_those_that_are_refused(desk: Desk, own_site: Site) -> None:
    with Session(own_site.engine) as plain:
        plain.add(Shipper(Id=99, CompanyName="Idle Freight"))
        plain.commit()
    visitor = desk.visit(own_site, "admin")
    visitor.watch.expected = 3
    page = visitor.open("/Shipper")
    page.get_by_role("checkbox", name="Select all").check()
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog).to_contain_text("1 done, 3 refused")
    expect(dialog.get_by_role("listitem").first).to_contain_text("still refer")
    dialog.get_by_role("button", name="Close").click()
    expect(page.get_by_role("region", name="Selected rows")).to_contain_text("3 selected")
    with Session(own_site.engine) as plain:
        assert plain.get(Shipper, 99) is None
        assert len(plain.scalars(select(Shipper)).all()) == 3


def test_one_field_of_many_rows(desk: Desk, own_site: Site) -> None:
    visitor = desk.visit(own_site, "admin")
    page = visitor.open("/Shipper")
    page.get_by_role("checkbox", name="Select all").check()
    page.get_by_role("button", name="Change a field").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Field").click()
    page.get_by_role("option", name="Phone").click()
    dialog.get_by_label("New value").fill("112")
    dialog.get_by_role("button", name="Change").click()
    expect(dialog).to_contain_text("3 done, 0 refused")
    with Session(own_site.engine) as plain:
        assert {shipper.Phone for shipper in plain.scalars(select(Shipper))} == {"112"}


def test_the_keyboard_alone(desk: Desk, own_site: Site) -> None:
    visitor = desk.visit(own_site)
    page = visitor.page
    page.goto(own_site.url)
    expect(page.get_by_label("User name")).to_be_focused()
    page.keyboard.type("admin")
    page.keyboard.press("Tab")
    page.keyboard.type("p")
    page.keyboard.press("Enter")
    page.wait_for_selector("main#main")

    def press_until(name: str, *, key: str = "Tab", most: int = 60) -> None:
        for _ in range(most):
            page.keyboard.press(key)
            focused = page.evaluate(
                "() => (document.activeElement.ariaLabel || document.activeElement.innerText).trim()"
            )
            if focused == name:
                return
        pytest.fail(f"{name} cannot be reached with {key}")

    press_until("Skip to the content", most=3)
    press_until("Shippers")
    page.keyboard.press("Enter")
    visitor.settle()
    press_until("Federal Shipping")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Federal Shipping")
    visitor.settle()
    press_until("Edit")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Company Name")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("Fast Freight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Fast Freight")
    with Session(own_site.engine) as plain:
        assert "Fast Freight" in plain.scalars(select(Shipper.CompanyName)).all()


def test_changes_are_not_lost_without_a_question(desk: Desk, site: Site) -> None:
    visitor = desk.visit(site, "admin")
    page = visitor.open("/Shipper")
    page.get_by_role("link", name="Federal Shipping").click()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Phone").fill("changed")
    questions: list[str] = []

    def refuse(dialog: object) -> None:
        questions.append(dialog.message)  # type: ignore[attr-defined]
        dialog.dismiss()  # type: ignore[attr-defined]

    page.on("dialog", refuse)
    with page.expect_event("dialog"):
        page.get_by_role("link", name="Home").click()
    expect(page.get_by_label("Phone")).to_have_value("changed")
    assert len(questions) == 1


def test_a_file_is_tried_before_it_is_written(desk: Desk, own_site: Site, tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_text("CompanyName,Phone\nSwift,1\n,2\n", encoding="utf-8")
    good.write_text("CompanyName,Phone\nSwift,1\nSlow,2\n", encoding="utf-8")
    visitor = desk.visit(own_site, "admin")
    page = visitor.open("/-/import?resource=Shipper")
    page.set_input_files("input[type=file]", bad)
    expect(page.get_by_role("alert")).to_contain_text("1 of 2 rows would be refused")
    expect(page.get_by_role("region", name="What is wrong")).to_contain_text("Company Name")
    page.set_input_files("input[type=file]", good)
    expect(page.get_by_role("alert")).to_contain_text("Nothing has been written yet")
    with Session(own_site.engine) as plain:
        assert len(plain.scalars(select(Shipper)).all()) == 3
    page.get_by_role("button", name="Write 2 rows").click()
    expect(page.get_by_role("alert")).to_contain_text("2 rows written")
    with Session(own_site.engine) as plain:
        assert {"Swift", "Slow"} <= set(plain.scalars(select(Shipper.CompanyName)))


def test_a_hidden_parent_cannot_be_chosen(desk: Desk, site: Site) -> None:
    visitor = desk.visit(site, "s1")
    page = visitor.open("/Order/new")
    page.get_by_role("combobox", name="Customer").click()
    expect(page.get_by_role("option")).to_have_text(["Cotswald Tours"])
    page.get_by_role("combobox", name="Customer").fill("Alfreds")
    expect(page.get_by_text("Nothing found")).to_be_visible()


def test_a_deleted_row_takes_its_details_along(desk: Desk, own_site: Site) -> None:
    visitor = desk.visit(own_site, "admin")
    page = visitor.open("/Order/row/10643")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Orders")
    with Session(own_site.engine) as plain:
        assert plain.get(Order, 10643) is None
        assert plain.scalars(select(OrderDetail).where(OrderDetail.OrderId == 10643)).all() == []
