"""The policy's contract evaluated on plain dictionaries: what a principal may see and do, and what is left afterwards.

Written from the contract's text alone, so that it shares no mistake with the code under test. A row is a dictionary, a
table a dictionary of rows by primary key, a condition a small tree with an evaluator in SQL's three-valued logic
(True, False, None). A write gives the tables as they must be afterwards, or the set of errors that may refuse it: where
a change breaks two rules at once the contract does not say which of them is reported.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, not_, or_

from rowgate.errors import (
    AccessRefused,
    CheckRefused,
    ReferenceMissing,
    RowgateError,
    RowNotFound,
    StillReferenced,
)
from rowgate.types import Access, Principal

Row = dict[str, Any]
Key = tuple[Any, ...]
Errors = frozenset[type[RowgateError]]


# --- conditions -------------------------------------------------------------------------------------------------


class Condition:
    """A condition on a row: evaluated here, and built in SQLAlchemy for the code under test."""

    def truth(self, row: Row, user: Principal) -> bool | None:
        raise NotImplementedError

    def sql(self, row: Any, user: Any) -> Any:
        raise NotImplementedError

    def claims(self) -> frozenset[str]:
        return frozenset()


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Compare(Condition):
    """A column compared with a constant."""

    column: str
    sign: str
    value: object

    def truth(self, row: Row, user: Principal) -> bool | None:
        return None if row[self.column] is None else bool(OPERATORS[self.sign](row[self.column], self.value))

    def sql(self, row: Any, user: Any) -> Any:
        return OPERATORS[self.sign](getattr(row, self.column), self.value)


@dataclass(frozen=True)
class CompareClaim(Condition):
    """A column compared with a claim of the user."""

    column: str
    sign: str
    claim: str

    def truth(self, row: Row, user: Principal) -> bool | None:
        value = getattr(user, self.claim)
        if value is None or row[self.column] is None:
            return None
        return bool(OPERATORS[self.sign](row[self.column], value))

    def sql(self, row: Any, user: Any) -> Any:
        return OPERATORS[self.sign](getattr(row, self.column), getattr(user, self.claim))

    def claims(self) -> frozenset[str]:
        return frozenset({self.claim})


@dataclass(frozen=True)
class IsNull(Condition):
    """A column without a value."""

    column: str

    def truth(self, row: Row, user: Principal) -> bool | None:
        return row[self.column] is None

    def sql(self, row: Any, user: Any) -> Any:
        return getattr(row, self.column).is_(None)


@dataclass(frozen=True)
class OneOf(Condition):
    """A column with one of several constants."""

    column: str
    values: tuple[object, ...]

    def truth(self, row: Row, user: Principal) -> bool | None:
        return None if row[self.column] is None else row[self.column] in self.values

    def sql(self, row: Any, user: Any) -> Any:
        return getattr(row, self.column).in_(self.values)


@dataclass(frozen=True)
class Flag(Condition):
    """A boolean column, bare."""

    column: str

    def truth(self, row: Row, user: Principal) -> bool | None:
        value: bool | None = row[self.column]
        return value

    def sql(self, row: Any, user: Any) -> Any:
        return getattr(row, self.column)


@dataclass(frozen=True)
class Not(Condition):
    """The opposite; unknown stays unknown."""

    of: Condition

    def truth(self, row: Row, user: Principal) -> bool | None:
        value = self.of.truth(row, user)
        return None if value is None else not value

    def sql(self, row: Any, user: Any) -> Any:
        return not_(self.of.sql(row, user))

    def claims(self) -> frozenset[str]:
        return self.of.claims()


@dataclass(frozen=True)
class Both(Condition):
    """Two conditions, both."""

    left: Condition
    right: Condition

    def truth(self, row: Row, user: Principal) -> bool | None:
        values = {self.left.truth(row, user), self.right.truth(row, user)}
        return False if False in values else None if None in values else True

    def sql(self, row: Any, user: Any) -> Any:
        return and_(self.left.sql(row, user), self.right.sql(row, user))

    def claims(self) -> frozenset[str]:
        return self.left.claims() | self.right.claims()


@dataclass(frozen=True)
class Either(Condition):
    """Two conditions, at least one."""

    left: Condition
    right: Condition

    def truth(self, row: Row, user: Principal) -> bool | None:
        values = {self.left.truth(row, user), self.right.truth(row, user)}
        return True if True in values else None if None in values else False

    def sql(self, row: Any, user: Any) -> Any:
        return or_(self.left.sql(row, user), self.right.sql(row, user))

    def claims(self) -> frozenset[str]:
        return self.left.claims() | self.right.claims()


def holds(condition: Condition | None, row: Row, user: Principal) -> bool:
    """Whether a declaration's condition lets a row through. Rule 10: one that uses a None claim never does."""
    if condition is None:
        return True
    if any(getattr(user, claim) is None for claim in condition.claims()):
        return False
    return condition.truth(row, user) is True


# --- the world --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ForeignKey:
    """Columns that refer to another entity's primary key; ``ondelete`` is what the database does to the referrer."""

    name: str
    columns: tuple[str, ...]
    target: str
    ondelete: str | None
    collection: bool


@dataclass(frozen=True)
class Entity:
    """A table: its primary key, its other columns with their types, its foreign keys."""

    name: str
    key: tuple[str, ...]
    columns: Mapping[str, type]
    keys: tuple[ForeignKey, ...]

    @property
    def all_columns(self) -> tuple[str, ...]:
        return (*self.key, *self.columns, *(column for fk in self.keys for column in fk.columns))


@dataclass(frozen=True)
class Link:
    """A many-to-many relationship through a table of its own that is no entity."""

    name: str
    left: str
    right: str


@dataclass(frozen=True)
class Grant:
    entity: str
    role: str
    access: Access | None
    where: Condition | None
    check: Condition | None


@dataclass(frozen=True)
class Filter:
    shape: tuple[str, ...]
    where: Condition
    exempt: frozenset[str]
    only: frozenset[str] | None


@dataclass(frozen=True)
class Declared:
    """Everything a declaration file says."""

    permissions: tuple[tuple[str, Access], ...]
    grants: tuple[Grant, ...]
    filters: tuple[Filter, ...]
    superuser: str | None
    no_role: str | None


@dataclass
class Tables:
    """The rows there are: by entity and primary key; and the pairs of every link."""

    rows: dict[str, dict[Key, Row]]
    pairs: dict[str, set[tuple[Key, Key]]] = field(default_factory=dict)

    def copy(self) -> Tables:
        return copy.deepcopy(self)


class Refused(Exception):
    """A write the contract forbids."""

    def __init__(self, *errors: type[RowgateError]) -> None:
        super().__init__(", ".join(error.__name__ for error in errors))
        self.errors: Errors = frozenset(errors)


# --- the algebra ------------------------------------------------------------------------------------------------


class Oracle:
    """What one principal may see and do."""

    def __init__(
        self, entities: Mapping[str, Entity], links: Iterable[Link], declared: Declared, tables: Tables, user: Principal
    ) -> None:
        self.entities, self.links = entities, {link.name: link for link in links}
        self.declared, self.tables, self.user = declared, tables, user
        roles = frozenset(user.roles)
        if not roles and declared.no_role is not None:  # rule 2
            roles = frozenset({declared.no_role})
        self.roles = roles
        self.superuser = declared.superuser in roles  # rule 1
        self.default = Access.NONE
        for role, access in declared.permissions:
            if role in roles:
                self.default |= access

    def matching(self, entity: str) -> list[Grant]:
        """Rule 3."""
        return [grant for grant in self.declared.grants if grant.entity == entity and grant.role in self.roles]

    def giving(self, entity: str, verb: Access) -> list[Grant]:
        """The matching grants whose access holds the verb. Rule 4."""
        return [
            grant for grant in self.matching(entity) if verb in (self.default if grant.access is None else grant.access)
        ]

    def may(self, entity: str, verb: Access) -> bool:
        """Whether the verb is given at all, on whatever rows. Rule 5."""
        if self.superuser:
            return True
        if not self.matching(entity):
            return verb in self.default
        return bool(self.giving(entity, verb))

    def in_rows(self, entity: str, verb: Access, row: Row) -> bool:
        """Rule 5, for one row."""
        if not self.may(entity, verb):
            return False
        if self.superuser or not self.matching(entity):
            return True
        return any(holds(grant.where, row, self.user) for grant in self.giving(entity, verb))

    def passes_filters(self, entity: str, row: Row) -> bool:
        """Rule 6, the global filters."""
        if self.superuser:
            return True
        has = set(self.entities[entity].all_columns)
        for declared in self.declared.filters:
            if not has.issuperset(declared.shape) or self.roles & declared.exempt:
                continue
            if declared.only is not None and not self.roles & declared.only:
                continue
            if not holds(declared.where, row, self.user):
                return False
        return True

    def sees(self, entity: str, row: Row) -> bool:
        """Rule 6."""
        return self.in_rows(entity, Access.READ, row) and self.passes_filters(entity, row)

    def visible(self, entity: str) -> dict[Key, Row]:
        """The rows the principal sees."""
        return {key: row for key, row in self.tables.rows[entity].items() if self.sees(entity, row)}

    def satisfies_check(self, entity: str, verb: Access, row: Row, before: Row | None = None) -> bool:
        """Rule 8. A grant allowed an update if it gives the verb and held the row as it was ``before``."""
        if self.superuser:
            return True
        if not self.passes_filters(entity, row):
            return False
        if not self.matching(entity):
            return True
        return any(
            holds(grant.check or grant.where, row, self.user)
            for grant in self.giving(entity, verb)
            if before is None or holds(grant.where, before, self.user)
        )

    # --- writes: each changes ``self.tables``, or raises Refused and leaves them as they were

    def insert(self, entity: str, row: Row) -> None:
        if not self.may(entity, Access.INSERT):
            raise Refused(AccessRefused)
        after = self.tables.copy()
        after.rows[entity][self.key_of(entity, row)] = row
        faults: set[type[RowgateError]] = set()
        if not self.satisfies_check(entity, Access.INSERT, row):
            faults.add(CheckRefused)
        faults |= self.bad_references(entity, row, set(row))
        self.settle(after, faults)

    def update(self, entity: str, key: Key, changes: Row, *, unread: bool = False) -> None:
        """``unread``: the client set the columns without knowing their values, so that each counts as set."""
        self.must_reach(entity, key, Access.UPDATE)
        after = self.tables.copy()
        self.settle(after, self.change(after, entity, key, changes, all_set=unread))

    def bulk_update(self, entity: str, where: Condition, changes: Row) -> int:
        rows = self.reachable(entity, Access.UPDATE, where)
        after = self.tables.copy()
        faults: set[type[RowgateError]] = set()
        for key in rows:
            faults |= self.change(after, entity, key, changes, all_set=True)
        self.settle(after, faults)
        return len(rows)

    def delete(self, entity: str, key: Key) -> None:
        self.must_reach(entity, key, Access.DELETE)
        self.remove(entity, {key})

    def bulk_delete(self, entity: str, where: Condition) -> int:
        rows = self.reachable(entity, Access.DELETE, where)
        self.remove(entity, set(rows))
        return len(rows)

    def relink(self, link: str, left: Key, right: Key, *, add: bool) -> None:
        """Change a many-to-many relationship from its left: an UPDATE of that row, a reference to the other one."""
        declared = self.links[link]
        self.must_reach(declared.left, left, Access.UPDATE)
        if right not in self.visible(declared.right):
            raise Refused(ReferenceMissing, RowNotFound)
        after = self.tables.copy()
        (after.pairs[link].add if add else after.pairs[link].discard)((left, right))
        self.settle(after, self.change(after, declared.left, left, {}))

    # --- parts of writes

    def key_of(self, entity: str, row: Row) -> Key:
        return tuple(row[column] for column in self.entities[entity].key)

    def must_reach(self, entity: str, key: Key, verb: Access) -> None:
        """Rule 7. Who may neither see the row nor use the verb may be told either; the same for a missing row."""
        row = self.visible(entity).get(key)
        if not self.may(entity, verb) or not self.may(entity, Access.READ):
            raise Refused(AccessRefused) if row else Refused(AccessRefused, RowNotFound)
        if row is None:
            raise Refused(RowNotFound)
        if not self.in_rows(entity, verb, row):
            raise Refused(AccessRefused)

    def reachable(self, entity: str, verb: Access, where: Condition) -> list[Key]:
        """Rule 7 for a set: hidden rows are passed over as if they were missing."""
        if not self.may(entity, verb) or not self.may(entity, Access.READ):
            raise Refused(AccessRefused)
        return [
            key
            for key, row in self.visible(entity).items()
            if self.in_rows(entity, verb, row) and where.truth(row, self.user) is True
        ]

    def change(
        self, after: Tables, entity: str, key: Key, changes: Row, *, all_set: bool = False
    ) -> set[type[RowgateError]]:
        row = after.rows[entity][key]
        changed = {column for column, value in changes.items() if all_set or row[column] != value}
        before = dict(row)
        row.update(changes)
        faults: set[type[RowgateError]] = set()
        if not self.satisfies_check(entity, Access.UPDATE, row, before):
            faults.add(CheckRefused)
        return faults | self.bad_references(entity, row, changed)

    def bad_references(self, entity: str, row: Row, touched: set[str]) -> set[type[RowgateError]]:
        """Rule 9, with the rows as the principal knew them when it wrote."""
        for fk in self.entities[entity].keys:
            key = tuple(row[column] for column in fk.columns)
            if None in key or not touched.intersection(fk.columns):
                continue
            if key not in self.visible(fk.target):
                return {ReferenceMissing}
        return set()

    def remove(self, entity: str, keys: set[Key]) -> None:
        """Delete rows and what the database deletes or empties with them, which must be the principal's to change."""
        after = self.tables.copy()
        faults: set[type[RowgateError]] = set()
        gone: set[tuple[str, Key]] = {(entity, key) for key in keys}
        emptied: dict[tuple[str, Key], set[str]] = {}
        work = list(gone)
        while work:
            target, key = work.pop()
            for child, fk, child_key in list(self.referrers(target, key)):
                if fk.ondelete == "CASCADE" and (child, child_key) not in gone:
                    gone.add((child, child_key))
                    work.append((child, child_key))
                elif fk.ondelete == "SET NULL":
                    emptied.setdefault((child, child_key), set()).update(fk.columns)
        for target, key in gone:
            for child, fk, child_key in self.referrers(target, key):
                if fk.ondelete is None and (child, child_key) not in gone:
                    faults.add(StillReferenced)
        for child, child_key in gone - {(entity, key) for key in keys}:
            row = self.tables.rows[child][child_key]
            if not self.sees(child, row) or not self.in_rows(child, Access.DELETE, row):
                faults.add(StillReferenced)
        for (child, child_key), columns in emptied.items():
            if (child, child_key) in gone:
                continue
            row = self.tables.rows[child][child_key]
            if not self.sees(child, row) or not self.in_rows(child, Access.UPDATE, row):
                faults.add(StillReferenced)
            faults |= self.change(after, child, child_key, dict.fromkeys(columns))
        for target, key in gone:
            after.rows[target].pop(key)
        for link in self.links.values():
            after.pairs[link.name] = {
                (left, right)
                for left, right in after.pairs[link.name]
                if (link.left, left) not in gone and (link.right, right) not in gone
            }
        self.settle(after, faults)

    def referrers(self, target: str, key: Key) -> Iterable[tuple[str, ForeignKey, Key]]:
        """The rows that refer to a row, as the tables are before the write."""
        for entity in self.entities.values():
            for fk in entity.keys:
                if fk.target != target:
                    continue
                for child_key, row in self.tables.rows[entity.name].items():
                    if tuple(row[column] for column in fk.columns) == key:
                        yield entity.name, fk, child_key

    def settle(self, after: Tables, faults: set[type[RowgateError]]) -> None:
        if faults:
            raise Refused(*faults)
        self.tables = after
