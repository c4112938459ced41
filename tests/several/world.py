"""A project of two databases that have tables of one name, and rows that each of its users must not see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import Engine, ForeignKey, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from werkzeug.test import TestResponse

from rowgate.auth.sql_models import AuthBase, User, UserRole
from rowgate.policy import Policy
from rowgate.project import Database, Project
from rowgate.types import Access, Principal

JSON_API = "application/vnd.api+json"
ATOMIC = 'application/vnd.api+json; ext="https://jsonapi.org/ext/atomic"'


class Base(DeclarativeBase):
    """The main database."""


class HrBase(DeclarativeBase):
    """The further one."""


class Tenanted:
    """Rows belong to one tenant."""

    tenant: Mapped[int]


class Employee(Base):
    """In the main database: who may be rung up."""

    __tablename__ = "Employee"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tenant: Mapped[int]
    name: Mapped[str]
    notes: Mapped[list[Note]] = relationship(back_populates="employee")


class Note(Base):
    __tablename__ = "Note"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tenant: Mapped[int]
    text: Mapped[str]
    employee_id: Mapped[int | None] = mapped_column(ForeignKey("Employee.id"))
    employee: Mapped[Employee | None] = relationship(back_populates="notes")


class Department(HrBase):
    __tablename__ = "Department"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tenant: Mapped[int]
    name: Mapped[str]
    staff: Mapped[list[HrEmployee]] = relationship(back_populates="department")


class HrEmployee(HrBase):
    """In the further database, under the same table name: what they earn."""

    __tablename__ = "Employee"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tenant: Mapped[int]
    name: Mapped[str]
    salary: Mapped[int | None]
    secret: Mapped[bool] = mapped_column(default=False)
    department_id: Mapped[int | None] = mapped_column(ForeignKey("Department.id"))
    department: Mapped[Department | None] = relationship(back_populates="staff")


# One name in both APIs, as in both databases.
HrEmployee.__name__ = HrEmployee.__qualname__ = "Employee"


class Roles(StrEnum):
    sa = "sa"
    boss = "boss"
    staff = "staff"


@dataclass(frozen=True, kw_only=True)
class Who(Principal):
    tenant: int | None = None


def make_policy() -> Policy[Who]:
    """One policy over both databases: a filter by shape, a grant and a field rule on the further one."""
    policy = Policy(Who, superuser=Roles.sa)
    policy.permission(Roles.staff, Access.ALL)
    policy.permission(Roles.boss, Access.ALL)
    policy.global_filter(Tenanted, lambda row, user: row.tenant == user.tenant)
    policy.grant(HrEmployee, Roles.staff, where=lambda row, user: row.secret.is_(False))
    policy.grant(HrEmployee, Roles.boss)
    policy.hide(HrEmployee, "salary", unless=[Roles.boss])
    return policy


USERS: dict[str, tuple[str, int | None]] = {
    "ann": ("staff", 1),
    "bob": ("staff", 2),
    "eva": ("boss", 1),
    "root": ("sa", None),
}

# What each user sees of the further database, by hand.
SEEN: dict[str, dict[str, set[int]]] = {
    "ann": {"Department": {1}, "Employee": {11, 12}},
    "bob": {"Department": {2}, "Employee": {21}},
    "eva": {"Department": {1}, "Employee": {11, 12, 13}},
    "root": {"Department": {1, 2}, "Employee": {11, 12, 13, 21}},
}
CANARY = "canary"
"""In every text of a row of the further database that ann does not see."""

DEPARTMENTS = [{"id": 1, "tenant": 1, "name": "Sales"}, {"id": 2, "tenant": 2, "name": f"{CANARY} lab"}]
EMPLOYEES = [
    {"id": 11, "tenant": 1, "name": "Ann", "salary": 7_000_011, "secret": False, "department_id": 1},
    {"id": 12, "tenant": 1, "name": "Cid", "salary": 7_000_012, "secret": False, "department_id": 1},
    {"id": 13, "tenant": 1, "name": f"{CANARY} Dot", "salary": 7_000_013, "secret": True, "department_id": 1},
    {"id": 21, "tenant": 2, "name": f"{CANARY} Bob", "salary": 7_000_021, "secret": False, "department_id": 2},
]


def fill_main(engine: Engine, *, progress: object = None) -> None:
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(
            insert(Employee), [{"id": 1, "tenant": 1, "name": "Ann"}, {"id": 11, "tenant": 2, "name": "main canary"}]
        )
        connection.execute(insert(Note), [{"id": 1, "tenant": 1, "text": "Hello", "employee_id": 1}])


def fill_hr(engine: Engine, *, progress: object = None) -> None:
    HrBase.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(Department), DEPARTMENTS)
        connection.execute(insert(HrEmployee), EMPLOYEES)


def fill_users(engine: Engine, *, progress: object = None) -> None:
    password = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("p")
    AuthBase.metadata.create_all(engine)
    with Session(engine) as session:
        for name, (role, tenant) in USERS.items():
            claims = {} if tenant is None else {"tenant": tenant}
            roles = [UserRole(role=role)]
            session.add(User(id=name, name=name, password_hash=password, claims=claims, roles=roles))
        session.commit()


def make_project(root: Path, *, policy: Policy[Any] | None = None, **changes: Any) -> Project:
    """The project in a folder.

    Args:
        policy: another one than `make_policy` makes.
        changes: of the further database.
    """
    hr = Database("hr", models=HrBase, fill_rows=fill_hr)
    return Project(
        root=root,
        models=Base,
        policy=policy or make_policy(),
        fill_rows=fill_main,
        fill_users=fill_users,
        databases=[replace(hr, **changes)],
    )


class House:
    """The project served, and its users logged in."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._tokens: dict[str, str] = {}

    def ask(self, user: str | None, method: str, path: str, json: Any = None, **headers: str) -> TestResponse:
        sent = {"Content-Type": JSON_API, "Accept": JSON_API} if json is not None else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if user is not None:
            sent["Authorization"] = f"Bearer {self.token(user)}"
        return self.app.test_client().open(path, method=method, json=json, headers=sent, buffered=True)

    def token(self, user: str) -> str:
        if user not in self._tokens:
            answer = self.app.test_client().post("/api/auth/login", json={"username": user, "password": "p"})
            assert answer.status_code == 200, answer.text
            self._tokens[user] = answer.get_json()["access_token"]
        return self._tokens[user]

    def get(self, user: str, path: str) -> Any:
        answer = self.ask(user, "GET", path)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def ids(self, user: str, path: str) -> set[int]:
        return {int(row["id"]) for row in self.get(user, path)["data"]}


def row(kind: str, key: int | None = None, **attributes: Any) -> dict[str, Any]:
    """The document of a row to be written."""
    return {"data": {"type": kind, "attributes": attributes} | ({"id": str(key)} if key is not None else {})}


def rows_of(engine: Engine, *entities: type) -> Sequence[Sequence[Any]]:
    """Everything there is in tables, without a policy."""
    with Session(engine) as session:
        tables = [entity.__table__ for entity in entities]  # type: ignore[attr-defined]
        return [session.execute(table.select().order_by(*table.primary_key)).all() for table in tables]
