"""Filters: the grammar of ``filter`` parameters, and the conditions they become.

A condition names an attribute, or a path of relationships that ends in one: ``Customer.Country``. A path means "has a
related row such that", so a row behind it that the principal may not see is not there.

    filter[Country]=UK,France            one of these values
    filter[Balance][ge]=100              an operator
    filter[search]=york ham              words in the columns that are searched
    filter=[{"name": "City", "op": "like", "val": "L%"}, {"or": [{...}, {...}]}, {"not": {...}}]
    filter={"name": "OrderList", "op": "any", "val": [{...}, {...}]}     one related row that satisfies all of these
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, false, not_, or_, true

from rowgate.api.json_text import JsonFault, read_json
from rowgate.api.names import did_you_mean
from rowgate.api.paths import Fault, follow, follow_relations
from rowgate.api.resources import Attribute, Relation, Resources, ResourceType
from rowgate.api.search import SEARCH, Searched, search
from rowgate.api.values import Json, ValueFault
from rowgate.settings import Settings

__all__ = ["OPERATORS", "FilterReader"]

DEEPEST_GROUP: Final = 10

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
_ANY: Final = "any"
OPERATORS: Final = (*_COMPARE, *_LISTS, *_MATCH, "is_null", _ANY)
_FORMS: Final = (
    'Write {"name": "City", "op": "eq", "val": "Bath"}, {"or": [...]}, {"and": [...]}, {"not": ...}, {"search": "..."}.'
)


@dataclass(frozen=True)
class _Place:
    """Where in a filter a condition stands. Databases take statements that are nested only so deep.

    Args:
        resource: the type it is about.
        relations: how many relationships lead there.
        groups: how many groups it stands in.
    """

    resource: ResourceType
    relations: int = 0
    groups: int = 0

    def within(self) -> _Place:
        """The place of what stands in a group here."""
        return replace(self, groups=self.groups + 1)


@dataclass(kw_only=True)
class FilterReader:
    """Reads the filters of one request.

    Args:
        resources: all types that the principal knows.
        resource: the type that is filtered.
        settings: the limits.
        searched: what a search looks at.
    """

    resources: Resources
    resource: ResourceType
    settings: Settings
    searched: Searched = field(default_factory=dict)
    # Both are counted over the whole request: a statement takes only so many parameters.
    _conditions: int = field(default=0, init=False)
    _values_listed: int = field(default=0, init=False)

    def of_member(self, parameter: str, name: str, operator: str | None, text: str) -> ColumnElement[bool]:
        """The condition of ``filter[name]=text`` or ``filter[name][operator]=text``.

        Raises:
            BadParameter: the name, the operator or the value is not understood.
        """
        fault = Fault(parameter)
        if operator is None and name == SEARCH and SEARCH not in self.resource.attributes:
            return self._search(fault, _Place(self.resource), text)
        value: Json = _Text(text)
        if operator is None or operator in _LISTS:
            value = [_Text(part) for part in text.split(",")]
        elif operator == "is_null":
            value = {"": True, "true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
        elif operator == _ANY:
            value = self._json(fault, text)
        return self._leaf(fault, _Place(self.resource), name, operator or "in", value)

    def of_json(self, parameter: str, text: str) -> ColumnElement[bool]:
        """The condition of ``filter=<JSON>``.

        Raises:
            BadParameter: it is not JSON, or not the grammar's.
        """
        fault = Fault(parameter)
        return self._group(fault, _Place(self.resource), self._json(fault, text))

    def _json(self, fault: Fault, text: str) -> Json:
        try:
            return read_json(text)
        except JsonFault as error:
            raise fault.of(f"The filter is no condition. {error}") from None

    def _group(self, fault: Fault, at: _Place, value: Json) -> ColumnElement[bool]:
        if at.groups > DEEPEST_GROUP:
            raise fault.of(f"Groups nest at most {DEEPEST_GROUP} deep.")
        if isinstance(value, list):
            return and_(true(), *self._groups(fault, at, value))
        if not isinstance(value, dict):
            raise fault.of("A condition is an object, or a list of them.", hint=_FORMS)
        if len(value) == 1:
            ((word, inner),) = value.items()
            if word == "not":
                return not_(self._group(fault, at.within(), inner))
            if word in ("and", "or"):
                if not isinstance(inner, list):
                    raise fault.of(f"{word!r} takes a list of conditions.", hint=_FORMS)
                parts = self._groups(fault, at, inner)
                return and_(true(), *parts) if word == "and" else or_(false(), *parts)
            if word == SEARCH:
                if not isinstance(inner, str):
                    raise fault.of("search takes text.")
                return self._search(fault, at, inner)
        return self._named(fault, at, value)

    def _groups(self, fault: Fault, at: _Place, values: Iterable[Json]) -> list[ColumnElement[bool]]:
        return [self._group(fault, at.within(), each) for each in values]

    def _named(self, fault: Fault, at: _Place, value: Mapping[str, Json]) -> ColumnElement[bool]:
        unknown = sorted(value.keys() - {"name", "op", "val"})
        if unknown or not isinstance(value.get("name"), str):
            raise fault.of(
                f"A condition has no member {unknown[0]!r}." if unknown else "A condition needs a name.", hint=_FORMS
            )
        operator = value.get("op", "eq")
        if not isinstance(operator, str):
            raise fault.of("op is text.")
        operand = value.get("val", True if operator == "is_null" else None)
        return self._leaf(fault, at, value["name"], operator, operand)

    def _search(self, fault: Fault, at: _Place, text: str) -> ColumnElement[bool]:
        words = text.split()
        self._count(fault, max(1, len(words)))
        return search(words, resource=at.resource, searched=self.searched, fault=fault)

    def _leaf(self, fault: Fault, at: _Place, path: str, operator: str, value: Json) -> ColumnElement[bool]:
        self._count(fault)
        if operator not in OPERATORS:
            raise fault.of(f"There is no operator {operator!r}.", hint=did_you_mean(operator, OPERATORS))
        deepest = self.settings.path_depth - at.relations
        if operator == _ANY:
            names = path.split(".")
            relations, target = follow_relations(
                names, resource=at.resource, resources=self.resources, deepest=deepest, fault=fault
            )
            beyond = _Place(target, relations=at.relations + len(relations), groups=at.groups + 1)
            return _related(relations, self._group(fault, beyond, value))
        found = follow(
            path, resource=at.resource, resources=self.resources, deepest=deepest, fault=fault, purpose="filter by"
        )
        return _related(found.relations, self._condition(fault, found.attribute, operator, value))

    def _count(self, fault: Fault, conditions: int = 1) -> None:
        self._conditions += conditions
        if self._conditions > self.settings.filter_max:
            raise fault.of(
                f"A request has at most {self.settings.filter_max} conditions, words of a search among them.",
                hint="ROWGATE_FILTER_MAX is the limit.",
            )

    def _condition(self, fault: Fault, attribute: Attribute, operator: str, value: Json) -> ColumnElement[bool]:
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
            return _LISTS[operator](column, self._values(fault, attribute, operator, value))
        if value is None and operator in ("eq", "ne"):
            return column.is_(None) if operator == "eq" else column.is_not(None)
        return _COMPARE[operator](column, _value(fault, attribute, value))

    def _values(self, fault: Fault, attribute: Attribute, operator: str, value: Json) -> list[Any]:
        if not isinstance(value, list):
            raise fault.of(f"{operator} takes a list of values.")
        if operator == "between" and len(value) != 2:
            raise fault.of("between takes two values.")
        self._values_listed += len(value)
        if self._values_listed > self.settings.filter_values_max:
            raise fault.of(
                f"The filters of a request list at most {self.settings.filter_values_max} values.",
                hint="ROWGATE_FILTER_VALUES_MAX is the limit.",
            )
        return [_value(fault, attribute, each) for each in value]


def _related(relations: Iterable[Relation], condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """That there is a related row such that; of the last relationship first."""
    for relation in reversed(list(relations)):
        condition = relation.of.any(condition) if relation.to_many else relation.of.has(condition)
    return condition


class _Text(str):
    """A value out of a query string: text, whatever it stands for."""

    __slots__ = ()


def _value(fault: Fault, attribute: Attribute, value: Json) -> Any:
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


def _pattern(fault: Fault, attribute: Attribute, value: Json) -> str:
    pattern = _value(fault, attribute, value)
    if not isinstance(pattern, str):
        raise fault.of(f"{attribute.name} takes a pattern, such as L%.")
    if _has_dangling_escape(pattern):
        raise fault.of("A pattern does not end with the escape character \\.", hint="Write \\\\ for a backslash.")
    return pattern


def _has_dangling_escape(pattern: str) -> bool:
    return (len(pattern) - len(pattern.rstrip("\\"))) % 2 == 1
