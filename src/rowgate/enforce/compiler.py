"""The compiler that writes the policy into every statement, whatever its form.

Wherever a statement reads from a secured table, the table is written as the rows that the principal may see::

    FROM "Customer"             FROM (SELECT * FROM "Customer" WHERE <criteria>) AS "Customer"
    FROM "Customer" AS c1       FROM (SELECT * FROM "Customer" WHERE <criteria>) AS c1

Where field rules hide columns, the star becomes a list in which those columns are NULL: always, or in some rows::

    FROM "Employee"             FROM (SELECT "Id", CASE WHEN <open> THEN "Salary" END AS "Salary" FROM ...) AS ...

The target of an UPDATE or DELETE cannot be a subquery; there the columns themselves are written so.

All of SQLAlchemy's ways to name a table (entities, aliases, joins, eager loads, ``any()``, ``has()``, ``exists()``,
scalar subqueries, CTEs, unions, tables that appear only in a WHERE) come down to the compiler writing a FROM, so this
is the one place that none of them passes by. SQLite, PostgreSQL and MariaDB merge such a subquery into the outer
statement, so the plan is that of the same condition in the WHERE.

A statement says which criteria to use with an :class:`EnforcedBy` option. One without it may not read a secured table.
The option is part of SQLAlchemy's cache key; the values of claims are not, they are bound at execution.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from sqlalchemy import Column, ColumnElement, Select, Table, TableClause, case, literal_column, select
from sqlalchemy.orm.interfaces import UserDefinedOption
from sqlalchemy.sql import visitors
from sqlalchemy.sql.cache_key import HasCacheKey
from sqlalchemy.sql.compiler import SQLCompiler

from rowgate.enforce.can import Can, PermissionRows
from rowgate.enforce.raw import HARMLESS_FUNCTIONS, RefusesRaw
from rowgate.errors import StatementRefused

__all__ = ["Criteria", "EnforcedBy", "securing_compiler"]


class Criteria(Protocol):
    """What the compiler asks: which table, and which of its rows."""

    @property
    def cache_key(self) -> str:
        """Equal for criteria that compile to the same SQL, and only for those."""

    @property
    def authored(self) -> bool:
        """Whether statements under them are the author's own (rules, checks), and may hold raw SQL."""

    def knows(self, name: str) -> bool:
        """Whether there is a table of that name, in any case of letters."""

    def is_elsewhere(self, table: Table) -> bool:
        """Whether a table is in another database, be it that one of its name is in this one too."""

    def rows_of(self, name: str) -> tuple[Table, ColumnElement[bool] | None] | tuple[None, None]:
        """The table of that full name and the condition on its rows; no condition means all of them.

        Raises:
            KeyError: no such table is known to the policy.
        """

    def open_in(self, name: str) -> Mapping[Column[Any], ColumnElement[bool]]:
        """The columns of the table of that full name that are hidden, in every row or in some.

        Returns:
            By column: the condition on rows in which it shows. Columns that are hidden nowhere are left out.
        """

    def permission_rows(self, entity: type, permission: str) -> PermissionRows:
        """The rows of an entity on which the principal has a permission, and the columns of their key."""


class EnforcedBy(UserDefinedOption, HasCacheKey):
    """The option that tells the compiler whose criteria hold for a statement."""

    __slots__ = ("cache_name",)
    _is_has_cache_key = True
    _cache_key_traversal = [("cache_name", visitors.InternalTraversal.dp_string)]
    payload: Criteria

    def __init__(self, criteria: Criteria) -> None:
        super().__init__(criteria)
        self.cache_name = criteria.cache_key

    @staticmethod
    def on(statement: object) -> EnforcedBy | None:
        """The option that a statement carries, or None."""
        for option in getattr(statement, "_with_options", ()):
            if isinstance(option, EnforcedBy):
                return option
        return None


def _is_whole_row(column: Any) -> bool:
    return getattr(column, "__visit_name__", "") == "table_valued_column"


def securing_compiler(base: type[SQLCompiler], *, functions: Iterable[str] = ()) -> type[SQLCompiler]:
    """Derive from a dialect's compiler one that secures every table it reads from.

    Args:
        base: ``dialect.statement_compiler``.
        functions: names of SQL functions that statements may call, besides those known to be harmless.
    """
    allowed = HARMLESS_FUNCTIONS | {name.lower() for name in functions}

    class SecuringCompiler(RefusesRaw, base):  # type: ignore[valid-type, misc]
        functions = allowed

        def __init__(self, dialect: Any, statement: Any, *args: Any, **kwargs: Any) -> None:
            option = EnforcedBy.on(statement)
            self.criteria = option.payload if option else None
            self._inside_criteria = 0
            self._writes_to: Any = None
            self._in_target_clause = False
            self.tables_read: set[str] = set()
            super().__init__(dialect, statement, *args, **kwargs)

        @property
        def authored(self) -> bool:
            return self._inside_criteria > 0 or (self.criteria is not None and self.criteria.authored)

        def visit_table(self, table: Any, asfrom: bool = False, ashint: bool = False, **kw: Any) -> Any:
            plain = super().visit_table(table, asfrom=asfrom, ashint=ashint, **kw)
            alias = kw.get("enclosing_alias")
            if not asfrom or ashint or self._inside_criteria or (alias is None and self._is_written(table, **kw)):
                return plain
            self.tables_read.add(getattr(table, "fullname", table.name))
            secured, condition = self._rows_of(table)
            if secured is None:
                return plain
            veiled = self._open_in(secured)
            if condition is None and not veiled:
                return plain
            rows = self._filtered(secured, condition, veiled)
            if alias is not None and alias.element is table:
                return rows
            ambiguous = kw.get("ambiguous_table_name_map") or {}
            # As in SQLAlchemy: of two tables of one name, the one without a schema gets another name.
            name = table.name if getattr(table, "schema", None) else ambiguous.get(table.name, table.name)
            if name != table.name:
                name = self._truncated_identifier("alias", name)
            return rows + self.get_render_as_alias_suffix(self.preparer.quote(name))

        def visit_column(self, column: Any, *args: Any, **kw: Any) -> Any:
            if self._writes_to is not None and not self._inside_criteria:
                if _is_whole_row(column) or (self._is_loose(column) and self._reads_target(str(column.name))):
                    self._refuse_unless(harmless=False)
                shown = self._open_in(self._writes_to).get(column)
                if shown is not None:
                    return self._authored(case((shown, column)))
            written = super().visit_column(column, *args, **kw)
            table = column.table
            if getattr(table, "schema", None) and getattr(table, "__visit_name__", "") == "table":
                # A subquery's name cannot carry a schema; a column behind the bare name means the same row.
                schema = self.preparer.schema_for_object(table)
                written = written.removeprefix(self.preparer.quote_schema(schema) + ".") if schema else written
            return written

        def visit_cte(self, cte: Any, *args: Any, **kw: Any) -> Any:
            # A CTE named as a table would take its place, also in the conditions of declarations.
            if not self.authored and self.criteria is not None and self.criteria.knows(str(cte.name)):
                raise StatementRefused(
                    f"A CTE is named {str(cte.name)!r}, as a table is.", hint="Give it another name."
                )
            return super().visit_cte(cte, *args, **kw)

        def visit_insert(self, insert_stmt: Any, *args: Any, **kw: Any) -> Any:
            self._refuse_write_within()
            self._writes_to = insert_stmt.table
            return super().visit_insert(insert_stmt, *args, **kw)

        def visit_update(self, update_stmt: Any, *args: Any, **kw: Any) -> Any:
            self._refuse_write_within()
            self._writes_to = update_stmt.table
            return super().visit_update(update_stmt, *args, **kw)

        def visit_delete(self, delete_stmt: Any, *args: Any, **kw: Any) -> Any:
            self._refuse_write_within()
            self._writes_to = delete_stmt.table
            return super().visit_delete(delete_stmt, *args, **kw)

        def update_tables_clause(self, *args: Any, **kw: Any) -> Any:
            # MySQL and MariaDB name the target with the tables it is joined to, without saying that it is the target.
            self._in_target_clause = True
            try:
                return super().update_tables_clause(*args, **kw)
            finally:
                self._in_target_clause = False

        def visit_rowgate_can(self, element: Can, **kw: Any) -> str:
            if self.criteria is None:
                raise StatementRefused(
                    "can(...) stands in a statement that reads no mapped class, so it is about no row.",
                    hint="Select from the entity: select(Order).where(can('edit', Order)).",
                )
            rows, key = self.criteria.permission_rows(element.entity, element.permission)
            same = [own == given for own, given in zip(key, element.keys, strict=True)]
            return self._authored(rows.where(*same).exists(), **kw)

        def _rows_of(self, table: Any) -> tuple[Table | None, ColumnElement[bool] | None]:
            name = getattr(table, "fullname", table.name)
            if self.criteria is None:
                raise StatementRefused(
                    f"A statement reads {name!r} without a policy: it is not an ORM statement of a secured session."
                )
            if isinstance(table, Table) and self.criteria.is_elsewhere(table):
                raise StatementRefused(
                    f"The table {name!r} of the statement is in another database.",
                    hint="Open a session on the database that has it; a statement reaches into one database alone.",
                )
            try:
                return self.criteria.rows_of(name)
            except KeyError:
                raise StatementRefused(f"The policy knows no table {name!r}, so no principal may read it.") from None

        def _filtered(
            self,
            table: Table,
            condition: ColumnElement[bool] | None,
            open_in: Mapping[Column[Any], ColumnElement[bool]],
        ) -> str:
            columns: list[ColumnElement[Any]] = [literal_column("*")]
            if open_in:
                # A CASE has its column's type also where it is always NULL; a bare NULL would be text to PostgreSQL.
                columns = [
                    case((open_in[each], each)).label(each.name) if each in open_in else each for each in table.columns
                ]
            inner: Select[Any] = select(*columns).select_from(table)
            inner = inner if condition is None else inner.where(condition)
            return f"({self._authored(inner, asfrom=True)})"

        def _authored(self, element: Any, **kw: Any) -> str:
            # A declaration's own subqueries see all rows: they have its author's authority.
            self._inside_criteria += 1
            try:
                return str(self.process(element, **kw))
            finally:
                self._inside_criteria -= 1

        def _open_in(self, table: Any) -> Mapping[Column[Any], ColumnElement[bool]]:
            if self.criteria is None or self.criteria.authored:
                return {}
            return self.criteria.open_in(getattr(table, "fullname", table.name))

        def visit_textclause(self, textclause: Any, *args: Any, **kw: Any) -> Any:
            if self._writes_to is not None:
                self._refuse_unless(not self._reads_target(textclause.text))
            return super().visit_textclause(textclause, *args, **kw)

        def _is_loose(self, column: Any) -> bool:
            # A name, with or without a table's before it, that is no column of a mapped table or a subquery.
            table = column.table
            return column.is_literal or table is None or type(table) is TableClause

        def _reads_target(self, name: str) -> bool:
            # In a write there is no subquery between a plain name and the table: it would read what is hidden.
            table = self._writes_to
            return name.lower() in {str(each).lower() for each in (table.name, *(c.name for c in table.columns))}

        def _is_written(self, table: Any, *, iscrud: bool = False, **_: Any) -> bool:
            # The target of UPDATE or DELETE; its rows are restricted in the WHERE, by the session.
            if not (iscrud or self._in_target_clause) or not self.stack:
                return False
            # The target comes first; a table that is joined to it under the same name reads like any other.
            self._in_target_clause = False
            target = getattr(self.stack[-1]["selectable"], "table", None)
            return target is not None and target.fullname == getattr(table, "fullname", None)

        def _refuse_write_within(self) -> None:
            # A CTE may hold a write (PostgreSQL); it would pass by every check of a flush.
            if self.stack:
                raise StatementRefused("A statement holds an INSERT, UPDATE or DELETE within another statement.")

    return SecuringCompiler
