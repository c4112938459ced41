"""The processes of the server: gunicorn with threads, its listening socket opened by us.

The app is made once, before the processes are forked: they share its memory, and a project that cannot start is told
as any other command tells it. No database connection may be shared, so the pools are emptied before.
"""

from __future__ import annotations

import logging
import os
import socket
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

from gunicorn.app.base import BaseApplication
from gunicorn.http import errors as http_errors
from gunicorn.workers.gthread import ThreadWorker

from rowgate.errors import AddressRefused, RequestRefused
from rowgate.serve.metrics_folder import METRICS_FOLDER, stop_sharing_metrics
from rowgate.settings import Settings

__all__ = ["Hooks", "listen", "nothing", "work"]

_BACKLOG: Final = 1024
_HUNG: Final = 60
"""Seconds after which a process whose main loop stands still is replaced."""

# Longer than proxies keep theirs, so that it is never us who closes a connection that a request is on its way through.
_KEEP_ALIVE: Final = 65
_LONGEST_LINE: Final = 8190

_log = logging.getLogger("rowgate.serve")


def nothing() -> None:
    """A hook that does nothing."""


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """What is called in each process of the server.

    Args:
        before_fork: once, in the first process, before the others are made.
        started: in each new process, before its first request.
        stopping: in each process, after its last request.
    """

    before_fork: Callable[[], None]
    started: Callable[[], None]
    stopping: Callable[[], None]


def listen(host: str, port: int) -> socket.socket:
    """Open the socket that the server listens on.

    Args:
        host: an address, or a name that has one.
        port: 0 for any free one.

    Raises:
        AddressRefused: it cannot be opened.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Headers and body are two writes; without this the second waits 40 ms for the client's delayed acknowledgement.
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.bind(address)
        made.listen(_BACKLOG)
    except OSError as error:
        raise AddressRefused(f"The server cannot listen on {host}, port {port}: {error.strerror}.") from error
    return made


def work(
    app: Any, settings: Settings, *, bound: socket.socket, workers: int, threads: int, hooks: Hooks, url: str
) -> NoReturn:
    """Serve until SIGTERM (requests in flight are answered) or Ctrl-C (at once), then leave the program.

    Args:
        app: the WSGI app.
        settings: ``request_seconds``: requests in flight get so long to end.
        bound: from `listen`.
        workers: how many processes.
        threads: requests that each serves at a time.
        hooks: called in the processes.
        url: where the server is reached, for the log.
    """
    first = os.getpid()

    def ready(_server: Any) -> None:
        processes = f"{workers} process{'' if workers == 1 else 'es'} of {threads} threads"
        _log.info("Serving on %s, %s. Ctrl-C stops it.", url, processes)

    def child_gone(_server: Any, worker: Any) -> None:
        if METRICS_FOLDER in os.environ:
            from prometheus_client.multiprocess import mark_process_dead

            mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]

    def stopped(_server: Any) -> None:
        # Also called where a process fails as it starts, which must not take the others' folder away.
        if os.getpid() == first:
            stop_sharing_metrics()
            _log.info("Stopped.")

    hooks.before_fork()
    _Server(
        app,
        {
            "bind": f"fd://{bound.fileno()}",
            "workers": workers,
            "threads": threads,
            "worker_class": _Worker,
            "preload_app": True,
            "timeout": _HUNG,
            "graceful_timeout": settings.request_seconds,
            "keepalive": _KEEP_ALIVE,
            "limit_request_line": _LONGEST_LINE,
            "limit_request_field_size": _LONGEST_LINE,
            # Headers of proxies are read by the app, as the settings say, and by nobody else.
            "forwarded_allow_ips": "",
            "secure_scheme_headers": {},
            "control_socket_disable": True,
            "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108 - a heartbeat in memory
            "accesslog": None,
            "loglevel": "warning",
            "proc_name": "rowgate",
            "when_ready": ready,
            "post_worker_init": lambda _worker: hooks.started(),
            "worker_exit": lambda _server, _worker: hooks.stopping(),
            "child_exit": child_gone,
            "on_exit": stopped,
        },
    ).run()
    raise SystemExit(0)


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, app: Any, options: Mapping[str, Any]) -> None:
        self._made, self._options = app, options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self._made


class _Worker(ThreadWorker):  # type: ignore[misc]
    """A process of the server: it answers what is not HTTP as the API does, and Ctrl-C ends it at once."""

    def handle_quit(self, sig: int, frame: Any) -> None:
        # Leaving by sys.exit() would wait for the requests in flight; their transactions are rolled back.
        logging.shutdown()
        os._exit(0)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        error = _refusal(exc)
        if error is None:
            super().handle_error(req, client, addr, exc)
            return
        _log.info("Refused what %s sent: %s", addr[0] if addr else "a client", type(exc).__name__)
        try:
            client.sendall(_answer(error))
        except OSError:
            _log.debug("The client was gone.")


def _refusal(exc: BaseException) -> RequestRefused | None:
    match exc:
        case http_errors.LimitRequestLine():
            return RequestRefused(f"The address is longer than {_LONGEST_LINE} bytes.", status=414)
        case http_errors.LimitRequestHeaders():
            return RequestRefused("The headers are larger than the server takes.", status=431)
        case http_errors.ParseException():
            return RequestRefused("The request is not HTTP that this server understands.", status=400)
        case _:
            return None


def _answer(error: RequestRefused) -> bytes:
    # Imported here: the API is loaded by then, and this module must be loadable before it.
    from rowgate.api.errors import error_document
    from rowgate.api.json_text import write_json

    reasons = {400: "Bad Request", 414: "URI Too Long", 431: "Request Header Fields Too Large"}
    body = write_json(error_document(error, request_id=uuid.uuid4().hex))
    head: Sequence[str] = (
        f"HTTP/1.1 {error.http_status} {reasons[error.http_status]}",
        "Connection: close",
        "Content-Type: application/vnd.api+json",
        "X-Content-Type-Options: nosniff",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body
