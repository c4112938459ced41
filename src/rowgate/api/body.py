"""Request bodies: a resource object or linkage, read strictly, all of its faults told at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flask import request

from rowgate.api.drafts import Draft, Link, LocalIds
from rowgate.api.json_text import JsonFault, read_json
from rowgate.api.media import check_content_type
from rowgate.api.names import did_you_mean
from rowgate.api.query import CHECKSUM
from rowgate.api.resources import Relation, Resources, ResourceType
from rowgate.api.values import Json, ValueFault
from rowgate.errors import (
    BadDocument,
    BadValue,
    FieldRefused,
    RowgateError,
    TypeConflict,
    UnknownMember,
    all_told,
)

__all__ = [
    "id_of",
    "lid_of",
    "object_at",
    "read_body",
    "read_draft",
    "read_linkage",
    "read_resource",
]


def read_body(*, extended: bool = False) -> Mapping[str, Json]:
    """The request's body, a JSON object.

    Args:
        extended: it is a document of atomic operations, and must be declared as one.

    Raises:
        MediaTypeRefused: it is declared as something else.
        BadDocument: it is none.
        werkzeug.exceptions.RequestEntityTooLarge: it is larger than the settings allow.
    """
    check_content_type(extended=extended)
    try:
        value = read_json(request.get_data())
    except JsonFault as fault:
        raise BadDocument(f"The body is no document. {fault}", pointers=[""]) from None
    if not isinstance(value, dict):
        raise BadDocument("The body is not a JSON object.", pointers=[""])
    return value


def read_draft(body: Mapping[str, Json], resource: ResourceType, resources: Resources) -> Draft:
    """The resource object of a body.

    Raises:
        BadDocument: it is not one.
        TypeConflict: it is of another type.
        FieldRefused: a member is hidden from the principal.
        Faults: members that are unknown, or values that their attributes cannot hold.
    """
    return read_resource(body.get("data"), resource, resources)


def read_resource(value: Json, resource: ResourceType, resources: Resources, *, lids: LocalIds | None = None) -> Draft:
    """A resource object; see `read_draft`. Errors point into it as if it were ``/data``.

    Args:
        lids: the local ids that linkage may name; None where it may name none.
    """
    data = object_at(value, "/data")
    _check_type(data, resource, "/data")
    reader = _Reader(resources, lids)
    draft = Draft(id=id_of(data))
    reader.attributes(draft, resource, object_at(data.get("attributes", {}), "/data/attributes"))
    reader.relationships(draft, resource, object_at(data.get("relationships", {}), "/data/relationships"))
    reader.finish()
    return draft


def read_linkage(
    body: Mapping[str, Json], relation: Relation, resources: Resources, *, lids: LocalIds | None = None
) -> list[Link] | Link | None:
    """The linkage of a relationship's body: a list for a to-many relationship, else one identifier or null.

    Args:
        lids: the local ids that it may name; None where it may name none.

    Raises:
        BadDocument: it is not linkage, or a list where one is meant, or the other way round.
        TypeConflict: an identifier is of another type.
        Faults: several are.
    """
    if "data" not in body:
        raise BadDocument("The document has no member data.", pointers=[""])
    reader = _Reader(resources, lids)
    found = reader.linkage(relation, body["data"], "/data")
    reader.finish()
    return found


class _Reader:
    def __init__(self, resources: Resources, lids: LocalIds | None) -> None:
        self._resources, self._lids = resources, lids
        self._faults: list[RowgateError] = []

    def finish(self) -> None:
        all_told(self._faults)

    def attributes(self, draft: Draft, resource: ResourceType, given: Mapping[str, Json]) -> None:
        for name, value in given.items():
            pointer = f"/data/attributes/{escaped(name)}"
            if name == CHECKSUM:
                draft.checksum = value if isinstance(value, str) else None
                if value is not None and draft.checksum is None:
                    self._faults.append(BadValue(f"{name} takes text.", pointers=[pointer]))
                continue
            attribute = resource.attributes.get(name)
            if name in resource.hidden:
                self._faults.append(FieldRefused.of(resource.name, [name]))
                continue
            if attribute is None:
                known = resource.relations if name in resource.relations else resource.attributes
                hint = "Send it in relationships." if name in resource.relations else did_you_mean(name, known)
                self._faults.append(
                    UnknownMember(f"{resource.name} has no attribute {name!r}.", hint=hint, pointers=[pointer])
                )
                continue
            if value is None:
                if attribute.nullable or attribute.is_generated:
                    draft.attributes[name] = None
                else:
                    self._faults.append(BadValue(f"{name} must have a value.", pointers=[pointer]))
                continue
            try:
                draft.attributes[name] = attribute.codec.parse(value)
            except ValueFault as fault:
                self._faults.append(BadValue(f"{name} takes {fault}.", pointers=[pointer]))

    def relationships(self, draft: Draft, resource: ResourceType, given: Mapping[str, Json]) -> None:
        for name, value in given.items():
            pointer = f"/data/relationships/{escaped(name)}"
            relation = resource.relations.get(name)
            if name in resource.hidden:
                self._faults.append(FieldRefused.of(resource.name, [name], pointer="/data/relationships"))
                continue
            if relation is None:
                hint = did_you_mean(name, resource.relations)
                self._faults.append(
                    UnknownMember(f"{resource.name} has no relationship {name!r}.", hint=hint, pointers=[pointer])
                )
                continue
            member = object_at(value, pointer)
            if "data" not in member:
                continue  # links alone, as in an answer that is sent back
            linkage = self.linkage(relation, member["data"], f"{pointer}/data")
            if isinstance(linkage, list):
                draft.to_many[name] = linkage
            else:
                draft.to_one[name] = None if linkage is None else replace(linkage, pointer=pointer)

    def linkage(self, relation: Relation, data: Json, pointer: str) -> list[Link] | Link | None:
        if relation.to_many:
            if not isinstance(data, list):
                raise BadDocument(f"{relation.name} leads to many: data is a list.", pointers=[pointer])
            links = [self._link(relation, each, f"{pointer}/{index}") for index, each in enumerate(data)]
            return [link for link in links if link is not None]
        if data is None:
            return None
        if not isinstance(data, dict):
            raise BadDocument(f"{relation.name} leads to one: data is an object or null.", pointers=[pointer])
        return self._link(relation, data, pointer)

    def _link(self, relation: Relation, data: Json, pointer: str) -> Link | None:
        target = self._resources[relation.target]
        try:
            identifier = object_at(data, pointer)
            _check_type(identifier, target, pointer)
            text = id_of(identifier, pointer)
            lid = lid_of(identifier, pointer) if text is None else None
        except (BadDocument, TypeConflict) as fault:
            self._faults.append(fault)
            return None
        if lid is not None and self._lids is not None:
            if self._lids.knows(target, lid):
                return Link(target=target, key=None, text=lid, pointer=pointer, lid=lid)
            unknown = f"No operation above adds a {target.name} with the lid {lid!r}."
            self._faults.append(BadDocument(unknown, pointers=[pointer]))
            return None
        if text is None:
            self._faults.append(BadDocument("The identifier has no id.", pointers=[pointer]))
            return None
        return Link(target=target, key=target.key_of(text), text=text, pointer=pointer)


def object_at(value: Json, pointer: str) -> Mapping[str, Json]:
    """The value, which must be a JSON object.

    Raises:
        BadDocument: it is none.
    """
    if not isinstance(value, dict):
        raise BadDocument(f"{pointer} is not a JSON object.", pointers=[pointer])
    return value


def _check_type(data: Mapping[str, Json], resource: ResourceType, pointer: str) -> None:
    kind = data.get("type")
    if not isinstance(kind, str):
        raise BadDocument("The resource has no type.", pointers=[pointer])
    if kind != resource.name:
        raise TypeConflict(f"The type is {kind!r}, not {resource.name}.", pointers=[f"{pointer}/type"])


def lid_of(data: Mapping[str, Json], pointer: str = "/data") -> str | None:
    """The local id.

    Raises:
        BadDocument: it is no text.
    """
    value = data.get("lid")
    if value is not None and (not isinstance(value, str) or not value):
        raise BadDocument("A lid is text.", pointers=[f"{pointer}/lid"])
    return value


def id_of(data: Mapping[str, Json], pointer: str = "/data") -> str | None:
    """The id, which is text; ApiLogicServer's clients send numbers too."""
    value = data.get("id")
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value:
        raise BadDocument("An id is text, and not empty: the row would have no address.", pointers=[f"{pointer}/id"])
    return value


def escaped(name: str) -> str:
    """A member's name as a part of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
