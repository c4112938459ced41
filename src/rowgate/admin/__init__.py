"""The admin app: its files, and the routes that only it needs: session, meta, inspector, live log, import.

Rows it reads and writes through ``/api``, as any client does; so it can never show more than the policy allows. No
route here answers without a principal but the app's own files and sign-in.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Final

from flask import Blueprint, Flask, Response, request

from rowgate import web
from rowgate.admin.answers import count, known_only, needed, resource_named, sent
from rowgate.admin.counts import count_related, count_types
from rowgate.admin.file import ADMIN_FILE, AdminFile, check_names, read_file, read_text
from rowgate.admin.files import install_files
from rowgate.admin.imports import import_rows
from rowgate.admin.inspector import Inspector
from rowgate.admin.json_schema import json_schema
from rowgate.admin.live_log import LiveLog
from rowgate.admin.meta import Meta
from rowgate.admin.nodes import Faults
from rowgate.admin.places import Place, Places, links, places, title_of
from rowgate.admin.sign_in import SampleLogins, add_sign_in
from rowgate.admin.written import full, yaml_text
from rowgate.api import Api
from rowgate.auth import Auth
from rowgate.project import MAIN, SampleLogin

__all__ = [
    "ADMIN_FILE",
    "AdminFile",
    "Faults",
    "LiveLog",
    "Place",
    "Places",
    "check_names",
    "install",
    "places",
    "read_file",
    "read_text",
]

NAME: Final = "admin"
PUBLIC: Final = ("session", "sign_in")
"""The routes that answer without a principal."""

_log = logging.getLogger("rowgate.admin")


def install(
    app: Flask,
    *,
    api: Api,
    auth: Auth,
    live_log: LiveLog,
    file: AdminFile,
    sample_logins: Callable[[], Sequence[SampleLogin]] | None = None,
    places: Places = (),
    database: str = MAIN,
) -> None:
    """Serve the admin app at ``/``, and its routes below ``/admin``.

    Args:
        app: the Flask app; `rowgate.web.install` was called on it.
        api: the API as installed.
        auth: log-in as installed.
        live_log: an observer of the app's gate.
        file: ``ui/admin.yaml`` as read.
        sample_logins: offered by the sign-in page in development; None for none.
        places: the databases of the project.
        database: the name of the one that *app* serves.
    """
    runtime = web.runtime(app)
    service = api.service
    title = title_of(file, named=runtime.settings.root.name if database == MAIN else database)
    meta = Meta(gate=runtime.gate, service=service, powers=auth.powers, file=file, title=title)
    inspector = Inspector(gate=runtime.gate, service=service, auth=auth)
    samples = SampleLogins(listed=sample_logins, auth=auth, settings=runtime.settings)
    blueprint = Blueprint(NAME, __name__)
    add_sign_in(blueprint, auth, samples, title=title)

    @blueprint.get("/admin/meta")
    def describe() -> Response:
        known_only()
        document = meta.document(web.caller(), web.session(), root=request.script_root)
        document["databases"] = links(places, database, root=request.script_root)
        response = sent(document)
        # For one principal; a browser keeps it and asks whether it still holds.
        response.headers["Cache-Control"] = "private, no-cache"
        response.set_etag(blake2b(response.get_data(), digest_size=12).hexdigest())
        response.make_conditional(request)
        return response

    @blueprint.get("/admin/counts")
    def counts() -> Response:
        known_only("resource", "id")
        resources = service.seen_by(web.session()).resources
        if "resource" not in request.args:
            return sent({"counts": count_types(web.session(), resources)})
        resource = resource_named(resources)
        key = service.key(resource, needed("id"))
        return sent({"counts": count_related(web.session(), resource, key, resources)})

    @blueprint.get("/admin/policy")
    def policy() -> Response:
        return inspector.policy()

    @blueprint.get("/admin/policy/row")
    def row() -> Response:
        return inspector.row()

    @blueprint.get("/admin/log")
    def log() -> Response:
        known_only("after", "limit")
        inspector.refuse_unless_why()
        limit = count("limit", default=100, most=200)
        return sent(live_log.document(web.caller().login or "", after=request.args.get("after"), limit=limit))

    @blueprint.post("/admin/import")
    def load() -> Response:
        return import_rows(service)

    @blueprint.get("/ui/admin/admin.yaml")
    def whole_file() -> Response:
        text = yaml_text(full(meta.fields(web.session())))
        response = Response(text, content_type="application/yaml; charset=utf-8")  # RFC 9512
        response.headers["Cache-Control"] = "private, no-cache"
        return response

    @blueprint.get("/admin/admin.schema.json")
    def schema() -> Response:
        return sent(json_schema())

    app.register_blueprint(blueprint)
    web.make_public(app, *(f"{NAME}.{name}" for name in PUBLIC))
    install_files(app)
