"""Relationships as a principal may read them: what it may not see of the rows they name is left out.

A path from a row to a subject names other objects. Of those that are rows, an id is shown where the principal sees the
row, and of what a column states, where no field rule hides that column from it. A hidden row is left out exactly as one
that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

from sqlalchemy import Column, select

from rowgate.api.resources import Key
from rowgate.api.service import Service
from rowgate.enforce import SecureSession
from rowgate.enforce.columns import fetch
from rowgate.enforce.keys import any_of, chunks
from rowgate.policy.relation_binding import BoundRelations
from rowgate.relations.columns import ColumnRelation, PathRelation
from rowgate.types import Access
from rowgate.zed.relationships import WILDCARD, ObjectRef, Relationship, SubjectRef

__all__ = ["HIDDEN", "Shown"]

HIDDEN: Final = "(hidden)"
"""What stands in the place of an id."""


class Shown:
    """What a principal may read of some relationships.

    Args:
        service: as the principal knows it.
        session: whose principal reads.
        relations: the schema.
        known: objects whose ids the principal knows: the row that was asked about, and itself.
        objects: all others that are going to be shown.
    """

    def __init__(
        self,
        service: Service,
        session: SecureSession,
        relations: BoundRelations,
        *,
        known: Iterable[ObjectRef],
        objects: Iterable[ObjectRef],
    ) -> None:
        self._session = session
        self._relations = relations
        self._known = frozenset(known)
        self._visible = self._known.union(self._seen(service, set(objects) - self._known))

    def relationship(self, given: Relationship) -> Relationship:
        """A relationship without the ids that the principal may not see."""
        resource, subject = self.object(given.resource), self.object(ObjectRef(given.subject.type, given.subject.id))
        if self._is_closed(given):
            resource = resource if given.resource in self._known else ObjectRef(resource.type, HIDDEN)
            subject = ObjectRef(subject.type, HIDDEN)
        return replace(given, resource=resource, subject=SubjectRef(subject.type, subject.id, given.subject.relation))

    def object(self, given: ObjectRef) -> ObjectRef:
        """An object, or its type alone where it is a row that the principal may not see."""
        is_row = given.type in self._entities and given.id != WILDCARD
        return given if not is_row or given in self._visible else ObjectRef(given.type, HIDDEN)

    @cached_property
    def _entities(self) -> Mapping[str, type]:
        return {kind: entity for entity, kind in self._relations.types.items()}

    def _seen(self, service: Service, objects: Iterable[ObjectRef]) -> Iterator[ObjectRef]:
        """Those of the objects that are rows which the principal sees; one statement for a type."""
        by_type: dict[str, set[str]] = {}
        for each in objects:
            by_type.setdefault(each.type, set()).add(each.id)
        for kind, identifiers in by_type.items():
            entity = self._entities.get(kind)
            if entity is None or self._session.decide(entity, Access.READ).refused:
                continue
            resource = service.resources.of(entity)
            keys: list[Key] = [key for each in sorted(identifiers) if (key := resource.key_of(each)) is not None]
            columns = [part.of for part in resource.key]
            for run in chunks(keys):
                for row in fetch(self._session, select(*columns).where(any_of(columns, run))):
                    yield ObjectRef(kind, resource.id_of(tuple(row)))

    # --- columns

    def _is_closed(self, given: Relationship) -> bool:
        """Whether columns state it that are hidden from the principal, or rows between its resource and its subject."""
        subject = given.subject
        kind = (given.resource.type, given.relation, subject.type, subject.relation)
        stating = [each for each in self._relations.compiled.columns if each.kind == kind]
        # The relation table may not hold such a kind, so one of these states it; which one is not known.
        return any(self._hides(each) for each in stating)

    def _hides(self, stated: ColumnRelation) -> bool:
        if not isinstance(stated, PathRelation):
            return False
        used: set[Any] = {*stated.resource, *stated.subject}
        return bool(stated.hops) or not used.isdisjoint(self._hidden_columns)

    @cached_property
    def _hidden_columns(self) -> frozenset[Column[Any]]:
        """The columns that field rules hide from the principal, in all rows or in some."""
        return frozenset(
            column
            for entity in self._session.gate.bound.entities
            for column in self._session.decide(entity, Access.READ).fields.open_in
        )
