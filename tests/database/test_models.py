"""The sample's mapped classes: keys, indexes, relationships and what deleting a parent does."""

import inspect
from decimal import Decimal

import pytest
from sqlalchemy import DateTime, Engine, Numeric, event, func, select
from sqlalchemy import inspect as sa_inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, configure_mappers

from database import models as m

MAPPERS = sorted(m.Base.registry.mappers, key=lambda mapper: mapper.class_.__name__)
CLASSES = [mapper.class_ for mapper in MAPPERS]

ROLES = {
    "Category": {"ProductList"},
    "Customer": {"OrderList"},
    "Department": {"OnLoanEmployeeList", "ParentDepartment", "SubDepartmentList", "WorksForEmployeeList"},
    "Employee": {
        "DirectReportList",
        "EmployeeAuditList",
        "EmployeeTerritoryList",
        "Manager",
        "OnLoanDepartment",
        "OrderList",
        "WorksForDepartment",
    },
    "EmployeeAudit": {"Employee"},
    "EmployeeTerritory": {"Employee", "Territory"},
    "Order": {"CloneList", "ClonedFrom", "Customer", "Employee", "OrderDetailList", "Shipper"},
    "OrderDetail": {"Order", "Product"},
    "Product": {"Category", "OrderDetailList", "Supplier"},
    "Region": {"TerritoryList"},
    "Shipper": {"OrderList"},
    "Supplier": {"ProductList"},
    "Territory": {"EmployeeTerritoryList", "Region"},
}


def test_relationships_are_named_by_role_and_have_a_back_side():
    configure_mappers()
    relations = {f"{mapper.class_.__name__}.{r.key}": r for mapper in MAPPERS for r in mapper.relationships}
    assert set(relations) == {f"{cls}.{role}" for cls, roles in ROLES.items() for role in roles}
    for name, relation in relations.items():
        assert relation.back_populates, name
        back = relation.mapper.relationships[relation.back_populates]
        assert back.back_populates == relation.key
        assert back.mapper is relation.parent


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_each_class_is_a_table_of_its_name_and_says_what_a_row_is(cls):
    assert cls.__tablename__ == cls.__name__
    assert inspect.getdoc(cls)
    assert cls.__doc__ != m.Base.__doc__


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_each_foreign_key_is_restricting_and_indexed(cls):
    table = cls.__table__
    indexed = {next(iter(index.columns)).name for index in table.indexes}
    for key in table.foreign_keys:
        assert key.parent.name in indexed
        cascades = (table.name, key.parent.name) == ("OrderDetail", "OrderId")
        assert key.ondelete == ("CASCADE" if cascades else "RESTRICT")


def test_columns_of_the_global_filters_are_indexed():
    for cls, name in [(m.Customer, "Client_id"), (m.Customer, "Region"), (m.Category, "Client_id")]:
        assert cls.__table__.c[name].index


def test_derived_columns_are_never_null():
    derived = {
        m.Customer: ["Balance", "OrderCount", "UnpaidOrderCount"],
        m.Order: ["AmountTotal", "OrderDetailCount"],
        m.OrderDetail: ["Amount", "UnitPrice"],
        m.Product: ["UnitsShipped"],
    }
    for cls, names in derived.items():
        assert not any(cls.__table__.c[name].nullable for name in names)


def test_database_has_the_declared_tables(sample_engine: Engine):
    found = sa_inspect(sample_engine)
    assert set(found.get_table_names()) == {*m.Base.metadata.tables, "relationships"}
    for table in m.Base.metadata.sorted_tables:
        columns = {column["name"]: column for column in found.get_columns(table.name)}
        assert list(columns) == [column.name for column in table.columns]
        for column in table.columns:
            kind = columns[column.name]["type"]
            assert columns[column.name]["nullable"] == column.nullable
            assert kind.python_type is column.type.python_type, (table.name, column.name)
            if column.type.python_type is Decimal:
                assert isinstance(kind, Numeric)
                assert (kind.precision, kind.scale) == (12, 2)
        assert len(found.get_foreign_keys(table.name)) == len(table.foreign_keys)
        assert {i["name"] for i in found.get_indexes(table.name) if not i.get("duplicates_constraint")} == {
            index.name for index in table.indexes
        }


def test_only_orders_and_customers_are_stamped():
    stamped = {cls for cls in CLASSES if issubclass(cls, m.Stamped)}
    assert stamped == {m.Order, m.Customer}
    assert isinstance(m.Order.__table__.c.UpdatedOn.type, DateTime)


def test_deleting_an_order_deletes_its_details(sample_engine: Engine):
    with Session(sample_engine) as session:
        before = session.scalar(select(func.count()).select_from(m.OrderDetail))
        order = session.get_one(m.Order, 10248)
        session.delete(order)
        session.commit()
        assert session.scalar(select(func.count()).select_from(m.OrderDetail)) == before - 3


def test_a_detail_taken_from_its_order_is_deleted(sample_engine: Engine):
    with Session(sample_engine) as session:
        order = session.get_one(m.Order, 10248)
        gone = order.OrderDetailList.pop().Id
        session.commit()
        assert session.get(m.OrderDetail, gone) is None


@pytest.mark.parametrize(
    ("cls", "key", "children"),
    [
        (m.Customer, "ALFKI", "OrderList"),
        (m.Employee, 2, "DirectReportList"),
        (m.Department, 2, "SubDepartmentList"),
        (m.Product, 11, "OrderDetailList"),
        (m.Region, 1, "TerritoryList"),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
@pytest.mark.parametrize("loaded", [False, True], ids=["children unloaded", "children loaded"])
def test_a_parent_with_children_is_not_deleted(sample_engine: Engine, cls, key, children, loaded):
    with Session(sample_engine) as session:
        row = session.get_one(cls, key)
        if loaded:
            assert len(getattr(row, children)) > 0
        session.delete(row)
        with pytest.raises(IntegrityError):
            session.commit()
        session.rollback()
        assert len(getattr(session.get_one(cls, key), children)) > 0


def test_deleting_a_parent_reads_no_children(sqlite_engine: Engine):
    sent: list[str] = []
    with Session(sqlite_engine) as session:
        customer = session.get_one(m.Customer, "FISSA")
        event.listen(sqlite_engine, "before_cursor_execute", lambda *args: sent.append(args[2]))
        session.delete(customer)
        session.commit()
    assert [statement.split()[0] for statement in sent] == ["DELETE"]


def test_a_new_row_may_leave_out_what_rules_derive(sample_engine: Engine):
    with Session(sample_engine) as session:
        customer = m.Customer(Id="NEWCO", CompanyName="New Company", Client_id=2)
        product = m.Product(ProductName="Tea")
        detail = m.OrderDetail(Product=product, Quantity=2)
        session.add(m.Order(Customer=customer, OrderDetailList=[detail]))
        session.commit()
        assert (customer.Balance, customer.CreditLimit, customer.OrderCount) == (Decimal("0.00"), Decimal("0.00"), 0)
        assert (detail.Amount, detail.UnitPrice, detail.Order.Ready) == (Decimal("0.00"), Decimal("0.00"), True)
        assert product.Discontinued is False
        assert (product.Id, detail.Order.Id, detail.Id) == (78, 11078, 2156)
