"""Which entities are in which database: one policy may speak of several, and no statement reaches into two.

A condition is a part of a statement on its entity's own database. A table of another database is not there; or, worse,
a table of the same name is, with other rows in it. So a condition that names one is refused at start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, MetaData, Table
from sqlalchemy.sql import visitors

from rowgate.mapped import mapper_of

__all__ = ["Territory"]


class Territory:
    """The entities of one database, and those of the others that the same policy speaks of.

    Args:
        own: the mapped classes of this database.
        elsewhere: those of each other database.

    Attributes:
        elsewhere: the mapped classes of all other databases.
    """

    def __init__(self, own: Iterable[type], elsewhere: Iterable[Iterable[type]] = ()) -> None:
        self._databases = [_Database(own), *(_Database(each) for each in elsewhere)]
        self.elsewhere: frozenset[type] = frozenset().union(*(each.entities for each in self._databases[1:]))

    def is_elsewhere(self, table: Table) -> bool:
        """Whether a table is in another database, be it that one of its name is here too."""
        own, *others = self._databases
        return bool(others) and not own.has(table) and any(each.has(table) for each in others)

    def strangers(self, expression: ColumnElement[Any], entity: type) -> list[str]:
        """The names of the tables in a condition that are in other databases than its entity.

        Args:
            expression: the condition.
            entity: whose rows it speaks of; where no database has it, it is taken for one of this database.
        """
        if len(self._databases) == 1:
            return []
        base = mapper_of(entity).base_mapper.class_
        home = next((each for each in self._databases if base in each.entities), self._databases[0])
        return sorted(
            {
                table.fullname
                for table in _named(expression)
                if not home.has(table) and any(each.has(table) for each in self._databases)
            }
        )


class _Database:
    """What is in one database: the mapped tables, and those that are declared beside them."""

    def __init__(self, entities: Iterable[type]) -> None:
        self.entities = frozenset(entities)
        self._tables = frozenset(
            table for each in self.entities for table in mapper_of(each).tables if isinstance(table, Table)
        )
        self._metadata: list[MetaData] = list({id(each.metadata): each.metadata for each in self._tables}.values())

    def has(self, table: Table) -> bool:
        """Whether a table is in the database."""
        return table in self._tables or any(table.metadata is each for each in self._metadata)


def _named(expression: ColumnElement[Any]) -> Iterator[Table]:
    """The tables that an expression names: in a FROM of its own, or by a column alone."""
    for element in visitors.iterate(expression):
        if isinstance(element, Table):
            yield element
        # A column of an alias or a subquery stands on the columns that it was made from.
        for column in getattr(element, "base_columns", ()):
            table = getattr(column, "table", None)
            if isinstance(table, Table):
                yield table
