"""What must hold between the parts of a schema, checked in the order in which SpiceDB's type system checks it.

Names in expressions and types exist; an arrow starts at a relation, and at one without wildcards; a wildcard is not
brought in through a subject's relation; no permission is computed from itself in its own definition. An arrow may lead
to a name that no type has: it gives nobody then, and :mod:`rowgate.zed.lint` warns of it.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TypeAlias

from rowgate.errors import SchemaConflict, SchemaError, UnknownSchemaName
from rowgate.zed.model import AllowedType, Arrow, Definition, Permission, Position, Reference, Relation, Schema, walk
from rowgate.zed.reach import subject_types
from rowgate.zed.source import Source, nearest

__all__ = ["Origins", "check"]

# The source in which each relation and permission stands, by definition and name.
Origins: TypeAlias = dict[tuple[str, str], Source]


def check(schema: Schema, origins: Origins) -> None:
    """Check a schema whose names are well formed.

    Args:
        schema: all definitions and caveats.
        origins: where each relation and permission stands, for the errors.

    Raises:
        UnknownSchemaName: a name that nothing defines.
        SchemaConflict: parts that do not go together.
    """
    for definition in schema.definitions.values():
        for relation in definition.relations.values():
            _Checked(schema, definition, relation, origins).relation(relation)
        for permission in definition.permissions.values():
            _Checked(schema, definition, permission, origins).permission(permission)
        _check_cycles(definition, origins)
    if "typechecking" in schema.uses:
        types = subject_types(schema)
        for definition in schema.definitions.values():
            for permission in definition.permissions.values():
                found = types[definition.name, permission.name]
                _Checked(schema, definition, permission, origins).annotation(permission, found)


class _Checked:
    """One relation or permission in its surroundings."""

    def __init__(self, schema: Schema, definition: Definition, member: Relation | Permission, origins: Origins) -> None:
        self._schema = schema
        self._definition = definition
        self._source = origins[definition.name, member.name]

    def _error(
        self, position: Position, name: str, detail: str, hint: str | None, kind: type[SchemaError]
    ) -> SchemaError:
        return self._source.error(position, detail, hint=hint, width=len(name), kind=kind)

    def relation(self, relation: Relation) -> None:
        seen: set[AllowedType] = set()
        for allowed in relation.types:
            if allowed in seen:
                detail = f"`{allowed}` is there twice on relation `{relation.name}`."
                raise self._error(allowed.position, str(allowed), detail, "Remove one.", SchemaConflict)
            seen.add(allowed)
            self._allowed(relation, allowed)

    def _allowed(self, relation: Relation, allowed: AllowedType) -> None:
        subject = self._schema.definitions.get(allowed.type)
        if subject is None:
            detail = f"There is no definition `{allowed.type}`."
            hint = nearest(allowed.type, self._schema.definitions) or f"Write `definition {allowed.type} {{}}`."
            raise self._error(allowed.position, allowed.type, detail, hint, UnknownSchemaName)
        if allowed.relation and subject.member(allowed.relation) is None:
            detail = f"Definition `{allowed.type}` has no relation or permission `{allowed.relation}`."
            near = nearest(allowed.relation, subject.members)
            raise self._error(allowed.position, allowed.subject, detail, near, UnknownSchemaName)
        if allowed.relation and allowed.type != self._definition.name:
            found = _wildcard(self._schema, allowed.type, allowed.relation)
            if found:
                detail = f"`{allowed.subject}` brings in `{found}`, and wildcards are not passed on."
                hint = f"Use a permission over relation `{allowed.relation}`, or an arrow, or take the wildcard away."
                raise self._error(allowed.position, allowed.subject, detail, hint, SchemaConflict)
        if allowed.caveat and allowed.caveat not in self._schema.caveats:
            detail = f"There is no caveat `{allowed.caveat}`."
            near = nearest(allowed.caveat, self._schema.caveats)
            if allowed.caveat == "expiration":
                near = "Begin the file with `use expiration`."
            raise self._error(allowed.position, str(allowed), detail, near, UnknownSchemaName)

    def permission(self, permission: Permission) -> None:
        for node in walk(permission.expression):
            if isinstance(node, Reference) and self._definition.member(node.name) is None:
                raise self._unknown(node.name, node.position)
            if isinstance(node, Arrow):
                self._arrow(node)

    def _unknown(self, name: str, position: Position) -> SchemaError:
        detail = f"Definition `{self._definition.name}` has no relation or permission `{name}`."
        hint = nearest(name, self._definition.members)
        if name in self._schema.definitions:
            hint = f"`{name}` is a type: name the relation that takes subjects of it."
        if name == "self":
            hint = "Begin the file with `use self`."
        return self._error(position, name, detail, hint, UnknownSchemaName)

    def _arrow(self, arrow: Arrow) -> None:
        if arrow.relation in self._definition.permissions:
            detail = f"`{arrow.relation}` is a permission, and an arrow starts at a relation."
            hint = "Name the relation that holds the parents."
            raise self._error(arrow.position, arrow.relation, detail, hint, SchemaConflict)
        if arrow.relation not in self._definition.relations:
            raise self._unknown(arrow.relation, arrow.position)
        found = _wildcard(self._schema, self._definition.name, arrow.relation)
        if found:
            detail = f"Relation `{arrow.relation}` takes `{found}`, so an arrow cannot start at it."
            hint = "Take the wildcard away, or give it a relation of its own."
            raise self._error(arrow.position, arrow.relation, detail, hint, SchemaConflict)

    def annotation(self, permission: Permission, found: frozenset[str]) -> None:
        """What `use typechecking` adds: an annotated permission gives no subject of another type."""
        if not permission.annotation:
            return
        for name in permission.annotation:
            if name not in self._schema.definitions:
                hint = nearest(name, self._schema.definitions)
                detail = f"There is no definition `{name}`, which permission `{permission.name}` is to give."
                raise self._error(permission.position, permission.name, detail, hint, UnknownSchemaName)
        more = sorted(found - set(permission.annotation))
        if more:
            types = ", ".join(f"`{name}`" for name in more)
            detail = f"Permission `{permission.name}` can give {types}, which its annotation leaves out."
            hint = "Add the type, or change the expression."
            raise self._error(permission.position, permission.name, detail, hint, SchemaConflict)


def _wildcard(schema: Schema, definition: str, relation: str) -> str | None:
    """The wildcard that a relation takes, itself or through the relations of its subjects, or None.

    Permissions are not looked into: what is computed may include a wildcard.
    """
    waiting = [(definition, relation)]
    seen = set(waiting)
    while waiting:
        found = schema.member(*waiting.pop())
        for allowed in found.types if isinstance(found, Relation) else ():
            if allowed.wildcard:
                return allowed.subject
            if allowed.relation and (allowed.type, allowed.relation) not in seen:
                seen.add((allowed.type, allowed.relation))
                waiting.append((allowed.type, allowed.relation))
    return None


def _check_cycles(definition: Definition, origins: Origins) -> None:
    """Refuse a permission that is computed from itself; through an arrow or a relation it may be."""
    uses = {
        name: [
            node.name
            for node in walk(permission.expression)
            if isinstance(node, Reference) and node.name in definition.permissions
        ]
        for name, permission in definition.permissions.items()
    }
    try:
        TopologicalSorter(uses).prepare()
    except CycleError as error:
        # The sorter tells what each is needed for; computed from is the other way round.
        names: list[str] = error.args[1][::-1]
        first = min(names, key=list(uses).index)
        ring = [*names[names.index(first) : -1], *names[: names.index(first)], first]
        raise origins[definition.name, first].error(
            definition.permissions[first].position,
            f"Permissions are computed in a circle: {' from '.join(f'`{name}`' for name in ring)}.",
            hint="Take one of them out of the expression; an arrow may lead back, a name may not.",
            width=len(first),
            kind=SchemaConflict,
        ) from None
