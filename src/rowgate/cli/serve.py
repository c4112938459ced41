"""``rowgate serve``: serve the project in earnest, with several processes."""

from __future__ import annotations

import re
import sys
from typing import NoReturn

import click

from rowgate.cli.common import Here, show_progress
from rowgate.settings import Settings

__all__ = ["serve", "serve_project"]

_BIND = re.compile(r"(?:\[(?P<six>[^\]]+)\]|(?P<host>[^:\[\]]+)):(?P<port>\d{1,5})")


@click.command(short_help="Serve the project in production.")
@click.option(
    "--bind", metavar="HOST:PORT", help="Where to listen. [default: the settings ROWGATE_HOST and ROWGATE_PORT]"
)
@click.option(
    "--workers", metavar="N", type=click.IntRange(1, 64), help="Processes. [default: the setting ROWGATE_WORKERS, 2]"
)
@click.option(
    "--threads",
    metavar="N",
    type=click.IntRange(1, 16),
    help="Requests that one process serves at a time. [default: ROWGATE_THREADS, 4]",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.IntRange(1, 3600),
    help="What a request may take until its answer begins. [default: ROWGATE_REQUEST_SECONDS, 30]",
)
@click.pass_obj
def serve(here: Here, bind: str | None, workers: int | None, threads: int | None, timeout: int | None) -> None:
    """Serve the project over HTTP with several processes, until it is told to stop.

    SIGTERM lets requests in flight end, Ctrl-C does not. Put a reverse proxy with TLS in front of it:
    docs/how-to/deploy.md.

    \b
    Examples:
      rowgate serve
      rowgate serve --workers 4 --threads 4
      rowgate serve --bind 0.0.0.0:8080 --timeout 60
    """
    host, port = (None, None) if bind is None else _address(bind)
    settings = here.settings(host=host, port=port, workers=workers, threads=threads, request_seconds=timeout)
    serve_project(here, settings, workers=settings.workers, threads=settings.threads)


def serve_project(here: Here, settings: Settings, *, workers: int, threads: int) -> NoReturn:
    """Serve until stopped, then leave the program.

    Args:
        here: the project.
        settings: host, port, and all that the app needs.
        workers: how many processes.
        threads: requests that each serves at a time.

    Raises:
        RowgateError: the project cannot start, or cannot listen there.
    """
    if sys.platform == "win32":
        raise click.UsageError("This server needs Linux or macOS. On Windows: rowgate run --reload")
    from rowgate.serve import metrics_folder, processes

    project = here.project
    bound = processes.listen(settings.host, settings.port)
    metrics_folder.share_metrics(workers)
    try:
        # Flask and SAFRS take a second to import; and the metrics' library has to know its folder as it is loaded.
        from rowgate.app import create_app, opened_by
        from rowgate.serve.delivery import Delivery

        app = create_app(settings, project=project, progress=show_progress)
    except BaseException:
        metrics_folder.stop_sharing_metrics()
        raise
    opened = opened_by(app)
    delivery = Delivery(opened) if settings.deliver_events and project.webhooks else None
    processes.work(
        app,
        settings,
        bound=bound,
        workers=workers,
        threads=threads,
        hooks=processes.Hooks(
            before_fork=opened.empty_pools,
            started=delivery.start if delivery else processes.nothing,
            stopping=delivery.stop if delivery else processes.nothing,
        ),
        url=url_of(settings.host, bound.getsockname()[1]),
    )


def url_of(host: str, port: int) -> str:
    """The address of a server, as a browser takes it."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _address(bind: str) -> tuple[str, int]:
    found = _BIND.fullmatch(bind)
    if found is None:
        raise click.BadParameter(f"{bind!r} is not HOST:PORT, 0.0.0.0:8080 or [::1]:8080 say.", param_hint="--bind")
    return found["six"] or found["host"], int(found["port"])
