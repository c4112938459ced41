"""A session that runs the sample's rules, with no access checks: what rules do by themselves."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from database.models import Base, Customer, Product
from logic.declare_logic import declare_logic
from rowgate.logic import RuleSet, activate_rules


@dataclass(frozen=True)
class Somebody:
    """Stands for a principal: stamping reads the id only."""

    id: str


def rules_session(rules: RuleSet) -> type[Session]:
    """A session class that calls the rules as the secured session does."""

    class RulesSession(Session):
        principal = Somebody("u1")

    event.listen(RulesSession, "before_flush", rules.before_flush)
    event.listen(RulesSession, "after_flush", rules.after_flush)
    return RulesSession


@pytest.fixture(scope="session")
def rules() -> RuleSet:
    return activate_rules(declare_logic, base=Base)


@pytest.fixture
def session(rules: RuleSet, sample_engine: Engine) -> Iterator[Session]:
    """On a copy of the sample with customers C1, C2 (credit 1000) and products 901 (price 10), 902 (price 7)."""
    with rules_session(rules)(sample_engine) as session:
        add_parties(session)
        yield session


def add_parties(session: Session) -> None:
    for name in ("C1", "C2"):
        session.add(Customer(Id=name, CompanyName=name, CreditLimit=Decimal(1000)))
    for key, price in ((901, 10), (902, 7)):
        session.add(Product(Id=key, ProductName=str(key), UnitPrice=Decimal(price)))
    session.commit()
