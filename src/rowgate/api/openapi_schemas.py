"""The schemas of the OpenAPI document: JSON Schema for each type, as it is read and as it is written."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rowgate.api.openapi_may import May
from rowgate.api.openapi_shapes import nullable, object_of, reference
from rowgate.api.query import CHECKSUM
from rowgate.api.resources import Attribute, Relation, ResourceType
from rowgate.api.values import Json
from rowgate.types import Access

__all__ = ["resource_schemas", "value_schema"]

# Made up: none of them is the value of a row.
_EXAMPLES: Mapping[str, Json] = {
    "string": "text",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "date": "2024-05-31",
    "date-time": "2024-05-31T16:00:00",
    "time": "16:00:00",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "base64": "dGV4dA==",
}

_CLOCK = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?"
_PATTERNS: Mapping[str, str] = {
    "date-time": rf"^\d{{4}}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[T ]{_CLOCK}(Z|[+-]([01]\d|2[0-3]):[0-5]\d)?$",
    "time": rf"^{_CLOCK}$",
}


def resource_schemas(
    resource: ResourceType,
    derived: Mapping[str, str],
    *,
    locking: bool,
    may: May,
    defaulted: Collection[str] = (),
    permissions: bool = False,
) -> dict[str, Json]:
    """The schemas of a type: as it is read, and as far as it may be written, as a new row and as a change.

    Args:
        resource: the type.
        derived: the attributes that business rules compute, each with its rule in words.
        locking: whether it has a checksum.
        may: which attributes may be written.
        defaulted: the attributes that business rules give a new row, when the client gives none.
        permissions: whether rows can be sent with what one may do to them.
    """
    name = resource.name
    identity = {"type": {"const": name}, "id": {"type": "string"}}
    closed = {
        access: {column.key for column in may.locked(resource.entity, access)}
        for access in (Access.INSERT, Access.UPDATE)
    }
    everywhere = closed[Access.INSERT] & closed[Access.UPDATE]
    attributes = {
        each.name: _read(each, derived.get(each.name), locked=_column(each) in everywhere)
        for each in resource.attributes.values()
    }
    if locking:
        attributes[CHECKSUM] = {
            "type": "string",
            "description": "Send it back with a PATCH to learn whether somebody changed the row meanwhile.",
        }
    relations = {
        each.name: reference("ManyRelationship" if each.to_many else "OneRelationship")
        for each in resource.relations.values()
    }
    read: dict[str, Json] = {
        **identity,
        "attributes": {"type": "object", "properties": attributes, "additionalProperties": False},
        "relationships": {"type": "object", "properties": relations, "additionalProperties": False},
        "links": object_of({"self": {"type": "string"}}),
    }
    if permissions:
        read["meta"] = {"type": "object"}
    made: dict[str, Json] = {
        name: {
            "type": "object",
            "description": resource.description,
            "properties": read,
            "required": ["type", "id", "links"],
            "additionalProperties": False,
        }
    }
    for suffix, access in (("New", Access.INSERT), ("Change", Access.UPDATE)):
        if may.use(resource.entity, access):
            members = _Written(resource, derived, closed[access], is_new=access is Access.INSERT, locking=locking)
            one = members.resource(defaulted)
            made[name + suffix] = object_of({"data": one})
            # In a list nothing but the id tells which row is meant.
            listed = one if access is Access.INSERT else {**one, "required": ["type", "id"]}
            made[f"{name}{suffix}List"] = object_of({"data": {"type": "array", "items": listed}})
    if may.use(resource.entity, Access.DELETE):
        made[f"{name}Gone"] = object_of({"data": {"type": "array", "items": object_of(identity)}})
    made[f"{name}Written"] = object_of(
        {"jsonapi": reference("JsonApi"), "data": {"type": "array", "items": reference(name)}}
    )
    return made


class _Written:
    """The resource object that creates or changes a row."""

    def __init__(
        self, resource: ResourceType, derived: Mapping[str, str], closed: set[str], *, is_new: bool, locking: bool
    ) -> None:
        self._resource, self._derived, self._closed = resource, derived, closed
        self._is_new, self._locking = is_new, locking

    def resource(self, defaulted: Collection[str]) -> dict[str, Json]:
        resource = self._resource
        attributes: dict[str, Json] = {
            each.name: _written(each) for each in resource.attributes.values() if self._takes(each)
        }
        if self._locking and not self._is_new:
            attributes[CHECKSUM] = {"type": ["string", "null"], "description": "Of the row as it was read."}
        relations = {each.name: _link(each) for each in resource.relations.values() if self._leads(each)}
        members: dict[str, Json] = {
            "type": {"const": resource.name},
            "attributes": {"type": "object", "properties": attributes, "additionalProperties": False},
            "relationships": {"type": "object", "properties": relations, "additionalProperties": False},
        }
        needed = ["type"]
        if self._is_new:
            required = [name for name in attributes if self._needs(resource.attributes[name], defaulted)]
            if required:
                members["attributes"]["required"] = required
                needed.append("attributes")
            if not all(part.is_generated for part in resource.key):
                members["id"] = {"type": "string"}
        else:
            members["id"] = {"type": "string", "description": "The one of the address."}
        return {"type": "object", "properties": members, "required": needed}

    def _takes(self, attribute: Attribute) -> bool:
        fixed = attribute.is_generated or (attribute.is_key and not self._is_new)
        return not fixed and attribute.name not in self._derived and _column(attribute) not in self._closed

    def _leads(self, relation: Relation) -> bool:
        held = {
            _column(self._resource.attributes[name]) for name in relation.columns if name in self._resource.attributes
        }
        return relation.writable and held.isdisjoint(self._closed)

    def _needs(self, attribute: Attribute, defaulted: Collection[str]) -> bool:
        """Whether a new row cannot do without: no default, and no other way to set it."""
        linked = {name for each in self._resource.relations.values() for name in each.columns}
        spared = attribute.is_key or attribute.has_default or attribute.name in linked or attribute.name in defaulted
        return not (spared or _holds_null(attribute))


def _link(relation: Relation) -> Json:
    # Without data a client saves a row as it read it, and nothing changes.
    return {"type": "object", "properties": {"data": reference("ManyLinkage" if relation.to_many else "OneLinkage")}}


def _column(attribute: Attribute) -> str:
    return str(attribute.of.property.columns[0].key)


def _holds_null(attribute: Attribute) -> bool:
    """Whether the column takes NULL: an attribute may be null in answers only because it is hidden."""
    return bool(attribute.of.property.columns[0].nullable)


def _read(attribute: Attribute, rule: str | None, *, locked: bool) -> dict[str, Json]:
    schema = nullable(value_schema(attribute.codec.schema), attribute.nullable)
    schema |= _example(attribute)
    if rule is not None:
        schema |= {"readOnly": True, "description": f"Computed: {rule}"}
    elif attribute.is_generated or locked:
        schema |= {"readOnly": True}
    return schema


def _written(attribute: Attribute) -> dict[str, Json]:
    return nullable(value_schema(attribute.codec.schema), _holds_null(attribute)) | _example(attribute)


def value_schema(schema: Mapping[str, Json]) -> Mapping[str, Json]:
    """The schema of a value. JSON Schema's ``date-time`` and ``time`` demand a zone, which most columns do not have."""
    pattern = _PATTERNS.get(str(schema.get("format")))
    if pattern is None:
        return schema
    return {**{name: value for name, value in schema.items() if name != "format"}, "pattern": pattern}


def _example(attribute: Attribute) -> dict[str, Json]:
    schema = attribute.codec.schema
    if "enum" in schema:
        return {"examples": [schema["enum"][0]]}
    for kind in ("format", "contentEncoding", "type"):
        example = _EXAMPLES.get(str(schema.get(kind)))
        if example is not None:
            longest = schema.get("maxLength")
            return {"examples": [example[:longest] if longest is not None else example]}
    return {}
