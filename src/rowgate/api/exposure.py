"""Exposure: SAFRS' routing, with views, documents and errors of our own.

The one module that imports safrs (3.1.7, the last release without FastAPI). SAFRS expects models that inherit from its
own base class, and gets plain SQLAlchemy ones here; so each type is shown to it as a class that is not mapped. Of SAFRS
run ``expose_object`` and ``add_resource``: the addresses, their methods, and the resource classes behind them. What it
would do besides is left out, each for a reason:

- ``SAFRSAPI.__init__``: it replaces the app's request, response and JSON classes, and copies the app's whole
  configuration, secrets included, into class attributes that all apps of the process share.
- The wrapper around each method: it commits a session of its own and turns every error into a text of its own.
- Its Swagger 2.0 document, whose examples are the first rows of the tables.

SAFRS' own globals (``safrs.DB``, ``safrs.log``) are made when it is imported; nothing here uses them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

from flask import Flask
from flask.views import MethodView
from safrs import SAFRSAPI

from rowgate.api.resources import Relation, ResourceType
from rowgate.api.service import PREFIX, Service
from rowgate.api.views import ListView, RelatedView, RelationshipView, ResourceView, RowView

__all__ = ["expose"]


def expose(app: Flask, service: Service) -> None:
    """Route the addresses of every type.

    Args:
        app: the Flask app.
        service: what the views work with.
    """
    with app.app_context():
        api = _Api(app)
        for resource in service.resources.values():
            api.expose_object(_exposed(resource, service))


class _Exposed:
    """A type as SAFRS looks at it: the names that ``SAFRSAPI.expose_object`` reads off a model."""

    service: ClassVar[Service]
    resource: ClassVar[ResourceType]
    http_methods: ClassVar[set[str]] = {"GET", "POST", "PATCH", "DELETE"}
    url_prefix: ClassVar[str]
    _s_collection_name: ClassVar[str]
    _s_type: ClassVar[str]
    _s_class_name: ClassVar[str]
    _s_relationships: ClassVar[dict[str, Relation]]
    _rest_api: ClassVar[type]
    _rpc_api: ClassVar[type | None] = None
    # SAFRS applies these last; each method comes out as we wrote it.
    custom_decorators: ClassVar[list[Callable[..., Any]]] = [inspect.unwrap]

    @classmethod
    def get_endpoint(cls, type: str | None = None) -> str:  # noqa: A002 - SAFRS calls it so
        return f"{PREFIX[1:]}:{cls._s_type}" + (f":{type}" if type else "")

    @classmethod
    def _s_get_jsonapi_rpc_methods(cls) -> list[Any]:
        return []  # RPC has its own arguments and answers: rowgate.api.rpc


class _Api(SAFRSAPI):  # type: ignore[misc]
    """SAFRS' routing without its set-up."""

    _als_resources: ClassVar[list[Any]]

    def __init__(self, app: Flask) -> None:
        self.swaggerui_blueprint = False
        self._als_resources = []  # type: ignore[misc]  # SAFRS' own is shared by all apps
        super(SAFRSAPI, self).__init__(app, prefix=PREFIX, add_api_spec_resource=False)

    def error_router(self, original_handler: Callable[[Exception], Any], error: Exception) -> Any:
        """Flask-RESTful would answer errors itself; the app's handlers do."""
        return original_handler(error)

    def add_resource(self, resource: type, *urls: str, **options: Any) -> None:
        if issubclass(resource, ListView):
            # SAFRS gives one class to both addresses of a type; each has its own view here.
            made: type[_Exposed] = resource.SAFRSObject  # type: ignore[attr-defined]
            instance = options["endpoint"] == made.get_endpoint(type="instance")
            resource = _view(RowView if instance else ListView, made)
            urls = (f"/{made._s_type}/<id:row_id>",) if instance else (f"/{made._s_type}",)
            options["methods"] = ["OPTIONS", *sorted(made.http_methods - {"POST"} if instance else made.http_methods)]
        # What is deprecated is left out of SAFRS' own document. It would write the whole of it anew for every address,
        # so that a start would take four times as long with twice the tables.
        options["deprecated"] = True
        # Two rules for each address: Werkzeug answers 404 and not 405 where only the slash at the end differs.
        super().add_resource(resource, *(url + slash for url in urls for slash in ("", "/")), **options)

    def expose_relationship(self, relationship: Relation, url_prefix: str, tags: Any, properties: Any) -> None:
        """Both addresses of a relationship. SAFRS' own would need its base class on the related model."""
        exposed = properties["SAFRSObject"]
        row = f"/{exposed._s_type}/<id:row_id>"
        methods = ["OPTIONS", "GET", "PATCH", *(["POST", "DELETE"] if relationship.to_many else [])]
        for view, path, kind in (
            (RelatedView, f"{row}/{relationship.name}", "related"),
            (RelationshipView, f"{row}/relationships/{relationship.name}", "linkage"),
        ):
            endpoint = f"{exposed.get_endpoint()}:{relationship.name}:{kind}"
            self.add_resource(
                _view(view, exposed, exposed_relation=relationship), path, endpoint=endpoint, methods=methods
            )


def _exposed(resource: ResourceType, service: Service) -> type[_Exposed]:
    return type(
        resource.name,
        (_Exposed,),
        {
            "__doc__": None,
            "service": service,
            "resource": resource,
            "_s_collection_name": resource.name,
            "_s_type": resource.name,
            "_s_class_name": resource.name,
            "_s_relationships": dict(resource.relations),
            "_rest_api": ListView,
        },
    )


def _view(base: type[ResourceView], exposed: type[_Exposed], **more: Any) -> type[MethodView]:
    members = {"SAFRSObject": exposed, "exposed": exposed.service, "exposed_type": exposed.resource, **more}
    return type(f"{exposed._s_type}{base.__name__}", (base,), members)
