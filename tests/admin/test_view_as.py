"""Viewing the rows as somebody else: who may, what it shows, that it writes nothing, and that both names are logged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy import update as sql_update

from database.models import Base, Category, Shipper
from rowgate.audit.log import _Statement
from rowgate.auth.sql_models import User, UserRole
from rowgate.errors import ReadOnlyView, SettingRefused
from rowgate.logic import RuleSet
from rowgate.types import Access
from tests.admin.conftest import Browser, House, build


def test_the_view_shows_what_the_user_sees_no_more_and_no_less(reading: House) -> None:
    admin = reading.browser("admin")
    for user in ("u1", "s1", "nancy", "p1"):
        browser, view = reading.browser(user), admin.view_as(user)
        for name in sorted(each.class_.__name__ for each in Base.registry.mappers):
            own, viewed = (each.ask("GET", f"/api/{name}?page[limit]=20") for each in (browser, view))
            assert viewed.status_code == own.status_code
            if own.status_code == 200:
                assert viewed.get_json()["data"] == own.get_json()["data"]


def test_meta_names_both(reading: House) -> None:
    meta = reading.browser("admin").view_as("u1").get("/admin/meta")
    assert meta["principal"]["id"] == "u1"
    assert meta["view_as"] == {"actor": "admin", "subject": "u1", "read_only": True} | {
        "expires_at": meta["view_as"]["expires_at"]
    }
    assert all(
        not any(part["can"][verb] for verb in ("insert", "update", "delete")) for part in meta["resources"].values()
    )
    assert meta["may"]["view_as"] is False


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/Shipper"),
        ("PATCH", "/api/Shipper/1"),
        ("DELETE", "/api/Shipper/1"),
        ("POST", "/api/Order/10248/ship"),
        ("POST", "/admin/import?resource=Shipper"),
        ("POST", "/admin/view-as"),
    ],
)
def test_a_view_refuses_every_request_that_writes(reading: House, method: str, path: str) -> None:
    assert reading.browser("admin").view_as("u1").fault(403, method, path, json={}) == "RG313"


def test_the_session_itself_refuses_to_write_in_a_view(both: House) -> None:
    """What a project's own GET route would run into."""
    u1 = both.gate.policy.principal(id="u1", roles=frozenset({"sa"}))
    with both.gate.session(u1, verbs=Access.READ, actor="admin", writes=True) as session:
        shipper = session.scalars(select(Shipper)).first()
        assert shipper is not None
        shipper.CompanyName = "changed"
        with pytest.raises(ReadOnlyView):
            session.commit()
        session.add(Shipper(CompanyName="new"))
        with pytest.raises(ReadOnlyView):
            session.flush()
        session.delete(session.scalars(select(Shipper)).first())
        with pytest.raises(ReadOnlyView):
            session.flush()
        for statement in (sql_update(Category).values(Description="x"), Category.__table__.delete()):
            with pytest.raises(Exception, match="RG"):
                session.execute(statement)
    with both.gate.session(u1) as session:
        assert not session.scalars(select(Shipper).where(Shipper.CompanyName.in_(["changed", "new"]))).all()


def test_a_view_that_may_write_writes_as_the_user_and_logs_both(house: House) -> None:
    view = house.browser("admin").view_as("u1", write=True)
    body = {"data": {"type": "Shipper", "attributes": {"CompanyName": "By view"}}}
    answer = view.ask("POST", "/api/Shipper", json=body)
    assert answer.status_code == 201, answer.text
    (written,) = [each for each in house.records.statements if each.access is Access.INSERT]
    assert (written.principal.id, written.actor) == ("u1", "admin")


def test_every_record_of_a_view_names_both(reading: House) -> None:
    reading.records.statements.clear()
    view = reading.browser("admin").view_as("u1")
    view.get("/api/Customer/ALFKI?include=OrderList.OrderDetailList")
    view.get("/admin/counts")
    assert view.ask("GET", "/api/EmployeeAudit/1").status_code == 404
    assert reading.records.statements
    for record in reading.records.statements:
        assert (record.principal.id, record.actor) == ("u1", "admin")
    text = str(_Statement(reading.records.statements[0], "text"))
    assert text.startswith("admin as u1 [tenant] READ Customer")
    assert json.loads(str(_Statement(reading.records.statements[0], "json")))["actor"] == "admin"


def test_who_may_not_view_may_not(reading: House) -> None:
    browser = reading.browser("u1")
    assert browser.fault(403, "POST", "/admin/view-as", json={"user": "s1"}) == "RG311"
    assert browser.fault(403, "GET", "/admin/users") == "RG312"
    assert reading.browser("admin").fault(404, "POST", "/admin/view-as", json={"user": "nobody"}) == "RG314"
    for body in ({}, {"user": 1}, {"user": "s1", "write": "yes"}, {"user": "s1", "more": 1}, []):
        assert reading.browser("admin").fault(400, "POST", "/admin/view-as", json=body) == "RG202"


def test_only_a_superuser_views_as_a_superuser(
    sqlite_engine: Engine, users_engine: Engine, rules: RuleSet, tmp_path: Path
) -> None:
    house = build(sqlite_engine, users_engine, tmp_path, rules=rules, view_as_roles="manager")
    support = house.browser("u2")
    assert support.view_as("s1").get("/api/auth/me")["id"] == "s1"
    assert support.fault(403, "POST", "/admin/view-as", json={"user": "admin"}) == "RG311"
    # He may view, and so may not inspect: what is hidden from s1 stays hidden from him.
    assert support.view_as("s1").fault(403, "GET", "/admin/policy?resource=Customer") == "RG312"


def test_a_view_ends_with_the_log_in_the_role_and_either_user(
    sqlite_engine: Engine, users_engine: Engine, rules: RuleSet, tmp_path: Path
) -> None:
    users = users_engine
    house = build(sqlite_engine, users, tmp_path, rules=rules, view_as_roles="manager")

    def refused(view: Browser) -> bool:
        return view.ask("GET", "/api/Customer").status_code == 401

    with_role = house.browser("u2")
    view = with_role.view_as("s1")
    assert not refused(view)
    with users.begin() as connection:
        connection.execute(UserRole.__table__.delete().where(UserRole.user_id == "u2", UserRole.role == "manager"))
    assert refused(view)
    with users.begin() as connection:
        connection.execute(UserRole.__table__.insert().values(user_id="u2", role="manager"))
    assert not refused(view)
    for gone in ("s1", "u2"):
        with users.begin() as connection:
            connection.execute(sql_update(User).where(User.id == gone).values(active=False))
        assert refused(view)
        with users.begin() as connection:
            connection.execute(sql_update(User).where(User.id == gone).values(active=True))
    assert with_role.ask("DELETE", "/admin/session").status_code == 204
    assert refused(view)


def test_the_subject_may_become_a_superuser_and_the_view_ends(
    sqlite_engine: Engine, users_engine: Engine, rules: RuleSet, tmp_path: Path
) -> None:
    house = build(sqlite_engine, users_engine, tmp_path, rules=rules, view_as_roles="manager")
    view = house.browser("u2").view_as("s1")
    with users_engine.begin() as connection:
        connection.execute(UserRole.__table__.insert().values(user_id="s1", role="sa"))
    assert view.fault(401, "GET", "/api/Customer") == "RG302"


def test_users_are_found_by_a_part_of_their_name(reading: House) -> None:
    browser = reading.browser("admin")
    found = browser.get("/admin/users?search=nancy")
    assert found == {"listed": True, "users": [{"id": "nancy", "name": "Nancy Davolio", "roles": ["employee"]}]}
    assert browser.get("/admin/users?search=%25")["users"] == []
    assert len(browser.get("/admin/users?limit=3")["users"]) == 3
    for limit in ("0", "x", "201", "-1", "\uff11"):
        assert browser.fault(400, "GET", f"/admin/users?limit={limit}") == "RG201"


@pytest.mark.parametrize("setting", ["why_roles", "inspector_roles", "view_as_roles"])
def test_a_role_that_does_not_exist_stops_the_start(
    setting: str, sqlite_engine: Engine, users_engine: Engine, rules: RuleSet, tmp_path: Path
) -> None:
    with pytest.raises(SettingRefused, match="slaes"):
        build(sqlite_engine, users_engine, tmp_path, rules=rules, **{setting: "slaes"})
