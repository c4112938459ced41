"""``@requires``: an endpoint about an object that this database need not hold, checked before its body runs.

The object's id comes from a header or from the address. The body gets the id that was checked as its first argument,
and gets it from nowhere else: a parameter that Flask cannot fill by name. So the check and the query cannot be about
different objects, and a decorator that was forgotten, or stands above the route's, is an error and not an open door.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from flask import Flask, request
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from rowgate import web
from rowgate.enforce.permissions import answers
from rowgate.errors import (
    DeclarationError,
    EngineUnreachable,
    MissingPrincipal,
    MissingToken,
    ObjectIdRefused,
    PermissionRefused,
    UnknownPermission,
)
from rowgate.policy.relation_binding import BoundRelations
from rowgate.zed.names import OBJECT_ID
from rowgate.zed.relationships import ObjectRef

__all__ = ["check_required", "demanded_header", "requires"]

P = ParamSpec("P")
R = TypeVar("R")

_MARK: Final = "__rowgate_requires__"


@dataclass(frozen=True, kw_only=True)
class _Demand:
    """What an endpoint demands: a permission on the object that a header or an argument of its address names."""

    type: str
    permission: str
    header: str | None
    argument: str | None

    @property
    def place(self) -> str:
        """Where the id stands, in words."""
        return f"the header {self.header}" if self.header else f"the part {self.argument} of the address"

    def identifier(self, arguments: dict[str, Any]) -> str:
        """The id of the object, taken out of the arguments where it stands there.

        Raises:
            ObjectIdRefused: there is none, there are several, or it is none.
        """
        if self.argument is not None:
            sent = [str(arguments.pop(self.argument))] if self.argument in arguments else []
        else:
            sent = request.headers.getlist(self.header or "")
        if not sent:
            raise ObjectIdRefused(
                f"The request does not say which {self.type} is meant: {self.place} is missing.", header=self.header
            )
        # A server joins a header that is sent twice with a comma, which is in no id.
        if len(sent) > 1 or not OBJECT_ID.fullmatch(sent[0]):
            raise ObjectIdRefused(f"One {self.type} is to be named, and {self.place} does not.", header=self.header)
        return sent[0]


def requires(
    type: str,  # noqa: A002 - the schema's word
    permission: str,
    *,
    header: str | None = None,
    argument: str | None = None,
) -> Callable[[Callable[Concatenate[str, P], R]], Callable[..., R]]:
    """Let an endpoint run only for those who have a permission on the object that the request names.

    It stands below the route's decorator. The function takes the checked id as its first parameter, by position::

        @api.app.get("/api/finance/dashboard")
        @requires("organization", "can_view_finance_dashboard", header="X-Context-Org-Id")
        def dashboard(organization_id: str, /) -> ResponseReturnValue: ...

    Args:
        type: of the object, in the relationship schema.
        permission: a permission or relation of that type.
        header: the header that holds the id; or
        argument: the variable part of the address that holds it.

    Raises:
        DeclarationError: not exactly one of ``header`` and ``argument`` is given, or the function's first parameter
            could be filled by name. At start, also: the schema has no such type or permission.
        ObjectIdRefused: on a request that does not name one object (400).
        MissingToken: on a request of nobody's (401).
        PermissionRefused: on a request of somebody who lacks the permission (403).
        EngineUnreachable: the permission cannot be checked now (503).
    """
    if (header is None) == (argument is None):
        raise DeclarationError("requires() takes the id from a header or from an argument: give one of the two.")
    demand = _Demand(type=type, permission=permission, header=header, argument=argument)

    def decorate(function: Callable[Concatenate[str, P], R]) -> Callable[..., R]:
        first = next(iter(inspect.signature(function).parameters.values()), None)
        if first is None or first.kind is not inspect.Parameter.POSITIONAL_ONLY:
            name = getattr(function, "__name__", "the function")
            raise DeclarationError(
                f"The first parameter of {name} takes the checked id, and must be positional-only.",
                hint=f"Write: def {name}({type}_id: str, /) and whatever follows.",
            )

        @wraps(function)
        def checked(**arguments: Any) -> R:
            identifier = demand.identifier(arguments)
            _refuse(demand, identifier)
            return function(identifier, **arguments)  # type: ignore[call-arg]  # Flask passes the rest by name

        setattr(checked, _MARK, demand)
        return checked

    return decorate


def _refuse(demand: _Demand, identifier: str) -> None:
    """Refuse whoever lacks the permission. Nobody is told whether there is such an object."""
    try:
        session = web.session()
    except MissingPrincipal:
        raise MissingToken("This endpoint asks who you are.") from None
    if session.holder.superuser:
        return
    try:
        found = answers(session, ObjectRef(demand.type, identifier), [demand.permission])
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise EngineUnreachable("The permission could not be checked.") from error
    if not found[demand.permission]:
        missing = sorted(found[demand.permission].missing)
        more = f" It hangs on {', '.join(missing)}, which the request does not say." if missing else ""
        raise PermissionRefused(f"You do not have {demand.permission} on this {demand.type}.{more}")


def demanded_header(view: Callable[..., object]) -> str | None:
    """The header that names the object which an endpoint is about; None where none does."""
    demand = getattr(view, _MARK, None)
    return demand.header if isinstance(demand, _Demand) else None


def check_required(app: Flask, relations: BoundRelations | None) -> None:
    """Refuse to start with an endpoint that demands what the schema does not have.

    Args:
        app: with all of its routes.
        relations: the relationship schema; None where there is none.

    Raises:
        DeclarationError: names the endpoint.
    """
    for endpoint, view in app.view_functions.items():
        demand = getattr(view, _MARK, None)
        if not isinstance(demand, _Demand):
            continue
        if relations is None:
            raise DeclarationError(f"The endpoint {endpoint}: the policy declares no relationship schema.")
        try:
            relations.compiled.node(demand.type, demand.permission)
        except UnknownPermission as error:
            raise DeclarationError(f"The endpoint {endpoint}: {error.detail}", hint=error.advice) from None
