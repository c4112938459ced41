"""The wiring: settings and a project become a Flask app. Everything is made here, once, and handed to what needs it."""

from __future__ import annotations

import logging

from flask import Flask
from werkzeug.serving import make_server

from rowgate import api, audit, auth, web
from rowgate.opened import open_project
from rowgate.project import Progress, Project
from rowgate.settings import Settings

__all__ = ["create_app", "serve"]

_log = logging.getLogger("rowgate.app")


def create_app(settings: Settings, *, project: Project, progress: Progress | None = None) -> Flask:
    """Make the app: log, databases and rules, request hooks, log-in, API, and the project's own endpoints.

    Args:
        settings: as read at start.
        project: the declarations.
        progress: told how far the building of a missing database is.

    Raises:
        CheckFailed, DeclarationError, SecretRefused: the server must not start.
        sqlalchemy.exc.OperationalError: a database cannot be reached.
    """
    filter_log = audit.configure_logging(settings)
    opened = open_project(project, settings, observers=[filter_log], progress=progress)
    app = Flask("rowgate", static_folder=None, root_path=str(settings.root))
    web.install(app, gate=opened.gate, settings=settings)
    auth.install(
        app,
        provider=opened.provider,
        revocations=auth.make_revocations(settings, engine=opened.auth_engine),
    )
    api.install(app, customize=project.customize_api)
    return app


def serve(app: Flask, settings: Settings) -> None:
    """Serve the app until it is interrupted, one thread for each request.

    Args:
        app: from `create_app`.
        settings: ``host`` and ``port``.
    """
    server = make_server(settings.host, settings.port, app, threaded=True)
    _log.info("Serving on http://%s:%d", settings.host, server.port)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        _log.info("Stopped.")
    finally:
        server.server_close()
