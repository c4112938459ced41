"""The reference page shows what is really logged."""

import json
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from database.models import Customer
from rowgate.audit import explain_row
from rowgate.enforce import Gate
from security.declare_security import User
from tests.audit.conftest import Messages

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "filter-log.md"


def test_every_json_field_is_documented(json_gate: Gate, s1: User, messages: Messages) -> None:
    with json_gate.session(s1) as session:
        session.scalars(select(Customer)).all()
    with json_gate.trusted(reason="test"):
        pass
    statement, trusted = (json.loads(text) for text in messages.texts)
    decision = statement["decisions"][0]
    page = PAGE.read_text(encoding="utf-8")
    for field in {*statement, *trusted, *decision, *decision["declarations"][0]}:
        assert f"`{field}`" in page, field


def test_the_blocks_on_the_page_are_those_of_the_sample(
    gate: Gate, s1: User, messages: Messages, still: Callable[[str], str]
) -> None:
    page = still(PAGE.read_text(encoding="utf-8"))
    with gate.session(s1) as session:
        session.scalars(select(Customer)).all()
    logged = still(messages.last).splitlines()
    assert "\n".join(logged[:-2]) in page
    if gate.engine.dialect.name == "sqlite":
        assert logged[-2] in page
    assert still(explain_row(gate, s1, Customer, "ALFKI").text()) in page
