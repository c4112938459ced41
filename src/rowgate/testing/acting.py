"""For tests written in Python: a session of somebody's that is rolled back, what it sees, and what it is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select

from rowgate.auth import Provider
from rowgate.auth.claims import Claims
from rowgate.enforce import Gate
from rowgate.enforce.keys import identity_columns
from rowgate.enforce.session import SecureSession
from rowgate.errors import PolicyTestRefused, RowgateError
from rowgate.testing.trying import ACCESS_CODES
from rowgate.testing.values import nearest
from rowgate.types import Principal

__all__ = ["Acting", "acting", "principal_of", "refused", "visible"]


class Acting:
    """Somebody at work. What they write is rolled back at the end; do not commit.

    Attributes:
        session: theirs: query it, add to it, flush it.
    """

    def __init__(self, session: SecureSession) -> None:
        self.session = session

    @property
    def principal(self) -> Principal:
        """Who it is."""
        return self.session.principal

    def visible(self, entity: type) -> set[Any]:
        """The primary keys of the rows they see; see :func:`visible`."""
        return visible(self.session, entity)

    @contextmanager
    def refused(self, code: str | None = None) -> Iterator[None]:
        """Expect that the block is refused; see :func:`refused`. What it wrote is rolled back."""
        with refused(code):
            try:
                yield
                self.session.flush()
            finally:
                self.session.rollback()


@contextmanager
def acting(gate: Gate, principal: Principal) -> Iterator[Acting]:
    """Work as somebody, and roll back what they did.

    Args:
        gate: whose policy and database.
        principal: who.
    """
    with gate.session(principal) as session:
        try:
            yield Acting(session)
        finally:
            session.rollback()


def visible(session: SecureSession, entity: type) -> set[Any]:
    """The primary keys of the rows of an entity that a session sees; tuples where the key has several columns.

    Raises:
        AccessRefused: the principal may not read the entity at all.
    """
    rows = session.execute(select(*identity_columns(entity)))
    return {row[0] if len(row) == 1 else tuple(row) for row in rows}


@contextmanager
def refused(code: str | None = None) -> Iterator[None]:
    """Expect that a block is refused.

    Args:
        code: of the error; any refusal of access when left out. A business rule's refusal has to be named.

    Raises:
        AssertionError: it was done, or refused for another reason.
    """
    try:
        yield
    except RowgateError as error:
        if error.code == code or (code is None and error.code in ACCESS_CODES):
            return
        wanted = code or "a refusal of access"
        raise AssertionError(f"refused with {error.code}, not with {wanted}: {error.detail}") from error
    raise AssertionError(f"was allowed, and {code or 'a refusal of access'} was expected")


def principal_of(
    gate: Gate, provider: Provider | None, name: str | None, roles: tuple[str, ...] | None, claims: dict[str, object]
) -> Principal:
    """Somebody by a log-in's name, or made from roles and claims.

    Args:
        gate: whose policy says which roles and claims there are.
        provider: knows the log-ins; None where roles are given.
        name: of the log-in; with roles, the id of whom they make.
        roles: None for a log-in.
        claims: by name; go with roles.

    Raises:
        PolicyTestRefused: no such log-in, role or claim.
        BadClaim: a claim has another type than the principal's class declares.
    """
    policy = gate.policy
    if roles is None and not claims:
        found = provider.principal(name) if provider is not None and name is not None else None
        if found is None:
            raise PolicyTestRefused(f"There is no user {name!r} who may log in.", hint="Or name roles=[...].")
        return found
    for role in roles or ():
        if role not in policy.roles:
            raise PolicyTestRefused(f"There is no role {role!r}.", hint=nearest(role, policy.roles, what="roles"))
    known = set(policy.principal.claim_names()) - {"id"}
    for claim in claims:
        if claim not in known:
            raise PolicyTestRefused(f"There is no claim {claim!r}.", hint=nearest(claim, known, what="claims"))
    return Claims(policy.principal).principal(id=name or "somebody", roles=roles or (), claims=claims)
