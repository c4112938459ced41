"""A browser's log-in: the cookie, what keeps others from using it, and its end."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from rowgate.logic import RuleSet
from tests.admin.conftest import Browser, House, build


def test_who_is_signed_in_is_asked_without_a_failed_request(reading: House) -> None:
    browser = reading.browser()
    answer = browser.get("/admin/session")
    assert answer["signed_in"] is False
    assert {"id": "s1", "name": "Sales 1", "roles": ["sales"], "password": "p"}.items() <= next(
        each for each in answer["sample_logins"] if each["id"] == "s1"
    ).items()
    browser.sign_in("s1")
    answer = browser.get("/admin/session")
    assert answer["signed_in"] is True
    assert answer["principal"]["id"] == "s1"
    assert answer["principal"]["claims"]["client_id"] == 2
    assert "sample_logins" not in answer


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(reading: House) -> None:
    for address, name in (("http://localhost", "rowgate_session"), ("https://localhost", "__Host-rowgate_session")):
        answer = reading.app.test_client().post(
            "/admin/session", json={"username": "s1", "password": "p"}, base_url=address
        )
        (cookie,) = answer.headers.getlist("Set-Cookie")
        assert cookie.startswith(f"{name}=")
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        assert ("Secure" in cookie) == address.startswith("https")
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_cookie_opens_the_api_too(reading: House) -> None:
    assert [each["id"] for each in reading.browser("s1").get("/api/Customer")["data"]] == ["CTWTR"]


def test_a_wrong_password_is_told_as_everywhere(reading: House) -> None:
    client = reading.browser()
    asked = {"username": "s1", "password": "wrong"}
    assert client.fault(401, "POST", "/admin/session", json=asked) == "RG304"
    assert client.fault(400, "POST", "/admin/session", data="username=s1&password=p") == "RG306"


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("sent", [None, "", "0" * 64, "é"])
def test_a_write_needs_the_csrf_token_of_its_own_log_in(reading: House, method: str, sent: str | None) -> None:
    browser = reading.browser("admin")
    headers = {"X-CSRF-Token": sent} if sent is not None else {}
    answer = browser.client.open("/api/Customer/ALFKI", method=method, headers=headers, json={})
    assert answer.status_code == 403
    assert answer.get_json()["errors"][0]["code"] == "RG310"


def test_the_csrf_token_of_another_log_in_is_refused(reading: House) -> None:
    mine, other = reading.browser("u1"), reading.browser("u1")
    assert mine.csrf != other.csrf
    assert mine.fault(403, "DELETE", "/api/Shipper/1", headers={"X-CSRF-Token": other.csrf}) == "RG310"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_another_origin_has_no_use_of_the_cookie(reading: House, site: str) -> None:
    browser = reading.browser("s1")
    assert browser.fault(401, "GET", "/api/Customer", headers={"Sec-Fetch-Site": site}) == "RG301"
    assert browser.get("/api/Customer", headers={"Sec-Fetch-Site": "same-origin"})
    assert browser.get("/admin/session", headers={"Sec-Fetch-Site": site})["signed_in"] is False


def test_the_cookie_token_is_no_bearer_token_and_the_other_way_round(reading: House) -> None:
    browser = reading.browser("s1")
    cookie = browser.client.get_cookie("rowgate_session")
    assert cookie is not None
    bearer = {"Authorization": f"Bearer {cookie.value}"}
    assert reading.browser().fault(401, "GET", "/api/Customer", headers=bearer) == "RG302"
    issued = reading.app.test_client().post("/api/auth/login", json={"username": "s1", "password": "p"}).get_json()
    for token in (issued["access_token"], issued["refresh_token"]):
        thief = reading.app.test_client()
        thief.set_cookie("rowgate_session", token)
        assert Browser(thief).fault(401, "GET", "/api/Customer") == "RG302"


def test_a_bearer_token_comes_before_the_cookie(reading: House) -> None:
    issued = reading.app.test_client().post("/api/auth/login", json={"username": "u1", "password": "p"}).get_json()
    browser = reading.browser("s1")
    asked = {"Authorization": f"Bearer {issued['access_token']}"}
    assert browser.get("/api/auth/me", headers=asked)["id"] == "u1"
    assert browser.fault(401, "GET", "/api/auth/me", headers={"Authorization": "Bearer x"}) == "RG302"


def test_signing_out_ends_the_log_in_for_every_copy_of_the_cookie(reading: House) -> None:
    browser = reading.browser("s1")
    cookie = browser.client.get_cookie("rowgate_session")
    assert cookie is not None
    assert browser.fault(403, "DELETE", "/admin/session", headers={"X-CSRF-Token": ""}) == "RG310"
    assert browser.ask("DELETE", "/admin/session").status_code == 204
    assert browser.client.get_cookie("rowgate_session") is None
    copy = reading.app.test_client()
    copy.set_cookie("rowgate_session", cookie.value)
    assert Browser(copy).fault(401, "GET", "/api/Customer") == "RG302"
    assert Browser(copy).get("/admin/session")["signed_in"] is False


def test_sample_log_ins_are_offered_in_development_alone(
    sqlite_engine: Engine, users_engine: Engine, rules: RuleSet, tmp_path: Path
) -> None:
    house = build(sqlite_engine, users_engine, tmp_path, rules=rules, env="production", secret="Zx9" * 20 + "qwertyu")
    assert house.browser().get("/admin/session")["sample_logins"] == []


def test_sample_log_ins_are_not_offered_when_their_password_was_changed(
    sqlite_engine: Engine, users_engine: Engine, rules: RuleSet, tmp_path: Path
) -> None:
    with users_engine.begin() as connection:
        connection.exec_driver_sql("UPDATE auth_user SET password_hash = 'x' WHERE id = 'sa'")
    house = build(sqlite_engine, users_engine, tmp_path, rules=rules)
    assert house.browser().get("/admin/session")["sample_logins"] == []
