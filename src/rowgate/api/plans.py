"""The plans of an app: made once for each type and set of members, and kept in a bounded cache."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from rowgate.api.plan import Plan
from rowgate.api.query import CHECKSUM
from rowgate.api.resources import Attribute, ResourceType

__all__ = ["Plans"]

MOST_PLANS: Final = 256


class Plans:
    """The plans of an app.

    Args:
        locking: whether resources carry their checksum.
    """

    def __init__(self, *, locking: bool) -> None:
        self.locking = locking
        self._made = lru_cache(maxsize=MOST_PLANS)(self._make)

    def of(self, resource: ResourceType, members: frozenset[str] | None, asked: tuple[str, ...] = ()) -> Plan:
        """The plan for a type.

        Args:
            resource: the type, with those members that the principal may see.
            members: the attributes and relationships to send; None for all of them.
            asked: the permissions to send with each row.
        """
        return self._made(resource, members, asked)

    def _make(self, resource: ResourceType, members: frozenset[str] | None, asked: tuple[str, ...]) -> Plan:
        sealed = self.locking and (members is None or CHECKSUM in members)
        sent = [each for each in resource.attributes.values() if members is None or each.name in members]
        needed = {part.name: part for part in resource.key}
        if sealed:
            needed |= resource.attributes
        for relation in resource.relations.values():
            needed |= {name: _attribute(resource, name) for name in relation.columns}
        there = {each.name for each in sent}
        return Plan(
            resource=resource,
            sent=tuple(sent),
            read=(*sent, *(each for each in needed.values() if each.name not in there)),
            relations=tuple(each for each in resource.relations.values() if members is None or each.name in members),
            sealed=sealed,
            asked=asked,
        )


def _attribute(resource: ResourceType, name: str) -> Attribute:
    """An attribute, or the primary key that is called ``id``."""
    return resource.attributes.get(name) or next(part for part in resource.key if part.name == name)
