"""The OpenAPI 3.1 document of the API (https://spec.openapis.org/oas/v3.1.0), made from the resource types alone.

It holds no value of any row. Every entity is in it, whoever asks: it says what may be asked for, and not what is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rowgate import __version__
from rowgate.api.media import JSON_API
from rowgate.api.query import CHECKSUM
from rowgate.api.resources import Attribute, Relation, ResourceType
from rowgate.api.rpc import Procedure
from rowgate.api.service import PREFIX, Service
from rowgate.api.values import Json

__all__ = ["openapi"]

_ERRORS = {
    "400": "The request is not understood.",
    "401": "A log-in is needed.",
    "403": "The policy, or a derived attribute, does not allow it.",
    "404": "There is no such row, or none that you may see.",
    "409": "It conflicts with other rows, or with somebody else's change.",
    "415": "The body is of a media type that is not taken.",
    "422": "A value or a business rule stands against it.",
    "503": "The database is busy.",
}
_READ_ERRORS = ("400", "401", "403", "404", "503")
_WRITE_ERRORS = tuple(_ERRORS)


def openapi(service: Service, derived: Mapping[type, Mapping[str, str]]) -> dict[str, Json]:
    """The document.

    Args:
        service: the exposed types and RPC methods.
        derived: per entity the attributes that business rules compute.
    """
    paths: dict[str, Json] = dict(_log_in())
    schemas: dict[str, Json] = dict(_common_schemas())
    for resource in service.resources.values():
        schemas |= _schemas(resource, derived.get(resource.entity, {}), locking=service.locking)
        paths |= _paths(resource)
    for procedure in service.procedures:
        paths |= _rpc(procedure)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "rowgate",
            "version": __version__,
            "description": "JSON:API 1.1. Every answer holds only the rows that the policy lets you see.",
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": [{"name": made.name, "description": made.description} for made in service.resources.values()],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The access_token that POST /api/auth/login answers with.",
                }
            },
            "responses": {
                f"Error{status}": {"description": text, "content": _content(_reference("Errors"))}
                for status, text in _ERRORS.items()
            },
        },
    }


# --- paths ------------------------------------------------------------------------------------------------------


def _paths(resource: ResourceType) -> dict[str, Json]:
    name = resource.name
    one = [_query("include", "Relationships to include: A,B.C"), _query(f"fields[{name}]", "Members to send: A,B")]
    row = [_row_id(resource)]
    made: dict[str, Json] = {
        f"{PREFIX}/{name}": {
            "get": _operation(
                resource,
                f"list{name}",
                f"List {name}",
                _document(f"{name}List"),
                parameters=[*one, *_list_parameters()],
            ),
            "post": _operation(
                resource,
                f"create{name}",
                f"Create a {name}",
                _document(f"{name}One"),
                parameters=one,
                body=_reference(f"{name}New"),
                status="201",
            ),
        },
        f"{PREFIX}/{name}/{{row_id}}": {
            "parameters": row,
            "get": _operation(resource, f"read{name}", f"Read a {name}", _document(f"{name}One"), parameters=one),
            "patch": _operation(
                resource,
                f"update{name}",
                f"Change a {name}",
                _document(f"{name}One"),
                parameters=one,
                body=_reference(f"{name}Change"),
            ),
            "delete": _operation(resource, f"delete{name}", f"Delete a {name}", None, writes=True),
        },
    }
    for relation in resource.relations.values():
        made |= _relation_paths(resource, relation, row)
    return made


def _relation_paths(resource: ResourceType, relation: Relation, row: list[Json]) -> dict[str, Json]:
    target, name = relation.target, f"{resource.name}{relation.name}"
    document = _document(f"{target}{'List' if relation.to_many else 'One'}")
    parameters = _list_parameters() if relation.to_many else []
    linkage = _reference("ManyLinks" if relation.to_many else "OneLink")
    address = f"{PREFIX}/{resource.name}/{{row_id}}"
    words = f"{relation.name} of a {resource.name}"
    links: dict[str, Json] = {
        "parameters": row,
        "get": _operation(resource, f"links{name}", f"Links of {words}", linkage, parameters=parameters),
    }
    methods = {"patch": "Replace", "post": "Add to", "delete": "Take out of"}
    for method, verb in methods.items() if relation.to_many else [("patch", "Replace")]:
        links[method] = _operation(resource, f"{method}{name}", f"{verb} {words}", None, body=linkage)
    return {
        f"{address}/{relation.name}": {
            "parameters": row,
            "get": _operation(resource, f"related{name}", words, document, parameters=parameters),
        },
        f"{address}/relationships/{relation.name}": links,
    }


def _rpc(called: Procedure) -> dict[str, Json]:
    arguments = {
        "type": "object",
        "properties": {each.name: _nullable(each.codec.schema, each.nullable) for each in called.arguments.values()},
        "required": [each.name for each in called.arguments.values() if each.required],
        "additionalProperties": False,
    }
    body = _object({"meta": _object({"args": arguments})})
    result = _object({"meta": _object({"result": {}})})
    operation = _operation(
        called.resource, f"{called.resource.name}_{called.name}", called.description, result, body=body
    )
    path = PREFIX + called.path.replace("<string:row_id>", "{row_id}")
    return {path: {"post": operation, **({"parameters": [_row_id(called.resource)]} if called.on_row else {})}}


def _log_in() -> dict[str, Json]:
    token = {"type": "object", "properties": {"access_token": {"type": "string"}}, "required": ["access_token"]}
    credentials = _object({"username": {"type": "string"}, "password": {"type": "string"}})
    return {
        f"{PREFIX}/auth/login": {
            "post": {
                "tags": ["auth"],
                "operationId": "logIn",
                "summary": "Get an access token",
                "security": [],
                "requestBody": {"required": True, "content": {"application/json": {"schema": credentials}}},
                "responses": {
                    "200": {"description": "Logged in.", "content": {"application/json": {"schema": token}}},
                    **_error_responses(("400", "401")),
                },
            }
        }
    }


def _operation(
    resource: ResourceType,
    name: str,
    summary: str,
    document: Json | None,
    *,
    parameters: list[Json] | None = None,
    body: Json | None = None,
    status: str = "200",
    writes: bool = False,
) -> dict[str, Json]:
    writes = writes or body is not None
    answers: dict[str, Json] = {}
    if document is not None:
        answers[status] = {"description": "Done.", "content": _content(document)}
    if document is None or writes:
        answers["204"] = {"description": "Done; there is nothing to send."}
    made: dict[str, Json] = {
        "tags": [resource.name],
        "operationId": name,
        "summary": summary,
        "responses": {**answers, **_error_responses(_WRITE_ERRORS if writes else _READ_ERRORS)},
    }
    if parameters:
        made["parameters"] = parameters
    if body is not None:
        made["requestBody"] = {"required": True, "content": _content(body)}
    return made


def _error_responses(statuses: tuple[str, ...]) -> dict[str, Json]:
    return {status: {"$ref": f"#/components/responses/Error{status}"} for status in statuses}


def _list_parameters() -> list[Json]:
    number = {"type": "integer", "minimum": 0}
    return [
        _query("filter", 'A condition in JSON: [{"name": "A", "op": "eq", "val": 1}]. Also filter[A]=x,y.'),
        _query("sort", "Attributes to sort by: -A,B"),
        _query("page[offset]", "Rows to leave out", number),
        _query("page[limit]", "Rows to send", number),
        _query("page[total]", "Whether all rows are counted", {"type": "boolean", "default": True}),
    ]


def _query(name: str, description: str, schema: Json | None = None) -> dict[str, Json]:
    return {"name": name, "in": "query", "description": description, "schema": schema or {"type": "string"}}


def _row_id(resource: ResourceType) -> dict[str, Json]:
    parts = " and ".join(part.name for part in resource.key)
    return {"name": "row_id", "in": "path", "required": True, "description": parts, "schema": {"type": "string"}}


# --- schemas ----------------------------------------------------------------------------------------------------


def _schemas(resource: ResourceType, derived: Mapping[str, str], *, locking: bool) -> dict[str, Json]:
    name = resource.name
    attributes = {each.name: _attribute(each, derived.get(each.name)) for each in resource.attributes.values()}
    if locking:
        attributes[CHECKSUM] = {
            "type": "string",
            "description": "Send it back with a PATCH to learn whether somebody changed the row meanwhile.",
        }
    relations = {
        each.name: _reference("ManyRelationship" if each.to_many else "OneRelationship")
        for each in resource.relations.values()
    }
    identity = {"type": {"const": name}, "id": {"type": "string"}}
    members = {
        "attributes": {"type": "object", "properties": attributes},
        "relationships": {"type": "object", "properties": relations},
    }

    def written(needed: list[str]) -> dict[str, Json]:
        data = {"type": "object", "properties": {**identity, **members}, "required": needed}
        return _object({"data": data})

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
    schema = _nullable(attribute.codec.schema, attribute.nullable)
    if rule is not None:
        schema |= {"readOnly": True, "description": f"Computed: {rule}"}
    elif attribute.is_generated:
        schema |= {"readOnly": True}
    return schema


def _common_schemas() -> dict[str, Json]:
    text = {"type": "string"}
    identifier = {**_object({"type": text, "id": text})}
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
    one_link = {"oneOf": [_reference("Identifier"), {"type": "null"}]}
    many_links = {"type": "array", "items": _reference("Identifier")}
    return {
        "Errors": _object({"errors": {"type": "array", "minItems": 1, "items": error}}),
        "Identifier": identifier,
        "OneLink": _object({"data": one_link}),
        "ManyLinks": _object({"data": many_links}),
        "OneRelationship": {"type": "object", "properties": {"data": one_link, "links": links}},
        "ManyRelationship": {"type": "object", "properties": {"data": many_links, "links": links}},
        "Resource": {**_object({"type": text, "id": text})},
    }


def _document(name: str) -> dict[str, Json]:
    """The schema of an answer: ``CustomerOne`` or ``CustomerList``."""
    many = name.endswith("List")
    kind = _reference(name.removesuffix("List" if many else "One"))
    data = {"type": "array", "items": kind} if many else {"oneOf": [kind, {"type": "null"}]}
    return {
        "type": "object",
        "properties": {
            "jsonapi": {"type": "object"},
            "data": data,
            "included": {"type": "array", "items": _reference("Resource")},
            "links": {"type": "object"},
            "meta": {"type": "object"},
        },
        "required": ["data"],
    }


def _nullable(schema: Mapping[str, Json], nullable: bool) -> dict[str, Any]:
    made = dict(schema)
    if nullable and "type" in made:
        made["type"] = [made["type"], "null"]
        if "enum" in made:
            made["enum"] = [*made["enum"], None]
    return made


def _object(properties: Mapping[str, Json]) -> dict[str, Json]:
    return {"type": "object", "properties": dict(properties), "required": list(properties)}


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _content(schema: Json) -> dict[str, Json]:
    return {JSON_API: {"schema": schema}}
