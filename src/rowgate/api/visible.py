"""The types as one principal knows them: an attribute that field rules hide in every row is not there.

It is not in answers, and a filter, sort or sparse fieldset that names it is told what one that names nothing is told.
Nor is a relationship over a foreign key that is hidden: it would show nothing. An attribute that is hidden in some rows
is there, and is null in them, like one without a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeAlias

from sqlalchemy import Column

from rowgate.api.resources import Attribute, Relation, Resources, ResourceType
from rowgate.mapped import mapper_of
from rowgate.policy.fields import Fields

__all__ = ["FieldsOf", "nullable_where_hidden", "visible_types"]

FieldsOf: TypeAlias = Callable[[type], Fields]
"""Of a mapped class: what field rules hide of it when it is read."""


def visible_types(resources: Resources, fields_of: FieldsOf) -> Resources:
    """The types as far as they are visible; the same object where nothing is hidden.

    Args:
        resources: all types, whole.
        fields_of: what is hidden.
    """
    if not any(fields_of(each.entity).open_in for each in resources.values()):
        return resources
    return Resources.of_types(_visible(each, resources, fields_of) for each in resources.values())


def nullable_where_hidden(resources: Resources, hidden: Callable[[type], Iterable[Column[Any]]]) -> Resources:
    """All types, for a description that holds for everyone: what is hidden from somebody may be null.

    Args:
        resources: all types, whole.
        hidden: of a mapped class: the columns that any field rule hides.
    """
    return Resources.of_types(
        replace(each, attributes=_attributes(each, nullable=set(hidden(each.entity)))) for each in resources.values()
    )


def _visible(resource: ResourceType, resources: Resources, fields_of: FieldsOf) -> ResourceType:
    fields = fields_of(resource.entity)
    attributes = _attributes(resource, nullable=set(fields.open_in), without=fields.closed)
    relations: dict[str, Relation] = {}
    for name, relation in resource.relations.items():
        hidden = fields_of(resources[relation.target].entity)
        joined = _joined(resource, relation)
        if not joined.isdisjoint(fields.closed | hidden.closed):
            continue
        veiled = not joined.isdisjoint({*fields.open_in, *hidden.open_in})
        relations[name] = replace(relation, required=False) if veiled else relation
    gone = (resource.attributes.keys() - attributes.keys()) | (resource.relations.keys() - relations.keys())
    return replace(resource, attributes=attributes, relations=relations, hidden=frozenset(gone))


def _attributes(
    resource: ResourceType, *, nullable: set[Column[Any]], without: Iterable[Column[Any]] = ()
) -> dict[str, Attribute]:
    gone = set(without)
    made: dict[str, Attribute] = {}
    for name, attribute in resource.attributes.items():
        column = attribute.of.property.columns[0]
        if column not in gone:
            made[name] = replace(attribute, nullable=True) if column in nullable else attribute
    return made


def _joined(resource: ResourceType, relation: Relation) -> set[Any]:
    """The columns of both types that a relationship compares."""
    relationship = mapper_of(resource.entity).relationships[relation.name]
    return {column for pair in relationship.local_remote_pairs or () for column in pair}
