"""Resource types: what the API knows of each mapped class, read off its mapper once, at start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Column
from sqlalchemy.orm import InstrumentedAttribute, Mapper, RelationshipDirection, RelationshipProperty

from rowgate.api.ids import join_id, split_id
from rowgate.api.values import Codec, ValueFault, codec_for
from rowgate.errors import DeclarationError
from rowgate.mapped import mapper_of
from rowgate.policy.relation_binding import BoundRelations

__all__ = ["Attribute", "Key", "Relation", "ResourceType", "Resources"]

Key = tuple[Any, ...]
"""A primary key: its values, in the order of ``ResourceType.key``."""

_RESERVED = frozenset({"id", "type", "S_CheckSum"})


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """A column as clients see it.

    Args:
        name: the mapped attribute's, and the member's in ``attributes``.
        of: the class's attribute, to select and filter by.
        nullable: whether null is a value.
        is_key: whether it is part of the primary key.
        is_generated: whether the database numbers it.
        has_default: whether a new row gets a value when the client gives none.
    """

    name: str
    of: InstrumentedAttribute[Any]
    codec: Codec
    nullable: bool
    is_key: bool
    is_generated: bool
    has_default: bool


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A relationship as clients see it.

    Args:
        name: the mapped relationship's.
        of: the class's attribute, to join by.
        target: the name of the related type.
        to_many: whether it leads to a list.
        columns: for a to-one relationship whose foreign key holds the target's primary key: the names of the foreign
            key's attributes, in the order of that primary key. Empty for every other one.
        required: whether each row must have a related row.
        held_by: for a list whose foreign key, in the related type, holds this one's primary key: the names of the
            foreign key's attributes, in the order of that primary key. Empty for every other one.
        owns: whether a member that is taken out of the list is deleted.
        writable: whether clients may change it.
    """

    name: str
    of: InstrumentedAttribute[Any]
    target: str
    to_many: bool
    columns: tuple[str, ...]
    held_by: tuple[str, ...]
    required: bool
    owns: bool
    writable: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class ResourceType:
    """A mapped class as clients see it: one type of JSON:API resource, called as the class is.

    ``relation_type`` is its type in the relationship schema, where it has one, and ``permissions`` are that type's.
    ``hidden`` names the attributes and relationships that were taken out: field rules hide them from a principal.
    """

    name: str
    entity: type
    attributes: Mapping[str, Attribute]
    relations: Mapping[str, Relation]
    key: tuple[Attribute, ...]
    description: str
    hidden: frozenset[str] = frozenset()
    relation_type: str | None = None
    permissions: tuple[str, ...] = ()

    def id_of(self, key: Iterable[object]) -> str:
        """The id of a row, from its primary key."""
        return join_id([part.codec.text(value) for part, value in zip(self.key, key, strict=True)])

    def key_of(self, text: str) -> Key | None:
        """The primary key that an id spells; None where no row can have it."""
        parts = split_id(text, len(self.key))
        if parts is None:
            return None
        try:
            key = tuple(part.codec.read(value) for part, value in zip(self.key, parts, strict=True))
        except ValueFault:
            return None
        # One row has one address: other spellings of its key (a date without dashes, say) name nothing.
        return key if self.id_of(key) == text else None


class Resources(Mapping[str, ResourceType]):
    """Every resource type, by name.

    Args:
        entities: the mapped classes to expose.
        relations: the relationship schema; None where there is none.

    Raises:
        DeclarationError: a class cannot be exposed: JSON has no form for a column, or a name is taken.
    """

    def __init__(self, entities: Iterable[type], *, relations: BoundRelations | None = None) -> None:
        exposed = sorted(entities, key=lambda entity: entity.__name__)
        names = {entity: entity.__name__ for entity in exposed}
        if len(set(names.values())) < len(names):
            raise DeclarationError("Two mapped classes have one name; the API could not tell them apart.")
        self._take(_related(_resource(entity, names), relations) for entity in exposed)

    @classmethod
    def of_types(cls, types: Iterable[ResourceType]) -> Resources:
        """Types that are made already."""
        made = cls(())
        made._take(types)
        return made

    def _take(self, types: Iterable[ResourceType]) -> None:
        self._types = {each.name: each for each in types}
        self._of = {each.entity: each for each in self._types.values()}

    def of(self, entity: type) -> ResourceType:
        """The type of a mapped class.

        Raises:
            KeyError: it is not exposed.
        """
        return self._of[entity]

    def __getitem__(self, name: str) -> ResourceType:
        return self._types[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)


def _related(resource: ResourceType, relations: BoundRelations | None) -> ResourceType:
    """The type with its permissions in the relationship schema."""
    kind = relations.types.get(resource.entity) if relations is not None else None
    if relations is None or kind is None:
        return resource
    permissions = tuple(relations.compiled.schema.definitions[kind].permissions)
    return replace(resource, relation_type=kind, permissions=permissions)


def _resource(entity: type, names: Mapping[type, str]) -> ResourceType:
    mapper = mapper_of(entity)
    attributes = {made.name: made for made in _attributes(mapper)}
    key = tuple(attributes[mapper.get_property_by_column(column).key] for column in mapper.primary_key)
    relations = {
        relationship.key: _relation(relationship, mapper, names)
        for relationship in mapper.relationships
        if relationship.mapper.class_ in names
    }
    shown = {name: made for name, made in attributes.items() if name != "id"}
    if "id" in attributes and [part.name for part in key] != ["id"]:
        raise DeclarationError(f"{entity.__name__}.id is not the primary key, and JSON:API keeps the name for it.")
    for name in (*shown, *relations):
        if name in _RESERVED:
            raise DeclarationError(f"{entity.__name__}.{name}: JSON:API or rowgate keeps this name for itself.")
    described = (entity.__doc__ or entity.__name__).strip().splitlines()[0]
    return ResourceType(
        name=entity.__name__, entity=entity, attributes=shown, relations=relations, key=key, description=described
    )


def _attributes(mapper: Mapper[Any]) -> Iterator[Attribute]:
    for prop in mapper.column_attrs:
        column = prop.columns[0]
        if not isinstance(column, Column):
            continue  # an SQL expression: no column of a row
        name = f"{mapper.class_.__name__}.{prop.key}"
        generated = column is column.table._autoincrement_column or column.identity is not None
        yield Attribute(
            name=prop.key,
            of=getattr(mapper.class_, prop.key),
            codec=codec_for(column.type, name=name),
            nullable=bool(column.nullable),
            is_key=column.primary_key,
            is_generated=generated,
            has_default=generated or column.default is not None or column.server_default is not None,
        )


def _relation(relationship: RelationshipProperty[Any], mapper: Mapper[Any], names: Mapping[type, str]) -> Relation:
    columns: tuple[str, ...] = ()
    held_by: tuple[str, ...] = ()
    required = False
    if relationship.direction is RelationshipDirection.MANYTOONE:
        holds = {remote: local for local, remote in relationship.local_remote_pairs or ()}
        keys = relationship.mapper.primary_key
        if set(holds) == set(keys) and relationship.primaryjoin is not None and _is_plain(relationship):
            columns = tuple(mapper.get_property_by_column(holds[column]).key for column in keys)
        required = any(not column.nullable for column in holds.values() if isinstance(column, Column))
    elif relationship.direction is RelationshipDirection.ONETOMANY:
        remote_columns = [remote for _, remote in relationship.local_remote_pairs or ()]
        held = dict(relationship.local_remote_pairs or ())
        if set(held) == set(mapper.primary_key) and relationship.primaryjoin is not None and _is_plain(relationship):
            held_by = tuple(
                relationship.mapper.get_property_by_column(held[column]).key for column in mapper.primary_key
            )
        required = any(not column.nullable for column in remote_columns if isinstance(column, Column))
    return Relation(
        name=relationship.key,
        of=getattr(mapper.class_, relationship.key),
        target=names[relationship.mapper.class_],
        to_many=bool(relationship.uselist),
        columns=columns,
        held_by=held_by,
        required=required,
        owns=relationship.cascade.delete_orphan,
        writable=not relationship.viewonly,
    )


def _is_plain(relationship: RelationshipProperty[Any]) -> bool:
    """Whether the join is the foreign key alone, without conditions of its own."""
    pairs = relationship.local_remote_pairs or ()
    joined: set[Any] = set()
    for clause in getattr(relationship.primaryjoin, "clauses", [relationship.primaryjoin]):
        joined |= {getattr(clause, "left", None), getattr(clause, "right", None)}
    clauses = len(getattr(relationship.primaryjoin, "clauses", [None]))
    return clauses == len(pairs) and joined == {column for pair in pairs for column in pair}
