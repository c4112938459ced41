"""Which words of a business rule's refusal a client may read: only what it could have read off its own rows."""

from __future__ import annotations

from sqlalchemy import func, select

from rowgate import web
from rowgate.api.read import among
from rowgate.api.resources import Resources, ResourceType
from rowgate.enforce import SecureSession
from rowgate.errors import RowgateError, RuleRefused
from rowgate.types import Access

__all__ = ["told_to"]


def told_to(error: RuleRefused, *, resource: ResourceType | None, resources: Resources) -> RowgateError:
    """The refusal in the words that the request's principal may read.

    Its full text quotes values of rows, as they would have been after the change; it is told where the principal sees
    each of those rows (one query for each type), else only that a rule refused.

    Args:
        error: the refusal.
        resource: the type of the request's document; pointers are given only into that.
        resources: all types.
    """
    detail = error.detail
    if error.full_detail is not None and _sees_all(error, resources):
        detail = error.full_detail
    entity = resource.entity if resource else None
    return RuleRefused(
        detail,
        hint=error.advice,
        entity=error.entity,
        attributes=error.attributes if error.entity is not None and error.entity is entity else (),
    )


def _sees_all(error: RuleRefused, resources: Resources) -> bool:
    by_entity: dict[type, set[tuple[object, ...]]] = {}
    for entity, key in error.rows:
        by_entity.setdefault(entity, set()).add(key)
    with web.runtime().gate.session(web.principal(), request_id=web.request_id()) as session:
        return all(_sees(session, resources, entity, keys) for entity, keys in by_entity.items())


def _sees(session: SecureSession, resources: Resources, entity: type, keys: set[tuple[object, ...]]) -> bool:
    kind = next((made for made in resources.values() if made.entity is entity), None)
    if kind is None or session.decide(entity, Access.READ).refused or len(keys) > 500:
        return False
    columns = [part.of for part in kind.key]
    count = session.scalar(select(func.count()).select_from(entity).where(among(columns, sorted(keys, key=repr))))
    return count == len(keys)
