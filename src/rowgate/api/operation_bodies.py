"""The document of atomic operations, read strictly and whole before anything is done; its faults are told at once.

https://jsonapi.org/ext/atomic/#operation-objects
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, cast
from urllib.parse import unquote, urlsplit

from rowgate import web
from rowgate.api.body import id_of, lid_of, object_at, read_linkage, read_resource
from rowgate.api.drafts import Draft, Link, LocalIds
from rowgate.api.given import refuse_unless_given, refuse_unless_relatable
from rowgate.api.names import did_you_mean
from rowgate.api.places import moved, within
from rowgate.api.resources import Key, Relation, ResourceType
from rowgate.api.service import Service, root
from rowgate.api.values import Json
from rowgate.errors import BadDocument, NoSuchAddress, RowgateError, TypeConflict, all_told
from rowgate.types import Access

__all__ = ["MEMBER", "Operation", "read_operations"]

MEMBER: Final = "atomic:operations"

Verb = Literal["add", "update", "remove"]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation.

    Args:
        at: a JSON pointer to it.
        verb: what to do with the resource, or with the relationship where there is one.
        resource: the type.
        key: of the row; None for a row that is added, and where a local id names it.
        lid: the local id of the row.
        relation: the relationship to write.
        draft: the resource to write.
        links: the linkage to write.
    """

    at: str
    verb: Verb
    resource: ResourceType
    key: Key | None = None
    lid: str | None = None
    relation: Relation | None = None
    draft: Draft | None = None
    links: list[Link] | Link | None = None


@dataclass(frozen=True, kw_only=True)
class _Target:
    """What ``ref`` or ``href`` names: a row and perhaps its relationship; ``href`` may name a type alone."""

    resource: ResourceType
    key: Key | None = None
    lid: str | None = None
    relation: Relation | None = None

    @property
    def is_row(self) -> bool:
        return self.key is not None or self.lid is not None


def read_operations(body: Mapping[str, Json], service: Service) -> tuple[list[Operation], LocalIds]:
    """The operations of a body, and the local ids that they declare.

    Args:
        service: as the principal knows it.

    Raises:
        BadDocument: it is no document of operations, or has more of them than the settings allow.
        RowgateError: an operation is refused as it stands, whatever the rows are.
        Faults: several are.
    """
    given = body.get(MEMBER)
    if not isinstance(given, list) or not given:
        raise BadDocument(
            f"The document has no list of operations, {MEMBER}.", pointers=[f"/{MEMBER}" if given else ""]
        )
    most = service.settings.operations_max
    if len(given) > most:
        raise BadDocument(
            f"The document has {len(given)} operations; {most} are the most.",
            hint="Send several requests. ROWGATE_OPERATIONS_MAX is the limit.",
            pointers=[f"/{MEMBER}"],
        )
    lids = LocalIds()
    faults: list[RowgateError] = []
    operations: list[Operation] = []
    for index, each in enumerate(given):
        at = f"/{MEMBER}/{index}"
        try:
            operations.append(_Reader(service, lids, at).operation(object_at(each, "")))
        except RowgateError as fault:
            faults.append(moved(fault, within(at, data="/data")))
    all_told(faults)
    return operations, lids


class _Reader:
    def __init__(self, service: Service, lids: LocalIds, at: str) -> None:
        self._service, self._lids, self._at = service, lids, at

    def operation(self, given: Mapping[str, Json]) -> Operation:
        verb = given.get("op")
        if verb not in ("add", "update", "remove"):
            raise BadDocument("op is add, update or remove.", pointers=["/op"])
        verb = cast(Verb, verb)
        target = self._target(given)
        if target is not None and target.relation is not None:
            return self._on_relationship(verb, target, target.relation, given)
        if verb == "add":
            return self._add(target, given)
        if verb == "update":
            return self._update(target, given)
        if target is None or not target.is_row:
            raise BadDocument("remove takes the row from ref, or from href.", pointers=["/ref"])
        refuse_unless_given(web.session(), target.resource, Access.READ, Access.DELETE)
        return Operation(at=self._at, verb=verb, resource=target.resource, key=target.key, lid=target.lid)

    def _add(self, target: _Target | None, given: Mapping[str, Json]) -> Operation:
        if target is not None and target.is_row:
            raise BadDocument(
                "add takes no row but the one in data.", pointers=["/href" if "href" in given else "/ref"]
            )
        data = object_at(given.get("data"), "/data")
        resource = target.resource if target is not None else self._type(data, "/data")
        lid = lid_of(data)
        try:
            refuse_unless_given(web.session(), resource, Access.INSERT)
            draft = read_resource(data, resource, self._service.resources, lids=self._lids)
        finally:
            # After its own linkage, which cannot lead to a row that is not there yet; and in any case, because a fault
            # of this operation is not one of those that refer to its row.
            if lid is not None:
                self._lids.declare(resource, lid)
        return Operation(at=self._at, verb="add", resource=resource, lid=lid, draft=draft)

    def _update(self, target: _Target | None, given: Mapping[str, Json]) -> Operation:
        data = object_at(given.get("data"), "/data")
        if target is None:
            target = self._row(data, "/data")
        elif not target.is_row:
            raise BadDocument("update takes a row, and href names a type.", pointers=["/href"])
        elif lid_of(data) is not None and lid_of(data) != target.lid:
            raise TypeConflict("The document's lid is not the one of its target.", pointers=["/data/lid"])
        refuse_unless_given(web.session(), target.resource, Access.READ, Access.UPDATE)
        draft = read_resource(data, target.resource, self._service.resources, lids=self._lids)
        return Operation(
            at=self._at, verb="update", resource=target.resource, key=target.key, lid=target.lid, draft=draft
        )

    def _on_relationship(self, verb: Verb, target: _Target, relation: Relation, given: Mapping[str, Json]) -> Operation:
        if not relation.to_many and verb != "update":
            raise BadDocument(f"{relation.name} leads to one: op is update.", pointers=["/op"])
        refuse_unless_relatable(web.session(), target.resource, relation, self._service.resources)
        links = read_linkage(given, relation, self._service.resources, lids=self._lids)
        return Operation(
            at=self._at,
            verb=verb,
            resource=target.resource,
            key=target.key,
            lid=target.lid,
            relation=relation,
            links=links,
        )

    # --- what is meant

    def _target(self, given: Mapping[str, Json]) -> _Target | None:
        if "ref" in given and "href" in given:
            raise BadDocument("An operation has ref or href, and not both.", pointers=["/href"])
        if "href" in given:
            return self._of_href(given["href"])
        if "ref" not in given:
            return None
        ref = object_at(given["ref"], "/ref")
        target = self._row(ref, "/ref")
        name = ref.get("relationship")
        if name is None:
            return target
        return _Target(
            resource=target.resource,
            key=target.key,
            lid=target.lid,
            relation=self._relation(target.resource, name, "/ref/relationship"),
        )

    def _of_href(self, href: Json) -> _Target:
        parts = urlsplit(href) if isinstance(href, str) else None
        if parts is None or parts.scheme or parts.netloc or parts.query or parts.fragment:
            raise BadDocument("href is the path of a row, a type or a relationship.", pointers=["/href"])
        path = parts.path.removeprefix(root()).removeprefix("/").removesuffix("/").split("/")
        name, *rest = [unquote(part) for part in path]
        resource = self._type({"type": name}, "/href")
        if not rest:
            return _Target(resource=resource)
        if len(rest) not in (1, 3) or (len(rest) == 3 and rest[1] != "relationships"):
            raise BadDocument("href is the path of a row, a type or a relationship.", pointers=["/href"])
        relation = self._relation(resource, rest[2], "/href") if len(rest) == 3 else None
        return _Target(resource=resource, key=self._key(resource, rest[0], "/href"), relation=relation)

    def _row(self, identifier: Mapping[str, Json], pointer: str) -> _Target:
        """The row of a resource identifier, by its id or by the local id of an operation above."""
        resource = self._type(identifier, pointer)
        text, lid = id_of(identifier, pointer), lid_of(identifier, pointer)
        if text is not None:
            return _Target(resource=resource, key=self._key(resource, text, pointer))
        if lid is None:
            raise BadDocument("The row is not named: there is no id.", pointers=[pointer])
        if not self._lids.knows(resource, lid):
            raise BadDocument(f"No operation above adds a {resource.name} with the lid {lid!r}.", pointers=[pointer])
        return _Target(resource=resource, lid=lid)

    def _key(self, resource: ResourceType, text: str, pointer: str) -> Key:
        try:
            return self._service.key(resource, text)
        except RowgateError as error:
            error.pointers = (pointer,)
            raise

    def _type(self, identifier: Mapping[str, Json], pointer: str) -> ResourceType:
        name = identifier.get("type")
        if not isinstance(name, str):
            raise BadDocument("The resource has no type.", pointers=[pointer])
        resource = self._service.resources.get(name)
        if resource is None:
            hint = did_you_mean(name, self._service.resources)
            raise NoSuchAddress(f"There is no type {name!r}.", hint=hint, pointers=[pointer])
        return resource

    def _relation(self, resource: ResourceType, name: Json, pointer: str) -> Relation:
        relation = resource.relations.get(name) if isinstance(name, str) else None
        if relation is None:
            hint = did_you_mean(str(name), resource.relations)
            raise NoSuchAddress(f"{resource.name} has no relationship {name!r}.", hint=hint, pointers=[pointer])
        return relation
