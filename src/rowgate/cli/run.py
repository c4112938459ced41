"""``rowgate run``: serve the project."""

from __future__ import annotations

import click

from rowgate.cli.common import Here, show_progress

__all__ = ["run"]


@click.command(short_help="Serve the project over HTTP.")
@click.option("--host", metavar="H", help="The address to listen on. [default: the setting ROWGATE_HOST, 127.0.0.1]")
@click.option("--port", metavar="P", type=click.IntRange(0, 65535), help="The port. [default: ROWGATE_PORT, 5656]")
@click.pass_obj
def run(here: Here, host: str | None, port: int | None) -> None:
    """Serve the project over HTTP, until Ctrl-C.

    Databases that are missing are built first. The server does not start when `rowgate check` finds an error.

    \b
    Examples:
      rowgate run
      rowgate run --port 8080
      ROWGATE_FILTER_LOG=json rowgate run
      rowgate run --host 0.0.0.0           other machines reach it too
    """
    # Flask and SAFRS take a second to import; the other commands need neither.
    from rowgate.app import create_app, serve

    settings = here.settings(host=host, port=port)
    serve(create_app(settings, project=here.project, progress=show_progress), settings)
