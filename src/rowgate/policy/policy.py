"""The object a project's declaration file builds, line by line: permissions, grants and global filters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, Literal, TypeVar

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped

from rowgate.errors import DeclarationError
from rowgate.policy.actions import ActionRule, ActionWhere, Combine, condition_function
from rowgate.policy.declarations import GlobalFilter, Grant, Permission, Source
from rowgate.policy.declares_relations import DeclaresRelations
from rowgate.policy.fields import ColumnName, FieldRule, name_of
from rowgate.types import Access, Principal

__all__ = ["Policy"]

P = TypeVar("P", bound=Principal)
E = TypeVar("E")


class Policy(DeclaresRelations[P]):
    """Who may see and do what, as declared; it becomes effective when it is bound to models.

    Args:
        principal: the project's principal class; its fields are the claims that conditions may use.
        superuser: the role that sees and does everything; None for no such role.
        no_role: the role that a principal without roles is taken to hold; None for none.
        roles: every role there is. May be left out when ``superuser`` or ``no_role`` is a member of an enum:
            then the enum's members are the roles.

    Raises:
        DeclarationError: the roles are not known, or ``superuser`` or ``no_role`` is none of them.
    """

    def __init__(
        self,
        principal: type[P],
        *,
        superuser: str | None = None,
        no_role: str | None = None,
        roles: Iterable[str] | None = None,
    ) -> None:
        super().__init__()
        self.principal = principal
        self.superuser = None if superuser is None else str(superuser)
        self.no_role = None if no_role is None else str(no_role)
        self.roles = _known_roles(roles, superuser, no_role)
        self.permissions: list[Permission] = []
        self.grants: list[Grant] = []
        self.global_filters: list[GlobalFilter] = []
        self.field_rules: list[FieldRule] = []
        self.actions: list[ActionRule] = []
        self.source = Source.of_caller(depth=1)

    def permission(self, role: str, access: Access, *, reason: str | None = None) -> Permission:
        """Give a role its default access, for every entity.

        Several permissions of one role, and the permissions of several roles of one principal, add up.

        Args:
            role: the role.
            access: the verbs, joined with ``|``.
            reason: what an explanation shows for this line.
        """
        declared = Permission(role=str(role), access=access, reason=reason, source=Source.of_caller(depth=1))
        self.permissions.append(declared)
        return declared

    def grant(
        self,
        entity: type[E],
        role: str,
        *,
        access: Access | None = None,
        where: Callable[[type[E], P], ColumnElement[bool] | Mapped[bool]] | None = None,
        check: Callable[[type[E], P], ColumnElement[bool] | Mapped[bool]] | None = None,
        reason: str | None = None,
    ) -> Grant:
        """Give a role rows of one entity. Where any grant on the entity matches a principal, grants decide.

        Args:
            entity: the mapped class.
            role: the role.
            access: the verbs it gives on these rows; by default those of the principal's permissions.
            where: from the class and the principal to a condition on the rows; all rows when left out.
            check: the condition that a written row must satisfy; ``where`` when left out.
            reason: what an explanation shows; by default the docstring of ``where``, else its text.
        """
        declared = Grant(
            entity=entity,
            role=str(role),
            access=access,
            where=where,
            check=check,
            reason=reason,
            source=Source.of_caller(depth=1),
        )
        self.grants.append(declared)
        return declared

    def global_filter(
        self,
        shape: type[E],
        where: Callable[[type[E], P], ColumnElement[bool] | Mapped[bool]],
        *,
        exempt: Iterable[str] = (),
        only: Iterable[str] | None = None,
        reason: str | None = None,
    ) -> GlobalFilter:
        """Put a condition on every entity that has the columns of a shape.

        Args:
            shape: a plain class whose annotated names are the columns an entity must have
                (``class Tenanted: Client_id: Mapped[int]``), or a mapped class to mean just that entity.
            where: from the class and the principal to the condition.
            exempt: roles whose holders the filter does not bind.
            only: the roles it binds; everyone (but ``exempt``) when left out.
            reason: what an explanation shows; by default the docstring of ``where``, else its text.
        """
        declared = GlobalFilter(
            shape=shape,
            where=where,
            exempt=frozenset(str(role) for role in exempt),
            only=None if only is None else frozenset(str(role) for role in only),
            reason=reason,
            source=Source.of_caller(depth=1),
        )
        self.global_filters.append(declared)
        return declared

    def hide(
        self,
        entity: type[E],
        *columns: ColumnName,
        unless: Iterable[str] = (),
        where: Callable[[type[E], P], ColumnElement[bool] | Mapped[bool]] | None = None,
        reason: str | None = None,
    ) -> FieldRule:
        """Hide columns of an entity: whoever reads them gets NULL, in every clause of every statement.

        Hidden columns cannot be written either.

        Args:
            entity: the mapped class.
            columns: its attributes, as ``Employee.Salary`` or ``"Salary"``.
            unless: roles whose holders the rule does not bind.
            where: the rows in which they are hidden; every row when left out. A row on which the condition is neither
                true nor false (NULL), or whose claim is None, counts as one of them.
            reason: what an explanation shows; by default the docstring of ``where``, else its text.
        """
        return self._field_rule("hide", entity, columns, unless, where, reason)

    def readonly(
        self,
        entity: type[E],
        *columns: ColumnName,
        unless: Iterable[str] = (),
        where: Callable[[type[E], P], ColumnElement[bool] | Mapped[bool]] | None = None,
        reason: str | None = None,
    ) -> FieldRule:
        """Let columns of an entity be read but not written, neither by an insert nor by an update.

        Args:
            entity: the mapped class.
            columns: its attributes, as ``Employee.Salary`` or ``"Salary"``.
            unless: roles whose holders the rule does not bind.
            where: the rows in which they are read-only: as they are before an update, or as inserted; every row when
                left out. A row on which the condition is not known to be false counts as one of them.
            reason: what an explanation shows; by default the docstring of ``where``, else its text.
        """
        return self._field_rule("readonly", entity, columns, unless, where, reason)

    def action(
        self,
        name: str,
        *roles: str,
        where: ActionWhere | None = None,
        on: type | Iterable[type] = (),
        method: str | Iterable[str] | None = None,
        endpoint: str | None = None,
        combine: Combine = "any",
        reason: str | None = None,
    ) -> ActionRule:
        """Let roles do an operation that is no table verb, on all rows or on some.

        Several lines of one name add up.

        Args:
            name: what ``@authorize(name)`` names.
            roles: the roles; one of them is enough.
            where: the rows: a function of the class and the principal, a text (``"row.Price <= user.budget"``), a
                Fractal Specification, or a function of the principal to one; all rows when left out.
            on: the entities that ``where`` is about, checked at start; any that it is asked for when left out.
            method: the HTTP methods that the line is for; every call when left out.
            endpoint: Flask's endpoint, or the rule of its address, that the line is for; every one when left out.
            combine: ``any``: the rows of all lines that match are given; ``first``: those of the first one that does.
            reason: what an explanation shows; by default the docstring of ``where``, else its text.

        Raises:
            DeclarationError: no role is named, or a text or a specification cannot be read.
        """
        if not roles:
            raise DeclarationError(f"The action {name!r} names no role.", hint="Name the roles that may do it.")
        methods = (method,) if isinstance(method, str) else method
        declared = ActionRule(
            name=name,
            roles=frozenset(str(role) for role in roles),
            where=condition_function(where),
            on=(on,) if isinstance(on, type) else tuple(on),
            methods=None if methods is None else frozenset(each.upper() for each in methods),
            endpoint=endpoint,
            combine=combine,
            reason=reason,
            source=Source.of_caller(depth=1),
        )
        self.actions.append(declared)
        return declared

    def _field_rule(
        self,
        kind: Literal["hide", "readonly"],
        entity: type[Any],
        columns: tuple[ColumnName, ...],
        unless: Iterable[str],
        where: Callable[[Any, Any], Any] | None,
        reason: str | None,
    ) -> FieldRule:
        source = Source.of_caller(depth=2)
        if not columns:
            raise DeclarationError(
                f"{source}: {kind} names no column of {entity.__name__}.", hint="Name at least one: Employee.Salary."
            )
        declared = FieldRule(
            kind=kind,
            entity=entity,
            columns=tuple(name_of(column) for column in columns),
            unless=frozenset(str(role) for role in ((unless,) if isinstance(unless, str) else unless)),
            where=where,
            reason=reason,
            source=source,
        )
        self.field_rules.append(declared)
        return declared

    def effective_roles(self, principal: Principal) -> frozenset[str]:
        """The roles that count for a principal: its own, or ``no_role`` where it has none."""
        if principal.roles or self.no_role is None:
            return principal.roles
        return frozenset({self.no_role})


def _known_roles(roles: Iterable[str] | None, *examples: Any) -> frozenset[str]:
    if roles is None:
        enums = {type(example) for example in examples if isinstance(example, Enum)}
        if len(enums) != 1:
            raise DeclarationError(
                "The policy does not say which roles there are.",
                hint="Pass roles=..., or make superuser= or no_role= a member of your Roles enum.",
            )
        roles = (str(member.value) for member in enums.pop())
    known = frozenset(str(role) for role in roles)
    for example in examples:
        if example is not None and str(example) not in known:
            raise DeclarationError(f"Role {str(example)!r} is not one of the roles: {', '.join(sorted(known))}.")
    return known
