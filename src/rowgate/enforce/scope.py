"""On whose authority a session's statements run."""

from __future__ import annotations

from enum import Enum

__all__ = ["Scope"]


class Scope(Enum):
    """Which criteria a statement gets, if any."""

    CLIENT = "client"
    """The principal's: every statement is filtered."""
    RULES = "rules"
    """The rule author's: rules see every row."""
    CHECKS = "checks"
    """Enforcement's own: its statements carry their conditions themselves."""
