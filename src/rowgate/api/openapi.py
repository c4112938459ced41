"""The OpenAPI 3.1 document of the API (https://spec.openapis.org/oas/v3.1.0), made from types, policy and rules alone.

It holds no value of any row. For everybody it has all there is; for a principal what that one may do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask

from rowgate import __version__
from rowgate.api.openapi_may import EVERYTHING, May
from rowgate.api.openapi_operations import error_components
from rowgate.api.openapi_own import log_in_paths, operations_paths, operations_schemas, route_paths, rpc_path
from rowgate.api.openapi_paths import TypePaths
from rowgate.api.openapi_relationships import permissions_schema, relationship_schemas
from rowgate.api.openapi_schemas import resource_schemas
from rowgate.api.openapi_shapes import common_schemas
from rowgate.api.resources import Resources
from rowgate.api.service import PREFIX, Service
from rowgate.api.values import Json
from rowgate.types import Access

__all__ = ["Described"]


@dataclass(frozen=True, kw_only=True)
class Described:
    """What of an app is described.

    Args:
        app: with all of its routes.
        service: its types and RPC methods.
        derived: per entity the attributes that business rules compute.
        defaulted: per entity the attributes that business rules give a new row.
        own: the endpoints that the project added, RPC aside.
    """

    app: Flask
    service: Service
    derived: Mapping[type, Mapping[str, str]]
    defaulted: Mapping[type, frozenset[str]]
    own: frozenset[str] = frozenset()

    def document(self, resources: Resources, may: May = EVERYTHING, *, root: str = "") -> dict[str, Json]:
        """The document.

        Args:
            resources: the types as its reader knows them.
            may: what its reader may do.
            root: the path that the app is mounted under: of two databases, each has its own.
        """
        service = self.service
        paths: dict[str, Json] = log_in_paths()
        schemas: dict[str, Json] = common_schemas()
        shown = [each for each in resources.values() if any(may.use(each.entity, access) for access in Access)]
        for resource in shown:
            schemas |= resource_schemas(
                resource,
                self.derived.get(resource.entity, {}),
                locking=service.locking,
                may=may,
                defaulted=self.defaulted.get(resource.entity, ()),
                permissions=bool(resource.permissions),
            )
            paths |= TypePaths(resource, resources, may=may, settings=service.settings).all()
            if resource.relation_type is not None:
                schemas |= {**relationship_schemas(), f"{resource.name}Permissions": permissions_schema(resource)}
        for procedure in service.procedures:
            paths |= rpc_path(procedure, may)
        if self._has(f"{PREFIX}/operations") and any(
            may.use(each.entity, access) for each in shown for access in (Access.INSERT, Access.UPDATE, Access.DELETE)
        ):
            paths |= operations_paths()
            schemas |= operations_schemas()
        paths |= route_paths(self.app, self.own, may)
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "rowgate",
                "version": __version__,
                "description": "JSON:API 1.1. Every answer holds only the rows that the policy lets you see.",
            },
            "servers": [{"url": root or "/"}],
            "security": [{"bearer": []}],
            "tags": [{"name": each.name, "description": each.description} for each in shown],
            "paths": paths,
            "components": {
                "schemas": schemas,
                "securitySchemes": {
                    "bearer": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "The access_token that POST /api/auth/login answers with.",
                    }
                },
                "responses": error_components(),
            },
        }

    def _has(self, address: str) -> bool:
        return any(rule.rule == address for rule in self.app.url_map.iter_rules())
