"""Sharing a row: relationships written and removed on behalf of a principal, guarded by the schema.

Two rules, both asked within the transaction that writes. The principal has the permission that guards the relation
(:mod:`rowgate.policy.relation_sharing`). And nobody gives more than they have: each permission of the row that the
relationship can give, by being written or removed, is one that the principal has itself, for as long as it is given
(now, and at the moment when the relationship ends), and without a caveat that would bind the principal and not whoever
gets it. So an hour of access is no reason for a day of it, not even for oneself.

The caller has found the row among those that the principal may see, and locked it, so that of two who change what it is
shared with the second one sees what the first one did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, event, select
from sqlalchemy.orm import SessionTransaction

from rowgate.enforce.asking import SessionReader
from rowgate.enforce.permissions import answers
from rowgate.enforce.records import Change, RelationshipRecord
from rowgate.enforce.session import SecureSession
from rowgate.errors import GivesMore, PermissionRefused, ReadOnlyView, RelationshipRefused, RowgateError
from rowgate.relations.stated import refuse_stated
from rowgate.relations.table import RELATIONSHIPS
from rowgate.types import Access
from rowgate.zed import check_relationship
from rowgate.zed.relationships import ObjectRef, Relationship

__all__ = ["Kept", "Sharing"]

_FOREVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
_PENDING: Final = "rowgate.relationships"
_KEY: Final = tuple(RELATIONSHIPS.c)[:6]


@dataclass(frozen=True)
class Kept:
    """A relationship as it is kept, with who wrote it and when; both None where columns state it."""

    relationship: Relationship
    created_at: datetime | None = None
    created_by: str | None = None


class Sharing:
    """What the principal of a session may do about the relationships of one row.

    Args:
        session: whose principal shares; the caller commits it.
        resource: the row.
    """

    def __init__(self, session: SecureSession, resource: ObjectRef) -> None:
        self._session = session
        self._relations = session.gate.bound.relationships()
        self._rules = self._relations.sharing
        self._graph = session.graph
        self.resource = resource

    # --- reading

    def refuse_overview(self) -> None:
        """Refuse whoever may not ask about other people.

        Raises:
            PermissionRefused: a permission that guards sharing is not the principal's, or the type has none.
        """
        names = self._rules.overview(self.resource.type)
        if not self._session.holder.superuser and (not names or self._lacking(names)):
            raise PermissionRefused(f"You may not see with whom this {self.resource.type} is shared.")

    def list(self) -> Iterator[Kept]:
        """The relationships of the row whose relations the principal may share by, expired ones included.

        Raises:
            PermissionRefused: it may share by none.
        """
        relations = self._graph.schema.definitions[self.resource.type].relations
        guards = {name: self._rules.guard(self.resource.type, name) for name in relations}
        lacking = self._lacking({guard for guard in guards.values() if guard is not None})
        everything = self._session.holder.superuser
        shown = {name for name, guard in guards.items() if everything or (guard is not None and guard not in lacking)}
        if not shown:
            raise PermissionRefused(f"You may not see with whom this {self.resource.type} is shared.")
        columns = RELATIONSHIPS.c
        written = {
            tuple(row[:-2]): (row[-2], row[-1])
            for row in self._rows(columns.resource_type == self.resource.type, columns.resource_id == self.resource.id)
        }
        for each in self._graph.read(self.resource):
            if each.relation in shown:
                yield Kept(each, *written.get(_key_of(each), (None, None)))

    def _rows(self, *conditions: ColumnElement[bool]) -> Sequence[Row[Any]]:
        """Keys in the relation table, each with when it was written and by whom."""
        columns = RELATIONSHIPS.c
        statement = select(*_KEY, columns.created_at, columns.created_by).where(*conditions)
        return SessionReader(self._session).execute(statement).all()

    # --- writing

    def share(self, relationship: Relationship) -> tuple[Kept, bool]:
        """Write a relationship of the row; one that is there gets the new caveat, context and expiry.

        Returns:
            The relationship as it is kept, and whether it was not there before.

        Raises:
            ReadOnlyView: the session only reads.
            PermissionRefused: the principal may not share by this relation.
            RelationshipRefused: the schema does not allow it, or columns state it.
            GivesMore: it would give what the principal lacks, or has for a shorter time.
        """
        with self._refusals_reported(Change.SHARED, relationship):
            self._refuse_unguarded(relationship)
            check_relationship(self._graph.schema, relationship)
            self._refuse_stated(relationship)
            replaces = bool(self._of(relationship))
            gives = self._rules.gives(self.resource.type, relationship.relation)
            # To replace a relationship is to take something of it away, too: a ban that ends tomorrow, say.
            self._refuse_more(gives.written | (gives.removed if replaces else frozenset()), relationship.expires_at)
            self._graph.write([relationship], created_by=self._session.principal.id)
        self._tell_at_commit(self._record(Change.REPLACED if replaces else Change.SHARED, relationship))
        ((*_, created_at, created_by),) = self._of(relationship)
        return Kept(relationship, created_at, created_by), not replaces

    def unshare(self, relationship: Relationship) -> bool:
        """Remove a relationship of the row, whatever its caveat and expiry.

        Returns:
            Whether it was there.

        Raises:
            ReadOnlyView, PermissionRefused, RelationshipRefused, GivesMore: as :meth:`share`.
        """
        with self._refusals_reported(Change.UNSHARED, relationship):
            self._refuse_unguarded(relationship)
            self._refuse_stated(relationship)
            self._refuse_more(self._rules.gives(self.resource.type, relationship.relation).removed, None)
            gone = self._graph.delete([relationship]) > 0
        if gone:
            self._tell_at_commit(self._record(Change.UNSHARED, relationship))
        return gone

    def _refuse_unguarded(self, relationship: Relationship) -> None:
        if relationship.resource != self.resource:
            raise ValueError(f"{relationship} is not about {self.resource}")
        if Access.UPDATE not in self._session.verbs:
            raise ReadOnlyView.of(self._session.principal.id)
        if relationship.relation not in self._graph.schema.definitions[self.resource.type].relations:
            check_relationship(self._graph.schema, relationship)  # says what is the matter
        guard = self._rules.guard(self.resource.type, relationship.relation)
        if not self._session.holder.superuser and (guard is None or self._lacking({guard})):
            raise PermissionRefused(f"You may not share this {self.resource.type} by {relationship.relation}.")

    def _refuse_stated(self, relationship: Relationship) -> None:
        """Refuse what columns state, in words that name none of them: field rules may hide them."""
        try:
            refuse_stated(self._graph.compiled, relationship)
        except RelationshipRefused:
            kind = f"{self.resource.type}#{relationship.relation}"
            detail = f"`{kind}` for {relationship.subject.type} follows from the rows themselves."
            hint = "Nothing was written. Change the row that it follows from."
            raise RelationshipRefused(detail, hint=hint) from None

    def _refuse_more(self, given: frozenset[str], until: datetime | None) -> None:
        if self._session.holder.superuser or not given:
            return
        # At the moment when it ends it does not count any more.
        last = until - timedelta(microseconds=1) if until is not None else _FOREVER
        lacking = self._lacking(given, context={}) | self._lacking(given, context={}, now=last)
        if lacking:
            names = ", ".join(sorted(lacking))
            raise GivesMore(f"This gives {names}, which you do not have on this {self.resource.type} for as long.")

    def _lacking(self, names: Iterable[str], **asked: Any) -> frozenset[str]:
        """Those of the permissions that the principal lacks."""
        found = answers(self._session, self.resource, names, **asked)
        return frozenset(name for name, answer in found.items() if not answer)

    def _of(self, relationship: Relationship) -> Sequence[Row[Any]]:
        return self._rows(*(column == value for column, value in zip(_KEY, _key_of(relationship), strict=True)))

    # --- records

    def _record(self, change: Change, relationship: Relationship, refused: str | None = None) -> RelationshipRecord:
        session = self._session
        return RelationshipRecord(
            request_id=session.request_id,
            principal=session.principal,
            roles=session.holder.roles,
            actor=session.actor,
            change=change,
            relationship=relationship,
            refused=refused,
        )

    @contextmanager
    def _refusals_reported(self, change: Change, relationship: Relationship) -> Iterator[None]:
        try:
            yield
        except RowgateError as error:
            record = self._record(change, relationship, f"{error.code} {error.detail}")
            for observer in self._session.gate.observers:
                observer.relationship(record)
            raise

    def _tell_at_commit(self, record: RelationshipRecord) -> None:
        pending = self._session.info.setdefault(_PENDING, [])
        pending.append((record, self._session.get_nested_transaction()))


def _key_of(relationship: Relationship) -> tuple[str, ...]:
    resource, subject = relationship.resource, relationship.subject
    return (resource.type, resource.id, relationship.relation, subject.type, subject.id, subject.relation)


# --- what was not committed is not told


def _tell(session: SecureSession) -> None:
    if not session.in_nested_transaction():
        for record, _ in session.info.pop(_PENDING, ()):
            for observer in session.gate.observers:
                observer.relationship(record)


def _forget(session: SecureSession, rolled_back: SessionTransaction) -> None:
    if not rolled_back.nested:
        session.info.pop(_PENDING, None)
    elif _PENDING in session.info:
        kept = [each for each in session.info[_PENDING] if not _within(each[1], rolled_back)]
        session.info[_PENDING] = kept


def _within(transaction: SessionTransaction | None, other: SessionTransaction) -> bool:
    while transaction is not None and transaction is not other:
        transaction = transaction.parent
    return transaction is other


_LISTENERS: Final[tuple[tuple[str, Callable[..., None]], ...]] = (
    ("after_commit", _tell),
    ("after_soft_rollback", _forget),
)
for _name, _listener in _LISTENERS:
    event.listen(SecureSession, _name, _listener, propagate=True)
