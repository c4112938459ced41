"""The key of a new row: which one the client chose, if it may."""

from __future__ import annotations

from typing import Any

from rowgate.api.drafts import Draft
from rowgate.api.resources import ResourceType
from rowgate.enforce import SecureSession
from rowgate.errors import BadValue, ClientIdRefused, TypeConflict, ValueMissing
from rowgate.mapped import mapper_of

__all__ = ["chosen_key", "refuse_keyless"]


def chosen_key(resource: ResourceType, draft: Draft) -> dict[str, Any]:
    """The primary key that the client chose for a new row, as ``id``, as attributes, or as both alike.

    Args:
        resource: the row's type.
        draft: gets rid of what stands for a number that the database gives.

    Returns:
        By attribute what the id says.

    Raises:
        ClientIdRefused: the database numbers the rows.
        BadValue: the id is none of the type's.
        TypeConflict: the id and the attributes differ.
    """
    chosen: dict[str, Any] = {}
    for part in resource.key:
        if part.is_generated and draft.attributes.pop(part.name, None) is not None:
            raise _numbered(resource, f"/data/attributes/{part.name}")
    if draft.id is None:
        return chosen
    if all(part.is_generated for part in resource.key):
        raise _numbered(resource, "/data/id")
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


def refuse_keyless(session: SecureSession, resource: ResourceType, obj: Any, draft: Draft) -> None:
    """Refuse a new row that nobody gives its key; the database would do so too, after a warning of SQLAlchemy's.

    Args:
        session: whose principal writes.
        resource: the row's type.
        obj: the row, with all that the client wants it to be.
        draft: what that is.

    Raises:
        ValueMissing: names the part of the key.
    """
    linked = any(not resource.relations[name].columns for name in draft.to_one)
    if linked or mapper_of(resource.entity).dispatch.before_insert:
        return  # a related row or a listener may give it, when it is written
    given = session.gate.defaulted.get(resource.entity, ())
    for part in resource.key:
        made = part.is_generated or part.has_default or part.name in given
        if not made and getattr(obj, part.name) is None:
            raise ValueMissing(f"{part.name} needs a value.", pointers=[f"/data/attributes/{part.name}"])


def _numbered(resource: ResourceType, pointer: str) -> ClientIdRefused:
    return ClientIdRefused(f"The database numbers the rows of {resource.name}.", pointers=[pointer])
