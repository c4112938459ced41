"""Writing under field rules: what a client may not see or not write, it does not write, and does not copy.

Reading needs nothing here: the compiler writes NULL for what is hidden. A write works on the table itself, so

* a column that the client set, or that a relationship it changed will write, must be open to it: in every row, or in
  the row as it is before an update, or as it was inserted;
* an SQL expression given to an attribute may not read a hidden column (``employee.Title = Employee.Salary``);
* business rules must see the value that the client's copy of the row lacks, and the client must not see it after them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, ColumnElement, and_, select, true
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ClauseElement

from rowgate.enforce.changes import Change
from rowgate.enforce.keys import any_of, chunks, identity_columns
from rowgate.enforce.rows import Key, flag
from rowgate.errors import FieldRefused, StatementRefused, ValueMissing
from rowgate.mapped import mapper_of, state_of
from rowgate.policy.fields import names_of
from rowgate.types import Access

if TYPE_CHECKING:
    from rowgate.enforce.session import SecureSession

__all__ = [
    "forget_hidden_values",
    "is_closed_in_some",
    "open_in",
    "refuse_closed",
    "refuse_closed_in_rows",
    "refuse_hidden_sources",
    "without_hidden",
]


def refuse_closed(session: SecureSession, entity: type, access: Access, names: Iterable[str]) -> None:
    """Refuse attributes that the client may write in no row.

    Args:
        access: INSERT or UPDATE.
        names: of the attributes that the write sets.

    Raises:
        FieldRefused: names every such attribute.
    """
    closed = session.decide(entity, access).fields.closed
    faults = [name for name, column in _columns(entity, names).items() if column in closed]
    if faults:
        raise FieldRefused.of(entity.__name__, faults)


def refuse_closed_in_rows(
    session: SecureSession, entity: type, access: Access, rows: Mapping[Key, Iterable[str]]
) -> None:
    """Refuse attributes that the client may not write in these rows, with one query for all of them.

    Args:
        session: must be within its scope for checks.
        access: UPDATE, before the rows are written; or INSERT, after they were.
        rows: by primary key: the names of the attributes that the write sets.

    Raises:
        FieldRefused: for the first row where one may not be written.
    """
    named = _columns(entity, {name for names in rows.values() for name in names})
    asked = session.decide(entity, access).fields.of(named.values())
    if not asked:
        return
    keys = identity_columns(entity)
    for run in chunks(list(rows)):
        query = select(*keys, *(flag(condition) for condition in asked.values())).where(any_of(keys, run))
        if access is Access.UPDATE:
            # Until the write, the row stays as it was judged.
            query = query.with_for_update(key_share=True)
        for found in session.execute(query.order_by(*keys)):
            values = tuple(found)
            is_open = dict(zip(asked, values[len(keys) :], strict=True))
            faults = [name for name in rows[values[: len(keys)]] if not is_open.get(named[name], 1)]
            if faults:
                raise FieldRefused.of(entity.__name__, faults)


def is_closed_in_some(session: SecureSession, entity: type, access: Access, names: Iterable[str]) -> bool:
    """Whether the client may not write one of these attributes in some rows, so that the rows have to be looked at."""
    return bool(session.decide(entity, access).fields.of(_columns(entity, names).values()))


def refuse_hidden_sources(session: SecureSession, changes: Iterable[Change]) -> None:
    """Refuse SQL expressions among the values the client set, where they read a column that is hidden from it.

    Raises:
        FieldRefused: an expression reads one.
        StatementRefused: an expression reads a whole row, hidden columns and all.
    """
    for change in changes:
        values = state_of(change.obj).dict
        for name in sorted(change.columns):
            value: Any = values.get(name)
            expression = value.__clause_element__() if hasattr(value, "__clause_element__") else value
            if isinstance(expression, ClauseElement):
                _refuse_hidden_source(session, change.entity, name, expression)


def _refuse_hidden_source(session: SecureSession, entity: type, name: str, expression: ClauseElement) -> None:
    for element in visitors.iterate(expression):
        table = getattr(element, "table", None)
        owner = session.gate.tables.entities.get(getattr(table, "fullname", ""))
        if owner is None:
            continue
        hidden = session.decide(owner, Access.READ).fields.open_in
        if hidden and not isinstance(element, Column):
            raise StatementRefused(f"{entity.__name__}.{name} is set to an expression that reads a whole row.")
        if element in hidden:
            raise FieldRefused(
                f"{name} of {entity.__name__} is set to an expression that reads a hidden attribute.",
                hint="Set plain values.",
                pointers=[f"/data/attributes/{name}"],
            )


def forget_hidden_values(session: SecureSession) -> None:
    """Drop the hidden attributes of all loaded rows, so that each is read again on the authority of the moment.

    Before rules run they are NULL, and the rules must see what is there; afterwards they may hold what is there, and
    the client must not see it. A value that the client set itself, where it may, stays.
    """
    entities = session.gate.bound.entities.values()
    if not any(declared.fields for declared in entities):
        return
    for obj in list(session.identity_map.values()):
        state = state_of(obj)
        hidden = session.decide(state.mapper.class_, Access.READ).fields.open_in
        if not hidden or not state.persistent or obj in session.deleted:
            continue
        names = [
            prop.key
            for prop in state.mapper.column_attrs
            if prop.columns[0] in hidden and prop.key in state.dict and not state.attrs[prop.key].history.has_changes()
        ]
        if names:
            session.expire(obj, names)


def without_hidden(session: SecureSession, error: ValueMissing) -> ValueMissing:
    """The error for a row that lacks values, without the names of attributes that are hidden from the client."""
    missing = {pointer.rpartition("/")[2] for pointer in error.pointers}
    for entity in session.gate.bound.entities:
        closed = session.decide(entity, Access.READ).fields.closed
        if closed and missing.intersection(names_of(closed, mapper_of(entity))):
            return ValueMissing(
                "A row needs a value that you may not set.", hint="Somebody who may set it has to write the row."
            )
    return error


def open_in(session: SecureSession, entity: type, access: Access, columns: Iterable[Any]) -> ColumnElement[bool] | None:
    """The condition on rows in which all these columns are open to a verb; None for every row."""
    conditions = session.decide(entity, access).fields.of(columns)
    return and_(true(), *conditions.values()) if conditions else None


def _columns(entity: type, names: Iterable[str]) -> dict[str, Any]:
    attributes = mapper_of(entity).column_attrs
    return {name: attributes[name].columns[0] for name in sorted(names)}
