"""Media types: which bodies are taken and which are sent (https://jsonapi.org/format/1.1/#content-negotiation)."""

from __future__ import annotations

from typing import Final

from flask import request
from werkzeug.http import parse_options_header

from rowgate.errors import MediaTypeRefused, NotAcceptable

__all__ = ["JSON", "JSON_API", "check_content_type", "media_type"]

JSON_API: Final = "application/vnd.api+json"
JSON: Final = "application/json"


def check_content_type() -> None:
    """Take a body of JSON or JSON:API.

    JSON:API allows no parameters but ``profile``; ``charset=utf-8`` is taken too, which many clients add.

    Raises:
        MediaTypeRefused: it is another type, or has another parameter.
    """
    kind, options = parse_options_header(request.headers.get("Content-Type"))
    charset = options.pop("charset", "utf-8").lower()
    options.pop("profile", None)
    if kind not in (JSON, JSON_API) or charset not in ("utf-8", "utf8") or (kind == JSON_API and options):
        raise MediaTypeRefused(
            "The body is not declared as application/vnd.api+json or application/json.", header="Content-Type"
        )


def media_type(*, lenient: bool = False) -> str:
    """The media type to answer with: JSON:API's, unless the client asks for plain JSON only.

    Args:
        lenient: answer JSON:API even to a client that does not accept it: for errors.

    Raises:
        NotAcceptable: the client accepts JSON:API only with parameters that this server does not have, as the
            specification demands of servers, or no JSON at all.
    """
    accepted = [parse_options_header(part) for part in request.headers.get("Accept", "*/*").split(",") if part.strip()]
    asked = [options for kind, options in accepted if kind == JSON_API]
    if any(not (options.keys() - {"q", "profile"}) for options in asked):
        return JSON_API
    kinds = {kind for kind, _ in accepted}
    if JSON in kinds:
        return JSON
    if kinds & {"*/*", "application/*"} or not kinds or lenient:
        return JSON_API
    raise NotAcceptable("The request accepts no JSON that this server writes.", header="Accept")
