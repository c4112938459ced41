"""The schemas that the OpenAPI document has for permissions, relationships and explanations."""

from __future__ import annotations

from rowgate.api.openapi_shapes import object_of
from rowgate.api.relationship_bodies import TYPE
from rowgate.api.resources import ResourceType
from rowgate.api.values import Json

__all__ = ["permissions_schema", "relationship_schemas", "why_parameters"]

_TEXT: Json = {"type": "string"}
_TEXT_OR_NULL: Json = {"type": ["string", "null"]}
_MOMENT: Json = {"type": ["string", "null"], "format": "date-time"}
_REF: Json = {"$ref": "#/components/schemas/Subject"}


def relationship_schemas() -> dict[str, Json]:
    """What the documents of all types share; referred to where a type is one of the relationship schema's."""
    answer = {
        "answer": {"enum": ["allowed", "denied", "conditional", "undefined"]},
        "missing": {"type": "array", "items": _TEXT, "description": "The names that a conditional answer hangs on."},
    }
    stated = object_of(
        {"resource": _REF, "relation": _TEXT, "subject": _REF, "line": _TEXT},
    )
    writing: dict[str, Json] = {
        "relation": _TEXT,
        "subject": _REF,
        "caveat": _TEXT_OR_NULL,
        "context": {"type": "object"},
        "expires_at": _MOMENT,
    }
    written = {"stated_by_columns": {"type": "boolean"}, "created_at": _MOMENT, "created_by": _TEXT_OR_NULL}
    relationship = _resource(TYPE, object_of({**writing, **written}))
    naming = {"relation": _TEXT, "subject": _REF}
    return {
        "Subject": {
            "type": "object",
            "description": "An object, or with relation all who have it to that object. An id that is hidden is null.",
            "properties": {"type": _TEXT, "id": _TEXT_OR_NULL, "relation": _TEXT},
            "required": ["type"],
        },
        "Answer": object_of(answer),
        "RelationshipOne": object_of({"data": relationship}),
        "RelationshipList": object_of({"data": {"type": "array", "items": relationship}}),
        "RelationshipNew": object_of({"data": _asked(writing)}),
        "RelationshipGone": object_of({"data": _asked(naming)}),
        "Explanation": object_of(
            {
                "data": _resource(
                    "explanation",
                    object_of(
                        {
                            "permission": _TEXT,
                            "subject": {"anyOf": [_REF, {"type": "null"}]},
                            **answer,
                            "path": {"type": "array", "items": stated},
                            "would_help": {"type": "array", "items": stated},
                            "excluded_by": {"type": "array", "items": object_of({"resource": _REF, "name": _TEXT})},
                        }
                    ),
                )
            }
        ),
    }


def permissions_schema(resource: ResourceType) -> dict[str, Json]:
    """The document of what a user may do to a row of a type."""
    named = {name: {"$ref": "#/components/schemas/Answer"} for name in resource.permissions}
    members = {
        "subjects": {"type": "array", "items": _REF},
        "superuser": {"type": "boolean"},
        "permissions": object_of(named),
    }
    return object_of({"data": _resource("permissions", object_of(members))})


def why_parameters(resource: ResourceType) -> list[Json]:
    """The query parameters of an explanation."""
    which: Json = {
        "name": "permission",
        "in": "query",
        "required": True,
        "description": "A permission or relation of the type",
        "schema": {"type": "string", "examples": list(resource.permissions)},
    }
    who: Json = {
        "name": "subject",
        "in": "query",
        "description": "type:id or type:id#relation; you, when left out",
        "schema": _TEXT,
    }
    return [which, who]


def _resource(kind: str, attributes: Json) -> dict[str, Json]:
    return object_of({"type": {"const": kind}, "id": _TEXT, "attributes": attributes})


def _asked(attributes: dict[str, Json]) -> dict[str, Json]:
    """A resource object that a client sends: without an id."""
    described = {"type": "object", "properties": attributes, "required": ["relation", "subject"]}
    return {
        "type": "object",
        "properties": {"type": {"const": TYPE}, "attributes": described},
        "required": ["type", "attributes"],
    }
