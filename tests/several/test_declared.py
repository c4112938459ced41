"""What is declared of several databases is checked at start: each mistake is told before anything is built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import exists, inspect, select
from sqlalchemy.orm import DeclarativeBase, Mapped, aliased, mapped_column

from rowgate.app import create_app, opened_by
from rowgate.errors import DeclarationError, SettingRefused
from rowgate.logic import Rule
from rowgate.opened import open_project
from rowgate.policy import CheckFailed, Policy
from rowgate.project import Database
from rowgate.settings import load_settings
from rowgate.startup import declaration_findings
from rowgate.types import Access
from rowgate.webhooks import Webhook
from tests.several.world import (
    Base,
    Department,
    Employee,
    House,
    HrBase,
    HrEmployee,
    Note,
    Roles,
    Who,
    make_policy,
    make_project,
)


class OtherBase(DeclarativeBase):
    pass


class Paper(OtherBase):
    __tablename__ = "Paper"
    id: Mapped[int] = mapped_column(primary_key=True)


class Stranger(OtherBase):
    __tablename__ = "Stranger"
    id: Mapped[int] = mapped_column(primary_key=True)


def findings(root: Path, declare: Callable[[Policy[Who]], object]) -> list[tuple[str, str]]:
    policy = make_policy()
    declare(policy)
    return [(each.code, each.message) for each in declaration_findings(make_project(root, policy=policy))]


def test_one_policy_speaks_of_both_databases(tmp_path: Path) -> None:
    def declare(policy: Policy[Who]) -> None:
        policy.grant(Note, Roles.boss, where=lambda row, user: row.id.in_(select(Employee.id)))
        policy.action("ring", Roles.staff, on=Employee)
        policy.action("pay", Roles.boss, on=HrEmployee, where=lambda row, user: row.tenant == user.tenant)
        policy.readonly(Department, "name", unless=[Roles.boss])

    assert findings(tmp_path, declare) == []


CROSSING: dict[str, Callable[[Policy[Who]], object]] = {
    "grant": lambda policy: policy.grant(
        Note, Roles.staff, where=lambda row, user: exists().where(HrEmployee.id == row.employee_id)
    ),
    "the other way": lambda policy: policy.grant(
        HrEmployee, Roles.boss, where=lambda row, user: row.id.in_(select(Note.employee_id))
    ),
    "column alone": lambda policy: policy.grant(Note, Roles.staff, where=lambda row, user: row.id == HrEmployee.id),
    "alias": lambda policy: policy.grant(
        Employee, Roles.staff, where=lambda row, user: row.id.in_(select(aliased(HrEmployee).id))
    ),
    "check": lambda policy: policy.grant(
        Note, Roles.staff, check=lambda row, user: row.id.in_(select(Department.id)), where=lambda row, user: row.id > 0
    ),
    "field rule": lambda policy: policy.hide(
        Note, "text", where=lambda row, user: row.id.in_(select(Department.id)), unless=[Roles.boss]
    ),
    "action": lambda policy: policy.action(
        "ring", Roles.staff, on=Employee, where=lambda row, user: row.id.in_(select(HrEmployee.id))
    ),
}


@pytest.mark.parametrize("what", CROSSING)
def test_a_condition_that_reaches_into_another_database(tmp_path: Path, what: str) -> None:
    ((code, message),) = findings(tmp_path, CROSSING[what])
    assert code == "P014"
    assert "in another database" in message


def test_a_global_filter_that_reaches_into_another_database(tmp_path: Path) -> None:
    """It is sound where the table is, and refused for every entity of the other one."""

    class Named:
        name: Mapped[str]

    found = findings(
        tmp_path,
        lambda policy: policy.global_filter(Named, lambda row, user: row.name.in_(select(Department.name))),
    )
    assert [code for code, _ in found] == ["P014"]
    assert "On Employee, the condition names Department" in found[0][1]


def test_an_entity_of_no_database(tmp_path: Path) -> None:
    found = findings(tmp_path, lambda policy: policy.grant(Stranger, Roles.staff))
    assert [code for code, _ in found] == ["P007"]  # once, though each database is checked
    assert [code for code, _ in findings(tmp_path, lambda policy: policy.hide(Stranger, "id", unless=[]))] == ["P007"]


@pytest.mark.parametrize("column", ["salary", "text"])
def test_a_filter_whose_shape_one_database_has(tmp_path: Path, column: str) -> None:
    shape = type("Shape", (), {"__annotations__": {column: Mapped[int]}})
    assert findings(tmp_path, lambda policy: policy.global_filter(shape, lambda row, user: row.id > 0)) == []


def test_a_filter_whose_shape_is_nowhere(tmp_path: Path) -> None:
    class Nothing:
        nothing: Mapped[int]

    found = findings(tmp_path, lambda policy: policy.global_filter(Nothing, lambda row, user: row.nothing == 1))
    assert [code for code, _ in found] == ["P002"]


def test_relationships_are_of_the_main_database(tmp_path: Path) -> None:
    def declare(policy: Policy[Who]) -> None:
        policy.relations(
            "definition user {}\ndefinition employee {\n relation self: user\n permission view = self\n}",
            subject="user",
            types={Employee: "employee"},
        )
        policy.relation_grant(Employee, "view")
        policy.relation_grant(HrEmployee, "view")

    found = findings(tmp_path, declare)
    assert [(code, message.partition(" is")[0]) for code, message in found if code != "P024"] == [("P027", "Employee")]


def test_the_further_database_has_no_relationships(tmp_path: Path) -> None:
    policy = make_policy()
    policy.relations(
        "definition user {}\ndefinition employee {\n relation self: user\n permission view = self\n}", subject="user"
    )
    policy.relation_grant(Employee, "view")
    project = make_project(tmp_path, policy=policy)
    with open_project(project, load_settings(tmp_path, environ={})) as opened:
        assert opened.gate.bound.relations is not None
        assert opened.gates["hr"].bound.relations is None
        tables = [inspect(gate.plain_engine).get_table_names() for gate in opened.gates.values()]
    assert ["relationships" in each for each in tables] == [True, False]


def test_the_server_does_not_start_on_them(tmp_path: Path) -> None:
    policy = make_policy()
    CROSSING["grant"](policy)
    project = make_project(tmp_path, policy=policy)
    with pytest.raises(CheckFailed, match="P014"):
        create_app(load_settings(tmp_path, environ={}), project=project)
    assert not (tmp_path / "instance").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "main"}, "a name is"),
        ({"name": "Hr"}, "a name is"),
        ({"name": ""}, "a name is"),
        ({"name": "hr/x"}, "a name is"),
        ({"prefix": "api"}, "taken"),
        ({"prefix": "admin"}, "taken"),
        ({"prefix": "/hr"}, "is not"),
        ({"prefix": "a/b"}, "is not"),
        ({"prefix": ".."}, "is not"),
    ],
)
def test_a_database_that_cannot_be(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        make_project(tmp_path, **changes)


def test_the_prefix_is_the_name_where_none_is_given() -> None:
    made = Database("old_books", models=HrBase)
    assert (made.prefix, made.setting) == ("old-books", "ROWGATE_DATABASE_URL_OLD_BOOKS")
    assert made.admin_file == Path("ui/old_books_admin.yaml")


@pytest.mark.parametrize(
    "second",
    [
        Database("hr", models=OtherBase, prefix="x"),
        Database("x", models=OtherBase, prefix="hr"),
        Database("x", models=HrBase),
        Database("x", models=Base),
    ],
    ids=["name", "prefix", "models", "main's models"],
)
def test_databases_that_cannot_be_told_apart(tmp_path: Path, second: Database) -> None:
    project = make_project(tmp_path)
    with pytest.raises(DeclarationError, match="have one"):
        replace(project, databases=[*project.databases, second])


def test_a_prefix_where_the_project_has_a_route(tmp_path: Path) -> None:
    def routes(api: Any) -> None:
        api.app.add_url_rule("/hr/report", "report", lambda: "")

    with pytest.raises(DeclarationError, match="'report' is at /hr/report"):
        create_app(load_settings(tmp_path, environ={}), project=replace(make_project(tmp_path), customize_api=routes))


def test_a_webhook_is_of_the_main_database(tmp_path: Path) -> None:
    def hook(entity: Any) -> Webhook:
        return Webhook(
            name="crm", entity=entity, on=Access.INSERT, url="https://a.example", secret_env="S", fields=[entity.name]
        )

    assert replace(make_project(tmp_path), webhooks=[hook(Employee)]).webhooks
    with pytest.raises(DeclarationError, match="'crm' is on Employee, in the database 'hr'"):
        replace(make_project(tmp_path), webhooks=[hook(HrEmployee)])


def test_a_url_of_no_database(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, environ={"ROWGATE_DATABASE_URL_RH": "sqlite://"})
    with pytest.raises(SettingRefused, match="ROWGATE_DATABASE_URL_RH is for a database") as caught:
        open_project(make_project(tmp_path), settings)
    assert "ROWGATE_DATABASE_URL_HR" in caught.value.advice
    assert not (tmp_path / "instance").exists()


def test_a_table_of_the_log_in_database(tmp_path: Path) -> None:
    class Bad(DeclarativeBase):
        pass

    type("User", (Bad,), {"__tablename__": "auth_user", "__annotations__": {"id": Mapped[int]},
                          "id": mapped_column(primary_key=True)})  # fmt: skip
    project = make_project(tmp_path, models=Bad, fill_rows=None)
    assert "P008" in {each.code for each in declaration_findings(project)}


def test_each_admin_file_is_checked_against_its_own_models(tmp_path: Path) -> None:
    (tmp_path / "ui").mkdir()
    (tmp_path / "ui/admin.yaml").write_text("resources:\n  Note: {}\n")
    (tmp_path / "ui/hr_admin.yaml").write_text("title: People\nresources:\n  Department: {}\n  Note: {}\n")
    (found,) = declaration_findings(make_project(tmp_path))
    assert (found.code, str(found.source).rpartition("/")[2]) == ("P030", "hr_admin.yaml:4")
    (tmp_path / "ui/hr_admin.yaml").write_text("title: People\n")
    house = House(create_app(load_settings(tmp_path, environ={}), project=make_project(tmp_path)))
    assert [each["title"] for each in house.get("ann", "/admin/meta")["databases"]][1] == "People"
    assert house.get("ann", "/hr/admin/meta")["title"] == "People"
    opened_by(house.app).close()


def test_rules_run_in_the_database_they_are_declared_for(tmp_path: Path) -> None:
    def rules() -> None:
        Rule.constraint(
            HrEmployee, as_condition=lambda row: row.name != "Nobody", error_msg="{row.name} is no name.",
        )  # fmt: skip

    from tests.several.world import row

    house = House(create_app(load_settings(tmp_path, environ={}), project=make_project(tmp_path, rules=rules)))
    refused = house.ask("ann", "PATCH", "/hr/api/Employee/11", row("Employee", 11, name="Nobody"))
    assert (refused.status_code, refused.get_json()["errors"][0]["detail"]) == (422, "Nobody is no name.")
    assert house.ask("ann", "PATCH", "/api/Employee/1", row("Employee", 1, name="Nobody")).status_code == 200
    opened_by(house.app).close()


def test_health_tells_which_database_does_not_answer(tmp_path: Path) -> None:
    app = create_app(load_settings(tmp_path, environ={}), project=make_project(tmp_path))
    opened_by(app).close()
    (tmp_path / "instance/hr.sqlite").unlink()
    answer = app.test_client().get("/health/ready")
    assert (answer.status_code, answer.get_json()["not_reached"]) == (503, ["rows of hr"])


def test_proxies_and_other_origins_count_below_the_prefix(tmp_path: Path) -> None:
    settings = load_settings(
        tmp_path, environ={}, trusted_proxies=1, cors_origins=("https://a.example",), body_limit=2048
    )
    app = create_app(settings, project=make_project(tmp_path))
    client = app.test_client()
    log_in = {"username": "ann", "password": "p"}
    signed = client.post("/hr/admin/session", json=log_in, headers={"X-Forwarded-Proto": "https"})
    assert signed.headers["Set-Cookie"].startswith("__Host-rowgate_session=")
    assert "Path=/;" in signed.headers["Set-Cookie"]
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    preflight = client.options("/hr/api/Employee", headers=asked)
    assert (preflight.status_code, preflight.headers["Access-Control-Allow-Origin"]) == (204, "https://a.example")
    assert client.post("/hr/api/auth/login", data="x" * 4096).status_code == 413
    assert client.get("/hr/api/Employee").headers["Content-Security-Policy"].startswith("default-src 'none'")
    opened_by(app).close()


def test_metrics_know_the_route(tmp_path: Path) -> None:
    app = create_app(load_settings(tmp_path, environ={}), project=make_project(tmp_path))
    house = House(app)
    house.get("ann", "/hr/api/Employee/11")
    text = house.app.test_client().get("/metrics").text
    assert 'route="/hr/api/Employee/<id:row_id>"' in text
    assert 'route="none"' not in text
    opened_by(app).close()
