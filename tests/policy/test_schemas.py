"""Tables of one name in two schemas are refused at start."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from rowgate.policy import BoundPolicy, CheckFailed, Policy
from rowgate.types import Access, Principal


def test_two_tables_of_one_name() -> None:
    class Base(DeclarativeBase):
        pass

    class Invoice(Base):
        __tablename__ = "invoice"
        id: Mapped[int] = mapped_column(primary_key=True)

    class OldInvoice(Base):
        __tablename__ = "invoice"
        __table_args__ = {"schema": "archive"}
        id: Mapped[int] = mapped_column(primary_key=True)

    policy = Policy(Principal, roles=["user"])
    policy.permission("user", Access.READ)
    with pytest.raises(CheckFailed) as caught:
        BoundPolicy(policy, [Invoice, OldInvoice])
    assert [finding.code for finding in caught.value.findings] == ["P010"]
    BoundPolicy(policy, [OldInvoice])
