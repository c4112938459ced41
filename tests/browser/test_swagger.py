"""The Swagger page: one logs in on it, and then it shows and does what one may."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Site

pytestmark = pytest.mark.browser


def test_the_form_authorises_the_page(site: Site, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{site.url}/api")
    expect(page.locator("#who")).to_have_text("Everything there is. Log in to see what you may do.")
    region = page.locator("#operations-tag-Region")
    region.click()
    creates = page.locator("#operations-Region-createRegion")
    expect(creates).to_be_visible()

    page.fill("[name=username]", "nancy")
    page.fill("[name=password]", "wrong")
    page.click("#log-in button")
    expect(page.locator("#who")).to_have_text("The user name or the password is wrong.")

    page.fill("[name=password]", "p")
    page.click("#log-in button")
    expect(page.locator("#who")).to_have_text("nancy: what you may do.")
    expect(creates).to_have_count(0)  # nancy only reads
    listed = page.locator("#operations-Region-listRegion")
    expect(listed).to_be_visible()
    listed.locator(".opblock-summary-control").click()
    listed.locator(".try-out__btn").click()
    listed.locator(".execute").click()
    expect(listed.locator(".live-responses-table .response .response-col_status")).to_contain_text("200")
    page.close()
