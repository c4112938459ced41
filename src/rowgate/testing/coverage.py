"""Coverage of a policy: for each declaration, whether a test would fail if its line were deleted.

That is asked, not guessed: each expectation that holds is held once more against the same database with the policy
less that one line, until one fails. Such a line is decisive. Only expectations of users whom the line is about are
tried, those on its entity first, so a line that is covered mostly takes one or two of them. What is built for the other
lines is shared (see ``Gate.without``), so that taking a line away costs no more than asking.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from rowgate.enforce import Gate
from rowgate.policy import Policy
from rowgate.policy.actions import ActionRule
from rowgate.policy.declarations import GlobalFilter, Grant, Permission
from rowgate.policy.fields import FieldRule
from rowgate.testing.cases import ActionDeed, Check, Seen
from rowgate.testing.gates import entity_of
from rowgate.testing.judging import judge
from rowgate.testing.running import Result
from rowgate.types import Principal

__all__ = ["Coverage", "Covered", "Line", "lines_of", "measure"]

Line: TypeAlias = Permission | GlobalFilter | Grant | FieldRule | ActionRule


@dataclass(frozen=True, kw_only=True)
class Covered:
    """One declaration, and the test that would fail without it.

    Attributes:
        by: ``file:line`` of the expectation; None where the declaration was never decisive.
    """

    line: Line
    by: str | None

    @property
    def label(self) -> str:
        """What the declaration is, in a few words: ``grant Customer sales``."""
        match self.line:
            case Permission(role=role, access=access):
                return f"permission {role}: {access.words}"
            case Grant(permission=str(permission), entity=entity, role=role):
                return f"relation grant {entity.__name__} {permission}{f' {role}' if role else ''}"
            case Grant(entity=entity, role=role):
                return f"grant {entity.__name__} {role or 'everyone'}"
            case GlobalFilter(shape=shape):
                return f"global filter {shape.__name__}"
            case FieldRule(kind=kind, entity=entity, columns=columns):
                return f"{kind} {entity.__name__} {', '.join(columns)}"
            case ActionRule(name=name, roles=roles):
                return f"action {name} {', '.join(sorted(roles))}"


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """Every declaration of a policy, in the order of its file."""

    lines: tuple[Covered, ...]

    @property
    def decisive(self) -> int:
        return sum(each.by is not None for each in self.lines)

    @property
    def percent(self) -> float:
        """0 to 100; a policy that declares nothing is covered."""
        return 100 * self.decisive / len(self.lines) if self.lines else 100.0


def lines_of(policy: Policy[Any]) -> list[Line]:
    """The declarations that coverage is about, in the order of the file."""
    lines: list[Line] = [
        *policy.permissions,
        *policy.global_filters,
        *policy.grants,
        *policy.field_rules,
        *policy.actions,
    ]
    return sorted(lines, key=lambda line: (line.source.file, line.source.line))


def measure(policy: Policy[Any], results: Iterable[Result]) -> Coverage:
    """Find out which declarations are decisive.

    Args:
        policy: the declarations.
        results: of tests that ran; expectations that do not hold count for nothing.
    """
    held = [_Held(result, check) for result in results for check in result.held]
    return Coverage(lines=tuple(Covered(line=line, by=_decided_by(policy, line, held)) for line in lines_of(policy)))


@dataclass(frozen=True)
class _Held:
    result: Result
    check: Check

    @property
    def entity(self) -> type | None:
        return entity_of(self.check)

    @property
    def acts(self) -> bool:
        return not isinstance(self.check, Seen) and isinstance(self.check.deed, ActionDeed)


def _decided_by(policy: Policy[Any], line: Line, held: list[_Held]) -> str | None:
    without: dict[int, Gate] = {}
    for each in _in_order(policy, line, held):
        trial = each.result.trial
        asked = trial.gates.of(each.check)
        gate = without.get(id(asked))
        if gate is None:
            gate = without[id(asked)] = asked.without(line)
        if judge(gate, trial.principal, each.check, explain=False) is not None:
            return f"{trial.file.path}:{each.check.line}"
    return None


def _in_order(policy: Policy[Any], line: Line, held: list[_Held]) -> Iterator[_Held]:
    """The expectations that the line has a bearing on; those that are most likely to fail without it first."""
    entity = line.entity if isinstance(line, Grant | FieldRule) else None
    near = [each for each in held if _concerns(policy, line, each.result.trial.principal)]
    if isinstance(line, ActionRule):
        yield from (each for each in near if each.acts)
        return
    yield from (each for each in near if each.entity is entity)
    yield from (each for each in near if each.entity is not entity)


def _concerns(policy: Policy[Any], line: Line, principal: Principal) -> bool:
    """Whether the policy less the line could answer this user otherwise; by the algebra, it goes by roles alone."""
    roles = policy.effective_roles(principal)
    if policy.superuser in roles:
        return False
    match line:
        case Permission(role=role) | Grant(role=role):
            return role is None or role in roles
        case GlobalFilter(exempt=exempt, only=only):
            return exempt.isdisjoint(roles) and (only is None or not only.isdisjoint(roles))
        case FieldRule(unless=unless):
            return unless.isdisjoint(roles)
        case ActionRule(roles=named):
            return not named.isdisjoint(roles)
