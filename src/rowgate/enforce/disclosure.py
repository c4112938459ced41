"""Refusals of business rules, told in full only to those who see every row that the text quotes."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from rowgate.enforce.keys import any_of, chunks, identity_columns
from rowgate.errors import RuleRefused
from rowgate.types import Access

if TYPE_CHECKING:
    from rowgate.enforce.session import SecureSession

__all__ = ["disclose"]


def disclose(session: SecureSession, error: RuleRefused) -> RuleRefused:
    """The refusal as the session's principal may read it.

    Args:
        session: rolled back, so that rows are judged as they were before the change.
        error: as the rules raised it.

    Returns:
        The error with its full text and pointers, where all rows it quotes are visible; else the error as it is.
    """
    if error.full_detail is None:
        return error
    quoted: dict[type, list[tuple[Any, ...]]] = defaultdict(list)
    for entity, key in error.rows:
        quoted[entity].append(key)
    for entity, keys in quoted.items():
        if session.decide(entity, Access.READ).refused:
            return error
        columns = identity_columns(entity)
        for run in chunks(keys):
            if len(session.execute(select(*columns).where(any_of(columns, run))).all()) < len(run):
                return error
    return error.in_full()
