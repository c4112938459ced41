"""The life of filtered rows on MariaDB: read, found, included, added, changed and removed, and hidden all the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, ForeignKey, Numeric, String, delete, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, aliased, mapped_column, relationship

from rowgate.enforce import Gate
from rowgate.policy import Policy
from rowgate.types import Access, Principal
from tests.api.conftest import Served, serve

pytestmark = pytest.mark.mariadb


class Base(DeclarativeBase):
    """Base of the classes here."""


class Shop(Base):
    """A shop of one tenant."""

    __tablename__ = "Shop"

    Id: Mapped[int] = mapped_column(primary_key=True)
    Name: Mapped[str] = mapped_column(String(40))
    Tenant: Mapped[int]

    SaleList: Mapped[list[Sale]] = relationship(
        back_populates="Shop", cascade="all, delete-orphan", passive_deletes=True
    )


class Sale(Base):
    """What a shop sold."""

    __tablename__ = "Sale"

    Id: Mapped[int] = mapped_column(primary_key=True)
    ShopId: Mapped[int] = mapped_column(ForeignKey("Shop.Id", ondelete="CASCADE"))
    Amount: Mapped[float] = mapped_column(Numeric(10, 2))
    Tenant: Mapped[int]
    Secret: Mapped[str | None] = mapped_column(String(40))

    Shop: Mapped[Shop] = relationship(back_populates="SaleList")


class Roles(StrEnum):
    """Who there is."""

    clerk = "clerk"
    boss = "boss"


@dataclass(frozen=True, kw_only=True)
class User(Principal):
    """Somebody of a tenant."""

    tenant: int | None = None


class Tenanted:
    """Rows of a tenant."""

    Tenant: Mapped[int]


policy: Policy[Any] = Policy(User, superuser=Roles.boss)
policy.permission(Roles.clerk, Access.ALL)
policy.global_filter(Tenanted, lambda row, user: row.Tenant == user.tenant)
policy.grant(Sale, Roles.clerk, where=lambda row, user: row.Amount < 100)
policy.hide(Sale, "Secret", unless=[Roles.boss])

PEOPLE: dict[str, Principal] = {
    "ann": User(id="ann", roles=frozenset({"clerk"}), tenant=1),
    "bob": User(id="bob", roles=frozenset({"clerk"}), tenant=2),
    "boss": User(id="boss", roles=frozenset({"boss"})),
}


@pytest.fixture(scope="module")
def engine(mariadb_databases: Callable[[], Engine]) -> Engine:
    """An empty database with the tables."""
    made = mariadb_databases()
    Base.metadata.create_all(made)
    return made


@pytest.fixture
def served(engine: Engine, tmp_path: Path) -> Iterator[Served]:
    """The rows of two tenants, served."""
    with Session(engine) as session:
        session.execute(delete(Sale))
        session.execute(delete(Shop))
        session.add_all([Shop(Id=1, Name="one", Tenant=1), Shop(Id=2, Name="two", Tenant=2)])
        session.flush()
        session.add_all(
            [
                Sale(Id=1, ShopId=1, Amount=10, Tenant=1, Secret="s"),
                Sale(Id=2, ShopId=1, Amount=500, Tenant=1),
                Sale(Id=3, ShopId=2, Amount=10, Tenant=2),
                Sale(Id=4, ShopId=1, Amount=20, Tenant=2),
            ]
        )
        session.commit()
    yield serve(engine, policy, Base, PEOPLE, tmp_path)
    engine.dispose()


def _sales(engine: Engine) -> dict[int, str]:
    with Session(engine) as session:
        return {each.Id: f"{each.Amount} {each.Secret}" for each in session.scalars(select(Sale))}


def test_reading(served: Served) -> None:
    assert served.ids("ann", "/api/Sale?sort=Id") == ["1"]
    assert served.ids("bob", "/api/Sale?sort=Id") == ["3", "4"]
    assert served.ids("boss", "/api/Sale?sort=-Id&page[size]=2") == ["4", "3"]
    assert served.ids("ann", "/api/Sale?filter[Amount][ge]=10&filter[Shop.Name]=one") == ["1"]
    document = served.get("ann", "/api/Shop?include=SaleList&page[total]=true")
    assert [each["id"] for each in document["included"]] == ["1"]
    assert "Secret" not in document["included"][0]["attributes"]
    served.fault(404, "ann", "GET", "/api/Sale/3")
    served.fault(404, "ann", "GET", "/api/Sale/2")
    assert served.ids("ann", "/api/Shop/1/SaleList") == ["1"]


def test_writing(served: Served, engine: Engine) -> None:
    new = {"type": "Sale", "attributes": {"ShopId": 1, "Amount": 30.5, "Tenant": 1}}
    made = served.ask("ann", "POST", "/api/Sale", json={"data": new})
    assert made.status_code == 201, made.get_data(as_text=True)
    place = f"/api/Sale/{made.get_json()['data']['id']}"
    change = {"type": "Sale", "id": made.get_json()["data"]["id"], "attributes": {"Amount": 40}}
    assert served.ask("ann", "PATCH", place, json={"data": change}).status_code == 200
    assert served.ask("ann", "DELETE", place).status_code in (200, 204)
    assert served.ask("boss", "DELETE", "/api/Shop/1").status_code in (200, 204)
    assert set(_sales(engine)) == {3}


def test_what_is_hidden_is_not_written(served: Served, engine: Engine) -> None:
    before = _sales(engine)
    for row in ("2", "3", "4"):
        change = {"type": "Sale", "id": row, "attributes": {"Amount": 1}}
        served.fault(404, "ann", "PATCH", f"/api/Sale/{row}", json={"data": change})
        served.fault(404, "ann", "DELETE", f"/api/Sale/{row}")
    new = {"type": "Sale", "attributes": {"ShopId": 1, "Amount": 1, "Tenant": 2}}
    served.fault(403, "ann", "POST", "/api/Sale", json={"data": new})
    change = {"type": "Sale", "id": "1", "attributes": {"Amount": 200}}
    served.fault(403, "ann", "PATCH", "/api/Sale/1", json={"data": change})
    new = {"type": "Sale", "attributes": {"ShopId": 2, "Amount": 1, "Tenant": 1}}
    served.fault(409, "ann", "POST", "/api/Sale", json={"data": new})  # the shop is not hers to see
    served.fault(409, "ann", "DELETE", "/api/Shop/1")  # it has sales that she may not see
    assert _sales(engine) == before


def test_statements_on_many_rows(served: Served, engine: Engine) -> None:
    with _session(served.gate, "ann") as session:
        assert session.execute(update(Sale).values(Amount=99)).rowcount == 1
        assert session.execute(update(Sale).where(Sale.Shop.has(Shop.Name == "one")).values(Amount=98)).rowcount == 1
        other = aliased(Sale)
        hidden = select(other.Id).where(other.Secret.is_not(None))
        assert session.execute(update(Sale).where(Sale.Id.in_(hidden)).values(Amount=1)).rowcount == 0
        session.commit()
    assert _sales(engine) == {1: "98.00 s", 2: "500.00 None", 3: "10.00 None", 4: "20.00 None"}
    with _session(served.gate, "bob") as session:
        assert session.execute(delete(Sale).where(Sale.Amount > 0)).rowcount == 2
        session.commit()
    assert set(_sales(engine)) == {1, 2}


def test_a_column_that_is_hidden_is_not_read_by_a_write(served: Served, engine: Engine) -> None:
    with _session(served.gate, "ann") as session:
        assert session.execute(update(Sale).where(Sale.Secret == "s").values(Amount=1)).rowcount == 0
        assert session.execute(delete(Sale).where(Sale.Secret == "s")).rowcount == 0
        session.commit()
    assert _sales(engine)[1] == "10.00 s"


# No row is left to write, so the condition is FALSE and joins nothing.
@pytest.mark.filterwarnings("ignore:.*statement has a cartesian product:sqlalchemy.exc.SAWarning")
def test_joined_rows_of_an_update_are_filtered(served: Served, engine: Engine) -> None:
    """MariaDB's UPDATE of several tables: the joined table shows what the user sees of it, and no more."""
    before = _sales(engine)
    with _session(served.gate, "bob") as session:
        # Sale 4 is bob's, its shop is ann's.
        joined = update(Sale).where(Sale.ShopId == Shop.Id, Shop.Name == "one").values(Amount=1)
        assert session.execute(joined).rowcount == 0
        session.commit()
    assert _sales(engine) == before


def _session(gate: Gate, user: str) -> Any:
    return gate.session(PEOPLE[user], writes=True)
