"""``Grant``, ``GlobalFilter`` and ``DefaultRolePermission``, collected in the module that declares them.

ApiLogicServer's declarations register themselves. Here each is noted in its own file's module (not in a global of
ours), and :func:`policy_of` makes the policy of that module.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import make_dataclass
from functools import wraps
from types import ModuleType
from typing import Any

from rowgate.als.security import building_for
from rowgate.als.strings import parse_filter
from rowgate.errors import DeclarationError
from rowgate.policy import Policy
from rowgate.policy.declarations import GlobalFilter as FilterDeclaration
from rowgate.policy.declarations import Grant as GrantDeclaration
from rowgate.policy.declarations import Permission, Source
from rowgate.types import Access, Principal

__all__ = ["DefaultRolePermission", "GlobalFilter", "Grant", "policy_of"]

_DECLARED = "__rowgate_declared__"


class DefaultRolePermission:
    """``DefaultRolePermission(to_role=..., can_read=True, can_insert=True, can_update=True, can_delete=True)``."""

    def __init__(
        self,
        to_role: str,
        can_read: bool = True,
        can_insert: bool = True,
        can_update: bool = True,
        can_delete: bool = True,
    ) -> None:
        access = _access(can_read, can_insert, can_update, can_delete)
        _note(Permission(role=str(to_role), access=access, source=Source.of_caller(depth=1)))


class Grant:
    """``Grant(on_entity=..., to_role=..., filter=..., filter_debug=...)``.

    The verbs are those of the role's permission, less what a ``can_...=False`` takes away.
    ``filter`` is a function without arguments, or a string (see :mod:`rowgate.als.strings`).
    """

    def __init__(
        self,
        on_entity: type,
        to_role: str,
        can_read: bool | None = None,
        can_insert: bool | None = None,
        can_update: bool | None = None,
        can_delete: bool | None = None,
        filter: Callable[[], Any] | str | None = None,  # noqa: A002 - the peer's name
        filter_debug: str = "",
    ) -> None:
        said = (can_read, can_insert, can_update, can_delete)
        access = None if all(part is None for part in said) else _access(*(part is not False for part in said))
        _note(
            GrantDeclaration(
                entity=on_entity,
                role=str(to_role),
                access=access,
                where=None if filter is None else _condition(filter),
                check=None,
                reason=filter_debug or None,
                source=Source.of_caller(depth=1),
            )
        )


class GlobalFilter:
    """``GlobalFilter(global_filter_attribute_name=..., roles_not_filtered=[...], filter='{entity_class}. ...')``."""

    def __init__(
        self,
        global_filter_attribute_name: str,
        filter: str,  # noqa: A002 - the peer's name
        roles_not_filtered: Iterable[str] = (),
    ) -> None:
        shape = type(global_filter_attribute_name, (), {"__annotations__": {global_filter_attribute_name: Any}})
        _note(
            FilterDeclaration(
                shape=shape,
                where=_condition(filter),
                exempt=frozenset(str(role) for role in roles_not_filtered),
                only=None,
                source=Source.of_caller(depth=1),
            )
        )


def policy_of(
    module: ModuleType,
    principal: type[Principal] | None = None,
    *,
    superuser: str | None = "sa",
    no_role: str | None = None,
    claims: Iterable[str] = (),
) -> Policy[Any]:
    """The policy that a module declares in ApiLogicServer's spellings.

    Args:
        module: the imported declaration file.
        principal: the principal's class; made from ``claims`` when left out.
        superuser: the role that sees everything; ApiLogicServer's is ``sa``.
        no_role: the role of users without one.
        claims: names of the user attributes that filters use (``client_id``), where no class is given.

    Raises:
        DeclarationError: the module declares nothing.
    """
    declared: list[Permission | GrantDeclaration | FilterDeclaration] = vars(module).get(_DECLARED, [])
    if not declared:
        raise DeclarationError(f"{module.__name__} declares nothing with rowgate.als.")
    roles = {role for role in (superuser, no_role) if role is not None}
    for declaration in declared:
        if isinstance(declaration, FilterDeclaration):
            roles |= declaration.exempt
        elif declaration.role is not None:
            roles.add(declaration.role)
    made = principal or make_dataclass(
        "User", [(name, Any, None) for name in claims], bases=(Principal,), frozen=True, kw_only=True
    )
    policy: Policy[Any] = Policy(made, superuser=superuser, no_role=no_role, roles=roles)
    for declaration in declared:
        match declaration:
            case Permission():
                policy.permissions.append(declaration)
            case GrantDeclaration():
                policy.grants.append(declaration)
            case FilterDeclaration():
                policy.global_filters.append(declaration)
    return policy


def _note(declaration: Permission | GrantDeclaration | FilterDeclaration) -> None:
    namespace = sys._getframe(2).f_globals
    namespace.setdefault(_DECLARED, []).append(declaration)


def _access(can_read: bool, can_insert: bool, can_update: bool, can_delete: bool) -> Access:
    given_verbs = {
        Access.READ: can_read,
        Access.INSERT: can_insert,
        Access.UPDATE: can_update,
        Access.DELETE: can_delete,
    }
    access = Access.NONE
    for verb, given in given_verbs.items():
        access |= verb if given else Access.NONE
    return access


def _condition(declared: Callable[[], Any] | str) -> Callable[[Any, Any], Any]:
    if isinstance(declared, str):
        return parse_filter(declared)

    @wraps(declared)  # so that start-up checks look at the user's own function
    def where(row: Any, user: Any) -> Any:
        with building_for(user):
            return declared()

    return where
