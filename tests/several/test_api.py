"""What the API does, it does for the further database too, at addresses of its own; and the log-in is one."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from rowgate.app import opened_by
from rowgate.auth.sql_models import User
from tests.several.world import ATOMIC, Department, House, HrEmployee, Note, row, rows_of


def test_links_lead_to_the_database_they_came_from(house: House) -> None:
    document = house.get("ann", "/hr/api/Employee?include=department&page[limit]=1")
    found = [document["links"], *(each["links"] for each in document["data"] + document["included"])]
    found += [each["links"] for row in document["data"] for each in row["relationships"].values()]
    links = [link for each in found for link in each.values() if link]
    assert len(links) > 5
    assert all(link.startswith("/hr/api/") for link in links)
    for link in links:
        assert house.ask("ann", "GET", link).status_code == 200, link
    assert house.get("ann", "/api/Employee")["data"][0]["links"]["self"] == "/api/Employee/1"


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/hr/api/Department", True),
        ("/hr/api/Department/", True),
        ("//hr/api/Department", False),
        ("/api/Department", False),
        ("/HR/api/Department", False),
        ("/hr", True),
        ("/hr/", True),
        ("/hrx/api/Department", False),
        ("/api/hr/Department", False),
        ("/api/../hr/api/Department", False),
        ("/hr/hr/api/Department", False),
        ("/hr/api/Note", False),
        ("/hr/metrics", False),
        ("/hr/health/ready", False),
    ],
)
def test_an_address_belongs_to_one_database(house: House, path: str, there: bool) -> None:
    answer = house.app.test_client().open(
        path=path, headers={"Authorization": f"Bearer {house.token('root')}"}, follow_redirects=True
    )
    assert answer.status_code == (200 if there else 404), answer.text


def test_the_log_in_is_one(house: House) -> None:
    client = house.app.test_client()
    answer = client.post("/hr/api/auth/login", json={"username": "bob", "password": "p"})
    token = answer.get_json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert [each["id"] for each in client.get("/api/Employee", headers=headers).get_json()["data"]] == ["11"]
    assert [each["id"] for each in client.get("/hr/api/Employee", headers=headers).get_json()["data"]] == ["21"]
    assert client.get("/hr/api/auth/me", headers=headers).get_json()["id"] == "bob"
    assert client.post("/api/auth/logout", headers=headers).status_code == 204
    assert client.get("/hr/api/Employee", headers=headers).status_code == 401


def test_failed_log_ins_count_together(house: House) -> None:
    client = house.app.test_client()
    wrong = {"username": "nobody", "password": "x"}
    codes = [client.post(f"{at}/api/auth/login", json=wrong).status_code for at in ("", "/hr") * 6]
    assert codes == [401] * 10 + [429] * 2


def test_the_cookie_of_the_admin_app_counts_below_the_prefix(house: House) -> None:
    client = house.app.test_client()
    signed = client.post("/admin/session", json={"username": "eva", "password": "p"}).get_json()
    assert client.get("/hr/admin/session").get_json()["signed_in"] is True
    assert client.get("/hr/api/Employee").get_json()["meta"]["total"] == 3
    assert client.delete("/hr/api/Employee/999").status_code == 403  # no CSRF token
    assert client.delete("/hr/api/Employee/999", headers={"X-CSRF-Token": signed["csrf"]}).status_code == 404


def test_each_admin_app_knows_its_own_types_and_the_other_app(house: House) -> None:
    main, further = house.get("ann", "/admin/meta"), house.get("ann", "/hr/admin/meta")
    assert set(main["resources"]) == {"Employee", "Note"}
    assert set(further["resources"]) == {"Department", "Employee"}
    assert further["resources"]["Employee"]["links"]["self"] == "/hr/api/Employee"
    assert (further["api_root"], further["title"]) == ("/hr/api", "Hr")
    for document, here in ((main, "main"), (further, "hr")):
        assert [(each["name"], each["href"], each["here"]) for each in document["databases"]] == [
            ("main", "/", here == "main"),
            ("hr", "/hr/", here == "hr"),
        ]
    below = house.app.test_client().get(
        "/hr/admin/meta", headers={"Authorization": f"Bearer {house.token('ann')}"}, base_url="http://localhost/outer"
    )
    assert [each["href"] for each in below.get_json()["databases"]] == ["/outer/", "/outer/hr/"]


def test_the_documents_describe_one_api_each(house: House) -> None:
    main, further = (house.get("ann", f"{at}/api/swagger.json") for at in ("", "/hr"))
    assert "/api/Note" in main["paths"]
    assert "/api/Department" not in main["paths"]
    assert not any("Note" in path for path in further["paths"])
    assert (main["servers"], further["servers"]) == ([{"url": "/"}], [{"url": "/hr"}])
    assert house.get("ann", "/hr/api/openapi.json")["servers"] == [{"url": "/hr"}]
    assert 'src="/hr/api/swagger-ui/start.js"' in house.app.test_client().get("/hr/api").text


def test_a_row_is_written_with_its_tag_and_its_key(house: House, hr: Engine) -> None:
    new = row("Employee", 50, name="New", tenant=1, department_id=1)
    sent = {"Idempotency_Key": '"once"'}
    first, again = (house.ask("ann", "POST", "/hr/api/Employee", new, **sent) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.headers["Location"] == "/hr/api/Employee/50"
    tag = first.headers["ETag"]
    changed = row("Employee", 50, name="Changed")
    assert house.ask("ann", "PATCH", "/hr/api/Employee/50", changed, If_Match='"old"').status_code == 412
    assert house.ask("ann", "PATCH", "/hr/api/Employee/50", changed, If_Match=tag).status_code == 200
    assert house.ask("ann", "GET", "/hr/api/Employee/50", If_None_Match=tag).status_code == 200
    assert house.ask("ann", "DELETE", "/hr/api/Employee/50").status_code == 204
    with Session(hr) as plain:
        assert plain.get(HrEmployee, 50) is None


def test_a_key_of_one_database_is_none_in_the_other(house: House, hr: Engine) -> None:
    sent = {"Idempotency_Key": '"same-in-both"'}
    further = row("Department", 60, name="New", tenant=1)
    main = row("Note", 60, text="New", tenant=1)
    assert house.ask("ann", "POST", "/hr/api/Department", further, **sent).status_code == 201
    assert house.ask("ann", "POST", "/api/Note", main, **sent).status_code == 201
    assert house.ask("ann", "DELETE", "/api/Note/60").status_code == 204


def test_operations_are_all_done_or_none(house: House, hr: Engine) -> None:
    def do(*operations: Any) -> int:
        body = {"atomic:operations": list(operations)}
        return house.ask("ann", "POST", "/hr/api/operations", body, Content_Type=ATOMIC, Accept=ATOMIC).status_code

    add = {"op": "add", "data": {**row("Department", 70, name="A", tenant=1)["data"]}}
    move = {"op": "update", "data": row("Employee", 12, department_id=70)["data"]}
    elsewhere = {"op": "update", "data": row("Note", 1, text="x")["data"]}
    assert do(add, elsewhere) in (400, 404, 409)
    with Session(hr) as plain:
        assert plain.get(Department, 70) is None
    assert do(add, move) == 200
    with Session(hr) as plain:
        assert plain.scalar(select(HrEmployee.department_id).where(HrEmployee.id == 12)) == 70


def test_many_rows_at_once(house: House, hr: Engine) -> None:
    rows = {"data": [row("Employee", key, name="Both")["data"] for key in (11, 12)]}
    assert house.ask("ann", "PATCH", "/hr/api/Employee", rows).status_code == 200
    found = [name for _, _, name, *_ in rows_of(hr, HrEmployee)[0]]
    assert found.count("Both") == 2


def test_health_asks_both(house: House) -> None:
    assert house.app.test_client().get("/health/ready").get_json() == {"status": "ready"}


def test_the_policy_can_be_asked_why(house: House) -> None:
    document = house.get("ann", "/hr/admin/policy?resource=Employee")
    text = str(document)
    assert "secret" in text
    assert "tenant" in text
    answer = house.get("root", "/hr/admin/policy/row?resource=Employee&id=13&as=ann")
    assert answer["verdict"] == "hidden"
    assert house.ask("ann", "GET", "/hr/admin/policy/row?resource=Employee&id=13&as=eva").status_code == 403


def test_main_is_as_it_was(house: House) -> None:
    opened = opened_by(house.app)
    assert set(opened.gates) == {"main", "hr"}
    assert opened.gate_of(Note) is opened.gate
    assert opened.gate_of(HrEmployee) is opened.gates["hr"]
    with pytest.raises(KeyError):
        opened.gate_of(User)
