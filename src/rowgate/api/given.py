"""The verbs that an address needs, and so the methods it has for a principal; those are asked for before anything else.

Whoever may do none of it learns nothing by trying, and is told 403 whatever they send. That a verb is given does not
say for which rows; the session sees to those.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column
from sqlalchemy.orm import RelationshipDirection

from rowgate.api.openapi_may import May
from rowgate.api.resources import Relation, Resources, ResourceType
from rowgate.enforce import SecureSession
from rowgate.enforce.fields import refuse_closed
from rowgate.enforce.read import refusals_reported, refuse_verb
from rowgate.errors import AccessRefused
from rowgate.mapped import mapper_of
from rowgate.types import Access

__all__ = [
    "linkage_methods",
    "list_methods",
    "refuse_fixed",
    "refuse_unless_given",
    "refuse_unless_relatable",
    "row_methods",
]


def list_methods(may: May, resource: ResourceType) -> list[str]:
    """The methods of ``/api/<Type>``.

    Args:
        may: what the principal may do.
        resource: the type.
    """
    methods = ["POST"] if may.use(resource.entity, Access.INSERT) else []
    return [*row_methods(may, resource), *methods]


def row_methods(may: May, resource: ResourceType) -> list[str]:
    """The methods of ``/api/<Type>/<id>``: a row that cannot be read can be neither changed nor deleted."""
    if not may.use(resource.entity, Access.READ):
        return []
    given = {"PATCH": Access.UPDATE, "DELETE": Access.DELETE}
    return ["GET", *(method for method, verb in given.items() if may.use(resource.entity, verb))]


def linkage_methods(may: May, resource: ResourceType, relation: Relation, resources: Resources) -> list[str]:
    """The methods of the two addresses of a relationship.

    Args:
        may: what the principal may do.
        resource: the type that the relationship leads from.
        relation: the relationship.
        resources: all types.
    """
    if not all(may.use(each.entity, Access.READ) for each in (resource, resources[relation.target])):
        return []
    holder, columns = _holder(relation, resource, resources)
    locked = may.locked(holder.entity, Access.UPDATE)
    if not relation.writable or not may.use(holder.entity, Access.UPDATE) or not locked.isdisjoint(columns.values()):
        return ["GET"]
    return ["GET", "PATCH", "POST", "DELETE"] if relation.to_many else ["GET", "PATCH"]


def refuse_unless_given(session: SecureSession, resource: ResourceType, *verbs: Access) -> None:
    """Refuse a request that needs these verbs on a type.

    Args:
        session: of the principal.
        resource: the type.
        verbs: each of them alone.

    Raises:
        AccessRefused: one is not given at all.
        ReadOnlyView: the session only reads.
    """
    for verb in verbs:
        with refusals_reported(session, [session.decide(resource.entity, verb)]):
            refuse_verb(session, resource.entity, verb)


def refuse_unless_relatable(
    session: SecureSession, resource: ResourceType, relation: Relation, resources: Resources
) -> None:
    """Refuse a request that writes linkage of a relationship.

    Args:
        session: of the principal.
        resource: the type that the relationship leads from.
        relation: the relationship.
        resources: all types.

    Raises:
        AccessRefused: it cannot be written, or not by the principal.
        FieldRefused: the foreign key is closed to the principal in every row.
        ReadOnlyView: the session only reads.
    """
    for end in (resource, resources[relation.target]):
        refuse_unless_given(session, end, Access.READ)
    refuse_fixed(relation)
    holder, columns = _holder(relation, resource, resources)
    refuse_unless_given(session, holder, Access.UPDATE)
    refuse_closed(session, holder.entity, Access.UPDATE, columns)


def refuse_fixed(relation: Relation) -> None:
    """Refuse to write a relationship that follows from other rows.

    Raises:
        AccessRefused: it does.
    """
    if not relation.writable:
        raise AccessRefused(f"{relation.name} cannot be changed.", hint="It follows from other rows.")


def _holder(
    relation: Relation, resource: ResourceType, resources: Resources
) -> tuple[ResourceType, dict[str, Column[Any]]]:
    """The type whose rows change with a relationship, and its columns that do, by attribute.

    Of a relationship through a table of its own no column changes, but that table's rows.

    Args:
        relation: the relationship.
        resource: the type that it leads from.
        resources: all types.
    """
    prop = relation.of.property
    holder = resources[relation.target] if prop.direction is RelationshipDirection.ONETOMANY else resource
    mapper = mapper_of(holder.entity)
    foreign = [to for _, to in prop.synchronize_pairs or () if to.table is mapper.local_table]
    return holder, {mapper.get_property_by_column(each).key: each for each in foreign}
