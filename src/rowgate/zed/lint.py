"""What a schema may say and hardly means: names and arrows that can give nobody, told at start as warnings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rowgate.zed.model import Arrow, Definition, Nil, Permission, Position, Schema, walk
from rowgate.zed.reach import subject_types
from rowgate.zed.source import nearest

__all__ = ["Doubt", "doubts"]


@dataclass(frozen=True)
class Doubt:
    """Something that is allowed and looks like a mistake, with the permission it is in."""

    definition: str
    permission: str
    text: str
    hint: str
    position: Position


def doubts(schema: Schema) -> Iterator[Doubt]:
    """What looks like a mistake in a resolved schema, in the order of its definitions.

    Args:
        schema: the schema.
    """
    types = subject_types(schema)
    for definition in schema.definitions.values():
        for permission in definition.permissions.values():
            found = list(_arrows(schema, definition, permission))
            if not found and not types[definition.name, permission.name]:
                found = list(_nobody(definition, permission))
            yield from found


def _arrows(schema: Schema, definition: Definition, permission: Permission) -> Iterator[Doubt]:
    for arrow in walk(permission.expression):
        if not isinstance(arrow, Arrow):
            continue
        parents = definition.relations[arrow.relation].types
        known = [name for parent in parents for name in schema.definitions[parent.type].members]
        if arrow.target not in known:
            text = f"The arrow from `{arrow.relation}` leads to `{arrow.target}`, which none of its types has."
            hint = nearest(arrow.target, known) or "It gives nobody."
            yield Doubt(definition.name, permission.name, text, hint, arrow.position)
        passed = next((parent.subject for parent in parents if parent.relation), None)
        if passed:
            text = f"The arrow from `{arrow.relation}` goes on from the object of `{passed}`, whatever its relation."
            hint = "Let the relation take the type alone."
            yield Doubt(definition.name, permission.name, text, hint, arrow.position)


def _nobody(definition: Definition, permission: Permission) -> Iterator[Doubt]:
    # Said to be nobody: that is meant.
    if not isinstance(permission.expression, Nil):
        text = f"Permission `{permission.name}` can give nobody, whatever the relationships."
        yield Doubt(definition.name, permission.name, text, "Write `nil` if that is meant.", permission.position)
