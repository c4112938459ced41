"""Tokens that were forged, bent, borrowed or kept; bodies made to break; answers made to tell."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from flask_jwt_extended import jwt_required
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rowgate import web

KEY = "JWT_SECRET_KEY"


@pytest.fixture
def forge(rig: Any) -> Callable[..., str]:
    """Signs claims with the app's own key, changed as the test says; a claim of None is left out."""
    genuine = jwt.decode(rig.tokens()["access_token"], options={"verify_signature": False})

    def sign(*, key: str | None = None, algorithm: str = "HS256", headers: Any = None, **claims: object) -> str:
        merged = {name: value for name, value in (genuine | claims).items() if value is not None}
        return jwt.encode(merged, rig.app.config[KEY] if key is None else key, algorithm, headers=headers)

    return sign


def codes(rig: Any, token: str | None, path: str = "/api/rows") -> tuple[int, str | None]:
    answer = rig.call(path, token)
    return answer.status_code, None if answer.status_code == 200 else answer.get_json()["errors"][0]["code"]


def test_the_forge_itself_works(rig: Any, forge: Any) -> None:
    assert codes(rig, forge()) == (200, None)


def test_what_a_token_carries(rig: Any) -> None:
    claims = jwt.decode(rig.tokens()["access_token"], options={"verify_signature": False})
    assert (claims["iss"], claims["aud"], claims["sub"]) == ("rowgate", "rowgate-api", "s1")
    assert not {"roles", "client_id", "region", "password"} & set(claims)
    assert "British" not in json.dumps(claims)
    assert jwt.get_unverified_header(rig.tokens()["access_token"])["alg"] == "HS256"


@pytest.mark.parametrize(
    "change",
    [
        {"key": "x" * 64},
        {"aud": "other-api"},
        {"aud": None},
        {"aud": ["other"]},
        {"iss": "other"},
        {"iss": None},
        {"exp": None},
        {"exp": "tomorrow"},
        pytest.param({"nbf": int(time.time()) + 3600}, id="nbf ahead"),
        pytest.param({"iat": int(time.time()) + 3600}, id="iat ahead"),
        {"sub": None},
        {"sub": 7},
        {"sub": ""},
        {"sub": "nobody"},
        {"sub": "gone"},
        {"sub": "s1\0"},
        {"sub": ["sa"]},
        {"type": "refresh"},
        {"type": "other"},
        {"type": ["access"]},
        {"jti": None},
        {"login": None},
        {"login": 1},
        {"login": {"a": 1}},
        {"login_exp": None},
        {"algorithm": "HS384"},
        {"algorithm": "HS512"},
        {"headers": {"crit": ["b64"], "b64": False}},
    ],
    ids=str,
)
def test_forged_claims(rig: Any, forge: Any, change: dict[str, Any]) -> None:
    assert codes(rig, forge(**change)) == (401, "RG302")


@pytest.mark.parametrize("age", [11, 3600])
def test_expired(rig: Any, forge: Any, age: int) -> None:
    token = forge(exp=int(time.time()) - age)
    assert codes(rig, token) == (401, "RG303")
    assert rig.call("/api/rows", token).headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert rig.call("/api/auth/refresh", token, method="POST").status_code == 401


def test_expired_and_forged_is_not_told_as_genuine(rig: Any, forge: Any) -> None:
    assert codes(rig, forge(exp=1, key="x" * 64)) == (401, "RG302")


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", "RS256", "ES256", "HS1"])
def test_algorithm_of_the_header_is_not_believed(rig: Any, alg: str) -> None:
    _, payload, signature = rig.tokens()["access_token"].split(".")
    changed = base64.urlsafe_b64encode(json.dumps({"alg": alg, "typ": "JWT"}).encode()).rstrip(b"=").decode()
    for end in ("", signature):
        assert codes(rig, f"{changed}.{payload}.{end}") == (401, "RG302")


def test_every_part_is_signed(rig: Any) -> None:
    token = rig.tokens()["access_token"]
    for part in range(3):
        parts = token.split(".")
        middle = len(parts[part]) // 2
        swapped = "A" if parts[part][middle] != "A" else "B"
        parts[part] = parts[part][:middle] + swapped + parts[part][middle + 1 :]
        assert codes(rig, ".".join(parts)) == (401, "RG302")
    assert codes(rig, token[:-2]) == (401, "RG302")
    assert codes(rig, token.rsplit(".", 1)[0]) == (401, "RG302")


def test_refresh_and_access_do_not_stand_for_each_other(rig: Any) -> None:
    tokens = rig.tokens()
    assert codes(rig, tokens["refresh_token"]) == (401, "RG302")
    assert codes(rig, tokens["refresh_token"], "/api/auth/me") == (401, "RG302")
    answer = rig.call("/api/auth/refresh", tokens["access_token"], method="POST")
    assert answer.get_json()["errors"][0]["code"] == "RG302"


def test_token_of_another_installation(rig: Any, make_rig: Any) -> None:
    other = make_rig(instance="elsewhere")
    assert codes(rig, other.tokens()["access_token"]) == (401, "RG302")
    assert codes(other, other.tokens()["access_token"]) == (200, None)


def test_token_outlives_a_restart_and_so_does_logout(rig: Any, make_rig: Any) -> None:
    kept, ended = rig.tokens()["access_token"], rig.tokens()["access_token"]
    rig.call("/api/auth/logout", ended, method="POST")
    again = make_rig()
    assert codes(again, kept) == (200, None)
    assert codes(again, ended) == (401, "RG302")


def test_deactivated_user_is_out_at_once(rig: Any) -> None:
    tokens = rig.tokens()
    rig.house.remove("s1")
    assert codes(rig, tokens["access_token"]) == (401, "RG302")
    assert rig.call("/api/auth/refresh", tokens["refresh_token"], method="POST").status_code == 401


def test_roles_are_those_held_now(rig: Any, person: Any) -> None:
    token = rig.tokens()["access_token"]
    rig.house.put(person(id="s1", roles=("renter",)))
    assert rig.call("/api/rows", token).get_json() == ["renter"]


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        ", ,",
        "Bearer",
        "Bearer ",
        "Bearer  ",
        "Bearer a b",
        "Bearer ...",
        "Bearer \x01",
        "Bearer ü.ü.ü",
        "Token abc",
        "Basic czE6cA==",
        "Bearer null",
        "Bearer undefined",
        "Bearer " + "a" * 100_000,
        "Bearer " + ".".join([base64.urlsafe_b64encode(b"[" * 1200).decode()] * 2 + ["x"]),
        "Bearer " + ".".join([base64.urlsafe_b64encode(b'{"exp":1e999}').decode().rstrip("=")] * 3),
    ],
)
def test_headers_that_are_none(rig: Any, header: str) -> None:
    for method in ("GET", "OPTIONS"):
        answer = rig.client.open("/api/rows", method=method, headers={"Authorization": header})
        assert answer.status_code == 401
        assert answer.get_json()["errors"][0]["code"] in ("RG301", "RG302")


def test_scheme_in_any_case_and_only_one_header(rig: Any) -> None:
    token = rig.tokens()["access_token"]
    assert rig.client.get("/api/rows", headers={"Authorization": f"bearer {token}"}).status_code == 200
    for other in ("Bearer x", f"Bearer {token}", "Basic czE6cA=="):
        for pair in ((f"Bearer {token}", other), (other, f"Bearer {token}")):
            headers = [("Authorization", value) for value in pair]
            answer = rig.client.get("/api/rows", headers=headers)
            # WSGI servers join repeated headers with a comma, so a second one spoils the first.
            assert answer.status_code == 401


def test_token_elsewhere_than_in_the_header(rig: Any) -> None:
    token = rig.tokens()["access_token"]
    rig.client.set_cookie("access_token_cookie", token)
    for path in ("/api/rows", f"/api/rows?jwt={token}", f"/api/rows?access_token={token}"):
        assert rig.client.get(path, json={"access_token": token}).status_code == 401


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(st.binary(max_size=60), max_size=5), raw=st.text(st.characters(max_codepoint=255)))
def test_no_header_at_all_breaks_it(rig: Any, parts: list[bytes], raw: str) -> None:
    built = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    for header in (f"Bearer {built}", raw.replace("\r", "").replace("\n", "")):
        assert rig.client.get("/api/rows", headers={"Authorization": header}).status_code == 401


def test_unknown_user_wrong_password_and_inactive_user_answer_alike(rig: Any) -> None:
    seen = []
    for username, password in (("s1", "q"), ("nobody", "q"), ("gone", "p"), ("gone", "q"), ("s1\0", "p")):
        before = (rig.house.hasher.verified, rig.house.hasher.made)
        answer = rig.login(username, password)
        after = (rig.house.hasher.verified, rig.house.hasher.made)
        headers = {name: value for name, value in answer.headers if name != "X-Request-Id"}
        seen.append((answer.status_code, answer.data, headers, after[0] - before[0], after[1] - before[1]))
    assert all(each == seen[0] for each in seen)
    assert (seen[0][0], seen[0][3], seen[0][4]) == (401, 1, 0)
    assert b"s1" not in seen[0][1]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'"s1"',
        b"{",
        b"\xff\xfe\x00",
        b'{"username": "s1"}',
        b'{"password": "p"}',
        b'{"username": "s1", "password": ""}',
        b'{"username": "", "password": "p"}',
        b'{"username": "s1", "password": null}',
        b'{"username": "s1", "password": 1}',
        b'{"username": ["s1"], "password": "p"}',
        b'{"username": {"$ne": ""}, "password": {"$ne": ""}}',
        b'{"username": "s1", "password": "' + b"p" * 1025 + b'"}',
        b'{"username": "' + b"s" * 256 + b'", "password": "p"}',
        b"[" * 16_000,
        b'{"a":' * 3_000,
    ],
    ids=lambda body: str(body[:40]),
)
def test_bad_bodies(rig: Any, body: bytes) -> None:
    before = rig.house.hasher.verified
    answer = rig.client.post("/api/auth/login", data=body, content_type="application/json")
    assert (answer.status_code, answer.get_json()["errors"][0]["code"]) == (400, "RG306")
    assert rig.house.hasher.verified == before


def test_odd_text_is_only_a_wrong_password(rig: Any) -> None:
    for username, password in (
        ("s1\0", "p"),
        ("\ud800", "p"),
        ("s1", "\udfff"),
        ("s1", "p\0"),
        ("' OR 1=1 --", "p"),
        ("s1", "p" * 1024),
        ("\uff53\uff11", "p"),
    ):
        answer = rig.login(username, password)
        assert (answer.status_code, answer.get_json()["errors"][0]["code"]) == (401, "RG304")


def test_huge_body_is_not_read(rig: Any) -> None:
    for size in (16_385, 3_000_000):
        answer = rig.client.post("/api/auth/login", data=b"x" * size, content_type="application/json")
        assert answer.status_code == 413


def test_form_and_text_bodies_are_refused(rig: Any) -> None:
    right = {"username": "s1", "password": "p"}
    assert rig.client.post("/api/auth/login", data=right).status_code == 400
    text = json.dumps(right)
    assert rig.client.post("/api/auth/login", data=text, content_type="text/plain").status_code == 400
    assert rig.client.get("/api/auth/login", query_string=right).status_code == 401


def test_two_sets_of_credentials_are_refused(rig: Any) -> None:
    answer = rig.client.post("/api/auth/login", json={"username": "s1", "password": "p"}, auth=("u2", "x"))
    assert answer.status_code == 400


@pytest.mark.parametrize("header", ["Basic", "Basic !", "Basic czE=", "Basic /w==", "Basic OnA=", "Basic czE6"])
def test_broken_basic(rig: Any, header: str) -> None:
    assert rig.client.post("/api/auth/login", headers={"Authorization": header}).status_code == 400


def test_jwt_required_on_a_route_of_the_projects_own_is_no_weaker(rig: Any) -> None:
    @rig.app.get("/api/theirs")
    @jwt_required()
    def theirs() -> str:
        return "in"

    web.make_public(rig.app, "theirs")
    tokens = rig.tokens()
    assert rig.call("/api/theirs", tokens["access_token"]).text == "in"
    assert codes(rig, None, "/api/theirs") == (401, "RG301")
    assert codes(rig, "x.y.z", "/api/theirs") == (401, "RG302")
    assert codes(rig, tokens["refresh_token"], "/api/theirs") == (401, "RG302")
    rig.call("/api/auth/logout", tokens["access_token"], method="POST")
    assert codes(rig, tokens["access_token"], "/api/theirs") == (401, "RG302")
