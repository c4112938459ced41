"""Stamping: who made a row and when, who changed it last and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Mapper, Session

from rowgate.mapped import state_of

CREATED = ("CreatedOn", "CreatedBy")
UPDATED = ("UpdatedOn", "UpdatedBy")

SYSTEM = "system"
"""What is written for a session that acts for nobody (a trusted one)."""


def stamped_columns(mapper: Mapper[Any]) -> tuple[str, ...]:
    """The stamp columns that a mapped class has, by the four names above."""
    return tuple(name for name in CREATED + UPDATED if name in mapper.column_attrs)


def stamp(session: Session, entities: Iterable[type]) -> None:
    """Stamp the rows that the flush is about to write. Times are UTC, without a zone.

    Args:
        session: its ``principal`` is who changes the rows.
        entities: the mapped classes that are stamped.
    """
    kinds = tuple(entities)
    principal = getattr(session, "principal", None)
    who = SYSTEM if principal is None else str(principal.id)
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    for row in session.new:
        if isinstance(row, kinds):
            _write(row, CREATED, now, who)
    for row in session.dirty:
        if isinstance(row, kinds) and session.is_modified(row, include_collections=False):
            _write(row, UPDATED, now, who)


def _write(row: object, names: tuple[str, str], now: dt.datetime, who: str) -> None:
    columns = state_of(row).mapper.column_attrs
    for name, value in zip(names, (now, who), strict=True):
        if name in columns:
            setattr(row, name, value)
