"""Reads the structure of SpiceDB's validation files: a schema, relationships, and what must come of them.

The YAML is loaded by the caller; here is what its keys may hold. Source:
https://authzed.com/docs/spicedb/modeling/validation-testing-debugging.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rowgate.errors import RelationshipRefused, ValidationFileRefused
from rowgate.zed.names import MEMBER_NAME
from rowgate.zed.relationships import (
    ObjectRef,
    Relationship,
    SubjectRef,
    parse_context,
    parse_object,
    parse_relationships,
    parse_subject,
)
from rowgate.zed.source import nearest

__all__ = ["Assertion", "ExpectedSubject", "ExpectedSubjects", "ValidationFile", "parse_assertion", "parse_validation"]

Verdict = Literal["true", "caveated", "false"]

_KEYS = ("schema", "schemaFile", "relationships", "assertions", "validation")
# What the files were called before 2021, in SpiceDB's own words.
_OLD_KEYS = {"namespace_configs": "schema", "validation_tuples": "relationships"}
_ASSERTIONS: dict[str, Verdict] = {"assertTrue": "true", "assertCaveated": "caveated", "assertFalse": "false"}
_ASSERTION = re.compile(
    rf"(?P<resource>[^#@\s]+)#(?P<permission>{MEMBER_NAME.pattern})@(?P<subject>[^@\s]+)(?:\s+with\s+(?P<context>\{{.*\}}))?"
)
_EXPECTED = re.compile(
    r"\[(?P<subject>[^\[\]\s]+)(?P<caveated>\[\.\.\.\])?(?: - \{(?P<excluded>[^{}]*)\})?\]\s+is\s+(?P<paths>.+)"
)
_PATH = re.compile(rf"<(?P<resource>[^#<>]+)#(?P<relation>{MEMBER_NAME.pattern})>")


@dataclass(frozen=True)
class Assertion:
    """``document:plan#view@user:anna with {"hour": 9}`` and the answer it must have."""

    expected: Verdict
    resource: ObjectRef
    permission: str
    subject: SubjectRef
    context: Mapping[str, object] = field(default_factory=dict, hash=False)
    text: str = field(default="", compare=False)


@dataclass(frozen=True)
class ExpectedSubject:
    """One of the subjects reached: ``[user:anna[...]] is <document:plan#viewer>``.

    Args:
        subject: who; a wildcard may have exceptions.
        conditional: only where caveats hold.
        excluded: the exceptions of a wildcard, each with whether it is one only where caveats hold.
        through: the relations in whose relationships the subject stands.
    """

    subject: SubjectRef
    conditional: bool
    excluded: tuple[tuple[SubjectRef, bool], ...]
    through: frozenset[tuple[ObjectRef, str]]


@dataclass(frozen=True)
class ExpectedSubjects:
    """All subjects that ``document:plan#view`` must reach, subjects with a relation on the way included."""

    resource: ObjectRef
    permission: str
    subjects: tuple[ExpectedSubject, ...]


@dataclass(frozen=True)
class ValidationFile:
    """A validation file. At most one of ``schema``, a text, and ``schema_file``, a relative path, is given."""

    schema: str | None
    schema_file: str | None
    relationships: tuple[Relationship, ...]
    assertions: tuple[Assertion, ...]
    validation: tuple[ExpectedSubjects, ...]


def parse_validation(document: object) -> ValidationFile:
    """The contents of a validation file.

    Args:
        document: what a YAML reader made of the file.

    Raises:
        ValidationFileRefused: it has not the structure of one; nothing of it counts then.
    """
    # A key with nothing behind it is as good as none.
    top = {key: value for key, value in _mapping(document, "the file").items() if value is not None}
    for key in top:
        if key in _OLD_KEYS:
            raise ValidationFileRefused(f"The key {key} is no longer understood.", hint=f"Write {_OLD_KEYS[key]}.")
        if key not in _KEYS:
            raise ValidationFileRefused(f"There is no key {key}.", hint=nearest(key, _KEYS))
    schema, schema_file = _text(top.get("schema"), "schema"), _text(top.get("schemaFile"), "schemaFile")
    if schema and schema_file:
        raise ValidationFileRefused("The file has both schema and schemaFile.", hint="Remove one of them.")
    try:
        relationships = [
            each for _, each in parse_relationships(_text(top.get("relationships"), "relationships") or "")
        ]
    except RelationshipRefused as error:
        raise ValidationFileRefused(f"relationships: {error.detail}", hint=error.advice) from None
    return ValidationFile(
        schema,
        schema_file,
        tuple(relationships),
        tuple(_assertions(top.get("assertions", {}))),
        tuple(_expected(key, lines) for key, lines in _mapping(top.get("validation", {}), "validation").items()),
    )


def _mapping(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ValidationFileRefused(f"{where[0].upper()}{where[1:]} is not a map with names as keys.")
    return value


def _text(value: object, where: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValidationFileRefused(
            f"{where} is not a text.", hint=f"Write `{where}: |-` and the text below, indented."
        )
    return value


def _lines(value: object, where: str) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValidationFileRefused(f"{where} is not a list of texts.", hint="Put each text in quotes.")
    return value


def _assertions(value: object) -> list[Assertion]:
    found: list[Assertion] = []
    for key, lines in _mapping(value, "assertions").items():
        if key not in _ASSERTIONS:
            raise ValidationFileRefused(f"There is no key {key} in assertions.", hint=nearest(key, _ASSERTIONS))
        found += [parse_assertion(line, expected=_ASSERTIONS[key]) for line in _lines(lines, key)]
    return found


def parse_assertion(text: str, *, expected: Verdict = "true") -> Assertion:
    """The question that ``type:id#permission@subject with {json}`` asks; ``with`` and what follows may be left out.

    Args:
        text: the question.
        expected: the answer it must have.

    Raises:
        ValidationFileRefused: it is not of this form.
    """
    found = _ASSERTION.fullmatch(text.strip())
    if not found:
        hint = 'Write type:id#permission@type:id, and a context behind: with {"name": value}.'
        raise ValidationFileRefused(f"`{text}` is not an assertion.", hint=hint)
    try:
        context = parse_context(found["context"]) if found["context"] else {}
        resource, subject = parse_object(found["resource"]), parse_subject(found["subject"])
    except ValueError as error:
        raise ValidationFileRefused(f"The context of `{text}` is not JSON: {error}.", hint=None) from None
    except RelationshipRefused as error:
        raise ValidationFileRefused(f"`{text}` is not an assertion: {error.detail}", hint=error.advice) from None
    return Assertion(expected, resource, found["permission"], subject, context, text)


def _expected(key: str, value: object) -> ExpectedSubjects:
    kind, _, permission = key.partition("#")
    try:
        resource = parse_object(kind)
        subjects = tuple(_expected_subject(line) for line in _lines(value, key))
    except RelationshipRefused as error:
        raise ValidationFileRefused(f"validation, {key}: {error.detail}", hint=error.advice) from None
    if not MEMBER_NAME.fullmatch(permission):
        raise ValidationFileRefused(
            f"validation, {key}: `{permission}` is not a permission.", hint="type:id#permission"
        )
    return ExpectedSubjects(resource, permission, subjects)


def _expected_subject(line: str) -> ExpectedSubject:
    found = _EXPECTED.fullmatch(line.strip())
    paths = found["paths"].split("/<") if found else []
    through = [_PATH.fullmatch(path if path.startswith("<") else f"<{path}") for path in paths]
    if not found or not all(through):
        hint = "Write [subject] is <type:id#relation>/<type:id#relation>."
        raise ValidationFileRefused(f"`{line}` is not an expected subject.", hint=hint)
    excluded = [each.strip() for each in (found["excluded"] or "").split(",") if each.strip()]
    return ExpectedSubject(
        parse_subject(found["subject"]),
        found["caveated"] is not None,
        tuple((parse_subject(each.removesuffix("[...]")), each.endswith("[...]")) for each in excluded),
        frozenset((parse_object(path["resource"]), path["relation"]) for path in through if path),
    )
