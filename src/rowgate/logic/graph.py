"""What depends on what: read off the declared rules, once, at activation.

LogicBank looks for words that start with ``row.`` in the text of a rule. ``row.Quantity*row.UnitPrice`` is one such
word, so a formula written without spaces would miss changes of the price. Here every ``row.Name`` and
``row.Parent.Name`` of the source counts that is a column, or a parent's column, of the mapping. Too many only cost a
computation; one too few leaves a wrong value in the database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Mapper
from sqlalchemy.orm.interfaces import MANYTOONE, ONETOMANY

from rowgate.errors import DeclarationError
from rowgate.logic import upstream
from rowgate.logic.rules import Declared
from rowgate.logic.stamping import stamped_columns

Mappers = Mapping[str, Mapper[Any]]

_NAME = re.compile(r"\brow\.([A-Za-z_]\w*)(?:\.([A-Za-z_]\w*))?")


def dependencies(rule: Any, mapper: Mapper[Any]) -> Iterator[str]:
    """The columns that a formula or constraint reads: ``Column`` or ``Parent.Column``."""
    for name, further in _NAME.findall(rule.get_rule_text()):
        relationship = mapper.relationships.get(name)
        if name in mapper.column_attrs:
            yield name
        elif (
            relationship is not None
            and relationship.direction is MANYTOONE
            and further in relationship.mapper.column_attrs
        ):
            yield f"{name}.{further}"


def repair_dependencies(rules: Sequence[Any], mappers: Mappers) -> None:
    """Give each formula all columns it reads.

    Raises:
        DeclarationError: a formula reads a parent that has no list of its children, so that a change of the parent
            could not be passed on.
    """
    for rule in rules:
        if isinstance(rule, upstream.Formula):
            mapper = mappers[rule.table]
            rule._dependencies = list(dict.fromkeys(dependencies(rule, mapper)))
            for name in rule._dependencies:
                parent = name.partition(".")[0]
                if "." in name and not mapper.relationships[parent].back_populates:
                    raise DeclarationError(
                        f"The formula of {rule.table}.{rule._column} reads row.{name}, but the relationship "
                        f"{rule.table}.{parent} has no back_populates: a change there could not reach the formula.",
                        hint="Give the relationship a back_populates and the parent a list.",
                    )


def referring_children(rules: Sequence[Any], mappers: Mappers) -> upstream.Referring:
    """For each parent class, the children whose formulas and constraints read one of its columns."""
    result: dict[str, list[tuple[str, str, str, str]]] = {}
    for name, mapper in mappers.items():
        for relationship in mapper.relationships:
            role = relationship.back_populates
            if relationship.direction is not ONETOMANY or role is None:
                continue
            child = relationship.mapper
            for rule in rules:
                if rule.table != child.class_.__name__:
                    continue
                if isinstance(rule, upstream.Formula | upstream.AbstractConstraint):
                    for parent, _dot, column in (read.partition(".") for read in dependencies(rule, child)):
                        if parent == role and column:
                            entry = (rule.table, relationship.key, column, role)
                            result.setdefault(name, []).append(entry)
    return result


def derived_columns(rules: Sequence[Any], mappers: Mappers, declared: Declared) -> Mapping[type, Mapping[str, str]]:
    """The columns that rules write, with the rule in words."""
    result: dict[type, dict[str, str]] = {}
    for rule in rules:
        if isinstance(rule, upstream.Derivation):
            result.setdefault(mappers[rule.table].class_, {})[rule._column] = _words(rule)
    for entity, columns in declared.set_by_events.items():
        result.setdefault(entity, {}).update(columns)
    for entity in declared.stamped:
        for column in stamped_columns(mappers[entity.__name__]):
            result.setdefault(entity, {})[column] = "stamped"
    return MappingProxyType({entity: MappingProxyType(columns) for entity, columns in result.items()})


def governed_entities(rules: Sequence[Any], mappers: Mappers, declared: Declared) -> frozenset[type]:
    """The entities with rules, the children that sums and counts are of, and the parents that rules read."""
    names = {rule.table for rule in rules}
    for rule in rules:
        mapper = mappers[rule.table]
        if isinstance(rule, upstream.Aggregate):
            names.add(mapper.relationships[rule._child_role_name].mapper.class_.__name__)
        elif isinstance(rule, upstream.Formula | upstream.AbstractConstraint):
            for read in dependencies(rule, mapper):
                parent, dot, _column = read.partition(".")
                if dot:
                    names.add(mapper.relationships[parent].mapper.class_.__name__)
    return frozenset({mappers[name].class_ for name in names} | {*declared.defaults, *declared.stamped})


def _words(rule: Any) -> str:
    if isinstance(rule, upstream.Copy):
        return f"copy of {rule._parent_class_name}.{rule._from_column}"
    if isinstance(rule, upstream.Formula):
        text = rule._function.__name__ if rule._function is not None else _expression(rule.get_rule_text())
        return f"formula: {text}"
    what = f"sum of {rule._child_class}.{rule._child_summed_field}" if isinstance(rule, upstream.Sum) else ""
    what = what or f"count of {rule._child_class}"
    where = rule.get_where_text(rule._where)
    return f"{what} where {_expression(where)}" if where else what


def _expression(source: str) -> str:
    """The body of a lambda in the text of the statement that holds it; the text itself where there is none."""
    _before, found, rest = source.partition("lambda row:")
    if not found:
        return " ".join(source.split())
    depth = 0
    for position, char in enumerate(rest):
        depth += (char in "([{") - (char in ")]}")
        if depth < 0 or (depth == 0 and char in ",\n"):
            rest = rest[:position]
            break
    return " ".join(rest.split())
