"""How many rows a user sees: of each type for the home page, and behind each relationship of one row for its tabs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import aliased

from rowgate.api.resources import Key, Resources, ResourceType
from rowgate.enforce import SecureSession
from rowgate.errors import RowNotFound
from rowgate.types import Access

__all__ = ["count_related", "count_types"]


def count_types(session: SecureSession, resources: Resources) -> dict[str, int | None]:
    """By type the visible rows, in one statement; None for a type that the principal may not read."""
    readable = [each for each in resources.values() if not session.decide(each.entity, Access.READ).refused]
    found: dict[str, int | None] = dict.fromkeys(resources)
    if readable:
        counts = [select(func.count()).select_from(each.entity).scalar_subquery().label(each.name) for each in readable]
        found.update(zip((each.name for each in readable), session.execute(select(*counts)).one(), strict=True))
    return found


def count_related(
    session: SecureSession, resource: ResourceType, key: Key, resources: Resources
) -> dict[str, int | None]:
    """By to-many relationship the visible related rows of one row, in one statement; None as in `count_types`.

    Raises:
        RowNotFound: there is no such row that the principal may see.
    """
    here = [part.of == value for part, value in zip(resource.key, key, strict=True)]
    if session.execute(select(*(part.of for part in resource.key)).where(*here)).first() is None:
        raise RowNotFound.of(resource.name)
    found: dict[str, int | None] = {}
    counts: list[tuple[str, ScalarSelect[int]]] = []
    for relation in resource.relations.values():
        if not relation.to_many:
            continue
        found[relation.name] = None
        target = resources[relation.target].entity
        if session.decide(target, Access.READ).refused:
            continue
        above: Any = aliased(resource.entity)
        related = getattr(above, relation.name)
        statement = (
            select(func.count())
            .select_from(above)
            .join(related.of_type(target))
            .where(*(getattr(above, part.name) == value for part, value in zip(resource.key, key, strict=True)))
        )
        counts.append((relation.name, statement.scalar_subquery()))
    if counts:
        row = session.execute(select(*(count.label(name) for name, count in counts))).one()
        found.update(zip((name for name, _ in counts), row, strict=True))
    return found
