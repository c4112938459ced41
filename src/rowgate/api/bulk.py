"""Many rows of one type with one request: POST, PATCH and DELETE of a list at ``/api/<Type>``, all of them or none.

The rows are found and locked with one statement and written in one flush, so that checks are made once for all of them.
JSON:API has no such requests; the form is that of its former bulk extension, which other servers have too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rowgate import web
from rowgate.api.body import id_of, object_at, read_resource
from rowgate.api.drafts import Draft, Link
from rowgate.api.places import Place, moved, placed, within
from rowgate.api.resources import Key, ResourceType
from rowgate.api.service import Service
from rowgate.api.values import Json
from rowgate.api.write import Writer, key_of
from rowgate.errors import BadDocument, RowgateError, RowNotFound, TypeConflict, all_told

__all__ = ["create_all", "delete_all", "is_list", "update_all"]


def is_list(body: Mapping[str, Json]) -> bool:
    """Whether the document holds a list of resources."""
    return isinstance(body.get("data"), list)


def create_all(body: Mapping[str, Json], resource: ResourceType, service: Service) -> list[Key]:
    """Insert rows.

    Args:
        body: a document with a list of resources.
        resource: their type, as the principal knows it.
        service: likewise.

    Returns:
        Their keys, in the order of the list. They are flushed; the caller commits.

    Raises:
        RowgateError: one is refused; nothing was written.
    """
    drafts = _drafts(body, resource, service)
    writer = service.writer(commits=False)
    written: list[_Written] = []
    staged = []
    for index, draft in enumerate(drafts):
        with placed(_at(index), resource, method="POST"):
            obj, links = writer.stage(resource, draft)
        staged.append(obj)
        written.append((draft, links))
    with placed(_among(written), resource, method="POST"):
        writer.commit({})
    return [key_of(obj) for obj in staged]


def update_all(body: Mapping[str, Json], resource: ResourceType, service: Service) -> list[Key]:
    """Change rows; see `create_all`."""
    drafts = _drafts(body, resource, service)
    faults: list[RowgateError] = [
        BadDocument("The resource has no id.", pointers=[f"/data/{index}"])
        for index, draft in enumerate(drafts)
        if draft.id is None
    ]
    all_told(faults)
    keys = _keys([draft.id or "" for draft in drafts], resource, service)
    writer = service.writer(commits=False)
    found = _found(writer, resource, keys)
    written: list[_Written] = []
    for index, (key, draft) in enumerate(zip(keys, drafts, strict=True)):
        with (
            placed(_at(index), resource, method="PATCH"),
            service.telling_current(resource, key, service.plain_query()),
        ):
            written.append((draft, writer.change(resource, found[key], draft)))
    with placed(_among(written), resource, method="PATCH"):
        writer.commit({})
    return keys


def delete_all(body: Mapping[str, Json], resource: ResourceType, service: Service) -> None:
    """Delete the rows that a list of resource identifiers names; see `create_all`."""
    texts: list[str] = []
    faults: list[RowgateError] = []
    for index, each in enumerate(_list(body, service)):
        try:
            identifier = object_at(each, "/data")
            if identifier.get("type") != resource.name:
                raise TypeConflict(f"The type is not {resource.name}.", pointers=["/data/type"])
            text = id_of(identifier)
            if text is None:
                raise BadDocument("The identifier has no id.", pointers=["/data"])
            texts.append(text)
        except RowgateError as fault:
            faults.append(moved(fault, _at(index)))
    all_told(faults)
    keys = _keys(texts, resource, service)
    writer = service.writer(commits=False)
    found = _found(writer, resource, keys)
    for key in keys:
        web.session().delete(found[key])
    with placed(_among([]), resource, method="DELETE"):
        writer.commit({})


_Written = tuple[Draft, Mapping[str, Link]]
"""What was asked for one row, and by foreign key attribute the linkage that set it."""


def _at(index: int) -> Place:
    return within(f"/data/{index}")


def _among(written: Sequence[_Written]) -> Place:
    """The place of an error that says which attribute it is about, and not which of the rows.

    That is the row that sets it, where only one does; else the list.
    """

    def place(pointer: str) -> str:
        name = pointer.removeprefix("/data/attributes/")
        setting = [
            (index, links.get(name))
            for index, (draft, links) in enumerate(written)
            if name in links or name in draft.attributes
        ]
        if len(written) == 1:
            setting = [(0, written[0][1].get(name))]
        if len(setting) != 1:
            return "/data"
        ((index, link),) = setting
        return _at(index)(pointer if link is None else link.pointer)

    return place


def _list(body: Mapping[str, Json], service: Service) -> list[Json]:
    data = body.get("data")
    if not isinstance(data, list) or not data:
        raise BadDocument("The document has no list of resources.", pointers=["/data" if "data" in body else ""])
    most = service.settings.operations_max
    if len(data) > most:
        raise BadDocument(
            f"The document has {len(data)} resources; {most} are the most.",
            hint="Send several requests. ROWGATE_OPERATIONS_MAX is the limit.",
            pointers=["/data"],
        )
    return data


def _drafts(body: Mapping[str, Json], resource: ResourceType, service: Service) -> list[Draft]:
    """The resources of the list; the faults of all of them are told at once."""
    drafts: list[Draft] = []
    faults: list[RowgateError] = []
    for index, each in enumerate(_list(body, service)):
        try:
            drafts.append(read_resource(each, resource, service.resources))
        except RowgateError as fault:
            faults.append(moved(fault, _at(index)))
    all_told(faults)
    return drafts


def _keys(texts: Sequence[str], resource: ResourceType, service: Service) -> list[Key]:
    keys: list[Key] = []
    faults: list[RowgateError] = []
    for index, text in enumerate(texts):
        try:
            key = service.key(resource, text)
            if key in keys:
                raise BadDocument("The row is in the list already.", pointers=["/data/id"])
            keys.append(key)
        except RowgateError as fault:
            faults.append(moved(fault, _at(index)))
    all_told(faults)
    return keys


def _found(writer: Writer, resource: ResourceType, keys: Sequence[Key]) -> dict[Key, object]:
    """The rows, locked.

    Raises:
        RowNotFound, Faults: tells each that the principal does not see.
    """
    found = writer.find_all(resource, keys)
    faults: list[RowgateError] = [
        moved(RowNotFound.of(resource.name), _at(index)) for index, key in enumerate(keys) if key not in found
    ]
    all_told(faults)
    return found
