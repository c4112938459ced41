"""What the OpenAPI document says of addresses that belong to no row: log-in, operations, RPC, the project's routes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from typing import Final

from flask import Flask
from werkzeug.routing import Rule

from rowgate.api.media import ATOMIC_JSON_API, JSON
from rowgate.api.openapi_may import May
from rowgate.api.openapi_operations import (
    READ_ERRORS,
    WRITE_ERRORS,
    error_responses,
    idempotency_headers,
    operation,
    row_id,
)
from rowgate.api.openapi_schemas import value_schema
from rowgate.api.openapi_shapes import nullable, object_of, reference
from rowgate.api.requires import demanded_header
from rowgate.api.rpc import Procedure
from rowgate.api.service import PREFIX
from rowgate.api.values import Json
from rowgate.types import Access
from rowgate.web.authorize import action_of

__all__ = ["log_in_paths", "operations_paths", "operations_schemas", "route_paths", "rpc_path"]

_CONVERTED: Final[Mapping[str, Json]] = {
    "IntegerConverter": {"type": "integer", "minimum": 0},
    "FloatConverter": {"type": "number", "minimum": 0},
    "UUIDConverter": {"type": "string", "format": "uuid"},
}


def log_in_paths() -> dict[str, Json]:
    """Where a token comes from."""
    text: Json = {"type": "string"}
    token: dict[str, Json] = {
        "type": "object",
        "properties": {"token_type": {"const": "Bearer"}, "access_token": text, "expires_in": {"type": "integer"}},
        "required": ["access_token", "token_type", "expires_in"],
    }
    both: dict[str, Json] = {**token, "properties": {**token["properties"], "refresh_token": text}}
    me = object_of({"id": text, "roles": {"type": "array", "items": text}, "claims": {"type": "object"}})
    given = object_of({"username": {**text, "maxLength": 255}, "password": {**text, "maxLength": 1024}})
    log_in = _auth("logIn", "Get an access token", ("400", "401", "405", "413", "415", "429"), answer=both)
    log_in |= {"security": [], "requestBody": {"required": True, "content": {JSON: {"schema": given}}}}
    bearer = ("401", "405")
    return {
        f"{PREFIX}/auth/login": {"post": log_in},
        f"{PREFIX}/auth/refresh": {
            "post": _auth("refresh", "Get a new access token for the refresh token", bearer, answer=token)
        },
        f"{PREFIX}/auth/logout": {"post": _auth("logOut", "End the log-in and every token of it", bearer)},
        f"{PREFIX}/auth/me": {"get": _auth("whoAmI", "Who the token is for", bearer, answer=me)},
    }


def _auth(name: str, summary: str, errors: Iterable[str], *, answer: Json | None = None) -> dict[str, Json]:
    done: Json = {"204": {"description": "Done."}}
    if answer is not None:
        done = {"200": {"description": "Done.", "content": {JSON: {"schema": answer}}}}
    responses = {**done, **error_responses(errors)}
    return {"tags": ["auth"], "operationId": name, "summary": summary, "responses": responses}


def rpc_path(called: Procedure, may: May) -> dict[str, Json]:
    """The address of an RPC method; none where it may not be called."""
    resource = called.resource
    if called.on_row and not may.use(resource.entity, Access.READ):
        return {}
    rule = PREFIX + called.path
    action = action_of(called.function)
    endpoint = f"api:{resource.name}:rpc:{called.name}"
    if action is not None and not may.act(action, method="POST", endpoints=[endpoint, rule]):
        return {}
    arguments = {
        "type": "object",
        "properties": {
            each.name: nullable(value_schema(each.codec.schema), each.nullable) for each in called.arguments.values()
        },
        "required": [each.name for each in called.arguments.values() if each.required],
        "additionalProperties": False,
    }
    body = object_of({"meta": object_of({"args": arguments})})
    result = object_of({"meta": object_of({"result": {}})})
    name = f"{resource.name}_{called.name}"
    made: dict[str, Json] = {"post": operation(resource.name, name, called.description, result, body=body)}
    if called.on_row:
        made["parameters"] = [row_id(resource)]
    return {_path(rule): made}


def operations_paths() -> dict[str, Json]:
    """The address of atomic operations (https://jsonapi.org/ext/atomic/)."""
    made = operation(
        "operations",
        "operations",
        "Do several operations, all or none",
        reference("AtomicResults"),
        body={},
        parameters=idempotency_headers(),
    )
    made["requestBody"]["content"] = {ATOMIC_JSON_API: {"schema": reference("AtomicOperations")}}
    made["responses"]["200"]["content"] = {ATOMIC_JSON_API: {"schema": reference("AtomicResults")}}
    return {f"{PREFIX}/operations": {"post": made}}


def operations_schemas() -> dict[str, Json]:
    """The documents of atomic operations."""
    text: Json = {"type": "string"}
    target = {
        "type": "object",
        "properties": {"type": text, "id": text, "lid": text, "relationship": text},
        "required": ["type"],
        "additionalProperties": False,
    }
    one = {
        "type": "object",
        "properties": {"op": {"enum": ["add", "update", "remove"]}, "ref": target, "href": text, "data": {}},
        "required": ["op"],
    }
    result = {"type": "object", "properties": {"data": {}, "meta": {"type": "object"}}}
    return {
        "AtomicOperations": object_of({"atomic:operations": {"type": "array", "minItems": 1, "items": one}}),
        "AtomicResults": object_of({"atomic:results": {"type": "array", "items": result}}),
    }


def route_paths(app: Flask, endpoints: Iterable[str], may: May) -> dict[str, Json]:
    """The project's own routes: their methods, the parts of their addresses, the first line of their docstrings.

    Args:
        app: with all of its routes.
        endpoints: those that the project added, RPC aside.
        may: which actions are given.
    """
    made: dict[str, Json] = {}
    wanted = set(endpoints)
    for rule in app.url_map.iter_rules():
        if rule.endpoint in wanted:
            for method, described in _methods(app, rule, may).items():
                path = made.setdefault(_path(rule.rule), {"parameters": _parts(rule)} if rule.arguments else {})
                path[method] = described
    return made


def _methods(app: Flask, rule: Rule, may: May) -> dict[str, Json]:
    view = app.view_functions[rule.endpoint]
    action, header = action_of(view), demanded_header(view)
    summary = (inspect.getdoc(view) or rule.endpoint).splitlines()[0]
    made: dict[str, Json] = {}
    for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
        if action is not None and not may.act(action, method=method, endpoints=[rule.endpoint, rule.rule]):
            continue
        writes = method != "GET"
        described: dict[str, Json] = {
            "tags": ["project"],
            "operationId": f"{method.lower()}_{rule.endpoint.replace('.', '_')}",
            "summary": summary,
            "responses": {
                "2XX": {"description": "Done; what the answer holds is the project's."},
                **error_responses(WRITE_ERRORS if writes else READ_ERRORS),
            },
        }
        if header is not None:
            named: Json = {"type": "string", "examples": ["an-id"]}
            described["parameters"] = [{"name": header, "in": "header", "required": True, "schema": named}]
        made[method.lower()] = described
    return made


def _parts(rule: Rule) -> list[Json]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": _CONVERTED.get(type(rule._converters[name]).__name__, {"type": "string"}),
        }
        for name in sorted(rule.arguments)
    ]


def _path(rule: str) -> str:
    """An address as OpenAPI writes it."""
    return re.sub(r"<(?:[^<>:]*:)?(\w+)>", r"{\1}", rule)
