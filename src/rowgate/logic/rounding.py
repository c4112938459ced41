"""Rounding of amounts to what their columns hold, before anything is summed.

A column of two decimals stores 0.33 for 0.333. A sum that was adjusted by 0.333 would differ from the sum of the stored
amounts for ever, so amounts are rounded when they are set: half up, as PostgreSQL rounds a numeric it stores.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import Numeric
from sqlalchemy.orm import Mapper

from rowgate.mapped import state_of


def scale_of(mapper: Mapper[Any], name: str) -> int | None:
    """The decimals of a column that holds ``decimal.Decimal``; None for any other column, and for one without limit."""
    kind = mapper.column_attrs[name].columns[0].type
    return kind.scale if isinstance(kind, Numeric) and kind.asdecimal else None


def rounded(value: object, scale: int) -> object:
    """A Decimal with ``scale`` decimals; anything else, and what is not finite, as it is."""
    if isinstance(value, Decimal) and value.is_finite():
        return value.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
    return value


def round_row(row: object) -> None:
    """Round the amounts that were set on a row."""
    state = state_of(row)
    for prop in state.mapper.column_attrs:
        name = prop.key
        scale = scale_of(state.mapper, name)
        if scale is not None and name in state.dict and (not state.persistent or name in state.committed_state):
            value = state.dict[name]
            exact = rounded(value, scale)
            if type(value) is Decimal and str(value) != str(exact):
                setattr(row, name, exact)


def rounding(function: Callable[..., object], scale: int) -> Callable[..., object]:
    """``function``, with its result rounded."""

    @functools.wraps(function)
    def call(**arguments: object) -> object:
        return rounded(function(**arguments), scale)

    return call
