"""Who may see and do what. Nothing is declared yet, so nobody sees a row: take the comment marks off what you want.

Start again after each change (`make run`, or `rowgate run --reload`), log in, and read the filter log: it names the
lines of this file that let a row through. `rowgate check` says what is wrong without starting, and `rowgate whoami USER`
what a user may do. Every declaration: docs/reference/declarations.md of rowgate.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import not_  # noqa: F401  for the lines below
from sqlalchemy.orm import Mapped  # noqa: F401  for the lines below

from database.models import (  # noqa: F401  for the lines below
    Category,
    Customer,
    Order,
    OrderDetail,
)
from rowgate.policy import Policy
from rowgate.types import Access, Principal  # noqa: F401  for the lines below


class Roles(StrEnum):
    """Every role there is; log-ins hold any number of them."""

    admin = "admin"
    user = "user"


@dataclass(frozen=True, kw_only=True)
class User(Principal):
    """Who asks, and the claims that conditions may use."""

    # A log-in has these by `rowgate users change USER --claim client_id=...`.
    client_id: int | None = None


policy = Policy(User, roles=Roles)

# --- The first line to take the mark off: the administrator reads and changes everything ------------------------------

# policy.permission(Roles.admin, Access.ALL)

# --- A grant: these rows of one entity. Where a grant matches the user, grants decide ----------------------------------

# policy.grant(Category, Roles.user, access=Access.READ)

# --- A tenant ---------------------------------------------------------------------------------------------------------
# A guess, from the names of columns.
# Category and Customer have a column Client_id. Whoever asks sees the rows of their own, in every entity that has the
# column, and writes no others. It goes by a claim of the log-in, declared in User above.

# class Tenanted:
#     """Rows belong to one tenant."""
#
#     Client_id: Mapped[int | None]
#
#
# policy.global_filter(Tenanted, lambda row, user: row.Client_id == user.client_id, exempt=[Roles.admin])

# --- Rows that are marked as gone -------------------------------------------------------------------------------------
# A guess, from the names of columns.
# Product has a column Discontinued. Marked rows are hidden. Nobody whom the filter binds can mark one either: the row
# would be gone for them, so whoever may mark rows has to be exempt.

# class Marked:
#     """Rows may be marked as gone; they stay in the database."""
#
#     Discontinued: Mapped[bool]
#
#
# policy.global_filter(Marked, lambda row, user: not_(row.Discontinued), exempt=[Roles.admin])

# --- Owners -----------------------------------------------------------------------------------------------------------
# A guess, from the names of columns.
# A column says whose a row is, in Customer and Order. Whoever holds the role user reads and changes their own rows.

# policy.grant(Customer, Roles.user, access=Access.ALL, where=lambda row, user: row.CreatedBy == user.id)
# policy.grant(Order, Roles.user, access=Access.ALL, where=lambda row, user: row.CreatedBy == user.id)

# --- Rows that are seen with their parents ----------------------------------------------------------------------------
# A guess, from the names of columns.
# Order can be in Order; Order is of Customer; OrderDetail is of Order. Whoever may read the parent may read what
# belongs to it; security/schema.zed says how, and has comment marks to take off too. The server then makes a table,
# relationships, in the database, and triggers that keep it in step; `rowgate relations grant` writes into it who sees
# what.

# policy.relations("schema.zed", subject="user")
#
# policy.relation(Customer, "owner", Customer.CreatedBy, subject="user")
# policy.relation(Order, "parent", Order.CloneFromOrder)
# policy.relation(Order, "customer", Order.CustomerId)
# policy.relation(OrderDetail, "order", OrderDetail.OrderId)
#
# policy.relation_grant(Customer, "read", access=Access.READ)
# policy.relation_grant(Order, "read", access=Access.READ)
# policy.relation_grant(OrderDetail, "read", access=Access.READ)
