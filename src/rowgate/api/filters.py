"""Filters: the grammar of ``filter`` parameters, and the conditions they become.

A condition names an attribute, or a path of relationships that ends in one: ``Customer.Country``. A path means "has a
related row such that", so a row behind it that the principal may not see is not there.

    filter[Country]=UK,France            one of these values
    filter[Balance][ge]=100              an operator
    filter=[{"name": "City", "op": "like", "val": "L%"}, {"or": [{...}, {...}]}, {"not": {...}}]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, false, not_, or_, true

from rowgate.api.json_text import JsonFault, read_json
from rowgate.api.names import did_you_mean
from rowgate.api.resources import Attribute, Resources, ResourceType
from rowgate.api.values import Json, ValueFault
from rowgate.errors import BadParameter

__all__ = ["OPERATORS", "FilterReader", "attribute_of"]

MOST_CONDITIONS: Final = 100
MOST_VALUES: Final = 1000
DEEPEST_GROUP: Final = 10
DEEPEST_PATH: Final = 5

Comparison = Callable[[Any, Any], ColumnElement[bool]]

_COMPARE: dict[str, Comparison] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: column != value,
    "lt": lambda column, value: column < value,
    "le": lambda column, value: column <= value,
    "gt": lambda column, value: column > value,
    "ge": lambda column, value: column >= value,
}
_MATCH: dict[str, Comparison] = {
    "like": lambda column, value: column.like(value, escape="\\"),
    "ilike": lambda column, value: column.ilike(value, escape="\\"),
}
_LISTS: dict[str, Comparison] = {
    "in": lambda column, values: column.in_(values),
    "notin": lambda column, values: column.not_in(values),
    "between": lambda column, values: column.between(*values),
}
OPERATORS: Final = (*_COMPARE, *_LISTS, *_MATCH, "is_null")


@dataclass
class FilterReader:
    """Reads the filters of one request.

    Args:
        resources: all types.
        resource: the type that is filtered.
    """

    resources: Resources
    resource: ResourceType
    conditions: int = 0

    def of_member(self, parameter: str, name: str, operator: str | None, text: str) -> ColumnElement[bool]:
        """The condition of ``filter[name]=text`` or ``filter[name][operator]=text``.

        Raises:
            BadParameter: the name, the operator or the value is not understood.
        """
        fault = _Fault(parameter)
        if operator is None:
            values = text.split(",")
            if len(values) > MOST_VALUES:
                raise fault.of(f"A filter takes at most {MOST_VALUES} values.")
            return self._leaf(fault, name, "in", [_Text(value) for value in values])
        value: Json = _Text(text)
        if operator in _LISTS:
            value = [_Text(part) for part in text.split(",")]
        elif operator == "is_null":
            value = {"": True, "true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
        return self._leaf(fault, name, operator, value)

    def of_json(self, parameter: str, text: str) -> ColumnElement[bool]:
        """The condition of ``filter=<JSON>``.

        Raises:
            BadParameter: it is not JSON, or not the grammar's.
        """
        fault = _Fault(parameter)
        try:
            value = read_json(text)
        except JsonFault as error:
            raise fault.of(f"The filter is no condition. {error}") from None
        return self._group(fault, value, depth=0)

    def _group(self, fault: _Fault, value: Json, *, depth: int) -> ColumnElement[bool]:
        if depth > DEEPEST_GROUP:
            raise fault.of(f"Groups nest at most {DEEPEST_GROUP} deep.")
        if isinstance(value, list):
            return and_(true(), *(self._group(fault, each, depth=depth + 1) for each in value))
        if not isinstance(value, dict):
            raise fault.of("A condition is an object, or a list of them.")
        if len(value) == 1 and (word := next(iter(value))) in ("and", "or", "not"):
            inner = value[word]
            if word == "not":
                return not_(self._group(fault, inner, depth=depth + 1))
            if not isinstance(inner, list):
                raise fault.of(f"{word!r} takes a list of conditions.")
            parts = [self._group(fault, each, depth=depth + 1) for each in inner]
            return and_(true(), *parts) if word == "and" else or_(false(), *parts)
        unknown = sorted(value.keys() - {"name", "op", "val"})
        if unknown or not isinstance(value.get("name"), str):
            raise fault.of(
                f"A condition has no member {unknown[0]!r}." if unknown else "A condition needs a name.",
                hint='Write {"name": "City", "op": "eq", "val": "Bath"}, {"or": [...]}, {"and": [...]}, {"not": ...}.',
            )
        operator = value.get("op", "eq")
        if not isinstance(operator, str):
            raise fault.of("op is text.")
        return self._leaf(fault, value["name"], operator, value.get("val", True if operator == "is_null" else None))

    def _leaf(self, fault: _Fault, path: str, operator: str, value: Json) -> ColumnElement[bool]:
        self.conditions += 1
        if self.conditions > MOST_CONDITIONS:
            raise fault.of(f"A request has at most {MOST_CONDITIONS} conditions.")
        if operator not in OPERATORS:
            raise fault.of(f"There is no operator {operator!r}.", hint=did_you_mean(operator, OPERATORS))
        return self._along(fault, self.resource, path.split("."), path, operator, value)

    def _along(
        self, fault: _Fault, resource: ResourceType, path: Sequence[str], whole: str, operator: str, value: Json
    ) -> ColumnElement[bool]:
        name, *rest = path
        if len(rest) > DEEPEST_PATH:
            raise fault.of(f"A path has at most {DEEPEST_PATH} relationships.")
        if rest:
            relation = resource.relations.get(name)
            if relation is None:
                raise fault.of(
                    f"{resource.name} has no relationship {name!r}, named in {whole!r}.",
                    hint=did_you_mean(name, resource.relations),
                )
            inner = self._along(fault, self.resources[relation.target], rest, whole, operator, value)
            return relation.of.any(inner) if relation.to_many else relation.of.has(inner)
        attribute = attribute_of(resource, name)
        if attribute is None:
            raise fault.of(
                f"{resource.name} has no attribute {name!r} to filter by.",
                hint=did_you_mean(name, [*resource.attributes, *resource.relations]),
            )
        return _condition(fault, attribute, operator, value)


def attribute_of(resource: ResourceType, name: str) -> Attribute | None:
    """The attribute of a name; ``id`` is the primary key where that is one column."""
    if name == "id" and len(resource.key) == 1:
        return resource.key[0]
    return resource.attributes.get(name)


class _Text(str):
    """A value out of a query string: text, whatever it stands for."""

    __slots__ = ()


@dataclass(frozen=True)
class _Fault:
    parameter: str

    def of(self, detail: str, *, hint: str | None = None) -> BadParameter:
        return BadParameter(detail, hint=hint, parameter=self.parameter)


def _condition(fault: _Fault, attribute: Attribute, operator: str, value: Json) -> ColumnElement[bool]:
    column = attribute.of
    if operator == "is_null":
        if not isinstance(value, bool):
            raise fault.of("is_null takes true or false.")
        return column.is_(None) if value else column.is_not(None)
    if not attribute.codec.is_comparable:
        raise fault.of(f"{attribute.name} holds JSON, which is only tested with is_null.")
    if operator in _MATCH:
        if not attribute.codec.is_text:
            raise fault.of(f"{attribute.name} is not text, so {operator} does not apply to it.")
        return _MATCH[operator](column, _pattern(fault, attribute, value))
    if operator not in ("eq", "ne", "in", "notin") and not attribute.codec.is_ordered:
        raise fault.of(f"{attribute.name} has no order, so {operator} does not apply to it.")
    if operator in _LISTS:
        if not isinstance(value, list):
            raise fault.of(f"{operator} takes a list of values.")
        if operator == "between" and len(value) != 2:
            raise fault.of("between takes two values.")
        if len(value) > MOST_VALUES:
            raise fault.of(f"{operator} takes at most {MOST_VALUES} values.")
        return _LISTS[operator](column, [_value(fault, attribute, each) for each in value])
    if value is None and operator in ("eq", "ne"):
        return column.is_(None) if operator == "eq" else column.is_not(None)
    return _COMPARE[operator](column, _value(fault, attribute, value))


def _value(fault: _Fault, attribute: Attribute, value: Json) -> Any:
    if value is None:
        raise fault.of(f"{attribute.name}: null is compared with is_null.", hint='Use the operator "is_null".')
    codec = attribute.codec
    try:
        if isinstance(value, _Text):
            return codec.read(str(value))
        # Clients write numbers as text too; an attribute that is text takes text only.
        return codec.read(value) if isinstance(value, str) else codec.parse(value)
    except ValueFault as error:
        raise fault.of(f"{attribute.name} takes {error}.") from None


def _pattern(fault: _Fault, attribute: Attribute, value: Json) -> str:
    pattern = _value(fault, attribute, value)
    if not isinstance(pattern, str):
        raise fault.of(f"{attribute.name} takes a pattern, such as L%.")
    if _has_dangling_escape(pattern):
        raise fault.of("A pattern does not end with the escape character \\.", hint="Write \\\\ for a backslash.")
    return pattern


def _has_dangling_escape(pattern: str) -> bool:
    return (len(pattern) - len(pattern.rstrip("\\"))) % 2 == 1
