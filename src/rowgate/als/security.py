"""``Security``: the current user, while a condition is built and while a request is served."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from rowgate.errors import DeclarationError
from rowgate.web import principal

__all__ = ["Security", "building_for"]

# The stand-in for the principal, in the one call that builds a condition; a request never sees it.
_stand_in: ContextVar[Any] = ContextVar("rowgate_als_stand_in")


@contextmanager
def building_for(stand_in: Any) -> Iterator[None]:
    """Let ``Security.current_user()`` give a stand-in while a declared filter is called."""
    token = _stand_in.set(stand_in)
    try:
        yield
    finally:
        _stand_in.reset(token)


class Security:
    """ApiLogicServer's access to who asks."""

    @staticmethod
    def current_user() -> Any:
        """The principal of the request; in a filter, its claims as parameters.

        Raises:
            MissingPrincipal: no request is being served for anybody.
        """
        return _stand_in.get(None) or principal()

    @staticmethod
    def current_user_has_role(role_name: str) -> bool:
        """Whether the principal of the request has a role.

        Raises:
            DeclarationError: called in a filter. A filter is built once, for every user; roles belong beside it.
            MissingPrincipal: no request is being served for anybody.
        """
        if _stand_in.get(None) is not None:
            raise DeclarationError(
                f"A filter asks current_user_has_role({role_name!r}).",
                hint="Say it beside the filter: Grant(to_role=...) or GlobalFilter(roles_not_filtered=[...]).",
            )
        return str(role_name) in principal().roles
