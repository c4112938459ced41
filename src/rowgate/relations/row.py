"""Compiles a plan to a condition on the rows of a table, said so that the database can find the rows by it.

The third form of the same rules. What a row's own columns state is compared as it stands. What the relation table
states, and what lies behind parents and groups, are sets that are found from the subject, once.

Where each alternative can find its rows by an index, the database takes up the rows of all of them: the cost grows with
what the subject may see, not with the table. That is what ``column IN (SELECT ...) OR ...`` is to SQLite; to PostgreSQL
it is a filter for all rows, and ``column = ANY (ARRAY (SELECT ...)) OR ...`` is the same as conditions of indexes. An
array that is only a filter is looked through for each row, however: where one alternative has no index there are no
arrays, and the relation table is looked up row by row.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, and_, not_, or_, select

from rowgate.relations.keys import ColumnKey, Key
from rowgate.relations.lists import Lists
from rowgate.relations.plan import Plan
from rowgate.relations.rows import Bound, Rows, constant
from rowgate.relations.rules import AnyOf, Both, Direct, Every, Identity, Never, Same, Term, Through, Without

__all__ = ["parent_condition", "row_condition"]


def row_condition(plan: Plan, table: Table, rows: Rows, *, prefix: str) -> ColumnElement[bool]:
    """The condition that the subject definitely has the plan's target on a row.

    Args:
        plan: one that SQL can say, with a term for its target.
        table: the table whose primary key is the object's id; the condition names its columns.
        rows: makes the conditions on rows, for the subject asked for.
        prefix: begins the names of table expressions; unlike that of any other condition.
    """
    return _RowCondition(plan, table, rows, prefix).condition()


def parent_condition(plan: Plan, parent: Key, rows: Rows, *, prefix: str) -> ColumnElement[bool]:
    """The condition that the subject definitely has the plan's target on the object that a key of the row names.

    Args:
        plan, rows, prefix: as for :func:`row_condition`.
        parent: columns of the row.
    """
    return Lists(plan, rows, prefix=prefix).members(parent, plan.target, Bound.DEFINITE)


class _RowCondition:
    def __init__(self, plan: Plan, table: Table, rows: Rows, prefix: str) -> None:
        self._plan = plan
        self._table = table
        self._rows = rows
        self._key = ColumnKey(tuple(table.primary_key.columns), rows.dialect)
        self._lists = Lists(plan, rows, prefix=prefix)

    def condition(self) -> ColumnElement[bool]:
        """That the target definitely holds for the row; never NULL."""
        term = self._plan.terms[self._plan.target]
        return self._holds(term, Bound.DEFINITE, by_index=self._has_index(term))

    def _has_index(self, term: Term) -> bool:
        """Whether each alternative of a term can find its rows by an index."""
        if isinstance(term, AnyOf):
            return all(self._has_index(each) for each in term.terms)
        if isinstance(term, Both):
            return self._has_index(term.terms[0])
        if isinstance(term, Without):
            return self._has_index(term.base)
        if isinstance(term, Same) and term.node not in self._plan.recursions:
            return self._has_index(self._plan.terms[term.node])
        own = self._own(term)
        key = self._key if own is None else own
        return isinstance(key, ColumnKey) and key.has_index

    def _holds(self, term: Term, bound: Bound, *, by_index: bool) -> ColumnElement[bool]:
        if isinstance(term, AnyOf):
            return or_(*(self._holds(each, bound, by_index=by_index) for each in term.terms))
        if isinstance(term, Both):
            first, *others = term.terms
            found = self._holds(first, bound, by_index=by_index)
            return and_(found, *(self._holds(each, bound, by_index=False) for each in others))
        if isinstance(term, Without):
            removed = self._holds(term.removed, bound.other, by_index=False)
            return and_(self._holds(term.base, bound, by_index=by_index), not_(removed))
        if isinstance(term, Same) and term.node not in self._plan.recursions:
            return self._holds(self._plan.terms[term.node], bound, by_index=by_index)
        if isinstance(term, Identity):
            return self._key.equals(self._rows.subject_id())
        if isinstance(term, Never):
            raise TypeError("a plan has no term that never holds")
        own = self._own(term)
        if own is not None and isinstance(term, Direct):
            return and_(*own.there, own.equals(self._rows.subject_id()))
        if own is not None and isinstance(term, Through):
            return self._within(own, Same(term.node), bound, by_index=by_index)
        if by_index or isinstance(term, Every | Same):
            return self._within(self._key, term, bound, by_index=by_index)
        return self._stated(term, bound)

    def _own(self, term: Term) -> Key | None:
        """The key of the subject, where a column of the row itself states it."""
        if not isinstance(term, Direct | Through) or term.source.column is None:
            return None
        return term.source.column.of_row(self._table, self._rows.dialect)

    def _within(self, key: Key, term: Term, bound: Bound, *, by_index: bool) -> ColumnElement[bool]:
        """That a term holds for the object that a key of the row names."""
        numbers = key.number is not None
        ids = self._lists.ids(term, bound, numbers=numbers)
        if by_index and self._rows.dialect == "postgresql" and isinstance(key, ColumnKey):
            return key.within_array(ids, numbers=numbers)
        return and_(*key.there, key.number.in_(ids)) if key.number is not None else key.within(ids)

    def _stated(self, term: Direct | Through, bound: Bound) -> ColumnElement[bool]:
        """That there is a relationship, looked up for the row."""
        edge = self._rows.edge(term.source, bound)
        if isinstance(term, Direct):
            subject = self._rows.subject(edge, term)
        else:
            subject = self._lists.members(edge.subject, term.node, bound)
        found = select(constant(1)).select_from(edge.rows)
        return found.where(edge.resource.equals(self._key.text), *edge.conditions, subject).exists()
