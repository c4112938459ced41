"""The mapped classes of the sample database (Northwind): plain SQLAlchemy, one class a table."""

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import Date, DateTime, Float, ForeignKey, MetaData, Numeric, String, UniqueConstraint, false, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

if TYPE_CHECKING:
    # An attribute that has its class's name (Order.Customer) hides the class inside the class body, so the
    # annotations of such attributes name the class through its module: Mapped["m.Customer"].
    from database import models as m

NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

Money = Numeric(12, 2)
"""Amounts of money: two decimals, a decimal.Decimal in Python."""


def utc_now() -> dt.datetime:
    """Return the time now in UTC, without a zone, which is how the DateTime columns hold it."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


class Base(DeclarativeBase):
    """Base of every mapped class of the sample database."""

    metadata = MetaData(naming_convention=NAMES)


class Stamped:
    """Who made and last changed a row, and when (UTC); empty for rows that came with the sample."""

    CreatedOn: Mapped[dt.datetime | None] = mapped_column(DateTime, sort_order=100)
    CreatedBy: Mapped[str | None] = mapped_column(String(64), sort_order=101)
    UpdatedOn: Mapped[dt.datetime | None] = mapped_column(DateTime, sort_order=102)
    UpdatedBy: Mapped[str | None] = mapped_column(String(64), sort_order=103)


class Region(Base):
    """A part of the world; territories lie in one."""

    __tablename__ = "Region"

    Id: Mapped[int] = mapped_column(primary_key=True)
    RegionDescription: Mapped[str] = mapped_column(String(50))

    TerritoryList: Mapped[list["Territory"]] = relationship(back_populates="Region", passive_deletes="all")


class Territory(Base):
    """A sales territory, identified by its postal code."""

    __tablename__ = "Territory"

    Id: Mapped[str] = mapped_column(String(20), primary_key=True)
    TerritoryDescription: Mapped[str] = mapped_column(String(50))
    RegionId: Mapped[int] = mapped_column(ForeignKey("Region.Id", ondelete="RESTRICT"), index=True)

    Region: Mapped["m.Region"] = relationship("Region", back_populates="TerritoryList")
    EmployeeTerritoryList: Mapped[list["EmployeeTerritory"]] = relationship(
        back_populates="Territory", passive_deletes="all"
    )


class Shipper(Base):
    """A company that delivers orders."""

    __tablename__ = "Shipper"

    Id: Mapped[int] = mapped_column(primary_key=True)
    CompanyName: Mapped[str] = mapped_column(String(80))
    Phone: Mapped[str | None] = mapped_column(String(30))

    OrderList: Mapped[list["Order"]] = relationship(back_populates="Shipper", passive_deletes="all")


class Supplier(Base):
    """A company that products are bought from."""

    __tablename__ = "Supplier"

    Id: Mapped[int] = mapped_column(primary_key=True)
    CompanyName: Mapped[str] = mapped_column(String(80))
    ContactName: Mapped[str | None] = mapped_column(String(60))
    ContactTitle: Mapped[str | None] = mapped_column(String(60))
    Address: Mapped[str | None] = mapped_column(String(120))
    City: Mapped[str | None] = mapped_column(String(60))
    Region: Mapped[str | None] = mapped_column(String(50), index=True)
    PostalCode: Mapped[str | None] = mapped_column(String(20))
    Country: Mapped[str | None] = mapped_column(String(40))
    Phone: Mapped[str | None] = mapped_column(String(30))
    Fax: Mapped[str | None] = mapped_column(String(30))
    HomePage: Mapped[str | None] = mapped_column(String(200))

    ProductList: Mapped[list["Product"]] = relationship(back_populates="Supplier", passive_deletes="all")


class Category(Base):
    """A kind of product, kept by one client (tenant)."""

    __tablename__ = "Category"

    Id: Mapped[int] = mapped_column(primary_key=True)
    CategoryName: Mapped[str] = mapped_column(String(50))
    Description: Mapped[str | None] = mapped_column(String(200))
    Client_id: Mapped[int | None] = mapped_column(index=True)

    ProductList: Mapped[list["Product"]] = relationship(back_populates="Category", passive_deletes="all")


class Product(Base):
    """Something that is sold; UnitsShipped is derived."""

    __tablename__ = "Product"

    Id: Mapped[int] = mapped_column(primary_key=True)
    ProductName: Mapped[str] = mapped_column(String(80))
    SupplierId: Mapped[int | None] = mapped_column(ForeignKey("Supplier.Id", ondelete="RESTRICT"), index=True)
    CategoryId: Mapped[int | None] = mapped_column(ForeignKey("Category.Id", ondelete="RESTRICT"), index=True)
    QuantityPerUnit: Mapped[str | None] = mapped_column(String(50))
    UnitPrice: Mapped[Decimal] = mapped_column(Money, default=Decimal(0), server_default="0")
    UnitsInStock: Mapped[int] = mapped_column(default=0, server_default="0")
    UnitsOnOrder: Mapped[int] = mapped_column(default=0, server_default="0")
    ReorderLevel: Mapped[int] = mapped_column(default=0, server_default="0")
    Discontinued: Mapped[bool] = mapped_column(default=False, server_default=false(), index=True)
    UnitsShipped: Mapped[int] = mapped_column(default=0, server_default="0")

    Supplier: Mapped["m.Supplier | None"] = relationship("Supplier", back_populates="ProductList")
    Category: Mapped["m.Category | None"] = relationship("Category", back_populates="ProductList")
    OrderDetailList: Mapped[list["OrderDetail"]] = relationship(back_populates="Product", passive_deletes="all")


class Department(Base):
    """A department; it may be part of a larger one."""

    __tablename__ = "Department"

    Id: Mapped[int] = mapped_column(primary_key=True)
    DepartmentId: Mapped[int | None] = mapped_column(ForeignKey("Department.Id", ondelete="RESTRICT"), index=True)
    DepartmentName: Mapped[str] = mapped_column(String(80))
    SecurityLevel: Mapped[int] = mapped_column(default=0, server_default="0")

    ParentDepartment: Mapped["Department | None"] = relationship(back_populates="SubDepartmentList", remote_side=[Id])
    SubDepartmentList: Mapped[list["Department"]] = relationship(
        back_populates="ParentDepartment", passive_deletes="all"
    )
    WorksForEmployeeList: Mapped[list["Employee"]] = relationship(
        back_populates="WorksForDepartment",
        foreign_keys="Employee.WorksForDepartmentId",
        passive_deletes="all",
    )
    OnLoanEmployeeList: Mapped[list["Employee"]] = relationship(
        back_populates="OnLoanDepartment", foreign_keys="Employee.OnLoanDepartmentId", passive_deletes="all"
    )


class Employee(Base):
    """Somebody who works for the company; works for one department and may be on loan to another."""

    __tablename__ = "Employee"

    Id: Mapped[int] = mapped_column(primary_key=True)
    LastName: Mapped[str] = mapped_column(String(60))
    FirstName: Mapped[str] = mapped_column(String(60))
    Title: Mapped[str | None] = mapped_column(String(60))
    TitleOfCourtesy: Mapped[str | None] = mapped_column(String(20))
    BirthDate: Mapped[dt.date | None] = mapped_column(Date)
    HireDate: Mapped[dt.date | None] = mapped_column(Date)
    Address: Mapped[str | None] = mapped_column(String(120))
    City: Mapped[str | None] = mapped_column(String(60))
    Region: Mapped[str | None] = mapped_column(String(50), index=True)
    PostalCode: Mapped[str | None] = mapped_column(String(20))
    Country: Mapped[str | None] = mapped_column(String(40))
    HomePhone: Mapped[str | None] = mapped_column(String(30))
    Extension: Mapped[str | None] = mapped_column(String(10))
    ReportsTo: Mapped[int | None] = mapped_column(ForeignKey("Employee.Id", ondelete="RESTRICT"), index=True)
    EmployeeType: Mapped[str | None] = mapped_column(String(20))
    Salary: Mapped[Decimal] = mapped_column(Money)
    WorksForDepartmentId: Mapped[int | None] = mapped_column(
        ForeignKey("Department.Id", ondelete="RESTRICT"), index=True
    )
    OnLoanDepartmentId: Mapped[int | None] = mapped_column(ForeignKey("Department.Id", ondelete="RESTRICT"), index=True)
    UnionId: Mapped[int | None]
    Dues: Mapped[Decimal | None] = mapped_column(Money)
    Email: Mapped[str | None] = mapped_column(String(120))

    Manager: Mapped["Employee | None"] = relationship(back_populates="DirectReportList", remote_side=[Id])
    DirectReportList: Mapped[list["Employee"]] = relationship(back_populates="Manager", passive_deletes="all")
    WorksForDepartment: Mapped["Department | None"] = relationship(
        back_populates="WorksForEmployeeList", foreign_keys=[WorksForDepartmentId]
    )
    OnLoanDepartment: Mapped["Department | None"] = relationship(
        back_populates="OnLoanEmployeeList", foreign_keys=[OnLoanDepartmentId]
    )
    EmployeeTerritoryList: Mapped[list["EmployeeTerritory"]] = relationship(
        back_populates="Employee", passive_deletes="all"
    )
    EmployeeAuditList: Mapped[list["EmployeeAudit"]] = relationship(back_populates="Employee", passive_deletes="all")
    OrderList: Mapped[list["Order"]] = relationship(back_populates="Employee", passive_deletes="all")


class EmployeeTerritory(Base):
    """An employee's charge of a territory; the id is `<employee>-<territory>`."""

    __tablename__ = "EmployeeTerritory"
    __table_args__ = (UniqueConstraint("EmployeeId", "TerritoryId"),)

    Id: Mapped[str] = mapped_column(String(40), primary_key=True)
    EmployeeId: Mapped[int] = mapped_column(ForeignKey("Employee.Id", ondelete="RESTRICT"), index=True)
    TerritoryId: Mapped[str] = mapped_column(ForeignKey("Territory.Id", ondelete="RESTRICT"), index=True)

    Employee: Mapped["m.Employee"] = relationship("Employee", back_populates="EmployeeTerritoryList")
    Territory: Mapped["m.Territory"] = relationship("Territory", back_populates="EmployeeTerritoryList")


class EmployeeAudit(Base):
    """A copy of an employee as of a change of salary; written by a rule, never changed."""

    __tablename__ = "EmployeeAudit"

    Id: Mapped[int] = mapped_column(primary_key=True)
    EmployeeId: Mapped[int] = mapped_column(ForeignKey("Employee.Id", ondelete="RESTRICT"), index=True)
    LastName: Mapped[str] = mapped_column(String(60))
    FirstName: Mapped[str] = mapped_column(String(60))
    Title: Mapped[str | None] = mapped_column(String(60))
    Salary: Mapped[Decimal] = mapped_column(Money)
    CreatedOn: Mapped[dt.datetime] = mapped_column(DateTime, default=utc_now)

    Employee: Mapped["m.Employee"] = relationship("Employee", back_populates="EmployeeAuditList")


class Customer(Stamped, Base):
    """A company that orders, kept by one client (tenant); Balance and the counts are derived."""

    __tablename__ = "Customer"

    Id: Mapped[str] = mapped_column(String(20), primary_key=True)
    CompanyName: Mapped[str] = mapped_column(String(80))
    ContactName: Mapped[str | None] = mapped_column(String(60))
    ContactTitle: Mapped[str | None] = mapped_column(String(60))
    Address: Mapped[str | None] = mapped_column(String(120))
    City: Mapped[str | None] = mapped_column(String(60))
    Region: Mapped[str | None] = mapped_column(String(50), index=True)
    PostalCode: Mapped[str | None] = mapped_column(String(20))
    Country: Mapped[str | None] = mapped_column(String(40))
    Phone: Mapped[str | None] = mapped_column(String(30))
    Fax: Mapped[str | None] = mapped_column(String(30))
    Balance: Mapped[Decimal] = mapped_column(Money, default=Decimal(0), server_default="0")
    CreditLimit: Mapped[Decimal] = mapped_column(Money, default=Decimal(0), server_default="0")
    OrderCount: Mapped[int] = mapped_column(default=0, server_default="0")
    UnpaidOrderCount: Mapped[int] = mapped_column(default=0, server_default="0")
    Client_id: Mapped[int | None] = mapped_column(index=True)

    OrderList: Mapped[list["Order"]] = relationship(back_populates="Customer", passive_deletes="all")


class Order(Stamped, Base):
    """A customer's order; AmountTotal and OrderDetailCount are derived from its details."""

    __tablename__ = "Order"

    Id: Mapped[int] = mapped_column(primary_key=True)
    CustomerId: Mapped[str] = mapped_column(ForeignKey("Customer.Id", ondelete="RESTRICT"), index=True)
    EmployeeId: Mapped[int | None] = mapped_column(ForeignKey("Employee.Id", ondelete="RESTRICT"), index=True)
    OrderDate: Mapped[dt.date | None] = mapped_column(Date)
    RequiredDate: Mapped[dt.date | None] = mapped_column(Date)
    ShippedDate: Mapped[dt.date | None] = mapped_column(Date)
    ShipVia: Mapped[int | None] = mapped_column(ForeignKey("Shipper.Id", ondelete="RESTRICT"), index=True)
    Freight: Mapped[Decimal] = mapped_column(Money, default=Decimal(0), server_default="0")
    ShipName: Mapped[str | None] = mapped_column(String(80))
    ShipAddress: Mapped[str | None] = mapped_column(String(120))
    ShipCity: Mapped[str | None] = mapped_column(String(60))
    ShipRegion: Mapped[str | None] = mapped_column(String(50))
    ShipPostalCode: Mapped[str | None] = mapped_column(String(20))
    ShipCountry: Mapped[str | None] = mapped_column(String(40))
    AmountTotal: Mapped[Decimal] = mapped_column(Money, default=Decimal(0), server_default="0")
    Country: Mapped[str | None] = mapped_column(String(40))
    City: Mapped[str | None] = mapped_column(String(60))
    Ready: Mapped[bool] = mapped_column(default=True, server_default=true())
    OrderDetailCount: Mapped[int] = mapped_column(default=0, server_default="0")
    CloneFromOrder: Mapped[int | None] = mapped_column(ForeignKey("Order.Id", ondelete="RESTRICT"), index=True)

    Customer: Mapped["m.Customer"] = relationship("Customer", back_populates="OrderList")
    Employee: Mapped["m.Employee | None"] = relationship("Employee", back_populates="OrderList")
    Shipper: Mapped["m.Shipper | None"] = relationship("Shipper", back_populates="OrderList")
    ClonedFrom: Mapped["Order | None"] = relationship(back_populates="CloneList", remote_side=[Id])
    CloneList: Mapped[list["Order"]] = relationship(back_populates="ClonedFrom", passive_deletes="all")
    OrderDetailList: Mapped[list["OrderDetail"]] = relationship(
        back_populates="Order", cascade="all, delete-orphan", passive_deletes=True
    )


class OrderDetail(Base):
    """One product of an order; lives and dies with its order; UnitPrice and Amount are derived."""

    __tablename__ = "OrderDetail"

    Id: Mapped[int] = mapped_column(primary_key=True)
    OrderId: Mapped[int] = mapped_column(ForeignKey("Order.Id", ondelete="CASCADE"), index=True)
    ProductId: Mapped[int] = mapped_column(ForeignKey("Product.Id", ondelete="RESTRICT"), index=True)
    UnitPrice: Mapped[Decimal] = mapped_column(Money, default=Decimal(0), server_default="0")
    Quantity: Mapped[int] = mapped_column(default=1, server_default="1")
    Discount: Mapped[float] = mapped_column(Float, default=0.0, server_default="0")
    Amount: Mapped[Decimal] = mapped_column(Money, default=Decimal(0), server_default="0")
    ShippedDate: Mapped[dt.date | None] = mapped_column(Date)

    Order: Mapped["m.Order"] = relationship("Order", back_populates="OrderDetailList")
    Product: Mapped["m.Product"] = relationship("Product", back_populates="OrderDetailList")


class Invoice(Base):
    """What an organization is owed. Organizations themselves are kept elsewhere; here are only their ids."""

    __tablename__ = "Invoice"

    Id: Mapped[int] = mapped_column(primary_key=True)
    OrganizationId: Mapped[str] = mapped_column(String(40), index=True)
    IssuedOn: Mapped[dt.date]
    Amount: Mapped[Decimal] = mapped_column(Money)


class Expense(Base):
    """What an organization spent."""

    __tablename__ = "Expense"

    Id: Mapped[int] = mapped_column(primary_key=True)
    OrganizationId: Mapped[str] = mapped_column(String(40), index=True)
    SpentOn: Mapped[dt.date]
    Purpose: Mapped[str] = mapped_column(String(80))
    Amount: Mapped[Decimal] = mapped_column(Money)
