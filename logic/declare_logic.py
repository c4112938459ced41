"""The business rules of the sample: what the database keeps true, whoever changes it and by whatever path."""

import datetime as dt
from decimal import Decimal

from database.models import Base, Customer, Employee, EmployeeAudit, Order, OrderDetail, Product
from rowgate.logic import LogicRow, Rule

LARGEST_RAISE = Decimal("1.20")
"""A salary may grow to this many times what it was, in one step."""


def declare_logic() -> None:
    """Declare the rules; they run inside every flush, see all rows, and may change rows the client may not."""
    # Check credit: an order is refused when it takes its customer's balance over the limit.
    Rule.constraint(
        Customer,
        as_condition=lambda row: row.Balance <= row.CreditLimit,
        error_msg="balance ({row.Balance}) exceeds credit ({row.CreditLimit})",
        error_attributes=[Customer.Balance],
    )
    Rule.sum(
        Customer.Balance,
        as_sum_of=Order.AmountTotal,
        where=lambda row: row.ShippedDate is None and row.Ready is True,
    )
    Rule.sum(Order.AmountTotal, as_sum_of=OrderDetail.Amount)
    Rule.formula(OrderDetail.Amount, as_expression=lambda row: row.Quantity * row.UnitPrice)
    Rule.copy(OrderDetail.UnitPrice, from_parent=Product.UnitPrice)

    # Counts.
    Rule.count(Customer.OrderCount, as_count_of=Order)
    Rule.count(Customer.UnpaidOrderCount, as_count_of=Order, where=lambda row: row.ShippedDate is None)
    Rule.count(Order.OrderDetailCount, as_count_of=OrderDetail)

    # A detail ships with its order.
    Rule.formula(OrderDetail.ShippedDate, as_expression=lambda row: row.Order.ShippedDate)

    # What a new row has when the client does not say.
    Rule.default(Order.Ready, True)
    Rule.default(Order.OrderDate, dt.date.today)
    Rule.default(Order.Freight, Decimal(0))
    Rule.default(OrderDetail.Quantity, 1)
    Rule.default(OrderDetail.Discount, 0.0)

    # Salaries: no raise above 20 %, and a copy of the employee at every change.
    Rule.constraint(
        Employee,
        calling=is_raise_small_enough,
        error_msg="a raise from {old_row.Salary} to {row.Salary} is more than 20%",
        error_attributes=[Employee.Salary],
    )
    Rule.copy_row(
        Employee,
        copy_to=EmployeeAudit,
        copy_when=lambda logic_row: logic_row.are_attributes_changed([Employee.Salary]),
    )

    # Who made and changed a row, and when.
    Rule.stamp(mapper.class_ for mapper in Base.registry.mappers)


def is_raise_small_enough(row: Employee, old_row: Employee, logic_row: LogicRow) -> bool:
    """Say whether a change of salary is no raise, or one of at most 20 %."""
    return not logic_row.is_updated() or row.Salary <= old_row.Salary * LARGEST_RAISE
