"""Writing: what a client's document asks for, done on objects of the secured session, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select

from rowgate.api.checksum import checksum
from rowgate.api.drafts import Draft, Link
from rowgate.api.etags import Precondition
from rowgate.api.given import refuse_fixed
from rowgate.api.key_given import chosen_key, refuse_keyless
from rowgate.api.linkage import Linker, told_where_set
from rowgate.api.resources import Key, Relation, Resources, ResourceType
from rowgate.enforce import SecureSession
from rowgate.enforce.keys import any_of, chunks
from rowgate.enforce.read import refuse_verb
from rowgate.errors import (
    RowChanged,
    RowNotFound,
    TypeConflict,
)
from rowgate.mapped import state_of
from rowgate.types import Access

__all__ = ["Writer", "key_of"]


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

    @property
    def _linker(self) -> Linker:
        return Linker(session=self.session)

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
        chosen = chosen_key(resource, draft)
        obj = resource.entity()
        with self.session.no_autoflush:
            members = self._linker.members(resource, draft)
            links = self._assign(resource, obj, {**draft.attributes, **chosen}, draft)
            refuse_keyless(self.session, resource, obj, draft)
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
            for name, members in self._linker.members(resource, draft).items():
                self._linker.replace(resource.relations[name], obj, members, f"/data/relationships/{name}")
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
        refuse_fixed(relation)
        self.commit(self._linker.lead(relation, obj, {}, link, "/data"))

    def replace(self, resource: ResourceType, key: Key, relation: Relation, links: Sequence[Link]) -> None:
        """Let a to-many relationship lead to exactly these rows, as far as the principal sees it.

        Raises:
            RowgateError: it is refused; nothing was written.
        """
        obj = self.find(resource, key)
        self._linker.replace(relation, obj, self._linker.load(links), "/data")
        self.commit({})

    def add(self, resource: ResourceType, key: Key, relation: Relation, links: Sequence[Link]) -> None:
        """Let a to-many relationship lead to these rows too.

        Raises:
            RowgateError: it is refused; nothing was written.
        """
        obj = self.find(resource, key)
        refuse_fixed(relation)
        members = getattr(obj, relation.name)
        for member in self._linker.load(links):
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
        self._linker.replace(relation, obj, kept, "/data")
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
            refuse_fixed(relation)
            set_by |= self._linker.lead(relation, obj, values, link, f"/data/relationships/{name}")
        return set_by

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
