"""Writing: what a client's document asks for, done on objects of the secured session, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select

from rowgate.api.body import Draft, Link, missing
from rowgate.api.checksum import checksum
from rowgate.api.etags import Precondition
from rowgate.api.resources import Key, Relation, Resources, ResourceType
from rowgate.enforce import SecureSession
from rowgate.enforce.keys import any_of, chunks
from rowgate.enforce.read import refuse_verb
from rowgate.errors import (
    AccessRefused,
    BadValue,
    ClientIdRefused,
    FieldRefused,
    ReferenceMissing,
    RowChanged,
    RowNotFound,
    TypeConflict,
    ValueMissing,
)
from rowgate.mapped import state_of
from rowgate.types import Access

__all__ = ["Writer", "key_of", "told_where_set"]


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Writes for one request. Nothing is written before ``commit``, and then all of it or nothing.

    Args:
        session: whose principal asks.
        resources: all types.
        locking: whether a checksum that the client sends is compared.
        commits: whether each write is committed. Else it is flushed, so that the next one finds it, and the caller
            commits them all.
    """

    session: SecureSession
    resources: Resources
    locking: bool
    commits: bool = True

    def create(self, resource: ResourceType, draft: Draft) -> Key:
        """Insert a row.

        Returns:
            Its primary key.

        Raises:
            RowgateError: it is refused; nothing was written.
        """
        obj, links = self.stage(resource, draft)
        self.commit(links)
        return key_of(obj)

    def stage(self, resource: ResourceType, draft: Draft) -> tuple[Any, dict[str, Link]]:
        """Add a new row to the session, and write nothing yet.

        Returns:
            The object, and by foreign key attribute the linkage that set it, for `told_where_set`.

        Raises:
            RowgateError: it is refused before anything is written.
        """
        # Before anything of the document is looked at: whoever may not write learns nothing by trying.
        refuse_verb(self.session, resource.entity, Access.INSERT)
        chosen = self._chosen_key(resource, draft)
        obj = resource.entity()
        with self.session.no_autoflush:
            members = self._members(resource, draft)
            links = self._assign(resource, obj, {**draft.attributes, **chosen}, draft)
            self.session.add(obj)
            for name, rows in members.items():
                setattr(obj, name, rows)
        return obj, links

    def update(
        self, resource: ResourceType, key: Key, draft: Draft, *, precondition: Precondition | None = None
    ) -> None:
        """Change a row.

        Raises:
            RowNotFound: there is none that the principal may see.
            RowChanged, PreconditionFailed: it is not as the client read it.
            RowgateError: it is refused; nothing was written.
        """
        obj = self.find(resource, key)
        self._refuse_unless(resource, obj, precondition)
        self.commit(self.change(resource, obj, draft))

    def change(self, resource: ResourceType, obj: Any, draft: Draft) -> dict[str, Link]:
        """Change a row that was found, and write nothing yet.

        Returns:
            By foreign key attribute the linkage that set it, for `told_where_set`.

        Raises:
            RowChanged: it is not as the client read it.
            RowgateError: it is refused before anything is written.
        """
        key = key_of(obj)
        if draft.id is not None and draft.id != resource.id_of(key):
            raise TypeConflict("The document's id is not the one of its address.", pointers=["/data/id"])
        self._refuse_stale(resource, obj, draft)
        for part, value in zip(resource.key, key, strict=True):
            if part.name in draft.attributes and draft.attributes.pop(part.name) != value:
                raise TypeConflict(
                    f"{part.name} is the row's id, which does not change.", pointers=[f"/data/attributes/{part.name}"]
                )
        with self.session.no_autoflush:
            links = self._assign(resource, obj, draft.attributes, draft)
            for name, members in self._members(resource, draft).items():
                self._replace(resource.relations[name], obj, members, f"/data/relationships/{name}")
        return links

    def delete(self, resource: ResourceType, key: Key, *, precondition: Precondition | None = None) -> None:
        """Delete a row.

        Raises:
            RowNotFound: there is none that the principal may see.
            PreconditionFailed: it is not as the client read it.
            RowgateError: it is refused; nothing was written.
        """
        obj = self.find(resource, key)
        self._refuse_unless(resource, obj, precondition)
        self.session.delete(obj)
        self.commit({})

    # --- relationships

    def relate(self, resource: ResourceType, key: Key, relation: Relation, link: Link | None) -> None:
        """Let a to-one relationship lead elsewhere, or nowhere.

        Raises:
            RowgateError: it is refused; nothing was written.
        """
        obj = self.find(resource, key)
        self._refuse_fixed(relation)
        self.commit(self._lead(relation, obj, {}, link, "/data"))

    def replace(self, resource: ResourceType, key: Key, relation: Relation, links: Sequence[Link]) -> None:
        """Let a to-many relationship lead to exactly these rows, as far as the principal sees it.

        Raises:
            RowgateError: it is refused; nothing was written.
        """
        obj = self.find(resource, key)
        self._replace(relation, obj, self._load(links), "/data")
        self.commit({})

    def add(self, resource: ResourceType, key: Key, relation: Relation, links: Sequence[Link]) -> None:
        """Let a to-many relationship lead to these rows too.

        Raises:
            RowgateError: it is refused; nothing was written.
        """
        obj = self.find(resource, key)
        self._refuse_fixed(relation)
        members = getattr(obj, relation.name)
        for member in self._load(links):
            if member not in members:
                members.append(member)
        self.commit({})

    def remove(self, resource: ResourceType, key: Key, relation: Relation, links: Sequence[Link]) -> None:
        """Let a to-many relationship no longer lead to these rows; one that it does not lead to is left out.

        Raises:
            RowgateError: it is refused; nothing was written.
        """
        obj = self.find(resource, key)
        wanted = {link.key for link in links if link.key is not None}
        members = getattr(obj, relation.name)
        kept = [member for member in members if tuple(state_of(member).identity or ()) not in wanted]
        self._replace(relation, obj, kept, "/data")
        self.commit({})

    # --- steps

    def find(self, resource: ResourceType, key: Key) -> Any:
        """A row, locked until the transaction ends, so that what is compared with it stays true.

        Raises:
            RowNotFound: there is none that the principal may see.
            AccessRefused: the principal may not read the type at all.
        """
        found = self.find_all(resource, [key])
        if not found:
            raise RowNotFound.of(resource.name)
        return found[key]

    def find_all(self, resource: ResourceType, keys: Sequence[Key]) -> dict[Key, Any]:
        """Rows by their keys, those that the principal may see, each locked until the transaction ends.

        Raises:
            AccessRefused: the principal may not read the type at all.
        """
        columns = [part.of for part in resource.key]
        found: dict[Key, Any] = {}
        for run in chunks(keys):
            # In one order, so that two requests that name the same rows wait for each other and do not deadlock.
            statement: Select[Any] = select(resource.entity).where(any_of(columns, run)).order_by(*columns)
            found |= {key_of(obj): obj for obj in self.session.scalars(statement.with_for_update())}
        return found

    def commit(self, links: Mapping[str, Link]) -> None:
        """Commit, or flush where the caller commits; a reference that is not there is told where the client set it.

        Args:
            links: by foreign key attribute: the linkage it was set by.
        """
        with told_where_set(links):
            if self.commits:
                self.session.commit()
            else:
                self.session.flush()

    def _chosen_key(self, resource: ResourceType, draft: Draft) -> dict[str, Any]:
        """The primary key that the client chose, as ``id``, as attributes, or as both alike."""
        chosen: dict[str, Any] = {}
        for part in resource.key:
            if part.is_generated and draft.attributes.pop(part.name, None) is not None:
                raise self._numbered(resource, f"/data/attributes/{part.name}")
        if draft.id is None:
            return chosen
        if all(part.is_generated for part in resource.key):
            raise self._numbered(resource, "/data/id")
        key = resource.key_of(draft.id)
        if key is None:
            raise BadValue(f"{draft.id!r} is no id of {resource.name}.", pointers=["/data/id"])
        for part, value in zip(resource.key, key, strict=True):
            if draft.attributes.get(part.name, value) != value:
                raise TypeConflict(
                    f"The id and {part.name} differ.", pointers=["/data/id", f"/data/attributes/{part.name}"]
                )
            try:
                chosen[part.name] = part.codec.parse(value) if part.codec.is_text else value
            except ValueError as fault:
                raise BadValue(f"The id takes {fault}.", pointers=["/data/id"]) from None
        return chosen

    def _numbered(self, resource: ResourceType, pointer: str) -> ClientIdRefused:
        return ClientIdRefused(f"The database numbers the rows of {resource.name}.", pointers=[pointer])

    def _assign(self, resource: ResourceType, obj: Any, values: Mapping[str, Any], draft: Draft) -> dict[str, Link]:
        """Set attributes and to-one relationships.

        Returns:
            By foreign key attribute: the linkage that set it.
        """
        for name, value in values.items():
            setattr(obj, name, value)
        set_by: dict[str, Link] = {}
        for name, link in draft.to_one.items():
            relation = resource.relations[name]
            self._refuse_fixed(relation)
            set_by |= self._lead(relation, obj, values, link, f"/data/relationships/{name}")
        return set_by

    def _lead(
        self, relation: Relation, obj: Any, values: Mapping[str, Any], link: Link | None, pointer: str
    ) -> dict[str, Link]:
        """Let a to-one relationship lead to a row, by its foreign key where that is the row's primary key."""
        if link is None and relation.required:
            raise ValueMissing(f"{relation.name} must lead to a row.", pointers=[pointer])
        if not relation.columns:
            setattr(obj, relation.name, self._load([link])[0] if link else None)
            return {}
        if link is not None and link.key is None:
            raise missing(link)
        key = link.key if link is not None and link.key is not None else (None,) * len(relation.columns)
        for column, value in zip(relation.columns, key, strict=True):
            if values.get(column, value) != value:
                raise TypeConflict(
                    f"{column} and the relationship {relation.name} differ.",
                    pointers=[f"/data/attributes/{column}", pointer],
                )
            setattr(obj, column, value)
        return {} if link is None else dict.fromkeys(relation.columns, link)

    def _members(self, resource: ResourceType, draft: Draft) -> dict[str, list[Any]]:
        for name in draft.to_many:
            self._refuse_fixed(resource.relations[name])
        return {name: self._load(links) for name, links in draft.to_many.items()}

    def _load(self, links: Sequence[Link]) -> list[Any]:
        """The rows that links lead to, with one statement.

        Raises:
            ReferenceMissing: one is hidden or not there; tells the first.
        """
        if not links:
            return []
        target = links[0].target
        keys = list(dict.fromkeys(link.key for link in links if link.key is not None))
        found: dict[Key, Any] = {}
        if keys:
            columns = [part.of for part in target.key]
            statement: Select[Any] = select(target.entity).where(any_of(columns, keys))
            for obj in self.session.scalars(statement):
                found[tuple(state_of(obj).identity or ())] = obj
        for link in links:
            if link.key not in found:
                raise missing(link)
        return [found[key] for key in keys]

    def _replace(self, relation: Relation, obj: Any, members: Iterable[Any], pointer: str) -> None:
        self._refuse_fixed(relation)
        wanted = list(members)
        taken_out = [each for each in getattr(obj, relation.name) if each not in wanted]
        if taken_out and relation.required and not relation.owns:
            raise ValueMissing(
                f"{len(taken_out)} rows cannot be taken out of {relation.name}: each must belong to one.",
                hint="Let them belong to another row, or delete them.",
                pointers=[pointer],
            )
        setattr(obj, relation.name, wanted)

    def _refuse_fixed(self, relation: Relation) -> None:
        if not relation.writable:
            raise AccessRefused(f"{relation.name} cannot be changed.", hint="It follows from other rows.")

    def _refuse_stale(self, resource: ResourceType, obj: Any, draft: Draft) -> None:
        if not self.locking or draft.checksum is None:
            return
        if _checksum(resource, obj) != draft.checksum:
            raise RowChanged(
                f"This {resource.name} was changed since it was read.", pointers=["/data/attributes/S_CheckSum"]
            )

    def _refuse_unless(self, resource: ResourceType, obj: Any, precondition: Precondition | None) -> None:
        if precondition is not None:
            precondition.refuse_unless_met(_checksum(resource, obj))


def key_of(obj: Any) -> Key:
    """The primary key of a row that was read or written."""
    identity = state_of(obj).identity
    if identity is None:
        raise RuntimeError("The row was not written yet and has no primary key.")
    return tuple(identity)


def _checksum(resource: ResourceType, obj: Any) -> str:
    return checksum(resource, {name: getattr(obj, name) for name in resource.attributes})


@contextmanager
def told_where_set(links: Mapping[str, Link]) -> Iterator[None]:
    """Let an error about a foreign key point to the place where the client set it: an attribute, or linkage.

    Args:
        links: by foreign key attribute: the linkage it was set by.
    """
    try:
        yield
    except ReferenceMissing as error:
        for name in (pointer.removeprefix("/data/attributes/") for pointer in error.pointers):
            if name in links:
                raise missing(links[name]) from error
        raise
    except FieldRefused as error:
        error.pointers = tuple(_where_set(pointer, links) for pointer in error.pointers)
        raise


def _where_set(pointer: str, links: Mapping[str, Link]) -> str:
    """Where in the document an attribute was set: in the attributes, or by the linkage of a relationship."""
    link = links.get(pointer.removeprefix("/data/attributes/"))
    return pointer if link is None else link.pointer
