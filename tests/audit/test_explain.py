"""The explanation of a row and of an entity."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import event

from database.models import Customer, Order, Shipper
from rowgate.audit import explain_entity, explain_row
from rowgate.enforce import Gate
from rowgate.types import Access
from security.declare_security import User
from tests.audit.conftest import Messages

Still = Callable[[str], str]


def test_a_hidden_row_names_the_declarations_that_stop_it(gate: Gate, s1: User, still: Still) -> None:
    explained = explain_row(gate, s1, Customer, "ALFKI")
    assert (explained.exists, explained.allowed, explained.verdict) == (True, False, "hidden")
    assert [step.line.says for step in explained.stopped_by] == [
        "Client_id == user.client_id (2)",
        "Region == user.region ('British Isles')",
    ]
    assert (
        still(explained.text())
        == """\
s1 [sales] READ Customer ALFKI: hidden
  - global filter  Client_id == user.client_id (2)              stops it         declare_security.py:N
  - global filter  Region == user.region ('British Isles')      stops it         declare_security.py:N
  + grant sales    CreditLimit > 300                            lets it through  declare_security.py:N
  - grant sales    ContactName == 'Mike'                        does not match   declare_security.py:N
    grant customer Id == user.id                                not your role
    grant public   Id != 'ANATR'                                not your role"""
    )


def test_a_visible_row_names_the_declarations_that_let_it_through(gate: Gate, s1: User) -> None:
    explained = explain_row(gate, s1, Customer, "CTWTR")
    assert explained.verdict == "visible"
    assert explained.stopped_by == ()
    assert [step.line.label for step in explained.let_through_by] == ["global filter", "global filter", "grant sales"]


def test_a_row_that_no_grant_gives_is_stopped_by_all_of_them(gate: Gate) -> None:
    public = User(id="p1", client_id=1)
    explained = explain_row(gate, public, Customer, "ANATR")
    assert [step.line.says for step in explained.stopped_by if step.line.kind == "grant"] == ["Id != 'ANATR'"]


def test_a_row_that_does_not_exist_says_so(gate: Gate, s1: User) -> None:
    explained = explain_row(gate, s1, Customer, "NOPE")
    assert (explained.exists, explained.allowed, explained.parts) == (False, False, ())
    assert explained.text() == "s1 [sales] READ Customer NOPE: there is no such row"


def test_update_and_delete_need_a_visible_row(gate: Gate, s1: User) -> None:
    hidden = explain_row(gate, s1, Customer, "ALFKI", Access.UPDATE)
    assert [part.access for part in hidden.parts] == [Access.READ, Access.UPDATE]
    assert [part.allowed for part in hidden.parts] == [False, True]
    assert hidden.verdict == "may not update"
    assert explain_row(gate, s1, Customer, "CTWTR", Access.UPDATE).verdict == "may update"


def test_a_verb_that_is_not_given_is_stopped_by_the_grants_that_lack_it(gate: Gate, s1: User) -> None:
    explained = explain_row(gate, s1, Customer, "CTWTR", Access.DELETE)
    assert explained.verdict == "may not delete"
    assert {step.line.why for step in explained.stopped_by} == {"gives no DELETE"}
    by_permission = explain_row(gate, s1, Order, 10248, Access.DELETE)
    assert [step.line.kind for step in by_permission.stopped_by] == ["permission"]


def test_the_superuser_is_let_through_everywhere(gate: Gate) -> None:
    root = User(id="sa", roles=frozenset({"sa"}))
    for access in (Access.READ, Access.INSERT, Access.UPDATE, Access.DELETE):
        assert explain_row(gate, root, Customer, "ALFKI", access).allowed


def test_the_row_is_read_with_one_statement_in_a_trusted_session_that_is_logged(
    gate: Gate, s1: User, messages: Messages
) -> None:
    statements: list[str] = []

    def count(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(gate.plain_engine, "before_cursor_execute", count)
    explain_row(gate, s1, Customer, "ALFKI", Access.UPDATE)
    event.remove(gate.plain_engine, "before_cursor_execute", count)
    assert len(statements) == 1
    assert messages.last.startswith("TRUSTED session, every row: explain s1 Customer ALFKI  ")


def test_a_key_with_too_many_parts_is_an_error(gate: Gate, s1: User) -> None:
    with pytest.raises(ValueError, match="has 1 parts, not 2"):
        explain_row(gate, s1, Customer, ("ALFKI", 1))


def test_explanations_are_ready_for_json(gate: Gate, s1: User) -> None:
    row = json.loads(json.dumps(explain_row(gate, s1, Customer, "ALFKI").as_dict()))
    assert (row["verdict"], row["key"], row["parts"][0]["by"]) == ("hidden", ["ALFKI"], "grants")
    assert [step["effect"] for step in row["parts"][0]["declarations"]][:2] == ["stops it", "stops it"]
    entity = json.loads(json.dumps(explain_entity(gate, s1, Customer).as_dict()))
    assert [(decision["access"], decision["refused"]) for decision in entity["decisions"]] == [
        ("READ", False),
        ("INSERT", False),
        ("UPDATE", False),
        ("DELETE", True),
    ]


def test_an_entity_is_explained_verb_by_verb_without_reading_rows(
    gate: Gate, s1: User, messages: Messages, still: Still
) -> None:
    text = still(explain_entity(gate, s1, Shipper).text())
    line = "  + permission sales READ, INSERT, UPDATE                         declare_security.py:N\n"
    assert text == (
        f"s1 [sales] READ Shipper\n{line}s1 [sales] INSERT Shipper\n{line}s1 [sales] UPDATE Shipper\n{line}"
        "s1 [sales] DELETE Shipper refused\n"
        "  - permission     sales: READ, INSERT, UPDATE                  gives no DELETE"
    )
    assert messages.texts == []


def test_keys_and_ids_cannot_forge_lines(gate: Gate) -> None:
    forger = User(id="x\ny", roles=frozenset({"sales"}), client_id=2, region="a\nb")
    text = explain_row(gate, forger, Customer, "N\nOPE").text() + explain_row(gate, forger, Customer, "ALFKI").text()
    assert all(line.isprintable() for line in text.split("\n"))
    assert "'x\\ny'" in text
    assert "'a\\nb'" in text


def test_a_relation_grant_is_tried_on_the_row(gate: Gate) -> None:
    nancy = User(id="nancy", roles=frozenset({"employee"}), employee_id=1)
    shared, hidden = (explain_row(gate, nancy, Order, key) for key in (10248, 10253))
    assert (shared.allowed, hidden.allowed) == (True, False)
    assert "order#read for employee user.employee_id (1)" in shared.text()
    assert "lets it through" in shared.text()
    assert "stops it" in hidden.text()
