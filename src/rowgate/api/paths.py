"""Paths: an attribute of the type, or of one that relationships lead to: ``Customer.Country``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rowgate.api.names import did_you_mean
from rowgate.api.resources import Attribute, Relation, Resources, ResourceType
from rowgate.errors import BadParameter

__all__ = ["Fault", "Path", "attribute_of", "follow", "follow_relations"]


@dataclass(frozen=True)
class Fault:
    """Makes the error of one parameter."""

    parameter: str

    def of(self, detail: str, *, hint: str | None = None) -> BadParameter:
        """The error, which says what is wrong with the parameter."""
        return BadParameter(detail, hint=hint, parameter=self.parameter)


@dataclass(frozen=True, kw_only=True)
class Path:
    """Where a path leads.

    Args:
        text: as the client wrote it.
        relations: those it goes through, in order.
        attribute: the one it ends in.
    """

    text: str
    relations: tuple[Relation, ...]
    attribute: Attribute


DEPTH_SETTING: Final = "ROWGATE_PATH_DEPTH"


def attribute_of(resource: ResourceType, name: str) -> Attribute | None:
    """The attribute of a name; ``id`` is the primary key where that is one column."""
    if name == "id" and len(resource.key) == 1:
        return resource.key[0]
    return resource.attributes.get(name)


def follow(
    text: str, *, resource: ResourceType, resources: Resources, deepest: int, fault: Fault, purpose: str
) -> Path:
    """Follow a path to its attribute.

    Args:
        text: names, with dots between them.
        resource: the type it starts at.
        resources: all types that the principal knows.
        deepest: how many relationships it may go through.
        fault: of the parameter that holds the path.
        purpose: what it is for, in words: "filter by", "sort by".

    Raises:
        BadParameter: a name is not known, or the path is too long.
    """
    *before, name = text.split(".")
    relations, target = follow_relations(before, resource=resource, resources=resources, deepest=deepest, fault=fault)
    attribute = attribute_of(target, name)
    if attribute is None:
        raise fault.of(
            f"{target.name} has no attribute {name!r} to {purpose}.",
            hint=did_you_mean(name, [*target.attributes, *target.relations]),
        )
    return Path(text=text, relations=relations, attribute=attribute)


def follow_relations(
    names: list[str], *, resource: ResourceType, resources: Resources, deepest: int, fault: Fault
) -> tuple[tuple[Relation, ...], ResourceType]:
    """Follow relationships; the type that the last one leads to.

    Args:
        names: of the relationships, in order.
        resource, resources, deepest, fault: as in `follow`.

    Raises:
        BadParameter: a name is not known, or there are too many.
    """
    if len(names) > deepest:
        raise fault.of(
            f"{'.'.join(names)!r} leads through too many relationships.",
            hint=f"At most {deepest} are followed here ({DEPTH_SETTING}).",
        )
    made: list[Relation] = []
    for name in names:
        relation = resource.relations.get(name)
        if relation is None:
            raise fault.of(
                f"{resource.name} has no relationship {name!r}.", hint=did_you_mean(name, resource.relations)
            )
        made.append(relation)
        resource = resources[relation.target]
    return tuple(made), resource
