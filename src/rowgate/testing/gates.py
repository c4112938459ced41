"""The gates of a project's databases, and which of them an expectation is put to."""

from __future__ import annotations

from dataclasses import dataclass

from rowgate.enforce import Gate
from rowgate.mapped import mapper_of
from rowgate.testing.cases import ActionDeed, Check, RowDeed, Seen

__all__ = ["Gates", "entity_of"]


@dataclass(frozen=True, eq=False)
class Gates:
    """One gate for each database, the main one first."""

    all: tuple[Gate, ...]

    @property
    def main(self) -> Gate:
        """The one that has the relationships."""
        return self.all[0]

    def of(self, check: Check) -> Gate:
        """The gate of the database that an expectation is about; the main one where it is about no entity."""
        entity = entity_of(check)
        if entity is None:
            return self.main
        base = mapper_of(entity).base_mapper.class_
        return next(gate for gate in self.all if base in gate.bound.entities)


def entity_of(check: Check) -> type | None:
    """The entity that an expectation is about, if it is about one."""
    match check:
        case Seen(entity=entity):
            return entity
        case _ if isinstance(check.deed, RowDeed):
            return check.deed.entity
        case _ if isinstance(check.deed, ActionDeed) and check.deed.on is not None:
            return check.deed.on[0]
    return None
