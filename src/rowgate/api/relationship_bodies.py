"""The relationship that a client writes or removes: its document read strictly, its faults told at their places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from rowgate.api.body import escaped
from rowgate.api.names import did_you_mean
from rowgate.api.values import Json
from rowgate.errors import (
    BadDocument,
    BadValue,
    RowgateError,
    TypeConflict,
    UnknownMember,
    ValueMissing,
    all_told,
)
from rowgate.relations.table import LONGEST_ID
from rowgate.zed.context import timestamp
from rowgate.zed.model import Schema
from rowgate.zed.relationships import WILDCARD, ObjectRef, Relationship, SubjectRef

__all__ = ["TYPE", "at_fault", "read_relationship"]

TYPE: Final = "relationship"
"""The type of the resource objects."""

_NAMING: Final = frozenset({"relation", "subject"})
_WRITING: Final = frozenset({"caveat", "context", "expires_at"})
_SUBJECT: Final = frozenset({"type", "id", "relation"})


def read_relationship(body: Mapping[str, Json], resource: ObjectRef, *, naming: bool) -> Relationship:
    """The relationship of a document about one row. Whether the schema allows it is not looked at.

    Args:
        body: the request's.
        resource: the row.
        naming: the document only names a relationship, in order to remove it: it has no caveat and no expiry.

    Raises:
        BadDocument: it is no such document.
        TypeConflict: it is of another type.
        UnknownMember, ValueMissing, BadValue, Faults: its attributes cannot be understood.
    """
    data = body.get("data")
    if not isinstance(data, dict):
        raise BadDocument("/data is not a JSON object.", pointers=["/data"])
    if data.get("type") != TYPE:
        raise TypeConflict(f"The type is {data.get('type')!r}, not {TYPE}.", pointers=["/data/type"])
    given = data.get("attributes")
    if not isinstance(given, dict):
        raise BadDocument("/data/attributes is not a JSON object.", pointers=["/data/attributes"])
    reader = _Reader(given)
    reader.known("", given, _NAMING if naming else _NAMING | _WRITING)
    relation = reader.text("relation")
    subject = reader.subject()
    caveat = reader.text("caveat", needed=False)
    context = reader.context(caveat)
    expires_at = reader.moment()
    reader.finish()
    return Relationship(resource, relation, subject, caveat or None, context, expires_at)


class _Reader:
    def __init__(self, given: Mapping[str, Json]) -> None:
        self._given = given
        self._faults: list[RowgateError] = []

    def finish(self) -> None:
        all_told(self._faults)

    def known(self, within: str, given: Mapping[str, Json], names: frozenset[str]) -> None:
        for name in given:
            if name not in names:
                self._fault(UnknownMember, f"There is no {name!r} here.", f"{within}/{escaped(name)}", names)

    def text(self, name: str, *, needed: bool = True) -> str:
        return self._text(self._given, name, f"/{name}", needed=needed)

    def subject(self) -> SubjectRef:
        given = self._given.get("subject")
        if not isinstance(given, dict):
            self._fault(BadValue, 'subject takes an object: {"type": ..., "id": ...}.', "/subject")
            return SubjectRef("", "")
        self.known("/subject", given, _SUBJECT)
        identifier = self._text(given, "id", "/subject/id")
        relation = self._text(given, "relation", "/subject/relation", needed=False)
        if identifier and (reason := _unfit(identifier)):
            self._fault(BadValue, f"subject.id {reason}.", "/subject/id")
        if identifier == WILDCARD and relation:
            self._fault(BadValue, "A wildcard has no relation behind it.", "/subject/relation")
        return SubjectRef(self._text(given, "type", "/subject/type"), identifier, relation)

    def context(self, caveat: str) -> Mapping[str, object]:
        given = self._given.get("context")
        if given is None:
            return {}
        if not isinstance(given, dict):
            self._fault(BadValue, "context takes an object.", "/context")
            return {}
        if not caveat:
            self._fault(BadValue, "context belongs to a caveat, and none is given.", "/context")
        try:
            return {name: _plain(value) for name, value in given.items()}
        except OverflowError:
            self._fault(BadValue, "context holds a number that is too large.", "/context")
            return {}

    def moment(self) -> datetime | None:
        given = self._given.get("expires_at")
        if given is None:
            return None
        try:
            found = timestamp(given) if isinstance(given, str) else None
        except ValueError:
            found = None
        if found is None:
            self._fault(BadValue, "expires_at takes an RFC 3339 timestamp: 2030-01-31T12:00:00Z.", "/expires_at")
        elif found <= datetime.now(UTC):
            self._fault(BadValue, "expires_at is over already.", "/expires_at")
        return found

    def _text(self, given: Mapping[str, Json], name: str, place: str, *, needed: bool = True) -> str:
        value = given.get(name)
        if value is None:
            if needed:
                self._fault(ValueMissing, f"{name} is missing.", place)
            return ""
        if not isinstance(value, str) or not value:
            self._fault(BadValue, f"{name} takes text.", place)
            return ""
        return value

    def _fault(self, kind: type[RowgateError], words: str, place: str, known: frozenset[str] = frozenset()) -> None:
        hint = did_you_mean(place.rpartition("/")[2], sorted(known)) if known else None
        self._faults.append(kind(words, hint=hint, pointers=[f"/data/attributes{place}"]))


def _unfit(identifier: str) -> str | None:
    """Why a text can be no id; None where it can."""
    try:
        size = len(identifier.encode("utf-8"))
    except UnicodeEncodeError:
        return "holds half of a surrogate pair"
    if size > LONGEST_ID:
        return f"is longer than {LONGEST_ID} bytes"
    return "holds a NUL" if "\0" in identifier else None


def _plain(value: Json) -> object:
    """A value with the numbers that JSON itself has: the document's are exact.

    Raises:
        OverflowError: one is larger than those.
    """
    if isinstance(value, Decimal):
        found = float(value)
        if abs(found) == float("inf"):
            raise OverflowError
        return found
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def at_fault(schema: Schema, relationship: Relationship) -> str:
    """The place in its document of what the schema refuses about a relationship."""
    return f"/data/attributes{next(_places(schema, relationship))}"


def _places(schema: Schema, relationship: Relationship) -> Iterator[str]:
    subject = relationship.subject
    relation = schema.definitions[relationship.resource.type].relations.get(relationship.relation)
    if relation is None:
        yield "/relation"
        return
    if subject.type not in schema.definitions:
        yield "/subject/type"
    elif subject.relation and schema.definitions[subject.type].member(subject.relation) is None:
        yield "/subject/relation"
    kind = (subject.type, subject.relation or None, subject.wildcard)
    near = [each for each in relation.types if (each.type, each.relation, each.wildcard) == kind]
    if not near:
        yield "/subject"
    elif relationship.caveat not in {each.caveat for each in near}:
        yield "/caveat"
    elif (relationship.caveat, relationship.expires_at is not None) not in {(e.caveat, e.expiration) for e in near}:
        yield "/expires_at"
    # Else its context does not suit the caveat, or columns state the relation.
    yield "/context" if relationship.caveat else "/relation"
