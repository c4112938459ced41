"""Who may see and do what. Edit this file, start again, log in as a sample user, and read the filter log."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import not_
from sqlalchemy.orm import Mapped

from database.models import Customer, Department, Employee, Expense, Invoice, Order, OrderDetail
from rowgate.policy import Policy
from rowgate.types import Access, Principal


class Roles(StrEnum):
    """Every role there is; log-ins hold any number of them."""

    sa = "sa"
    tenant = "tenant"
    renter = "renter"
    manager = "manager"
    sales = "sales"
    customer = "customer"
    employee = "employee"
    public = "public"
    dev = "dev"


@dataclass(frozen=True, kw_only=True)
class User(Principal):
    """Who asks, and the claims that conditions may use."""

    client_id: int | None = None
    region: str | None = None
    employee_id: int | None = None


policy = Policy(User, superuser=Roles.sa, no_role=Roles.public)

# Which verbs a role may use, on every entity. The role customer has none of its own.

policy.permission(Roles.tenant, Access.ALL)
policy.permission(Roles.renter, Access.READ | Access.INSERT | Access.UPDATE)
policy.permission(Roles.manager, Access.READ | Access.INSERT | Access.UPDATE)
policy.permission(Roles.sales, Access.READ | Access.INSERT | Access.UPDATE)
policy.permission(Roles.employee, Access.READ)
policy.permission(Roles.public, Access.READ)

# Conditions on every entity that has these columns.


class Tenanted:
    """Rows belong to one client."""

    Client_id: Mapped[int | None]


class Classified:
    """Rows have a security level."""

    SecurityLevel: Mapped[int]


class Regional:
    """Rows lie in a region."""

    Region: Mapped[str | None]


class Discontinuable:
    """Rows may be out of sale."""

    Discontinued: Mapped[bool]


policy.global_filter(Tenanted, lambda row, user: row.Client_id == user.client_id, exempt=[Roles.sa, Roles.employee])
policy.global_filter(Classified, lambda row, user: row.SecurityLevel == 0, exempt=[Roles.sa, Roles.manager])
policy.global_filter(Regional, lambda row, user: row.Region == user.region, only=[Roles.sales])
policy.global_filter(Discontinuable, lambda row, user: not_(row.Discontinued), exempt=[Roles.sa, Roles.manager])

# Which rows of one entity. Where a grant matches the user, grants decide; otherwise the permission does.

policy.grant(Customer, Roles.customer, where=lambda row, user: row.Id == user.id)
policy.grant(Customer, Roles.sales, where=lambda row, user: row.CreditLimit > 300)
policy.grant(Customer, Roles.sales, where=lambda row, user: row.ContactName == "Mike")
policy.grant(Customer, Roles.public, where=lambda row, user: row.Id != "ANATR")

# Which rows follow from relationships between objects: security/schema.zed says how. Managers, sellers and departments
# stand in columns; account teams and shared orders are written at run time, into the relation table.

policy.relations("schema.zed", subject="employee", claim=lambda user: user.employee_id)

policy.relation(Employee, "manager", Employee.ReportsTo)
policy.relation(Department, "part", Department.SubDepartmentList)
policy.relation(Department, "worker", Department.WorksForEmployeeList)
policy.relation(Department, "worker", Department.OnLoanEmployeeList)
policy.relation(Order, "customer", Order.CustomerId)
policy.relation(Order, "seller", Order.EmployeeId)
policy.relation(OrderDetail, "order", OrderDetail.OrderId)
policy.relation(Invoice, "organization", Invoice.OrganizationId, subject="organization")
policy.relation(Expense, "organization", Expense.OrganizationId, subject="organization")

policy.relation_grant(Order, "read", role=Roles.employee)
policy.relation_grant(OrderDetail, "read", role=Roles.employee)

# For everybody, so that no role's permission shows the books of an organization.
policy.relation_grant(Invoice, "read", access=Access.READ)
policy.relation_grant(Expense, "read", access=Access.READ)

# What is no table verb: api/customize_api.py asks for it by name.

policy.action(
    "ship_order",
    Roles.tenant,
    Roles.renter,
    Roles.manager,
    Roles.sales,
    on=Order,
    where=lambda row, user: row.Ready,
    reason="an order is shipped when it is ready",
)
