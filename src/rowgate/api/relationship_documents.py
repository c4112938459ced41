"""Permissions, relationships and explanations as JSON:API resource objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from rowgate.api.relationship_bodies import TYPE
from rowgate.api.relationship_lines import HIDDEN, Shown
from rowgate.api.serialize import JSONAPI
from rowgate.api.values import Json
from rowgate.enforce.sharing import Kept
from rowgate.relations.answers import Answer
from rowgate.relations.explain import Explanation
from rowgate.zed.relationships import ObjectRef, Relationship, SubjectRef

__all__ = ["document", "explanation", "permissions", "relationship"]


def document(data: Json, address: str) -> dict[str, Json]:
    """A document of one resource, or of several."""
    return {"jsonapi": JSONAPI, "data": data, "links": {"self": address}}


def permissions(
    row: ObjectRef, subjects: Sequence[SubjectRef], found: Mapping[str, Answer], *, superuser: bool
) -> dict[str, Json]:
    """What the principal may do to a row.

    Args:
        row: the row.
        subjects: who the principal is in the schema.
        found: the answer for each permission.
        superuser: whether the principal is one; what it may do does not depend on relationships.
    """
    return {
        "type": "permissions",
        "id": str(row),
        "attributes": {
            "subjects": [_subject(each) for each in subjects],
            "superuser": superuser,
            "permissions": {name: _answer(answer) for name, answer in found.items()},
        },
    }


def relationship(kept: Kept) -> dict[str, Json]:
    """A relationship; its id is its line, without caveat and expiry."""
    given = kept.relationship
    return {
        "type": TYPE,
        "id": f"{given.resource}#{given.relation}@{given.subject}",
        "attributes": {
            "relation": given.relation,
            "subject": _subject(given.subject),
            "caveat": given.caveat,
            "context": dict(given.context),
            "expires_at": _moment(given.expires_at),
            "stated_by_columns": kept.created_at is None,
            "created_at": _moment(kept.created_at),
            "created_by": kept.created_by,
        },
    }


def explanation(
    row: ObjectRef, permission: str, subject: SubjectRef | None, found: Explanation, shown: Shown
) -> dict[str, Json]:
    """Why a subject has a permission on a row, or has not.

    Args:
        row: the row.
        permission: of its type.
        subject: who is asked about; None for a principal who is nobody in the schema.
        found: the explanation.
        shown: what of it the principal may read.
    """
    excluded = [(shown.object(target), name) for target, name in found.exclusions]
    return {
        "type": "explanation",
        "id": f"{row}#{permission}@{subject or ''}",
        "attributes": {
            "permission": permission,
            "subject": None if subject is None else _subject(subject),
            **_answer(found.answer),
            "path": [_stated(shown.relationship(each)) for each in found.proof],
            "would_help": [_stated(shown.relationship(each)) for each in found.gaps],
            "excluded_by": [{"resource": _object(target), "name": name} for target, name in excluded],
        },
    }


def _stated(given: Relationship) -> dict[str, Json]:
    return {
        "resource": _object(given.resource),
        "relation": given.relation,
        "subject": _subject(given.subject),
        "line": f"{given.resource}#{given.relation}@{given.subject}",
    }


def _answer(answer: Answer) -> dict[str, Json]:
    return {"answer": answer.verdict.value, "missing": sorted(answer.missing)}


def _object(given: ObjectRef) -> dict[str, Json]:
    """An object; its id is null where the principal may not see it."""
    return {"type": given.type, "id": None if given.id == HIDDEN else given.id}


def _subject(given: SubjectRef) -> dict[str, Json]:
    made = _object(ObjectRef(given.type, given.id))
    return {**made, "relation": given.relation} if given.relation else made


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")
