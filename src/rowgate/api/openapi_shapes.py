"""What the schemas of the OpenAPI document are made of, and those that all documents share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rowgate.api.media import JSON_API
from rowgate.api.values import Json

__all__ = ["common_schemas", "content", "document_of", "nullable", "object_of", "reference"]


def common_schemas() -> dict[str, Json]:
    """What the documents of all types refer to."""
    text = {"type": "string"}
    error = {
        "type": "object",
        "properties": {
            **dict.fromkeys(("id", "status", "code", "title", "detail"), text),
            "source": {
                "type": "object",
                "properties": dict.fromkeys(("pointer", "parameter", "header"), text),
                "additionalProperties": False,
            },
            "meta": {"type": "object"},
        },
        "required": ["id", "status", "code", "title", "detail"],
        "additionalProperties": False,
    }
    version = object_of({"version": {"const": "1.1"}})
    links = {"type": "object", "additionalProperties": {"type": ["string", "null"]}}
    identifier = object_of({"type": text, "id": text})
    one_link, many_links = reference("OneLinkage"), reference("ManyLinkage")
    shared: dict[str, Json] = {"jsonapi": reference("JsonApi"), "links": reference("Links"), "meta": {"type": "object"}}
    related = {"links": reference("Links"), "meta": {"type": "object"}}
    return {
        "JsonApi": version,
        "Links": links,
        "Errors": object_of(
            {"jsonapi": reference("JsonApi"), "errors": {"type": "array", "minItems": 1, "items": error}}
        ),
        "Identifier": identifier,
        "OneLinkage": {"oneOf": [reference("Identifier"), {"type": "null"}]},
        "ManyLinkage": {"type": "array", "items": reference("Identifier")},
        "OneLink": _needing("data", {**shared, "data": one_link}),
        "ManyLinks": _needing("data", {**shared, "data": many_links}),
        "OneRelationship": {"type": "object", "properties": {"data": one_link, **related}},
        "ManyRelationship": {"type": "object", "properties": {"data": many_links, **related}},
        "Resource": object_of({"type": text, "id": text}),
    }


def _needing(name: str, properties: Mapping[str, Json]) -> dict[str, Json]:
    return {"type": "object", "properties": dict(properties), "required": [name]}


def document_of(name: str) -> dict[str, Json]:
    """The schema of an answer: ``CustomerOne`` or ``CustomerList``."""
    many = name.endswith("List")
    kind = reference(name.removesuffix("List" if many else "One"))
    data = {"type": "array", "items": kind} if many else {"oneOf": [kind, {"type": "null"}]}
    members: dict[str, Json] = {
        "jsonapi": reference("JsonApi"),
        "data": data,
        "included": {"type": "array", "items": reference("Resource")},
        "links": reference("Links"),
    }
    if many:
        count = {"type": "integer", "minimum": 0}
        members["meta"] = {"type": "object", "properties": dict.fromkeys(("limit", "count", "total"), count)}
    needed = ["jsonapi", "data", "links", *(["meta"] if many else [])]
    return {"type": "object", "properties": members, "required": needed, "additionalProperties": False}


def nullable(schema: Mapping[str, Json], nullable: bool) -> dict[str, Any]:
    """The schema, with null as a value where it is one."""
    made = dict(schema)
    if nullable and "type" in made:
        made["type"] = [made["type"], "null"]
        if "enum" in made:
            made["enum"] = [*made["enum"], None]
    return made


def object_of(properties: Mapping[str, Json]) -> dict[str, Json]:
    """An object that has all of these members."""
    return {"type": "object", "properties": dict(properties), "required": list(properties)}


def reference(name: str) -> dict[str, str]:
    """A reference to one of the document's schemas."""
    return {"$ref": f"#/components/schemas/{name}"}


def content(schema: Json) -> dict[str, Json]:
    """The content of a JSON:API document."""
    return {JSON_API: {"schema": schema}}
