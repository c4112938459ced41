"""What a client wants a row to be, and the rows that it is to lead to, as its document says it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from rowgate.api.resources import Key, ResourceType
from rowgate.errors import BadDocument, ReferenceMissing

__all__ = ["Draft", "Link", "LocalIds", "missing"]


@dataclass(frozen=True, kw_only=True)
class Link:
    """A resource identifier that a client sent.

    Args:
        key: the primary key its id spells; None where no row can have that id.
        text: the id as sent.
        pointer: where in the document it stands.
        lid: the local id, where it names a row that an operation above adds; it has a key once that is done.
    """

    target: ResourceType
    key: Key | None
    text: str
    pointer: str
    lid: str | None = None


@dataclass(kw_only=True)
class Draft:
    """What a client wants a row to be.

    Args:
        id: as sent; None where it was left out.
        attributes: values by attribute name.
        to_one: by relationship: where it is to lead; None for nowhere.
        to_many: by relationship: everything it is to lead to.
        checksum: of the row as the client read it; None where it was left out.
    """

    id: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    to_one: dict[str, Link | None] = field(default_factory=dict)
    to_many: dict[str, list[Link]] = field(default_factory=dict)
    checksum: str | None = None

    def settle(self, lids: LocalIds) -> None:
        """Give links by local ids the keys of the rows that were added meanwhile."""
        self.to_one = {name: link and lids.settled(link) for name, link in self.to_one.items()}
        self.to_many = {name: [lids.settled(link) for link in links] for name, links in self.to_many.items()}


class LocalIds:
    """The local ids of one document: which its operations declare, and the keys of the rows that were added.

    https://jsonapi.org/format/1.1/#document-resource-object-identification
    """

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], Key | None] = {}

    def declare(self, resource: ResourceType, lid: str) -> None:
        """Know a local id from here on.

        Raises:
            BadDocument: it is another row's already.
        """
        if self.knows(resource, lid):
            raise BadDocument(f"Another operation adds a {resource.name} with the lid {lid!r}.", pointers=["/data/lid"])
        self._keys[resource.name, lid] = None

    def knows(self, resource: ResourceType, lid: str) -> bool:
        return (resource.name, lid) in self._keys

    def give(self, resource: ResourceType, lid: str, key: Key) -> None:
        """The row was added."""
        self._keys[resource.name, lid] = key

    def key(self, resource: ResourceType, lid: str) -> Key:
        """The key of the row that was added."""
        key = self._keys[resource.name, lid]
        if key is None:
            raise RuntimeError("A local id was asked for before its row was added.")
        return key

    def settled(self, link: Link) -> Link:
        """The link with its key."""
        return link if link.lid is None else replace(link, key=self.key(link.target, link.lid))


def missing(link: Link) -> ReferenceMissing:
    """The error for a link to a row that is hidden or not there."""
    return ReferenceMissing.of(link.target.name, pointer=link.pointer)
