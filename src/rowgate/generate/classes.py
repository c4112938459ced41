"""What is to be generated: classes with their columns and relationships, as facts, before any text is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, Table

from rowgate.generate.column_types import ColumnType

__all__ = ["ClassPlan", "ColumnPlan", "LinkPlan", "RelationshipPlan", "Report"]


@dataclass(frozen=True, kw_only=True)
class Report:
    """What became of everything the database holds, in words for the person who asked.

    Attributes:
        mapped: the classes of tables, by table.
        views: the classes of views, by view; read-only.
        links: the tables that only join two others; they are many-to-many relationships.
        not_mapped: by table, view or column: why it is not there, and what to do.
        renamed: by table or column: the name it got in Python.
        keys_inferred: by table or view: the columns taken for its key, and why.
        types_not_known: by column: what is not known, and what was made of it.
        left_out: the tables and views that the patterns left out.
    """

    mapped: dict[str, str] = field(default_factory=dict)
    views: dict[str, str] = field(default_factory=dict)
    links: tuple[str, ...] = ()
    not_mapped: dict[str, str] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    keys_inferred: dict[str, str] = field(default_factory=dict)
    types_not_known: dict[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


@dataclass(kw_only=True, eq=False)
class ColumnPlan:
    """A column and the attribute that it becomes.

    Attributes:
        name: the attribute's.
        column: as reflected.
        kind: its type.
        is_key: whether it is part of the key, the database's own or one that was inferred.
        numbered: whether the database numbers it.
        choices: the name of the alias for its values, where they are few; "" for none.
    """

    name: str
    column: Column[Any]
    kind: ColumnType
    is_key: bool
    numbered: bool
    choices: str = ""


@dataclass(kw_only=True, eq=False)
class RelationshipPlan:
    """A relationship attribute.

    Attributes:
        name: the attribute's.
        source: the class that has it.
        target: the class that it leads to.
        to_many: whether it is a list.
        constraint: the foreign key; of a many-to-many one the key that leads from the link table to the target.
        forward: whether the class that has it holds the foreign key.
        back: the name of the same relationship seen from the other side.
        required: whether there always is a target.
        named_keys: whether the foreign key must be told, because there are several between the two.
        link: the link table of a many-to-many one.
        near: of a many-to-many one: the key that leads from the link table to the source.
        overlaps: the other relationships that write one of its columns.
    """

    name: str
    source: ClassPlan
    target: ClassPlan
    to_many: bool
    constraint: ForeignKeyConstraint
    forward: bool
    back: str = ""
    required: bool = False
    named_keys: bool = False
    link: LinkPlan | None = None
    near: ForeignKeyConstraint | None = None
    overlaps: tuple[str, ...] = ()


@dataclass(kw_only=True, eq=False)
class ClassPlan:
    """A class to be.

    Attributes:
        name: the class's.
        table: the table or view, as reflected.
        is_view: whether it is read-only.
        columns: in the database's order.
        unmapped: the names of the columns that are left out.
        relationships: to-one ones first.
        foreign_keys: those that lead to a table which is mapped.
    """

    name: str
    table: Table
    is_view: bool
    columns: list[ColumnPlan] = field(default_factory=list)
    unmapped: list[str] = field(default_factory=list)
    relationships: list[RelationshipPlan] = field(default_factory=list)
    foreign_keys: list[ForeignKeyConstraint] = field(default_factory=list)

    @property
    def key(self) -> list[ColumnPlan]:
        """The columns of the primary key."""
        return [each for each in self.columns if each.is_key]

    def attribute(self, column: str) -> str:
        """The attribute of a column, by the column's name."""
        return next(each.name for each in self.columns if each.column.name == column)


@dataclass(kw_only=True, eq=False)
class LinkPlan:
    """A table that only joins two others.

    Attributes:
        name: of the variable that holds the table.
        table: as reflected.
        columns: its columns.
    """

    name: str
    table: Table
    columns: list[ColumnPlan] = field(default_factory=list)
