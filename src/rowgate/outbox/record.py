"""Writes an event for each change that a webhook asks for, in the flush and so in the transaction of the change.

It reads the rows back as the database has them, with every row in its sight: what rules derived and the database filled
in is in the event, and a savepoint that is rolled back takes its events along.
"""

from __future__ import annotations

import datetime as dt
import enum
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from rowgate.enforce.keys import any_of, chunks, identity_columns
from rowgate.mapped import mapper_of
from rowgate.outbox.store import new_row
from rowgate.outbox.table import OUTBOX
from rowgate.types import Access
from rowgate.webhooks import Webhook

__all__ = ["Recorder"]

Key = tuple[Any, ...]
_VERBS: Mapping[Access, str] = {Access.INSERT: "insert", Access.UPDATE: "update", Access.DELETE: "delete"}


class Recorder:
    """Records the changes that webhooks ask for.

    Args:
        webhooks: of the project.
    """

    def __init__(self, webhooks: Sequence[Webhook]) -> None:
        self._of: dict[type, list[Webhook]] = defaultdict(list)
        for webhook in webhooks:
            self._of[webhook.entity].append(webhook)

    @property
    def recorded(self) -> frozenset[type]:
        """The entities whose changes are recorded."""
        return frozenset(self._of)

    def after_flush(self, session: Session, context: Any) -> None:
        """Record a flush that has sent its statements.

        Args:
            session: whose flush it is; its statements must see every row.
            context: SQLAlchemy's flush context.
        """
        rows = [
            row
            for entity, changed in self._changed(session, context).items()
            for row in self._rows(session, entity, changed)
        ]
        if rows:
            session.execute(insert(OUTBOX), rows)

    def _changed(
        self, session: Session, context: Any
    ) -> dict[type, list[tuple[Access, Key, Key | None, frozenset[str]]]]:
        """Per entity the rows of the flush: verb, key, the key before where it was another, and what changed."""
        new = session.new
        found: dict[type, list[tuple[Access, Key, Key | None, frozenset[str]]]] = defaultdict(list)
        for state, (is_deleted, is_only_listed) in context.states.items():
            obj = state.obj()
            entity = next((each for each in state.mapper.class_.__mro__ if each in self._of), None)
            if is_only_listed or obj is None or entity is None:
                continue
            if is_deleted:
                if state.identity is not None:
                    found[entity].append((Access.DELETE, tuple(state.identity), None, frozenset()))
                continue
            key = tuple(state.mapper.primary_key_from_instance(obj))
            if obj in new:
                found[entity].append((Access.INSERT, key, None, frozenset()))
                continue
            changed = frozenset(
                name
                for name in state.mapper.column_attrs.keys()  # noqa: SIM118 - not a dict
                # What an SQL expression gave is expired by now: it may have changed.
                if name in state.expired_attributes or (name in state.dict and state.attrs[name].history.has_changes())
            )
            before = tuple(state.identity)
            found[entity].append((Access.UPDATE, key, before if before != key else None, changed))
        return found

    def _rows(
        self, session: Session, entity: type, changes: Sequence[tuple[Access, Key, Key | None, frozenset[str]]]
    ) -> Iterator[dict[str, Any]]:
        wanted = [
            (webhook, verb, key, before)
            for verb, key, before, changed in changes
            for webhook in self._of[entity]
            if verb in webhook.on and _concerns(webhook, verb, before, changed)
        ]
        values = self._read(session, entity, [key for _, verb, key, _ in wanted if verb is not Access.DELETE])
        now = time.time()
        names = [column.key for column in identity_columns(entity)]
        for webhook, verb, key, before in wanted:
            data: dict[str, Any] = {"type": entity.__name__, "key": _named(names, key)}
            if before is not None:
                data["previous_key"] = _named(names, before)
            if verb is not Access.DELETE:
                data["attributes"] = {name: values[key][name] for name in webhook.field_names}
            payload = {
                "type": f"{entity.__name__}.{_VERBS[verb]}",
                "timestamp": dt.datetime.fromtimestamp(now, dt.UTC).isoformat(timespec="milliseconds"),
                "data": data,
            }
            order = "/".join((entity.__name__, *(str(as_json(part)) for part in before or key)))
            yield new_row(topic=webhook.topic, key=order, payload=payload, now=now)

    def _read(self, session: Session, entity: type, keys: Sequence[Key]) -> dict[Key, dict[str, Any]]:
        """The declared fields of rows, as the database has them now: one statement for any number of rows."""
        mapper = mapper_of(entity)
        columns = identity_columns(entity)
        names = sorted({name for webhook in self._of[entity] for name in webhook.field_names})
        attributes = [mapper.column_attrs[name].class_attribute for name in names]
        found: dict[Key, dict[str, Any]] = {}
        for some in chunks(list(dict.fromkeys(keys))):
            for row in session.execute(select(*columns, *attributes).where(any_of(columns, list(some)))):
                key, values = tuple(row[: len(columns)]), row[len(columns) :]
                found[key] = {name: as_json(value) for name, value in zip(names, values, strict=True)}
        return found


def _concerns(webhook: Webhook, verb: Access, before: Key | None, changed: frozenset[str]) -> bool:
    return verb is not Access.UPDATE or before is not None or not changed.isdisjoint(webhook.field_names)


def _named(names: Sequence[Any], key: Key) -> dict[str, Any]:
    return {str(name): as_json(value) for name, value in zip(names, key, strict=True)}


def as_json(value: Any) -> Any:
    """A value as the payload has it: decimals as text, so that no reader rounds them; dates and times in ISO 8601."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case enum.Enum():
            return value.name
        case Decimal() | uuid.UUID():
            return str(value)
        case dt.date() | dt.time():
            return value.isoformat()
        case dt.timedelta():
            return value.total_seconds()
        case Mapping():
            return {str(key): as_json(each) for key, each in value.items()}
        case list() | tuple():
            return [as_json(each) for each in value]
        case _:
            raise TypeError(f"JSON has no form for a {type(value).__name__}")
