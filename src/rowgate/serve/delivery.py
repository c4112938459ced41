"""Delivers events from within a process of the server: one thread, which ends with the process."""

from __future__ import annotations

import threading
from typing import Final

from rowgate.opened import OpenProject
from rowgate.outbox import webhook_worker

__all__ = ["Delivery"]

_LONGEST_END: Final = 20.0
"""Seconds that a stop waits for what is being delivered: longer than an attempt takes."""


class Delivery:
    """The worker of one process. Made before the processes are, so that a missing secret stops the start.

    Args:
        opened: the project.

    Raises:
        SettingRefused: a webhook's secret is missing.
    """

    def __init__(self, opened: OpenProject) -> None:
        self._worker = webhook_worker(opened.gate.plain_engine, opened.project.webhooks)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, in the process that is to deliver."""
        self._thread = threading.Thread(
            target=self._worker.follow, args=[self._stop], name="rowgate-events", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End; an event that is not settled by then is delivered again by whoever comes next."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_LONGEST_END)
