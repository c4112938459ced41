"""The OpenAPI 3.1 document of the API (https://spec.openapis.org/oas/v3.1.0), made from the resource types alone.

It holds no value of any row. Every entity is in it, whoever asks: it says what may be asked for, and not what is there.
"""

from __future__ import annotations

from collections.abc import Mapping

from rowgate import __version__
from rowgate.api.openapi_schemas import (
    common_schemas,
    content,
    document_of,
    nullable,
    object_of,
    reference,
    resource_schemas,
)
from rowgate.api.resources import Relation, ResourceType
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
    schemas: dict[str, Json] = dict(common_schemas())
    for resource in service.resources.values():
        schemas |= resource_schemas(resource, derived.get(resource.entity, {}), locking=service.locking)
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
                f"Error{status}": {"description": text, "content": content(reference("Errors"))}
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
                document_of(f"{name}List"),
                parameters=[*one, *_list_parameters()],
            ),
            "post": _operation(
                resource,
                f"create{name}",
                f"Create a {name}",
                document_of(f"{name}One"),
                parameters=one,
                body=reference(f"{name}New"),
                status="201",
            ),
        },
        f"{PREFIX}/{name}/{{row_id}}": {
            "parameters": row,
            "get": _operation(resource, f"read{name}", f"Read a {name}", document_of(f"{name}One"), parameters=one),
            "patch": _operation(
                resource,
                f"update{name}",
                f"Change a {name}",
                document_of(f"{name}One"),
                parameters=one,
                body=reference(f"{name}Change"),
            ),
            "delete": _operation(resource, f"delete{name}", f"Delete a {name}", None, writes=True),
        },
    }
    for relation in resource.relations.values():
        made |= _relation_paths(resource, relation, row)
    return made


def _relation_paths(resource: ResourceType, relation: Relation, row: list[Json]) -> dict[str, Json]:
    target, name = relation.target, f"{resource.name}{relation.name}"
    document = document_of(f"{target}{'List' if relation.to_many else 'One'}")
    members = [
        _query("include", "Relationships to include: A,B.C"),
        _query(f"fields[{target}]", "Members to send: A,B"),
    ]
    parameters = [*members, *(_list_parameters() if relation.to_many else [])]
    linkage = reference("ManyLinks" if relation.to_many else "OneLink")
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
        "properties": {each.name: nullable(each.codec.schema, each.nullable) for each in called.arguments.values()},
        "required": [each.name for each in called.arguments.values() if each.required],
        "additionalProperties": False,
    }
    body = object_of({"meta": object_of({"args": arguments})})
    result = object_of({"meta": object_of({"result": {}})})
    operation = _operation(
        called.resource, f"{called.resource.name}_{called.name}", called.description, result, body=body
    )
    path = PREFIX + called.path.replace("<string:row_id>", "{row_id}")
    return {path: {"post": operation, **({"parameters": [_row_id(called.resource)]} if called.on_row else {})}}


def _log_in() -> dict[str, Json]:
    token = {"type": "object", "properties": {"access_token": {"type": "string"}}, "required": ["access_token"]}
    credentials = object_of({"username": {"type": "string"}, "password": {"type": "string"}})
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
        answers[status] = {"description": "Done.", "content": content(document)}
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
        made["requestBody"] = {"required": True, "content": content(body)}
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
