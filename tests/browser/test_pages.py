"""Every page, as four users, in both themes: it shows what the policy lets them see, and nobody is kept out by it."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from database.models import Order
from tests.browser.conftest import Desk, Site

pytestmark = pytest.mark.browser

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")

ROUTES = {
    "home": "/",
    "list": "/Order",
    "record": "/Order/row/{order}",
    "edit": "/Order/row/{order}/edit",
    "create": "/Order/new",
    "inspector": "/-/policy?resource=Customer",
    "log": "/-/log",
    "import": "/-/import?resource=Customer",
    "schema": "/-/schema",
    "api": "/-/api",
}
CUSTOMERS = {"admin": 95, "u1": 89, "s1": 1, "nancy": 95}
WITHOUT_UPDATE = {"nancy"}


NANCY = 1
"""Her employee's number: she sees the orders that she sold."""


def order_of(site: Site, user: str) -> int:
    """An order that the user sees."""
    wanted = select(Order.Id).where(Order.EmployeeId == NANCY if user == "nancy" else Order.CustomerId == "ALFKI")
    with Session(site.engine) as plain:
        return plain.scalars(wanted.order_by(Order.Id)).first() or 0


def routes(site: Site, user: str) -> dict[str, str]:
    order = order_of(site, user)
    return {name: route.format(order=order) for name, route in ROUTES.items()}


def axe(page: Page) -> list[str]:
    """The faults that axe-core finds, in words."""
    page.evaluate(AXE)
    found = page.evaluate("() => axe.run(document, {iframes: false, resultTypes: ['violations']})")
    return [
        f"{fault['id']}: {fault['help']} {[node['html'][:160] for node in fault['nodes'][:3]]}"
        for fault in found["violations"]
    ]


@pytest.mark.parametrize("user", CUSTOMERS)
def test_each_user_gets_each_page(desk: Desk, site: Site, user: str) -> None:
    visitor = desk.visit(site, user)
    for name, route in routes(site, user).items():
        page = visitor.open(route)
        if name in {"edit", "create", "import"} and user in WITHOUT_UPDATE:
            expect(page.get_by_role("main")).to_contain_text("You may not" if name != "import" else "no table")
            continue
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        expect(page.get_by_role("main").get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize(("user", "rows"), CUSTOMERS.items())
def test_a_list_counts_what_its_reader_sees(desk: Desk, site: Site, user: str, rows: int) -> None:
    page = desk.visit(site, user).open("/Customer")
    expect(page.locator("main")).to_contain_text(f"of {rows}")


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_axe_finds_nothing(desk: Desk, site: Site, theme: str, width: int) -> None:
    visitor = desk.visit(site, theme=theme, width=width)
    visitor.page.goto(site.url)
    visitor.page.wait_for_selector("form")
    faults = {"sign-in": axe(visitor.page)}
    visitor.sign_in("admin")
    for name, route in {**routes(site, "admin"), "trace": "/-/policy?resource=Customer&as=s1&id=ALFKI"}.items():
        faults[name] = axe(visitor.open(route))
    assert {name: found for name, found in faults.items() if found} == {}


def test_axe_finds_nothing_in_what_opens_over_a_page(desk: Desk, site: Site) -> None:
    visitor = desk.visit(site, "admin", theme="dark")
    page = visitor.open("/Customer/row/ALFKI")
    faults = {}
    page.get_by_role("button", name="Why do I see this?").click()
    page.get_by_role("dialog").wait_for()
    visitor.settle()
    faults["why"] = axe(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").wait_for()
    faults["delete"] = axe(page)
    page = visitor.open(f"/Order/row/{order_of(site, 'admin')}")
    page.get_by_role("tab", name="Sharing").click()
    page.get_by_role("region", name="Why does somebody have access?").wait_for()
    visitor.settle()
    faults["sharing"] = axe(page)
    page = visitor.open("/Customer")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("dialog").wait_for()
    faults["filter"] = axe(page)
    page.keyboard.press("Escape")
    page.get_by_role("checkbox", name="Select all").check()
    page.get_by_role("button", name="Change a field").click()
    page.get_by_role("dialog").wait_for()
    faults["bulk"] = axe(page)
    assert {name: found for name, found in faults.items() if found} == {}


def test_nothing_hangs_over_the_edge_of_a_phone(desk: Desk, site: Site) -> None:
    visitor = desk.visit(site, "admin", width=390)
    for route in routes(site, "admin").values():
        page = visitor.open(route)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, route


def test_german(desk: Desk, site: Site) -> None:
    visitor = desk.visit(site, locale="de-DE")
    page = visitor.page
    page.goto(site.url)
    page.get_by_label("Benutzername").fill("s1")
    page.get_by_label("Passwort").fill("p")
    page.get_by_role("button", name="Anmelden", exact=True).click()
    page.wait_for_selector("main#main")
    expect(page.get_by_role("navigation", name="Menü")).to_contain_text("Richtlinien-Inspektor")
    page = visitor.open("/Order/row/10643")
    expect(page.locator("main")).to_contain_text("1.086,00")
    assert page.evaluate("document.documentElement.lang") == "de"
    page.get_by_role("button", name="Sprache").click()
    page.get_by_role("menuitem", name="English").click()
    expect(page.locator("main")).to_contain_text("1,086.00")


def test_what_is_not_there_and_what_is_hidden_are_one_page(desk: Desk, site: Site) -> None:
    visitor = desk.visit(site, "s1")
    visitor.watch.expected = 2
    words = []
    for route in ("/Customer/row/ALFKI", "/Customer/row/NOBODY"):
        page = visitor.open(route)
        words.append(page.locator("main").inner_text())
    assert words[0] == words[1]
    assert "may not see" in words[0]


# --- budgets -----------------------------------------------------------------------------------------------------

LOGIN_BYTES = 130_000
SESSION_BYTES = 500_000
CUSTOMER_CALLS = 4


def test_the_wire(desk: Desk, site: Site) -> None:
    visitor = desk.visit(site)
    network = visitor.context.new_cdp_session(visitor.page)
    network.send("Network.enable")
    received = [0]
    network.on("Network.loadingFinished", lambda event: received.append(int(event["encodedDataLength"])))
    visitor.page.goto(site.url)
    visitor.page.wait_for_selector("form")
    visitor.settle()
    assert 20_000 < sum(received) <= LOGIN_BYTES
    visitor.sign_in("admin")
    visitor.settle()
    visitor.open("/Customer")
    visitor.watch.calls.clear()
    visitor.page.get_by_role("link", name="Alfreds Futterkiste").click()
    visitor.page.get_by_role("tab", name="Orders").wait_for()
    visitor.settle()
    assert len(visitor.watch.calls) <= CUSTOMER_CALLS, visitor.watch.calls
    assert sum(received) <= SESSION_BYTES


def test_the_content_security_policy(desk: Desk, site: Site) -> None:
    visitor = desk.visit(site)
    answer = visitor.page.goto(site.url)
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    rules = {name: values for name, *values in (part.split() for part in policy.split(";") if part)}
    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"] == ["'self'"]
    assert rules["connect-src"] == ["'self'"]
    assert not any("unsafe-inline" in each for each in rules["style-src"])
    assert "unsafe-eval" not in json.dumps(rules)
    assert (
        visitor.page.evaluate(
            "window.trustedScript = 0; document.body.append(Object.assign("
            "document.createElement('script'), {textContent: 'window.trustedScript = 1'})); "
            "window.trustedScript"
        )
        == 0
    )
    visitor.watch.console.clear()  # chromium says there what the policy has just refused
