"""What the filter log says, as text and as JSON."""

import json
import logging
from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import joinedload

from database.models import Customer, Department, EmployeeTerritory, Order, Product
from rowgate.audit.log import LOGGER
from rowgate.enforce import Gate
from rowgate.errors import AccessRefused, CheckRefused
from security.declare_security import User
from tests.audit.conftest import Messages

CUSTOMER_LINES = """\
  + global filter  Client_id == user.client_id (2)              declare_security.py:N
  + global filter  Region == user.region ('British Isles')      declare_security.py:N
  | grant sales    CreditLimit > 300                            declare_security.py:N
  | grant sales    ContactName == 'Mike'                        declare_security.py:N
  - grant customer Id == user.id                                not your role
  - grant public   Id != 'ANATR'                                not your role"""

SELECT = {
    "sqlite": (
        '  SELECT ... FROM (SELECT * FROM "Customer" WHERE ("Customer"."CreditLimit" > 300'
        ' OR "Customer"."ContactName" = \'Mike\') AND "Customer"."Client_id" = 2'
        ' AND "Customer"."Region" = \'British Isles\') AS "Customer"'
    ),
    "postgresql": (
        '  SELECT ... FROM (SELECT * FROM "Customer" WHERE ("Customer"."CreditLimit" > 300::INTEGER'
        ' OR "Customer"."ContactName" = \'Mike\'::VARCHAR) AND "Customer"."Client_id" = 2::INTEGER'
        ' AND "Customer"."Region" = \'British Isles\'::VARCHAR) AS "Customer"'
    ),
}

Still = Callable[[str], str]


def test_listing_customers_as_s1_prints_the_block_of_the_contract(
    gate: Gate, s1: User, messages: Messages, still: Still
) -> None:
    with gate.session(s1) as session:
        assert len(session.scalars(select(Customer)).all()) == 1

    select_line = SELECT[gate.engine.dialect.name]
    assert still(messages.last) == f"s1 [sales] READ Customer\n{CUSTOMER_LINES}\n{select_line}\n  1 row, N ms"
    assert messages.records[-1].levelno == logging.INFO
    assert len(messages.texts) == 1


def test_a_statement_over_two_entities_is_one_record_with_a_block_for_each(
    gate: Gate, s1: User, messages: Messages, still: Still
) -> None:
    with gate.session(s1) as session:
        territories = select(EmployeeTerritory).options(joinedload(EmployeeTerritory.Employee))
        session.scalars(territories.order_by(EmployeeTerritory.Id).limit(3)).unique().all()

    assert len(messages.texts) == 1
    lines = still(messages.last).splitlines()
    assert [line.split() for line in lines[:5]] == [
        "s1 [sales] READ EmployeeTerritory".split(),
        "+ permission sales READ, INSERT, UPDATE declare_security.py:N".split(),
        "and READ Employee".split(),
        "+ permission sales READ, INSERT, UPDATE declare_security.py:N".split(),
        "+ global filter Region == user.region ('British Isles') declare_security.py:N".split(),
    ]
    assert lines[-1] == "  3 rows, N ms"
    assert "LEFT OUTER JOIN (SELECT * FROM" in lines[-2]


def test_the_text_writes_out_a_column_list_that_holds_a_subquery(gate: Gate, s1: User, messages: Messages) -> None:
    count = select(func.count()).where(Customer.Id == Order.CustomerId).correlate(Order).scalar_subquery()
    with gate.session(s1) as session:
        session.execute(select(Order.Id, Order.ShipName, Order.ShipCity, count).limit(1)).all()

    sql = messages.last.splitlines()[-2]
    assert sql.startswith('  SELECT "Order"."Id"')
    assert "'British Isles'" in sql


def test_the_superuser_is_named_as_such(gate: Gate, messages: Messages) -> None:
    with gate.session(User(id="sa", roles=frozenset({"sa"}))) as session:
        session.scalars(select(Customer)).all()
    assert messages.last.splitlines()[:2] == ["sa [sa] READ Customer", "  + superuser      every row"]


def test_a_principal_without_roles_is_shown_with_the_role_that_stands_in(
    gate: Gate, messages: Messages, still: Still
) -> None:
    with gate.session(User(id="p1", client_id=2)) as session:
        session.scalars(select(Customer)).all()
    assert still(messages.last).splitlines()[:4] == [
        "p1 [public] READ Customer",
        "  + global filter  Client_id == user.client_id (2)              declare_security.py:N",
        "  | grant public   Id != 'ANATR'                                declare_security.py:N",
        "  - global filter  Region == user.region                        only for sales",
    ]


def test_an_exempt_role_is_named(gate: Gate, messages: Messages) -> None:
    with gate.session(User(id="u2", roles=frozenset({"tenant", "manager"}), client_id=2)) as session:
        session.scalars(select(Department)).all()
    assert "  - global filter      SecurityLevel == 0                           exempt: manager" in messages.last


def test_a_claim_that_is_none_is_told(gate: Gate, messages: Messages) -> None:
    with gate.session(User(id="s9", roles=frozenset({"sales"}), client_id=2)) as session:
        assert session.scalars(select(Customer)).all() == []
    assert "Region == user.region (None)" in messages.last
    assert "claim region is None: hides every row" in messages.last


def test_a_flush_is_logged_by_entity_and_verb(gate: Gate, s1: User, messages: Messages) -> None:
    with gate.session(s1) as session:
        customer = session.get_one(Customer, "CTWTR")
        customer.Phone = "1"
        session.add(Customer(Id="NEW", CompanyName="x", CreditLimit=Decimal(999), Client_id=2, Region="British Isles"))
        session.flush()
    headers = [text.splitlines()[0] for text in messages.texts]
    assert headers[0] == "s1 [sales] READ Customer"
    assert sorted(headers[1:]) == ["s1 [sales] INSERT Customer", "s1 [sales] UPDATE Customer"]


def test_a_bulk_update_is_logged_with_its_sql(gate: Gate, s1: User, messages: Messages) -> None:
    with gate.session(s1) as session:
        session.execute(update(Customer).values(Phone="it's"))
    lines = messages.last.splitlines()
    assert lines[0] == "s1 [sales] UPDATE Customer"
    assert "UPDATE \"Customer\" SET \"Phone\"='it''s'" in lines[-2]
    assert "'CTWTR'" in lines[-2]


# --- refusals and trusted sessions ------------------------------------------------------------------------------


def test_a_refused_verb_is_a_warning_that_says_why(gate: Gate, s1: User, messages: Messages, still: Still) -> None:
    with gate.session(s1) as session:
        session.delete(session.get_one(Customer, "CTWTR"))
        with pytest.raises(AccessRefused):
            session.flush()
    assert messages.records[-1].levelno == logging.WARNING
    lines = still(messages.last).splitlines()
    assert lines[0] == "s1 [sales] DELETE Customer refused"
    assert "  - grant sales    CreditLimit > 300                            gives no DELETE" in lines
    assert lines[-1] == "  RG102 You may not delete Customer, N ms"


def test_a_refused_read_shows_the_permission_that_is_missing(gate: Gate, messages: Messages) -> None:
    customer = User(id="c", roles=frozenset({"customer"}), client_id=2)
    with gate.session(customer) as session, pytest.raises(AccessRefused):
        session.scalars(select(Order)).all()
    assert messages.last.splitlines()[:2] == [
        "c [customer] READ Order refused",
        "  - permission     customer: nothing                            gives no READ",
    ]


def test_a_refused_row_is_logged_once(gate: Gate, s1: User, messages: Messages) -> None:
    with gate.session(s1) as session:
        customer = session.get_one(Customer, "CTWTR")
        customer.Client_id = 1
        with pytest.raises(CheckRefused):
            session.commit()
    refused = [text for text in messages.texts if "refused" in text.splitlines()[0]]
    assert len(refused) == 1
    assert "RG103" in refused[0]


def test_a_refused_bulk_statement_is_logged(gate: Gate, s1: User, messages: Messages) -> None:
    with gate.session(s1) as session, pytest.raises(CheckRefused):
        session.execute(update(Customer).values(Client_id=1))
    assert messages.last.startswith("s1 [sales] UPDATE Customer refused\n")


def test_a_trusted_session_is_a_warning_with_reason_and_line(gate: Gate, messages: Messages) -> None:
    with gate.trusted(reason="nightly report", request_id="r7"):
        pass
    assert messages.records[-1].levelno == logging.WARNING
    assert messages.last.startswith("TRUSTED session, every row: nightly report  ")
    assert "test_log.py:" in messages.last
    assert messages.last.endswith(", request r7")


# --- JSON -------------------------------------------------------------------------------------------------------


def test_a_json_line_has_every_documented_field(json_gate: Gate, s1: User, messages: Messages) -> None:
    with json_gate.session(s1, request_id="r1") as session:
        session.scalars(select(Customer)).all()
    assert "\n" not in messages.last
    line = json.loads(messages.last)
    assert {name: type(value) for name, value in line.items()} == {
        "event": str,
        "time": str,
        "request_id": str,
        "principal": str,
        "roles": list,
        "actor": type(None),
        "access": str,
        "entity": str,
        "decisions": list,
        "sql": str,
        "rows": int,
        "milliseconds": float,
        "refused": type(None),
    }
    assert (line["event"], line["principal"], line["roles"]) == ("statement", "s1", ["sales"])
    assert (line["access"], line["entity"], line["rows"]) == ("READ", "Customer", 1)
    (decision,) = line["decisions"]
    assert {key: decision[key] for key in ("entity", "access", "refused", "by", "default")} == {
        "entity": "Customer",
        "access": "READ",
        "refused": False,
        "by": "grants",
        "default": ["READ", "INSERT", "UPDATE"],
    }
    first = decision["declarations"][0]
    assert first.pop("source").endswith(".py:" + str(first_source_line(s1, json_gate)))
    assert first == {
        "counts": True,
        "kind": "global filter",
        "role": None,
        "says": "Client_id == user.client_id (2)",
        "outcome": "applies",
        "why": None,
        "reason": None,
    }
    assert '"Customer"."CompanyName"' in line["sql"], "JSON holds the whole statement"


def first_source_line(_user: User, gate: Gate) -> int:
    return int(gate.policy.global_filters[0].source.line)


def test_json_tells_refusals_and_trusted_sessions_apart(json_gate: Gate, s1: User, messages: Messages) -> None:
    with json_gate.session(s1) as session:
        session.add(Product(ProductName="x"))
        session.flush()
        session.delete(session.scalars(select(Order).limit(1)).one())
        with pytest.raises(AccessRefused):
            session.flush()
    with json_gate.trusted(reason="look"):
        pass
    events = [json.loads(text) for text in messages.texts]
    assert [event["event"] for event in events] == ["statement", "statement", "refused", "trusted"]
    assert events[2]["refused"] == "RG102 You may not delete Order."
    assert events[2]["rows"] == 0
    assert events[3]["reason"] == "look"


# --- attacks, and costs -----------------------------------------------------------------------------------------


FORGED = "x\n2026-01-01 sa [sa] READ Customer\r\x1b[2K\u2028\u202e\ud800"


def test_ids_claims_roles_and_values_cannot_forge_lines(gate: Gate, messages: Messages) -> None:
    forger = User(id=FORGED, roles=frozenset({"sales", FORGED}), client_id=2, region=FORGED)
    with gate.session(forger, request_id=FORGED) as session:
        value = FORGED[:-1]  # a driver does not take a lone surrogate
        if gate.engine.dialect.name == "sqlite":
            session.scalars(select(Product.Id).where(Product.ProductName == value)).all()
    with gate.trusted(reason=FORGED):
        pass
    with gate.session(User(id=FORGED, roles=frozenset({FORGED}))) as session, pytest.raises(AccessRefused):
        session.scalars(select(Customer)).all()
    for text in messages.texts:
        assert all(line.isprintable() for line in text.split("\n"))
        assert not any(line.startswith("2026") for line in text.split("\n"))
        text.encode("utf-8")
    assert messages.texts[-1].startswith("'x\\n2026-01-01 sa [sa] READ Customer")


@pytest.mark.parametrize("text", [FORGED, "a [sa] READ Customer", "", "'", "é", "naïve@example.org"])
def test_json_stays_one_line_of_ascii(json_gate: Gate, messages: Messages, text: str) -> None:
    with json_gate.session(User(id=text, client_id=2)) as session:
        session.scalars(select(Product)).all()
    assert messages.last.isascii()
    assert "\n" not in messages.last
    assert json.loads(messages.last)["principal"] == text


def test_a_logger_that_is_off_puts_nothing_into_words(
    gate: Gate, s1: User, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    logging.getLogger(LOGGER).setLevel(logging.WARNING)
    monkeypatch.setattr("rowgate.audit.log._Statement", None)  # calling it would fail
    with gate.session(s1) as session:
        session.scalars(select(Customer)).all()
    assert messages.texts == []


def test_a_message_that_cannot_be_put_into_words_does_not_reach_the_statement(
    gate: Gate, s1: User, messages: Messages, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logger = logging.getLogger(LOGGER)
    plain = logging.StreamHandler()
    monkeypatch.setattr(logger, "handlers", [plain])
    monkeypatch.setattr(logger, "propagate", False)
    monkeypatch.setattr("rowgate.audit.log.lines_of", None)  # calling it raises TypeError
    with gate.session(s1) as session:
        assert len(session.scalars(select(Customer)).all()) == 1
    assert messages.texts == []
