"""Slows down the guessing of passwords: failed log-ins are counted in a sliding window, in bounded memory.

The window is the exact one: the times of the last N failures of a key; the N-th last being younger than the window
means wait. An attempt is counted *before* the password is looked at and taken back when it was right, so that many
requests at once cannot all slip through. Counts are kept per process.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rowgate.errors import Throttled

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Attempt", "Throttle"]

MOST_KEYS = 10_000
"""Keys that are remembered; beyond it, those longest without a failure are forgotten."""


@dataclass
class Attempt:
    """One log-in being looked at. Set ``succeeded`` when the credentials were right."""

    succeeded: bool = False


class Throttle:
    """Counts failed log-ins per (user name, address) and per address.

    Not per user name alone: that would let anyone lock a user out.

    Args:
        per_user: failures of one user name from one address within the window.
        per_address: failures from one address within the window.
        window: seconds.
        clock: seconds from any start, never going back.
        most_keys: how many keys of each kind are remembered.
    """

    def __init__(
        self,
        *,
        per_user: int,
        per_address: int,
        window: float,
        clock: Callable[[], float] = time.monotonic,
        most_keys: int = MOST_KEYS,
    ) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._pairs = _Window(per_user, window, most_keys)
        self._addresses = _Window(per_address, window, most_keys)

    @contextmanager
    def attempt(self, username: str, address: str | None) -> Iterator[Attempt]:
        """Count an attempt as failed, until the caller says that it succeeded.

        Args:
            username: as given, known or not: the answer must not tell.
            address: the client's; None (a Unix socket, say) is one address.

        Raises:
            Throttled: there were too many; the credentials are not looked at.
        """
        network = _network(address)
        pair = (username, network)
        with self._lock:
            now = self._clock()
            wait = max(self._pairs.wait(pair, now), self._addresses.wait(network, now))
            if wait > 0:
                raise Throttled("Too many failed log-ins.", retry_after=math.ceil(wait))
            self._pairs.add(pair, now)
            self._addresses.add(network, now)
        attempt = Attempt()
        yield attempt
        if attempt.succeeded:
            with self._lock:
                self._pairs.forget(pair)
                self._addresses.take_back(network, now)


class _Window:
    """The times of the last failures, by key; the caller holds the lock."""

    def __init__(self, limit: int, seconds: float, most_keys: int) -> None:
        self._limit = limit
        self._seconds = seconds
        self._most_keys = most_keys
        self._times: OrderedDict[Hashable, deque[float]] = OrderedDict()

    def wait(self, key: Hashable, now: float) -> float:
        times = self._times.get(key)
        if times is None or len(times) < self._limit:
            return 0
        return times[0] + self._seconds - now

    def add(self, key: Hashable, now: float) -> None:
        times = self._times.setdefault(key, deque(maxlen=self._limit))
        times.append(now)
        self._times.move_to_end(key)
        while len(self._times) > self._most_keys:
            self._times.popitem(last=False)

    def forget(self, key: Hashable) -> None:
        self._times.pop(key, None)

    def take_back(self, key: Hashable, time: float) -> None:
        times = self._times.get(key)
        if times is not None and time in times:
            times.remove(time)
            if not times:
                del self._times[key]

    def __len__(self) -> int:
        return len(self._times)


def _network(address: str | None) -> str:
    """The address, or for IPv6 its /64: one customer of a provider has 2**64 addresses to try from."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return address or ""
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed.packed[:8] + bytes(8), 64)))
    return str(parsed)
