"""``GET /admin/meta``: all that the admin app needs to know, for one principal.

It is made of the models, the policy, the business rules and ``ui/admin.yaml``. What the principal may not know of is
not in it: types that no verb is given on, fields that a rule hides.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

import nh3

from rowgate import __version__, web
from rowgate.admin.fields import Fields, ordered
from rowgate.admin.file import AdminFile, ResourcePart
from rowgate.api.relationships import PARTS
from rowgate.api.resources import ResourceType
from rowgate.api.rpc import Procedure
from rowgate.api.service import Service
from rowgate.auth import Powers
from rowgate.auth.blueprint import plain
from rowgate.enforce import Gate, SecureSession
from rowgate.types import Access, Principal

__all__ = ["Meta", "identity", "moment"]

MAX_LIST_COLUMNS: Final = 8
PER_PAGE: Final = 25


@dataclass(frozen=True, kw_only=True)
class Meta:
    """Makes the document.

    Args:
        gate: the policy, the models and the rules.
        service: the exposed types and methods.
        powers: what users may do beside the rows.
        file: what the project wants otherwise.
        title: the name of the app.
    """

    gate: Gate
    service: Service
    powers: Powers
    file: AdminFile
    title: str

    def document(self, caller: web.Caller, session: SecureSession, *, root: str) -> dict[str, Any]:
        """The document for a caller.

        Args:
            session: the caller's, to ask what they may do; no row is read.
            root: the path that the app is mounted under, ``""`` mostly.
        """
        settings = self.service.settings
        keys, real = self.file.keys, caller.real
        fields = self.fields(session)
        resources = fields.resources
        return {
            "title": self.title,
            "about": keys.get("about"),
            "info": _html(keys.get("info")),
            "info_toggle_checked": bool(keys.get("info_toggle_checked", False)),
            "version": __version__,
            "api_root": f"{root}/api",
            "principal": identity(caller.principal),
            "view_as": view_of(caller),
            "may": {
                "why": self.powers.why(real),
                "inspect": self.powers.inspect(real),
                "view_as": caller.actor is None and self.powers.view_as(real),
                "relationships": self.gate.bound.relations is not None,
            },
            "settings": {
                "max_list_columns": self._columns(),
                "page_size": settings.page_size,
                "page_size_max": settings.page_size_max,
                "locking": settings.optimistic_locking,
                "body_limit": settings.body_limit,
            },
            "resources": {
                name: self._resource(resources[name], fields, session, root)
                for name in ordered(resources, self.file.resources)
            },
        }

    def fields(self, session: SecureSession) -> Fields:
        """The fields of the types that a session's principal may know of."""
        resources = self._known(session)
        return Fields(
            file=self.file,
            resources=resources,
            derived=self.gate.derived,
            defaulted=self.gate.defaulted,
            readonly={each.entity: _closed(session, each) for each in resources.values()},
        )

    def _known(self, session: SecureSession) -> dict[str, ResourceType]:
        """The types that the principal may do anything with, without the fields that are hidden from them."""
        seen = self.service.seen_by(session).resources
        return {name: each for name, each in seen.items() if any(_can(session, each).values())}

    def _columns(self) -> int:
        return int(self.file.settings.get("max_list_columns", MAX_LIST_COLUMNS))

    def _resource(self, resource: ResourceType, fields: Fields, session: SecureSession, root: str) -> dict[str, Any]:
        part = self.file.resource(resource.name)
        keys = part.keys
        attributes = fields.attributes(resource)
        can = _can(session, resource)
        here = f"{root}/api/{resource.name}"
        why = self.powers.why(web.caller().real)
        return {
            "name": resource.name,
            "label": fields.label(resource),
            "label_plural": fields.label_plural(resource),
            "description": resource.description,
            "user_key": fields.user_key(resource),
            "key": [each.name for each in resource.key],
            "id_given": not all(each.is_generated for each in resource.key),
            "can": can,
            "hidden": bool(keys.get("hidden", False)),
            "sort": _sort(part, resource),
            "per_page": int(keys.get("perPage", PER_PAGE)),
            "max_list_columns": int(keys.get("max_list_columns", self._columns())),
            "info_list": _html(keys.get("info_list")),
            "info_show": _html(keys.get("info_show")),
            "attributes": attributes,
            "relationships": fields.relationships(resource),
            "actions": [_action(each, here) for each in self.service.procedures if each.resource.name == resource.name],
            "sharing": self._sharing(resource, here),
            "links": {
                "self": here,
                "csv": f"{here}?format=csv",
                "import": f"{root}/admin/import?resource={resource.name}" if can["insert"] else None,
                "policy": f"{root}/admin/policy?resource={resource.name}" if why else None,
            },
        }

    def _sharing(self, resource: ResourceType, here: str) -> dict[str, Any] | None:
        """How a row can be shared, by the relationship schema; None where its type is not in it."""
        relations, kind = self.gate.bound.relations, resource.relation_type
        if relations is None or kind is None:
            return None
        names = {each: entity.__name__ for entity, each in relations.types.items()}
        return {
            "type": kind,
            "permissions": list(resource.permissions),
            "relations": [
                {
                    "name": relation.name,
                    "description": " ".join(relation.comments).strip("/* \n") or None,
                    "guard": relations.sharing.guard(kind, relation.name),
                    "subjects": [
                        {
                            "type": each.type,
                            "relation": each.relation or None,
                            "wildcard": each.wildcard,
                            "caveat": each.caveat,
                            "expires": each.expiration,
                            "resource": names.get(each.type),
                        }
                        for each in relation.types
                    ],
                }
                for relation in relations.compiled.schema.definitions[kind].relations.values()
            ],
            "links": {part: f"{here}/{{id}}/{part}" for part in PARTS},
        }


def identity(principal: Principal) -> dict[str, Any]:
    """A user as JSON: id, roles and claims."""
    claims = {name: value for name, value in principal.claims().items() if name != "id"}
    return {"id": principal.id, "roles": sorted(principal.roles), "claims": plain(claims)}


def view_of(caller: web.Caller) -> dict[str, Any] | None:
    """Who views the rows as whom; None where nobody does."""
    if caller.actor is None:
        return None
    return {
        "actor": caller.actor.id,
        "subject": caller.principal.id,
        "read_only": caller.read_only,
        "expires_at": moment(caller.expires_at),
    }


def moment(seconds: int | None) -> str | None:
    """A time in seconds since 1970 as ISO 8601 in UTC."""
    return None if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _can(session: SecureSession, resource: ResourceType) -> dict[str, bool]:
    return {
        (verb.name or "").lower(): not session.decide(resource.entity, verb).refused
        for verb in (Access.READ, Access.INSERT, Access.UPDATE, Access.DELETE)
    }


def _closed(session: SecureSession, resource: ResourceType) -> frozenset[str]:
    """The attributes that field rules let the principal write in no row."""
    closed = session.decide(resource.entity, Access.UPDATE).fields.closed
    return frozenset(name for name, each in resource.attributes.items() if each.of.property.columns[0] in closed)


def _sort(part: ResourcePart, resource: ResourceType) -> str | None:
    """What lists are sorted by: the resource's own word, else the first attribute that says ``sort``."""
    named = part.keys.get("sort")
    if named and str(named).removeprefix("-") in resource.attributes:
        return str(named)
    for name, listed in part.attributes.items():
        if listed.keys.get("sort") and name in resource.attributes:
            return f"-{name}" if listed.keys["sort"] == "DESC" else name
    return None


def _html(text: Any) -> str | None:
    """HTML of the file, without scripts, styles, forms and handlers: the harmless elements stay."""
    return nh3.clean(text) if isinstance(text, str) else None


def _action(procedure: Procedure, here: str) -> dict[str, Any]:
    parameters = [
        {"name": each.name, "required": each.required, "nullable": each.nullable, **each.codec.schema}
        for each in procedure.arguments.values()
    ]
    return {
        "name": procedure.name,
        "on_row": procedure.on_row,
        "description": procedure.description,
        "parameters": parameters,
        "link": f"{here}/{{id}}/{procedure.name}" if procedure.on_row else f"{here}/{procedure.name}",
    }
