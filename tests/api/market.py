"""Regions within regions, firms and their deals: rows to query, with rows and columns that a clerk may not see.

Rows are plain dicts, so that tests can say what an answer must be without asking a database. ``twin`` makes rows that
differ from others only in what is hidden from the clerk: whatever a clerk asks, the two must answer in the same words.
"""

from __future__ import annotations

import datetime as dt
import enum
import random
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from sqlalchemy import Connection, Enum, ForeignKey, LargeBinary, Numeric, String, Time, Uuid, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from rowgate.policy import Policy
from rowgate.types import Access, Principal

Rows: TypeAlias = "dict[str, list[dict[str, Any]]]"


class Base(DeclarativeBase):
    """The models of the tests of the query language."""


class Colour(enum.Enum):
    """In the order of the alphabet, which is SQLite's."""

    amber = 1
    blue = 2
    cyan = 3


class Area(Base):
    """A region, which may lie in another."""

    __tablename__ = "Area"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(20))
    within_id: Mapped[int | None] = mapped_column(ForeignKey("Area.id"))
    shown: Mapped[bool]

    within: Mapped[Area | None] = relationship(back_populates="parts", remote_side="Area.id")
    parts: Mapped[list[Area]] = relationship(back_populates="within")
    firms: Mapped[list[Firm]] = relationship(back_populates="area")


class Firm(Base):
    """A firm, with a column of each type that can be compared."""

    __tablename__ = "Firm"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    town: Mapped[str | None] = mapped_column(String(20))
    rating: Mapped[int | None]
    worth: Mapped[Decimal | None] = mapped_column(Numeric(12, 3))
    share: Mapped[float | None]
    since: Mapped[dt.date | None]
    seen: Mapped[dt.datetime | None]
    opens: Mapped[dt.time | None] = mapped_column(Time)
    token: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    stamp: Mapped[bytes | None] = mapped_column(LargeBinary)
    active: Mapped[bool | None]
    colour: Mapped[Colour | None] = mapped_column(Enum(Colour))
    secret: Mapped[int | None]
    code: Mapped[int | None]
    area_id: Mapped[int | None] = mapped_column(ForeignKey("Area.id"))
    shown: Mapped[bool]

    area: Mapped[Area | None] = relationship(back_populates="firms")
    deals: Mapped[list[Deal]] = relationship(back_populates="firm")


class Deal(Base):
    """A deal of a firm's; its key has two parts."""

    __tablename__ = "Deal"

    book: Mapped[str] = mapped_column(String(10), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    note: Mapped[str | None] = mapped_column(String(20))
    amount: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    firm_id: Mapped[int | None] = mapped_column(ForeignKey("Firm.id"))
    shown: Mapped[bool]

    firm: Mapped[Firm | None] = relationship(back_populates="deals")


@dataclass(frozen=True, kw_only=True)
class Person(Principal):
    """Who asks."""


policy = Policy(Person, roles=["chief", "clerk"])
policy.permission("chief", Access.ALL)
policy.permission("clerk", Access.READ)
for entity in (Area, Firm, Deal):
    policy.grant(entity, "clerk", access=Access.READ, where=lambda row, user: row.shown.is_(True))
policy.hide(Firm, "code", unless=["chief"])
policy.hide(Firm, "secret", unless=["chief"], where=lambda row, user: row.rating < 3)

people: dict[str, Principal] = {name: Person(id=name, roles=frozenset({name})) for name in ("chief", "clerk")}

SETTINGS = {"page_size": 50, "page_size_max": 200}
MODELS = {"Area": Area, "Firm": Firm, "Deal": Deal}
WORDS = ("ash", "bay", "cedar", "dune", "elm", "fir_x", "go%d", "h\\t")


def rows(seed: int) -> Rows:
    """Rows with many ties, many NULLs, and a third of them hidden from the clerk."""
    chance = random.Random(seed)  # noqa: S311 - repeatable rows, no secrets

    def some(*values: Any) -> Any:
        return chance.choice((None, *values))

    def shown() -> bool:
        return chance.random() < 0.6

    areas = [
        {"id": each, "name": some(*WORDS), "within_id": some(*range(1, each)) if each > 1 else None, "shown": shown()}
        for each in range(1, 9)
    ]
    firms = [{"id": each, **_firm(chance), "shown": shown()} for each in range(1, 31)]
    deals = [
        {
            "book": chance.choice("abc"),
            "number": each,
            "note": some(*WORDS),
            "amount": some(Decimal("0.10"), Decimal("2.50"), Decimal("-3.00")),
            "firm_id": some(*range(1, 16)),
            "shown": shown(),
        }
        for each in range(1, 51)
    ]
    return {"Area": areas, "Firm": firms, "Deal": deals}


def _firm(chance: random.Random) -> dict[str, Any]:
    def some(*values: Any) -> Any:
        return chance.choice((None, *values))

    return {
        "name": chance.choice(WORDS),
        "town": some(*WORDS),
        "rating": some(1, 2, 3, 4, -5),
        "worth": some(Decimal("1.005"), Decimal("1.500"), Decimal("-20.000")),
        "share": some(0.1, 0.25, -1e300),
        "since": some(dt.date(2020, 2, 29), dt.date(1999, 1, 1)),
        "seen": some(dt.datetime(2024, 5, 31, 16), dt.datetime(2024, 5, 31, 16, 0, 0, 1)),
        "opens": some(dt.time(8), dt.time(16, 30)),
        "token": some(uuid.UUID(int=7), uuid.UUID(int=2**127 + 5)),
        "stamp": some(b"\x00\x01", b"\xff"),
        "active": some(True, False),
        "colour": some(*Colour),
        "secret": some(1, 2, 3),
        "code": some(1, 2, 3),
        "area_id": some(*range(1, 9)),
    }


def twin(of: Rows, seed: int) -> Rows:
    """Rows that differ from *of* in everything that is hidden from the clerk, and in nothing else."""
    chance = random.Random(seed)  # noqa: S311 - repeatable rows, no secrets
    made: Rows = {"Area": [], "Firm": [], "Deal": []}
    for row in of["Area"]:
        other = {"name": chance.choice(WORDS), "within_id": chance.choice((None, 1)) if row["id"] > 1 else None}
        made["Area"].append(row if row["shown"] else row | other)
    for row in of["Firm"]:
        # Where the rating is NULL the rule's condition is neither true nor false, and so the secret is hidden as well.
        veiled = row["rating"] is None or row["rating"] < 3
        changed = row if row["shown"] else row | _firm(chance)
        if veiled:
            changed = changed | {"secret": chance.choice((None, 7, 8))}
        made["Firm"].append(changed | {"code": chance.choice((None, 5, 6))})
    for row in of["Deal"]:
        other = {"note": chance.choice(WORDS), "amount": Decimal(9), "firm_id": chance.randint(1, 30)}
        made["Deal"].append(row if row["shown"] else row | other)
    return made


def fill(connection: Connection, of: Rows) -> None:
    """Insert rows."""
    for name, model in MODELS.items():
        connection.execute(insert(model.__table__), of[name])


def seen_by_clerk(of: Rows) -> Rows:
    """The rows that the clerk sees, as the clerk sees them."""
    made = {name: [dict(row) for row in some if row["shown"]] for name, some in of.items()}
    for row in made["Firm"]:
        del row["code"]
        if row["rating"] is None or row["rating"] < 3:
            row["secret"] = None
    return made
