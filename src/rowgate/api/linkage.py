"""Writing linkage: relationships of an object are let lead to the rows that a client named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select

from rowgate.api.drafts import Draft, Link, missing
from rowgate.api.given import refuse_fixed
from rowgate.api.resources import Key, Relation, ResourceType
from rowgate.enforce import SecureSession
from rowgate.enforce.keys import any_of
from rowgate.errors import FieldRefused, ReferenceMissing, TypeConflict, ValueMissing
from rowgate.mapped import state_of

__all__ = ["Linker", "told_where_set"]


@dataclass(frozen=True, kw_only=True)
class Linker:
    """Sets relationships in one session; nothing is written before that is flushed.

    Args:
        session: whose principal asks.
    """

    session: SecureSession

    def lead(
        self, relation: Relation, obj: Any, values: Mapping[str, Any], link: Link | None, pointer: str
    ) -> dict[str, Link]:
        """Let a to-one relationship lead to a row, by its foreign key where that is the row's primary key.

        Args:
            relation: the relationship.
            obj: what it leads from.
            values: attributes that the client set too.
            link: the row; None for none.
            pointer: where in the document the linkage stands.

        Returns:
            By foreign key attribute: the linkage that set it.

        Raises:
            ValueMissing: it must lead to a row.
            ReferenceMissing: the row is hidden or not there.
            TypeConflict: an attribute says otherwise.
        """
        if link is None and relation.required:
            raise ValueMissing(f"{relation.name} must lead to a row.", pointers=[pointer])
        if not relation.columns:
            setattr(obj, relation.name, self.load([link])[0] if link else None)
            return {}
        if link is not None and link.key is None:
            raise missing(link)
        key = link.key if link is not None and link.key is not None else (None,) * len(relation.columns)
        for column, value in zip(relation.columns, key, strict=True):
            if values.get(column, value) != value:
                raise TypeConflict(
                    f"{column} and the relationship {relation.name} differ.",
                    pointers=[f"/data/attributes/{column}", pointer],
                )
            setattr(obj, column, value)
        return {} if link is None else dict.fromkeys(relation.columns, link)

    def members(self, resource: ResourceType, draft: Draft) -> dict[str, list[Any]]:
        """By to-many relationship the rows that a document's relationships are to lead to.

        Raises:
            AccessRefused: one follows from other rows.
            ReferenceMissing: a row is hidden or not there.
        """
        for name in draft.to_many:
            refuse_fixed(resource.relations[name])
        return {name: self.load(links) for name, links in draft.to_many.items()}

    def load(self, links: Sequence[Link]) -> list[Any]:
        """The rows that links lead to, with one statement.

        Raises:
            ReferenceMissing: one is hidden or not there; tells the first.
        """
        if not links:
            return []
        target = links[0].target
        keys = list(dict.fromkeys(link.key for link in links if link.key is not None))
        found: dict[Key, Any] = {}
        if keys:
            columns = [part.of for part in target.key]
            statement: Select[Any] = select(target.entity).where(any_of(columns, keys))
            for obj in self.session.scalars(statement):
                found[tuple(state_of(obj).identity or ())] = obj
        for link in links:
            if link.key not in found:
                raise missing(link)
        return [found[key] for key in keys]

    def replace(self, relation: Relation, obj: Any, members: Iterable[Any], pointer: str) -> None:
        """Let a to-many relationship lead to exactly these rows.

        Raises:
            AccessRefused: it follows from other rows.
            ValueMissing: a row that is taken out must belong to one.
        """
        refuse_fixed(relation)
        wanted = list(members)
        taken_out = [each for each in getattr(obj, relation.name) if each not in wanted]
        if taken_out and relation.required and not relation.owns:
            raise ValueMissing(
                f"{len(taken_out)} rows cannot be taken out of {relation.name}: each must belong to one.",
                hint="Let them belong to another row, or delete them.",
                pointers=[pointer],
            )
        setattr(obj, relation.name, wanted)


@contextmanager
def told_where_set(links: Mapping[str, Link]) -> Iterator[None]:
    """Let an error about a foreign key point to the place where the client set it: an attribute, or linkage.

    Args:
        links: by foreign key attribute: the linkage it was set by.
    """
    try:
        yield
    except ReferenceMissing as error:
        for name in (pointer.removeprefix("/data/attributes/") for pointer in error.pointers):
            if name in links:
                raise missing(links[name]) from error
        raise
    except FieldRefused as error:
        error.pointers = tuple(_where_set(pointer, links) for pointer in error.pointers)
        raise


def _where_set(pointer: str, links: Mapping[str, Link]) -> str:
    """Where in the document an attribute was set: in the attributes, or by the linkage of a relationship."""
    link = links.get(pointer.removeprefix("/data/attributes/"))
    return pointer if link is None else link.pointer
