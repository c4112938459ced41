"""Turns what a provider stores into the project's principal: claims by field name, each checked for its type."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import types
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any, Union, get_args, get_origin, get_type_hints

from rowgate.errors import BadClaim, DeclarationError
from rowgate.types import Principal

__all__ = ["Claims"]

# What JSON can hold -> the field's type. bool is an int in Python, and a claim of 1 must not pass for True.
_PLAIN: Mapping[type, tuple[tuple[type, ...], Callable[[Any], object]]] = {
    bool: ((bool,), bool),
    int: ((int,), int),
    float: ((int, float), float),
    str: ((str,), str),
    decimal.Decimal: ((int, str, decimal.Decimal), decimal.Decimal),
    dt.date: ((str,), dt.date.fromisoformat),
    dt.datetime: ((str,), dt.datetime.fromisoformat),
    uuid.UUID: ((str,), uuid.UUID),
}


class Claims:
    """Builds principals of one class.

    Args:
        principal_class: the project's `Principal`. Its claims may be bool, int, float, str, Decimal, date, datetime,
            UUID, an Enum of those, ``frozenset`` or ``tuple[X, ...]`` of one of them, and each of these ``| None``.

    Raises:
        DeclarationError: a claim has another type.
    """

    def __init__(self, principal_class: type[Principal]) -> None:
        self._class = principal_class
        hints = get_type_hints(principal_class)
        self._fields = [field for field in fields(principal_class) if field.name not in ("id", "roles") and field.init]
        self._read = {field.name: self._reader(field.name, hints[field.name]) for field in self._fields}

    def principal(self, *, id: str, roles: Iterable[str], claims: Mapping[str, object]) -> Principal:  # noqa: A002
        """The principal of one user.

        Args:
            id: the user's id; a claim named ``id`` or ``roles`` never replaces it.
            roles: names of the user's roles.
            claims: by field name. Names that the class has no field for are left out; an absent one, and None where
                the field does not take it, stands for the field's default.

        Raises:
            BadClaim: a claim has another type than its field, or one that the field needs is absent.
        """
        found: dict[str, Any] = {}
        for field in self._fields:
            value = claims.get(field.name)
            if value is not None:
                found[field.name] = self.value(id, field.name, value)
            elif field.default is MISSING and field.default_factory is MISSING:
                raise BadClaim(f"User {id!r} lacks the claim {field.name!r}.")
        return self._class(id=id, roles=frozenset(roles), **found)

    def value(self, id: str, name: str, value: object) -> object:  # noqa: A002 - the field's name
        """One claim as its field has it.

        Args:
            id: whose it is, for the error.
            name: the field.
            value: as stored.

        Raises:
            BadClaim: it has another type than its field.
            KeyError: the class has no such field.
        """
        try:
            return self._read[name](value)
        except (ValueError, TypeError, ArithmeticError) as error:
            # The value itself may be somebody's: it stays out of the message.
            raise BadClaim(
                f"The claim {name!r} of user {id!r} is a {type(value).__name__}, or has a value its type does not take."
            ) from error

    def _reader(self, name: str, hint: object) -> Callable[[Any], object]:
        origin, arguments = get_origin(hint), get_args(hint)
        if origin in (Union, types.UnionType):
            inner = [each for each in arguments if each is not type(None)]
            if len(inner) == 1:
                return self._reader(name, inner[0])
        elif origin is frozenset or (origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis):
            return _collection(origin, self._reader(name, arguments[0]))
        elif isinstance(hint, type) and issubclass(hint, enum.Enum):
            return hint
        elif isinstance(hint, type) and hint in _PLAIN:
            return _exact(*_PLAIN[hint])
        raise DeclarationError(
            f"The claim {name!r} of {self._class.__name__} has a type that no log-in provider can hold: {hint}.",
            hint="Use bool, int, float, str, Decimal, date, datetime, UUID, an Enum, or a frozenset of one of them.",
        )


def _exact(accepted: tuple[type, ...], convert: Callable[[Any], object]) -> Callable[[Any], object]:
    def read(value: Any) -> object:
        if type(value) not in accepted:
            raise TypeError
        return convert(value)

    return read


def _collection(kind: type, read_one: Callable[[Any], object]) -> Callable[[Any], object]:
    def read(value: Any) -> object:
        if not isinstance(value, list | tuple | frozenset):
            raise TypeError
        return kind(read_one(each) for each in value)

    return read
