"""Field rules as declared: the checks at start, whom they bind, and what adds up."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from rowgate.errors import DeclarationError
from rowgate.policy import CheckFailed, Policy
from rowgate.types import Access
from tests.policy.declared import Category, Customer, Note, Roles, User, bound, decide, new_policy, sql


def a_policy() -> Policy[User]:
    policy = new_policy()
    policy.permission(Roles.sales, Access.ALL)
    return policy


def hidden(policy: Policy[User], *roles: str, access: Access = Access.READ, **claims: Any) -> dict[str, str]:
    """By column: the rows in which it is open."""
    fields = decide(policy, Customer, access, *roles, **claims).fields
    return {column.name: sql(condition) for column, condition in fields.open_in.items()}


def test_hidden_for_everyone_but_some() -> None:
    policy = a_policy()
    policy.hide(Customer, Customer.region, "credit", unless=[Roles.tenant])
    assert hidden(policy, "sales") == {"region": "false", "credit": "false"}
    assert hidden(policy, "sales", "tenant") == {}
    assert hidden(policy, "root") == {}


def test_rules_add_up_and_one_is_enough_to_hide() -> None:
    policy = a_policy()
    policy.hide(Customer, "credit", where=lambda row, user: row.client != user.client)
    policy.hide(Customer, "credit", where=lambda row, user: row.open)
    assert (
        hidden(policy, "sales", client=1) == {"credit": "customer.client = :rowgate_client AND NOT customer.open"}
        or "customer.client = :rowgate_client" in hidden(policy, "sales", client=1)["credit"]
    )
    policy.hide(Customer, "credit")
    assert hidden(policy, "sales", client=1) == {"credit": "false"}


def test_a_claim_that_is_none_hides_every_row() -> None:
    policy = a_policy()
    policy.hide(Customer, "credit", where=lambda row, user: row.client != user.client)
    fields = decide(policy, Customer, Access.READ, "sales").fields
    assert {column.name for column in fields.closed} == {"credit"}


def test_what_is_hidden_is_not_written_and_what_is_locked_is_read() -> None:
    policy = a_policy()
    policy.hide(Customer, "credit")
    policy.readonly(Customer, "region", "id")
    assert set(hidden(policy, "sales")) == {"credit"}
    for verb in (Access.INSERT, Access.UPDATE):
        assert set(hidden(policy, "sales", access=verb)) == {"credit", "region", "id"}
    assert hidden(policy, "sales", access=Access.DELETE) == {}


class Base(DeclarativeBase):
    pass


class Shape(Base):
    __tablename__ = "shape"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    version: Mapped[int] = mapped_column()
    colour: Mapped[str | None]
    inner_id: Mapped[int | None]
    inner: Mapped[Shape | None] = relationship(primaryjoin="foreign(Shape.inner_id) == remote(Shape.id)", viewonly=True)
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "shape", "version_id_col": version}


class Circle(Shape):
    """Has a column of its own in the table of all shapes."""

    radius: Mapped[int | None]
    __mapper_args__ = {"polymorphic_identity": "circle"}


def test_a_column_of_a_class_that_inherits_is_hidden_by_its_base() -> None:
    policy = new_policy()
    policy.hide(Shape, "radius", "colour")
    made = bound(policy, [Shape, Circle])
    holder = made.holder(User(id="u", roles=frozenset({"sales"})))
    assert {column.name for column in made.decide(holder, Circle, Access.READ).fields.closed} == {"radius", "colour"}


@pytest.mark.parametrize(
    ("code", "declare"),
    [
        ("P001", lambda policy: policy.hide(Customer, "credit", unless=["manger"])),
        ("P003", lambda policy: policy.hide(Customer, "credit", where=lambda row, user: row.cleint == 1)),
        ("P004", lambda policy: policy.readonly(Customer, "credit", where=lambda row, user: row.client == user.x)),
        ("P005", lambda policy: policy.hide(Customer, "credit", where=lambda row, user: row.open and True)),
        ("P007", lambda policy: policy.hide(Shape, "colour")),
        ("P011", lambda policy: policy.hide(Customer, "salary")),
        ("P011", lambda policy: policy.readonly(Customer, "__table__")),
        ("P012", lambda policy: policy.hide(Customer, "id")),
        ("P012", lambda policy: policy.hide(Customer, Customer.id, where=lambda row, user: row.open)),
    ],
)
def test_a_mistake_stops_the_start(code: str, declare: Any) -> None:
    policy = a_policy()
    declare(policy)
    with pytest.raises(CheckFailed) as failed:
        bound(policy, (Customer, Category, Note))
    errors = [finding for finding in failed.value.findings if finding.level == "error"]
    assert [finding.code for finding in errors] == [code]
    assert errors[0].source is not None
    assert errors[0].source.file == __file__


@pytest.mark.parametrize(("column", "why"), [("kind", "tells the classes"), ("version", "version counter")])
def test_what_sqlalchemy_needs_to_know_a_row_cannot_be_hidden(column: str, why: str) -> None:
    policy = new_policy()
    policy.hide(Shape, column)
    with pytest.raises(CheckFailed, match=why):
        bound(policy, [Shape, Circle])


def test_a_relationship_is_no_column() -> None:
    policy = new_policy()
    policy.hide(Shape, "inner")
    with pytest.raises(CheckFailed, match="P011"):
        bound(policy, [Shape, Circle])


def test_a_rule_that_names_no_column_is_a_mistake() -> None:
    with pytest.raises(DeclarationError, match="names no column"):
        new_policy().hide(Customer)
