"""One operation of the OpenAPI document: its parameters, bodies and answers, errors included."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from rowgate.api.export import MEDIA_TYPES
from rowgate.api.media import JSON, JSON_API
from rowgate.api.openapi_shapes import content, reference
from rowgate.api.resources import ResourceType
from rowgate.api.values import Json

__all__ = [
    "READ_ERRORS",
    "WRITE_ERRORS",
    "error_components",
    "error_responses",
    "etag_headers",
    "idempotency_headers",
    "list_of",
    "operation",
    "query_parameter",
    "row_id",
    "write_headers",
]

ERRORS: Final[Mapping[str, str]] = {
    "400": "The request is not understood.",
    "401": "A log-in is needed.",
    "403": "The policy, or a derived attribute, does not allow it.",
    "404": "There is no such row, or none that you may see.",
    "405": "The address does not take the method.",
    "406": "The client accepts no JSON.",
    "409": "It conflicts with other rows, or with somebody else's change.",
    "412": "The row is not as If-Match or If-None-Match says.",
    "413": "The body is too large.",
    "415": "The body is of a media type that is not taken.",
    "422": "A value or a business rule stands against it.",
    "429": "Too many failed log-ins; try later.",
    "503": "The database is busy.",
}
READ_ERRORS: Final = ("400", "401", "403", "404", "405", "406", "503")
WRITE_ERRORS: Final = tuple(each for each in ERRORS if each != "429")

_FORMATS: Final[Mapping[str, Json]] = {"type": "string", "enum": ["csv", "ndjson"]}
_FILE: Final[Mapping[str, Json]] = {"schema": {"type": "string"}}
_ETAG: Final[Mapping[str, Json]] = {
    "ETag": {"description": "The state of the row, for If-Match.", "schema": {"type": "string"}}
}
_LOCATION: Final[Mapping[str, Json]] = {
    "Location": {"description": "The address of the new row.", "schema": {"type": "string"}}
}


def operation(
    tag: str,
    name: str,
    summary: str,
    document: Json | None,
    *,
    parameters: Sequence[Json] = (),
    body: Json | None = None,
    status: str = "200",
    writes: bool = False,
    exported: bool = False,
    tagged: bool = False,
) -> dict[str, Json]:
    """An operation.

    Args:
        tag: what it is listed under.
        name: the operationId.
        summary: in words.
        document: the schema of the answer; None for 204 alone.
        parameters: of the query string, and headers.
        body: the schema of the request's body; None where it has none.
        status: of the answer.
        writes: whether it writes; an operation with a body does.
        exported: whether ``format`` turns the answer into a file.
        tagged: whether the answer has an ETag.
    """
    writes = writes or body is not None
    answers: dict[str, Json] = {}
    given = list(parameters)
    if document is not None:
        made: dict[str, Json] = {"description": "Done.", "content": content(document)}
        headers = {**(_ETAG if tagged else {}), **(_LOCATION if status == "201" else {})}
        if headers:
            made["headers"] = headers
        answers[status] = made
    if exported:
        given.append(query_parameter("format", "Send every row, as a file", _FORMATS))
        answers[status]["content"] |= {kind.partition(";")[0]: _FILE for kind in MEDIA_TYPES.values()}
    if document is None or writes:
        answers["204"] = {"description": "Done; there is nothing to send."}
    if tagged and not writes:
        answers["304"] = {"description": "The row is the one that If-None-Match names."}
    described: dict[str, Json] = {
        "tags": [tag],
        "operationId": name,
        "summary": summary,
        "responses": {**answers, **error_responses(WRITE_ERRORS if writes else READ_ERRORS)},
    }
    if given:
        described["parameters"] = given
    if body is not None:
        described["requestBody"] = {"required": True, "content": {kind: {"schema": body} for kind in (JSON_API, JSON)}}
    return described


def error_responses(statuses: Iterable[str]) -> dict[str, Json]:
    """The answers of these statuses."""
    return {status: {"$ref": f"#/components/responses/Error{status}"} for status in statuses}


def error_components() -> dict[str, Json]:
    """What `error_responses` refers to."""
    return {
        f"Error{status}": {"description": text, "content": content(reference("Errors"))}
        for status, text in ERRORS.items()
    }


def query_parameter(
    name: str, description: str, schema: Mapping[str, Json] | None = None, **more: Json
) -> dict[str, Json]:
    """A parameter of the query string; text unless a schema says otherwise."""
    made = {"name": name, "in": "query", "description": description, "schema": schema or {"type": "string"}}
    return made | more


def list_of(name: str, description: str, members: Sequence[str]) -> dict[str, Json]:
    """A parameter that holds names, with commas between them: some of *members*, each once or several times.

    No name, too: empty ones are passed over, and ``fields[X]=`` asks for none (JSON:API 1.1, sparse fieldsets).
    """
    schema = {"type": "array", "minItems": 1, "items": {"type": "string", "enum": [*members, ""]}}
    return query_parameter(name, description, schema, style="form", explode=False)


def row_id(resource: ResourceType) -> dict[str, Json]:
    """The part of the address that is a row's id."""
    parts = " and ".join(part.name for part in resource.key)
    return {"name": "row_id", "in": "path", "required": True, "description": parts, "schema": {"type": "string"}}


def etag_headers() -> list[Json]:
    """The headers of a GET of one row."""
    return [_header("If-None-Match", "An ETag; 304 where the row is still that one")]


def idempotency_headers() -> list[Json]:
    """The headers of a POST that makes rows."""
    return [_header("Idempotency-Key", "Of the client's choice; sent again, it makes nothing again")]


def write_headers() -> list[Json]:
    """The headers of a PATCH or DELETE of one row."""
    return [_header("If-Match", "An ETag; 412 where the row is another one")]


def _header(name: str, description: str) -> Json:
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}
