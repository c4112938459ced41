"""The schemas of the OpenAPI document: JSON Schema for each type, and for what all documents share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rowgate.api.media import JSON_API
from rowgate.api.query import CHECKSUM
from rowgate.api.resources import Attribute, ResourceType
from rowgate.api.values import Json

__all__ = ["common_schemas", "content", "document_of", "nullable", "object_of", "reference", "resource_schemas"]


def resource_schemas(resource: ResourceType, derived: Mapping[str, str], *, locking: bool) -> dict[str, Json]:
    name = resource.name
    attributes = {each.name: _attribute(each, derived.get(each.name)) for each in resource.attributes.values()}
    if locking:
        attributes[CHECKSUM] = {
            "type": "string",
            "description": "Send it back with a PATCH to learn whether somebody changed the row meanwhile.",
        }
    relations = {
        each.name: reference("ManyRelationship" if each.to_many else "OneRelationship")
        for each in resource.relations.values()
    }
    identity = {"type": {"const": name}, "id": {"type": "string"}}
    members = {
        "attributes": {"type": "object", "properties": attributes},
        "relationships": {"type": "object", "properties": relations},
    }

    def written(needed: list[str]) -> dict[str, Json]:
        data = {"type": "object", "properties": {**identity, **members}, "required": needed}
        return object_of({"data": data})

    return {
        name: {
            "type": "object",
            "description": resource.description,
            "properties": {**identity, **members, "links": {"type": "object"}},
            "required": ["type", "id"],
        },
        f"{name}New": written(["type"]),
        f"{name}Change": written(["type"]),
    }


def _attribute(attribute: Attribute, rule: str | None) -> dict[str, Json]:
    schema = nullable(attribute.codec.schema, attribute.nullable)
    if rule is not None:
        schema |= {"readOnly": True, "description": f"Computed: {rule}"}
    elif attribute.is_generated:
        schema |= {"readOnly": True}
    return schema


def common_schemas() -> dict[str, Json]:
    text = {"type": "string"}
    identifier = {**object_of({"type": text, "id": text})}
    error = {
        "type": "object",
        "properties": {
            **dict.fromkeys(("id", "status", "code", "title", "detail"), text),
            "source": {"type": "object"},
            "meta": {"type": "object"},
        },
        "required": ["id", "status", "code", "title", "detail"],
    }
    links = {"type": "object"}
    one_link = {"oneOf": [reference("Identifier"), {"type": "null"}]}
    many_links = {"type": "array", "items": reference("Identifier")}
    return {
        "Errors": object_of({"errors": {"type": "array", "minItems": 1, "items": error}}),
        "Identifier": identifier,
        "OneLink": object_of({"data": one_link}),
        "ManyLinks": object_of({"data": many_links}),
        "OneRelationship": {"type": "object", "properties": {"data": one_link, "links": links}},
        "ManyRelationship": {"type": "object", "properties": {"data": many_links, "links": links}},
        "Resource": {**object_of({"type": text, "id": text})},
    }


def document_of(name: str) -> dict[str, Json]:
    """The schema of an answer: ``CustomerOne`` or ``CustomerList``."""
    many = name.endswith("List")
    kind = reference(name.removesuffix("List" if many else "One"))
    data = {"type": "array", "items": kind} if many else {"oneOf": [kind, {"type": "null"}]}
    return {
        "type": "object",
        "properties": {
            "jsonapi": {"type": "object"},
            "data": data,
            "included": {"type": "array", "items": reference("Resource")},
            "links": {"type": "object"},
            "meta": {"type": "object"},
        },
        "required": ["data"],
    }


def nullable(schema: Mapping[str, Json], nullable: bool) -> dict[str, Any]:
    made = dict(schema)
    if nullable and "type" in made:
        made["type"] = [made["type"], "null"]
        if "enum" in made:
            made["enum"] = [*made["enum"], None]
    return made


def object_of(properties: Mapping[str, Json]) -> dict[str, Json]:
    return {"type": "object", "properties": dict(properties), "required": list(properties)}


def reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def content(schema: Json) -> dict[str, Json]:
    return {JSON_API: {"schema": schema}}
