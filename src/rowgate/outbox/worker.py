"""Delivers what is in the outbox: claims events, hands each to the handler of its topic, and settles it.

An attempt that fails is repeated after 5 s, 10 s, 20 s and so on up to an hour, each shortened by a random part of up
to a half, so that a receiver that comes back is not met by everything at once. After its last attempt an event is dead:
it stays in the table, is listed by ``rowgate events ls`` and sent again by ``rowgate events requeue``.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from rowgate.outbox import signature
from rowgate.outbox.post import DeliveryFailed, post
from rowgate.outbox.store import Event, Outbox
from rowgate.settings import Secret
from rowgate.webhooks import Webhook

__all__ = ["Delivered", "DeliveryFailed", "Handler", "Worker", "webhook_worker"]

AT_ONCE: Final = 8
"""Events that one worker delivers at a time."""

ATTEMPT_SECONDS: Final = 15.0
LEASE_SECONDS: Final = 60.0
"""Longer than an attempt, by more than the clocks of two machines may differ."""

_FIRST_WAIT, _LONGEST_WAIT = 5.0, 3600.0
_log = logging.getLogger("rowgate.events")


class Handler(Protocol):
    """Delivers the events of one topic."""

    @property
    def attempts(self) -> int:
        """How often an event is tried."""

    def deliver(self, event: Event) -> None:
        """Deliver one event; may be called in any thread.

        Raises:
            DeliveryFailed: it was not taken.
        """


@dataclass
class Delivered:
    """What a drain came to."""

    delivered: int = 0
    failed: int = 0
    dead: int = 0


class Worker:
    """Delivers events. Any number of workers may work on one database.

    Args:
        outbox: of the database.
        handlers: by topic; events of other topics are left alone.
    """

    def __init__(self, outbox: Outbox, handlers: Mapping[str, Handler]) -> None:
        self._outbox = outbox
        self._handlers = dict(handlers)

    def drain(self, stop: threading.Event | None = None) -> Delivered:
        """Deliver what is due, until nothing is.

        Args:
            stop: when set, nothing more is claimed.
        """
        total = Delivered()
        with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="rowgate-events") as pool:
            while stop is None or not stop.is_set():
                claimed = self._outbox.claim(self._handlers, most=AT_ONCE, seconds=LEASE_SECONDS)
                if not claimed:
                    break
                for outcome in pool.map(self._attempt, claimed):
                    setattr(total, outcome, getattr(total, outcome) + 1)
        return total

    def follow(self, stop: threading.Event, *, pause: float = 1.0) -> None:
        """Deliver events as they come, until told to stop; what is being delivered then is settled.

        Args:
            stop: ends it.
            pause: seconds between two looks at an outbox that is empty.
        """
        while not stop.is_set():
            try:
                self.drain(stop)
            except SQLAlchemyError as error:
                # The database is away or busy; what was claimed is delivered again when its lease has run out.
                _log.warning("The outbox was not reached: %s.", type(error).__name__)
            stop.wait(pause)

    def _attempt(self, event: Event) -> str:
        handler = self._handlers[event.topic]
        try:
            handler.deliver(event)
        except DeliveryFailed as failure:
            return self._failed(event, failure, last=failure.final or event.attempts >= handler.attempts)
        if not self._outbox.done(event):
            _log.warning("Event %s of %s took so long that another worker has it too.", event.message_id, event.topic)
        _log.info("Delivered %s of %s, attempt %d.", event.message_id, event.topic, event.attempts)
        return "delivered"

    def _failed(self, event: Event, failure: DeliveryFailed, *, last: bool) -> str:
        said = (event.message_id, event.topic, event.attempts, failure.reason)
        if last:
            self._outbox.put_aside(event, error=failure.reason)
            _log.error("Event %s of %s is dead after %d attempts: %s.", *said)
            return "dead"
        self._outbox.put_off(event, until=time.time() + wait_after(event.attempts), error=failure.reason)
        _log.warning("Event %s of %s, attempt %d: %s.", *said)
        return "failed"


def wait_after(attempt: int) -> float:
    """Seconds to wait after an attempt, counted from 1."""
    longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** (attempt - 1))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - to spread out, not to keep secret


class _WebhookHandler:
    def __init__(self, webhook: Webhook, secrets: Sequence[Secret]) -> None:
        self._webhook, self._secrets = webhook, list(secrets)

    @property
    def attempts(self) -> int:
        return self._webhook.attempts

    def deliver(self, event: Event) -> None:
        body = json.dumps({**event.payload, "sequence": event.id}, separators=(",", ":")).encode()
        signed = signature.headers(self._secrets, message_id=event.message_id, timestamp=int(time.time()), body=body)
        post(self._webhook.url, body, signed, internal=self._webhook.internal, seconds=ATTEMPT_SECONDS)


def webhook_worker(engine: Engine, webhooks: Sequence[Webhook], *, environ: Mapping[str, str] | None = None) -> Worker:
    """The worker for a project's webhooks.

    Args:
        engine: a plain one, of the database that holds the rows.
        webhooks: of the project.
        environ: where their secrets are; ``os.environ`` when not given.

    Raises:
        SettingRefused: a secret is missing.
    """
    handlers = {
        webhook.topic: _WebhookHandler(webhook, signature.secrets_of(webhook.secret_env, environ))
        for webhook in webhooks
    }
    return Worker(Outbox(engine), handlers)
