"""Relationships as text, one a line.

The form is that of SpiceDB's validation files::

    document:plan#viewer@group:eng#member[office_hours:{"zone":"CET"}][expiration:2030-01-01T00:00:00Z]

Caveat, context and expiration may be left out; ``user:*`` is every user; ``user:anna#...`` is the same as
``user:anna``. What a schema says to a relationship is in :mod:`rowgate.zed.admission`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import NoReturn

from rowgate.errors import RelationshipRefused
from rowgate.zed.context import timestamp
from rowgate.zed.names import CAVEAT_NAME, MEMBER_NAME, OBJECT_ID, TYPE_NAME

__all__ = [
    "WILDCARD",
    "ObjectRef",
    "Relationship",
    "SubjectRef",
    "parse_context",
    "parse_object",
    "parse_relationship",
    "parse_relationships",
    "parse_subject",
]

WILDCARD = "*"

_TYPE, _ID, _NAME = TYPE_NAME.pattern, r"[a-zA-Z0-9/_|\-=+]+", MEMBER_NAME.pattern
_OBJECT = re.compile(rf"(?P<type>{_TYPE}):(?P<id>{_ID})")
_SUBJECT = re.compile(rf"(?P<type>{_TYPE}):(?P<id>{_ID}|\*)(?:#(?P<relation>\.\.\.|{_NAME}))?")
_LINE = re.compile(
    rf"(?P<resource>[^#@\[\]\s]+)#(?P<relation>{_NAME})@(?P<subject>[^@\[\]\s]+)"
    rf"(?:\[(?!expiration:)(?P<caveat>{CAVEAT_NAME.pattern})(?::(?P<context>\{{.*\}}))?\])?"
    r"(?:\[expiration:(?P<expiration>[^\]]+)\])?"
)
_FORM = (
    "A relationship is type:id#relation@type:id, or @type:id#relation, or @type:*; with [caveat] or [expiration:...]."
)


@dataclass(frozen=True, order=True)
class ObjectRef:
    """An object: ``document:plan``."""

    type: str
    id: str

    def __str__(self) -> str:
        return f"{self.type}:{self.id}"


@dataclass(frozen=True, order=True)
class SubjectRef:
    """Who: ``user:anna``, ``group:eng#member``, or ``user:*`` for every user.

    ``relation`` is "" where the object itself is meant.
    """

    type: str
    id: str
    relation: str = ""

    @property
    def wildcard(self) -> bool:
        """Whether it stands for every object of the type."""
        return self.id == WILDCARD

    def __str__(self) -> str:
        return f"{self.type}:{self.id}#{self.relation}" if self.relation else f"{self.type}:{self.id}"


@dataclass(frozen=True)
class Relationship:
    """A fact: the subject is in this relation to the resource.

    Args:
        resource: the object.
        relation: a relation of its type, never a permission.
        subject: who.
        caveat: it counts only where this caveat holds.
        context: values of the caveat's parameters, as JSON; they win over the request's.
        expires_at: it counts only before this moment, with a time zone.
    """

    resource: ObjectRef
    relation: str
    subject: SubjectRef
    caveat: str | None = None
    context: Mapping[str, object] = field(default_factory=dict, hash=False)
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "context", MappingProxyType(dict(self.context)))

    @property
    def key(self) -> tuple[ObjectRef, str, SubjectRef]:
        """What makes it this relationship: writing it again replaces its caveat, context and expiry."""
        return self.resource, self.relation, self.subject

    def __str__(self) -> str:
        text = f"{self.resource}#{self.relation}@{self.subject}"
        if self.caveat:
            context = json.dumps(dict(self.context), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
            text += f"[{self.caveat}:{context}]" if self.context else f"[{self.caveat}]"
        if self.expires_at:
            moment = self.expires_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
            text += f"[expiration:{moment}]"
        return text


def parse_object(text: str) -> ObjectRef:
    """The object that ``type:id`` names.

    Raises:
        RelationshipRefused: it is not of this form.
    """
    found = _OBJECT.fullmatch(text)
    if not found or not OBJECT_ID.fullmatch(found["id"]):
        raise RelationshipRefused(f"`{text}` is not an object.", hint=_form_hint(text, "type:id"))
    return ObjectRef(found["type"], found["id"])


def parse_subject(text: str) -> SubjectRef:
    """The subject that ``type:id``, ``type:id#relation`` or ``type:*`` names.

    Raises:
        RelationshipRefused: it is of none of these forms.
    """
    found = _SUBJECT.fullmatch(text)
    relation = (found["relation"] or "").replace("...", "") if found else ""
    if not found or not (found["id"] == WILDCARD or OBJECT_ID.fullmatch(found["id"])):
        hint = _form_hint(text, "type:id, type:id#relation or type:*")
        raise RelationshipRefused(f"`{text}` is not a subject.", hint=hint)
    if relation and found["id"] == WILDCARD:
        raise RelationshipRefused(f"`{text}` is not a subject.", hint="A wildcard has no relation behind it.")
    return SubjectRef(found["type"], found["id"], relation)


def _form_hint(text: str, form: str) -> str:
    if len(text) > 1024:
        return "An id has at most 1024 characters."
    return f"Write {form}; names in lower case, an id of letters, digits and / _ | - = +."


def parse_relationship(line: str) -> Relationship:
    """The relationship that a line states.

    Args:
        line: the line; spaces around it do not matter.

    Raises:
        RelationshipRefused: the line is not well formed.
    """
    found = _LINE.fullmatch(line.strip())
    if not found:
        raise RelationshipRefused(f"`{line.strip()}` is not a relationship.", hint=_FORM)
    context: dict[str, object] = {}
    expires_at = None
    try:
        if found["context"]:
            context = parse_context(found["context"])
        if found["expiration"]:
            expires_at = timestamp(found["expiration"])
    except ValueError as error:
        raise RelationshipRefused(f"`{line.strip()}` is not a relationship: {error}.", hint=_FORM) from None
    resource, subject = parse_object(found["resource"]), parse_subject(found["subject"])
    return Relationship(resource, found["relation"], subject, found["caveat"], context, expires_at)


def parse_context(text: str) -> dict[str, object]:
    """The values of a caveat's parameters that a JSON object states.

    Raises:
        ValueError: it is not JSON, or no object.
    """
    try:
        found = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - one kind of error for all that is no context
    return found


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def parse_relationships(text: str) -> Iterator[tuple[int, Relationship]]:
    """The relationships of a text, each with the number of its line, from 1.

    Empty lines and lines that begin with ``//`` are skipped.

    Raises:
        RelationshipRefused: a line is not well formed, or states a relationship again; with the line's number.
    """
    seen: dict[object, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.strip().startswith("//"):
            continue
        try:
            relationship = parse_relationship(line)
        except RelationshipRefused as error:
            raise RelationshipRefused(f"Line {number}: {error.detail}", hint=error.advice) from None
        first = seen.setdefault(relationship.key, number)
        if first != number:
            detail = f"Line {number}: the relationship stands in line {first} already."
            raise RelationshipRefused(detail, hint="Caveat and expiration do not make another one of it: remove one.")
        yield number, relationship
