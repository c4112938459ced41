"""Dependents of a row that is deleted or given another key: what changes along must be the client's to change.

Databases and mappers delete dependent rows, or change their foreign keys, by themselves (``ON DELETE CASCADE``,
``ON UPDATE CASCADE``, a relationship without ``passive_deletes``). A client who may write a parent may not thereby
change a child that is hidden from it, so such a write is refused in the words of a foreign key that still refers to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import ForeignKeyConstraint, and_, case, literal_column, select, true
from sqlalchemy.orm import RelationshipDirection, RelationshipProperty

from rowgate.enforce.fields import open_in
from rowgate.enforce.keys import any_of, chunks
from rowgate.enforce.rows import Key, lock_rows, refuse_unless_checked
from rowgate.errors import StillReferenced
from rowgate.mapped import mapper_of, table_of
from rowgate.types import Access

if TYPE_CHECKING:
    from rowgate.enforce.session import SecureSession

__all__ = ["refuse_hidden_dependents"]


# What writing a parent does to the rows that a foreign key ties to it; None for nothing.
_Effect: TypeAlias = Callable[[type, ForeignKeyConstraint], Access | None]


@dataclass(frozen=True)
class _Dependency:
    """A foreign key by which writing a parent changes its children, and the verb that this amounts to."""

    child: type
    constraint: ForeignKeyConstraint
    access: Access


def refuse_hidden_dependents(
    session: SecureSession,
    deleted: Mapping[type, Sequence[Key]],
    rekeyed: Mapping[type, Sequence[Key]] | None = None,
) -> Callable[[], None]:
    """Check all rows that a write would change along, down to the last level.

    Args:
        session: must be within its scope for checks.
        deleted: primary keys of the rows to be deleted, by entity.
        rekeyed: primary keys, as they still are, of rows that get other values in columns that foreign keys refer to.

    Returns:
        The check of the rest, to be called after the write: WITH CHECK on the rows whose reference changed.

    Raises:
        StillReferenced: a dependent row is hidden, or not the principal's to change.
    """
    if session.holder.superuser:
        return lambda: None
    seen: set[tuple[type, Key]] = {(entity, key) for entity, keys in deleted.items() for key in keys}
    cut_loose: dict[type, set[Key]] = defaultdict(set)
    waiting = [(entity, list(keys), _on_delete) for entity, keys in deleted.items()]
    waiting += [(entity, list(keys), _on_update) for entity, keys in (rekeyed or {}).items()]
    while waiting:
        parent, parent_keys, effect = waiting.pop()
        for dependency in _dependencies(session, parent, effect):
            found = _children(session, dependency, parent, parent_keys)
            fresh = [key for key in found if (dependency.child, key) not in seen]
            if fresh and dependency.access is Access.DELETE:
                seen.update((dependency.child, key) for key in fresh)
                waiting.append((dependency.child, fresh, _on_delete))
            elif fresh:
                cut_loose[dependency.child].update(fresh)
    written = {
        child: lock_rows(session, child, Access.UPDATE, [key for key in keys if (child, key) not in seen]).matched
        for child, keys in cut_loose.items()
    }

    def rest() -> None:
        for child, matched in written.items():
            refuse_unless_checked(session, child, Access.UPDATE, matched)

    return rest


def _dependencies(session: SecureSession, parent: type, effect: _Effect) -> Iterator[_Dependency]:
    parent_table = table_of(parent)
    for child in session.gate.tables.entities.values():
        table = table_of(child)
        for constraint in table.foreign_key_constraints:
            if constraint.referred_table is parent_table:
                access = effect(parent, constraint)
                if access is not None:
                    yield _Dependency(child, constraint, access)


def _on_delete(parent: type, constraint: ForeignKeyConstraint) -> Access | None:
    action = (constraint.ondelete or "").upper()
    if action == "CASCADE":
        return Access.DELETE
    if action in ("SET NULL", "SET DEFAULT"):
        return Access.UPDATE
    for relationship in _collections(parent, constraint):
        if relationship.passive_deletes != "all":
            return Access.DELETE if relationship.cascade.delete else Access.UPDATE
    return None


def _on_update(parent: type, constraint: ForeignKeyConstraint) -> Access | None:
    if (constraint.onupdate or "").upper() in ("CASCADE", "SET NULL", "SET DEFAULT"):
        return Access.UPDATE
    return Access.UPDATE if any(not each.passive_updates for each in _collections(parent, constraint)) else None


def _collections(parent: type, constraint: ForeignKeyConstraint) -> Iterator[RelationshipProperty[Any]]:
    """The parent's relationships to the children that a foreign key makes."""
    for relationship in mapper_of(parent).relationships:
        if relationship.direction is RelationshipDirection.ONETOMANY and not relationship.viewonly:
            written = {remote for _, remote in relationship.synchronize_pairs or ()}
            if not written.isdisjoint(constraint.columns):
                yield relationship


def _children(session: SecureSession, dependency: _Dependency, parent: type, keys: Sequence[Key]) -> Iterator[Key]:
    child_mapper = mapper_of(dependency.child)
    parent_columns = [element.column for element in dependency.constraint.elements]
    allowed = [
        condition
        for access in {Access.READ, dependency.access}
        if (condition := _touchable(session, dependency.child, access)) is not None
    ]
    if dependency.access is Access.UPDATE:
        # The foreign key will be written: it must be open to the client.
        written = [element.parent for element in dependency.constraint.elements]
        condition = open_in(session, dependency.child, Access.UPDATE, written)
        allowed += [] if condition is None else [condition]
    flag = case((and_(true(), *allowed), 1), else_=0)
    parent_table = table_of(parent)
    for run in chunks(keys):
        of_parents = any_of(list(mapper_of(parent).primary_key), run)
        parents = select(*parent_columns).select_from(parent_table).where(of_parents).subquery()
        joined = [element.parent == parents.c[element.column.key] for element in dependency.constraint.elements]
        query = select(flag, *child_mapper.primary_key).where(
            select(literal_column("1")).select_from(parents).where(*joined).exists()
        )
        for row in session.execute(query):
            if not row[0]:
                raise StillReferenced(f"Other rows still refer to this {parent.__name__}.")
            yield tuple(row[1:])


def _touchable(session: SecureSession, entity: type, access: Access) -> Any:
    decision = session.decide(entity, access)
    return decision.condition if access is Access.READ else decision.rows
