"""The part of a policy that declares relationships: the schema, what columns state, and grants by permission."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from rowgate.errors import DeclarationError
from rowgate.policy.declarations import Grant, RelationSchema, Source, StatedRelation, SubjectOf
from rowgate.types import Access, Principal

__all__ = ["DeclaresRelations"]

P = TypeVar("P", bound=Principal)
E = TypeVar("E")


class DeclaresRelations(Generic[P]):
    """Mixed into :class:`~rowgate.policy.policy.Policy`."""

    grants: list[Grant]

    def __init__(self) -> None:
        self.relation_schema: RelationSchema | None = None
        self.stated_relations: list[StatedRelation] = []

    def relations(
        self,
        schema: str | Path,
        *,
        subject: str = "user",
        claim: Callable[[P], Any] | None = None,
        otherwise: str | None = None,
        also: Mapping[str, Callable[[P], Any]] | None = None,
        types: Mapping[type, str] | None = None,
        context: Callable[[P], Mapping[str, object]] | None = None,
        share: str | None = "share",
    ) -> RelationSchema:
        """Say which relationship schema holds, and who a principal is in it.

        Args:
            schema: the schema's file, relative to the file that declares it; or, of several lines, its text.
            subject: the type that principals are objects of.
            claim: which claim is the id of that object (``lambda user: user.employee_id``); ``id`` when left out.
                A principal whose claim is None is nobody there, and no relation grant gives it a row.
            otherwise: who a principal whose claim is None is instead: one object, ``anonymous:visitor``.
            also: types and claims of others that a principal acts for, or who act for it. Where the claim is set, both
                must be allowed.
            types: the type of an entity whose name in the schema is not the class's in small letters
                (``order_detail`` for ``OrderDetail``).
            context: from the principal to JSON values for the parameters of caveats; its claims when left out.
            share: the permission that sharing a row takes, for each relation of its type that has none of its own
                (``share_viewer`` for the relation ``viewer``); None where clients share nothing.

        Raises:
            DeclarationError: a schema was declared before.
        """
        source = Source.of_caller(depth=1)
        if self.relation_schema is not None:
            raise DeclarationError("The policy has a relationship schema already.", hint="Declare one; it may import.")
        if isinstance(schema, Path) or "\n" not in schema:
            schema = Path(source.file).parent / schema
        subjects = {subject: claim or (lambda user: user.id), **(also or {})}
        self.relation_schema = RelationSchema(
            schema=schema,
            subjects=tuple(SubjectOf(type=name, claim=claim, source=source) for name, claim in subjects.items()),
            otherwise=otherwise,
            types=dict(types or {}),
            context=context,
            source=source,
            share=share,
        )
        return self.relation_schema

    def relation(
        self,
        resource: type | str,
        relation: str,
        *path: Any,
        subject: str | None = None,
        constant: str | None = None,
        claim: Callable[[P], Any] | None = None,
        reason: str | None = None,
    ) -> StatedRelation:
        """Say that columns state a relation, so that no relationships need to be written for it.

        Exactly one of ``path``, ``constant`` and ``claim``.

        Args:
            resource: the entity whose rows are the resources; with ``claim`` a type of the schema.
            relation: the relation of its type.
            path: mapped attributes that lead to the subject: a foreign key's column, or relationships.
            subject: the subject's type, with ``#member`` behind it where the relation takes members of it; it may be
                left out where the path ends at an entity.
            constant: one object that every row is related to: ``platform:global``.
            claim: from the principal to the ids of the resources that it is itself related to, one or several.
            reason: what an explanation shows.
        """
        declared = StatedRelation(
            resource=resource,
            relation=relation,
            path=path,
            constant=constant,
            claim=claim,
            subject=subject,
            reason=reason,
            source=Source.of_caller(depth=1),
        )
        self.stated_relations.append(declared)
        return declared

    def relation_grant(
        self,
        entity: type[E],
        permission: str,
        *,
        access: Access | None = None,
        role: str | None = None,
        parent: Any = None,
        reason: str | None = None,
    ) -> Grant:
        """Give everybody the rows on which the relationship schema gives them a permission.

        It counts as a grant: where it matches a principal, grants decide. Role grants and relation grants are OR'ed,
        global filters are AND'ed.

        Args:
            entity: the mapped class.
            permission: a permission or relation of its type.
            access: the verbs it gives on these rows; by default those of the principal's permissions.
            role: only for principals who hold this role; for everybody when left out.
            parent: a relationship to one (``Document.folder``): the permission is then asked for on the row it leads
                to. For ``Access.INSERT``: whoever may add to the folder may insert documents in it.
            reason: what an explanation shows; by default the comment of the permission in the schema.
        """
        declared = Grant(
            entity=entity,
            role=None if role is None else str(role),
            access=access,
            where=None,
            check=None,
            permission=permission,
            parent=parent,
            reason=reason,
            source=Source.of_caller(depth=1),
        )
        self.grants.append(declared)
        return declared
