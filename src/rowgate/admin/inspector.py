"""The policy inspector: which declarations give a user the rows they see, and why one row is seen or not.

What it tells goes by the real user, also while they view the rows as somebody else. Whoever may only ask *why* is told
about themselves, and of a row that is hidden no more than of one that is not there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, request
from sqlalchemy import Select, func, select

from rowgate import web
from rowgate.admin.answers import known_only, needed, resource_named, sent, verb_named
from rowgate.admin.meta import identity
from rowgate.api.resources import ResourceType
from rowgate.api.service import Service
from rowgate.audit import Explanation, explain_row
from rowgate.audit.lines import Line, lines_of, verbs
from rowgate.audit.sql import sql_text
from rowgate.auth import Auth
from rowgate.enforce import Gate, SecureSession
from rowgate.errors import InspectorRefused, NoSuchUser, RowNotFound
from rowgate.policy import Decision
from rowgate.policy.algebra import GrantVerdict
from rowgate.types import Access, Principal

__all__ = ["Inspector"]

_COMBINE = {"+": "and", "|": "or", "~": "columns", "-": None}


@dataclass(frozen=True, kw_only=True)
class Inspector:
    """Answers the questions of the inspector's pages.

    Args:
        gate: the policy and the rows.
        service: the exposed types.
        auth: knows the users, and who may ask.
    """

    gate: Gate
    service: Service
    auth: Auth

    def policy(self) -> Response:
        """What the declarations come to for one user, type and verb.

        Raises:
            InspectorRefused: the user may not ask this.
            NoSuchUser: ``as`` names nobody.
        """
        known_only("resource", "as", "access")
        resource, access = resource_named(self.service.resources), verb_named()
        subject, everything = self._subject()
        holder = self.gate.bound.holder(subject)
        decision = self.gate.bound.decide(holder, resource.entity, access)
        lines = lines_of(decision, subject.claims())
        document: dict[str, Any] = {
            "principal": identity(subject),
            "resource": resource.name,
            "access": access.name,
            "refused": decision.refused,
            "by": decision.by,
            "default": verbs(holder.default),
            "declarations": [_line(line) for line in lines],
            "condition": None if decision.refused else _condition(lines),
            "sql": None,
            "rows": {"with": 0 if access is not Access.INSERT else None, "without": None},
        }
        with self._session(subject) as session:
            if not session.decide(resource.entity, Access.READ).refused:
                document["sql"] = self._sql(session, resource)
                document["rows"]["with"] = self._count(session, resource, decision)
        if everything:
            with self.gate.trusted(
                reason=f"inspector: rows of {resource.name}", request_id=web.request_id()
            ) as trusted:
                document["rows"]["without"] = trusted.scalar(_counted(resource))
        return sent(document)

    def row(self) -> Response:
        """Each declaration tried on one row.

        Raises:
            InspectorRefused, NoSuchUser: as `policy`.
            RowNotFound: the user may only ask about visible rows, and this is none.
        """
        known_only("resource", "id", "as", "access")
        resource, access, identifier = resource_named(self.service.resources), verb_named(), needed("id")
        subject, everything = self._subject()
        key = resource.key_of(identifier)
        if key is None or (not everything and not self._sees(subject, resource, key)):
            raise RowNotFound.of(resource.name)
        found = explain_row(self.gate, subject, resource.entity, key, access, request_id=web.request_id())
        # Whether a condition that gives nothing holds may tell of a value that a field rule hides.
        hiding = self.gate.bound.decide(self.gate.bound.holder(subject), resource.entity, Access.READ).fields.open_in
        veiled = bool(hiding) and not everything
        return sent(self._trace(found, identifier, veiled=veiled) | {"principal": identity(subject)})

    def refuse_unless_why(self) -> None:
        """Refuse whoever may not ask why.

        Raises:
            InspectorRefused: the user may not.
        """
        if not self.auth.powers.why(web.caller().real):
            raise InspectorRefused("You may not ask why.")

    def _subject(self) -> tuple[Principal, bool]:
        """Whom the question is about, and whether the asker may learn everything.

        Raises:
            InspectorRefused: the asker may not ask, or not about this user.
            NoSuchUser: there is no such user.
        """
        self.refuse_unless_why()
        caller = web.caller()
        name = request.args.get("as") or caller.principal.id
        everything = self.auth.powers.inspect(caller.real)
        if name != caller.real.id and not everything:
            raise InspectorRefused("You may ask about yourself only.")
        if name == caller.principal.id:
            return caller.principal, everything
        found = self.auth.provider.principal(name)
        if found is None:
            raise NoSuchUser("There is no such user.")
        return found, everything

    def _session(self, subject: Principal) -> SecureSession:
        real = web.caller().real
        return self.gate.session(
            subject,
            request_id=web.request_id(),
            actor=real.id if real.id != subject.id else None,
            verbs=Access.READ,
        )

    def _sees(self, subject: Principal, resource: ResourceType, key: tuple[Any, ...]) -> bool:
        with self._session(subject) as session:
            if session.decide(resource.entity, Access.READ).refused:
                return False
            here = [part.of == value for part, value in zip(resource.key, key, strict=True)]
            return session.execute(select(*(part.of for part in resource.key)).where(*here)).first() is not None

    def _sql(self, session: SecureSession, resource: ResourceType) -> str | None:
        """The statement that reads every visible row, as the driver gets it: it is sent, and no row is fetched."""
        session.execute(select(resource.entity).execution_options(yield_per=1)).close()
        return sql_text(session.sent) if session.sent is not None else None

    def _count(self, session: SecureSession, resource: ResourceType, decision: Decision) -> int | None:
        """How many rows the verb may touch; None for INSERT, which touches none that is there."""
        if decision.access is Access.INSERT:
            return None
        if decision.refused:
            return 0
        if decision.access is Access.READ or decision.rows is None:
            return session.scalar(_counted(resource)) or 0
        # The rows of another verb, among those that are visible; with its author's authority, as when it is used.
        visible = session.decide(resource.entity, Access.READ).condition
        statement = _counted(resource).where(*(part for part in (visible, decision.rows) if part is not None))
        with self.gate.trusted(
            reason=f"inspector: {decision.access.name} {resource.name}", request_id=web.request_id()
        ) as trusted:
            return trusted.scalar(statement, session.gate.bound.values(session.principal, trusted.connection())) or 0

    def _trace(self, found: Explanation, identifier: str, *, veiled: bool) -> dict[str, Any]:
        parts = []
        for part in found.parts:
            steps = []
            for step in part.steps:
                made = _line(step.line) | {"holds": step.holds, "effect": step.effect}
                if veiled and step.effect == "does not match":
                    made |= {"holds": None, "effect": "does not count"}
                steps.append(made)
            parts.append(part.as_dict() | {"declarations": steps})
        return {
            "resource": found.entity,
            "id": identifier,
            "access": found.access.name,
            "exists": found.exists,
            "allowed": found.allowed,
            "verdict": found.verdict,
            "parts": parts,
        }


def _line(line: Line) -> dict[str, Any]:
    return line.as_dict() | {"combine": _COMBINE[line.mark]}


def _condition(lines: list[Line]) -> str | None:
    """The condition in the words of the declarations; None for every row."""
    filters = [line.says for line in lines if line.mark == "+" and line.kind == "global filter"]
    grants = [line for line in lines if line.mark == "|"]
    given = [line.says for line in grants]
    # A grant without a condition gives every row, and those beside it nothing more.
    if given and not any(isinstance(line.verdict, GrantVerdict) and line.verdict.sql is None for line in grants):
        filters.insert(0, f"({' | '.join(given)})" if len(given) > 1 and filters else " | ".join(given))
    return " & ".join(filters) or None


def _counted(resource: ResourceType) -> Select[Any]:
    return select(func.count()).select_from(resource.entity)
