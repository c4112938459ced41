"""Rows a verb touches: which grants match them before the write, and whether they pass WITH CHECK after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import ColumnElement, Row, and_, case, literal_column, select

from rowgate.enforce.keys import any_of, chunks, identity_columns
from rowgate.errors import AccessRefused, CheckRefused, RowNotFound
from rowgate.types import Access

if TYPE_CHECKING:
    from rowgate.enforce.session import SecureSession

__all__ = [
    "Key",
    "Locked",
    "Matched",
    "flag",
    "is_unconditional",
    "lock_or_refuse",
    "lock_rows",
    "refuse_unless_checked",
]

Key: TypeAlias = tuple[Any, ...]
# For each grant that gives the verb, in the decision's order: did the row satisfy its ``where`` before the write?
Matched: TypeAlias = tuple[bool, ...]


@dataclass(frozen=True)
class Locked:
    """Visible rows, locked until the transaction ends."""

    matched: dict[Key, Matched]
    untouchable: set[Key]


def lock_rows(session: SecureSession, entity: type, access: Access, keys: Sequence[Key]) -> Locked:
    """Read and lock the visible rows among those that are about to be updated or deleted.

    Args:
        session: must be within its scope for checks.
        access: UPDATE or DELETE; the verb itself is known to be given.
        keys: primary keys.

    Returns:
        What matched each row that the verb may touch; and the visible rows that it may not.
    """
    decision = session.decide(entity, access)
    visible = session.decide(entity, Access.READ).condition
    flags = [flag(verdict.sql) for verdict in decision.giving]
    columns = identity_columns(entity)
    locked = Locked({}, set())
    for run in chunks(list(keys)):
        query = select(*columns, flag(decision.rows), *flags).where(any_of(columns, run))
        query = query if visible is None else query.where(visible)
        for row in session.execute(query.order_by(*columns).with_for_update(key_share=True)):
            key, allowed, grants = _split(row, len(columns))
            if allowed:
                locked.matched[key] = grants
            else:
                locked.untouchable.add(key)
    return locked


def lock_or_refuse(session: SecureSession, entity: type, access: Access, keys: Sequence[Key]) -> dict[Key, Matched]:
    """Like :func:`lock_rows`, for rows that a client named one by one.

    Raises:
        RowNotFound: a row does not exist, or is hidden.
        AccessRefused: a row is visible, but this verb may not touch it.
    """
    locked = lock_rows(session, entity, access, keys)
    for key in keys:
        if key in locked.untouchable:
            verb = (access.name or "").lower()
            raise AccessRefused(f"You may read this {entity.__name__}, but not {verb} it.")
        if key not in locked.matched:
            raise RowNotFound.of(entity.__name__)
    return locked.matched


def is_unconditional(session: SecureSession, entity: type, access: Access) -> bool:
    """Whether the principal sees every row of an entity and may touch each with the verb, whichever rule gives it."""
    decision = session.decide(entity, access)
    if decision.by == "grants":
        return False  # WITH CHECK asks which of the grants held the row before
    return decision.condition is None and session.decide(entity, Access.READ).condition is None


def refuse_unless_checked(
    session: SecureSession, entity: type, access: Access, written: Mapping[Key, Matched | None]
) -> None:
    """WITH CHECK: each written row satisfies every global filter, and the check of a grant that allowed the write.

    Args:
        session: must be within its scope for checks, after the rows were written.
        access: INSERT or UPDATE.
        written: for each row's primary key, what matched it before; None for a new row.

    Raises:
        CheckRefused: a row does not; which condition failed is not told, it may speak of hidden values.
    """
    decision = session.decide(entity, access)
    giving = decision.giving
    if decision.by != "grants" and decision.filter_sql is None:
        return
    columns = identity_columns(entity)
    checks = [flag(decision.check_of(verdict)) for verdict in giving]
    for run in chunks(list(written)):
        query = select(*columns, flag(decision.filter_sql), *checks).where(any_of(columns, run))
        for row in session.execute(query):
            key, filtered, passed = _split(row, len(columns))
            before = written[key]
            allowed = decision.by != "grants" or any(
                check and (before is None or before[index]) for index, check in enumerate(passed)
            )
            if not (filtered and allowed):
                verb = "insert" if access is Access.INSERT else "update"
                raise CheckRefused(f"You may not {verb} this {entity.__name__}: it would be outside of your rows.")


def flag(condition: ColumnElement[bool] | None) -> ColumnElement[int]:
    """A condition as a column: 1 where it holds, 0 where it does not or is unknown; 1 for no condition."""
    # A CASE, because a bare condition in the column list is NULL where it is unknown, and not every database has it.
    one: ColumnElement[int] = literal_column("1")
    return one if condition is None else case((and_(condition), 1), else_=0)


def _split(row: Row[Any], width: int) -> tuple[Key, bool, Matched]:
    values = tuple(row)
    return values[:width], bool(values[width]), tuple(bool(value) for value in values[width + 1 :])
