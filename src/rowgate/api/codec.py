"""A codec: how the values of one column are written as JSON, and read from JSON and from text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson

__all__ = ["Codec", "Json", "ValueFault", "clean_text"]

Json: TypeAlias = Any
"""What orjson writes: JSON's own types, and ``orjson.Fragment`` for exact numbers."""


class ValueFault(ValueError):
    """A value its column cannot hold; says what the column takes, in words for the client."""


@dataclass(frozen=True)
class Codec:
    """How one column's values are written and read.

    Args:
        dump: from the Python value (not None) to JSON.
        parse: from JSON (not null) to the Python value; raises ValueFault.
        read: from text, as a query or an address holds it; raises ValueFault.
        schema: the JSON Schema of the values.
        is_text: whether LIKE makes sense.
        is_ordered: whether less and greater make sense.
        is_comparable: whether the database can tell two values apart; then they can be sorted too.
        is_native: whether orjson writes the Python value itself just as it writes what ``dump`` makes of it.
    """

    dump: Callable[[Any], Json]
    parse: Callable[[Json], Any]
    read: Callable[[str], Any]
    schema: Mapping[str, Json] = field(default_factory=dict)
    is_text: bool = False
    is_ordered: bool = True
    is_comparable: bool = True
    is_native: bool = False

    def text(self, value: object) -> str:
        """The value as an id or a query spells it: what ``read`` takes back."""
        dumped = self.dump(value)
        if isinstance(dumped, str):
            return dumped
        return orjson.dumps(dumped).decode()


def clean_text(value: str) -> str:
    """Text that every database can store.

    Raises:
        ValueFault: it holds NUL, or half of a surrogate pair.
    """
    if "\0" in value:
        raise ValueFault("text without the character NUL")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueFault("text of whole characters (it has half of a surrogate pair)") from None
    return value
