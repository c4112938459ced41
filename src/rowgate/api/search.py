"""Search: ``filter[search]=text`` finds rows that have each word of the text in one of the columns that are searched.

Those are the attributes that ``ui/admin.yaml`` marks with ``search: true``, or all that hold text where it marks none.
In text a word may stand anywhere, in capitals or not; a number or a date is found by its whole value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, and_, false, or_, true

from rowgate.api.paths import Fault
from rowgate.api.resources import Attribute, ResourceType
from rowgate.api.values import ValueFault, clean_text

__all__ = ["SEARCH", "Searched", "escaped", "search"]

SEARCH: Final = "search"
"""The name that stands for all searched columns, where a type has no attribute of that name."""

Searched: TypeAlias = Mapping[str, Sequence[str]]
"""By type the names of the attributes that are searched; a type that is not there has all its text searched."""

ESCAPE: Final = "\\"


def search(words: Sequence[str], *, resource: ResourceType, searched: Searched, fault: Fault) -> ColumnElement[bool]:
    """The condition on rows that a search finds.

    Args:
        words: each must be found; none find every row.
        resource: the type, with the attributes that the principal may see.
        searched: what is searched.
        fault: of the parameter.

    Raises:
        BadParameter: no database holds a word.
    """
    try:
        words = [clean_text(word) for word in words]
    except ValueFault as error:
        raise fault.of(f"A search takes {error}.") from None
    columns = _columns(resource, searched)
    return and_(true(), *(or_(false(), *_holding(word, columns)) for word in words))


def escaped(text: str) -> str:
    """The text as LIKE takes it for itself: what would stand for other characters is escaped."""
    for special in (ESCAPE, "%", "_"):
        text = text.replace(special, ESCAPE + special)
    return text


def _columns(resource: ResourceType, searched: Searched) -> list[Attribute]:
    names = searched.get(resource.name)
    if names is None:
        return [each for each in resource.attributes.values() if each.codec.is_text]
    # A name that is not there is one that the principal may not see; the others are searched.
    return [resource.attributes[name] for name in names if name in resource.attributes]


def _holding(word: str, columns: Sequence[Attribute]) -> list[ColumnElement[bool]]:
    made: list[ColumnElement[bool]] = []
    for each in columns:
        if each.codec.is_text:
            holds = each.of.ilike(f"%{escaped(word)}%", escape=ESCAPE)
        elif each.codec.is_comparable and (value := _read(each, word)) is not None:
            holds = each.of == value
        else:
            continue
        # No value has no word: that is false and not unknown, so that "not" finds all the other rows.
        made.append(and_(each.of.is_not(None), holds) if each.nullable else holds)
    return made


def _read(attribute: Attribute, word: str) -> Any:
    try:
        return attribute.codec.read(word)
    except ValueFault:
        return None  # no value of this column, so no row has it there
