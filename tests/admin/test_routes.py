"""No route of the admin app answers without a principal, but its own files and sign-in."""

from __future__ import annotations

import re

import pytest
from werkzeug.routing import Rule

from config.settings import project
from rowgate import web
from tests.admin.conftest import House

OPEN = {"/", "/assets/<path:name>", "/admin/session"}


def rules_of(house: House) -> list[Rule]:
    return [rule for rule in house.app.url_map.iter_rules() if rule.endpoint.split(".")[0] in ("admin", "admin_files")]


def test_every_route_but_the_files_and_sign_in_needs_a_log_in(reading: House) -> None:
    client = reading.app.test_client()
    asked = 0
    for rule in rules_of(reading):
        address = re.sub(r"<[^>]*>", "x", rule.rule)
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            answer = client.open(address, method=method)
            if rule.rule in OPEN and not (rule.rule == "/admin/session" and method == "DELETE"):
                assert answer.status_code != 401 or method == "POST", (method, address)
                continue
            if rule.endpoint.startswith("admin_files"):
                assert "/" not in rule.rule[1:]  # a file beside the page
                continue
            asked += 1
            assert answer.status_code == 401, (method, address, answer.status_code)
    assert asked >= 9


def test_the_public_endpoints_are_these(reading: House) -> None:
    public = {each for each in web.runtime(reading.app).public if each.startswith("admin")}
    assert public - {"admin_files.beside"} == {
        "admin.session",
        "admin.sign_in",
        "admin_files.page",
        "admin_files.asset",
    }


@pytest.mark.parametrize("name", ["..%2f__init__.py", "../__init__.py", "%2e%2e/meta.py", "missing.js"])
def test_no_file_outside_of_the_app_is_served(reading: House, name: str) -> None:
    assert reading.app.test_client().get(f"/assets/{name}").status_code == 404


def test_every_address_is_documented(reading: House) -> None:
    page = (project.root / "docs/how-to/admin.md").read_text(encoding="utf-8")
    for rule in rules_of(reading):
        if rule.endpoint.startswith("admin."):
            assert rule.rule in page, rule.rule
