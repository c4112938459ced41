"""Two transactions that change orders of one customer at once: no change is lost, and the sums stay true."""

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, insert, text
from sqlalchemy.orm import Session

from database.models import Customer, Order, OrderDetail
from rowgate.errors import RowNotFound
from rowgate.logic import RuleSet
from tests.logic.conftest import add_parties, rules_session

ORDERS = 8


@pytest.fixture
def engine(sample_engine: Engine) -> Engine:
    """SQLite lets one transaction at a time read and write; it must take its turn as it begins."""
    return sample_engine.execution_options(sqlite_begin="IMMEDIATE")


def in_threads(*jobs: Callable[[], None]) -> None:
    """Run jobs at once; raise what the first of them raised."""
    failures: list[BaseException] = []
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], None]) -> None:
        start.wait()
        try:
            job()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


@pytest.mark.parametrize("knows_the_customer", [True, False])
def test_orders_of_one_customer_placed_at_once_all_count(
    rules: RuleSet, engine: Engine, knows_the_customer: bool
) -> None:
    secured = rules_session(rules)
    with secured(engine) as session:
        add_parties(session)

    def place_orders() -> None:
        with secured(engine, expire_on_commit=False) as session:
            # Read once and kept: the copy of the balance in this session is stale from the first order on.
            kept = session.get_one(Customer, "C1") if knows_the_customer else None
            session.commit()
            for _ in range(ORDERS):
                session.add(Order(CustomerId="C1", OrderDetailList=[OrderDetail(ProductId=901, Quantity=2)]))
                session.commit()
            assert (kept is not None) is knows_the_customer

    in_threads(place_orders, place_orders)
    with Session(engine) as session:
        customer = session.get_one(Customer, "C1")
        assert (customer.Balance, customer.OrderCount) == (2 * ORDERS * 20, 2 * ORDERS)


def test_a_stale_row_is_read_again_before_the_sums_are_adjusted(rules: RuleSet, engine: Engine) -> None:
    secured = rules_session(rules)
    with secured(engine, expire_on_commit=False) as late, secured(engine) as early:
        add_parties(early)
        order = Order(CustomerId="C1", OrderDetailList=[OrderDetail(ProductId=901, Quantity=5)])
        early.add(order)
        early.commit()
        key = order.OrderDetailList[0].Id
        early.commit()
        detail = late.get_one(OrderDetail, key)
        assert detail.Quantity == 5
        late.commit()
        early.get_one(OrderDetail, key).Quantity = 10
        early.commit()
        detail.Quantity = 20  # the session still believes that this is 5 -> 20
        late.commit()
        assert order.AmountTotal == 200
        assert early.get_one(Customer, "C1").Balance == 200
        early.commit()
        early.get_one(OrderDetail, key).Quantity = 30
        early.commit()
        late.delete(detail)
        late.commit()
        assert early.get_one(Customer, "C1").Balance == 0


@pytest.mark.parametrize("change", ["update", "delete"])
def test_a_row_that_is_gone_is_not_found(rules: RuleSet, engine: Engine, change: str) -> None:
    secured = rules_session(rules)
    with secured(engine, expire_on_commit=False) as late, secured(engine) as early:
        add_parties(early)
        order = Order(CustomerId="C1", OrderDetailList=[OrderDetail(ProductId=901, Quantity=5)])
        early.add(order)
        early.commit()
        key = order.OrderDetailList[0].Id
        early.commit()
        detail = late.get_one(OrderDetail, key)
        late.commit()
        early.delete(order.OrderDetailList[0])
        early.commit()
        if change == "update":
            detail.Quantity = 20
        else:
            late.delete(detail)
        with pytest.raises(RowNotFound):
            late.commit()
        late.rollback()
        assert early.get_one(Customer, "C1").Balance == 0


@pytest.mark.postgresql
def test_a_rules_lock_does_not_wait_for_children_being_inserted(rules: RuleSet, postgres_engine: Engine) -> None:
    """An insert share-locks its parent's key; if the rules' lock waited for it, two orders at once would deadlock."""
    with rules_session(rules)(postgres_engine) as session, postgres_engine.connect() as other:
        add_parties(session)
        other.execute(insert(Order).values(CustomerId="C1", AmountTotal=Decimal(0)))
        session.execute(text("SET LOCAL lock_timeout = '500ms'"))
        session.add(Order(CustomerId="C1"))
        session.commit()
        other.rollback()


def test_two_threads_with_two_rule_sets_keep_them_apart(rules: RuleSet, engine: Engine) -> None:
    """Cascades of one thread are not lost while another looks up the same parent's children."""
    secured = rules_session(rules)
    with secured(engine) as session:
        add_parties(session)
        orders = [
            Order(CustomerId=name, OrderDetailList=[OrderDetail(ProductId=902) for _ in range(3)])
            for name in ("C1", "C2")
        ]
        session.add_all(orders)
        session.commit()
        keys = [order.Id for order in orders]
        session.commit()

    def ship(key: int) -> Callable[[], None]:
        def job() -> None:
            with secured(engine) as session:
                order: Any = session.get_one(Order, key)
                for day in range(1, 10):
                    order.ShippedDate = order.OrderDate.replace(year=2000, month=1, day=day)
                    session.commit()
                    assert {detail.ShippedDate for detail in order.OrderDetailList} == {order.ShippedDate}

        return job

    in_threads(*(ship(key) for key in keys))
