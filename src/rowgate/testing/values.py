"""Keys and values of rows as YAML has them, turned strictly into what the columns hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Column

from rowgate.api.ids import join_id, split_id
from rowgate.api.values import ValueFault, codec_for
from rowgate.mapped import mapper_of
from rowgate.testing.cases import Key

__all__ = ["Unfit", "column_of", "key_of", "key_text", "nearest", "value_of"]


class Unfit(ValueError):
    """A key or a value that a column cannot hold; says what is wrong, and what to do."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def nearest(name: str, known: Iterable[str], *, what: str) -> str:
    """A hint for a name that is not known: the nearest one, else all of them."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1) or [each for each in names if each.lower() == name.lower()]
    return f"Did you mean {near[0]}?" if near else f"The {what} are: {', '.join(names) or 'none'}."


def column_of(entity: type, name: str) -> Column[Any]:
    """The column of an attribute.

    Raises:
        Unfit: the entity has no such attribute that is one column.
    """
    attributes = mapper_of(entity).column_attrs
    column = attributes[name].columns[0] if name in attributes else None
    if not isinstance(column, Column):
        raise Unfit(f"{entity.__name__} has no column {name!r}.", nearest(name, attributes.keys(), what="columns"))
    return column


def value_of(entity: type, name: str, value: object) -> object:
    """What a column is to hold, from a plain YAML value.

    Raises:
        Unfit: there is no such column, or it cannot hold the value.
    """
    column = column_of(entity, name)
    if value is None:
        return None
    try:
        return codec_for(column.type, name=f"{entity.__name__}.{name}").parse(_as_json(value))
    except ValueFault as fault:
        raise Unfit(f"{entity.__name__}.{name} takes {fault}, not {value!r}.", _quotes(value)) from fault


def key_of(entity: type, value: object) -> Key:
    """A primary key from a YAML value, or from its text: the columns' values joined with ``_``.

    Raises:
        Unfit: the value is no key of this entity.
    """
    columns = mapper_of(entity).primary_key
    name = entity.__name__
    if isinstance(value, bool) or not isinstance(value, int | str | dt.date):
        raise Unfit(f"{value!r} is no key of {name}.", "Write one value: the id as the API has it.")
    if not isinstance(value, str) and (len(columns) > 1 or columns[0].type.python_type is str):
        # YAML reads 01730 as the number 984, and 1_01581 as 101581.
        raise Unfit(f"{value!r} is no text, and a key of {name} is.", 'Put the id in quotes: "01730".')
    text = value.isoformat() if isinstance(value, dt.date) else str(value)
    parts = split_id(text, len(columns))
    if parts is None:
        names = "_".join(column.name for column in columns)
        raise Unfit(f"{text!r} is no key of {name}.", f"It is written {names}, in quotes.")
    try:
        return tuple(
            codec_for(column.type, name=f"{name}.{column.name}").read(part)
            for column, part in zip(columns, parts, strict=True)
        )
    except ValueFault as fault:
        raise Unfit(f"{text!r} is no key of {name}, which is {fault}.") from fault


def key_text(key: Key) -> str:
    """A key as the file and the API write it."""
    return join_id([str(part) for part in key])


def _as_json(value: object) -> object:
    """JSON knows exact numbers and text; YAML has floats and dates besides."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("ascii", "replace")
    return value


def _quotes(value: object) -> str | None:
    return f'Put text in quotes: "{value}".' if not isinstance(value, str | dict | list) else None
