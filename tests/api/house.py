"""Models that the sample has none of: a composite key, many to many, every column type, a grant for writing only."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    Table,
    Time,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from rowgate.policy import Policy
from rowgate.types import Access, Principal


class Base(DeclarativeBase):
    """The models of the tests of the API."""


class Colour(enum.Enum):
    """Names that differ from their values."""

    red = "#f00"
    blue = "#00f"


labelled = Table(
    "labelled",
    Base.metadata,
    Column("note_id", ForeignKey("Note.id"), primary_key=True),
    Column("label", ForeignKey("Label.name"), primary_key=True),
)


class Note(Base):
    """A text of somebody's."""

    __tablename__ = "Note"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(100))
    owner: Mapped[str | None] = mapped_column(String(40))

    labels: Mapped[list[Label]] = relationship(secondary=labelled, back_populates="notes")
    top_labels: Mapped[list[Label]] = relationship(
        secondary=labelled,
        secondaryjoin="and_(labelled.c.label == Label.name, Label.rank > 5)",
        viewonly=True,
    )


class Label(Base):
    """A word on notes."""

    __tablename__ = "Label"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    rank: Mapped[int] = mapped_column(SmallInteger, default=0)

    notes: Mapped[list[Note]] = relationship(secondary=labelled, back_populates="labels")


class Seat(Base):
    """A seat in a row of a room: its key has three parts, one of them a date."""

    __tablename__ = "Seat"

    room: Mapped[str] = mapped_column(String(10), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    taken_by: Mapped[str | None] = mapped_column(String(40))

    tickets: Mapped[list[Ticket]] = relationship(back_populates="seat", passive_deletes="all")


class Ticket(Base):
    """A ticket for a seat."""

    __tablename__ = "Ticket"
    __table_args__ = (
        ForeignKeyConstraint(["room", "number", "day"], ["Seat.room", "Seat.number", "Seat.day"]),
        UniqueConstraint("code"),
        CheckConstraint("price >= 0", name="price_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(10))
    price: Mapped[Decimal] = mapped_column(Numeric(30, 10), default=Decimal(0))
    room: Mapped[str | None] = mapped_column(String(10))
    number: Mapped[int | None]
    day: Mapped[dt.date | None]

    seat: Mapped[Seat | None] = relationship(back_populates="tickets")


class Stub(Base):
    """What is torn off a ticket: refers to it by its code, which is not its primary key."""

    __tablename__ = "Stub"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str | None] = mapped_column(ForeignKey("Ticket.code"))

    ticket: Mapped[Ticket | None] = relationship()


class Kinds(Base):
    """One column of every type."""

    __tablename__ = "Kinds"

    id: Mapped[int] = mapped_column(primary_key=True)
    flag: Mapped[bool | None]
    big: Mapped[int | None] = mapped_column(BigInteger)
    exact: Mapped[Decimal | None] = mapped_column(Numeric(30, 10))
    rough: Mapped[float | None]
    moment: Mapped[dt.datetime | None]
    zoned: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    time: Mapped[dt.time | None] = mapped_column(Time)
    token: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    colour: Mapped[Colour | None] = mapped_column(Enum(Colour))
    blob: Mapped[bytes | None] = mapped_column(LargeBinary)
    tree: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))


@dataclass(frozen=True, kw_only=True)
class Person(Principal):
    """Who asks."""


policy = Policy(Person, roles=["chief", "clerk", "writer"])
policy.permission("chief", Access.ALL)
policy.permission("clerk", Access.READ)
policy.grant(Note, "clerk", access=Access.READ, where=lambda row, user: row.owner == user.id)
policy.grant(Note, "clerk", access=Access.INSERT)
policy.grant(Note, "writer", access=Access.INSERT)

people: dict[str, Principal] = {
    "chief": Person(id="chief", roles=frozenset({"chief"})),
    "clerk": Person(id="clerk", roles=frozenset({"clerk"})),
    "writer": Person(id="writer", roles=frozenset({"writer"})),
}
