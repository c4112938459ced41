"""Documents in folders under a relationship schema: shared with an expiry, caveats and bans; a hidden attribute."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from rowgate.policy import Policy
from rowgate.types import Access, Principal

SCHEMA = """
use expiration

caveat from_region(region string, allowed string) {
  region == allowed
}

definition user {}

definition agent {}

definition group {
  relation member: user | group#member
}

definition folder {
  relation viewer: user | group#member
  permission view = viewer
}

definition document {
  relation folder: folder
  relation owner: user
  relation author: user
  relation viewer: user | user with expiration | user with from_region | group#member | user:* | agent
  relation editor: user | user with expiration
  relation banned: user | user with expiration
  relation sharer: user

  /** Whoever may change it. */
  permission edit = (owner + editor) - banned

  /** Whoever may read it. */
  permission view = (viewer + owner + author + editor + sharer + folder->view) - banned

  permission inherited = folder->view

  permission share = owner + sharer + editor + viewer
  permission share_sharer = owner
}
"""


class Base(DeclarativeBase):
    """The models of the tests of sharing."""


class Folder(Base):
    """A folder of documents."""

    __tablename__ = "Folder"

    id: Mapped[int] = mapped_column(primary_key=True)
    hidden: Mapped[bool] = mapped_column(default=False)


class Document(Base):
    """A document that can be shared."""

    __tablename__ = "Document"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(40))
    owner: Mapped[str | None] = mapped_column(String(40))
    author: Mapped[str | None] = mapped_column(String(40))
    secret: Mapped[bool] = mapped_column(default=False)
    folder_id: Mapped[int | None] = mapped_column(ForeignKey("Folder.id"))

    folder: Mapped[Folder | None] = relationship()


class Memo(Base):
    """No type of the schema."""

    __tablename__ = "Memo"

    id: Mapped[int] = mapped_column(primary_key=True)


@dataclass(frozen=True, kw_only=True)
class Person(Principal):
    """Who asks."""

    region: str | None = None
    agent: str | None = None


class Unhidden:
    """Folders may be hidden."""

    hidden: Mapped[bool]


class Open:
    """Documents may be secret."""

    secret: Mapped[bool]


policy = Policy(Person, roles=["chief", "clerk"], superuser="chief")
policy.permission("clerk", Access.ALL)
policy.global_filter(Unhidden, lambda row, user: row.hidden == False)  # noqa: E712 - an SQL expression
policy.global_filter(Open, lambda row, user: row.secret == False)  # noqa: E712
policy.hide(Document, "author", unless=["chief"])
policy.relations(SCHEMA, also={"agent": lambda user: user.agent})
policy.relation(Document, "folder", Document.folder_id, subject="folder")
policy.relation(Document, "owner", Document.owner, subject="user")
policy.relation(Document, "author", Document.author, subject="user")
policy.relation_grant(Document, "view", access=Access.READ)
policy.relation_grant(Document, "edit", access=Access.UPDATE)

people: dict[str, Principal] = {
    each: Person(id=each, roles=frozenset({"clerk"}), region="EU") for each in ("anna", "bob", "carl", "dora", "emil")
} | {"chief": Person(id="chief", roles=frozenset({"chief"}))}

people["bot"] = Person(id="anna", roles=frozenset({"clerk"}), region="EU", agent="bot")
"""An agent that acts for anna."""


def rows() -> list[Base]:
    """Two folders, one of them hidden; three documents, one of them secret."""
    return [
        Folder(id=3),
        Folder(id=4, hidden=True),
        Document(id=1, title="plan", owner="anna", author="carl", folder_id=3),
        Document(id=2, title="secret plan", owner="anna", secret=True),
        Document(id=5, title="notes", owner="bob", folder_id=4),
    ]
