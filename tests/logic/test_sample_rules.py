"""Every rule of the sample, by example, on both databases."""

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from database.models import Customer, Employee, EmployeeAudit, Order, OrderDetail
from rowgate.errors import RuleRefused, ValueMissing
from rowgate.logic import RuleSet
from tests.logic.conftest import rules_session

TODAY = dt.date(2026, 1, 2)


def add_order(session: Session, customer: str = "C1", *details: tuple[int, int]) -> Order:
    order = Order(CustomerId=customer)
    order.OrderDetailList = [OrderDetail(ProductId=product, Quantity=n) for product, n in details]
    session.add(order)
    session.commit()
    return order


def customer(session: Session, name: str = "C1") -> tuple[Decimal, int, int]:
    row = session.get_one(Customer, name)
    return row.Balance, row.OrderCount, row.UnpaidOrderCount


def test_an_order_is_priced_totalled_and_counted(session: Session) -> None:
    order = add_order(session, "C1", (901, 3), (902, 2))
    assert [(d.UnitPrice, d.Amount) for d in order.OrderDetailList] == [(10, 30), (7, 14)]
    assert (order.AmountTotal, order.OrderDetailCount) == (44, 2)
    assert customer(session) == (44, 1, 1)
    assert customer(session, "C2") == (0, 0, 0)


def test_a_new_order_has_its_defaults(session: Session) -> None:
    order = Order(CustomerId="C1", Freight=None)
    order.OrderDetailList.append(OrderDetail(ProductId=901))
    session.add(order)
    session.commit()
    assert (order.Ready, order.OrderDate, order.Freight) == (True, dt.date.today(), 0)
    assert (order.OrderDetailList[0].Quantity, order.OrderDetailList[0].Discount) == (1, 0.0)
    assert order.AmountTotal == 10


def test_derived_columns_given_for_a_new_row_do_not_count(session: Session) -> None:
    order = Order(CustomerId="C1", AmountTotal=Decimal(500), OrderDetailCount=9)
    order.OrderDetailList.append(OrderDetail(ProductId=901, UnitPrice=Decimal(1), Amount=Decimal(3)))
    session.add(order)
    session.commit()
    assert (order.AmountTotal, order.OrderDetailCount, customer(session)) == (10, 1, (10, 1, 1))


@pytest.mark.parametrize("read_first", [True, False])
def test_a_changed_quantity_follows_up_to_the_balance(session: Session, read_first: bool) -> None:
    order = add_order(session, "C1", (901, 3), (902, 2))
    detail = order.OrderDetailList[0]
    session.commit()  # now its columns are expired: set unread, the old value is not known to SQLAlchemy
    assert not read_first or detail.Quantity == 3
    detail.Quantity = 5
    session.commit()
    assert (detail.Amount, order.AmountTotal, customer(session)[0]) == (50, 64, 64)


@pytest.mark.parametrize("loaded", [True, False])
def test_another_product_brings_its_price(session: Session, loaded: bool) -> None:
    order = add_order(session, "C1", (901, 3))
    detail = order.OrderDetailList[0]
    assert not loaded or detail.Product.Id == 901
    detail.ProductId = 902
    session.commit()
    assert (detail.UnitPrice, order.AmountTotal, customer(session)[0]) == (7, 21, 21)


def test_a_new_price_leaves_orders_alone(session: Session) -> None:
    order = add_order(session, "C1", (901, 3))
    order.OrderDetailList[0].Product.UnitPrice = Decimal(99)
    session.commit()
    assert (order.OrderDetailList[0].UnitPrice, order.AmountTotal) == (10, 30)


def test_shipping_an_order_takes_it_off_the_balance_and_ships_its_details(session: Session) -> None:
    order = add_order(session, "C1", (901, 3), (902, 1))
    session.commit()
    order.ShippedDate = TODAY
    session.commit()
    assert customer(session) == (0, 1, 0)
    assert {detail.ShippedDate for detail in order.OrderDetailList} == {TODAY}
    order.ShippedDate = None
    session.commit()
    assert customer(session) == (37, 1, 1)
    assert {detail.ShippedDate for detail in order.OrderDetailList} == {None}


def test_an_order_that_is_not_ready_does_not_count_in_the_balance(session: Session) -> None:
    order = add_order(session, "C1", (901, 3))
    order.Ready = False
    session.commit()
    assert customer(session) == (0, 1, 1)
    order.Ready = True
    order.OrderDetailList[0].Quantity = 4
    session.commit()
    assert customer(session) == (40, 1, 1)


@pytest.mark.parametrize("way", ["key", "relationship", "collection", "stale relationship"])
def test_an_order_moves_to_another_customer(session: Session, way: str) -> None:
    order = add_order(session, "C1", (901, 3))
    other = session.get_one(Customer, "C2")
    if way == "key":
        order.CustomerId = "C2"
    elif way == "relationship":
        order.Customer = other
    elif way == "collection":
        other.OrderList.append(order)
    else:
        assert order.Customer.Id == "C1"
        order.CustomerId = "C2"
    session.commit()
    assert (customer(session), customer(session, "C2")) == ((0, 0, 0), (30, 1, 1))


def test_a_detail_moves_to_a_new_order(session: Session) -> None:
    order = add_order(session, "C1", (901, 3), (902, 2))
    detail = order.OrderDetailList[0]
    detail.Order = Order(CustomerId="C2")
    session.commit()
    assert (order.AmountTotal, detail.Order.AmountTotal) == (14, 30)
    assert (customer(session), customer(session, "C2")) == ((14, 1, 1), (30, 1, 1))


def test_a_detail_moves_away_from_an_order_that_goes(session: Session) -> None:
    order = add_order(session, "C1", (901, 3), (902, 2))
    kept = add_order(session, "C2")
    detail = order.OrderDetailList[0]
    session.commit()
    detail.OrderId = kept.Id
    session.delete(order)
    session.commit()
    assert [row.Id for row in kept.OrderDetailList] == [detail.Id]
    assert (customer(session), customer(session, "C2")) == ((0, 0, 0), (30, 1, 1))


@pytest.mark.parametrize("way", ["removed", "deleted", "deleted after a change", "moved and deleted"])
def test_a_detail_goes(session: Session, way: str) -> None:
    order = add_order(session, "C1", (901, 3), (902, 2))
    detail = order.OrderDetailList[0]
    session.commit()
    if way == "removed":
        order.OrderDetailList.remove(detail)
    else:
        if way == "deleted after a change":
            detail.Quantity = 50
        if way == "moved and deleted":
            detail.Order = add_order(session, "C2")
        session.delete(detail)
    session.commit()
    assert (order.AmountTotal, order.OrderDetailCount, customer(session)[0]) == (14, 1, 14)
    assert customer(session, "C2")[0] == 0


@pytest.mark.parametrize("loaded", [True, False])
def test_an_order_goes_with_its_details(session: Session, loaded: bool) -> None:
    keep = add_order(session, "C1", (901, 1))
    order = add_order(session, "C1", (901, 3), (902, 2))
    session.expire_all()
    assert not loaded or len(order.OrderDetailList) == 2
    key = order.Id
    session.delete(order)
    session.commit()
    assert customer(session) == (10, 1, 1)
    assert session.scalar(select(func.count()).where(OrderDetail.OrderId == key)) == 0
    assert keep.AmountTotal == 10


def test_an_order_beyond_the_credit_is_refused_and_nothing_is_written(session: Session) -> None:
    before = session.scalar(select(func.count()).select_from(Order))
    with pytest.raises(RuleRefused) as refused:
        add_order(session, "C1", (901, 101))
    session.rollback()
    assert refused.value.detail == "A business rule refused this change."
    assert refused.value.full_detail == "balance (1010.00) exceeds credit (1000.00)"
    assert refused.value.rows == {(Customer, ("C1",))}
    assert refused.value.columns == {(Customer, "Balance"), (Customer, "CreditLimit")}
    assert (refused.value.entity, refused.value.attributes) == (Customer, ("Balance",))
    assert refused.value.pointers == ()
    assert refused.value.in_full().detail == refused.value.full_detail
    assert refused.value.in_full().pointers == ("/data/attributes/Balance",)
    assert session.scalar(select(func.count()).select_from(Order)) == before
    assert customer(session) == (0, 0, 0)


def test_a_refused_change_may_be_tried_again_with_the_same_objects(session: Session) -> None:
    order = add_order(session, "C1", (901, 3))
    detail = order.OrderDetailList[0]
    detail.Quantity = 101
    with pytest.raises(RuleRefused):
        session.commit()
    session.rollback()
    detail.Quantity = 100
    session.commit()
    assert customer(session) == (1000, 1, 1)
    new = Order(CustomerId="C2", OrderDetailList=[OrderDetail(ProductId=901, Quantity=101)])
    session.add(new)
    with pytest.raises(RuleRefused):
        session.commit()
    session.rollback()
    new.OrderDetailList[0].Quantity = 5
    session.add(new)
    session.commit()
    assert (new.AmountTotal, new.OrderDetailCount, customer(session, "C2")) == (50, 1, (50, 1, 1))


def test_a_lower_credit_limit_is_refused_while_the_balance_is_above(session: Session) -> None:
    add_order(session, "C1", (901, 30))
    session.get_one(Customer, "C1").CreditLimit = Decimal(299)
    with pytest.raises(RuleRefused):
        session.commit()


@pytest.mark.parametrize(
    ("row", "names"),
    [
        (OrderDetail(OrderId=10248, Quantity=1), "ProductId"),
        (OrderDetail(ProductId=901), "OrderId"),
        (Order(), "CustomerId"),
        (Customer(Id="C3", CompanyName="C3", CreditLimit=None), None),
        (Employee(), "LastName, FirstName, Salary"),
    ],
)
def test_a_new_row_without_a_value_it_needs_is_refused_before_rules_run(
    session: Session, row: Order | OrderDetail | Customer | Employee, names: str | None
) -> None:
    made = type(row)(**{name: value for name, value in vars(row).items() if name != "_sa_instance_state"})
    session.add(made)
    if names is None:  # the database has a default
        session.commit()
        return
    with pytest.raises(ValueMissing, match=f"for {names}") as refused:
        session.commit()
    assert refused.value.pointers == tuple(f"/data/attributes/{name}" for name in names.split(", "))


def test_a_value_that_a_row_needs_cannot_be_taken_away(session: Session) -> None:
    detail = add_order(session, "C1", (901, 1)).OrderDetailList[0]
    for row, name in (
        (detail, "Quantity"),
        (detail, "ProductId"),
        (session.get_one(Customer, "C1"), "CreditLimit"),
        (session.get_one(Employee, 1), "Salary"),
    ):
        setattr(row, name, None)
        with pytest.raises(ValueMissing, match=name):
            session.commit()
        session.rollback()


def test_a_raise_is_at_most_a_fifth_and_leaves_a_copy_of_the_employee(session: Session) -> None:
    employee = session.get_one(Employee, 1)
    old = employee.Salary
    session.commit()
    employee.Salary = old * Decimal("1.2") + Decimal("0.01")
    with pytest.raises(RuleRefused) as refused:
        session.commit()
    session.rollback()
    assert refused.value.full_detail == "a raise from 91000.00 to 109200.01 is more than 20%"
    assert (refused.value.entity, refused.value.attributes) == (Employee, ("Salary",))
    employee.Salary = old * Decimal("1.2")
    session.commit()
    employee.Title = "no change of salary"
    session.commit()
    employee.Salary = Decimal(1)
    session.commit()
    copies = session.scalars(select(EmployeeAudit).order_by(EmployeeAudit.Id)).all()
    assert [(row.EmployeeId, row.LastName, row.Salary) for row in copies] == [
        (1, "Davolio", Decimal("109200.00")),
        (1, "Davolio", Decimal("1.00")),
    ]


def test_a_new_employee_may_earn_anything(session: Session) -> None:
    session.add(Employee(Id=99, LastName="New", FirstName="N", Salary=Decimal(10**6)))
    session.commit()
    assert session.scalar(select(func.count()).select_from(EmployeeAudit)) == 0


def test_rows_are_stamped_with_who_and_when(session: Session, rules: RuleSet, sample_engine: Engine) -> None:
    start = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    order = add_order(session, "C1", (901, 1))
    assert (order.CreatedBy, order.UpdatedBy, order.UpdatedOn) == ("u1", None, None)
    assert order.CreatedOn is not None
    assert order.CreatedOn >= start
    created = order.CreatedOn
    with rules_session(rules)(sample_engine) as other:
        other.principal = None  # type: ignore[attr-defined]
        other.get_one(OrderDetail, order.OrderDetailList[0].Id).Quantity = 2
        other.commit()
    session.commit()
    # A row that a rule changed was changed by whoever set the rule off.
    assert (order.CreatedBy, order.CreatedOn, order.UpdatedBy) == ("u1", created, "system")
    assert order.Customer.UpdatedBy == "system"


def test_a_row_that_is_only_looked_at_is_not_stamped(session: Session) -> None:
    order = add_order(session, "C1", (901, 1))
    order.Freight = order.Freight + 0
    session.commit()
    assert order.UpdatedOn is None
