"""What the principal of a session may do to one object, by the relationship schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from rowgate.errors import CaveatFailed
from rowgate.relations.answers import ALLOWED, DENIED, Answer, Verdict
from rowgate.relations.graph import Graph
from rowgate.zed.relationships import ObjectRef, SubjectRef

if TYPE_CHECKING:
    from rowgate.enforce.session import SecureSession

__all__ = ["answers", "subjects_of"]

_WORST_FIRST: Final = (Verdict.DENIED, Verdict.UNDEFINED, Verdict.CONDITIONAL)


def subjects_of(session: SecureSession) -> tuple[SubjectRef, ...]:
    """Who the principal is in the schema: itself first, then those it acts for or who act for it. None: nobody."""
    relations = session.gate.bound.relationships()
    own = relations.subject_of(session.principal)
    if own is None:
        return ()
    return (own, *(found for each in relations.subjects[1:] if (found := each.of(session.principal)) is not None))


def answers(
    session: SecureSession,
    resource: ObjectRef,
    permissions: Iterable[str],
    *,
    context: Mapping[str, object] | None = None,
    now: datetime | None = None,
) -> dict[str, Answer]:
    """The principal's permissions on an object; where it acts for somebody, what both of them have.

    Args:
        session: whose principal is meant; what it has flushed counts.
        resource: the object; there need be none.
        permissions: permissions or relations of its type.
        context: for caveats; what the principal brings along when left out.
        now: the moment at which expiry is looked at; the present one when left out.

    Raises:
        UnknownPermission: the schema has no such type or permission.
    """
    relations = session.gate.bound.relationships()
    graph = session.graph
    known = relations.context(session.principal) if context is None else context
    subjects = subjects_of(session)
    found: dict[str, Answer] = {}
    for name in permissions:
        graph.compiled.node(resource.type, name)
        each = [_check(graph, resource, name, subject, known, now) for subject in subjects]
        found[name] = _both(each) if each else DENIED
    return found


def _check(
    graph: Graph,
    resource: ObjectRef,
    name: str,
    subject: SubjectRef,
    context: Mapping[str, object],
    now: datetime | None,
) -> Answer:
    try:
        return graph.check(resource, name, subject, context=context, now=now)
    except CaveatFailed as failed:
        return Answer(Verdict.CONDITIONAL, faults=(failed.detail,))


def _both(found: list[Answer]) -> Answer:
    """What all of them come to: the worst of the answers, with all that is missing for it."""
    for verdict in _WORST_FIRST:
        those = [each for each in found if each.verdict is verdict]
        if those:
            missing = frozenset(name for each in those for name in each.missing)
            return Answer(verdict, missing, tuple(fault for each in those for fault in each.faults))
    return ALLOWED
