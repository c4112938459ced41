"""The outbox as a queue: events are put, claimed for a while, and then done with, put off, or put aside as dead.

A claim is a lease: the row says who delivers it until when, and nobody holds a transaction or a lock while a receiver
thinks. Two workers never claim one event (SKIP LOCKED on PostgreSQL; on SQLite claims take turns), and whoever lost its
lease cannot settle the event any more. An event is delivered at least once: a worker that dies after the receiver got
an event and before it said so leads to a second delivery, under the same message id.

Of one topic and key only the oldest pending event can be claimed, so a key's events arrive in the order they were
written, one at a time. A dead event does not hold up those after it.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, and_, case, delete, exists, func, insert, or_, select, update

from rowgate.databases import BEGIN_MODE
from rowgate.outbox.table import DEAD, OUTBOX, PENDING

__all__ = ["Event", "Outbox", "OutboxCounts", "new_row"]

_columns = OUTBOX.c
_LONGEST_ERROR = 200


@dataclass(frozen=True, kw_only=True)
class Event:
    """One row of the outbox.

    Attributes:
        id: its place in the order; never given twice.
        message_id: names the event to receivers, the same at every attempt.
        topic: whose event it is.
        key: events of one topic and key keep their order.
        payload: what it says.
        state: ``pending`` or ``dead``.
        created_at: when it was written, in seconds since 1970.
        due_at: not sent before.
        attempts: how often it was claimed.
        last_error: why the last attempt failed.
        lease: of who claimed it.
    """

    id: int
    message_id: str
    topic: str
    key: str
    payload: Any
    state: str
    created_at: float
    due_at: float
    attempts: int
    last_error: str | None
    lease: str | None


@dataclass(frozen=True, kw_only=True)
class OutboxCounts:
    """How many events of a topic there are."""

    pending: int
    dead: int
    oldest: float | None
    """When the oldest pending one was written."""


def new_row(*, topic: str, key: str, payload: Mapping[str, Any], now: float) -> dict[str, Any]:
    """The values of a new event, for an ``insert(OUTBOX)`` in the transaction of the change.

    Args:
        topic: whose event it is, at most 100 characters.
        key: events of one topic and key keep their order; a long one is cut to 500 characters.
        payload: ready for JSON.
        now: seconds since 1970.
    """
    return {
        "message_id": f"msg_{uuid.uuid4().hex}",
        "topic": topic,
        "key": key[:500],
        "payload": json.dumps(payload, separators=(",", ":")),
        "state": PENDING,
        "created_at": now,
        "due_at": now,
        "attempts": 0,
    }


class Outbox:
    """The outbox of one database.

    Args:
        engine: a plain one.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # On SQLite whoever is going to write takes its turn at the beginning.
        self._writing = engine.execution_options(**{BEGIN_MODE: "IMMEDIATE"})

    def put(self, connection: Connection, *, topic: str, key: str, payload: Mapping[str, Any]) -> None:
        """Write an event in the transaction of a connection."""
        connection.execute(insert(OUTBOX), [new_row(topic=topic, key=key, payload=payload, now=time.time())])

    def claim(self, topics: Collection[str], *, most: int, seconds: float) -> list[Event]:
        """Claim events that are due: the oldest of each key.

        Args:
            topics: whose events.
            most: how many at most.
            seconds: how long the claim holds.
        """
        now, lease = time.time(), uuid.uuid4().hex
        older = OUTBOX.alias("older")
        is_head = ~exists().where(
            older.c.topic == _columns.topic,
            older.c.key == _columns.key,
            older.c.state == PENDING,
            older.c.id < _columns.id,
        )
        free = or_(_columns.leased_until.is_(None), _columns.leased_until < now)
        due = (
            select(_columns.id)
            .where(_columns.state == PENDING, _columns.due_at <= now, free, _columns.topic.in_(list(topics)), is_head)
            .order_by(_columns.due_at, _columns.id)
            .limit(most)
            .with_for_update(skip_locked=True, of=OUTBOX)
        )
        with self._writing.begin() as connection:
            ids = connection.scalars(due).all()
            if not ids:
                return []
            connection.execute(
                update(OUTBOX)
                .where(_columns.id.in_(ids))
                .values(lease=lease, leased_until=now + seconds, attempts=_columns.attempts + 1)
            )
            rows = connection.execute(select(OUTBOX).where(_columns.id.in_(ids)).order_by(_columns.id)).all()
        return [_event(row) for row in rows]

    def done(self, event: Event) -> bool:
        """Remove an event that was delivered; False where the claim had run out and is somebody else's."""
        with self._writing.begin() as connection:
            return connection.execute(delete(OUTBOX).where(_held(event))).rowcount == 1

    def put_off(self, event: Event, *, until: float, error: str) -> bool:
        """Let an event wait for another attempt; False as above."""
        return self._settle(event, due_at=until, error=error, state=PENDING)

    def put_aside(self, event: Event, *, error: str) -> bool:
        """Give an event up as dead; False as above."""
        return self._settle(event, due_at=event.due_at, error=error, state=DEAD)

    def listed(self, *, state: str | None = None, topic: str | None = None, most: int = 100) -> list[Event]:
        """Events as they stand, oldest first."""
        wanted = select(OUTBOX).order_by(_columns.id).limit(most)
        if state is not None:
            wanted = wanted.where(_columns.state == state)
        if topic is not None:
            wanted = wanted.where(_columns.topic == topic)
        with self._engine.connect() as connection:
            return [_event(row) for row in connection.execute(wanted)]

    def counts(self) -> dict[str, OutboxCounts]:
        """How many events there are, by topic."""
        pending = _columns.state == PENDING
        wanted = select(
            _columns.topic,
            func.count(case((pending, 1))),
            func.count(case((_columns.state == DEAD, 1))),
            func.min(case((pending, _columns.created_at))),
        ).group_by(_columns.topic)
        with self._engine.connect() as connection:
            return {
                topic: OutboxCounts(pending=waiting, dead=dead, oldest=oldest)
                for topic, waiting, dead, oldest in connection.execute(wanted)
            }

    def requeue(self, ids: Sequence[int] | None = None) -> list[int]:
        """Let dead events be sent again, at once and with all their attempts.

        Args:
            ids: which; None for every dead one.

        Returns:
            Those that were dead, and are pending now.
        """
        chosen = _columns.state == DEAD
        if ids is not None:
            chosen = and_(chosen, _columns.id.in_(list(ids)))
        with self._writing.begin() as connection:
            found = list(connection.scalars(select(_columns.id).where(chosen).order_by(_columns.id).with_for_update()))
            connection.execute(
                update(OUTBOX)
                .where(_columns.id.in_(found))
                .values(state=PENDING, due_at=time.time(), attempts=0, lease=None, leased_until=None)
            )
        return found

    def _settle(self, event: Event, *, due_at: float, error: str, state: str) -> bool:
        values = {"state": state, "due_at": due_at, "last_error": error[:_LONGEST_ERROR], "lease": None}
        with self._writing.begin() as connection:
            settled = update(OUTBOX).where(_held(event)).values(leased_until=None, **values)
            return connection.execute(settled).rowcount == 1


def _held(event: Event) -> Any:
    return and_(_columns.id == event.id, _columns.lease == event.lease)


def _event(row: Any) -> Event:
    return Event(
        id=row.id,
        message_id=row.message_id,
        topic=row.topic,
        key=row.key,
        payload=json.loads(row.payload),
        state=row.state,
        created_at=row.created_at,
        due_at=row.due_at,
        attempts=row.attempts,
        last_error=row.last_error,
        lease=row.lease,
    )
