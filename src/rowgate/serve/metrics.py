"""What Prometheus collects at ``/metrics``: requests by route, method and status, their time, and their statements.

A label's values are few whatever clients send: routes are the rules of the app and not addresses, methods are those of
HTTP. Where the server has several processes they share a folder, which the environment names
(https://prometheus.github.io/client_python/multiprocess/).
"""

from __future__ import annotations

import hmac
import ipaddress
import os
from functools import cache
from typing import Final

from flask import Blueprint, Flask, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from werkzeug.exceptions import NotFound

from rowgate import web
from rowgate.serve.metrics_folder import METRICS_FOLDER
from rowgate.serve.watch import Served
from rowgate.settings import Settings

__all__ = ["Metrics", "install"]

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
# A proxy on this machine makes every client of the world look local; most of them tell by one of these.
_FORWARDED: Final = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Forwarded", "Via")


class Metrics:
    """The metrics of one app, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "rowgate_requests", "Requests served.", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "rowgate_request_seconds",
            "Seconds from a request to the last byte of its answer.",
            ["method", "route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._statements = Counter(
            "rowgate_statements", "Statements sent to the databases.", ["method", "route"], registry=self.registry
        )
        self._timeouts = Counter("rowgate_request_timeouts", "Requests that ran out of time.", registry=self.registry)
        self._running = Gauge(
            "rowgate_requests_running",
            "Requests being served.",
            multiprocess_mode="livesum",
            registry=self.registry,
        )
        # The labels' values are few: each set of counters is looked up once.
        self._counted = cache(self._counters)

    def begin(self) -> None:
        """Count a request that has arrived."""
        self._running.inc()

    def tell(self, served: Served) -> None:
        """Count a request that was answered."""
        method = served.method if served.method in _METHODS else "other"
        route = served.route or "none"
        self._running.dec()
        requests, seconds, statements = self._counted(method, route, served.status)
        requests.inc()
        seconds.observe(served.seconds)
        statements.inc(served.statements)
        if served.timed_out:
            self._timeouts.inc()

    def _counters(self, method: str, route: str, status: int) -> tuple[Counter, Histogram, Counter]:
        return (
            self._requests.labels(method, route, str(status)),
            self._seconds.labels(method, route),
            self._statements.labels(method, route),
        )

    def text(self) -> bytes:
        """All of them, of every process, in Prometheus' text format."""
        registry = self.registry
        if METRICS_FOLDER in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)


def install(app: Flask, metrics: Metrics, settings: Settings) -> None:
    """Serve ``/metrics`` to whoever has the token; to all others there is nothing at this address.

    Args:
        app: the Flask app; `rowgate.web.install` was called on it.
        metrics: of the app.
        settings: ``metrics_token``. Without it the address answers this machine in development, and nobody in
            production, where "this machine" may be a proxy.
    """
    token = settings.metrics_token
    pages = Blueprint("metrics", __name__)

    @pages.get("/metrics")
    def show() -> Response:
        allowed = _has_token(token.value) if token is not None else not settings.production and _is_local()
        if not allowed:
            raise NotFound
        return Response(metrics.text(), content_type=CONTENT_TYPE_LATEST)

    app.register_blueprint(pages)
    web.make_public(app, "metrics.show")


def _has_token(token: str) -> bool:
    sent = request.authorization
    if sent is None or sent.type != "bearer" or sent.token is None:
        return False
    return hmac.compare_digest(sent.token.encode(), token.encode())


def _is_local() -> bool:
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
