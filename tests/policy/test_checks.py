"""Each start-up check, by a declaration that fails it: its code, message, hint and source line."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest
from sqlalchemy import ForeignKey, Table, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from database.models import Base
from rowgate.enforce.gate import entities_of
from rowgate.errors import DeclarationError
from rowgate.policy import BoundPolicy, CheckFailed, Finding, Policy
from rowgate.policy.checks import CHECKS
from rowgate.types import Access
from security.declare_security import policy
from tests.policy.declared import Category, Customer, Note, Roles, Tenanted, User, bound, new_policy


def finding_of(policy: Policy[User], *entities: type) -> Finding:
    """The one finding that stops the start."""
    with pytest.raises(CheckFailed) as failed:
        bound(policy, entities or (Customer, Category, Note))
    errors = [finding for finding in failed.value.findings if finding.level == "error"]
    assert len(errors) == 1
    assert str(errors[0]) in str(failed.value)
    return errors[0]


def line_here() -> int:
    """The line above the one that calls this."""
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno - 1


def a_policy() -> Policy[User]:
    policy = new_policy()
    policy.permission(Roles.sales, Access.READ)
    return policy


# --- P001: unknown role


@pytest.mark.parametrize(
    "declare",
    [
        lambda policy: policy.permission("manger", Access.READ),
        lambda policy: policy.grant(Customer, "manger"),
        lambda policy: policy.global_filter(Tenanted, lambda row, user: row.client == 1, exempt=["manger"]),
        lambda policy: policy.global_filter(Tenanted, lambda row, user: row.client == 1, only=["manger"]),
    ],
)
def test_p001_unknown_role(declare: Callable[[Policy[User]], object]) -> None:
    policy = a_policy()
    declare(policy)
    finding = finding_of(policy)
    assert finding.code == "P001"
    assert finding.message == "There is no role 'manger'."
    assert finding.hint == "The roles are: public, root, sales, tenant."


def test_a_finding_names_the_line_of_its_declaration() -> None:
    policy = a_policy()
    policy.grant(Customer, "manger")
    line = line_here()
    finding = finding_of(policy)
    assert finding.source is not None
    assert (finding.source.file, finding.source.line) == (__file__, line)
    assert f"tests/policy/test_checks.py:{line}: error P001" in str(finding)


# --- P002: a shape that nothing has


def test_p002_shape_of_no_entity() -> None:
    class Regional:
        Regionn: Mapped[str]

    policy = a_policy()
    policy.global_filter(Regional, lambda row, user: row.Regionn == user.region)
    finding = finding_of(policy)
    assert finding.code == "P002"
    assert "Regional" in finding.message


def test_p002_shape_without_columns() -> None:
    class Empty:
        """Would fit every entity, and cannot be what was meant."""

    policy = a_policy()
    policy.global_filter(Empty, lambda row, user: row.id == 1)
    assert finding_of(policy).code == "P002"


# --- P003: a column that the entity lacks


def test_p003_column_of_no_such_name() -> None:
    policy = a_policy()
    policy.grant(Customer, Roles.sales, where=lambda row, user: row.CreditLimit > 300)  # type: ignore[attr-defined]
    finding = finding_of(policy)
    assert finding.code == "P003"
    assert "'CreditLimit'" in finding.message
    assert "Customer" in finding.message
    assert finding.hint == "Its attributes are: client, credit, id, open, region."


def test_p003_in_a_check() -> None:
    policy = a_policy()
    policy.grant(Customer, Roles.sales, check=lambda row, user: row.wrong == 1)  # type: ignore[attr-defined]
    assert finding_of(policy).code == "P003"


def test_p003_in_a_global_filter_names_the_entity_that_lacks_it() -> None:
    policy = a_policy()
    policy.global_filter(Tenanted, lambda row, user: row.credit > 1)  # type: ignore[attr-defined]
    finding = finding_of(policy)
    assert finding.code == "P003"
    assert "Category" in finding.message


# --- P004: a claim that the principal lacks


def test_p004_claim_of_no_such_name() -> None:
    policy = a_policy()
    policy.grant(Customer, Roles.sales, where=lambda row, user: row.client == user.clientid)  # type: ignore[attr-defined]
    finding = finding_of(policy)
    assert finding.code == "P004"
    assert "'clientid'" in finding.message
    assert finding.hint == "Its claims are: id, client, region."


def test_p004_roles_are_no_claim() -> None:
    policy = a_policy()
    policy.grant(Customer, Roles.sales, where=lambda row, user: row.id.in_(user.roles))  # type: ignore[attr-defined]
    finding = finding_of(policy)
    assert finding.code == "P004"
    assert "exempt=" in finding.hint


# --- P005: no SQL condition


@pytest.mark.parametrize(
    "where",
    [
        lambda row, user: row.credit > 300 and row.open == 1,
        lambda row, user: row.client == user.client and row.region == "North",
        lambda row, user: row.open and row.credit > 300,
        lambda row, user: row.open or row.credit > 300,
        lambda row, user: user.region not in ("North",),
        lambda row, user: row.region is None,
        lambda row, user: 1 < row.credit < 300,
        lambda row, user: not row.open,
        lambda row, user: row.open if user.region else row.credit > 1,
        lambda row, user: user.region in ("North",),
        lambda row, user: None,
        lambda row, user: "credit > 300",
        lambda row, user: 1,
        lambda row, user: row.id.nothing(),
        lambda row: row.open,
    ],
    ids=[
        "and",
        "and of equals",
        "and of columns",
        "or",
        "not in",
        "is",
        "chain",
        "not",
        "if",
        "in",
        "None",
        "text",
        "number",
        "no such method",
        "one argument",
    ],
)
def test_p005_not_a_condition(where: Callable[..., object]) -> None:
    policy = a_policy()
    policy.grant(Customer, Roles.sales, where=where)  # type: ignore[arg-type]
    finding = finding_of(policy)
    assert finding.code == "P005"
    assert finding.source is not None


# --- P006: an entity that nothing mentions (a warning)


def test_p006_an_entity_out_of_reach_is_a_warning() -> None:
    policy = new_policy()
    policy.grant(Customer, Roles.sales, access=Access.READ)
    policy.grant(Category, Roles.sales, access=Access.READ)
    findings = bound(policy).findings
    assert [(finding.code, finding.level) for finding in findings] == [("P006", "warning")]
    assert "Note" in findings[0].message


def test_p006_a_permission_reaches_every_entity() -> None:
    assert bound(a_policy()).findings == []


def test_p015_an_empty_policy_is_told_once_and_not_for_each_entity() -> None:
    (finding,) = bound(new_policy()).findings
    assert (finding.code, finding.level) == ("P015", "warning")
    assert finding.source is not None


# --- P007: classes that cannot be secured


def test_p007_two_classes_on_one_table() -> None:
    class Other(DeclarativeBase):
        pass

    class One(Other):
        __tablename__ = "one"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Twin(Other):
        __table__ = One.__table__

    finding = finding_of(a_policy(), One, Twin)
    assert finding.code == "P007"
    assert "One and Twin" in finding.message or "Twin and One" in finding.message


def test_p007_joined_inheritance() -> None:
    class Other(DeclarativeBase):
        pass

    class Parent(Other):
        __tablename__ = "parent"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Child(Parent):
        __tablename__ = "child"
        id: Mapped[int] = mapped_column(ForeignKey("parent.id"), primary_key=True)

    finding = finding_of(a_policy(), Parent, Child)
    assert finding.code == "P007"
    assert "Child" in finding.message


def test_p007_a_class_on_a_query() -> None:
    class Other(DeclarativeBase):
        pass

    class Kept(Other):
        __tablename__ = "kept"
        id: Mapped[int] = mapped_column(primary_key=True)

    class View(Other):
        __table__ = select(Kept.id).subquery()
        __mapper_args__ = {"primary_key": [__table__.c.id]}

    assert finding_of(a_policy(), Kept, View).code == "P007"
    assert isinstance(Kept.__table__, Table)


def test_p007_a_grant_on_a_class_outside_of_the_models() -> None:
    policy = a_policy()
    policy.grant(Note, Roles.sales)
    finding = finding_of(policy, Customer, Category)
    assert finding.code == "P007"
    assert "Note" in finding.message


# --- all of them


def test_p028_relationships_on_a_database_they_are_not_compiled_for() -> None:
    entities = entities_of(Base)
    with pytest.raises(CheckFailed) as caught:
        BoundPolicy(policy, entities, dialect="mysql")
    (found,) = [finding for finding in caught.value.findings if finding.level == "error"]
    assert (found.code, found.message) == ("P028", "The database is mysql.")
    assert found.source is not None
    assert BoundPolicy(policy, entities, dialect="postgresql").relations is not None


def test_every_finding_is_told_at_once() -> None:
    policy = a_policy()
    policy.permission("manger", Access.READ)
    policy.grant(Customer, Roles.sales, where=lambda row, user: row.wrong == 1)  # type: ignore[attr-defined]
    with pytest.raises(CheckFailed) as failed:
        bound(policy)
    assert {finding.code for finding in failed.value.findings} == {"P001", "P003"}
    assert isinstance(failed.value, DeclarationError)


def test_every_check_has_a_level_a_description_and_a_hint() -> None:
    for code, (level, what, hint) in CHECKS.items():
        assert code.startswith("P")
        assert level in ("error", "warning")
        assert what.endswith(".")
        assert hint.endswith(".")
