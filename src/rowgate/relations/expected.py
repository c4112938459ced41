"""Compares all answers of a validation file with those of another engine, kept beside it as ``NAME.expected.json``.

The format is ``rebac-conformance/1``: for each question of a universe of objects, permissions, subjects and contexts
the ids that are true or conditional, and what lists of subjects hold. What is marked there as a defect of the engine
that gave the answers is compared with the right answer; an object that can enter a cycle of the data may have either
the engine's answer or that of the least fixpoint.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine

from rowgate.errors import RelationshipRefused, RowgateError, UnknownPermission
from rowgate.relations.answers import Answer, Verdict
from rowgate.relations.graph import Graph
from rowgate.zed import resolve
from rowgate.zed.relationships import ObjectRef, SubjectRef, parse_relationship, parse_subject
from rowgate.zed.validation import parse_assertion, parse_validation

__all__ = ["Score", "compare"]

LETTERS = {Verdict.ALLOWED: "T", Verdict.DENIED: "F", Verdict.CONDITIONAL: "C", Verdict.UNDEFINED: "U"}


@dataclass
class Score:
    """How many answers were compared, and which differ."""

    compared: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    differing: list[str] = field(default_factory=list)

    def compare(self, kind: str, what: str, got: object, allowed: set[Any]) -> None:
        """Count one answer."""
        self.compared[kind] += 1
        if got not in allowed:
            self.differing.append(f"{kind} {what}: {got}, expected {' or '.join(map(str, sorted(allowed, key=str)))}")

    def add(self, other: Score) -> None:
        """Add another score to this one."""
        self.compared += other.compared
        self.skipped += other.skipped
        self.differing += other.differing

    def __str__(self) -> str:
        counted = ", ".join(f"{number} {kind}s" for kind, number in sorted(self.compared.items()))
        skipped = "".join(f", {number} {why}" for why, number in sorted(self.skipped.items()))
        return f"{counted} compared, {len(self.differing)} different{skipped}"


def compare(document: Any, expected: Mapping[str, Any], engine: Engine, *, name: str) -> Score:
    """Run a validation file and compare all its answers with those expected.

    Args:
        document: what a YAML reader made of the file.
        expected: what a JSON reader made of the answers.
        engine: a database without relationships; those of the file are written to it.
        name: how the file is called in the lines that tell of differences.
    """
    score = Score()
    if expected["schema"] != "accepted":
        score.compare("schema", name, _loads(document), {False})
        return score
    schema = resolve(document.get("schema") or "")
    score.compare("schema", name, True, {True})
    graph = Graph(schema, engine)
    rejected = {line if isinstance(line, str) else line["relationship"] for line in expected["rejected_relationships"]}
    lines = [line.strip() for line in (document.get("relationships") or "").splitlines()]
    lines = [line for line in lines if line and not line.startswith("//")]
    for line in lines:
        if line in rejected:
            score.compare("refusal", line, _refused(graph, line), {True})
    graph.write(line for line in lines if line not in rejected)
    _resources(graph, expected, score)
    _subjects(graph, expected, score)
    for each in expected["assertions"]:
        got = _assertion(graph, each["text"])
        if each["got"] in ("T", "F", "C"):
            score.compare("assertion", each["text"], got, {each["got"]})
        elif "not found" in each["message"]:
            score.compare("assertion", each["text"], got, {"unknown"})
        else:
            score.skipped["assertions with a depth error"] += 1
    return score


def _letter(answer: Answer | None) -> str:
    """T, F, C (conditional) or U (undefined)."""
    return "F" if answer is None else LETTERS[answer.verdict]


def _assertion(graph: Graph, text: str) -> str:
    asked = parse_assertion(text)
    try:
        return _letter(graph.check(asked.resource, asked.permission, asked.subject, context=asked.context))
    except UnknownPermission:
        return "unknown"


def _loads(document: object) -> bool:
    try:
        parsed = parse_validation(document)
        if parsed.schema_file:
            return False
        resolve(parsed.schema or "")
    except RowgateError:
        return False
    return True


def _refused(graph: Graph, line: str) -> bool:
    try:
        graph.write([parse_relationship(line)])
    except RelationshipRefused:
        return True
    return False


# --- checks and lists -------------------------------------------------------------------------------------------


def _resources(graph: Graph, expected: Mapping[str, Any], score: Score) -> None:
    universe = expected["universe"]
    records = {
        (each["type"], each["permission"], each["subject"], each.get("context", 0)): each
        for each in expected["answers"]
    }
    for key in _combinations(graph, universe):
        kind, permission, subject, number = key
        record = records.pop(key, {"true": [], "lookup": "same"})
        context = universe["contexts"][number]
        ids = universe["objects"].get(kind, [])
        who = parse_subject(subject)
        if set(record.get("error", {}).values()) - {"max_depth_exceeded"}:
            score.compare("unknown name", str(key), _unknown(graph, kind, permission, who), {True})
            continue
        questions = [(ObjectRef(kind, each), permission, who) for each in ids]
        checked = dict(zip(ids, graph.check_many(questions, context=context), strict=True))
        listed = graph.lookup_resources(kind, permission, who, context=context)
        for each in ids:
            what = f"{kind}:{each}#{permission}@{subject} {context or ''}"
            allowed = _allowed(record, each)
            score.compare("check", what, _letter(checked[each]), allowed)
            score.compare("list", what, _letter(listed.get(each)), _allowed_in_list(record, each, allowed))
            if _letter(checked[each]) == "C" and each in record.get("conditional", ()):
                named = checked[each].missing == set(record["conditional"][each])
                score.skipped[f"conditional answers with {'the same' if named else 'other'} missing names"] += 1
            score.compare("list against check", what, _letter(listed.get(each)), {_letter(checked[each])})
    for key in records:
        score.compare("question", str(key), "not asked", {"asked"})


def _unknown(graph: Graph, kind: str, permission: str, subject: SubjectRef) -> bool:
    try:
        graph.lookup_resources(kind, permission, subject)
    except UnknownPermission:
        return True
    return False


def _combinations(graph: Graph, universe: dict[str, Any]) -> Iterator[tuple[str, str, str, int]]:
    for kind in universe["objects"]:
        for permission in graph.schema.definitions[kind].members if kind in graph.schema.definitions else ():
            for subject in universe["subjects"]:
                for number in range(len(universe["contexts"])):
                    yield kind, permission, subject, number


def _letter_in(record: dict[str, Any], identifier: str) -> str:
    if identifier in record.get("true", ()):
        return "T"
    return "C" if identifier in record.get("conditional", ()) else "F"


def _allowed(record: dict[str, Any], identifier: str) -> set[str]:
    disputed = record.get("disputed", {})
    if identifier in disputed:
        return {disputed[identifier]}
    fixpoint = {identifier_: name for name, ids in record.get("fixpoint", {}).items() for identifier_ in ids}.get(
        identifier
    )
    error = record.get("error", {}).get(identifier)
    right = {"true": "T", "false": "F", "conditional": "C", "undefined": "U"}.get(fixpoint or "")
    allowed = {right} if right else set()
    if not error:
        allowed.add(_letter_in(record, identifier))
    return allowed


def _allowed_in_list(record: dict[str, Any], identifier: str, allowed: set[str]) -> set[str]:
    if "lookup_disputed" in record:
        return {_letter_in(record["lookup_disputed"], identifier)}
    return allowed


# --- subjects ---------------------------------------------------------------------------------------------------


def _subjects(graph: Graph, expected: Mapping[str, Any], score: Score) -> None:
    known: dict[str, set[str]] = {}
    for text in expected["universe"]["subjects"]:
        subject = parse_subject(text)
        known.setdefault(_kind(subject), set()).add(subject.id)
    for record in expected["lookup_subjects"]:
        if "error" in record:
            score.skipped["subject lists with a depth error"] += 1
            continue
        kind, _, relation = record["subject_type"].partition("#")
        found = graph.lookup_subjects(record["resource"], record["permission"], kind, relation)
        asked = known.get(record["subject_type"], set())
        for identifier in sorted(asked | set(record.get("true", ())) | set(found.found)):
            what = f"{record['resource']}#{record['permission']}@{record['subject_type']} {identifier}"
            got, right = _letter(found.answer(identifier)), _expected_subject(record, identifier)
            if "self" in expected["features"] and identifier not in asked:
                # Defect 4: the object's id is given for every type of subject. Those that occur nowhere else are not
                # marked one by one; the check decides.
                subject = SubjectRef(kind, identifier, relation)
                right = _letter(graph.check(record["resource"], record["permission"], subject))
            score.compare("subject", what, got, {right})


def _kind(subject: SubjectRef) -> str:
    return f"{subject.type}#{subject.relation}" if subject.relation else subject.type


def _expected_subject(record: dict[str, Any], identifier: str) -> str:
    if identifier in record.get("disputed", {}):
        return str(record["disputed"][identifier])
    direct = _letter_in(record, identifier)
    wildcard = record.get("wildcard")
    if direct != "F" or not wildcard:
        return direct
    if identifier in wildcard["excluded"]:
        return "F"
    return "C" if identifier in wildcard["excluded_conditional"] else str(wildcard["kind"])
