"""Field rules over HTTP: what is hidden is not there, what is locked is not written, and nothing tells."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from rowgate.policy import Policy
from rowgate.types import Access
from tests.api.conftest import BOTH, Served, serve
from tests.enforce import veiled
from tests.enforce.veiled import Badge, Worker

PEOPLE = {user.id: user for user in (veiled.ROOT, veiled.CHIEF, veiled.CLERK, veiled.STRANGER)}
SECRETS = ("4711.25", "5822.75", "SECRET-1", "SECRET-2", "psst-2")


def fill(session: Session) -> None:
    """Worker 1 is the clerk's own, worker 2 somebody else's, of a grade that locks the name."""
    session.add(Worker(name="ann", salary=Decimal("4711.25"), code="SECRET-1", note="mine"))
    session.flush()
    session.add(Worker(name="bob", salary=Decimal("5822.75"), code="SECRET-2", note="psst-2", grade=6, boss_id=1))
    session.flush()
    session.add(Worker(name="cy"))
    session.add_all([Badge(worker_id=1), Badge(worker_id=2)])
    session.commit()


@pytest.fixture(scope="module", params=BOTH)
def reading(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Served:
    """Served for tests that write nothing."""
    copies = request.getfixturevalue("sqlite_copies" if request.param == "sqlite" else "postgres_copies")
    return served(copies(empty=True), tmp_path_factory.mktemp("fields"))


@pytest.fixture(params=BOTH)
def writing(request: pytest.FixtureRequest, tmp_path: Path) -> Served:
    """Served for one test to write to."""
    copies = request.getfixturevalue("sqlite_copies" if request.param == "sqlite" else "postgres_copies")
    return served(copies(empty=True), tmp_path)


def served(engine: Any, folder: Path) -> Served:
    veiled.Base.metadata.create_all(engine)
    with Session(engine) as session:
        fill(session)
    return serve(engine, veiled.make_policy(), veiled.Base, dict(PEOPLE), folder)


def stored(app: Served, *columns: Any) -> list[tuple[Any, ...]]:
    with Session(app.gate.plain_engine) as session:
        return [tuple(row) for row in session.execute(select(Worker.id, *columns).order_by(Worker.id))]


def worker(**attributes: Any) -> dict[str, Any]:
    return {"data": {"type": "Worker", "attributes": attributes}}


# --- reading


def test_what_is_hidden_in_every_row_is_no_attribute(reading: Served) -> None:
    clerk, chief = (reading.get(who, "/api/Worker/1")["data"] for who in ("clerk", "chief"))
    assert set(chief["attributes"]) - set(clerk["attributes"]) == {"salary", "code"}
    assert chief["attributes"]["salary"] == 4711.25


def test_what_is_hidden_in_some_rows_is_null_in_them(reading: Served) -> None:
    notes = {row["id"]: row["attributes"]["note"] for row in reading.get("clerk", "/api/Worker")["data"]}
    assert notes == {"1": "mine", "2": None, "3": None}
    # Whose claim is None, from them it is hidden in every row.
    assert all("note" not in row["attributes"] for row in reading.get("stranger", "/api/Worker")["data"])


def test_a_relationship_over_a_hidden_key_is_none(reading: Served) -> None:
    assert "badges" in reading.get("chief", "/api/Worker/1")["data"]["relationships"]
    assert "badges" not in reading.get("clerk", "/api/Worker/1")["data"]["relationships"]
    assert set(reading.get("clerk", "/api/Badge/1")["data"].get("relationships", {})) == set()
    assert reading.ids("chief", "/api/Worker/1/badges") == ["1"]


NAMED: dict[str, str] = {
    "filter": "/api/Worker?filter[{}]=1",
    "filter by an operator": "/api/Worker?filter[{}][ge]=1",
    "filter in JSON": '/api/Worker?filter=[{{"name":"{}","op":"is_null"}}]',
    "filter along a path": "/api/Worker?filter[boss.{}]=1",
    "sort": "/api/Worker?sort=-{}",
    "fields": "/api/Worker?fields[Worker]=name,{}",
    "fields of one": "/api/Worker/1?fields[Worker]={}",
}


@pytest.mark.parametrize("how", NAMED)
def test_naming_it_is_told_what_naming_nothing_is_told(reading: Served, how: str) -> None:
    """To the letter, but for the name; nor is it what another wrong name is said to be like."""
    answers = []
    for name in ("salary", "sabary"):
        response = reading.ask("clerk", "GET", NAMED[how].format(name), headers={"X-Request-Id": "same"})
        answers.append((response.status_code, response.get_data(as_text=True).replace(quote(name), "?")))
    assert answers[0] == answers[1]
    assert answers[0][0] == 400
    assert "salary" not in answers[1][1]


@pytest.mark.parametrize("path", ["/api/Worker/1/badges", "/api/Worker/1/relationships/badges", "/api/Badge/1/worker"])
def test_the_address_of_a_hidden_relationship_is_no_address(reading: Served, path: str) -> None:
    [hidden] = reading.fault(404, "clerk", "GET", path, headers={"X-Request-Id": "same"})
    [missing] = reading.fault(404, "clerk", "GET", f"{path}x", headers={"X-Request-Id": "same"})
    assert hidden == missing
    assert reading.get("chief", path)


def test_no_request_shows_it(reading: Served) -> None:
    """Every list, row, page, include, filter and sort that a clerk may ask for."""
    paths = ["/api/Worker", "/api/Worker/2", "/api/Badge", "/api/Worker?include=boss,reports", "/api/Worker/2/boss"]
    paths += [f"/api/Worker?sort={name}" for name in ("note", "-note", "name")]
    paths += ["/api/Worker?filter[note]=psst-2", "/api/Worker?filter[note][like]=psst%25", "/api/Worker/1/reports"]
    paths += ["/api/Worker/relationships/badges", "/api/Worker?include=badges", "/api/Worker?filter[badges.id]=1"]
    for path in paths:
        text = reading.ask("clerk", "GET", path).get_data(as_text=True)
        # The filter's own value comes back in the links, as it was sent.
        shown = json.dumps({**(json.loads(text)), "links": None})
        assert not [secret for secret in SECRETS if secret in shown], path
    assert "SECRET-1" in reading.ask("chief", "GET", "/api/Worker").get_data(as_text=True)


def test_a_hidden_value_is_not_found_by_filtering(reading: Served) -> None:
    assert reading.ids("clerk", "/api/Worker?filter[note][is_null]=true") == ["2", "3"]
    assert reading.ids("clerk", "/api/Worker?filter[note]=psst-2") == []
    assert reading.ids("chief", "/api/Worker?filter[note]=psst-2") == ["2"]
    assert reading.get("clerk", "/api/Worker?filter[note]=psst-2")["meta"]["total"] == 0
    assert reading.ids("clerk", "/api/Worker?filter[boss.note]=mine") == ["2"]
    assert reading.ids("clerk", "/api/Worker?filter[boss.note]=psst-2") == []


def test_the_checksum_does_not_change_with_what_is_hidden(writing: Served) -> None:
    def sums(who: str) -> list[str]:
        return [row["attributes"]["S_CheckSum"] for row in writing.get(who, "/api/Worker")["data"]]

    clerk, chief = sums("clerk"), sums("chief")
    with Session(writing.gate.plain_engine) as session:
        row = session.get_one(Worker, 2)
        row.salary, row.code, row.note = Decimal(1), "other", "other"
        session.commit()
    assert sums("clerk") == clerk
    assert [was != now for was, now in zip(chief, sums("chief"), strict=True)] == [False, True, False]


def test_the_description_says_that_it_may_be_null(reading: Served) -> None:
    schemas = reading.get("clerk", "/api/swagger.json")["components"]["schemas"]
    assert "null" in schemas["Worker"]["properties"]["attributes"]["properties"]["note"]["type"]


# --- writing

REFUSED: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "hidden": ("PATCH", "/api/Worker/2", worker(salary=1), "/data/attributes/salary"),
    "hidden, null": ("PATCH", "/api/Worker/2", worker(code=None), "/data/attributes/code"),
    "hidden in this row": ("PATCH", "/api/Worker/2", worker(note="x"), "/data/attributes/note"),
    "locked": ("PATCH", "/api/Worker/1", worker(grade=5), "/data/attributes/grade"),
    "locked in this row": ("PATCH", "/api/Worker/2", worker(name="x"), "/data/attributes/name"),
    "new and hidden": ("POST", "/api/Worker", worker(name="x", salary=1), "/data/attributes/salary"),
    "new and locked": ("POST", "/api/Worker", worker(name="x", grade=2), "/data/attributes/grade"),
    "new and hidden in it": ("POST", "/api/Worker", worker(name="x", note="x"), "/data/attributes/note"),
    "a hidden key": (
        "POST",
        "/api/Badge",
        {"data": {"type": "Badge", "attributes": {"worker_id": 1}}},
        "/data/attributes/worker_id",
    ),
    "a hidden relationship": (
        "POST",
        "/api/Badge",
        {"data": {"type": "Badge", "relationships": {"worker": {"data": {"type": "Worker", "id": "1"}}}}},
        "/data/relationships/worker",
    ),
}


@pytest.mark.parametrize("how", REFUSED)
def test_it_is_not_written(reading: Served, how: str) -> None:
    method, path, body, pointer = REFUSED[how]
    if method == "PATCH":
        body = {"data": {**body["data"], "id": path.rpartition("/")[2]}}
    before = stored(reading, Worker.name, Worker.salary, Worker.code, Worker.note, Worker.grade)
    [fault] = reading.fault(403, "clerk", method, path, json=body)
    assert (fault["code"], fault["source"]) == ("RG109", {"pointer": pointer})
    assert stored(reading, Worker.name, Worker.salary, Worker.code, Worker.note, Worker.grade) == before


def test_a_row_sent_back_whole_keeps_what_was_hidden_from_the_sender(writing: Served) -> None:
    row = writing.get("clerk", "/api/Worker/2")["data"]
    row["attributes"]["boss_id"] = None
    assert row["attributes"]["note"] is None
    answer = writing.ask("clerk", "PATCH", "/api/Worker/2", json={"data": row})
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["data"]["attributes"]["note"] is None
    assert stored(writing, Worker.salary, Worker.code, Worker.note, Worker.boss_id)[1] == (
        2,
        Decimal("5822.75"),
        "SECRET-2",
        "psst-2",
        None,
    )


def test_what_is_open_is_written(writing: Served) -> None:
    for who, attributes in (("clerk", {"name": "a", "note": "b"}), ("chief", {"grade": 3, "salary": 5, "code": "c"})):
        body = {"data": {"type": "Worker", "id": "1", "attributes": attributes}}
        assert writing.ask(who, "PATCH", "/api/Worker/1", json=body).status_code == 200
    columns = (Worker.name, Worker.note, Worker.grade, Worker.salary, Worker.code)
    assert stored(writing, *columns)[0] == (1, "a", "b", 3, Decimal(5), "c")
    assert writing.ask("clerk", "POST", "/api/Worker", json=worker(name="new", grade=1)).status_code == 201


class CaseBase(DeclarativeBase):
    pass


class Case(CaseBase):
    """Must have a verdict, which a clerk does not see."""

    __tablename__ = "case"
    id: Mapped[int] = mapped_column(primary_key=True)
    verdict: Mapped[str]


def test_a_missing_value_that_is_hidden_is_not_named(sqlite_copies: Callable[..., Any], tmp_path: Path) -> None:
    policy = Policy(veiled.User, roles=["clerk", "chief"])
    policy.permission("clerk", Access.ALL)
    policy.permission("chief", Access.ALL)
    policy.hide(Case, "verdict", unless=["chief"])
    engine = sqlite_copies(empty=True)
    CaseBase.metadata.create_all(engine)
    app = serve(engine, policy, CaseBase, dict(PEOPLE), tmp_path)
    body = {"data": {"type": "Case", "attributes": {}}}
    assert "verdict" in str(app.fault(422, "chief", "POST", "/api/Case", json=body))
    assert "verdict" not in str(app.fault(422, "clerk", "POST", "/api/Case", json=body))
