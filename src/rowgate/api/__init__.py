"""The API: SAFRS' routing with a query language, a serialiser and errors of our own; JSON:API 1.1 at ``/api``."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from rowgate import web
from rowgate.api import errors, pages
from rowgate.api.customize import Api
from rowgate.api.exposure import expose
from rowgate.api.resources import Resources
from rowgate.api.service import Service

__all__ = ["Api", "install"]


def install(app: Flask, *, customize: Callable[[Api], None] | None = None) -> Api:
    """Expose every entity of the app's gate at ``/api``, with its pages, and answer every error as JSON:API.

    Args:
        app: the Flask app; `rowgate.web.install` was called on it.
        customize: adds the project's own endpoints.

    Raises:
        DeclarationError: a mapped class cannot be exposed, or an endpoint of the project's cannot be added.
    """
    runtime = web.runtime(app)
    service = Service(resources=Resources(runtime.gate.bound.entities), settings=runtime.settings)
    errors.install(app, service.resources)
    expose(app, service)
    api = Api(app, service)
    if customize is not None:
        customize(api)
    pages.install(app, service, runtime.gate.derived)
    return api
