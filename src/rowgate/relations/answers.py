"""What a question about relationships is answered with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

__all__ = ["Answer", "Subjects", "Verdict"]


class Verdict(Enum):
    """The four answers; only one of them lets anybody do anything."""

    ALLOWED = "allowed"
    DENIED = "denied"
    CONDITIONAL = "conditional"
    """Names of a caveat's context are missing that could still change it."""
    UNDEFINED = "undefined"
    """The object is excluded from what it depends on, around a cycle of relationships: neither answer is right."""


@dataclass(frozen=True)
class Answer:
    """The answer to a question; true in a condition only when it is *allowed*.

    Args:
        verdict: the answer.
        missing: of a conditional answer, the names of the context that it hangs on.
        faults: of a conditional answer, why caveats that it hangs on could not be evaluated.
    """

    verdict: Verdict
    missing: frozenset[str] = frozenset()
    faults: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether it is definitely true."""
        return self.verdict is Verdict.ALLOWED

    def __bool__(self) -> bool:
        return self.allowed


ALLOWED = Answer(Verdict.ALLOWED)
DENIED = Answer(Verdict.DENIED)


@dataclass(frozen=True)
class Subjects:
    """Who has a permission on an object.

    Args:
        found: the answer for each subject's id that some relationship names; a denied one is in it only where
            ``everyone`` is not denied.
        everyone: the answer for any subject whom no relationship names: allowed or conditional through a wildcard.
    """

    found: Mapping[str, Answer] = field(default_factory=dict)
    everyone: Answer = DENIED

    def __post_init__(self) -> None:
        object.__setattr__(self, "found", MappingProxyType(dict(self.found)))

    def answer(self, identifier: str) -> Answer:
        """The answer for the subject of this id."""
        return self.found.get(identifier, self.everyone)
