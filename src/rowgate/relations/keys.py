"""Ids of objects in SQL, of the relation table and of a table's own key, compared so that indexes help.

The id of an object is a text. A row's id is its primary key as text, the parts of a composite key joined as the API
joins them (:mod:`rowgate.api.ids`). A number is compared as a number: the text is turned into one where it is one, and
into NULL where it is not, so that the index of the key is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Enum,
    Integer,
    PrimaryKeyConstraint,
    SelectBase,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    and_,
    any_,
    case,
    cast,
    func,
    literal,
    select,
)

__all__ = ["ColumnKey", "IdentifierKey", "Key", "number_of", "unfit"]

_NUMBER: Final = "^(0|-?[1-9][0-9]{0,17})$"
_UUID: Final = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"


class Key:
    """An id in a statement."""

    @property
    def text(self) -> ColumnElement[str]:
        """The id as text."""
        raise NotImplementedError

    @property
    def there(self) -> tuple[ColumnElement[bool], ...]:
        """The conditions that there is one: that columns which may be NULL are not."""
        return ()

    @property
    def number(self) -> ColumnElement[int] | None:
        """The id as the number that a column holds; None where it is no such column."""
        return None

    def equals(self, identifier: ColumnElement[str]) -> ColumnElement[bool]:
        """That the id is this one."""
        return self.text == identifier

    def within(self, identifiers: SelectBase) -> ColumnElement[bool]:
        """That the id is one of these texts; never NULL."""
        return and_(*self.there, self.text.in_(identifiers))


@dataclass(frozen=True, eq=False)
class IdentifierKey(Key):
    """An id that is a text already: a column of the relation table, a parameter, a constant."""

    column: ColumnElement[str]

    @property
    def text(self) -> ColumnElement[str]:
        return self.column


@dataclass(frozen=True, eq=False)
class ColumnKey(Key):
    """The columns of a primary key, or of a foreign key to one.

    Args:
        columns: of one table, in the order of the primary key.
        dialect: ``sqlite`` or ``postgresql``.
    """

    columns: Sequence[ColumnElement[Any]]
    dialect: str

    @property
    def text(self) -> ColumnElement[str]:
        first, *others = [_text_of(column) for column in self.columns]
        if not others:
            return first
        joined = _escaped(first)
        for part in others:
            joined = joined.concat("_").concat(_escaped(part))
        return joined

    @property
    def there(self) -> tuple[ColumnElement[bool], ...]:
        return tuple(column.is_not(None) for column in self.columns if getattr(column, "nullable", True))

    @property
    def number(self) -> ColumnElement[int] | None:
        first = self.columns[0]
        return first if len(self.columns) == 1 and isinstance(first.type, Integer) else None

    def equals(self, identifier: ColumnElement[str]) -> ColumnElement[bool]:
        own = self._own(identifier)
        return super().equals(identifier) if own is None else self.columns[0] == own

    @property
    def has_index(self) -> bool:
        """Whether the mapped table says that an index begins with the one column, so that rows can be found by it."""
        first = next(iter(self.columns[0].base_columns))
        table = first.table if isinstance(first, Column) else None
        if len(self.columns) > 1 or not isinstance(table, Table) or self._own(literal("", Text)) is None:
            return False
        keys = [each for each in table.constraints if isinstance(each, PrimaryKeyConstraint | UniqueConstraint)]
        return any(next(iter(each.columns), None) is first for each in (*keys, *table.indexes))

    def within_array(self, identifiers: SelectBase, *, numbers: bool) -> ColumnElement[bool]:
        """The same as :meth:`within`, said so that PostgreSQL finds the rows by the column's index, also within OR.

        ``column IN (SELECT ...)`` within OR is a filter of all rows to it, ``column = ANY (ARRAY (SELECT ...))`` a
        condition of an index.

        Args:
            identifiers: texts or numbers.
            numbers: which; numbers only where :attr:`number` is one.
        """
        if not numbers:
            found = identifiers.subquery()
            own = self._own(found.c[0])
            if own is not None and own is not found.c[0]:
                identifiers = select(own).where(own.is_not(None))
        return and_(*self.there, self.columns[0] == any_(func.array(identifiers.scalar_subquery())))

    def within(self, identifiers: SelectBase) -> ColumnElement[bool]:
        found = identifiers.subquery()
        (identifier,) = found.c
        own = self._own(identifier)
        if own is None or own is identifier:
            return super().within(identifiers)
        return and_(*self.there, self.columns[0].in_(select(own).where(own.is_not(None))))

    def _own(self, identifier: ColumnElement[str]) -> ColumnElement[Any] | None:
        """The id as a value of the one column; None where it can only be compared as text."""
        if len(self.columns) > 1:
            return None
        kind = self.columns[0].type
        if isinstance(kind, Integer):
            return number_of(identifier, self.dialect)
        if isinstance(kind, String):
            return identifier
        if isinstance(kind, Uuid) and self.dialect == "postgresql":
            return case((identifier.regexp_match(_UUID), cast(identifier, Uuid)), else_=None)
        return None


def number_of(identifier: ColumnElement[str], dialect: str) -> ColumnElement[int]:
    """A text as the number whose text it is; NULL where it is none."""
    number = cast(identifier, BigInteger)
    if dialect == "postgresql":
        return case((identifier.regexp_match(_NUMBER), number), else_=None)
    return case((cast(number, Text) == identifier, number), else_=None)


def _text_of(column: ColumnElement[Any]) -> ColumnElement[str]:
    return column if isinstance(column.type, String) else cast(column, Text)


def _escaped(part: ColumnElement[str]) -> ColumnElement[str]:
    return func.replace(func.replace(part, "~", "~0"), "_", "~1", type_=Text)


def unfit(column: ColumnElement[Any], dialect: str) -> str | None:
    """Why a column's values cannot be ids of objects; None where they can.

    Numbers, texts and (on PostgreSQL) UUIDs can: as text they are the same in the database and in the API.
    """
    kind = column.type
    if isinstance(kind, Integer) or (isinstance(kind, String) and not isinstance(kind, Enum)):
        return None
    if isinstance(kind, Uuid):
        return None if dialect == "postgresql" else "a UUID is kept in another form here than the one shown"
    return f"its type is {type(kind).__name__}, and ids are numbers, texts or UUIDs"
