"""The words every layer shares: who asks (a principal) and what for (an access)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import Flag, auto

__all__ = ["UNMAPPED_INFO", "VIEW_INFO", "Access", "Principal"]

VIEW_INFO = "rowgate_view"
"""Key in a table's ``info`` that is true for a view of the database: its rows are read, and never written."""

UNMAPPED_INFO = "rowgate_unmapped"
"""Key in a table's ``info`` with the names of the columns that its mapped class leaves out."""


class Access(Flag):
    """What a principal does to rows of an entity; the four verbs combine with ``|``."""

    READ = auto()
    INSERT = auto()
    UPDATE = auto()
    DELETE = auto()
    NONE = 0
    ALL = READ | INSERT | UPDATE | DELETE

    @property
    def words(self) -> str:
        """The verbs in plain text, ``"READ, UPDATE"``; ``"nothing"`` for none of them."""
        return ", ".join(verb.name or "" for verb in self) or "nothing"


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Who asks. A project derives its own class and adds its claims as typed fields.

    A principal is fixed for the life of a session; nothing in the framework changes one.

    Args:
        id: the stable identifier, as the log-in provider knows it.
        roles: names of the roles held. May be empty; the policy's ``no_role`` then stands in.
    """

    id: str
    roles: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        # Declarations compare plain strings; a StrEnum member or a list given by a caller must not matter.
        if not isinstance(self.roles, frozenset) or any(type(role) is not str for role in self.roles):
            roles: Iterable[str] = (self.roles,) if isinstance(self.roles, str) else self.roles
            object.__setattr__(self, "roles", frozenset(str(role) for role in roles))

    @classmethod
    def claim_names(cls) -> tuple[str, ...]:
        """The fields a condition may use: ``id`` and every field a derived class adds."""
        return tuple(field.name for field in fields(cls) if field.name != "roles")

    def claims(self) -> dict[str, object]:
        """The claims and their values, by name; a claim that is not set is None."""
        return {name: getattr(self, name) for name in self.claim_names()}
