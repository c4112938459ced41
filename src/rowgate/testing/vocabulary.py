"""The names that a policy test file may use: entities, roles, claims, actions, permissions of the schema."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from rowgate.auth.claims import Claims
from rowgate.policy import BoundPolicy
from rowgate.types import Principal
from rowgate.zed import Schema

__all__ = ["Vocabulary"]


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """What is declared, by name.

    Attributes:
        principal: the project's class of principals.
        claims: makes principals of it, with their claims checked.
        schema: the relationship schema; None where there is none.
    """

    entities: Mapping[str, type]
    roles: frozenset[str]
    principal: type[Principal]
    claims: Claims
    actions: frozenset[str]
    schema: Schema | None

    @classmethod
    def of(cls, bounds: Mapping[str, BoundPolicy]) -> Vocabulary:
        """The names of one policy, bound to the entities of each database; the main one is the first.

        Where there are several, an entity is also known as ``<database>:<Entity>``, and only so where two databases
        have one of its name.
        """
        first, *further = bounds.values()
        policy = first.policy
        every = [entity for bound in bounds.values() for entity in bound.entities]
        named = Counter(entity.__name__ for entity in every)
        entities = {entity.__name__: entity for entity in every if named[entity.__name__] == 1}
        if further:
            for name, bound in bounds.items():
                entities |= {f"{name}:{entity.__name__}": entity for entity in bound.entities}
        return cls(
            entities=entities,
            roles=policy.roles,
            principal=policy.principal,
            claims=Claims(policy.principal),
            actions=first.actions.names,
            schema=first.relations.compiled.schema if first.relations is not None else None,
        )
