"""The filter log: for every statement who asked, which declarations applied, the SQL, the rows and the time.

It goes to logger ``rowgate.security``: authorised statements at INFO, refused statements and trusted sessions at
WARNING. What a record says is put into words only when a handler writes it, so a logger that is off costs one test.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Final, Literal, TypeAlias

from rowgate.audit.lines import Line, as_table, lines_of, verbs
from rowgate.audit.plain import clean, name, names
from rowgate.audit.sql import sql_text
from rowgate.enforce import ActionRecord, RelationshipRecord, StatementRecord, TrustedRecord
from rowgate.policy import Decision
from rowgate.policy.actions import ActionRule
from rowgate.policy.texts import TextCondition
from rowgate.zed import Relationship

__all__ = ["LOGGER", "FilterLog", "Form"]

LOGGER: Final = "rowgate.security"
"""The logger's name."""

Form: TypeAlias = Literal["text", "json"]


class FilterLog:
    """Writes every record of a gate to the log: ``Gate(..., observers=[FilterLog()])``.

    Args:
        format: ``text``, a block of lines for a reader, or ``json``, one line for a program. The fields are listed
            in ``docs/reference/filter-log.md``.
    """

    def __init__(self, *, format: Form = "text") -> None:  # noqa: A002 - the word that logging uses
        self.format = format
        self._logger = logging.getLogger(LOGGER)

    def statement(self, record: StatementRecord) -> None:
        level = logging.INFO if record.refused is None else logging.WARNING
        if self._logger.isEnabledFor(level):
            self._logger.log(level, "%s", _Statement(record, self.format))

    def trusted(self, record: TrustedRecord) -> None:
        if self._logger.isEnabledFor(logging.WARNING):
            self._logger.log(logging.WARNING, "%s", _Trusted(record, self.format))

    def action(self, record: ActionRecord) -> None:
        level = logging.INFO if record.refused is None else logging.WARNING
        if self._logger.isEnabledFor(level):
            self._logger.log(level, "%s", _Action(record, self.format))

    def relationship(self, record: RelationshipRecord) -> None:
        level = logging.INFO if record.refused is None else logging.WARNING
        if self._logger.isEnabledFor(level):
            self._logger.log(level, "%s", _Shared(record, self.format))


class _Message(ABC):
    """A log message that is put into words when it is written, once for all handlers.

    An error in doing so is then the logging system's to handle: it never reaches the statement.
    """

    def __init__(self, form: Form) -> None:
        self.form = form
        self.time = dt.datetime.now(dt.UTC)

    @cached_property
    def _words(self) -> str:
        return json.dumps(self.as_dict()) if self.form == "json" else "\n".join(self.as_lines())

    def __str__(self) -> str:
        return self._words

    @abstractmethod
    def as_dict(self) -> dict[str, Any]: ...

    @abstractmethod
    def as_lines(self) -> list[str]: ...


class _Statement(_Message):
    def __init__(self, record: StatementRecord, form: Form) -> None:
        super().__init__(form)
        self.record = record

    def as_lines(self) -> list[str]:
        record = self.record
        who = _who(record.principal.id, record.roles, record.actor)
        lines = blocks(who, record.decisions, self._lines())
        if record.refused is not None:
            lines[0] += " refused"
        if record.sent is not None:
            lines.append(f"  {sql_text(record.sent, brief=True)}")
        rows = f"{record.rows:,} row{'' if record.rows == 1 else 's'}"
        result = rows if record.refused is None else clean(record.refused).rstrip(".")
        where = f", database {record.database}" if record.database is not None else ""
        lines.append(f"  {result}, {record.milliseconds:.1f} ms{where}{_request(record.request_id)}")
        return lines

    def as_dict(self) -> dict[str, Any]:
        record = self.record
        return {
            "event": "statement" if record.refused is None else "refused",
            "time": self.time.isoformat(timespec="milliseconds"),
            **statement_dict(record),
        }

    def _lines(self) -> list[list[Line]]:
        claims = self.record.principal.claims()
        return [lines_of(decision, claims) for decision in self.record.decisions]


class _Trusted(_Message):
    def __init__(self, record: TrustedRecord, form: Form) -> None:
        super().__init__(form)
        self.record = record

    def as_lines(self) -> list[str]:
        record = self.record
        source = clean(record.source)
        return [f"TRUSTED session, every row: {clean(record.reason)}  {source}{_request(record.request_id)}"]

    def as_dict(self) -> dict[str, Any]:
        return {
            "event": "trusted",
            "time": self.time.isoformat(timespec="milliseconds"),
            "request_id": self.record.request_id,
            "reason": self.record.reason,
            "source": self.record.source,
        }


class _Shared(_Message):
    def __init__(self, record: RelationshipRecord, form: Form) -> None:
        super().__init__(form)
        self.record = record

    def as_lines(self) -> list[str]:
        record = self.record
        who = _who(record.principal.id, record.roles, record.actor)
        verb = record.change.value.upper()
        if record.refused is None:
            return [f"{who} {verb} {clean(_line(record.relationship))}{_request(record.request_id)}"]
        refused = clean(record.refused).rstrip(".")
        return [
            f"{who} {verb} {clean(_line(record.relationship))} refused",
            f"  {refused}{_request(record.request_id)}",
        ]

    def as_dict(self) -> dict[str, Any]:
        record = self.record
        return {
            "event": "relationship" if record.refused is None else "relationship_refused",
            "time": self.time.isoformat(timespec="milliseconds"),
            "request_id": record.request_id,
            "principal": record.principal.id,
            "roles": sorted(record.roles),
            "actor": record.actor,
            "change": record.change.value,
            "relationship": _line(record.relationship),
            "refused": record.refused,
        }


class _Action(_Message):
    def __init__(self, record: ActionRecord, form: Form) -> None:
        super().__init__(form)
        self.record = record

    def as_lines(self) -> list[str]:
        record = self.record
        who = _who(record.principal.id, record.roles, record.actor)
        end = _request(record.request_id)
        if record.refused is not None:
            return [f"{who} ACTION {name(record.action)} refused", f"  {clean(record.refused).rstrip('.')}{end}"]
        lines = [f"{who} ACTION {name(record.action)}{end}"]
        if record.superuser:
            lines.append("  + superuser      every row")
        rows = [("|", f"action {names(rule.roles)}", self._says(rule), str(rule.source)) for rule in record.rules]
        return lines + as_table(rows, indents=["  "] * len(rows))

    def as_dict(self) -> dict[str, Any]:
        record = self.record
        return {
            "event": "action" if record.refused is None else "action_refused",
            "time": self.time.isoformat(timespec="milliseconds"),
            "request_id": record.request_id,
            "principal": record.principal.id,
            "roles": sorted(record.roles),
            "actor": record.actor,
            "action": record.action,
            "superuser": record.superuser,
            "rules": [
                {"roles": sorted(rule.roles), "says": self._says(rule), "source": str(rule.source)}
                for rule in record.rules
            ],
            "refused": record.refused,
        }

    @staticmethod
    def _says(rule: ActionRule) -> str:
        """In words: the condition is built for the entity that the operation asks for, which is later."""
        if rule.where is None:
            rows = "every row"
        elif isinstance(rule.where, TextCondition):
            rows = clean(str(rule.where))
        else:
            rows = clean(" ".join((getattr(rule.where, "__doc__", None) or "some rows").split()))
        return f"{rows}  # {clean(rule.reason)}" if rule.reason else rows


def _line(relationship: Relationship) -> str:
    """A relationship as a line; a context that is no JSON, which is refused for it, without its caveat."""
    try:
        return str(relationship)
    except (TypeError, ValueError):
        return str(replace(relationship, caveat=None, context={}))


def blocks(who: str, decisions: Sequence[Decision], lines: Sequence[Sequence[Line]]) -> list[str]:
    """A header, then the declarations of each decision; those after the first are indented under their own header.

    Args:
        who: the principal, for the header.
        decisions: the one of the header first.
        lines: those of each decision.
    """
    if not decisions:
        return [f"{who} READ of link tables only"]
    rows: list[tuple[str, str, str, str]] = []
    indents: list[str] = []
    for index, made in enumerate(lines):
        for line in made:
            rows.append((line.mark, line.label, line.text, line.place))
            indents.append("  " if index == 0 else "    ")
    written = iter(as_table(rows, indents=indents))
    block: list[str] = []
    for index, (decision, made) in enumerate(zip(decisions, lines, strict=True)):
        what = f"{decision.access.name} {decision.entity.__name__}"
        block.append(f"{who} {what}" if index == 0 else f"  and {what}")
        block += [next(written) for _ in made]
    return block


def statement_dict(record: StatementRecord) -> dict[str, Any]:
    """A statement for JSON: who asked for what, what decided, the SQL, and what came of it."""
    claims = record.principal.claims()
    # Who has but one database has no use for its name.
    where = {} if record.database is None else {"database": record.database}
    return {
        **where,
        "request_id": record.request_id,
        "principal": record.principal.id,
        "roles": sorted(record.roles),
        "actor": record.actor,
        "access": record.access.name,
        "entity": record.decisions[0].entity.__name__ if record.decisions else None,
        "decisions": [decision_dict(each, lines_of(each, claims)) for each in record.decisions],
        "sql": sql_text(record.sent) if record.sent is not None else None,
        "rows": record.rows,
        "milliseconds": round(record.milliseconds, 3),
        "refused": record.refused,
    }


def decision_dict(decision: Decision, lines: Sequence[Line]) -> dict[str, Any]:
    """A decision ready for JSON."""
    return {
        "entity": decision.entity.__name__,
        "access": decision.access.name,
        "refused": decision.refused,
        "by": decision.by,
        "default": verbs(decision.holder.default),
        "declarations": [line.as_dict() for line in lines],
    }


def _who(principal_id: str, roles: Iterable[str], actor: str | None) -> str:
    viewer = f"{name(actor)} as " if actor is not None else ""
    return f"{viewer}{name(principal_id)} [{names(roles)}]"


def _request(request_id: str | None) -> str:
    return f", request {name(request_id)}" if request_id is not None else ""
