"""Models and users for tests of declarations and of the algebra."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from rowgate.policy import BoundPolicy, Decision, Policy
from rowgate.types import Access, Principal


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customer"

    id: Mapped[str] = mapped_column(primary_key=True)
    client: Mapped[int | None]
    region: Mapped[str | None]
    credit: Mapped[int]
    open: Mapped[bool]


class Category(Base):
    __tablename__ = "category"

    id: Mapped[int] = mapped_column(primary_key=True)
    client: Mapped[int | None]


class Note(Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)


class Roles(StrEnum):
    root = "root"
    sales = "sales"
    tenant = "tenant"
    public = "public"


@dataclass(frozen=True, kw_only=True)
class User(Principal):
    client: int | None = None
    region: str | None = None


class Tenanted:
    client: Mapped[int | None]


def new_policy() -> Policy[User]:
    """A policy without declarations."""
    return Policy(User, superuser=Roles.root, no_role=Roles.public)


def bound(policy: Policy[User], entities: Iterable[type] = (Customer, Category, Note)) -> BoundPolicy:
    return BoundPolicy(policy, entities)


def decide(
    policy: Policy[User],
    entity: type,
    access: Access,
    *roles: str,
    client: int | None = None,
    region: str | None = None,
) -> Decision:
    """What a user with these roles and claims may do."""
    made = bound(policy)
    user = User(id="u", roles=frozenset(roles), client=client, region=region)
    return made.decide(made.holder(user), entity, access)


def sql(condition: object) -> str:
    """A condition's SQL on one line; ``None`` for no condition."""
    return " ".join(str(condition).split())
