"""Which rows are hidden from whom: the sample's policy once more, by hand in plain SQL, sharing no code with it.

Every row that any user may be kept from carries a canary, ``ZQ~Customer~ALFKI~QZ``, in all of its texts. Wherever one
turns up, it says by itself which row has leaked.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from database import models as m
from security.declare_security import User

USERS_FILE = Path(__file__).parents[2] / "database" / "sample" / "users.csv"

CANARIES: Mapping[type, tuple[str, ...]] = {
    m.Customer: ("CompanyName", "ContactTitle", "Address", "City", "Country", "Phone", "Fax"),
    m.Category: ("CategoryName", "Description"),
    m.Department: ("DepartmentName",),
    m.Product: ("ProductName", "QuantityPerUnit"),
    m.Employee: ("LastName", "FirstName", "Title", "Address", "City", "Country", "HomePhone", "Email"),
    m.Supplier: ("CompanyName", "ContactName", "ContactTitle", "Address", "City", "Country", "Phone", "Fax"),
}
"""The entities that the policy filters, and their texts; the first one serves as the row's name."""

CANARY = re.compile(r"ZQ~(\w+)~([^~]+)~QZ")

MISSING: Mapping[type, Any] = {m.Customer: "NOPE"} | dict.fromkeys(
    (m.Category, m.Department, m.Product, m.Employee, m.Supplier), 987654
)
"""Keys that no row has."""


@dataclass(frozen=True)
class Link:
    """A foreign key to a filtered entity, and the relationships over it."""

    owner: type
    to_one: str
    column: str
    target: type
    to_many: str


LINKS = (
    Link(m.Order, "Customer", "CustomerId", m.Customer, "OrderList"),
    Link(m.Order, "Employee", "EmployeeId", m.Employee, "OrderList"),
    Link(m.OrderDetail, "Product", "ProductId", m.Product, "OrderDetailList"),
    Link(m.Product, "Category", "CategoryId", m.Category, "ProductList"),
    Link(m.Product, "Supplier", "SupplierId", m.Supplier, "ProductList"),
    Link(m.EmployeeTerritory, "Employee", "EmployeeId", m.Employee, "EmployeeTerritoryList"),
    Link(m.EmployeeAudit, "Employee", "EmployeeId", m.Employee, "EmployeeAuditList"),
    Link(m.Employee, "Manager", "ReportsTo", m.Employee, "DirectReportList"),
    Link(m.Employee, "WorksForDepartment", "WorksForDepartmentId", m.Department, "WorksForEmployeeList"),
    Link(m.Employee, "OnLoanDepartment", "OnLoanDepartmentId", m.Department, "OnLoanEmployeeList"),
    Link(m.Department, "ParentDepartment", "DepartmentId", m.Department, "SubDepartmentList"),
)


def load_users() -> dict[str, User]:
    """Every sample log-in as a principal."""
    with USERS_FILE.open(newline="") as file:
        return {row["id"]: _user(row) for row in csv.DictReader(file)}


def _user(row: Mapping[str, str]) -> User:
    def number(name: str) -> int | None:
        return int(row[name]) if row[name] else None

    return User(
        id=row["id"],
        roles=frozenset(row["roles"].split()),
        client_id=number("client_id"),
        region=row["region"] or None,
        employee_id=number("employee_id"),
    )


# --- the policy, by hand ----------------------------------------------------------------------------------------


def _tenant(user: User) -> list[str]:
    if "employee" in user.roles:
        return []
    return ["1 = 0" if user.client_id is None else f'"Client_id" = {user.client_id}']


def _region(user: User) -> list[str]:
    return [f"\"Region\" = '{user.region}'"] if "sales" in user.roles else []


def _customer(user: User) -> list[str]:
    rows = []
    if "customer" in user.roles:
        rows.append(f"\"Id\" = '{user.id}'")
    if "sales" in user.roles:
        rows += ['"CreditLimit" > 300', "\"ContactName\" = 'Mike'"]
    if not user.roles:
        rows.append("\"Id\" <> 'ANATR'")
    return [*_tenant(user), *_region(user), *([f"({' OR '.join(rows)})"] if rows else [])]


# Whose orders an employee sees: own ones, those of everybody below, of the account teams, and shared ones.
_ORDERS = """(
  WITH RECURSIVE below(id) AS (
    SELECT {me} UNION SELECT e."Id" FROM "Employee" e JOIN below ON e."ReportsTo" = below.id
  ), departments(id) AS (
    SELECT "WorksForDepartmentId" FROM "Employee" WHERE "Id" = {me}
    UNION SELECT "OnLoanDepartmentId" FROM "Employee" WHERE "Id" = {me}
    UNION SELECT d."DepartmentId" FROM "Department" d JOIN departments ON d."Id" = departments.id
  )
  SELECT o."Id" FROM "Order" o WHERE o."EmployeeId" IN (SELECT id FROM below) OR EXISTS (
    SELECT 1 FROM relationships r WHERE r.expires_at IS NULL AND (
      r.resource_type = 'customer' AND r.relation = 'team' AND r.resource_id = o."CustomerId" AND r.subject_id = '{me}'
      OR r.resource_type = 'order' AND r.relation = 'viewer' AND r.resource_id = CAST(o."Id" AS TEXT) AND (
        r.subject_type = 'employee' AND r.subject_id = '{me}'
        OR r.subject_type = 'department' AND r.subject_id IN (SELECT CAST(id AS TEXT) FROM departments))))
)"""


def _orders(column: str, user: User) -> list[str]:
    if "employee" not in user.roles or user.employee_id is None:
        return []
    return [f'"{column}" IN {_ORDERS.replace("{me}", str(user.employee_id))}']


VISIBLE: Mapping[type, Callable[[User], list[str]]] = {
    m.Customer: _customer,
    m.Category: _tenant,
    m.Department: lambda user: [] if "manager" in user.roles else ['"SecurityLevel" = 0'],
    m.Product: lambda user: [] if "manager" in user.roles else ['NOT "Discontinued"'],
    m.Employee: _region,
    m.Supplier: _region,
    m.Order: lambda user: _orders("Id", user),
    m.OrderDetail: lambda user: _orders("OrderId", user),
}
"""For each filtered entity what a user may see: conditions, all of which must hold."""


def visible_where(entity: type, user: User, *, entities: Collection[type] = VISIBLE) -> str:
    """The WHERE of the rows a user may see, where these entities are filtered."""
    if "sa" in user.roles or entity not in entities:
        return "1 = 1"
    return " AND ".join(VISIBLE[entity](user)) or "1 = 1"


VERBS: Mapping[str, str] = {
    "tenant": "RIUD",
    "renter": "RIU",
    "manager": "RIU",
    "sales": "RIU",
    "employee": "R",
    "": "R",
    "sa": "RIUD",
}


def has_verb(user: User, verb: str) -> bool:
    """Whether a user's roles give a verb (R, I, U, D) on rows in general."""
    return any(verb in VERBS.get(role, "") for role in user.roles or {""})


class Truth:
    """The rows as they are, read on the plain engine."""

    def __init__(self, engine: Engine, *, entities: Collection[type] = VISIBLE) -> None:
        self.engine = engine
        self._entities = entities
        self._known: dict[tuple[str, str], Any] = {}

    def keys(self, entity: type, user: User, *, hidden: bool) -> list[Any]:
        """The primary keys of the rows that a user may not see, or of those that they may."""
        where = visible_where(entity, user, entities=self._entities)
        # A condition that is unknown (NULL) hides the row as well.
        asked = f"CASE WHEN {where} THEN 0 ELSE 1 END = {int(hidden)}"
        return self.rows(user, f'SELECT "Id" FROM "{entity.__name__}" WHERE {asked} ORDER BY "Id"')

    def rows(self, user: User, query: str) -> list[Any]:
        """The first column of a query in which ``{Customer}`` stands for the customers that the user may see."""
        views = {
            entity.__name__: f'(SELECT * FROM "{entity.__name__}" WHERE {visible_where(entity, user)})'
            for entity in self._entities
        }
        filled = query.format_map(_Views(views))
        if (user.id, filled) not in self._known:
            with self.engine.connect() as connection:
                self._known[user.id, filled] = [row[0] for row in connection.execute(text(filled))]
        return list(self._known[user.id, filled])

    def one(self, user: User, query: str) -> Any:
        """The first column of the first row of such a query."""
        return self.rows(user, query)[0]


class _Views(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return f'"{name}"'


# --- the test's copy of the sample --------------------------------------------------------------------------------


def plant_canaries(engine: Engine) -> None:
    """Make every row of a filtered entity recognisable, and let visible rows refer to hidden ones over every link."""
    with engine.begin() as connection:
        for entity, columns in CANARIES.items():
            canary = f"'ZQ~{entity.__name__}~' || \"Id\" || '~QZ'"
            sets = ", ".join(f'"{column}" = {canary}' for column in columns)
            connection.execute(text(f'UPDATE "{entity.__name__}" SET {sets}'))
        # Department 8 is the hidden one, employees 1 and 3 are hidden from sales.
        connection.execute(text('UPDATE "Employee" SET "OnLoanDepartmentId" = 8 WHERE "Id" IN (3, 5)'))
        connection.execute(text('UPDATE "Employee" SET "WorksForDepartmentId" = 8 WHERE "Id" IN (4, 6)'))
        connection.execute(text('UPDATE "Department" SET "DepartmentId" = 8 WHERE "Id" = 7'))
        for number, employee in ((1, 1), (2, 5)):
            connection.execute(
                text(
                    'INSERT INTO "EmployeeAudit" ("Id", "EmployeeId", "LastName", "FirstName", "Salary", "CreatedOn") '
                    f"VALUES ({number}, {employee}, 'plain', 'plain', 1, '2020-01-01')"
                )
            )
