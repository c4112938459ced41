"""A policy's relationship schema resolved: the schema, the type of each entity, and what columns state."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from rowgate.errors import RowgateError, SchemaError
from rowgate.mapped import table_of
from rowgate.policy.checks import Finding
from rowgate.policy.declarations import RelationSchema, StatedRelation
from rowgate.policy.paths import PathFault, resolve_path
from rowgate.relations.columns import ClaimRelation, ColumnRelation, ConstantRelation, PathRelation
from rowgate.relations.keys import unfit
from rowgate.zed import resolve
from rowgate.zed.lint import doubts
from rowgate.zed.model import Schema
from rowgate.zed.relationships import parse_object

__all__ = ["Note", "RelationTypes", "in_small_letters", "read_schema"]

Note = Callable[[Finding], None]


def read_schema(declared: RelationSchema, note: Note) -> Schema | None:
    """The schema that a policy names; None where it has errors, which are noted as P020."""
    try:
        if isinstance(declared.schema, Path):
            folder = declared.schema.parent
            text = declared.schema.read_text(encoding="utf-8")
            schema = resolve(text, name=declared.schema.name, read=lambda path: (folder / path).read_text("utf-8"))
        else:
            schema = resolve(declared.schema)
    except OSError as error:
        note(Finding.of("P020", f"{declared.schema} cannot be read: {error.strerror}.", source=declared.source))
        return None
    except SchemaError as error:
        note(Finding.of("P020", str(error), source=declared.source))
        return None
    for doubt in doubts(schema):
        message = f"{doubt.definition}#{doubt.permission} (line {doubt.position.line}): {doubt.text}"
        note(Finding.of("P024", message, source=declared.source, hint=doubt.hint or None))
    return schema


class RelationTypes:
    """The types of entities, and the relations that columns state.

    Args:
        declared: the schema as declared.
        schema: the same, resolved.
        entities: the mapped classes of the policy.
        dialect: ``sqlite`` or ``postgresql``.
        note: told of every finding.

    Attributes:
        of_entity: the type of each entity that has one.
    """

    def __init__(
        self, declared: RelationSchema, schema: Schema, entities: Iterable[type], dialect: str, note: Note
    ) -> None:
        self._declared = declared
        self._schema = schema
        self._dialect = dialect
        self._note = note
        self.of_entity: dict[type, str] = {}
        for entity in entities:
            name = declared.types.get(entity, in_small_letters(entity.__name__))
            if name in schema.definitions:
                self._take(entity, name)
            elif entity in declared.types:
                known = ", ".join(schema.definitions)
                note(Finding.of("P021", f"The schema has no type {name!r}.", source=declared.source, hint=known))

    def _take(self, entity: type, name: str) -> None:
        for column in table_of(entity).primary_key.columns:
            fault = unfit(column, self._dialect)
            if fault:
                message = f"{entity.__name__}.{column.name} cannot be the id of an object: {fault}."
                self._note(Finding.of("P022", message, source=self._declared.source))
                return
        self.of_entity[entity] = name

    def stated(self, relations: Iterable[StatedRelation]) -> Iterator[ColumnRelation]:
        """The relations that columns state; what cannot be is noted as P022."""
        for place, declared in enumerate(relations):
            try:
                yield self._stated(declared, place)
            except (PathFault, RowgateError) as fault:
                what = getattr(declared.resource, "__name__", declared.resource)
                words = fault.detail if isinstance(fault, RowgateError) else f"{fault}."
                message = f"The relation {declared.relation!r} of {what} cannot be stated: {words}"
                self._note(Finding.of("P022", message, source=declared.source))

    def _stated(self, declared: StatedRelation, place: int) -> ColumnRelation:
        given = [bool(declared.path), declared.constant is not None, declared.claim is not None]
        if given.count(True) != 1:
            raise PathFault("give a path of attributes, constant=..., or claim=..., and only one of them")
        resource = declared.resource
        if declared.claim is not None:
            if not isinstance(resource, str):
                raise PathFault("with claim= the resource is a type of the schema, as text")
            own = self._declared.subjects[0].type
            kind = self._kind(resource, declared.relation, own, declared.subject)
            return ClaimRelation(*kind, f"a claim ({declared.source})", f"relations_claim_{place}", declared.claim)
        if isinstance(resource, str):
            raise PathFault("the resource is a mapped class")
        type_name = self._type(resource)
        if declared.constant is not None:
            to = parse_object(declared.constant)
            kind = self._kind(type_name, declared.relation, to.type, declared.subject)
            return ConstantRelation(*kind, f"the constant {to}", table_of(resource), to.id)
        path = resolve_path(resource, declared.path)
        for column in (*path.resource, *path.subject):
            fault = unfit(column, self._dialect)
            if fault:
                raise PathFault(f"{column} cannot be the id of an object: {fault}")
        found = self._type(path.entity) if path.entity is not None and declared.subject is None else None
        kind = self._kind(type_name, declared.relation, found, declared.subject)
        words = ", ".join(str(each) for each in declared.path)
        return PathRelation(*kind, words, path.start, path.resource, path.hops, path.subject)

    def _type(self, entity: type) -> str:
        found = self.of_entity.get(entity)
        if found is None:
            wanted = in_small_letters(entity.__name__)
            raise PathFault(f"{entity.__name__} has no type: define {wanted} in the schema, or name it with types=")
        return found

    def _kind(self, resource: str, name: str, found: str | None, subject: str | None) -> tuple[str, str, str, str]:
        """The kind of relationship that is stated, as the schema allows it."""
        definition = self._schema.definitions.get(resource)
        relation = definition.relations.get(name) if definition else None
        if relation is None:
            raise PathFault(f"the schema has no relation {resource}#{name}")
        wanted, _, behind = (subject or found or "").partition("#")
        if not wanted:
            raise PathFault("its column refers to no entity, so subject= has to name the subject's type")
        kinds = [(each.type, each.relation or "") for each in relation.types if not each.wildcard]
        of_type = [kind for kind in kinds if kind[0] == wanted]
        if subject is None and (wanted, "") not in of_type and len(of_type) == 1:
            behind = of_type[0][1]
        if (wanted, behind) not in kinds:
            allowed = ", ".join(f"{kind}#{member}" if member else kind for kind, member in kinds)
            raise PathFault(f"{resource}#{name} allows {allowed or 'no subject'}, not {subject or wanted}")
        return (resource, name, wanted, behind)


def in_small_letters(name: str) -> str:
    """``order_detail`` for ``OrderDetail``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
