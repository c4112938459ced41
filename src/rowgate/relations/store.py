"""Runs the compiled statements: reads which caveats occur, has them evaluated, and asks the database once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Select, select

from rowgate.relations.caveats import Outcome, evaluate
from rowgate.relations.checks import check_statement
from rowgate.relations.demand import stated_rows, wanted_rows
from rowgate.relations.ground import Fact
from rowgate.relations.lists import list_statement
from rowgate.relations.plan import Plan
from rowgate.relations.reader import Reader
from rowgate.relations.rows import NOW, OBJECT_ID, OBJECT_IDS, REFUTED, SUBJECT_ID, SUPPORTED, Rows, now_value
from rowgate.relations.search import can_search, search_statement
from rowgate.relations.table import RELATIONSHIPS
from rowgate.zed.model import Schema

__all__ = ["Compiled", "Request", "Store"]


class Compiled:
    """A plan with its statements, each made when it is first needed.

    Args:
        plan: what is asked. Where it is :attr:`empty` there are no statements, where not ``in_sql`` only those that
            read relationships.
        dialect: ``sqlite`` or ``postgresql``.
    """

    def __init__(self, plan: Plan, dialect: str) -> None:
        self.plan = plan
        self._dialect = dialect

    @property
    def empty(self) -> bool:
        """Whether nobody of the kind asked for can have it, whatever the relationships."""
        return self.plan.target not in self.plan.terms

    @cached_property
    def lists(self) -> Select[Any]:
        """The statement of a list."""
        return list_statement(self.plan, self._dialect)

    @cached_property
    def checks(self) -> Select[Any]:
        """The statement of a check of many objects."""
        return check_statement(self.plan, self._dialect, many=True)

    @cached_property
    def check(self) -> Select[Any]:
        """The statement of a check of one object."""
        if can_search(self.plan):
            return search_statement(self.plan, self._dialect)
        return check_statement(self.plan, self._dialect, many=False)

    @cached_property
    def own_rows(self) -> Select[Any] | None:
        """The relationships on which an answer about one subject depends; None where none matters."""
        return wanted_rows(self.plan, self._dialect, every_subject=False)

    @cached_property
    def all_rows(self) -> Select[Any] | None:
        """The relationships on which an answer about every subject depends; None where none matters."""
        return wanted_rows(self.plan, self._dialect, every_subject=True)


@dataclass(frozen=True)
class Request:
    """What holds for all questions of one request.

    Args:
        context: JSON values for the parameters of caveats.
        now: the moment at which expiry is looked at.
        claims: by parameter of a :class:`~rowgate.relations.columns.ClaimRelation`, the ids that a claim names, as a
            JSON list; "[]" for a subject of whom nothing is known but its id.
    """

    context: Mapping[str, object]
    now: datetime
    claims: Mapping[str, str] = field(default_factory=dict)


class Store:
    """The relationships of one database, for one request.

    Args:
        connection: where to read; of an engine from :func:`rowgate.databases.make_engine`, which turns off PostgreSQL's
            just-in-time compiler. With it, a statement of many small parts can take seconds to compile.
        schema: gives the caveats.
        request: context and moment.
    """

    def __init__(self, connection: Reader, schema: Schema, request: Request) -> None:
        self._connection = connection
        self._schema = schema
        self._request = request
        self._outcomes: dict[tuple[str, str], Outcome] = {}

    def bounds(self, statement: Select[Any], plan: Plan, subject: str, objects: Sequence[str] = ()) -> dict[str, bool]:
        """The ids that a list or check statement gives, each with whether it is definite."""
        values = self._values(subject, objects) | (self.caveat_values(plan.caveats) if plan.caveats else {})
        return {str(row[0]): bool(row[1]) for row in self._connection.execute(statement, values)}

    def facts(self, statement: Select[Any] | None, subject: str, objects: Sequence[str]) -> Iterator[Fact]:
        """The relationships that a statement of :func:`~rowgate.relations.demand.wanted_rows` reads."""
        if statement is None:
            return iter(())
        values = self._values(subject, objects) | {SUPPORTED: "[]", REFUTED: self._refuted(self._schema.caveats)}
        return self._read(statement, values)

    def facts_of(self, plan: Plan, subject: str) -> Iterator[Fact]:
        """All relationships of the kinds that a plan reads; those that claims state are the subject's own."""
        columns = RELATIONSHIPS.c
        sources = dict.fromkeys(plan.sources())
        kinds = {(source.resource_type, source.relation) for source in sources if not source.column}
        for resource_type, relation in sorted(kinds):
            of_kind = select(*tuple(columns)[:9]).where(
                columns.resource_type == resource_type, columns.relation == relation
            )
            alive = columns.expires_at.is_(None) | (columns.expires_at > self._request.now)
            yield from self._read(of_kind.where(alive), {})
        rows = Rows(self._connection.dialect.name)
        for source in sources:
            if source.column:
                stated = stated_rows(source, source.column.edge(rows))
                yield from self._read(stated, self._values(subject, []))

    def _read(self, statement: Select[Any], values: Mapping[str, object]) -> Iterator[Fact]:
        for row in self._connection.execute(statement, dict(values)):
            resource_type, resource_id, relation, subject_type, subject_id, subject_relation, caveat, context, _ = row
            outcome = self.outcome(caveat, context) if caveat else None
            yield Fact(resource_type, resource_id, relation, subject_type, subject_id, subject_relation, outcome)

    def outcome(self, caveat: str, context: str) -> Outcome:
        """What a caveat of the table says for the request; one that the schema does not know is never evaluated."""
        key = (caveat, context)
        if key not in self._outcomes:
            known = self._schema.caveats.get(caveat)
            if known is None:
                self._outcomes[key] = Outcome(None, error=f"The schema has no caveat `{caveat}`.")
            else:
                self._outcomes[key] = evaluate(known, json.loads(context or "{}"), self._request.context)
        return self._outcomes[key]

    def _values(self, subject: str, objects: Sequence[str]) -> dict[str, object]:
        now = now_value(self._request.now, self._connection.dialect.name)
        values: dict[str, object] = {SUBJECT_ID: subject, OBJECT_IDS: json.dumps(list(objects)), NOW: now}
        return values | {OBJECT_ID: objects[0] if len(objects) == 1 else None} | dict(self._request.claims)

    def caveat_values(self, caveats: Iterable[str]) -> dict[str, object]:
        """The parameters that say which caveated relationships count.

        Args:
            caveats: their names.
        """
        pairs = self._pairs(caveats)
        supported = [f"{caveat} {text}" for caveat, text in pairs if self.outcome(caveat, text).value is True]
        refuted = [f"{caveat} {text}" for caveat, text in pairs if self.outcome(caveat, text).value is False]
        return {SUPPORTED: json.dumps(supported), REFUTED: json.dumps(refuted)}

    def _refuted(self, caveats: Iterable[str]) -> str:
        pairs = self._pairs(caveats)
        return json.dumps([f"{caveat} {text}" for caveat, text in pairs if self.outcome(caveat, text).value is False])

    def _pairs(self, caveats: Iterable[str]) -> list[tuple[str, str]]:
        """The caveats that occur, each with the contexts written for it."""
        names = sorted(caveats)
        if not names:
            return []
        columns = RELATIONSHIPS.c
        # The comparison with "" is what lets the small index of caveated relationships be used.
        statement = select(columns.caveat, columns.caveat_context).where(
            columns.caveat != "", columns.caveat.in_(names)
        )
        return [(row[0], row[1]) for row in self._connection.execute(statement.distinct())]
