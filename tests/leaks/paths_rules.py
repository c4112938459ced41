"""Paths through business rules: they see every row, and what they saw stays with them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from database import models as m
from rowgate.enforce import SecureSession
from rowgate.errors import RowgateError, RuleRefused
from rowgate.mapped import state_of
from tests.leaks.matrix import Asking, Row, Saw, path, refused

R = Row.RULES
D = Row.DERIVED
C = (m.Customer,)


def _orders_of_hidden_customers(ask: Asking) -> list[int]:
    some = ", ".join(f"'{key}'" for key in ask.hidden)
    query = f'SELECT max("Id") FROM "Order" WHERE "CustomerId" IN ({some}) GROUP BY "CustomerId" ORDER BY 1 LIMIT 3'
    return ask.truth.rows(ask.user, query)


def _all_that_is_left(session: SecureSession) -> Iterator[Any]:
    """Whatever the session still holds, as somebody could find it."""
    for obj in list(session.identity_map.values()):
        if state_of(obj).dict.get("CompanyName") or state_of(obj).dict.get("ProductName"):
            yield obj
    yield session.info
    yield session.scalars(select(m.Customer)).all()
    yield session.scalars(select(m.Product)).all()


@path(R, entities=C, writes=True, changes=True)
def change_an_order_of_a_hidden_customer(ask: Asking) -> Iterator[Any]:
    """Its customer's balance is recomputed; the customer itself stays unseen."""
    if not ask.may("U"):
        return
    for key in _orders_of_hidden_customers(ask):
        with ask.session() as session:
            order = session.get_one(m.Order, key)
            yield order.Customer
            order.Ready = not order.Ready
            order.ShippedDate = None
            try:
                session.flush()
            except RowgateError as error:
                yield f"{error} {error.meta}"
                continue
            yield order.Customer, session.get(m.Customer, order.CustomerId)
            yield from _all_that_is_left(session)
            session.commit()
            yield order.Customer, session.get(m.Customer, order.CustomerId)
            yield from _all_that_is_left(session)


@path(R, entities=C, writes=True, changes=True)
def add_a_detail_for_a_hidden_customer(ask: Asking) -> Iterator[Any]:
    if not ask.may("I"):
        return
    products = ask.truth.rows(ask.user, 'SELECT "Id" FROM {Product} t ORDER BY "Id" LIMIT 1')
    for key in _orders_of_hidden_customers(ask):
        with ask.session() as session:
            detail = m.OrderDetail(OrderId=key, ProductId=products[0], Quantity=1)
            session.add(detail)
            try:
                session.flush()
                yield detail.Order.Customer
                yield from _all_that_is_left(session)
                session.commit()
            except RowgateError as error:
                yield f"{error} {error.meta}"
                continue
            yield detail.Order.Customer, detail.Product
            yield from _all_that_is_left(session)


@path(R, entities=C, writes=True)
def words_of_a_refusal(ask: Asking) -> Iterator[Any]:
    """The rule's text speaks of the customer's balance and credit; not to somebody who may not see the customer."""
    if not ask.may("I"):
        return
    products = ask.truth.rows(ask.user, 'SELECT "Id" FROM {Product} t ORDER BY "Id" LIMIT 1')
    for key in _orders_of_hidden_customers(ask):
        with ask.session() as session:
            order = session.get_one(m.Order, key)
            order.ShippedDate, order.Ready = None, True
            session.add(m.OrderDetail(OrderId=key, ProductId=products[0], Quantity=1_000_000))
            try:
                session.commit()
            except RuleRefused as error:
                numbers = f'SELECT "CreditLimit" FROM "Customer" WHERE "Id" = \'{order.CustomerId}\''
                limit = str(int(ask.truth.one(ask.user, numbers)))
                told = f"{error} {error.detail} {error.meta} {error.advice} {error.pointers}"
                yield told
                if limit in told or "credit" in told.lower():
                    yield Saw(m.Customer, [order.CustomerId])
                yield from _all_that_is_left(session)
            except RowgateError as error:
                yield str(error)


@path(R, entities=(m.Product,), writes=True, changes=True)
def change_a_detail_of_a_hidden_product(ask: Asking) -> Iterator[Any]:
    if not ask.may("U"):
        return
    some = ", ".join(str(key) for key in ask.hidden)
    details = ask.truth.rows(
        ask.user, f'SELECT "Id" FROM "OrderDetail" WHERE "ProductId" IN ({some}) ORDER BY "Id" LIMIT 3'
    )
    for key in details:
        with ask.session() as session:
            detail = session.get_one(m.OrderDetail, key)
            detail.Quantity += 1
            try:
                session.commit()
            except RowgateError as error:
                yield f"{error} {error.meta}"
                continue
            yield detail.Product, session.get(m.Product, detail.ProductId)
            yield from _all_that_is_left(session)


@path(R, entities=(m.Employee,), writes=True)
def raise_a_hidden_salary(ask: Asking) -> Iterator[Any]:
    """Neither the salary nor the audit copy is written, and no words of it come back."""
    for key in ask.some:
        with ask.session() as session:
            employee = session.get(m.Employee, key)
            if employee is not None:
                yield employee
                employee.Salary *= Decimal("1.1")
                session.commit()
        with ask.session() as session:
            yield from refused(
                lambda session=session, key=key: (
                    session.execute(update(m.Employee).where(m.Employee.Id == key).values(Salary=1)).rowcount
                    or session.get_one(m.Employee, key)
                )
            )


@path(D, entities=C, writes=True)
def derived_columns_of_visible_rows(ask: Asking) -> Iterator[Any]:
    """Read-only to clients, on every way to write."""
    for key in ask.visible[:1]:
        for name in ("Balance", "OrderCount", "UnpaidOrderCount"):
            with ask.session() as session:
                setattr(session.get_one(m.Customer, key), name, 12345)
                yield from refused(session.commit)
            with ask.session() as session:
                statement = update(m.Customer).where(m.Customer.Id == key).values({name: 12345})
                yield from refused(lambda session=session, s=statement: session.execute(s))
            with ask.session() as session:
                statement = update(m.Customer).where(m.Customer.Id == key)
                yield from refused(lambda session=session, s=statement, n=name: session.execute(s, {n: 12345}))
            with ask.session() as session:
                session.add(m.Customer(Id="NEW", CompanyName="new", **{name: 12345}))
                yield from refused(session.commit)
            with ask.session() as session:
                session.merge(m.Customer(Id=key, **{name: 12345}))
                yield from refused(session.commit)


@path(D, entities=C, writes=True)
def derived_columns_of_open_rows(ask: Asking) -> Iterator[Any]:
    """Totals of orders and details, which everyone sees."""
    for entity, values in (
        (m.Order, {"AmountTotal": 1}),
        (m.OrderDetail, {"Amount": 1}),
        (m.OrderDetail, {"UnitPrice": 1}),
    ):
        with ask.session() as session:
            row = session.scalars(select(entity).limit(1)).one()
            for name, value in values.items():
                setattr(row, name, value)
            yield from refused(session.commit)
        with ask.session() as session:
            yield from refused(lambda session=session, e=entity, v=values: session.execute(update(e).values(v)))


@path(Row.ERRORS)
def words_of_the_database(ask: Asking) -> Iterator[Any]:
    """Errors of enforcement speak of nothing but what the client sent."""
    with ask.session() as session:
        for key in ask.some:
            for action in (
                lambda key=key: session.get_one(ask.entity, key),
                lambda key=key: session.scalars(select(ask.entity).where(ask.key == key)).one(),
                lambda: session.scalars(select(ask.entity).where(ask.key.in_(ask.hidden))).one(),
            ):
                try:
                    yield action()
                except (RowgateError, SQLAlchemyError) as error:
                    yield f"{error!r} {error} {error.__cause__!r} {error.__context__!r}"
