"""ui/admin.yaml as ApiLogicServer writes it, seen in the app: names, order, tabs in both shapes, show_when, info."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine

from tests.browser.conftest import Desk, served

pytestmark = pytest.mark.browser

FILE = """
about: {date: "2024-01-01", version: "10.0"}
api_root: "{http_type}://{swagger_host}:{port}/{api}"
info: <h3>Welcome to the shop</h3><script>document.title = 'hacked'</script>
info_toggle_checked: true
resources:
  Customer:
    type: Customer
    user_key: CompanyName
    info_list: All <b>companies</b> that order.
    attributes:
    - {name: CompanyName, label: "Company*", search: true, sort: true, required: true}
    - {name: CreditLimit, type: DECIMAL, label: Limit, info: How far they may go.}
    - {name: Country, label: Country}
    - {name: Phone, show_when: 'record["Country"] == "UK" && isInserting == false'}
    tab_groups:
    - {name: OrderList, direction: tomany, fks: [CustomerId], resource: Order, label: Their orders}
  Order:
    type: Order
    user_key: Id
    attributes:
    - {name: Id, label: Number}
    - {name: CustomerId, label: Customer}
    - {name: ShippedDate, type: DATE}
    tab_groups:
      OrderDetailList: {direction: tomany, fks: [OrderId], resource: OrderDetail, label: Lines}
      Customer: {direction: toone, fks: [CustomerId], resource: Customer, label: Bought by}
settings: {max_list_columns: 3}
"""


def test_a_file_of_apilogicserver(desk: Desk, sqlite_engine: Engine, users_template: Path, tmp_path: Path) -> None:
    root, instance = tmp_path / "root", tmp_path / "instance"
    (root / "ui").mkdir(parents=True)
    instance.mkdir()
    (root / "ui" / "admin.yaml").write_text(FILE, encoding="utf-8")
    with served(sqlite_engine, users_template, instance, root=root) as site:
        visitor = desk.visit(site, "admin")
        page = visitor.page
        expect(page.get_by_role("heading", name="Welcome to the shop")).to_be_visible()
        assert "hacked" not in page.title()

        page = visitor.open("/Customer")
        heads = [head for head in page.get_by_role("columnheader").all_inner_texts() if head.strip()]
        assert [head.strip() for head in heads] == ["Company", "Limit", "Country"]  # the star says "required"
        page.get_by_role("button", name="About this page").click()
        expect(page.locator("main")).to_contain_text("All companies that order.")

        page = visitor.open("/Customer/row/ALFKI")
        expect(page.get_by_role("tab", name="Their orders")).to_be_visible()
        expect(page.get_by_role("button", name="How far they may go.")).to_be_visible()
        expect(page.locator("dt", has_text="Phone")).to_have_count(0)

        page = visitor.open("/Customer/row/ALFKI/edit")
        expect(page.get_by_label("Phone")).to_have_count(0)
        page.get_by_label("Country").fill("UK")
        expect(page.get_by_label("Phone")).to_have_value("030-0074321")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("dt", has_text="Phone")).to_have_count(1)

        page = visitor.open("/Order/row/10643")
        expect(page.get_by_role("tab", name="Lines")).to_be_visible()
        expect(page.locator("dt", has_text="Bought by")).to_be_visible()
