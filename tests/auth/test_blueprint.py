"""The routes of log-in, on each provider."""

import json
import logging
import time
from typing import Any

import pytest


def test_log_in_and_call(rig: Any) -> None:
    answer = rig.login()
    body = answer.get_json()
    assert answer.status_code == 200
    assert set(body) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 15 * 60)
    assert answer.headers["Cache-Control"] == "no-store"
    assert rig.call("/api/rows", body["access_token"]).get_json() == ["sales"]


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/vnd.api+json"])
def test_content_types(rig: Any, content_type: str) -> None:
    body = json.dumps({"username": "jürgen", "password": "p"})
    assert rig.client.post("/api/auth/login", data=body, content_type=content_type).status_code == 200
    assert rig.client.post("/api/auth/login/", data=body, content_type=content_type).status_code == 200


def test_basic_on_login_only(rig: Any) -> None:
    answer = rig.client.post("/api/auth/login", auth=("u2", "Straße ☃ p"))
    assert answer.status_code == 200
    assert rig.client.post("/api/auth/login", auth=("s1", "q")).get_json()["errors"][0]["code"] == "RG304"
    for path in ("/api/rows", "/api/auth/me"):
        assert rig.client.get(path, auth=("s1", "p")).get_json()["errors"][0]["code"] == "RG301"
    assert rig.client.post("/api/auth/refresh", auth=("s1", "p")).status_code == 401


def test_me(rig: Any) -> None:
    answer = rig.call("/api/auth/me", rig.tokens()["access_token"])
    assert answer.get_json() == {
        "id": "s1",
        "roles": ["sales"],
        "claims": {"client_id": 2, "region": "British Isles", "since": "2020-02-29"},
    }
    nobody = rig.tokens("jürgen")["access_token"]
    assert rig.call("/api/auth/me", nobody).get_json()["roles"] == []


def test_refresh(rig: Any) -> None:
    tokens = rig.tokens()
    answer = rig.call("/api/auth/refresh", tokens["refresh_token"], method="POST")
    body = answer.get_json()
    assert set(body) == {"access_token", "token_type", "expires_in"}
    assert body["access_token"] != tokens["access_token"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert rig.call("/api/rows", body["access_token"]).status_code == 200


def test_refreshing_does_not_prolong_a_login(make_rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = make_rig(access_minutes=1440, refresh_days=1)
    tokens = rig.tokens()
    late = time.time() + 86_400 - 100
    monkeypatch.setattr("rowgate.auth.tokens.time.time", lambda: late)
    body = rig.call("/api/auth/refresh", tokens["refresh_token"], method="POST").get_json()
    assert 90 <= body["expires_in"] <= 101


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_logout_ends_all_tokens_of_the_login_and_no_other(rig: Any, kind: str) -> None:
    tokens, other = rig.tokens(), rig.tokens()
    refreshed = rig.call("/api/auth/refresh", tokens["refresh_token"], method="POST").get_json()["access_token"]
    answer = rig.call("/api/auth/logout", tokens[kind], method="POST")
    assert (answer.status_code, answer.data) == (204, b"")
    for token in (tokens["access_token"], refreshed):
        assert rig.call("/api/rows", token).get_json()["errors"][0]["code"] == "RG302"
    assert rig.call("/api/auth/refresh", tokens["refresh_token"], method="POST").status_code == 401
    assert rig.call("/api/auth/logout", tokens[kind], method="POST").status_code == 401
    assert rig.call("/api/rows", other["access_token"]).status_code == 200


def test_settings_give_the_lives(make_rig: Any) -> None:
    assert make_rig(access_minutes=2).tokens()["expires_in"] == 120


def test_public_routes_need_no_token_and_others_do(rig: Any) -> None:
    assert rig.client.get("/api/open").text == "hello"
    assert rig.call("/api/open", "nonsense").status_code == 200
    for path in ("/api/rows", "/api/auth/me", "/api/nothing", "/api", "/api/"):
        for method in ("GET", "HEAD", "OPTIONS", "POST", "PATCH", "DELETE"):
            answer = rig.call(path, None, method=method)
            assert answer.status_code == 401, (path, method, answer.status_code)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
    for method in ("GET", "HEAD", "OPTIONS"):
        assert rig.call("/own", None, method=method).status_code == 401
    assert rig.client.get("/nothing").status_code == 404
    token = rig.tokens()["access_token"]
    assert rig.call("/own", token).get_json() == "s1"
    assert rig.call("/api/nothing", token).status_code == 404
    assert rig.call("/api/rows", token, method="POST").status_code == 405


def test_login_and_refusal_are_logged_without_secrets(rig: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "rowgate.auth")
    rig.login("s1\nforged line", "hunter2")
    rig.tokens("u2", "Straße ☃ p")
    texts = [record.getMessage() for record in caplog.records if record.name == "rowgate.auth"]
    assert any("Refused log-in of 's1\\nforged line' from 127.0.0.1" in text for text in texts)
    assert any("Log-in of 'u2'" in text for text in texts)
    assert "hunter2" not in caplog.text
    assert "☃" not in caplog.text


def test_throttled_per_user_and_address(make_rig: Any) -> None:
    rig = make_rig(login_attempts=3, login_window_seconds=60)
    for _ in range(3):
        assert rig.login("s1", "q").status_code == 401
    before = rig.house.hasher.verified
    for password in ("q", "p"):
        answer = rig.login("s1", password)
        assert answer.status_code == 429
        assert answer.get_json()["errors"][0]["code"] == "RG305"
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert rig.house.hasher.verified == before
    assert rig.login("u2", "Straße ☃ p").status_code == 200
    elsewhere = {"environ_overrides": {"REMOTE_ADDR": "10.1.1.1"}}
    assert rig.login("s1", "p", **elsewhere).status_code == 200
    assert rig.login("nobody", "p").status_code == 401


def test_unknown_names_are_throttled_alike(make_rig: Any) -> None:
    rig = make_rig(login_attempts=2)
    answers = {name: [rig.login(name, "q").status_code for _ in range(4)] for name in ("s1", "nobody", "gone")}
    assert answers == {name: [401, 401, 429, 429] for name in answers}


def test_forged_forwarding_header_does_not_escape_the_throttle(make_rig: Any) -> None:
    rig = make_rig(login_attempts_address=2)
    codes = [
        rig.login(f"n{number}", "q", headers={"X-Forwarded-For": f"10.0.0.{number}"}).status_code for number in range(4)
    ]
    assert codes == [401, 401, 429, 429]


def test_address_behind_a_trusted_proxy(make_rig: Any) -> None:
    rig = make_rig(login_attempts_address=2, trusted_proxies=1)

    def codes(client: str, forged: str) -> list[int]:
        headers = {"X-Forwarded-For": f"{forged}, {client}"}
        return [rig.login("s1", "q", headers=headers).status_code for _ in range(3)]

    assert codes("10.0.0.1", "1.1.1.1") == [401, 401, 429]
    assert codes("10.0.0.1", "2.2.2.2") == [429, 429, 429]
    assert codes("10.0.0.2", "1.1.1.1") == [401, 401, 429]
