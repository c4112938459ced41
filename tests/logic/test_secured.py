"""Rules in a secured session: they see every row, and what they saw never reaches the client."""

import threading
from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import Engine, event, func, inspect, select
from sqlalchemy.orm import Session

from database.models import Base, Customer, Employee, EmployeeAudit, Order, OrderDetail
from rowgate.enforce import Gate
from rowgate.enforce.disclosure import disclose
from rowgate.errors import ReadOnlyColumn, ReferenceMissing, RuleRefused
from rowgate.logic import RuleSet
from security.declare_security import Roles, User, policy

S1 = User(id="s1", roles=frozenset({Roles.sales}), client_id=2, region="British Isles")
U1 = User(id="u1", roles=frozenset({Roles.tenant}), client_id=1)
ROOT = User(id="admin", roles=frozenset({Roles.sa}))

HIDDEN = "ALFKI"  # of client 1: hidden from s1, who sees its orders all the same


@pytest.fixture
def gate(rules: RuleSet, sample_engine: Engine) -> Gate:
    return Gate(policy, sample_engine, models=Base, rules=rules)


@pytest.fixture
def hidden_detail(gate: Gate) -> int:
    """A detail of an unshipped order of the hidden customer; 10 pieces at 18."""
    with gate.session(ROOT, writes=True) as session:
        session.get_one(Customer, HIDDEN).CreditLimit = Decimal(5000)
        order = Order(CustomerId=HIDDEN, OrderDetailList=[OrderDetail(ProductId=1, Quantity=10)])
        session.add(order)
        session.commit()
        return order.OrderDetailList[0].Id


@pytest.fixture
def plain(sample_engine: Engine) -> Iterator[Session]:
    """Sees what is stored."""
    with Session(sample_engine) as session:
        yield session


def balance(session: Session, key: str = HIDDEN) -> Decimal:
    session.rollback()
    return session.get_one(Customer, key).Balance


def test_a_rule_changes_a_row_that_the_client_may_not_even_see(gate: Gate, hidden_detail: int, plain: Session) -> None:
    before = balance(plain)
    plain.rollback()
    with gate.session(S1, writes=True) as session:
        detail = session.get_one(OrderDetail, hidden_detail)
        assert session.get(Customer, HIDDEN) is None
        assert detail.Order.Customer is None  # filtered, and loaded as such: a rule must not take it for the truth
        detail.Quantity = 12
        session.commit()
        assert detail.Amount == 12 * 18
        assert detail.Order.Customer is None
        assert session.get(Customer, HIDDEN) is None
        assert HIDDEN not in session.scalars(select(Customer.Id)).all()
        assert not any(isinstance(row, Customer) and inspect(row).identity == (HIDDEN,) for row in session)
    assert balance(plain) == before + 2 * 18
    assert plain.get_one(Customer, HIDDEN).UpdatedBy == "s1"


@pytest.mark.parametrize("looked", [True, False])
def test_a_refusal_over_a_hidden_row_carries_what_proves_it_hidden(
    gate: Gate, hidden_detail: int, plain: Session, looked: bool
) -> None:
    before = balance(plain)
    plain.rollback()
    with gate.session(S1, writes=True) as session:
        detail = session.get_one(OrderDetail, hidden_detail)
        assert not looked or detail.Order.Customer is None
        detail.Quantity = 1000
        with pytest.raises(RuleRefused) as refused:
            session.commit()
        error = refused.value
        assert error.rows == {(Customer, (HIDDEN,))}
        assert error.entity is Customer
        for text in (error.detail, str(error), repr(error.args), error.advice):
            assert "5000" not in text
            assert HIDDEN not in text
            assert "balance" not in text.lower()
        assert session.get(Customer, HIDDEN) is None
        assert session.info == {}
    assert balance(plain) == before


def test_the_client_may_not_set_what_rules_derive(gate: Gate, plain: Session) -> None:
    with gate.session(U1, writes=True) as session:
        session.get_one(Customer, HIDDEN).Balance = Decimal(0)
        with pytest.raises(ReadOnlyColumn):
            session.commit()
    for column in ("CreatedBy", "UpdatedBy"):
        with gate.session(U1, writes=True) as session:
            session.add(Customer(Id="NEWCO", CompanyName="n", Client_id=1, **{column: "somebody else"}))
            with pytest.raises(ReadOnlyColumn):
                session.commit()


def test_an_order_for_a_hidden_customer_is_one_for_a_missing_customer(gate: Gate) -> None:
    """The reference check comes first, so that LogicBank's "missing parent" is never heard."""
    for key in (HIDDEN, "NOPE!"):
        with gate.session(S1, writes=True) as session:
            session.add(Order(CustomerId=key))
            with pytest.raises(ReferenceMissing):
                session.commit()


def test_deleting_an_order_counts_details_and_customer(gate: Gate, hidden_detail: int, plain: Session) -> None:
    before = balance(plain)
    orders = plain.get_one(Customer, HIDDEN).OrderCount
    plain.rollback()
    with gate.session(U1, writes=True) as session:
        session.delete(session.get_one(OrderDetail, hidden_detail).Order)
        session.commit()
    assert balance(plain) == before - 180
    assert plain.get_one(Customer, HIDDEN).OrderCount == orders - 1
    assert plain.get(OrderDetail, hidden_detail) is None


def test_a_rules_own_row_needs_no_permission_of_the_client(gate: Gate, plain: Session) -> None:
    with gate.session(U1, writes=True) as session:
        session.get_one(Employee, 1).Salary = Decimal(91001)
        session.commit()
    assert plain.scalar(select(func.count()).select_from(EmployeeAudit)) == 1
    assert plain.scalars(select(EmployeeAudit.CreatedOn)).one() is not None


def test_rules_run_in_a_trusted_session_too(gate: Gate, hidden_detail: int, plain: Session) -> None:
    before = balance(plain)
    plain.rollback()
    with gate.trusted(reason="a test") as session:
        session.get_one(OrderDetail, hidden_detail).Quantity = 0
        session.commit()
    assert balance(plain) == before - 180
    assert plain.get_one(Customer, HIDDEN).UpdatedBy == "system"


def test_a_flush_sends_as_many_statements_whatever_the_number_of_rows(gate: Gate, plain: Session) -> None:
    sent: list[str] = []
    event.listen(gate.writing_engine, "before_cursor_execute", lambda *arguments: sent.append(arguments[2]))
    counts = []
    for pieces in (2, 12):
        details = [OrderDetail(ProductId=1, Quantity=0) for _ in range(pieces)]
        with gate.session(U1, writes=True) as session:
            session.add(Order(CustomerId=HIDDEN, OrderDetailList=details))
            sent.clear()
            session.commit()
        counts.append(sum("INSERT" not in statement for statement in sent))  # SQLite inserts row by row
    assert counts[0] == counts[1]


def test_concurrent_orders_of_one_customer_all_count(gate: Gate, plain: Session) -> None:
    before = balance(plain, "BERGS")
    limit = plain.get_one(Customer, "BERGS").Client_id
    plain.rollback()
    user = User(id="u", roles=frozenset({Roles.tenant}), client_id=limit)
    failures: list[BaseException] = []

    def place_orders() -> None:
        try:
            for _ in range(5):
                with gate.session(user, writes=True) as session:
                    session.add(Order(CustomerId="BERGS", OrderDetailList=[OrderDetail(ProductId=33, Quantity=2)]))
                    session.commit()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=place_orders) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    price = plain.get_one(OrderDetail, plain.scalar(select(func.max(OrderDetail.Id)))).UnitPrice
    assert balance(plain, "BERGS") == before + 2 * 5 * 2 * price


@pytest.mark.parametrize(("who", "full"), [(S1, False), (U1, True), (ROOT, True)])
def test_a_refusal_is_told_in_full_to_those_who_see_what_it_quotes(
    gate: Gate, hidden_detail: int, who: User, full: bool
) -> None:
    with gate.session(who, writes=True) as session:
        session.get_one(OrderDetail, hidden_detail).Quantity = 1000
        with pytest.raises(RuleRefused) as refused:
            session.commit()
        told = disclose(session, refused.value)
    if full:
        assert "exceeds credit (5000.00)" in told.detail
        assert told.pointers == ("/data/attributes/Balance",)
    else:
        assert told.detail == "A business rule refused this change."
        assert told.pointers == ()


def test_a_refusal_that_nothing_proves_harmless_is_told_to_nobody(gate: Gate) -> None:
    with gate.session(ROOT) as session:
        assert disclose(session, RuleRefused()).detail == "A business rule refused this change."
