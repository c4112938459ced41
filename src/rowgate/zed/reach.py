"""Which types of subject each relation and permission can give, whatever the relationships.

The least solution of a few set equations, by rounds until nothing is added; relations and permissions may refer to one
another in circles.
"""

from __future__ import annotations

from typing import TypeAlias

from rowgate.zed.model import (
    Arrow,
    Exclusion,
    Expression,
    Intersection,
    Permission,
    Reference,
    Relation,
    Schema,
    Self,
    Union,
)

__all__ = ["SubjectTypes", "subject_types"]

# By definition and by the name of the relation or permission.
SubjectTypes: TypeAlias = dict[tuple[str, str], frozenset[str]]

_NOBODY: frozenset[str] = frozenset()


def subject_types(schema: Schema) -> SubjectTypes:
    """The types of the subjects that each relation and permission can give, ``user`` and ``user:*`` alike.

    A subject with a relation, ``group#member``, stands for those whom it gives, not for itself.

    Args:
        schema: a resolved schema.
    """
    known = {(name, member): _NOBODY for name, each in schema.definitions.items() for member in each.members}
    grown = True
    while grown:
        grown = False
        for (definition, name), before in known.items():
            found = _member(schema, known, definition, name)
            grown |= found != before
            known[definition, name] = found
    return known


def _member(schema: Schema, known: SubjectTypes, definition: str, name: str) -> frozenset[str]:
    found = schema.member(definition, name)
    if isinstance(found, Permission):
        return _expression(schema, known, definition, found.expression)
    types: set[str] = set()
    for allowed in found.types if isinstance(found, Relation) else ():
        types |= known[allowed.type, allowed.relation] if allowed.relation else {allowed.type}
    return frozenset(types)


def _expression(schema: Schema, known: SubjectTypes, definition: str, expression: Expression) -> frozenset[str]:
    if isinstance(expression, Reference):
        return known[definition, expression.name]
    if isinstance(expression, Self):
        return frozenset({definition})
    if isinstance(expression, Union | Intersection):
        first, *rest = (_expression(schema, known, definition, each) for each in expression.operands)
        return first.union(*rest) if isinstance(expression, Union) else first.intersection(*rest)
    if isinstance(expression, Exclusion):
        return _expression(schema, known, definition, expression.base)
    if isinstance(expression, Arrow):
        parents = schema.definitions[definition].relations[expression.relation].types
        return _NOBODY.union(*(known.get((parent.type, expression.target), _NOBODY) for parent in parents))
    return _NOBODY
