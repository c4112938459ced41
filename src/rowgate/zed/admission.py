"""Whether a schema lets a relationship be written, and by which of its allowed types."""

from __future__ import annotations

from collections.abc import Iterable

from rowgate.errors import RelationshipRefused
from rowgate.zed.context import convert_context
from rowgate.zed.model import AllowedType, Relation, Schema
from rowgate.zed.relationships import Relationship
from rowgate.zed.source import nearest

__all__ = ["check_relationship"]


def check_relationship(schema: Schema, relationship: Relationship) -> AllowedType:
    """The allowed type by which a schema lets a relationship be written. One that has expired may be written.

    Args:
        schema: the schema.
        relationship: well formed.

    Raises:
        RelationshipRefused: the schema does not allow it.
    """
    relation = _relation(schema, relationship.resource.type, relationship.relation)
    subject = relationship.subject
    definition = schema.definitions.get(subject.type)
    if definition is None:
        hint = nearest(subject.type, schema.definitions)
        raise RelationshipRefused(f"The schema has no definition `{subject.type}`.", hint=hint)
    if subject.relation and definition.member(subject.relation) is None:
        detail = f"Definition `{subject.type}` has no relation or permission `{subject.relation}`."
        raise RelationshipRefused(detail, hint=nearest(subject.relation, definition.members))
    wanted = AllowedType(
        subject.type,
        subject.relation or None,
        subject.wildcard,
        relationship.caveat,
        relationship.expires_at is not None,
    )
    for allowed in relation.types:
        if allowed == wanted:
            if relationship.caveat:
                convert_context(schema.caveats[relationship.caveat], relationship.context)
            return allowed
    near = [str(allowed) for allowed in relation.types if allowed.subject == wanted.subject]
    hint = f"It takes {_listed(near or map(str, relation.types))}."
    detail = f"Relation `{relationship.resource.type}#{relation.name}` does not take `{wanted}`."
    raise RelationshipRefused(detail, hint=hint)


def _relation(schema: Schema, kind: str, name: str) -> Relation:
    definition = schema.definitions.get(kind)
    if definition is None:
        raise RelationshipRefused(f"The schema has no definition `{kind}`.", hint=nearest(kind, schema.definitions))
    if name in definition.permissions:
        detail = f"`{kind}#{name}` is a permission, and nobody is given one directly."
        raise RelationshipRefused(detail, hint=f"The relations are {_listed(definition.relations)}.")
    if name not in definition.relations:
        detail = f"Definition `{kind}` has no relation `{name}`."
        raise RelationshipRefused(detail, hint=nearest(name, definition.relations))
    return definition.relations[name]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"
