"""The API: SAFRS' routing with a query language, a serialiser and errors of our own; JSON:API 1.1 at ``/api``."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from rowgate import web
from rowgate.api import errors, operations, pages, relationships
from rowgate.api.customize import Api
from rowgate.api.exposure import expose
from rowgate.api.idempotency import create_keys
from rowgate.api.openapi import Described
from rowgate.api.requires import check_required, requires
from rowgate.api.resources import Resources
from rowgate.api.search import Searched
from rowgate.api.service import Service

__all__ = ["Api", "install", "requires"]


def install(app: Flask, *, customize: Callable[[Api], None] | None = None, searched: Searched | None = None) -> Api:
    """Expose every entity of the app's gate at ``/api``, with its pages, and answer every error as JSON:API.

    Args:
        app: the Flask app; `rowgate.web.install` was called on it.
        customize: adds the project's own endpoints.
        searched: by type the names of the attributes that ``filter[search]`` looks at; by default all that hold text.

    Raises:
        DeclarationError: a mapped class cannot be exposed or has a name that is taken, or an endpoint of the project's
            cannot be added.
    """
    runtime = web.runtime(app)
    bound = runtime.gate.bound
    resources = Resources(bound.entities, relations=bound.relations)
    service = Service(resources=resources, settings=runtime.settings, searched=searched or {})
    errors.install(app, service)
    expose(app, service)
    operations.install(app, service)
    if runtime.settings.idempotency_hours:
        create_keys(runtime.gate.plain_engine)
    api = Api(app, service)
    before = app.view_functions.keys() | set()
    if customize is not None:
        customize(api)
    own = frozenset(each for each in app.view_functions if each not in before and not each.startswith("api:"))
    web.check_actions(app, *(each.function for each in service.procedures))
    relationships.install(app, service)
    check_required(app, bound.relations)
    gate = runtime.gate
    described = Described(app=app, service=service, derived=gate.derived, defaulted=gate.defaulted, own=own)
    pages.install(app, described, everyone=service.described_to_everyone(bound).resources)
    return api
