"""An inspector of the SQL that was really sent: every secured table in it must stand behind its criteria.

It knows nothing of the compiler that writes the criteria. It parses each statement with another project's parser and
looks at every place where a secured table is read, so that a path of SQLAlchemy's that nobody thought of shows up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlglot
from sqlalchemy import Engine, event
from sqlglot import exp

DIALECTS = {"sqlite": "sqlite", "postgresql": "postgres"}


@dataclass
class Inspector:
    """Watches an engine.

    Attributes:
        criteria: for each secured table the column that its criteria compare with a parameter; for a table that has no
            criteria of its own, None: then only a join with secured tables may show it.
        occurrences: how many places were looked at, over all statements.
        bare: the places that carry no criteria, each with its statement.
    """

    engine: Engine
    criteria: Mapping[str, str | None]
    occurrences: int = 0
    statements: int = 0
    bare: list[str] = field(default_factory=list)

    def __enter__(self) -> Inspector:
        event.listen(self.engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, sql: str, *_: object) -> None:
        if not sql.startswith(("BEGIN", "PRAGMA")):
            self.inspect(sql)

    def inspect(self, sql: str) -> None:
        """Look at every table that a statement reads."""
        self.statements += 1
        parsed = sqlglot.parse_one(sql, dialect=DIALECTS[self.engine.dialect.name])
        found = 0
        for table in parsed.find_all(exp.Table):
            if table.name not in self.criteria or _is_cte(table) or isinstance(table.parent, exp.Lock):
                continue
            found += 1
            if not self._is_behind_criteria(table):
                self.bare.append(f"{table.sql()} in {sql}")
        mentions = sum(1 for token in sqlglot.tokenize(sql) if token.text in self.criteria)
        if mentions and not found:  # the parser saw no table where the text names one: do not trust it
            self.bare.append(f"unparsed: {sql}")
        self.occurrences += found

    def _is_behind_criteria(self, table: exp.Table) -> bool:
        select = table.find_ancestor(exp.Select)
        where = select.args.get("where") if select is not None else None
        if where is None:
            return False
        column = self.criteria[table.name]
        conjuncts = list(_conjuncts(where.this))
        if column is None:
            return any(isinstance(part, exp.Exists) for part in conjuncts)
        return any(_compares(part, table.name, column) for part in conjuncts)


def _is_cte(table: exp.Table) -> bool:
    """Whether a name is that of a WITH query around it, and not of the table."""
    scope = table.parent
    while scope is not None:
        clause = scope.args.get("with_") or scope.args.get("with")
        if clause is not None and any(query.alias == table.name for query in clause.expressions):
            return True
        scope = scope.parent
    return False


def _conjuncts(condition: exp.Expression) -> Any:
    if isinstance(condition, exp.And):
        yield from _conjuncts(condition.left)
        yield from _conjuncts(condition.right)
    elif isinstance(condition, exp.Paren):
        yield from _conjuncts(condition.this)
    else:
        yield condition


def _compares(condition: exp.Expression, table: str, column: str) -> bool:
    """Whether a condition is ``table.column = parameter``."""
    if not isinstance(condition, exp.EQ):
        return False
    left, right = condition.left, condition.right
    while isinstance(right, exp.Cast | exp.Paren):
        right = right.this
    named = isinstance(left, exp.Column) and left.name == column and left.table in ("", table)
    return named and isinstance(right, exp.Placeholder | exp.Parameter)
