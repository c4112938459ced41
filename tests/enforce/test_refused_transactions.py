"""After a refused write nothing of the transaction is ever committed, however the flush came about."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from database.models import Base, Customer
from rowgate.enforce import Gate, SecureSession
from rowgate.errors import CheckRefused, RowgateError
from security.declare_security import User, policy

S1 = User(id="s1", roles=frozenset({"sales"}), client_id=2, region="British Isles")


def outside() -> Customer:
    """A customer of another client, whom s1 may not insert."""
    return Customer(Id="EVILX", CompanyName="x", Client_id=1, CreditLimit=1000, Region="British Isles")


def by_flush(session: SecureSession) -> None:
    session.flush()


def by_commit(session: SecureSession) -> None:
    session.commit()


def by_autoflush(session: SecureSession) -> None:
    session.scalars(select(Customer.Id)).all()


def by_a_new_savepoint(session: SecureSession) -> None:
    session.begin_nested()


def by_the_transaction_itself(session: SecureSession) -> None:
    transaction = session.get_transaction()
    assert transaction is not None
    transaction.commit()


@pytest.mark.parametrize(
    "flush",
    [by_flush, by_commit, by_autoflush, by_a_new_savepoint, by_the_transaction_itself],
    ids=lambda f: f.__name__,
)
def test_a_refused_write_cannot_be_committed_afterwards(
    sample_engine: Engine, flush: Callable[[SecureSession], None]
) -> None:
    gate = Gate(policy, sample_engine, models=Base)
    with gate.session(S1) as session:
        session.scalars(select(Customer)).all()
        session.add(outside())
        with pytest.raises(CheckRefused):
            flush(session)
        with suppress(RowgateError):
            session.commit()
    with Session(sample_engine) as plain:
        assert plain.get(Customer, "EVILX") is None


def test_a_session_is_of_use_again_after_a_refusal(sample_engine: Engine) -> None:
    gate = Gate(policy, sample_engine, models=Base)
    with gate.session(S1) as session:
        session.add(outside())
        with pytest.raises(CheckRefused):
            session.begin_nested()
        session.rollback()
        customer = session.get(Customer, "CTWTR")
        assert customer is not None
        customer.Phone = "555"
        session.commit()
    with Session(sample_engine) as plain:
        assert plain.get_one(Customer, "CTWTR").Phone == "555"
