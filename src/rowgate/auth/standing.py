"""Whose request it is now: the user of a token, unless they or its log-in were ended. Asked for on every request.

Both answers are as fresh as the request. Where one database holds the users and the ended log-ins, one statement asks.
"""

from __future__ import annotations

from typing import Protocol

from rowgate.auth.providers import Provider, SqlProvider
from rowgate.auth.revocations import Revocations, SqlRevocations
from rowgate.types import Principal

__all__ = ["Standing", "make_standing"]


class Standing(Protocol):
    """Who a token stands for at the moment."""

    def principal(self, id: str, *, login: str) -> Principal | None:  # noqa: A002 - the field's name
        """The user with this id, with the roles and claims held now.

        None when they may no longer log in, or when the log-in was ended.

        Args:
            id: of the user.
            login: the id of the log-in.

        Raises:
            BadClaim: the user's claims do not have the types that the principal's class declares.
        """


def make_standing(provider: Provider, revocations: Revocations) -> Standing:
    """What asks both, in one statement where that can be.

    Args:
        provider: knows the users.
        revocations: knows the log-ins that were ended.
    """
    # Exactly these classes: one that derives from them may answer otherwise.
    if type(provider) is SqlProvider and type(revocations) is SqlRevocations and provider.engine is revocations.engine:
        return _Together(provider)
    return _Apart(provider, revocations)


class _Together:
    def __init__(self, provider: SqlProvider) -> None:
        self._provider = provider

    def principal(self, id: str, *, login: str) -> Principal | None:  # noqa: A002
        return self._provider.principal_of(id, login=login)


class _Apart:
    def __init__(self, provider: Provider, revocations: Revocations) -> None:
        self._provider, self._revocations = provider, revocations

    def principal(self, id: str, *, login: str) -> Principal | None:  # noqa: A002
        return None if self._revocations.revoked(login) else self._provider.principal(id)
