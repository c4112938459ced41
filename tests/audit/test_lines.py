"""Lines of declarations that the sample does not have: reasons, docstrings, checks, grants for everyone."""

from typing import Any

import pytest
from sqlalchemy import Engine

from database.models import Base, Customer
from rowgate.audit import FilterLog, explain_entity, explain_row
from rowgate.audit.lines import lines_of
from rowgate.enforce import Gate
from rowgate.policy import Policy
from rowgate.types import Access
from security.declare_security import User

USER = User(id="u", roles=frozenset({"a"}), client_id=2)


def big(row: Any, user: Any) -> Any:
    """Only big
    accounts."""
    return row.CreditLimit > 300


@pytest.fixture
def gate(sqlite_engine: Engine) -> Gate:
    policy = Policy(User, roles=["a", "b"])
    policy.permission("a", Access.READ, reason="readers read")
    policy.grant(Customer, "a", where=big)
    policy.grant(
        Customer,
        "a",
        access=Access.READ | Access.INSERT | Access.UPDATE,
        where=lambda row, user: row.Region == user.region,
        check=lambda row, user: row.Client_id == user.client_id,
        reason="their\nown",
    )
    policy.grant(Customer, "a", access=Access.DELETE)
    return Gate(policy, sqlite_engine, models=Base, observers=[FilterLog()])


def texts(gate: Gate, access: Access) -> list[tuple[str, str, str | None]]:
    decision = gate.bound.decide(gate.bound.holder(USER), Customer, access)
    return [(line.mark, line.text, line.why) for line in lines_of(decision, USER.claims())]


def test_reasons_and_docstrings_stand_behind_the_condition(gate: Gate) -> None:
    assert texts(gate, Access.READ) == [
        ("|", "CreditLimit > 300  # Only big accounts.", None),
        ("-", "Region == user.region (None)  # their own", "claim region is None"),
        ("-", "every row", "gives no READ"),
    ]


def test_an_insert_is_held_to_the_check(gate: Gate) -> None:
    assert texts(gate, Access.INSERT)[0] == ("|", "check Client_id == user.client_id (2)  # their own", None)


def test_an_update_shows_both(gate: Gate) -> None:
    shown = texts(gate, Access.UPDATE)
    assert (
        "-",
        "Region == user.region (None), check Client_id == user.client_id (2)  # their own",
        "claim region is None",
    ) in shown


def test_a_grant_without_a_condition_is_every_row(gate: Gate) -> None:
    assert texts(gate, Access.DELETE)[0] == ("|", "every row", None)
    assert explain_row(gate, USER, Customer, "ALFKI", Access.DELETE).verdict == "may delete"


def test_a_permission_has_its_reason_too(gate: Gate) -> None:
    from database.models import Order

    assert "READ  # readers read" in explain_entity(gate, USER, Order).text()


def test_an_insert_is_explained_by_the_check_and_not_by_the_condition(gate: Gate) -> None:
    tried = explain_row(gate, USER, Customer, "ALFKI", Access.INSERT)
    assert [(step.line.text, step.holds, step.effect) for step in tried.parts[0].steps][:1] == [
        ("check Client_id == user.client_id (2)  # their own", False, "stops it")
    ]
    assert tried.allowed is False
    mine = explain_row(gate, USER, Customer, "CTWTR", Access.INSERT)
    assert [step.effect for step in mine.let_through_by] == ["lets it through"]
    assert mine.allowed is True
