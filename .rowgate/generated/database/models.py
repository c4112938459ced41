"""The mapped classes of the database: plain SQLAlchemy, one class a table, made by rowgate."""

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, MetaData, Numeric, String, UniqueConstraint, text
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


class Base(DeclarativeBase):
    """Base of every mapped class of the database."""

    metadata = MetaData(naming_convention=NAMES)


class Category(Base):
    """The rows of the table Category."""

    __tablename__ = "Category"

    Id: Mapped[int] = mapped_column(primary_key=True)
    CategoryName: Mapped[str] = mapped_column(String(50))
    Description: Mapped[str | None] = mapped_column(String(200))
    Client_id: Mapped[int | None] = mapped_column(index=True)

    ProductList: Mapped[list["Product"]] = relationship(back_populates="Category", passive_deletes="all")


class Customer(Base):
    """The rows of the table Customer."""

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
    Balance: Mapped[Decimal] = mapped_column(Numeric(12, 2), default=Decimal(0), server_default="0")
    CreditLimit: Mapped[Decimal] = mapped_column(Numeric(12, 2), default=Decimal(0), server_default="0")
    OrderCount: Mapped[int] = mapped_column(default=0, server_default="0")
    UnpaidOrderCount: Mapped[int] = mapped_column(default=0, server_default="0")
    Client_id: Mapped[int | None] = mapped_column(index=True)
    CreatedOn: Mapped[dt.datetime | None]
    CreatedBy: Mapped[str | None] = mapped_column(String(64))
    UpdatedOn: Mapped[dt.datetime | None]
    UpdatedBy: Mapped[str | None] = mapped_column(String(64))

    OrderList: Mapped[list["Order"]] = relationship(back_populates="Customer", passive_deletes="all")


class Department(Base):
    """The rows of the table Department."""

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
        back_populates="WorksForDepartment", foreign_keys="Employee.WorksForDepartmentId", passive_deletes="all"
    )
    OnLoanEmployeeList: Mapped[list["Employee"]] = relationship(
        back_populates="OnLoanDepartment", foreign_keys="Employee.OnLoanDepartmentId", passive_deletes="all"
    )


class Employee(Base):
    """The rows of the table Employee."""

    __tablename__ = "Employee"

    Id: Mapped[int] = mapped_column(primary_key=True)
    LastName: Mapped[str] = mapped_column(String(60))
    FirstName: Mapped[str] = mapped_column(String(60))
    Title: Mapped[str | None] = mapped_column(String(60))
    TitleOfCourtesy: Mapped[str | None] = mapped_column(String(20))
    BirthDate: Mapped[dt.date | None]
    HireDate: Mapped[dt.date | None]
    Address: Mapped[str | None] = mapped_column(String(120))
    City: Mapped[str | None] = mapped_column(String(60))
    Region: Mapped[str | None] = mapped_column(String(50), index=True)
    PostalCode: Mapped[str | None] = mapped_column(String(20))
    Country: Mapped[str | None] = mapped_column(String(40))
    HomePhone: Mapped[str | None] = mapped_column(String(30))
    Extension: Mapped[str | None] = mapped_column(String(10))
    ReportsTo: Mapped[int | None] = mapped_column(ForeignKey("Employee.Id", ondelete="RESTRICT"), index=True)
    EmployeeType: Mapped[str | None] = mapped_column(String(20))
    Salary: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    WorksForDepartmentId: Mapped[int | None] = mapped_column(
        ForeignKey("Department.Id", ondelete="RESTRICT"), index=True
    )
    OnLoanDepartmentId: Mapped[int | None] = mapped_column(ForeignKey("Department.Id", ondelete="RESTRICT"), index=True)
    UnionId: Mapped[int | None]
    Dues: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    Email: Mapped[str | None] = mapped_column(String(120))

    ReportsToEmployee: Mapped["Employee | None"] = relationship(
        back_populates="ReportsToEmployeeList", remote_side=[Id]
    )
    WorksForDepartment: Mapped["Department | None"] = relationship(
        back_populates="WorksForEmployeeList", foreign_keys=[WorksForDepartmentId]
    )
    OnLoanDepartment: Mapped["Department | None"] = relationship(
        back_populates="OnLoanEmployeeList", foreign_keys=[OnLoanDepartmentId]
    )
    ReportsToEmployeeList: Mapped[list["Employee"]] = relationship(
        back_populates="ReportsToEmployee", passive_deletes="all"
    )
    EmployeeAuditList: Mapped[list["EmployeeAudit"]] = relationship(back_populates="Employee", passive_deletes="all")
    EmployeeTerritoryList: Mapped[list["EmployeeTerritory"]] = relationship(
        back_populates="Employee", passive_deletes="all"
    )
    OrderList: Mapped[list["Order"]] = relationship(back_populates="Employee", passive_deletes="all")


class EmployeeAudit(Base):
    """The rows of the table EmployeeAudit."""

    __tablename__ = "EmployeeAudit"

    Id: Mapped[int] = mapped_column(primary_key=True)
    EmployeeId: Mapped[int] = mapped_column(ForeignKey("Employee.Id", ondelete="RESTRICT"), index=True)
    LastName: Mapped[str] = mapped_column(String(60))
    FirstName: Mapped[str] = mapped_column(String(60))
    Title: Mapped[str | None] = mapped_column(String(60))
    Salary: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    CreatedOn: Mapped[dt.datetime]

    Employee: Mapped["m.Employee"] = relationship("Employee", back_populates="EmployeeAuditList")


class EmployeeTerritory(Base):
    """The rows of the table EmployeeTerritory."""

    __tablename__ = "EmployeeTerritory"
    __table_args__ = (UniqueConstraint("EmployeeId", "TerritoryId"),)

    Id: Mapped[str] = mapped_column(String(40), primary_key=True)
    EmployeeId: Mapped[int] = mapped_column(ForeignKey("Employee.Id", ondelete="RESTRICT"), index=True)
    TerritoryId: Mapped[str] = mapped_column(ForeignKey("Territory.Id", ondelete="RESTRICT"), index=True)

    Employee: Mapped["m.Employee"] = relationship("Employee", back_populates="EmployeeTerritoryList")
    Territory: Mapped["m.Territory"] = relationship("Territory", back_populates="EmployeeTerritoryList")


class Expense(Base):
    """The rows of the table Expense."""

    __tablename__ = "Expense"

    Id: Mapped[int] = mapped_column(primary_key=True)
    OrganizationId: Mapped[str] = mapped_column(String(40), index=True)
    SpentOn: Mapped[dt.date]
    Purpose: Mapped[str] = mapped_column(String(80))
    Amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))


class Invoice(Base):
    """The rows of the table Invoice."""

    __tablename__ = "Invoice"

    Id: Mapped[int] = mapped_column(primary_key=True)
    OrganizationId: Mapped[str] = mapped_column(String(40), index=True)
    IssuedOn: Mapped[dt.date]
    Amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))


class Order(Base):
    """The rows of the table Order."""

    __tablename__ = "Order"

    Id: Mapped[int] = mapped_column(primary_key=True)
    CustomerId: Mapped[str] = mapped_column(ForeignKey("Customer.Id", ondelete="RESTRICT"), index=True)
    EmployeeId: Mapped[int | None] = mapped_column(ForeignKey("Employee.Id", ondelete="RESTRICT"), index=True)
    OrderDate: Mapped[dt.date | None]
    RequiredDate: Mapped[dt.date | None]
    ShippedDate: Mapped[dt.date | None]
    ShipVia: Mapped[int | None] = mapped_column(ForeignKey("Shipper.Id", ondelete="RESTRICT"), index=True)
    Freight: Mapped[Decimal] = mapped_column(Numeric(12, 2), default=Decimal(0), server_default="0")
    ShipName: Mapped[str | None] = mapped_column(String(80))
    ShipAddress: Mapped[str | None] = mapped_column(String(120))
    ShipCity: Mapped[str | None] = mapped_column(String(60))
    ShipRegion: Mapped[str | None] = mapped_column(String(50))
    ShipPostalCode: Mapped[str | None] = mapped_column(String(20))
    ShipCountry: Mapped[str | None] = mapped_column(String(40))
    AmountTotal: Mapped[Decimal] = mapped_column(Numeric(12, 2), default=Decimal(0), server_default="0")
    Country: Mapped[str | None] = mapped_column(String(40))
    City: Mapped[str | None] = mapped_column(String(60))
    Ready: Mapped[bool] = mapped_column(default=True, server_default=text("1"))
    OrderDetailCount: Mapped[int] = mapped_column(default=0, server_default="0")
    CloneFromOrder: Mapped[int | None] = mapped_column(ForeignKey("Order.Id", ondelete="RESTRICT"), index=True)
    CreatedOn: Mapped[dt.datetime | None]
    CreatedBy: Mapped[str | None] = mapped_column(String(64))
    UpdatedOn: Mapped[dt.datetime | None]
    UpdatedBy: Mapped[str | None] = mapped_column(String(64))

    Customer: Mapped["m.Customer"] = relationship("Customer", back_populates="OrderList")
    Employee: Mapped["m.Employee | None"] = relationship("Employee", back_populates="OrderList")
    Shipper: Mapped["m.Shipper | None"] = relationship("Shipper", back_populates="OrderList")
    CloneFromParent: Mapped["Order | None"] = relationship(back_populates="CloneFromOrderList", remote_side=[Id])
    CloneFromOrderList: Mapped[list["Order"]] = relationship(back_populates="CloneFromParent", passive_deletes="all")
    OrderDetailList: Mapped[list["OrderDetail"]] = relationship(
        back_populates="Order", cascade="all, delete-orphan", passive_deletes=True
    )


class OrderDetail(Base):
    """The rows of the table OrderDetail."""

    __tablename__ = "OrderDetail"

    Id: Mapped[int] = mapped_column(primary_key=True)
    OrderId: Mapped[int] = mapped_column(ForeignKey("Order.Id", ondelete="CASCADE"), index=True)
    ProductId: Mapped[int] = mapped_column(ForeignKey("Product.Id", ondelete="RESTRICT"), index=True)
    UnitPrice: Mapped[Decimal] = mapped_column(Numeric(12, 2), default=Decimal(0), server_default="0")
    Quantity: Mapped[int] = mapped_column(default=1, server_default="1")
    Discount: Mapped[float] = mapped_column(default=0.0, server_default="0")
    Amount: Mapped[Decimal] = mapped_column(Numeric(12, 2), default=Decimal(0), server_default="0")
    ShippedDate: Mapped[dt.date | None]

    Order: Mapped["m.Order"] = relationship("Order", back_populates="OrderDetailList")
    Product: Mapped["m.Product"] = relationship("Product", back_populates="OrderDetailList")


class Product(Base):
    """The rows of the table Product."""

    __tablename__ = "Product"

    Id: Mapped[int] = mapped_column(primary_key=True)
    ProductName: Mapped[str] = mapped_column(String(80))
    SupplierId: Mapped[int | None] = mapped_column(ForeignKey("Supplier.Id", ondelete="RESTRICT"), index=True)
    CategoryId: Mapped[int | None] = mapped_column(ForeignKey("Category.Id", ondelete="RESTRICT"), index=True)
    QuantityPerUnit: Mapped[str | None] = mapped_column(String(50))
    UnitPrice: Mapped[Decimal] = mapped_column(Numeric(12, 2), default=Decimal(0), server_default="0")
    UnitsInStock: Mapped[int] = mapped_column(default=0, server_default="0")
    UnitsOnOrder: Mapped[int] = mapped_column(default=0, server_default="0")
    ReorderLevel: Mapped[int] = mapped_column(default=0, server_default="0")
    Discontinued: Mapped[bool] = mapped_column(default=False, server_default=text("0"), index=True)
    UnitsShipped: Mapped[int] = mapped_column(default=0, server_default="0")

    Supplier: Mapped["m.Supplier | None"] = relationship("Supplier", back_populates="ProductList")
    Category: Mapped["m.Category | None"] = relationship("Category", back_populates="ProductList")
    OrderDetailList: Mapped[list["OrderDetail"]] = relationship(back_populates="Product", passive_deletes="all")


class Region(Base):
    """The rows of the table Region."""

    __tablename__ = "Region"

    Id: Mapped[int] = mapped_column(primary_key=True)
    RegionDescription: Mapped[str] = mapped_column(String(50))

    TerritoryList: Mapped[list["Territory"]] = relationship(back_populates="Region", passive_deletes="all")


class Shipper(Base):
    """The rows of the table Shipper."""

    __tablename__ = "Shipper"

    Id: Mapped[int] = mapped_column(primary_key=True)
    CompanyName: Mapped[str] = mapped_column(String(80))
    Phone: Mapped[str | None] = mapped_column(String(30))

    OrderList: Mapped[list["Order"]] = relationship(back_populates="Shipper", passive_deletes="all")


class Supplier(Base):
    """The rows of the table Supplier."""

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


class Territory(Base):
    """The rows of the table Territory."""

    __tablename__ = "Territory"

    Id: Mapped[str] = mapped_column(String(20), primary_key=True)
    TerritoryDescription: Mapped[str] = mapped_column(String(50))
    RegionId: Mapped[int] = mapped_column(ForeignKey("Region.Id", ondelete="RESTRICT"), index=True)

    Region: Mapped["m.Region"] = relationship("Region", back_populates="TerritoryList")
    EmployeeTerritoryList: Mapped[list["EmployeeTerritory"]] = relationship(
        back_populates="Territory", passive_deletes="all"
    )
