"""Small mapped classes, one for each shape that enforcement has to get right, and a policy over all of them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from rowgate.policy import Policy
from rowgate.types import Access, Principal


class Base(DeclarativeBase):
    pass


class Owned:
    """Rows belong to somebody, and only they see them."""

    owner: Mapped[str]


person_tag = Table(
    "person_tag",
    Base.metadata,
    Column("person_id", ForeignKey("person.id"), primary_key=True),
    Column("tag_id", ForeignKey("tag.id"), primary_key=True),
)


class Team(Base):
    __tablename__ = "team"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(default="ann")
    name: Mapped[str] = mapped_column(default="")
    people: Mapped[list[Person]] = relationship(back_populates="team", passive_deletes="all")


class Person(Base):
    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(default="ann")
    name: Mapped[str] = mapped_column(default="")
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    team: Mapped[Team | None] = relationship(back_populates="people")
    tags: Mapped[list[Tag]] = relationship(secondary=person_tag)


class Tag(Base):
    __tablename__ = "tag"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(default="ann")


class Badge(Base):
    """Refers to a person by a relationship that the person does not know of, and by a column of another name."""

    __tablename__ = "badge"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(default="ann")
    person_id: Mapped[int | None] = mapped_column("holder", ForeignKey("person.id", ondelete="SET NULL"))
    person: Mapped[Person | None] = relationship()


class Slot(Base):
    """A primary key of two columns."""

    __tablename__ = "slot"
    day: Mapped[int] = mapped_column(primary_key=True)
    hour: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(default="ann")
    bookings: Mapped[list[Booking]] = relationship(back_populates="slot", cascade="all, delete-orphan")


class Booking(Base):
    __tablename__ = "booking"
    __table_args__ = (ForeignKeyConstraint(["day", "hour"], ["slot.day", "slot.hour"]),)
    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(default="ann")
    day: Mapped[int | None]
    hour: Mapped[int | None]
    slot: Mapped[Slot | None] = relationship(back_populates="bookings")


class Node(Base):
    """A tree that is deleted from the top by the database."""

    __tablename__ = "node"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(default="ann")
    above_id: Mapped[int | None] = mapped_column(ForeignKey("node.id", ondelete="CASCADE"))
    leaves: Mapped[list[Leaf]] = relationship(passive_deletes="all")


class Leaf(Base):
    """Below a node: the grandchild of a delete."""

    __tablename__ = "leaf"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(default="ann")
    node_id: Mapped[int] = mapped_column(ForeignKey("node.id", ondelete="CASCADE"))


class Note(Base):
    """Free for all to read; the role writer may change its own, and add what is short."""

    __tablename__ = "note"
    id: Mapped[int] = mapped_column(primary_key=True)
    writer: Mapped[str] = mapped_column(default="ann")
    text: Mapped[str] = mapped_column(default="")
    length: Mapped[int] = mapped_column(default=0)


@dataclass(frozen=True, kw_only=True)
class User(Principal):
    name: str | None = None


def make_policy() -> Policy[User]:
    """Everyone sees and changes the own rows; readers only read; of notes all are seen, and the own ones changed."""
    policy = Policy(User, superuser="root", roles=["root", "user", "reader", "writer"])
    policy.permission("user", Access.ALL)
    policy.permission("reader", Access.READ)
    policy.permission("writer", Access.ALL)
    policy.global_filter(Owned, lambda row, user: row.owner == user.name)
    policy.grant(Note, "writer", access=Access.READ)
    policy.grant(
        Note,
        "writer",
        access=Access.INSERT | Access.UPDATE | Access.DELETE,
        where=lambda row, user: row.writer == user.name,
        check=lambda row, user: (row.writer == user.name) & (row.length < 10),
    )
    return policy


ANN = User(id="ann", name="ann", roles=frozenset({"user"}))
BOB = User(id="bob", name="bob", roles=frozenset({"user"}))
NOBODY = User(id="nobody", roles=frozenset({"user"}))
READER = User(id="reader", name="ann", roles=frozenset({"reader"}))
WRITER = User(id="writer", name="ann", roles=frozenset({"writer"}))
ROOT = User(id="root", roles=frozenset({"root"}))
