"""What a refusal may say, and whose values it says."""

from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from database.models import Customer, Employee, EmployeeAudit, Order, OrderDetail, Product
from rowgate.errors import DeclarationError
from rowgate.logic.messages import Filled, fill, parse

NOBODY: frozenset[int] = frozenset()


def filled(text: str, row: object, *, submitted: frozenset[int] = NOBODY) -> Filled:
    return fill(parse(text, type(row)), row, None, submitted=submitted)


@pytest.fixture
def order(session: Session) -> Order:
    order = Order(CustomerId="C1", EmployeeId=1, OrderDetailList=[OrderDetail(ProductId=901, Quantity=3)])
    session.add(order)
    session.commit()
    return order


def test_each_row_walked_through_is_recorded(order: Order) -> None:
    result = filled("{row.Id}: {row.Customer.Balance:.1f} of {row.Employee.LastName}, {{kept}}", order)
    assert result.text == f"{order.Id}: 30.0 of Davolio, {{kept}}"
    assert result.rows == {(Order, (order.Id,)), (Customer, ("C1",)), (Employee, (1,))}
    assert result.columns == {(Order, "Id"), (Customer, "Balance"), (Employee, "LastName")}


def test_the_refused_row_is_recorded_even_where_the_text_has_no_values(order: Order) -> None:
    assert filled("no", order).rows == {(Order, (order.Id,))}


def test_a_parent_that_is_not_there_is_none(order: Order) -> None:
    result = filled("{row.Shipper.CompanyName:>9} {row.ShippedDate}", order)
    assert result.text == "none none"
    assert result.rows == {(Order, (order.Id,))}


def test_old_values_come_from_before_the_change(order: Order) -> None:
    template = parse("{old_row.Freight} -> {row.Freight}", Order)
    order.Freight = Decimal(5)
    assert fill(template, order, {"Freight": Decimal(4)}, submitted=NOBODY).text == "4 -> 5"
    assert fill(template, order, None, submitted=NOBODY).text == "none -> 5"


def test_a_new_row_of_the_client_shows_its_parents_values(session: Session) -> None:
    """Its price was copied from the product, so who may not see the product may not read the text."""
    detail = OrderDetail(Product=session.get_one(Product, 901), Quantity=3)
    result = filled("{row.Quantity}", detail, submitted=frozenset([id(detail)]))
    assert result.text == "3"
    assert result.rows == {(Product, (901,))}
    session.expunge_all()


def test_a_row_that_a_rule_made_is_nobodys_to_see() -> None:
    assert filled("{row.Salary}", EmployeeAudit(Salary=Decimal(1))).text is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{row.Nmae}", "Order.Nmae is not a column"),
        ("{row.Customer}", "Order.Customer is not a column"),
        ("{row.OrderDetailList.Amount}", "is not a relationship to one row"),
        ("{row.Customer.OrderList.Id}", "Customer.OrderList is not a relationship to one row"),
        ("{row.metadata}", "Order.metadata is not a column"),
        ("{row.__class__.__name__}", "is not a relationship"),
        ("{row.Id.__class__}", "Order.Id is not a relationship"),
        ("{row[0]}", "is not a walk"),
        ("{row.Freight * 2}", "is not a walk"),
        ("{__import__('os').getcwd()}", "is not a walk"),
        ("{row.Freight:{row.Id}}", "is not a walk"),
        ("{old_row.Customer.Id}", "old_row has columns only"),
        ("{logic_row.session}", "is not a walk"),
        ("{}", "is not a walk"),
        ("{row.Id", "expected '}'"),
    ],
)
def test_a_text_that_is_no_walk_over_columns_is_refused_at_start(text: str, why: str) -> None:
    with pytest.raises(DeclarationError) as refused:
        parse(text, Order)
    assert why in refused.value.detail
    assert "{row.Column}" in refused.value.advice
