"""Refusals of business rules, told in full only to those who see every row that the text quotes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from rowgate.enforce.fields import open_in
from rowgate.enforce.keys import any_of, chunks, identity_columns
from rowgate.enforce.scope import Scope
from rowgate.errors import RuleRefused
from rowgate.mapped import mapper_of
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
        The error with its full text and pointers, where all rows and attributes it quotes are visible; else the error
        as it is.
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
    told = {*error.columns, *((error.entity, name) for name in error.attributes if error.entity is not None)}
    return error if _is_any_hidden(session, told, quoted) else error.in_full()


def _is_any_hidden(
    session: SecureSession,
    told: Iterable[tuple[type, str]],
    quoted: Mapping[type, Sequence[tuple[Any, ...]]],
) -> bool:
    """Whether a field rule hides one of the attributes that a refusal tells of, in one of the rows that it quotes."""
    by_entity: dict[type, list[Any]] = defaultdict(list)
    for entity, name in told:
        attributes = mapper_of(entity).column_attrs
        if name in attributes:  # a relationship is told by the rows that it leads to
            by_entity[entity].append(attributes[name].columns[0])
    for entity, columns in by_entity.items():
        if session.decide(entity, Access.READ).fields.closed.intersection(columns):
            return True
        shown = open_in(session, entity, Access.READ, columns)
        if shown is None:
            continue
        keys = identity_columns(entity)
        with session.within(Scope.CHECKS):
            for run in chunks(quoted.get(entity, ())):
                if len(session.execute(select(*keys).where(any_of(keys, run), shown)).all()) < len(run):
                    return True
        if not quoted.get(entity):
            return True  # a row that is not there yet: nothing can say whether it would be hidden in it
    return False
