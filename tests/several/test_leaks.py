"""The further database shows no row that the policy hides: each path of its API, tried by users who must not see."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.several.world import (
    ATOMIC,
    CANARY,
    SEEN,
    USERS,
    Department,
    House,
    HrEmployee,
    row,
    rows_of,
)

HIDDEN = [
    (user, kind, key)
    for user in ("ann", "bob", "eva")
    for kind in SEEN["root"]
    for key in sorted(SEEN["root"][kind] - SEEN[user][kind])
]


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("kind", SEEN["root"])
def test_lists_counts_and_exports_hold_the_visible_rows(house: House, user: str, kind: str) -> None:
    document = house.get(user, f"/hr/api/{kind}")
    assert {int(each["id"]) for each in document["data"]} == SEEN[user][kind]
    assert document["meta"]["total"] == len(SEEN[user][kind])
    lines = house.ask(user, "GET", f"/hr/api/{kind}?format=csv").get_data(as_text=True).splitlines()
    assert len(lines) - 1 == len(SEEN[user][kind])
    assert house.ask(user, "GET", "/hr/admin/counts").get_json()["counts"][kind] == len(SEEN[user][kind])


@pytest.mark.parametrize(("user", "kind", "key"), HIDDEN)
def test_a_hidden_row_is_a_missing_one_on_every_address(house: House, user: str, kind: str, key: int) -> None:
    relation = "department" if kind == "Employee" else "staff"
    for method, path, body in (
        ("GET", "/hr/api/{kind}/{key}", None),
        ("GET", "/hr/api/{kind}/{key}/{relation}", None),
        ("GET", "/hr/api/{kind}/{key}/relationships/{relation}", None),
        ("DELETE", "/hr/api/{kind}/{key}", None),
        ("PATCH", "/hr/api/{kind}/{key}", row(kind, key, name="mine")),
        ("PATCH", "/hr/api/{kind}/{key}/relationships/{relation}", {"data": None if kind == "Employee" else []}),
        ("GET", "/hr/admin/counts?resource={kind}&id={key}", None),
    ):
        answers = []
        for each in (key, 999):
            text = json.dumps(body).replace(f'"{key}"', f'"{each}"') if body is not None else None
            address = path.format(kind=kind, key=each, relation=relation)
            answer = house.ask(user, method, address, json=json.loads(text) if text else None, X_Request_Id="same")
            answers.append((answer.status_code, answer.get_data(as_text=True)))
        assert answers[0] == answers[1], path
        assert answers[0][0] == 404, (path, answers[0])


@pytest.mark.parametrize(
    "path",
    [
        "/hr/api/Department?include=staff",
        "/hr/api/Department/1?include=staff",
        "/hr/api/Department/1/staff",
        "/hr/api/Department/1/relationships/staff",
        "/hr/api/Employee?include=department.staff",
        "/hr/api/Employee?sort=-name",
        "/hr/api/Employee?sort=department.name",
        f"/hr/api/Employee?filter[name]={CANARY}%20Dot,{CANARY}%20Bob",
        f"/hr/api/Employee?filter[search]={CANARY}",
        "/hr/api/Employee?filter[secret]=true",
        f"/hr/api/Department?filter[staff.name]={CANARY}%20Dot",
        f"/hr/api/Employee?filter[department.name]={CANARY}%20lab",
        "/hr/api/Department?format=ndjson&include=staff",
        "/hr/api/Employee?page[limit]=1&page[offset]=2",
        "/hr/api/openapi.json",
        "/hr/api/swagger.json",
        "/hr/admin/meta",
        "/hr/admin/counts?resource=Department&id=1",
        "/hr/ui/admin/admin.yaml",
    ],
)
def test_ann_reads_nothing_of_the_others(house: House, path: str) -> None:
    answer = house.ask("ann", "GET", path)
    text = answer.get_data(as_text=True)
    assert answer.status_code in (200, 400), text
    echo = text.replace(f"{CANARY}%20", "").replace(f"={CANARY}", "")  # links repeat the address that was sent
    assert CANARY not in echo
    assert "70000" not in text
    document = answer.get_json(silent=True) or {}
    for each in [*_listed(document.get("data")), *document.get("included", [])]:
        assert int(each["id"]) in SEEN["ann"][each["type"]], each
    if "/Department/1" not in path and "sort" not in path and "include" not in path and "filter" in path:
        assert document.get("data") == []


def _listed(data: Any) -> list[Any]:
    return data if isinstance(data, list) else [data] if data else []


def test_a_hidden_column_is_neither_shown_nor_asked_for(house: House) -> None:
    assert "salary" not in house.get("ann", "/hr/api/Employee/11")["data"]["attributes"]
    assert house.get("eva", "/hr/api/Employee/11")["data"]["attributes"]["salary"] == 7_000_011
    for query in ("filter[salary]=7000011", "sort=salary", "fields[Employee]=salary"):
        unknown = query.replace("salary", "nonsense")
        answers = [house.ask("ann", "GET", f"/hr/api/Employee?{each}").status_code for each in (query, unknown)]
        assert answers == [400, 400]
    # In the main database the same filter by shape holds, and its Employee is another one.
    assert house.ids("ann", "/api/Employee") == {1}
    assert house.ids("bob", "/api/Employee") == {11}


WRITES: list[tuple[str, str, Any]] = [
    ("POST", "/hr/api/Employee", row("Employee", 99, name="x", tenant=2)),
    ("POST", "/hr/api/Employee", row("Employee", 99, name="x", tenant=1, secret=True)),
    ("POST", "/hr/api/Employee", row("Employee", 99, name="x", tenant=1, department_id=2)),
    ("POST", "/hr/api/Employee", row("Employee", 99, name="x", tenant=1, salary=1)),
    ("PATCH", "/hr/api/Employee/11", row("Employee", 11, tenant=2)),
    ("PATCH", "/hr/api/Employee/11", row("Employee", 11, department_id=2)),
    ("PATCH", "/hr/api/Employee/11", row("Employee", 11, salary=1)),
    ("PATCH", "/hr/api/Employee", {"data": [row("Employee", k, name="x")["data"] for k in (11, 13)]}),
    ("DELETE", "/hr/api/Employee", {"data": [{"type": "Employee", "id": k} for k in ("11", "21")]}),
    ("POST", "/hr/api/Employee", {"data": [row("Employee", k, name="x", tenant=k - 97)["data"] for k in (98, 99)]}),
    ("PATCH", "/hr/api/Department/1/relationships/staff", {"data": [{"type": "Employee", "id": "21"}]}),
    ("POST", "/hr/api/Department/1/relationships/staff", {"data": [{"type": "Employee", "id": "13"}]}),
    ("PATCH", "/hr/api/Employee/11/relationships/department", {"data": {"type": "Department", "id": "2"}}),
    (
        "POST",
        "/hr/api/operations",
        {"atomic:operations": [
            {"op": "update", "data": row("Employee", 11, name="first")["data"]},
            {"op": "update", "data": row("Employee", 21, name="second")["data"]},
        ]},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_ann_writes_nothing_of_the_others(house: House, hr: Engine, method: str, path: str, body: Any) -> None:
    before = rows_of(hr, Department, HrEmployee)
    kind = {"Content_Type": ATOMIC, "Accept": ATOMIC} if path.endswith("operations") else {}
    answer = house.ask("ann", method, path, json=body, **kind)
    assert answer.status_code in (400, 403, 404, 409, 422), answer.text
    assert CANARY not in answer.text
    assert rows_of(hr, Department, HrEmployee) == before


def test_nobody_reads_nothing(house: House) -> None:
    for path in ("/hr/api/Employee", "/hr/api/Nothing", "/hr/api/openapi.json", "/hr/admin/meta", "/hr/admin/log"):
        assert house.ask(None, "GET", path).status_code == 401, path
    assert house.ask(None, "POST", "/hr/api/operations", json={}).status_code == 401
