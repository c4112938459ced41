"""What a description of the API tells its reader of: all there is, or what one principal may do.

It goes by verbs, attributes and actions. Which rows it comes to is told by asking for them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from rowgate.enforce import SecureSession
from rowgate.errors import ActionRefused
from rowgate.types import Access

__all__ = ["EVERYTHING", "Allowed", "May"]


class May(Protocol):
    """What may be done."""

    def use(self, entity: type, access: Access) -> bool:
        """Whether a verb is given on an entity at all."""

    def locked(self, entity: type, access: Access) -> frozenset[Any]:
        """The columns that a verb never writes."""

    def act(self, action: str, *, method: str, endpoints: Collection[str]) -> bool:
        """Whether an action is given at an address."""


class _Everything:
    def use(self, entity: type, access: Access) -> bool:
        return True

    def locked(self, entity: type, access: Access) -> frozenset[Any]:
        return frozenset()

    def act(self, action: str, *, method: str, endpoints: Collection[str]) -> bool:
        return True


EVERYTHING: May = _Everything()
"""All there is, for whoever asks."""


class Allowed:
    """What the principal of a session may do.

    Args:
        session: of the principal.
    """

    def __init__(self, session: SecureSession) -> None:
        self._session = session

    def use(self, entity: type, access: Access) -> bool:
        """Whether the policy and the session give the verb."""
        return not self._session.decide(entity, access).refused

    def locked(self, entity: type, access: Access) -> frozenset[Any]:
        """The columns that field rules close in every row."""
        return self._session.decide(entity, access).fields.closed

    def act(self, action: str, *, method: str, endpoints: Collection[str]) -> bool:
        """Whether the policy gives the action, and the session the writing that the method stands for."""
        if method != "GET" and Access.UPDATE not in self._session.verbs:
            return False
        session = self._session
        try:
            session.gate.bound.actions.authorize(
                session.principal,
                action,
                roles=session.holder.roles,
                superuser=session.holder.superuser,
                method=method,
                endpoints=endpoints,
            )
        except ActionRefused:
            return False
        return True
