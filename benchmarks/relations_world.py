"""The world that relationship grants are measured in: documents in nested folders, shared with nested groups.

A company of some size: for every document a twentieth of a folder and a hundredth of a group. Folders form a tree of
depth 6, groups a tree in which every one's members are also those of the group above. A fifth of the folders and a
twentieth of the documents are shared with a group. Two readers are measured: ``few`` is shared as many documents in a
large company as in a small one, ``many`` a tenth of all.
"""

from __future__ import annotations

# Nothing but constants and numbers is put together here.
# ruff: noqa: S608
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, Engine, ForeignKey, Index, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from rowgate.enforce import Gate
from rowgate.policy import Policy
from rowgate.relations.table import metadata as relationships
from rowgate.types import Access, Principal

__all__ = ["DEPTH", "SCHEMA", "Document", "Folder", "Role", "World", "build", "gate_of"]

DEPTH = 6
"""Folders stand this deep in each other."""

SCHEMA = """
definition user {}

definition group {
  relation member: user | group#member
}

definition folder {
  relation parent: folder
  relation viewer: user | group#member
  permission view = viewer + parent->view
}

definition document {
  relation folder: folder
  relation viewer: user | group#member
  permission view = viewer + folder->view
}
"""


class Base(DeclarativeBase):
    """The tables of the columns that state relations."""


class Folder(Base):
    """A folder in a folder."""

    __tablename__ = "folder"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("folder.id"), index=True)
    name: Mapped[str] = mapped_column(Text)


class Document(Base):
    """A document in a folder; ``number`` is another order than that of the key."""

    __tablename__ = "document"
    id: Mapped[int] = mapped_column(primary_key=True)
    folder_id: Mapped[int] = mapped_column(ForeignKey("folder.id"), index=True)
    number: Mapped[int]
    title: Mapped[str] = mapped_column(Text)


Index("ix_document_number", Document.number)


class Role(StrEnum):
    """The readers' role, and one that sees everything."""

    ADMIN = "admin"
    READER = "reader"


@dataclass(frozen=True)
class World:
    """What is built.

    Attributes:
        documents, folders, groups: how many there are; their ids begin with 1.
        stated: whether columns state folders and parents; otherwise the relation table does.
    """

    documents: int
    folders: int
    groups: int
    stated: bool

    @property
    def branches(self) -> int:
        """How many folders stand in one, so that the deepest have :data:`DEPTH` with themselves and above them."""
        found = 2
        while sum(found**level for level in range(DEPTH)) < self.folders:
            found += 1
        return found

    @classmethod
    def of(cls, documents: int, *, stated: bool) -> World:
        """The world of so many documents."""
        return cls(documents, max(documents // 20, 40), max(documents // 100, 10), stated)


def build(engine: Engine, world: World) -> None:
    """Make the tables and rows, with the database's own statements, and have it count them."""
    Base.metadata.create_all(engine)
    relationships.create_all(engine)
    with engine.begin() as connection:
        _fill(connection, world)
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))


_RELATIONSHIP = (
    "INSERT INTO relationships "
    "(resource_type, resource_id, relation, subject_type, subject_id, subject_relation, created_at) "
)


def _fill(connection: Connection, world: World) -> None:
    number = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) "

    def rows(count: int, insert: str, select: str) -> None:
        connection.execute(text(insert + number.format(count) + "SELECT " + select + " FROM n WHERE true"))

    def share(count: int, select: str) -> None:
        # Two shares may fall on the same pair.
        insert = number.format(count) + "SELECT " + select + ", '2026-01-01' FROM n WHERE true ON CONFLICT DO NOTHING"
        connection.execute(text(_RELATIONSHIP + insert))

    documents, folders, groups, b = world.documents, world.folders, world.groups, world.branches
    # Strides that are prime to everything spread ids evenly and are the same on every database.
    spread = f"(CAST(i AS bigint) * 48271 % {folders}) + 1"
    rows(
        folders,
        "INSERT INTO folder (id, parent_id, name) ",
        f"i, CASE WHEN i > 1 THEN (i - 2) / {b} + 1 END, 'Folder ' || i",
    )
    rows(
        documents,
        "INSERT INTO document (id, folder_id, number, title) ",
        f"i, {spread}, CAST(i AS bigint) * 7919 % 1000003, 'Document ' || i",
    )
    if not world.stated:
        share(folders, f"'folder', CAST(i AS text), 'parent', 'folder', CAST((i - 2) / {b} + 1 AS text), ''")
        connection.execute(text("DELETE FROM relationships WHERE resource_type = 'folder' AND resource_id = '1'"))
        share(documents, f"'document', CAST(i AS text), 'folder', 'folder', CAST({spread} AS text), ''")
    share(groups - 1, "'group', CAST((i + 1) / 3 + 1 AS text), 'member', 'group', CAST(i + 1 AS text), 'member'")
    share(
        documents // 10,
        f"'group', CAST(CAST(i AS bigint) * 7907 % {groups} + 1 AS text), 'member', 'user', 'u' || i, ''",
    )
    share(
        folders // 5,
        f"'folder', CAST(CAST(i AS bigint) * 6151 % {folders} + 1 AS text), 'viewer', "
        f"'group', CAST(CAST(i AS bigint) * 3571 % {groups} + 1 AS text), 'member'",
    )
    share(
        documents // 20,
        f"'document', CAST(CAST(i AS bigint) * 8191 % {documents} + 1 AS text), 'viewer', "
        f"'group', CAST(CAST(i AS bigint) * 2749 % {groups} + 1 AS text), 'member'",
    )
    _readers(connection, world)


def _readers(connection: Connection, world: World) -> None:
    """Two users in groups of their own within groups, and what is shared with those."""

    def share(*rows: tuple[str, object, str, str, object, str]) -> None:
        values = ", ".join("(" + ", ".join(f"'{each}'" for each in row) + ", '2026-01-01')" for row in rows)
        connection.execute(text(f"{_RELATIONSHIP} VALUES {values}"))

    def member(group: str, subject: str, behind: str = "") -> tuple[str, object, str, str, object, str]:
        return ("group", group, "member", "group" if behind else "user", subject, behind)

    for reader in ("few", "many"):
        share(
            member(f"{reader}-team", reader),
            member(f"{reader}-unit", f"{reader}-team", "member"),
            member(f"{reader}-floor", f"{reader}-unit", "member"),
        )
    last, each = world.folders, world.documents // 20
    shared = [(last - place * 3, "few-floor") for place in range(5)]
    # Folders of the fourth level: as many as make up a tenth, with all below them.
    first = 2 + world.branches + world.branches**2
    many = [(first + place * 10, "many-floor") for place in range(max(1, round(world.branches**3 / 10)))]
    share(*(("folder", folder, "viewer", "group", group, "member") for folder, group in shared + many))
    singles = [(1 + place * each, reader) for reader in ("few", "many") for place in range(20)]
    share(*(("document", document, "viewer", "group", f"{reader}-unit", "member") for document, reader in singles))
    share(*(("document", document + 1, "viewer", "user", reader, "") for document, reader in singles))


def gate_of(engine: Engine, world: World) -> Gate:
    """The tables under a policy whose only grant is the permission."""
    policy = Policy(Principal, superuser=Role.ADMIN)
    policy.permission(Role.READER, Access.READ)
    policy.relations(SCHEMA, subject="user", claim=lambda user: user.id)
    if world.stated:
        policy.relation(Folder, "parent", Folder.parent_id, subject="folder")
        policy.relation(Document, "folder", Document.folder_id, subject="folder")
    policy.relation_grant(Document, "view")
    return Gate(policy, engine, models=Base)
