"""The relation table: one row states one relationship, and the six columns that make it this one are unique.

A column that states nothing holds the empty string, never NULL, so that the uniqueness holds on every database. Writing
a relationship again replaces its caveat, context and expiry. There is one index for each direction: from the resource
(the unique constraint's) and from the subject.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import (
    Column,
    DateTime,
    Dialect,
    Index,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    and_,
    delete,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from rowgate.errors import RelationshipRefused
from rowgate.relations.reader import Reader
from rowgate.zed.relationships import WILDCARD, ObjectRef, Relationship, SubjectRef

__all__ = [
    "LONGEST_ID",
    "RELATIONSHIPS",
    "context_text",
    "delete_relationships",
    "metadata",
    "read_relationships",
    "to_relationship",
    "write_relationships",
]

LONGEST_ID = 1024
"""How many bytes of UTF-8 an id may have. PostgreSQL's indexes take about 2,700 bytes for a row's six columns."""

_BATCH = 500

metadata = MetaData()


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; in a database without time zones as text that sorts by time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment in UTC, without its zone where the database knows none."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment with its zone, UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


RELATIONSHIPS = Table(
    "relationships",
    metadata,
    Column("resource_type", Text, nullable=False),
    Column("resource_id", Text, nullable=False),
    Column("relation", Text, nullable=False),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("subject_relation", Text, nullable=False, default="", server_default=""),
    Column("caveat", Text, nullable=False, default="", server_default=""),
    # The context as JSON with its names in order, so that equal contexts are equal texts.
    Column("caveat_context", Text, nullable=False, default="", server_default=""),
    Column("expires_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("created_by", Text, nullable=False, default="", server_default=""),
    UniqueConstraint(
        "resource_type",
        "resource_id",
        "relation",
        "subject_type",
        "subject_id",
        "subject_relation",
        name="uq_relationships",
    ),
)
# With what says whether a row counts, so that a list reads the index alone.
Index(
    "ix_relationships_subject",
    RELATIONSHIPS.c.subject_type,
    RELATIONSHIPS.c.subject_id,
    RELATIONSHIPS.c.subject_relation,
    RELATIONSHIPS.c.resource_type,
    RELATIONSHIPS.c.relation,
    RELATIONSHIPS.c.resource_id,
    RELATIONSHIPS.c.caveat,
    RELATIONSHIPS.c.expires_at,
)
# Small: only caveated relationships are in it. The caveats that occur are asked for before each caveated question.
Index(
    "ix_relationships_caveat",
    RELATIONSHIPS.c.caveat,
    sqlite_where=RELATIONSHIPS.c.caveat != "",
    postgresql_where=RELATIONSHIPS.c.caveat != "",
)


def context_text(context: Mapping[str, object]) -> str:
    """A context as JSON text; equal contexts give equal texts.

    Raises:
        RelationshipRefused: a value is no JSON (a number that is not finite, for one).
    """
    try:
        return json.dumps(dict(context), ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)
    except (TypeError, ValueError):
        raise RelationshipRefused("The context of a caveat is not JSON.", hint="Nothing was written.") from None


def _row(relationship: Relationship, created_at: datetime, created_by: str) -> dict[str, object]:
    resource, subject = relationship.resource, relationship.subject
    for each in (resource.id, subject.id):
        if not each or len(each.encode("utf-8", "surrogatepass")) > LONGEST_ID or "\0" in each:
            detail = f"An id is empty, holds a NUL, or is longer than {LONGEST_ID} bytes."
            raise RelationshipRefused(detail)
    if resource.id == WILDCARD:
        raise RelationshipRefused("A resource is one object.", hint="A wildcard may only be the subject.")
    return {
        "resource_type": resource.type,
        "resource_id": resource.id,
        "relation": relationship.relation,
        "subject_type": subject.type,
        "subject_id": subject.id,
        "subject_relation": subject.relation,
        "caveat": relationship.caveat or "",
        "caveat_context": context_text(relationship.context) if relationship.caveat else "",
        "expires_at": relationship.expires_at,
        "created_at": created_at,
        "created_by": created_by,
    }


def write_relationships(
    connection: Reader, relationships: Iterable[Relationship], *, created_by: str = "", now: datetime | None = None
) -> int:
    """Write relationships; one that is there already gets the caveat, context and expiry of the new one.

    The schema is not asked: see :func:`rowgate.zed.relationships.check_relationship`.

    Args:
        connection: within the transaction that they belong to.
        relationships: one that is there twice counts as the last one says.
        created_by: the principal's id.
        now: the moment to note; the present one by default.

    Returns:
        How many were written.

    Raises:
        RelationshipRefused: an id or a context that cannot be kept.
    """
    moment = now or datetime.now(UTC)
    rows = {each.key: _row(each, moment, created_by) for each in relationships}
    waiting = list(rows.values())
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    for start in range(0, len(waiting), _BATCH):
        statement = insert(RELATIONSHIPS)
        replaced = ("caveat", "caveat_context", "expires_at", "created_at", "created_by")
        statement = statement.on_conflict_do_update(
            index_elements=[column.name for column in _KEY],
            set_={name: statement.excluded[name] for name in replaced},
        )
        connection.execute(statement, waiting[start : start + _BATCH])
    return len(waiting)


_KEY = tuple(RELATIONSHIPS.c)[:6]


def delete_relationships(connection: Reader, relationships: Iterable[Relationship]) -> int:
    """Delete relationships, whatever their caveat and expiry.

    Args:
        connection: within the transaction that it belongs to.
        relationships: those to delete; one that is not there does not matter.

    Returns:
        How many were there.
    """
    gone = 0
    for each in relationships:
        values = (
            each.resource.type,
            each.resource.id,
            each.relation,
            each.subject.type,
            each.subject.id,
            each.subject.relation,
        )
        same = and_(*(column == value for column, value in zip(_KEY, values, strict=True)))
        gone += connection.execute(delete(RELATIONSHIPS).where(same)).rowcount
    return gone


def read_relationships(
    connection: Reader,
    *,
    resource: ObjectRef | None = None,
    relation: str | None = None,
    subject: SubjectRef | None = None,
) -> Iterator[Relationship]:
    """The relationships of the table that fit, expired ones included, in the order of their columns.

    Args:
        connection: where to read.
        resource: only those of this object.
        relation: only those of a relation of this name.
        subject: only those of exactly this subject.
    """
    columns = RELATIONSHIPS.c
    wanted: list[tuple[Column[str], str]] = []
    if resource is not None:
        wanted += [(columns.resource_type, resource.type), (columns.resource_id, resource.id)]
    if relation is not None:
        wanted.append((columns.relation, relation))
    if subject is not None:
        wanted += [(columns.subject_type, subject.type), (columns.subject_id, subject.id)]
        wanted.append((columns.subject_relation, subject.relation))
    statement = select(*_KEY, columns.caveat, columns.caveat_context, columns.expires_at).order_by(*_KEY)
    for row in connection.execute(statement.where(*(column == value for column, value in wanted))):
        yield to_relationship(tuple(row))


def to_relationship(row: Sequence[object]) -> Relationship:
    """The relationship of a row of the key's six columns, caveat, context and expiry."""
    resource_type, resource_id, relation, subject_type, subject_id, subject_relation, caveat, context, expires = row
    return Relationship(
        ObjectRef(str(resource_type), str(resource_id)),
        str(relation),
        SubjectRef(str(subject_type), str(subject_id), str(subject_relation)),
        str(caveat) or None,
        json.loads(str(context)) if context else {},
        expires if isinstance(expires, datetime) else None,
    )
