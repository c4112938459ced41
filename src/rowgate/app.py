"""The wiring: settings and a project become a Flask app. Everything is made here, once, and handed to what needs it."""

from __future__ import annotations

from flask import Flask

from rowgate import admin, api, audit, auth, web
from rowgate.opened import OpenProject, open_project
from rowgate.project import Database, Progress, Project
from rowgate.serve.install import install as install_serving
from rowgate.serve.mount import Mounts, slash_at_the_root
from rowgate.settings import Settings

__all__ = ["create_app", "opened_by"]

_OPENED = "rowgate.opened"


def create_app(settings: Settings, *, project: Project, progress: Progress | None = None) -> Flask:
    """Make the app: logs, databases and rules, request hooks, health and metrics, log-in, API, the project's endpoints.

    Args:
        settings: as read at start.
        project: the declarations.
        progress: told how far the building of a missing database is.

    Raises:
        CheckFailed, DeclarationError, SecretRefused: the server must not start.
        sqlalchemy.exc.OperationalError: a database cannot be reached.
    """
    filter_log = audit.configure_logging(settings)
    live_log = admin.LiveLog()
    opened = open_project(project, settings, observers=[filter_log, live_log], progress=progress)
    app = _flask(settings)
    app.extensions[_OPENED] = opened
    mounts = Mounts(app)
    web.install(app, gate=opened.gate, settings=settings, gates=opened.gates)
    install_serving(app, opened)
    log_in = auth.install(
        app,
        provider=opened.provider,
        revocations=auth.make_revocations(settings, engine=opened.auth_engine),
    )
    # Its faults were told when the project was opened.
    file = admin.read_file(settings.root, admin.Faults())
    made = api.install(app, customize=project.customize_api, searched=file.searched())
    places = admin.places(project)
    admin.install(
        app,
        api=made,
        auth=log_in,
        live_log=live_log,
        file=file,
        sample_logins=project.sample_logins,
        places=places,
    )
    for database in project.databases:
        further = _further_app(opened, database, log_in=log_in, live_log=live_log, places=places)
        mounts.add(further, prefix=database.prefix)
    return app


def opened_by(app: Flask) -> OpenProject:
    """The project that an app from `create_app` serves.

    Raises:
        KeyError: the app is another one.
    """
    found: OpenProject = app.extensions[_OPENED]
    return found


def _further_app(
    opened: OpenProject,
    database: Database,
    *,
    log_in: auth.Auth,
    live_log: admin.LiveLog,
    places: admin.Places,
) -> Flask:
    """The app of a further database: a gate of its own, and the main app's log-in."""
    settings, project = opened.settings, opened.project
    app = _flask(settings)
    web.install(app, gate=opened.further[database.name], settings=settings, gates=opened.gates, proxies=False)
    slash_at_the_root(app)
    auth.share(app, log_in)
    file = admin.read_file(settings.root, admin.Faults(), database.admin_file)
    made = api.install(app, customize=database.customize_api, searched=file.searched())
    admin.install(
        app,
        api=made,
        auth=log_in,
        live_log=live_log,
        file=file,
        sample_logins=project.sample_logins,
        places=places,
        database=database.name,
    )
    return app


def _flask(settings: Settings) -> Flask:
    app = Flask("rowgate", static_folder=None, root_path=str(settings.root))
    # An address with an empty part names nothing; Werkzeug would redirect it, with a page of its own.
    app.url_map.merge_slashes = False
    return app
