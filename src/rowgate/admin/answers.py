"""What the routes of the admin app share: JSON answers that nobody keeps, and parameters read strictly."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Response, request

from rowgate.api.json_text import JsonFault, read_json, write_json
from rowgate.api.names import did_you_mean
from rowgate.api.resources import Resources, ResourceType
from rowgate.errors import BadDocument, BadParameter, MediaTypeRefused
from rowgate.types import Access

__all__ = ["body", "count", "known_only", "needed", "resource_named", "sent", "verb_named"]


def sent(document: Any, *, status: int = 200) -> Response:
    """A JSON answer; it is for its asker alone."""
    response = Response(write_json(document), status=status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.vary.update(("Authorization", "Cookie"))
    return response


def known_only(*names: str) -> None:
    """Refuse parameters that the address does not take.

    Raises:
        BadParameter: there is one, or one is given twice.
    """
    for name, values in request.args.lists():
        if name not in names:
            raise BadParameter(f"There is no parameter {name!r} here.", parameter=name, hint=did_you_mean(name, names))
        if len(values) > 1:
            raise BadParameter(f"{name} is given {len(values)} times.", parameter=name)


def needed(name: str) -> str:
    """A parameter that must be given.

    Raises:
        BadParameter: it is not.
    """
    value = request.args.get(name, "")
    if not value:
        raise BadParameter(f"The parameter {name} is needed.", parameter=name)
    return value


def resource_named(resources: Resources) -> ResourceType:
    """The type that the parameter ``resource`` names.

    Raises:
        BadParameter: it names none.
    """
    return _one_of("resource", needed("resource"), resources)


def _one_of(parameter: str, name: str, resources: Resources) -> ResourceType:
    found = resources.get(name)
    if found is None:
        raise BadParameter(f"There is no type {name!r}.", parameter=parameter, hint=did_you_mean(name, resources))
    return found


def verb_named() -> Access:
    """The verb that the parameter ``access`` names; READ where it is left out.

    Raises:
        BadParameter: it names none.
    """
    name = request.args.get("access", "READ").upper()
    verbs = {each.name: each for each in Access.ALL}
    if name not in verbs:
        raise BadParameter(f"access is {name!r}.", parameter="access", hint="It takes READ, INSERT, UPDATE or DELETE.")
    return verbs[name]


def count(name: str, *, default: int, most: int) -> int:
    """A parameter that is a number from 1.

    Raises:
        BadParameter: it is none, or too large.
    """
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
        raise BadParameter(f"{name} takes a whole number from 1 to {most}.", parameter=name)
    return int(text)


def body(*, members: Iterable[str]) -> dict[str, Any]:
    """The request's body: a JSON object with no other members than these.

    Raises:
        BadDocument: it is none.
    """
    if not request.is_json:
        raise MediaTypeRefused("The body is not declared as application/json.", header="Content-Type")
    try:
        found = read_json(request.get_data())
    except JsonFault as fault:
        raise BadDocument(f"The body is no document. {fault}", pointers=[""]) from None
    if not isinstance(found, dict):
        raise BadDocument("The body is not a JSON object.", pointers=[""])
    for name in found:
        if name not in members:
            raise BadDocument(
                f"The body has an unknown member {name!r}.", pointers=[f"/{name}"], hint=did_you_mean(name, members)
            )
    return found
