"""Entity tags: what a client that has a row is spared, and what it cannot overwrite unseen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import BOTH, Served
from tests.api.test_fields import served, worker
from tests.api.test_write import body, rows

ROW = "/api/Customer/ALFKI"


def tag_of(served: Served, user: str, path: str = ROW) -> str:
    response = served.ask(user, "GET", path)
    assert response.status_code == 200
    return response.headers["ETag"]


def test_the_tag_is_strong_and_the_checksum(reading: Served) -> None:
    response = reading.ask("u1", "GET", ROW)
    assert response.headers["ETag"] == f'"{response.get_json()["data"]["attributes"]["S_CheckSum"]}"'
    assert reading.ask("u1", "HEAD", ROW).headers["ETag"] == response.headers["ETag"]


def test_a_row_that_the_client_has_is_not_sent_again(reading: Served) -> None:
    tag = tag_of(reading, "u1")
    for sent in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        response = reading.ask("u1", "GET", ROW, headers={"If-None-Match": sent})
        assert (response.status_code, response.data) == (304, b""), sent
        assert response.headers["ETag"] == tag
        assert "Authorization" in response.headers["Vary"]
    assert reading.ask("u1", "GET", ROW, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("query", ["include=OrderList", "fields[Customer]=City", "fields[Order]=Id"])
def test_an_answer_that_holds_more_or_less_than_the_row_has_no_tag(reading: Served, query: str) -> None:
    response = reading.ask("u1", "GET", f"{ROW}?{query}", headers={"If-None-Match": "*"})
    assert response.status_code == 200
    assert "ETag" not in response.headers


def test_a_hidden_row_has_no_tag_and_answers_as_a_missing_one(reading: Served) -> None:
    tag = tag_of(reading, "admin", "/api/Customer/CTWTR")
    for method in ("GET", "PATCH", "DELETE"):
        for headers in ({"If-None-Match": tag}, {"If-Match": tag}, {"If-Match": '"x"'}, {"If-Match": "*"}):
            seen = set()
            for row_id in ("CTWTR", "NOPE"):
                options: dict[str, Any] = {"json": body("Customer", City="X")} if method == "PATCH" else {}
                response = reading.ask(
                    "u1", method, f"/api/Customer/{row_id}", headers={**headers, "X-Request-Id": "same"}, **options
                )
                assert "ETag" not in response.headers
                seen.add((response.status_code, response.get_data()))
            assert len(seen) == 1
            assert seen.pop()[0] == 404


def test_if_match_lets_only_the_row_that_was_read_be_changed(writing: Served) -> None:
    tag = tag_of(writing, "u1")
    first = writing.ask("u1", "PATCH", ROW, json=body("Customer", City="First"), headers={"If-Match": tag})
    assert first.status_code == 200
    assert first.headers["ETag"] == tag_of(writing, "u1") != tag
    before = rows(writing)
    for sent in (tag, "W/" + first.headers["ETag"], '"x", "y"', '""', ","):
        (error,) = writing.fault(
            412, "u1", "PATCH", ROW, json=body("Customer", City="Second"), headers={"If-Match": sent}
        )
        assert (error["code"], error["source"]) == ("RG221", {"header": "If-Match"})
        assert error["meta"]["current"] == writing.get("u1", ROW)["data"]
    assert rows(writing) == before
    for sent in ("*", f'"x", {first.headers["ETag"]}'):
        response = writing.ask("u1", "PATCH", ROW, json=body("Customer", City="First"), headers={"If-Match": sent})
        assert response.status_code == 200


def test_if_match_guards_a_delete(writing: Served) -> None:
    created = writing.ask("u1", "POST", "/api/Customer", json=body("Customer", "GONE", CompanyName="G", Client_id=1))
    tag = created.headers["ETag"]
    assert tag == tag_of(writing, "u1", "/api/Customer/GONE")
    path = "/api/Customer/GONE"
    writing.ask("u1", "PATCH", path, json=body("Customer", City="Later"))
    (error,) = writing.fault(412, "u1", "DELETE", path, headers={"If-Match": tag})
    assert error["meta"]["current"]["attributes"]["City"] == "Later"
    fresh = tag_of(writing, "u1", path)
    assert writing.ask("u1", "DELETE", path, headers={"If-Match": fresh}).status_code == 204


def test_if_none_match_keeps_a_write_from_a_row_it_names(writing: Served) -> None:
    tag = tag_of(writing, "u1")
    for sent in ("*", tag, f"W/{tag}"):
        writing.fault(412, "u1", "PATCH", ROW, json=body("Customer", City="X"), headers={"If-None-Match": sent})
    response = writing.ask("u1", "PATCH", ROW, json=body("Customer", City="X"), headers={"If-None-Match": '"other"'})
    assert response.status_code == 200


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_a_condition_is_not_ignored_where_there_is_no_tag(reading: Served, header: str) -> None:
    linkage = {"data": {"type": "Employee", "id": "1"}}
    for method, path, sent in (
        ("POST", "/api/Customer", body("Customer", "NEWCO", CompanyName="N", Client_id=1)),
        ("PATCH", "/api/Order/10643/relationships/Employee", linkage),
        ("PATCH", "/api/Order/10643/Employee", linkage),
    ):
        (error,) = reading.fault(412, "u1", method, path, json=sent, headers={header: "*"})
        assert error["source"] == {"header": header}


def test_a_condition_tells_nothing_before_the_body_is_read_and_the_verb_allowed(reading: Served) -> None:
    reading.fault(415, "u1", "PATCH", ROW, data="{}", content_type="text/plain", headers={"If-Match": '"x"'})


@pytest.fixture(params=BOTH)
def veiled(request: pytest.FixtureRequest, tmp_path: Path) -> Served:
    """Rows whose salary is hidden from the clerk and shown to the chief."""
    copies = request.getfixturevalue("sqlite_copies" if request.param == "sqlite" else "postgres_copies")
    return served(copies(empty=True), tmp_path)


def test_a_hidden_column_is_not_in_the_tag(veiled: Served) -> None:
    path = "/api/Worker/1"
    clerk, chief = tag_of(veiled, "clerk", path), tag_of(veiled, "chief", path)
    assert clerk != chief
    raised = veiled.ask("chief", "PATCH", path, json=worker(salary=4711), headers={"If-Match": chief})
    assert raised.headers["ETag"] == tag_of(veiled, "chief", path) != chief
    assert tag_of(veiled, "clerk", path) == clerk
    # The clerk can neither probe the salary with the tag of another row, nor is kept from writing by it.
    assert veiled.ask("clerk", "GET", path, headers={"If-None-Match": clerk}).status_code == 304
    veiled.fault(412, "clerk", "PATCH", path, json=worker(), headers={"If-Match": raised.headers["ETag"]})
    assert veiled.ask("clerk", "PATCH", path, json=worker(), headers={"If-Match": clerk}).status_code == 200
