"""Events out of the database: written in the transaction of the change, delivered after it by a worker.

The queue is a table beside the rows, ``rowgate_outbox``, so that a change and its event are committed together or not
at all. It is generic: a topic says whose event it is, a key which events keep their order. Webhooks are one topic each.
"""

from rowgate.outbox.record import Recorder
from rowgate.outbox.store import Event, Outbox, OutboxCounts
from rowgate.outbox.table import OUTBOX, create_outbox
from rowgate.outbox.worker import Delivered, DeliveryFailed, Handler, Worker, webhook_worker

__all__ = [
    "OUTBOX",
    "Delivered",
    "DeliveryFailed",
    "Event",
    "Handler",
    "Outbox",
    "OutboxCounts",
    "Recorder",
    "Worker",
    "create_outbox",
    "webhook_worker",
]
