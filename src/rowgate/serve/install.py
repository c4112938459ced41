"""Puts what serving in earnest needs into an app: budgets of requests, the access log, health and metrics."""

from __future__ import annotations

from flask import Flask

from rowgate.opened import OpenProject
from rowgate.serve import health, metrics
from rowgate.serve.access_log import access_log
from rowgate.serve.watch import Tell, watch

__all__ = ["install"]


def install(app: Flask, opened: OpenProject) -> None:
    """Install it. The engines of *opened* keep the budgets: `open_project` has seen to it.

    Args:
        app: the Flask app; `rowgate.web.install` was called on it.
        opened: the project, with its settings and databases.
    """
    settings = opened.settings
    databases = {"rows": settings.database_url}
    for further in opened.project.databases:
        databases[f"rows of {further.name}"] = settings.url_of(further.name)
    if opened.auth_engine is not None:
        databases["log-ins"] = settings.auth_database_url
    health.install(app, databases)
    counted = metrics.Metrics()
    metrics.install(app, counted, settings)
    tell: list[Tell] = [counted.tell]
    if settings.access_log != "off":
        tell.append(access_log(settings.access_log))
    watch(app, seconds=settings.request_seconds, begun=[counted.begin], tell=tell)
