"""Relationships of both kinds together: those of the relation table, and those that columns state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Text, cast, literal

from rowgate.errors import RelationshipRefused
from rowgate.relations.compiled import CompiledSchema
from rowgate.relations.demand import stated_rows
from rowgate.relations.reader import Reader
from rowgate.relations.rows import SUBJECT_ID, Rows
from rowgate.relations.rules import Source
from rowgate.relations.table import read_relationships, to_relationship
from rowgate.zed.relationships import ObjectRef, Relationship

__all__ = ["read_all", "refuse_stated"]


def read_all(
    connection: Reader,
    compiled: CompiledSchema,
    *,
    resource: ObjectRef | None = None,
    claims: Mapping[str, str] | None = None,
) -> Iterator[Relationship]:
    """The relationships of the table, expired ones included, then those that columns state.

    Args:
        connection: where to read.
        compiled: knows which columns state relations.
        resource: only those of this object; of all objects when left out.
        claims: the values of the parameters of claims.
    """
    for each in read_relationships(connection, resource=resource):
        if not _stated(compiled, each):
            yield each
    rows = Rows(compiled.dialect)
    for column in compiled.columns:
        if resource is not None and column.resource_type != resource.type:
            continue
        edge = column.edge(rows)
        source = Source(*column.kind, column=column)
        query = stated_rows(source, edge)
        if resource is not None:
            query = query.where(edge.resource.equals(cast(literal(resource.id, Text), Text)))
        for row in connection.execute(query, {SUBJECT_ID: "", **(claims or {})}):
            yield to_relationship(tuple(row))


def refuse_stated(compiled: CompiledSchema, relationship: Relationship) -> None:
    """Refuse to write a relationship of a kind that columns state.

    Raises:
        RelationshipRefused: names the column to change instead.
    """
    column = _stated(compiled, relationship)
    if column:
        subject = relationship.subject.type + (
            "#" + relationship.subject.relation if relationship.subject.relation else ""
        )
        raise RelationshipRefused(
            f"`{relationship.resource.type}#{relationship.relation}` for {subject} is stated by {column}.",
            hint=f"Change {column} instead.",
        )


def _stated(compiled: CompiledSchema, relationship: Relationship) -> str | None:
    subject = relationship.subject
    if subject.wildcard:
        return None
    kind = (relationship.resource.type, relationship.relation, subject.type, subject.relation)
    return next((column.words for column in compiled.columns if column.kind == kind), None)
