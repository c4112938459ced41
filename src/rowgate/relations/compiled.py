"""A schema compiled: the plan and the statements of each question, made when it is first asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from rowgate.errors import UnknownPermission
from rowgate.relations.columns import ClaimRelation, ColumnRelation
from rowgate.relations.plan import Plan, plan, specialise
from rowgate.relations.rules import Node, Term, rules
from rowgate.relations.store import Compiled
from rowgate.zed.model import Schema
from rowgate.zed.source import nearest

__all__ = ["CompiledSchema"]


class CompiledSchema:
    """The rules of a schema, and what was made of them.

    Args:
        schema: the schema.
        dialect: ``sqlite`` or ``postgresql``.
        columns: the relations that columns state.
    """

    def __init__(self, schema: Schema, dialect: str, *, columns: Sequence[ColumnRelation] = ()) -> None:
        self.schema = schema
        self.dialect = dialect
        self.columns = tuple(columns)
        self.rules = rules(schema, columns)
        self._narrowed: dict[tuple[str, str], Mapping[Node, Term]] = {}
        self._compiled: dict[tuple[Node, str, str], Compiled] = {}

    @cached_property
    def nobodys_claims(self) -> Mapping[str, str]:
        """The values of the parameters of claims, for a subject of whom nothing is known but its id."""
        return {each.parameter: "[]" for each in self.columns if isinstance(each, ClaimRelation)}

    def obstacles(self) -> tuple[str, ...]:
        """What one SQL statement cannot say, and why."""
        found: dict[str, None] = {}
        for node in self.rules:
            for kind in self.schema.definitions:
                found.update(dict.fromkeys(plan(self._narrow(kind, ""), node).obstacles))
        return tuple(found)

    def question(self, node: Node, subject_type: str, subject_relation: str = "") -> Compiled:
        """A question: who of a kind has a permission.

        Raises:
            UnknownPermission: the schema has no such kind of subject.
        """
        key = (node, subject_type, subject_relation)
        if key not in self._compiled:
            made = self.plan(node, subject_type, subject_relation)
            self._compiled[key] = Compiled(made, self.dialect)
        return self._compiled[key]

    def plan(self, node: Node, subject_type: str, subject_relation: str = "") -> Plan:
        """The plan of a question.

        Raises:
            UnknownPermission: the schema has no such kind of subject.
        """
        return plan(self._narrow(subject_type, subject_relation), node)

    def node(self, kind: str, name: str) -> Node:
        """A relation or permission of a type.

        Raises:
            UnknownPermission: the schema has none of this name; the nearest is named.
        """
        self.refuse_unknown(kind)
        definition = self.schema.definitions[kind]
        if definition.member(name) is None:
            raise _unknown(f"`{kind}#{name}`", name, definition.members)
        return Node(kind, name)

    def refuse_unknown(self, kind: str) -> None:
        """Refuse a type that the schema does not define.

        Raises:
            UnknownPermission: the nearest name is told.
        """
        if kind not in self.schema.definitions:
            raise _unknown(f"definition `{kind}`", kind, self.schema.definitions)

    def _narrow(self, subject_type: str, subject_relation: str) -> Mapping[Node, Term]:
        key = (subject_type, subject_relation)
        if key not in self._narrowed:
            if subject_relation:
                self.node(subject_type, subject_relation)
            self.refuse_unknown(subject_type)
            self._narrowed[key] = specialise(self.rules, subject_type, subject_relation)
        return self._narrowed[key]


def _unknown(what: str, name: str, known: Iterable[str]) -> UnknownPermission:
    return UnknownPermission(f"The schema has no {what}.", hint=nearest(name, known))
