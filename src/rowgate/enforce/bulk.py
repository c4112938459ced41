"""ORM ``update()`` and ``delete()``: the verb, the rows, WITH CHECK and the reference check, all in sets.

The rows are found and locked first, the statement is then confined to them, and what they have become is checked after.
Business rules and webhooks work on the unit of work, not on these statements; so on an entity that one of them concerns
they are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import Delete, Result, Update, select
from sqlalchemy.orm import Mapper, ORMExecuteState
from sqlalchemy.sql.elements import BindParameter

from rowgate.enforce.dependents import refuse_hidden_dependents
from rowgate.enforce.fields import is_closed_in_some, refuse_closed, refuse_closed_in_rows
from rowgate.enforce.keys import any_of, identity_columns
from rowgate.enforce.read import enforce, refusals_reported, refuse_verb, report
from rowgate.enforce.references import Reference, refuse_missing
from rowgate.enforce.rows import Key, Matched, is_unconditional, lock_rows, refuse_unless_checked
from rowgate.enforce.scope import Scope
from rowgate.enforce.write import refuse_read_only
from rowgate.errors import StatementRefused
from rowgate.mapped import mapper_of, table_of
from rowgate.types import Access

if TYPE_CHECKING:
    from rowgate.enforce.session import SecureSession

__all__ = ["execute"]


def execute(session: SecureSession, state: ORMExecuteState) -> Result[Any]:
    """Run an ORM bulk statement.

    Raises:
        AccessRefused, ReadOnlyColumn, ReferenceMissing, CheckRefused, StillReferenced: nothing was written; the
            session has been rolled back.
        StatementRefused: a Core statement, one with a list of parameters or RETURNING, or one on an entity that
            rules or webhooks concern.
    """
    statement = state.statement
    if not isinstance(statement, Update | Delete) or not state.is_orm_statement or state.bind_mapper is None:
        raise StatementRefused("A secured session does not run Core update() and delete().")
    parameters = state.parameters or {}
    if not isinstance(parameters, Mapping) or statement._returning:
        raise StatementRefused("A secured session does not run bulk statements with RETURNING or a list of rows.")
    entity = state.bind_mapper.class_
    access = Access.UPDATE if isinstance(statement, Update) else Access.DELETE
    if entity in session.gate.governed:
        raise StatementRefused(
            f"Business rules or webhooks concern {entity.__name__}, and a bulk statement would pass them by.",
            hint="Change the objects and flush.",
        )
    try:
        session.flush()
        with refusals_reported(session, [session.decide(entity, access)]):
            return _checked(session, state, statement, entity, access, parameters)
    except BaseException:
        session.undo()
        raise


def _checked(
    session: SecureSession,
    state: ORMExecuteState,
    statement: Update | Delete,
    entity: type,
    access: Access,
    parameters: Mapping[str, Any],
) -> Result[Any]:
    started = perf_counter()
    decision = refuse_verb(session, entity, access)
    values = _values(statement, entity, parameters) if isinstance(statement, Update) else {}
    refuse_read_only(session, entity, values)
    refuse_closed(session, entity, access, values)
    _refuse_new_keys(entity, values)
    before: dict[Key, Matched] | None = None
    # A row that anyone may delete can still have dependents that are hidden.
    takes_others = access is Access.DELETE and decision.by != "superuser"
    in_rows = is_closed_in_some(session, entity, access, values)
    if takes_others or in_rows or not is_unconditional(session, entity, access):
        before = _lock(session, statement, entity, access, parameters)
        statement = statement.where(any_of(identity_columns(entity), list(before)))
    with session.within(Scope.CHECKS):
        if in_rows:
            refuse_closed_in_rows(session, entity, access, dict.fromkeys(before or (), values))
        refuse_missing(session, _references(entity, values))
        deletes = {entity: list(before)} if before is not None and access is Access.DELETE else {}
        after = refuse_hidden_dependents(session, deletes)
    state.statement = statement
    enforce(session, state)
    session.sent = None
    with session.writing():
        # "evaluate" would compare in Python, where a claim has no value.
        result = state.invoke_statement(execution_options={"synchronize_session": "fetch"})
    with session.within(Scope.CHECKS):
        if before is not None and access is Access.UPDATE:
            refuse_unless_checked(session, entity, access, before)
        after()
    rows = int(getattr(result, "rowcount", 0))
    report(session, access, [decision], sent=session.sent, rows=rows, started=started)
    return result


def _lock(
    session: SecureSession, statement: Update | Delete, entity: type, access: Access, parameters: Mapping[str, Any]
) -> dict[Key, Matched]:
    """The rows that the statement may touch: its own WHERE, read as the client reads; then those the verb may touch."""
    columns = identity_columns(entity)
    query = select(*columns)
    if statement.whereclause is not None:
        query = query.where(statement.whereclause)
    keys = [tuple(row) for row in session.execute(query, dict(parameters))]
    with session.within(Scope.CHECKS):
        return lock_rows(session, entity, access, keys).matched


def _values(statement: Update, entity: type, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What SET says, by attribute name."""
    mapper = mapper_of(entity)
    said: dict[str, Any] = {}
    pairs = list((statement._values or {}).items()) + list(statement._ordered_values or ())
    for column, value in pairs:
        said[_attribute(mapper, column)] = _said(value, parameters)
    for name, value in parameters.items():
        if name in mapper.column_attrs or name in mapper.local_table.c:
            said[_attribute(mapper, name)] = value
    return said


def _attribute(mapper: Mapper[Any], column: Any) -> str:
    """The attribute's name of a column, which may be named by its attribute, by its own name, or be given itself."""
    if isinstance(column, str):
        if column in mapper.column_attrs:
            return column
        column = mapper.local_table.c[column]
    return mapper.get_property_by_column(column).key


def _said(value: Any, parameters: Mapping[str, Any]) -> Any:
    if isinstance(value, BindParameter):
        return parameters.get(value.key, value.effective_value)
    return value


def _refuse_new_keys(entity: type, values: Mapping[str, Any]) -> None:
    # The rows are found again by their keys when they are checked afterwards.
    mapper = mapper_of(entity)
    keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    if any(name in values for name in keys):
        raise StatementRefused(
            f"A bulk update sets {', '.join(keys)}, the primary key; its rows cannot be checked afterwards.",
            hint="Change the objects one by one.",
        )


def _references(entity: type, values: Mapping[str, Any]) -> list[Reference]:
    mapper = mapper_of(entity)
    made: list[Reference] = []
    for constraint in table_of(entity).foreign_key_constraints:
        names = [mapper.get_property_by_column(element.parent).key for element in constraint.elements]
        if not any(name in values for name in names):
            continue
        new = tuple(values.get(name, _LEFT) for name in names)
        if any(value is _LEFT or hasattr(value, "__clause_element__") or hasattr(value, "compile") for value in new):
            raise StatementRefused(
                f"A bulk update sets {', '.join(names)} to an expression; its target cannot be checked beforehand.",
                hint="Set the whole foreign key to plain values, or change the objects one by one.",
            )
        reference = Reference.through(constraint, new, names[0])
        if reference is not None:
            made.append(reference)
    return made


_LEFT = object()
