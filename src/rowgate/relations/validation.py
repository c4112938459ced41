"""Runs a validation file: its schema and relationships in a database, its assertions, its expected relations.

Source of the file's format: https://authzed.com/docs/spicedb/modeling/validation-testing-debugging.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from rowgate.errors import RelationshipRefused, UnknownPermission, ValidationFileRefused
from rowgate.relations.answers import Answer, Verdict
from rowgate.relations.graph import Graph
from rowgate.zed import resolve
from rowgate.zed.relationships import ObjectRef, SubjectRef
from rowgate.zed.validation import Assertion, ExpectedSubject, ExpectedSubjects, parse_validation

__all__ = ["Report", "validate"]

_WORDS = {Verdict.ALLOWED: "true", Verdict.DENIED: "false", Verdict.CONDITIONAL: "caveated"}


@dataclass(frozen=True)
class Report:
    """What came of a validation file.

    Args:
        checks: how many checks were compared.
        lists: how many lists, each with the check of the same question.
        subjects: how many expected subjects.
        failures: a line for each that differs.
    """

    checks: int
    lists: int
    subjects: int
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether everything came out as it must."""
        return not self.failures

    def __str__(self) -> str:
        counted = f"{self.checks} checks, {self.lists} lists and {self.subjects} subjects compared"
        return f"{counted}, {len(self.failures)} different"


def validate(document: object, engine: Engine, *, read: Callable[[str], str] | None = None) -> Report:
    """Run a validation file.

    Every assertion is a check and a list of the objects of its type; every expected subject is looked up among the
    subjects of its kind, with its exceptions where it is a wildcard.

    Args:
        document: what a YAML reader made of the file.
        engine: an empty database, for the file's relationships.
        read: gives the text of a file that the file or its schema names, by its relative path; it raises OSError where
            there is none. None: the file may name no other.

    Raises:
        ValidationFileRefused: the document is no validation file.
        SchemaError: the schema is not well formed, or contradicts itself.
        RelationshipRefused: the schema does not allow a relationship.
    """
    file = parse_validation(document)
    text = file.schema or ""
    if file.schema_file:
        if read is None:
            raise ValidationFileRefused("This validation file may name no other.", hint="Put the schema into it.")
        try:
            text = read(file.schema_file)
        except OSError as error:
            raise ValidationFileRefused(f"schemaFile {file.schema_file} cannot be read.") from error
    graph = Graph(resolve(text, read=read), engine)
    graph.write(file.relationships)
    run = _Run(graph)
    for assertion in file.assertions:
        run.assertion(assertion)
    for expected in file.validation:
        run.expected(expected)
    return Report(run.checks, run.lists, run.subjects, tuple(run.failures))


class _Run:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.checks = self.lists = self.subjects = 0
        self.failures: list[str] = []

    def assertion(self, asked: Assertion) -> None:
        """Check, list, and compare with what must come."""
        try:
            answer = self._graph.check(asked.resource, asked.permission, asked.subject, context=asked.context)
            found = self._graph.lookup_resources(
                asked.resource.type, asked.permission, asked.subject, context=asked.context
            )
        except (UnknownPermission, RelationshipRefused) as error:
            self.failures.append(f"{asked.text}: {error.detail}")
            return
        self.checks += 1
        self.lists += 1
        for how, got in (("check", _word(answer)), ("list", _word(found.get(asked.resource.id)))):
            if got != asked.expected:
                self.failures.append(f"{asked.text}: {how} gives {got}, must be {asked.expected}")

    def expected(self, expected: ExpectedSubjects) -> None:
        """Compare each expected subject with the check, and the subjects found with those expected."""
        where = f"{expected.resource}#{expected.permission}"
        kinds = {(each.subject.type, each.subject.relation) for each in expected.subjects}
        named = {each.subject for each in expected.subjects}
        for each in expected.subjects:
            self.subjects += 1
            got = self._subject(expected.resource, expected.permission, each)
            want = "caveated" if each.conditional else "true"
            if got != want:
                self.failures.append(f"{where}: {each.subject} is {got}, must be {want}")
        for kind, relation in sorted(kinds):
            found = self._graph.lookup_subjects(expected.resource, expected.permission, kind, relation)
            for identifier, answer in found.found.items():
                subject = SubjectRef(kind, identifier, relation)
                covered = subject in named or found.everyone.verdict is not Verdict.DENIED
                itself = (subject.type, subject.id, subject.relation) == (
                    expected.resource.type,
                    expected.resource.id,
                    expected.permission,
                )
                if answer.verdict is not Verdict.DENIED and not covered and not itself:
                    self.failures.append(f"{where}: {subject} is {_word(answer)} and is not expected")

    def _subject(self, resource: ObjectRef, permission: str, expected: ExpectedSubject) -> str:
        subject = expected.subject
        if not subject.wildcard:
            return _word(self._graph.check(resource, permission, subject))
        found = self._graph.lookup_subjects(resource, permission, subject.type)
        for excluded, conditional in expected.excluded:
            got = _word(found.answer(excluded.id))
            if got != ("caveated" if conditional else "false"):
                self.failures.append(f"{resource}#{permission}: {excluded} is {got}, must be an exception")
        return _word(found.everyone)


def _word(answer: Answer | None) -> str:
    return "false" if answer is None else _WORDS.get(answer.verdict, answer.verdict.value)
