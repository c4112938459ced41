"""A schema and relationships, and questions to them; for use without a server, in tests and notebooks too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from sqlalchemy import URL, Engine

from rowgate.databases import make_engine
from rowgate.errors import CaveatFailed, RelationshipRefused
from rowgate.relations.answers import ALLOWED, DENIED, Answer, Subjects, Verdict
from rowgate.relations.compiled import CompiledSchema
from rowgate.relations.expand import Branch, expand
from rowgate.relations.explain import Explanation, explain
from rowgate.relations.ground import Ground
from rowgate.relations.reader import Reader
from rowgate.relations.rules import Node
from rowgate.relations.stated import read_all, refuse_stated
from rowgate.relations.store import Compiled, Request, Store
from rowgate.relations.table import delete_relationships, metadata, read_relationships, write_relationships
from rowgate.zed import check_relationship, resolve
from rowgate.zed.model import Schema
from rowgate.zed.relationships import (
    WILDCARD,
    ObjectRef,
    Relationship,
    SubjectRef,
    parse_object,
    parse_relationship,
    parse_subject,
)

__all__ = ["Graph", "Question"]

Question = tuple[ObjectRef | str, str, SubjectRef | str]
"""An object, a permission (or relation) of its type, and a subject."""

Context = Mapping[str, object]


class Graph:
    """Relationships under a schema, in a database.

    A database in memory (``sqlite://``) belongs to the thread that made it.

    Args:
        schema: the schema, or one compiled for this database.
        engine: the database; the relation table is made there when it is missing. Or a connection, within a
            transaction that all questions and writes then belong to; its database has the relation table already.
        claims: what the principal who asks brings along, for the relations that claims state.
    """

    def __init__(
        self,
        schema: Schema | CompiledSchema,
        engine: Engine | Reader,
        *,
        claims: Mapping[str, str] | None = None,
    ) -> None:
        self.engine = engine
        self.compiled = schema if isinstance(schema, CompiledSchema) else CompiledSchema(schema, engine.dialect.name)
        self.schema = self.compiled.schema
        self._claims = {**self.compiled.nobodys_claims, **(claims or {})}
        if isinstance(engine, Engine):
            metadata.create_all(engine)

    @classmethod
    def from_text(
        cls, schema_text: str, relationship_lines: str | Iterable[str] = (), *, url: str | URL = "sqlite://"
    ) -> Self:
        """A graph of a schema in SpiceDB's language and relationships, one a line.

        Args:
            schema_text: the schema.
            relationship_lines: a text of lines, or the lines; empty ones and those that begin with ``//`` are skipped.
            url: the database; relationships that are there stay.

        Raises:
            SchemaError: the schema is not well formed, or contradicts itself.
            RelationshipRefused: a line is not well formed, or the schema does not allow it.
        """
        graph = cls(resolve(schema_text), make_engine(url))
        lines = relationship_lines.splitlines() if isinstance(relationship_lines, str) else relationship_lines
        stripped = (line.strip() for line in lines)
        graph.write(line for line in stripped if line and not line.startswith("//"))
        return graph

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections of the engine; a database in memory is gone then."""
        if isinstance(self.engine, Engine):
            self.engine.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Reader]:
        if isinstance(self.engine, Engine):
            with self.engine.connect() as connection:
                yield connection
        else:
            yield self.engine

    @contextmanager
    def _writing(self) -> Iterator[Reader]:
        if isinstance(self.engine, Engine):
            with self.engine.begin() as connection:
                yield connection
        else:
            yield self.engine

    # --- relationships ------------------------------------------------------------------------------------------

    def write(self, relationships: Iterable[Relationship | str], *, created_by: str = "") -> int:
        """Write relationships, all or none; one that is there gets the new caveat, context and expiry.

        Args:
            relationships: the relationships, or their lines.
            created_by: the id of the principal who writes.

        Raises:
            RelationshipRefused: one is not well formed, or the schema does not allow it.
        """
        parsed = [parse_relationship(each) if isinstance(each, str) else each for each in relationships]
        for each in parsed:
            self.refuse_unwritable(each)
        with self._writing() as connection:
            return write_relationships(connection, parsed, created_by=created_by)

    def refuse_unwritable(self, relationship: Relationship) -> None:
        """Refuse a relationship that may not be written.

        Raises:
            RelationshipRefused: the schema does not allow it, or columns state relationships of its kind.
        """
        check_relationship(self.schema, relationship)
        refuse_stated(self.compiled, relationship)

    def written(self) -> Iterator[Relationship]:
        """What the relation table holds, expired ones included, without what columns state."""
        with self._reading() as connection:
            yield from list(read_relationships(connection))

    def delete(self, relationships: Iterable[Relationship | str]) -> int:
        """Delete relationships, whatever their caveat and expiry; those that are not there do not matter."""
        parsed = [parse_relationship(each) if isinstance(each, str) else each for each in relationships]
        with self._writing() as connection:
            return delete_relationships(connection, parsed)

    def read(self, resource: ObjectRef | str | None = None) -> Iterator[Relationship]:
        """The relationships, of one object or all: those of the relation table (expired ones included), then those
        that columns state.
        """
        with self._reading() as connection:
            target = _object(resource) if resource else None
            yield from list(read_all(connection, self.compiled, resource=target, claims=self._claims))

    # --- questions ----------------------------------------------------------------------------------------------

    def check(
        self,
        resource: ObjectRef | str,
        permission: str,
        subject: SubjectRef | str,
        *,
        context: Context | None = None,
        now: datetime | None = None,
    ) -> Answer:
        """Whether a subject has a permission on an object.

        Args:
            resource: ``document:7``.
            permission: a permission or relation of its type.
            subject: ``user:anna`` or ``group:eng#member``.
            context: JSON values for the parameters of caveats; those written with a relationship win.
            now: the moment at which expiry is looked at; the present one by default.

        Raises:
            UnknownPermission: the schema has no such type or permission.
            CaveatFailed: the answer hangs on a caveat that cannot be evaluated.
            RelationshipRefused: an object or subject is not well formed.
        """
        return self.check_many([(resource, permission, subject)], context=context, now=now)[0]

    def check_many(
        self, questions: Iterable[Question], *, context: Context | None = None, now: datetime | None = None
    ) -> list[Answer]:
        """The answers to many questions, in order; one statement for all objects of a type, permission and subject.

        Raises:
            UnknownPermission, CaveatFailed, RelationshipRefused: as :meth:`check`.
        """
        asked = [(_object(each[0]), each[1], _subject(each[2])) for each in questions]
        groups: dict[tuple[Node, SubjectRef], dict[str, Answer]] = {}
        for resource, permission, subject in asked:
            groups.setdefault((self.compiled.node(resource.type, permission), subject), {})[resource.id] = DENIED
        with self._reading() as connection:
            store = Store(connection, self.schema, self._request(context, now))
            for (node, subject), answers in groups.items():
                answers.update(self._check(store, node, subject, list(answers)))
        found = [
            groups[Node(resource.type, permission), subject][resource.id] for resource, permission, subject in asked
        ]
        for answer in found:
            if answer.faults:
                raise CaveatFailed(answer.faults[0])
        return found

    def _check(self, store: Store, node: Node, subject: SubjectRef, objects: Sequence[str]) -> dict[str, Answer]:
        compiled = self.compiled.question(node, subject.type, subject.relation)
        if compiled.empty:
            return {}
        if not compiled.plan.in_sql:
            return self._in_memory(store, compiled, subject.id, objects)
        statement = compiled.check if len(objects) == 1 else compiled.checks
        bounds = store.bounds(statement, compiled.plan, subject.id, objects)
        return self._closed(store, compiled, subject.id, bounds)

    def _closed(self, store: Store, compiled: Compiled, subject: str, bounds: Mapping[str, bool]) -> dict[str, Answer]:
        """Answers of both bounds; for what is possible and not definite, what it hangs on is looked up."""
        answers = {identifier: ALLOWED for identifier, definite in bounds.items() if definite}
        open_ids = [identifier for identifier, definite in bounds.items() if not definite]
        return answers | (self._in_memory(store, compiled, subject, open_ids) if open_ids else {})

    def _in_memory(self, store: Store, compiled: Compiled, subject: str, objects: Sequence[str]) -> dict[str, Answer]:
        facts = store.facts(compiled.own_rows, subject, objects)
        found = Ground(compiled.plan, facts, [subject]).answers(objects)
        return {identifier: row[subject] for identifier, row in found.items() if row}

    def lookup_resources(
        self,
        resource_type: str,
        permission: str,
        subject: SubjectRef | str,
        *,
        context: Context | None = None,
        now: datetime | None = None,
    ) -> dict[str, Answer]:
        """The ids of all objects of a type on which a subject has a permission, or may have, each with its answer.

        Objects that hang on caveats which cannot be evaluated are conditional, with ``faults``.

        Raises:
            UnknownPermission, RelationshipRefused: as :meth:`check`.
        """
        who = _subject(subject)
        compiled = self.compiled.question(self.compiled.node(resource_type, permission), who.type, who.relation)
        if compiled.empty:
            return {}
        with self._reading() as connection:
            store = Store(connection, self.schema, self._request(context, now))
            if compiled.plan.in_sql:
                bounds = store.bounds(compiled.lists, compiled.plan, who.id)
                return self._closed(store, compiled, who.id, bounds)
            facts = list(store.facts_of(compiled.plan, who.id))
            objects = {fact.resource_id for fact in facts if fact.resource_type == resource_type} | {who.id}
            found = Ground(compiled.plan, facts, [who.id]).answers(sorted(objects))
            return {identifier: row[who.id] for identifier, row in found.items() if row}

    def lookup_subjects(
        self,
        resource: ObjectRef | str,
        permission: str,
        subject_type: str,
        subject_relation: str = "",
        *,
        context: Context | None = None,
        now: datetime | None = None,
    ) -> Subjects:
        """All subjects of a kind that have a permission on an object, or may have.

        Args:
            resource: ``document:7``.
            permission: a permission or relation of its type.
            subject_type: ``user``.
            subject_relation: ``member`` for groups' members as subjects; "" for the objects themselves.
            context: JSON values for the parameters of caveats.
            now: the moment at which expiry is looked at; the present one by default.

        Raises:
            UnknownPermission, RelationshipRefused: as :meth:`check`.
        """
        target = _object(resource)
        compiled = self.compiled.question(self.compiled.node(target.type, permission), subject_type, subject_relation)
        if compiled.empty:
            return Subjects()
        with self._reading() as connection:
            store = Store(connection, self.schema, self._request(context, now))
            facts = list(store.facts(compiled.all_rows, WILDCARD, [target.id]))
        named = {fact.subject_id for fact in facts if fact.subject_type == subject_type}
        # The object itself, and those on the way, through identities.
        named |= {fact.resource_id for fact in facts if fact.resource_type == subject_type} | {target.id}
        # An id that cannot be written stands for all whom no relationship names.
        stranger = ""
        named.discard(WILDCARD)
        row = Ground(compiled.plan, facts, [*sorted(named), stranger]).answers([target.id])[target.id]
        everyone = row.pop(stranger, DENIED)
        if everyone.verdict is not Verdict.DENIED:
            row = {each: row.get(each, DENIED) for each in sorted(named)}
        return Subjects(row, everyone)

    def explain(
        self,
        resource: ObjectRef | str,
        permission: str,
        subject: SubjectRef | str,
        *,
        context: Context | None = None,
        now: datetime | None = None,
    ) -> Explanation:
        """Why a check answers what it answers: the path of relationships, or the nearest ones missing.

        Raises:
            UnknownPermission, RelationshipRefused: as :meth:`check`.
        """
        target, who = _object(resource), _subject(subject)
        compiled = self.compiled.question(self.compiled.node(target.type, permission), who.type, who.relation)
        with self._reading() as connection:
            store = Store(connection, self.schema, self._request(context, now))
            rows = None if compiled.empty else compiled.own_rows
            ground = Ground(compiled.plan, store.facts(rows, who.id, [target.id]), [who.id])
        return explain(ground, compiled.plan, target.id, who)

    def expand(self, resource: ObjectRef | str, permission: str, *, now: datetime | None = None) -> Branch:
        """The tree of an object's permission as the schema has it, with the relationships at its leaves.

        Raises:
            UnknownPermission, RelationshipRefused: as :meth:`check`.
        """
        target = _object(resource)
        node = self.compiled.node(target.type, permission)
        with self._reading() as connection:
            found = read_all(connection, self.compiled, resource=target, claims=self._claims)
            return expand(self.compiled.rules, node, target.id, list(found), now or datetime.now(UTC))

    # --- the schema ---------------------------------------------------------------------------------------------

    def obstacles(self) -> tuple[str, ...]:
        """What one SQL statement cannot say, and why; such questions are answered in memory, by a fixpoint."""
        return self.compiled.obstacles()

    def _request(self, context: Context | None, now: datetime | None) -> Request:
        return Request(dict(context or {}), now or datetime.now(UTC), self._claims)


def _object(value: ObjectRef | str) -> ObjectRef:
    return parse_object(value) if isinstance(value, str) else value


def _subject(value: SubjectRef | str) -> SubjectRef:
    subject = parse_subject(value) if isinstance(value, str) else value
    if subject.wildcard:
        raise RelationshipRefused("A question is about one subject.", hint="A wildcard may only be written.")
    return subject
