"""What JSON:API 1.1 says of a document's form, as JSON Schema; each part is named by its section.

https://jsonapi.org/format/1.1/#document-structure. The schema that the specification's authors publish is of 1.0; this
one is of 1.1 and stricter: members that the specification does not name are refused everywhere but in ``meta``,
``attributes``, ``relationships`` and among ``@``-members.
"""

from __future__ import annotations

from typing import Any

__all__ = ["SCHEMA"]

_AT = {"^@": {}}
# document-member-names: reserved characters out, and a letter, digit or non-ASCII character at both ends.
_NAME = {"pattern": r"^[a-zA-Z0-9\u0080-\uffff]([-_ a-zA-Z0-9\u0080-\uffff]*[a-zA-Z0-9\u0080-\uffff])?$"}
_META = {"type": "object"}


def _object(properties: dict[str, Any], required: list[str] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required or [],
        "patternProperties": _AT,
        "additionalProperties": False,
        **more,
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


_TEXT = {"type": "string"}

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    # document-top-level: one of data, errors, meta; data and errors never together; included only beside data.
    **_object(
        {
            "data": {"oneOf": [{"type": "null"}, _ref("resource"), {"type": "array", "items": _ref("resource")}]},
            "errors": {"type": "array", "items": _ref("error"), "minItems": 1},
            "meta": _META,
            "jsonapi": _ref("jsonapi"),
            "links": _ref("links"),
            "included": {"type": "array", "items": _ref("resource"), "uniqueItems": True},
        }
    ),
    "anyOf": [{"required": ["data"]}, {"required": ["errors"]}, {"required": ["meta"]}],
    "not": {"required": ["data", "errors"]},
    "dependentRequired": {"included": ["data"]},
    "$defs": {
        # document-resource-objects
        "resource": _object(
            {
                "type": {**_TEXT, **_NAME},
                "id": _TEXT,
                # document-resource-object-fields: one name space, without type and id
                "attributes": {
                    "type": "object",
                    "propertyNames": {**_NAME, "not": {"enum": ["id", "type"]}},
                },
                "relationships": {
                    "type": "object",
                    "propertyNames": {**_NAME, "not": {"enum": ["id", "type"]}},
                    "additionalProperties": _ref("relationship"),
                },
                "links": _ref("links"),
                "meta": _META,
            },
            ["type", "id"],
        ),
        # document-resource-identifier-objects
        "identifier": _object({"type": {**_TEXT, **_NAME}, "id": _TEXT, "meta": _META}, ["type", "id"]),
        # document-resource-object-relationships
        "relationship": _object(
            {
                "links": {**_ref("links"), "anyOf": [{"required": ["self"]}, {"required": ["related"]}]},
                "data": _ref("linkage"),
                "meta": _META,
            },
            anyOf=[{"required": ["links"]}, {"required": ["data"]}, {"required": ["meta"]}],
        ),
        # document-resource-object-linkage
        "linkage": {
            "oneOf": [
                {"type": "null"},
                _ref("identifier"),
                {"type": "array", "items": _ref("identifier"), "uniqueItems": True},
            ]
        },
        # document-links, document-link-objects
        "links": {
            "type": "object",
            "additionalProperties": {
                "oneOf": [
                    {"type": "null"},
                    {"type": "string", "format": "uri-reference"},
                    _object({"href": _TEXT, "rel": _TEXT, "title": _TEXT, "type": _TEXT, "meta": _META}, ["href"]),
                ]
            },
        },
        # document-jsonapi-object
        "jsonapi": _object(
            {
                "version": {"const": "1.1"},
                "ext": {"type": "array", "items": _TEXT},
                "profile": {"type": "array", "items": _TEXT},
                "meta": _META,
            }
        ),
        # error-objects
        "error": _object(
            {
                "id": _TEXT,
                "links": _ref("links"),
                "status": {"type": "string", "pattern": "^[45][0-9][0-9]$"},
                "code": _TEXT,
                "title": _TEXT,
                "detail": _TEXT,
                "source": _object(
                    {"pointer": {"type": "string", "pattern": "^(/|$)"}, "parameter": _TEXT, "header": _TEXT}
                ),
                "meta": _META,
            },
            minProperties=1,
        ),
    },
}
