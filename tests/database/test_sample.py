"""The sample's rows, on both databases: counts, types, keys, and what the derived columns say."""

import csv
import datetime as dt
import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Engine, Integer, MetaData, Table, and_, func, inspect, or_, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from database import models as m
from database.load import SAMPLE, cell_value, load_sample, parents_first
from rowgate.errors import DatabaseNotEmpty, SampleFileError

COUNTS = {
    "Category": 8,
    "Customer": 95,
    "Department": 8,
    "Employee": 11,
    "EmployeeAudit": 0,
    "EmployeeTerritory": 49,
    "Expense": 3,
    "Invoice": 5,
    "Order": 830,
    "OrderDetail": 2155,
    "Product": 77,
    "Region": 13,
    "Shipper": 3,
    "Supplier": 29,
    "Territory": 53,
}


# --- rows as they are in the files -------------------------------------------------------------------------------


def test_row_counts(sample_engine: Engine):
    with Session(sample_engine) as session:
        for name, count in COUNTS.items():
            assert session.scalar(select(func.count()).select_from(m.Base.metadata.tables[name])) == count


def test_every_cell_is_loaded(sample_engine: Engine):
    with sample_engine.connect() as connection:
        for table in m.Base.metadata.sorted_tables:
            path = SAMPLE / f"{table.name}.csv"
            if not path.exists():
                continue
            loaded = {str(row.Id): row for row in connection.execute(select(table))}
            with path.open(encoding="utf-8", newline="") as file:
                for record in csv.DictReader(file):
                    row = loaded.pop(record["Id"])
                    for name, cell in record.items():
                        value = getattr(row, name)
                        if cell == "":
                            assert value is None
                        elif isinstance(value, bool):
                            assert cell == str(int(value))
                        elif isinstance(value, Decimal):
                            assert value.as_tuple().exponent == -2
                            assert abs(Decimal(cell) - value) < Decimal("1e-9")
                        elif isinstance(value, float):
                            assert float(cell) == value
                        else:
                            assert str(value) == cell
            assert not loaded


def test_values_have_real_types(sample_engine: Engine):
    with Session(sample_engine) as session:
        order = session.get_one(m.Order, 10249)
        assert order.OrderDate == dt.date(2012, 7, 5)
        assert repr(order.AmountTotal) == "Decimal('1863.40')"
        assert order.Ready is True
        assert (order.CreatedOn, order.CreatedBy, order.UpdatedOn, order.UpdatedBy) == (None,) * 4
        assert session.get_one(m.Product, 1).Discontinued is False
        detail = session.scalars(select(m.OrderDetail).where(m.OrderDetail.Discount > 0)).first()
        assert detail is not None
        assert isinstance(detail.Discount, float)


def test_money_adds_up_without_the_noise_of_binary_fractions(sample_engine: Engine):
    with Session(sample_engine) as session:
        total = session.scalar(select(func.sum(m.OrderDetail.Amount)))
        assert total == sum(session.scalars(select(m.OrderDetail.Amount)))


def test_rows_of_the_declared_conditions(sample_engine: Engine):
    with Session(sample_engine) as session:

        def count(condition):
            return session.scalar(select(func.count()).where(condition))

        assert count(m.Employee.Region == "British Isles") == 4
        assert count(m.Product.Discontinued) == 8
        assert count(m.Department.SecurityLevel == 0) == 7
        assert count(m.Customer.Client_id.is_(None)) == 3
        for client, customers, categories in [(1, 89, 1), (2, 3, 3), (3, 0, 4)]:
            assert count(m.Customer.Client_id == client) == customers
            assert count(m.Category.Client_id == client) == categories


# --- keys --------------------------------------------------------------------------------------------------------


def test_foreign_keys_hold(sample_engine: Engine):
    with sample_engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
        for table in m.Base.metadata.sorted_tables:
            for key in table.foreign_keys:
                parent = key.column.table.alias()
                orphans = (
                    select(func.count())
                    .select_from(table.outerjoin(parent, key.parent == parent.c[key.column.name]))
                    .where(key.parent.is_not(None), parent.c[key.column.name].is_(None))
                )
                assert connection.scalar(orphans) == 0, key


def test_foreign_keys_are_enforced(sample_engine: Engine):
    with sample_engine.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(update(m.Customer.__table__).values(Id="NOPE").where(m.Customer.Id == "ALFKI"))


NUMBERED = [t.name for t in m.Base.metadata.sorted_tables if t.autoincrement_column is not None]


@pytest.mark.parametrize("name", NUMBERED)
def test_numbering_goes_on_after_the_loaded_rows(sample_engine: Engine, name):
    table = m.Base.metadata.tables[name]
    with sample_engine.connect() as connection:  # rolled back at the end
        last = connection.scalar(select(func.max(table.c.Id))) or 0
        copied = connection.execute(select(table).limit(1)).mappings().one_or_none()
        values = {key: value for key, value in (copied or {}).items() if key != "Id"}
        if name == "EmployeeAudit":
            values = {"EmployeeId": 1, "LastName": "Davolio", "FirstName": "Nancy", "Salary": Decimal(1)}
        first = connection.execute(table.insert().values(values)).inserted_primary_key
        second = connection.execute(table.insert().values(values)).inserted_primary_key
        assert (first[0], second[0]) == (last + 1, last + 2)


# --- derived columns ---------------------------------------------------------------------------------------------


def test_amounts_totals_and_detail_counts_are_as_derived(sample_engine: Engine):
    with Session(sample_engine) as session:
        for detail in session.scalars(select(m.OrderDetail)):
            assert detail.Amount == detail.Quantity * detail.UnitPrice
        sums = (
            select(m.OrderDetail.OrderId, func.sum(m.OrderDetail.Amount).label("total"), func.count().label("n"))
            .group_by(m.OrderDetail.OrderId)
            .subquery()
        )
        for order, total, n in session.execute(select(m.Order, sums.c.total, sums.c.n).join(sums)):
            assert (order.AmountTotal, order.OrderDetailCount) == (total, n)


def test_details_carry_the_shipped_date_of_their_order(sample_engine: Engine):
    detail, order = m.OrderDetail.ShippedDate, m.Order.ShippedDate
    differ = or_(
        detail != order, and_(detail.is_(None), order.is_not(None)), and_(order.is_(None), detail.is_not(None))
    )
    with Session(sample_engine) as session:
        assert session.scalars(select(m.OrderDetail).join(m.Order).where(differ)).all() == []


def test_customers_whose_derived_columns_differ_from_their_orders(sample_engine: Engine):
    """The sample's own inconsistencies, kept as they came: three customers of 95."""
    with Session(sample_engine) as session:
        balance: dict[str, tuple[Decimal, Decimal]] = {}
        orders: dict[str, tuple[int, int]] = {}
        unpaid: dict[str, tuple[int, int]] = {}
        for customer in session.scalars(select(m.Customer)):
            open_orders = [order for order in customer.OrderList if order.ShippedDate is None]
            owed = sum((order.AmountTotal for order in open_orders if order.Ready), Decimal(0))
            balance[customer.Id] = (customer.Balance, owed)
            orders[customer.Id] = (customer.OrderCount, len(customer.OrderList))
            unpaid[customer.Id] = (customer.UnpaidOrderCount, len(open_orders))
            assert customer.Balance <= customer.CreditLimit

    def differing(pairs):
        return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}

    assert differing(balance) == {
        "ALFKI": (Decimal("2102.00"), Decimal("2046.00")),
        "QUEE": (Decimal("0.00"), Decimal("2384.80")),
    }
    assert differing(orders) == {"ALFKI": (15, 6), "ANTO": (0, 7)}
    assert differing(unpaid) == {"ALFKI": (10, 2), "QUEE": (0, 1)}


def test_units_shipped_counts_nothing_that_was_shipped_before(sample_engine: Engine):
    """The sample starts this column at 0 (but 1 and -20 for two products), not at the shipped quantities."""
    with Session(sample_engine) as session:
        counts = session.execute(select(m.Product.UnitsShipped, func.count()).group_by(m.Product.UnitsShipped))
        assert dict(counts.tuples().all()) == {0: 75, 1: 1, -20: 1}


# --- the loader --------------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty_engine(request: pytest.FixtureRequest) -> Engine:
    name = "sqlite_copies" if request.param == "sqlite" else "postgres_copies"
    return request.getfixturevalue(name)(empty=True)


def test_loading_reports_rows_and_progress(empty_engine: Engine):
    told: list[tuple[str, int, int]] = []
    assert load_sample(empty_engine, progress=lambda *step: told.append(step)) == COUNTS
    assert [step for step in told if step[0] == "Order"] == [("Order", 500, 830), ("Order", 830, 830)]
    assert {name for name, done, rows in told if done == rows} == {name for name, n in COUNTS.items() if n}


def test_a_database_with_rows_is_refused_and_left_alone(sample_engine: Engine):
    with pytest.raises(DatabaseNotEmpty, match="has rows already"):
        load_sample(sample_engine)
    test_row_counts(sample_engine)


def test_tables_without_rows_are_filled(empty_engine: Engine):
    m.Base.metadata.create_all(empty_engine)
    assert load_sample(empty_engine) == COUNTS


def spoil(folder: Path, name: str, old: str, new: str) -> Path:
    shutil.copytree(SAMPLE, folder)
    path = folder / name
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new, 1), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("Region.csv", "RegionDescription", "Description", r"Region.csv: the table has no column Description"),
        ("Order.csv", "2012-07-04", "2012-02-30", r"Order.csv:2: "),
        ("Order.csv", "32.38", "32,38", r"Order.csv:2: as many cells as columns"),
        ("Order.csv", ",454,", ",NaN,", r"Order.csv:2: "),
        ("Order.csv", ",454,", ",four,", r"Order.csv:2: "),
        ("Product.csv", "10,0,0", "10,no,0", r"Product.csv:2: Discontinued is 0 or 1"),
        ("Shipper.csv", "1,Speedy", "one,Speedy", r"Shipper.csv:2: "),
        ("Department.csv", "1,,CEO", "1,2,CEO", r"Department: rows refer to each other in a circle"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_its_place(sqlite_copies, tmp_path, name, old, new, message):
    engine = sqlite_copies(empty=True)
    with pytest.raises(SampleFileError, match=message):
        load_sample(engine, folder=spoil(tmp_path / "sample", name, old, new))
    assert inspect(engine).get_table_names() == []


def test_a_file_of_no_table_is_refused(sqlite_copies, tmp_path):
    shutil.copytree(SAMPLE, tmp_path / "sample")
    (tmp_path / "sample" / "Receipt.csv").write_text("Id\n1\n")
    with pytest.raises(SampleFileError, match=r"Receipt.csv belongs to no table"):
        load_sample(sqlite_copies(empty=True), folder=tmp_path / "sample")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("OrderDetail.csv", "1,10248,", "1,99999,"), ("Department.csv", "2,1,Sales", "2,99,Sales")],
)
def test_a_row_whose_parent_is_missing_stops_the_load_and_leaves_nothing(empty_engine, tmp_path, name, old, new):
    with pytest.raises(IntegrityError):
        load_sample(empty_engine, folder=spoil(tmp_path / "sample", name, old, new))
    assert inspect(empty_engine).get_table_names() == []


def test_rows_of_a_table_that_refers_to_itself_may_come_in_any_order(empty_engine, tmp_path):
    folder = spoil(tmp_path / "sample", "Department.csv", "DepartmentName", "DepartmentName")
    lines = (folder / "Department.csv").read_text().splitlines()
    (folder / "Department.csv").write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n")
    load_sample(empty_engine, folder=folder)
    parent = aliased(m.Department)
    with Session(empty_engine) as session:
        query = select(parent.DepartmentName).join(m.Department.ParentDepartment.of_type(parent))
        assert session.scalar(query.where(m.Department.Id == 8)) == "Engineering"


@given(st.lists(st.integers(0, 30), max_size=30), st.randoms())
def test_parents_come_first(parents, random):
    table = m.Department.__table__
    rows = [
        {"Id": n, "DepartmentId": parent % n if n > parent % (n + 1) else None}
        if n
        else {"Id": 0, "DepartmentId": None}
        for n, parent in enumerate(parents)
    ]
    random.shuffle(rows)
    ordered = parents_first(table, rows)
    assert sorted(row["Id"] for row in ordered) == list(range(len(rows)))
    seen: set[int] = set()
    for row in ordered:
        assert row["DepartmentId"] is None or row["DepartmentId"] in seen
        seen.add(row["Id"])


def test_a_row_may_refer_to_itself():
    rows = [{"Id": 1, "DepartmentId": 1}]
    assert parents_first(m.Department.__table__, rows) == rows


def test_a_table_that_refers_to_no_rows_of_its_own_keeps_its_order():
    table = Table("T", MetaData(), Column("Id", Integer, primary_key=True))
    rows = [{"Id": 2}, {"Id": 1}]
    assert parents_first(table, rows) == rows


@given(st.integers(-(10**9), 10**9), st.floats(-1e-11, 1e-11))
def test_noise_of_binary_fractions_is_rounded_away(cents, noise):
    exact = Decimal(cents) / 100
    assert cell_value(m.Customer.__table__.c.Balance, str(exact + Decimal(noise))) == exact


@pytest.mark.parametrize(("cell", "value"), [("0.125", "0.12"), ("0.135", "0.14"), ("-0.125", "-0.12")])
def test_money_is_rounded_half_even(cell, value):
    assert cell_value(m.Customer.__table__.c.Balance, cell) == Decimal(value)
