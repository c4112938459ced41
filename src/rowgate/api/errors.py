"""Every error of the app as a JSON:API error document: ours, the database's, HTTP's, and those nobody foresaw."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, Final

from flask import Flask, Response, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from rowgate import web
from rowgate.api.database_errors import told
from rowgate.api.json_text import write_json
from rowgate.api.media import media_type
from rowgate.api.places import told_to_the_asker
from rowgate.api.resources import ResourceType
from rowgate.api.service import PREFIX, Service
from rowgate.api.values import Json
from rowgate.errors import (
    BodyTooLarge,
    Faults,
    MediaTypeRefused,
    MethodRefused,
    MissingPrincipal,
    NoSuchAddress,
    NotAcceptable,
    RequestRefused,
    RowgateError,
    RuleRefused,
)

__all__ = ["error_document", "install"]

_log = logging.getLogger("rowgate.api")
_INTERNAL: Final = RowgateError("The server could not answer.")


def install(app: Flask, service: Service) -> None:
    """Answer every error of *app* with a JSON:API error document.

    Args:
        app: the Flask app; `rowgate.web.install` was called on it.
        service: of the app.
    """

    @app.errorhandler(RowgateError)
    def ours(error: RowgateError) -> Response:
        if error.status == 500:
            _log.error("Request %s: %s", web.request_id(), error, exc_info=error)
            error = _Hushed(error)
        if isinstance(error, RuleRefused):
            error = told_to_the_asker(error, _resource(service))
        return _respond(error)

    @app.errorhandler(SQLAlchemyError)
    def database(error: SQLAlchemyError) -> Response:
        found = told(error, resource=_resource(service), method=request.method)
        if found is None:
            return unforeseen(error)
        _log.info("Request %s: %s", web.request_id(), type(error).__name__)
        return _respond(found)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        response = _respond(_of_http(error))
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return response

    @app.errorhandler(Exception)
    def unforeseen(error: Exception) -> Response:
        # Its text may hold SQL or values, so it goes to the log alone.
        _log.error("Request %s failed.", web.request_id(), exc_info=error)
        return _respond(_INTERNAL)


def error_document(error: RowgateError, *, request_id: str) -> dict[str, Json]:
    """The document of an error: one object for each fault.

    Args:
        error: what happened.
        request_id: of the request; also in the log.
    """
    return {"jsonapi": {"version": "1.1"}, "errors": list(_objects(error, request_id))}


def status_of(error: RowgateError) -> int:
    """The HTTP status of an error: that of its faults where they have one, else 400."""
    if isinstance(error, Faults):
        found = {status_of(each) for each in error.errors}
        return found.pop() if len(found) == 1 else 400
    return getattr(error, "http_status", error.status)


def _objects(error: RowgateError, request_id: str) -> Iterator[dict[str, Json]]:
    if isinstance(error, Faults):
        for each in error.errors:
            yield from _objects(each, request_id)
        return
    sources: list[Mapping[str, str] | None] = [{"pointer": pointer} for pointer in error.pointers]
    if error.parameter is not None:
        sources.append({"parameter": error.parameter})
    if error.header is not None:
        sources.append({"header": error.header})
    for source in sources or [None]:
        made: dict[str, Any] = {
            "id": request_id,
            "status": str(status_of(error)),
            "code": error.code,
            "title": error.title,
            "detail": error.detail,
        }
        if source is not None:
            made["source"] = source
        made["meta"] = {"hint": error.advice, **error.meta}
        yield made


def _respond(error: RowgateError) -> Response:
    document = error_document(error, request_id=web.request_id())
    response = Response(write_json(document), status=status_of(error), content_type=media_type(lenient=True))
    response.headers.update(error.response_headers)
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept")
    return response


class _Hushed(RowgateError):
    """A fault of the server: its code and title for the client, its words for the log."""

    def __init__(self, error: RowgateError) -> None:
        super().__init__("The server could not answer.")
        self.code, self.status, self.title = error.code, error.status, error.title  # type: ignore[misc]


def _resource(service: Service) -> ResourceType | None:
    """The type that the request's address names, as the principal knows it."""
    if not request.path.startswith(f"{PREFIX}/"):
        return None
    try:
        resources = service.seen_by(web.session()).resources
    except MissingPrincipal:
        return None  # nobody has logged in, so no type is told of
    return resources.get(request.path.removeprefix(f"{PREFIX}/").split("/")[0])


def _of_http(error: HTTPException) -> RowgateError:
    match error.code:
        case 404:
            return NoSuchAddress("There is nothing at this address.")
        case 405:
            return MethodRefused(f"This address does not take {request.method}.")
        case 406:
            return NotAcceptable("The answer cannot be given in a media type that the request accepts.")
        case 413:
            return BodyTooLarge("The body is larger than the server takes.")
        case 415:
            return MediaTypeRefused("The body is of a media type that this address does not take.")
        case code if code is not None and 400 <= code < 500:
            return RequestRefused("The request cannot be understood.", status=code)
        case _:
            _log.error("Request %s failed.", web.request_id(), exc_info=error)
            return _INTERNAL
