"""Health for whoever runs the server: ``/health/live`` (the process answers) and ``/health/ready`` (its databases do).

Both are open to all and say no more than that: names of what is not reached, never an address or an error's words.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from flask import Blueprint, Flask, Response, jsonify
from sqlalchemy import URL, Engine, NullPool, create_engine
from sqlalchemy.exc import SQLAlchemyError

from rowgate import web
from rowgate.databases import with_driver

__all__ = ["install", "reaches"]

_CONNECT_SECONDS: Final = 2
_GOOD_FOR: Final = 1.0
"""Seconds that an answer is repeated for: asking is free for everybody, so it must cost little."""

_log = logging.getLogger("rowgate.serve")


def install(app: Flask, databases: Mapping[str, URL]) -> None:
    """Serve both addresses.

    Args:
        app: the Flask app; `rowgate.web.install` was called on it.
        databases: what has to be reached, each with the name it is told by.
    """
    checks = {name: _Remembered(reaches(url, name=name)) for name, url in databases.items()}
    pages = Blueprint("health", __name__, url_prefix="/health")

    @pages.get("/live")
    def live() -> Response:
        return _answer({"status": "live"})

    @pages.get("/ready")
    def ready() -> Response:
        missing = [name for name, check in checks.items() if not check()]
        if missing:
            return _answer({"status": "not ready", "not_reached": missing}, status=503)
        return _answer({"status": "ready"})

    app.register_blueprint(pages)
    web.make_public(app, "health.live", "health.ready")


def reaches(url: URL, *, name: str) -> Callable[[], bool]:
    """What tells whether a database answers now.

    It opens a connection of its own: the server's may all be in use, which is no reason to take it out of service.

    Args:
        url: of the database.
        name: of the database, for the log.
    """
    engine = _probing(url)

    def check() -> bool:
        database = url.database
        if engine.dialect.name == "sqlite" and database and database != ":memory:" and not Path(database).is_file():
            # Connecting would make an empty one. A database in memory or behind a URI is the driver's to judge.
            return database.startswith("file:")
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql("SELECT 1")
        except SQLAlchemyError as error:
            _log.warning("The database of the %s does not answer: %s", name, type(error).__name__)
            return False
        return True

    return check


def _probing(url: URL) -> Engine:
    limits: dict[str, object] = {}
    url = with_driver(url)
    match url.get_backend_name():
        case "postgresql":
            limits = {"connect_timeout": _CONNECT_SECONDS}
        case "mysql" | "mariadb" if url.drivername.endswith("+pymysql"):
            limits = {"connect_timeout": _CONNECT_SECONDS}
        case "sqlite":
            limits = {"timeout": _CONNECT_SECONDS}
    return create_engine(url, poolclass=NullPool, connect_args=limits)


class _Remembered:
    """A check whose answer is repeated for a moment; one thread asks, the others wait for it."""

    def __init__(self, check: Callable[[], bool]) -> None:
        self._check = check
        self._lock = threading.Lock()
        self._asked, self._answer = float("-inf"), False

    def __call__(self) -> bool:
        with self._lock:
            if time.monotonic() - self._asked > _GOOD_FOR:
                self._answer = self._check()
                self._asked = time.monotonic()
            return self._answer


def _answer(body: Mapping[str, object], *, status: int = 200) -> Response:
    response = jsonify(body)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response
