"""``rowgate run``: serve the project on the machine of whoever works on it."""

from __future__ import annotations

import logging

import click

from rowgate.cli.common import Here, show_progress
from rowgate.cli.serve import serve_project, url_of
from rowgate.settings import Settings

__all__ = ["run"]

_THREADS = 8


@click.command(short_help="Serve the project over HTTP.")
@click.option("--host", metavar="H", help="The address to listen on. [default: the setting ROWGATE_HOST, 127.0.0.1]")
@click.option("--port", metavar="P", type=click.IntRange(0, 65535), help="The port. [default: ROWGATE_PORT, 5656]")
@click.option("--reload", "reloads", is_flag=True, help="Start again whenever a file of the project changes.")
@click.pass_obj
def run(here: Here, host: str | None, port: int | None, reloads: bool) -> None:
    """Serve the project over HTTP from one process, until Ctrl-C.

    Databases that are missing are built first. The server does not start when `rowgate check` finds an error.

    \b
    Examples:
      rowgate run
      rowgate run --port 8080
      rowgate run --reload                 while you edit declarations
      ROWGATE_FILTER_LOG=json rowgate run
      rowgate run --host 0.0.0.0           other machines reach it too
    """
    settings = here.settings(host=host, port=port)
    if reloads:
        _reload(here, settings)
    else:
        serve_project(here, settings, workers=1, threads=_THREADS)


def _reload(here: Here, settings: Settings) -> None:
    from werkzeug.serving import run_simple

    from rowgate.app import create_app

    app = create_app(settings, project=here.project, progress=show_progress)
    logging.getLogger("rowgate.serve").info(
        "Serving on %s, and again after each change. Ctrl-C stops it.", url_of(settings.host, settings.port)
    )
    # Werkzeug's server, for its reloader; its debugger would run code for whoever reaches the port.
    run_simple(settings.host, settings.port, app, use_reloader=True, threaded=True)
