"""Media types: which bodies are taken and which are sent (https://jsonapi.org/format/1.1/#content-negotiation)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from flask import request
from werkzeug.http import parse_options_header

from rowgate.errors import MediaTypeRefused, NotAcceptable

__all__ = ["ATOMIC", "ATOMIC_JSON_API", "JSON", "JSON_API", "atomic_media_type", "check_content_type", "media_type"]

JSON_API: Final = "application/vnd.api+json"
JSON: Final = "application/json"


ATOMIC: Final = "https://jsonapi.org/ext/atomic"
"""The URI of the one extension that this server has, at one address."""

ATOMIC_JSON_API: Final = f'{JSON_API}; ext="{ATOMIC}"'


def check_content_type(*, extended: bool = False) -> None:
    """Take a body of JSON or JSON:API.

    JSON:API allows no parameters but ``profile`` and ``ext``; ``charset=utf-8`` is taken too, which many clients add.

    Args:
        extended: take a document of atomic operations, declared so, and nothing else.

    Raises:
        MediaTypeRefused: it is another type, or has another parameter.
    """
    kind, options = parse_options_header(request.headers.get("Content-Type"))
    charset = options.pop("charset", "utf-8").lower()
    options.pop("profile", None)
    if extended:
        if kind != JSON_API or options != {"ext": ATOMIC} or charset not in ("utf-8", "utf8"):
            raise MediaTypeRefused(
                "The body is not declared as a document of atomic operations.",
                hint=f"Send it with Content-Type: {ATOMIC_JSON_API}",
                header="Content-Type",
            )
        return
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
    found = _accepted(request.headers.get("Accept", "*/*"))
    if found is None and not lenient:
        raise NotAcceptable("The request accepts no JSON that this server writes.", header="Accept")
    return found or JSON_API


def atomic_media_type() -> str:
    """The media type of a document of atomic operations.

    A client that accepts JSON:API without parameters, or anything, is taken to accept it: it sent such a document.

    Raises:
        NotAcceptable: the client accepts neither.
    """
    header = request.headers.get("Accept", "*/*")
    accepted = [parse_options_header(part) for part in header.split(",") if part.strip()]
    asked = [options for kind, options in accepted if kind == JSON_API]
    if any(options.get("ext") == ATOMIC and not options.keys() - {"q", "profile", "ext"} for options in asked):
        return ATOMIC_JSON_API
    if _accepted(header) != JSON_API:
        raise NotAcceptable(
            "The request does not accept a document of atomic operations.",
            hint=f"Accept {ATOMIC_JSON_API}.",
            header="Accept",
        )
    return ATOMIC_JSON_API


@lru_cache(maxsize=256)
def _accepted(header: str) -> str | None:
    """The media type that a header ``Accept`` leads to; None where it is none of ours. Few clients, few headers."""
    accepted = [parse_options_header(part) for part in header.split(",") if part.strip()]
    asked = [options for kind, options in accepted if kind == JSON_API]
    if any(not (options.keys() - {"q", "profile"}) for options in asked):
        return JSON_API
    kinds = {kind for kind, _ in accepted}
    if JSON in kinds:
        return JSON
    return JSON_API if kinds & {"*/*", "application/*"} or not kinds else None
