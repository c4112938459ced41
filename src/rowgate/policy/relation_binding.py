"""A relationship schema bound to a policy's entities: the condition of each permission, and the values it needs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import count
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Engine, Text, bindparam, cast, false, literal

from rowgate.errors import RelationshipRefused, UnknownPermission
from rowgate.mapped import mapper_of, table_of
from rowgate.policy.checks import Finding
from rowgate.policy.conditions import ClaimNames, ConditionFault
from rowgate.policy.declarations import RelationSchema, StatedRelation
from rowgate.policy.paths import foreign_key
from rowgate.policy.permission_conditions import BoundSubject, PermissionCondition
from rowgate.policy.relation_sharing import SharingRules
from rowgate.policy.relation_types import Note, RelationTypes
from rowgate.policy.render import CLAIM_PREFIX
from rowgate.relations.columns import ClaimRelation
from rowgate.relations.compiled import CompiledSchema
from rowgate.relations.graph import Graph
from rowgate.relations.keys import ColumnKey
from rowgate.relations.reader import Reader
from rowgate.relations.row import parent_condition, row_condition
from rowgate.relations.rows import NOW, Rows, now_value
from rowgate.relations.rules import Node
from rowgate.relations.store import Request, Store
from rowgate.types import Principal
from rowgate.zed.model import Schema
from rowgate.zed.relationships import SubjectRef, parse_subject

__all__ = ["BoundRelations"]


@dataclass(frozen=True)
class _Listed:
    """A permission that SQL cannot say: its objects are found by a fixpoint, and handed over as a list."""

    node: Node
    subject: BoundSubject
    parameter: str


class BoundRelations:
    """The schema of a policy, compiled for one database.

    Args:
        declared: the schema as declared.
        schema: the same, resolved.
        stated: the relations that columns state.
        entities: the mapped classes of the policy.
        principal: the project's principal class.
        dialect: ``sqlite`` or ``postgresql``.
        note: told of every finding.
        asked: the permissions that grants name.

    Attributes:
        types: the type of each entity that has one.
        compiled: plans and statements; :class:`~rowgate.relations.Graph` takes it in the place of a schema.
        subjects: who a principal is; the first is the principal itself.
        sharing: who may share what.
    """

    def __init__(
        self,
        declared: RelationSchema,
        schema: Schema,
        stated: Iterable[StatedRelation],
        *,
        entities: Iterable[type],
        principal: type[Principal],
        dialect: str,
        note: Note,
        asked: Iterable[str] = (),
    ) -> None:
        self._note = note
        self._context = declared.context
        found = RelationTypes(declared, schema, entities, dialect, note)
        self.types: Mapping[type, str] = found.of_entity
        self.compiled = CompiledSchema(schema, dialect, columns=list(found.stated(stated)))
        self.subjects = tuple(self._subjects(declared, principal))
        self.sharing = SharingRules(self.compiled, declared.share, asked)
        for finding in self.sharing.findings(declared.source):
            note(finding)
        self.otherwise = self._otherwise(declared)
        self._made: dict[tuple[type, str, str], PermissionCondition] = {}
        self._caveats: set[str] = set()
        self._listed: list[_Listed] = []
        self._prefixes = count()

    # --- conditions ---------------------------------------------------------------------------------------------

    def condition(
        self, entity: type, permission: str, *, parent: Any = None, reason: str | None = None
    ) -> PermissionCondition:
        """The condition that a principal has a permission on a row, or on the row that a relationship leads to.

        Args:
            entity: the mapped class.
            permission: a permission or relation of its type, or of the parent's.
            parent: a relationship to one.
            reason: the words of a declaration; by default the comment of the permission in the schema.

        Raises:
            UnknownPermission: the entity has no type, or its type has no such permission.
            PathFault: the parent is no relationship to one.
        """
        entity = mapper_of(entity).base_mapper.class_
        key = (entity, permission, "" if parent is None else str(parent))
        if key not in self._made:
            self._made[key] = self._make(entity, permission, parent, reason)
        made = self._made[key]
        return replace(made, reason=reason) if reason else made

    def node(self, entity: type, permission: str) -> Node:
        """A permission of an entity's type.

        Raises:
            UnknownPermission: the entity has no type, or its type has no such permission.
        """
        kind = self.types.get(mapper_of(entity).base_mapper.class_)
        if kind is None:
            raise UnknownPermission(
                f"{entity.__name__} has no type in the relationship schema.",
                hint="Define it there in small letters (order_detail for OrderDetail), or name it with types=.",
            )
        return self.compiled.node(kind, permission)

    def _make(self, entity: type, permission: str, parent: Any, reason: str | None) -> PermissionCondition:
        columns, about = (None, entity) if parent is None else foreign_key(entity, parent)
        node = self.node(about, permission)
        first, *others = self.subjects
        otherwise = self.otherwise and (self.otherwise[0], self._sql(entity, node, columns, self.otherwise[1]))
        return PermissionCondition(
            self._sql(entity, node, columns, first),
            frozenset() if otherwise else frozenset({first.claim}),
            reason or self._comment(node),
            words=str(node) if parent is None else f"{node} of {parent.key}",
            subject=first,
            otherwise=otherwise,
            also={each.claim: self._sql(entity, node, columns, each) for each in others},
            obstacles=self.compiled.plan(node, first.type).obstacles,
        )

    def _sql(
        self, entity: type, node: Node, parent: tuple[ColumnElement[Any], ...] | None, subject: BoundSubject
    ) -> ColumnElement[bool]:
        question = self.compiled.question(node, subject.type)
        dialect = self.compiled.dialect
        if question.empty:
            return false()
        self._caveats |= question.plan.caveats
        table = table_of(entity)
        key = ColumnKey(tuple(table.primary_key.columns) if parent is None else parent, dialect)
        if not question.plan.in_sql:
            listed = _Listed(node, subject, f"relations_ids_{len(self._listed)}")
            self._listed.append(listed)
            return key.within(subject.rows.listed(listed.parameter))
        prefix = f"g{next(self._prefixes)}_"
        if parent is not None:
            return parent_condition(question.plan, key, subject.rows, prefix=prefix)
        return row_condition(question.plan, table, subject.rows, prefix=prefix)

    def _comment(self, node: Node) -> str | None:
        member = self.compiled.schema.definitions[node.type].member(node.name)
        text = " ".join(" ".join(member.comments).replace("*/", " ").strip("/* \n").split()) if member else ""
        return text or None

    # --- values -------------------------------------------------------------------------------------------------

    def claims(self, principal: Principal) -> dict[str, str]:
        """The ids that the principal's claims name, by parameter."""
        stated = (each for each in self.compiled.columns if isinstance(each, ClaimRelation))
        return {each.parameter: each.value(principal) for each in stated}

    def context(self, principal: Principal) -> dict[str, object]:
        """The context for caveats that a principal brings along."""
        if self._context is not None:
            return dict(self._context(principal))
        return {name: value for name, value in principal.claims().items() if value is not None}

    @cached_property
    def looks_up_values(self) -> bool:
        """Whether a permission may need values looked up first: for caveats, or because SQL cannot say it."""
        kinds = {subject.type for subject in (*self.subjects, *([self.otherwise[1]] if self.otherwise else []))}
        questions = (self.compiled.plan(node, kind) for node in self.compiled.rules for kind in kinds)
        return bool(self.compiled.schema.caveats) or any(plan.obstacles for plan in questions)

    def values(self, principal: Principal, reader: Reader) -> dict[str, object]:
        """The parameters that the conditions use, besides the claims.

        Only where permissions hang on caveats, or SQL cannot say them, does this ask the database.

        Args:
            principal: who asks.
            reader: within the transaction that is to be answered.
        """
        now = datetime.now(UTC)
        values: dict[str, object] = {NOW: now_value(now, self.compiled.dialect), **self.claims(principal)}
        if self._caveats:
            store = Store(reader, self.compiled.schema, Request(self.context(principal), now))
            values |= store.caveat_values(self._caveats)
        for listed in self._listed:
            values[listed.parameter] = self._ids(listed, principal, reader, now)
        return values

    def graph(self, principal: Principal | None, reader: Reader | Engine) -> Graph:
        """The relationships as a graph, for questions about one object.

        Args:
            principal: who asks: its claims state relations; None for nobody.
            reader: within the transaction that is to be answered, or an engine.
        """
        return Graph(self.compiled, reader, claims=self.claims(principal) if principal is not None else None)

    def _ids(self, listed: _Listed, principal: Principal, reader: Reader, now: datetime) -> str:
        subject = self.subject_of(principal) if listed.subject.claim == "" else listed.subject.of(principal)
        if subject is None:
            return "[]"
        found = self.graph(principal, reader).lookup_resources(
            listed.node.type, listed.node.name, subject, context=self.context(principal), now=now
        )
        return json.dumps([identifier for identifier, answer in found.items() if answer])

    def subject_of(self, principal: Principal) -> SubjectRef | None:
        """Who a principal is in the schema; None for nobody."""
        if not self.subjects:
            return None
        found = self.subjects[0].of(principal)
        return self.otherwise[0] if found is None and self.otherwise else found

    # --- subjects -----------------------------------------------------------------------------------------------

    def _subjects(self, declared: RelationSchema, principal: type[Principal]) -> Iterator[BoundSubject]:
        for each in declared.subjects:
            if each.type not in self.compiled.schema.definitions:
                known = f"Its types are: {', '.join(self.compiled.schema.definitions)}."
                message = f"The relationship schema has no type {each.type!r} for principals."
                self._note(Finding.of("P021", message, source=each.source, hint=known))
                continue
            try:
                claim = each.claim(ClaimNames(principal))
            except ConditionFault as fault:
                self._note(Finding.of(fault.code, f"{fault.message}.", source=each.source, hint=fault.hint))
                continue
            if not isinstance(claim, BindParameter):
                message = f"The id of {each.type} is not a claim as it stands."
                self._note(Finding.of("P005", message, source=each.source, hint="Write lambda user: user.id."))
                continue
            subject_id = cast(bindparam(claim.key), Text)
            rows = Rows(self.compiled.dialect, subject_id=subject_id)
            yield BoundSubject(each.type, claim.key.removeprefix(CLAIM_PREFIX), rows)

    def _otherwise(self, declared: RelationSchema) -> tuple[SubjectRef, BoundSubject] | None:
        if declared.otherwise is None:
            return None
        try:
            who = parse_subject(declared.otherwise)
            self.compiled.refuse_unknown(who.type)
        except (RelationshipRefused, UnknownPermission) as refused:
            self._note(Finding.of("P021", refused.detail, source=declared.source, hint=refused.advice))
            return None
        subject_id = cast(literal(who.id, Text), Text)
        return who, BoundSubject(who.type, "", Rows(self.compiled.dialect, subject_id=subject_id))
