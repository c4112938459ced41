"""RPC: a project's own operations, ``POST /api/<Type>/<id>/<name>`` and ``POST /api/<Type>/<name>``.

The body is ``{"meta": {"args": {...}}}``, the answer ``{"meta": {"result": ...}}``. A method works on the request's
session, so it sees and changes what the principal may; its changes are committed as one transaction when it returns.
Mapped objects in its result are read again, filtered, and sent as resources.
"""

from __future__ import annotations

import datetime as dt
import inspect
import types
import typing
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa
from flask import Response
from flask.views import View
from sqlalchemy import Row
from sqlalchemy.inspection import inspect as inspect_mapped
from sqlalchemy.orm import InstanceState

from rowgate import web
from rowgate.api.body import escaped, read_body
from rowgate.api.idempotency import refuse_key
from rowgate.api.names import did_you_mean
from rowgate.api.query import NONE
from rowgate.api.resources import Key, ResourceType
from rowgate.api.serialize import JSONAPI
from rowgate.api.service import Service, answer
from rowgate.api.values import INT_64, Codec, Json, ValueFault, codec_for
from rowgate.errors import (
    BadDocument,
    BadValue,
    DeclarationError,
    RowgateError,
    UnknownMember,
    ValueMissing,
    all_told,
)

__all__ = ["Argument", "Procedure", "RpcView", "procedure"]

_KINDS: Final[Mapping[Any, sa.types.TypeEngine[Any]]] = {
    bool: sa.Boolean(),
    int: sa.BigInteger(),
    float: sa.Float(),
    Decimal: sa.Numeric(),
    str: sa.String(),
    dt.date: sa.Date(),
    dt.datetime: sa.DateTime(),
    dt.time: sa.Time(),
    uuid.UUID: sa.Uuid(),
    dict: sa.JSON(),
    list: sa.JSON(),
    Any: sa.JSON(),
}


@dataclass(frozen=True, kw_only=True)
class Argument:
    """An argument of a method, as clients send it."""

    name: str
    codec: Codec
    nullable: bool
    required: bool


@dataclass(frozen=True, kw_only=True)
class Procedure:
    """A method that clients may call.

    Args:
        name: the last part of its address.
        on_row: whether it is called on one row, which is then its first parameter.
        arguments: those that clients send.
    """

    name: str
    resource: ResourceType
    on_row: bool
    function: Callable[..., object]
    arguments: Mapping[str, Argument]
    description: str

    @property
    def path(self) -> str:
        """The address below the API's prefix, as Flask writes it."""
        return f"/{self.resource.name}/<id:row_id>/{self.name}" if self.on_row else f"/{self.resource.name}/{self.name}"


def procedure(resource: ResourceType, function: Callable[..., object], *, on_row: bool) -> Procedure:
    """Read a function's signature.

    Args:
        resource: the type it belongs to.
        function: its parameters are annotated with bool, int, float, Decimal, str, date, datetime, time, UUID, dict,
            list or Any, or with one of these ``| None``.
        on_row: whether its first parameter is a row.

    Raises:
        DeclarationError: a parameter is not of such a type, or the name is a relationship's.
    """
    name = function.__name__
    if name in resource.relations or name == "relationships":
        raise DeclarationError(f"{resource.name} has a relationship {name!r}; an RPC of that name would hide it.")
    hints = typing.get_type_hints(function)
    parameters = list(inspect.signature(function).parameters.values())
    if on_row and not parameters:
        raise DeclarationError(f"{name} is called on a row, so its first parameter takes one.")
    arguments = {
        each.name: _argument(each, hints.get(each.name, Any), function=name)
        for each in parameters[1 if on_row else 0 :]
    }
    described = (inspect.getdoc(function) or name).splitlines()[0]
    return Procedure(
        name=name, resource=resource, on_row=on_row, function=function, arguments=arguments, description=described
    )


def _argument(parameter: inspect.Parameter, hint: Any, *, function: str) -> Argument:
    kinds = [hint]
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        kinds = list(typing.get_args(hint))
    named = [typing.get_origin(kind) or kind for kind in kinds if kind is not type(None)]
    taken = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    if len(named) != 1 or named[0] not in _KINDS or not taken:
        raise DeclarationError(
            f"{function}: the API cannot pass the parameter {parameter.name}.",
            hint="Annotate it with one of the types that docs/reference/api.md lists for RPC.",
        )
    return Argument(
        name=parameter.name,
        codec=codec_for(_KINDS[named[0]], name=f"{function}.{parameter.name}"),
        nullable=type(None) in kinds or hint is Any,
        required=parameter.default is parameter.empty,
    )


class RpcView(View):
    """Calls one method."""

    init_every_request = False

    def __init__(self, service: Service, procedure: Procedure) -> None:
        self._service, self._procedure = service, procedure

    def dispatch_request(self, row_id: str | None = None) -> Response:
        service, called = self._service.seen_by(web.session()), self._procedure
        service.answerable(called.resource, service.query(called.resource, NONE))
        refuse_key()
        arguments = _read_arguments(called, read_body())
        positional: list[object] = []
        if row_id is not None:
            positional.append(service.writer().find(called.resource, service.key(called.resource, row_id)))
        returned = called.function(*positional, **arguments)
        web.session().flush()
        result = _Result(service, returned)  # refuses what JSON has no form for, so before the commit
        web.session().commit()
        return answer({"jsonapi": JSONAPI, "meta": {"result": result.plain()}})


def _read_arguments(called: Procedure, body: Mapping[str, Json]) -> dict[str, Any]:
    meta = body.get("meta", {})
    given = meta.get("args", {}) if isinstance(meta, dict) else None
    if not isinstance(given, dict):
        raise BadDocument("The arguments are an object in meta.args.", pointers=["/meta/args"])
    faults: list[RowgateError] = []
    read: dict[str, Any] = {}
    for name, value in given.items():
        pointer = f"/meta/args/{escaped(name)}"
        argument = called.arguments.get(name)
        if argument is None:
            hint = did_you_mean(name, called.arguments)
            faults.append(UnknownMember(f"{called.name} has no argument {name!r}.", hint=hint, pointers=[pointer]))
        elif value is None:
            if not argument.nullable:
                faults.append(BadValue(f"{name} must have a value.", pointers=[pointer]))
            read[name] = None
        else:
            try:
                read[name] = argument.codec.parse(value)
            except ValueFault as fault:
                faults.append(BadValue(f"{name} takes {fault}.", pointers=[pointer]))
    for argument in called.arguments.values():
        if argument.required and argument.name not in given:
            faults.append(ValueMissing(f"{argument.name} is missing.", pointers=["/meta/args"]))
    all_told(faults)
    return read


class _Result:
    """Turns what a method returned into JSON; rows as the principal sees them when they are read again.

    Raises:
        DeclarationError: it holds an object that is not in the database, or a value that JSON has no form for.
    """

    def __init__(self, service: Service, returned: object) -> None:
        self._service, self._returned = service, returned
        self._rows: dict[type, dict[Key, None]] = {}
        self._resources: Mapping[tuple[str, str], Json] = {}
        self._collect(returned)

    def plain(self) -> Json:
        """The result as JSON, its rows read in a new transaction."""
        self._read()
        return self._plain(self._returned)

    def _collect(self, value: object) -> None:
        state = _state(value)
        if state is not None:
            if state.identity is None:
                raise DeclarationError("An RPC returned an object that is not in the database.")
            self._service.resources.of(state.mapper.class_)
            self._rows.setdefault(state.mapper.class_, {})[tuple(state.identity)] = None
        elif isinstance(value, Mapping):
            for each in value.values():
                self._collect(each)
        elif _is_list(value):
            for each in value:
                self._collect(each)
        elif (type(value) not in _KINDS and value is not None) or (isinstance(value, int) and abs(value) > INT_64):
            raise DeclarationError(f"An RPC returned a {type(value).__name__}, for which JSON has no form.")

    def _read(self) -> None:
        if not self._rows:
            return
        service = self._service
        rows = [(service.resources.of(entity), key) for entity, keys in self._rows.items() for key in keys]
        self._resources = service.all_read_again(rows, service.plain_query())

    def _plain(self, value: object) -> Json:
        state = _state(value)
        if state is not None:
            resource = self._service.resources.of(state.mapper.class_)
            return self._resources.get((resource.name, resource.id_of(state.identity or ())))
        match value:
            case None | bool() | int() | float() | str():
                return value
            case Mapping():
                return {str(key): self._plain(each) for key, each in value.items()}
            case _ if _is_list(value):
                # A row that the principal may not see leaves no gap.
                return [made for each in value if (made := self._plain(each)) is not None or _state(each) is None]
            case _:
                return codec_for(_KINDS[type(value)], name="result").dump(value)


def _is_list(value: object) -> typing.TypeGuard[Sequence[Any]]:
    return isinstance(value, list | tuple | set | frozenset | Row)


def _state(value: object) -> InstanceState[Any] | None:
    state = inspect_mapped(value, raiseerr=False)
    return state if isinstance(state, InstanceState) else None
