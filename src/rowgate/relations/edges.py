"""An edge: where relationships of one kind are kept, as something to select from."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, FromClause

from rowgate.relations.keys import Key

__all__ = ["Edge"]


@dataclass(frozen=True, eq=False)
class Edge:
    """Relationships of one kind as something to select from, wherever they are kept.

    Args:
        rows: the table or join; its columns stand in no other edge.
        resource: the id of the resource.
        subject: the id of the subject.
        conditions: that a row states such a relationship, and that it counts.
    """

    rows: FromClause
    resource: Key
    subject: Key
    conditions: tuple[ColumnElement[bool], ...] = ()
