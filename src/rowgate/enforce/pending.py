"""The foreign keys that pending changes set: what can be checked before the flush, and what only after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKeyConstraint
from sqlalchemy.orm import RelationshipDirection

from rowgate.enforce.changes import Change
from rowgate.enforce.references import Reference, refuse_missing
from rowgate.mapped import mapper_of, state_of, table_of
from rowgate.types import Access

if TYPE_CHECKING:
    from rowgate.enforce.session import SecureSession

__all__ = ["refuse_missing_references"]


def refuse_missing_references(session: SecureSession, changes: Iterable[Change]) -> Callable[[], None]:
    """Check every reference whose target is in the database already.

    Args:
        session: must be within its scope for checks.
        changes: of one flush.

    Returns:
        The check of the rest, to be called after the flush: references to rows that this flush inserts.

    Raises:
        ReferenceMissing: a reference points to no visible row.
    """
    changes = list(changes)
    inserted = _Inserted(changes)
    now: list[Reference] = []
    later: list[tuple[Change, ForeignKeyConstraint]] = []
    for change in changes:
        if change.access is Access.DELETE:
            continue
        for constraint in sorted(change.references, key=lambda made: str(made.column_keys)):
            target = _assigned(change, constraint)
            if target is _UNKNOWN or _is_pending(target):
                later.append((change, constraint))
                continue
            reference = _reference(change, constraint, target)
            if reference is not None and inserted.makes(reference):
                later.append((change, constraint))
            elif reference is not None:
                now.append(reference)
        now.extend(_targets(change))
    refuse_missing(session, now)

    def rest() -> None:
        made = (_reference(change, constraint, _COLUMNS) for change, constraint in later)
        refuse_missing(session, [reference for reference in made if reference is not None])

    return rest


class _Marker:
    pass


_COLUMNS = _Marker()  # the foreign key's columns hold the value
_UNKNOWN = _Marker()  # the flush will fill them in


def _is_pending(target: Any) -> bool:
    return target is not None and not isinstance(target, _Marker) and state_of(target).key is None


def _assigned(change: Change, constraint: ForeignKeyConstraint) -> Any:
    """The object that a relationship will write into a foreign key, None for NULL, or a marker."""
    state = state_of(change.obj)
    for relationship in state.mapper.relationships:
        if relationship.direction is not RelationshipDirection.MANYTOONE or relationship.key not in state.dict:
            continue
        written = {local for _, local in relationship.synchronize_pairs or ()}
        if written == set(constraint.columns) and state.attrs[relationship.key].history.has_changes():
            return state.dict[relationship.key]
    names = _local_names(change, constraint)
    if any(name in change.columns for name in names):
        return _COLUMNS
    return _UNKNOWN  # set from the parent's side


def _reference(change: Change, constraint: ForeignKeyConstraint, target: Any) -> Reference | None:
    names = _local_names(change, constraint)
    if target is None:
        return None
    if target is _COLUMNS:
        state = state_of(change.obj)
        values = tuple(state.dict[name] if name in state.dict else getattr(change.obj, name) for name in names)
    else:
        mapper = state_of(target).mapper
        values = tuple(
            getattr(target, mapper.get_property_by_column(element.column).key) for element in constraint.elements
        )
    return Reference.through(constraint, values, names[0])


def _targets(change: Change) -> Iterator[Reference]:
    """The other ends of many-to-many links."""
    for target in change.targets:
        state = state_of(target)
        if state.identity is not None:
            columns = tuple(str(column.key) for column in state.mapper.primary_key)
            yield Reference(table_of(state.mapper.class_), columns, tuple(state.identity), columns[0])


def _local_names(change: Change, constraint: ForeignKeyConstraint) -> list[str]:
    mapper = mapper_of(change.entity)
    return [mapper.get_property_by_column(element.parent).key for element in constraint.elements]


class _Inserted:
    """Rows that this flush inserts, to be found by what a reference says."""

    def __init__(self, changes: Iterable[Change]) -> None:
        self._states = [state_of(change.obj) for change in changes if change.access is Access.INSERT]

    def makes(self, reference: Reference) -> bool:
        for state in self._states:
            if state.mapper.local_table is reference.table:
                names = [state.mapper.get_property_by_column(reference.table.c[name]).key for name in reference.columns]
                if tuple(state.dict.get(name) for name in names) == reference.values:
                    return True
        return False
