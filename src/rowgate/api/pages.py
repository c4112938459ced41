"""The pages of the API: ``/api`` is the Swagger page, which works offline.

Two documents describe the API. ``/api/swagger.json`` has all there is; it and the page need no log-in, and hold no row.
``/api/openapi.json`` has what its reader may do, and needs one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import flask_swagger_ui
from flask import Blueprint, Flask, Response, request, send_from_directory
from werkzeug.exceptions import NotFound

from rowgate import web
from rowgate.api.json_text import write_json
from rowgate.api.openapi import Described
from rowgate.api.openapi_may import Allowed
from rowgate.api.resources import Resources
from rowgate.api.service import PREFIX
from rowgate.policy import Holder
from rowgate.types import Access

__all__ = ["install"]

_FILES: Final = Path(flask_swagger_ui.__file__).parent / "dist"
_SERVED: Final = frozenset(
    {"swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "favicon-32x32.png", "index.css"}
)

_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>rowgate API</title>
  <link rel="stylesheet" href="{root}/swagger-ui/index.css">
  <link rel="stylesheet" href="{root}/swagger-ui/swagger-ui.css">
  <link rel="icon" type="image/png" href="{root}/swagger-ui/favicon-32x32.png">
</head>
<body>
  <form id="log-in" class="swagger-ui" autocomplete="on" style="padding: 1rem; display: flex; gap: .5rem" hidden>
    <label>User <input name="username" type="text" autocomplete="username" required></label>
    <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
    <button type="submit" class="btn authorize">Log in</button>
  </form>
  <p id="who" class="swagger-ui" role="status" style="padding: 0 1rem"></p>
  <div id="swagger-ui"></div>
  <script src="{root}/swagger-ui/swagger-ui-bundle.js"></script>
  <script src="{root}/swagger-ui/swagger-ui-standalone-preset.js"></script>
  <script src="{root}/swagger-ui/start.js"></script>
</body>
</html>
"""

# validatorUrl: the page would otherwise send the address of the document to a server on the internet.
# Whoever logs in on the page's form works with the token, which the page keeps in memory alone. Whoever is signed in to
# the admin app is so here too: the cookie is sent by itself, and a write needs the CSRF token.
_START: Final = """const here = document.currentScript.src;
const at = (path) => new URL(path, here).href;
const safe = ["GET", "HEAD", "OPTIONS"];
const form = document.getElementById("log-in");
const who = document.getElementById("who");
let token = null;
async function signedIn() {
  const answer = await fetch(at("../../admin/session"));
  return answer.ok ? await answer.json() : {signed_in: false};
}
async function identify(request) {
  const ours = new URL(request.url, here).origin === new URL(here).origin;
  if (!ours || request.headers.Authorization) return request;
  if (token) {
    request.headers.Authorization = "Bearer " + token;
  } else if (!safe.includes((request.method || "GET").toUpperCase())) {
    const session = await signedIn();
    if (session.csrf) request.headers["X-CSRF-Token"] = session.csrf;
  }
  return request;
}
function show(name) {
  form.hidden = name !== null;
  form.style.display = name === null ? "flex" : "none";
  who.textContent = name === null ? "Everything there is. Log in to see what you may do." : name + ": what you may do.";
  window.ui.specActions.updateUrl(at(name === null ? "../swagger.json" : "../openapi.json"));
  window.ui.specActions.download();
}
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const given = Object.fromEntries(new FormData(form));
  const answer = await fetch(at("../auth/login"), {
    method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(given),
  });
  const body = await answer.json();
  if (!answer.ok) {
    who.textContent = body.errors[0].detail;
    return;
  }
  token = body.access_token;
  form.reset();
  window.ui.preauthorizeApiKey("bearer", token);
  show(given.username);
});
window.addEventListener("load", async () => {
  const session = await signedIn();
  window.ui = SwaggerUIBundle({
    spec: {},
    dom_id: "#swagger-ui",
    deepLinking: true,
    docExpansion: "none",
    defaultModelsExpandDepth: -1,
    validatorUrl: null,
    requestInterceptor: identify,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  });
  show(session.signed_in ? session.principal.id : null);
});
"""

# Swagger UI sets styles from its script.
_POLICY: Final = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'"


def install(app: Flask, described: Described, *, everyone: Resources) -> None:
    """Serve the pages.

    Args:
        app: the Flask app; `rowgate.web.install` was called on it.
        described: what the documents are made from, complete before the first request.
        everyone: the types as the document for everybody has them.
    """
    pages = Blueprint("api_pages", __name__)
    documents: dict[tuple[str, Holder | None, Access], bytes] = {}

    @pages.get(PREFIX)
    @pages.get(f"{PREFIX}/")
    def swagger() -> Response:
        page = _PAGE.format(root=request.script_root + PREFIX)
        return _sent(Response(page, content_type="text/html; charset=utf-8"))

    @pages.get(f"{PREFIX}/swagger.json")
    def document() -> Response:
        key = (request.script_root, None, Access.ALL)
        if key not in documents:
            documents[key] = write_json(described.document(everyone, root=request.script_root))
        return _sent(Response(documents[key], content_type="application/json"))

    @pages.get(f"{PREFIX}/openapi.json")
    def own_document() -> Response:
        session = web.session()
        # Principals with equal holders share every decision on verbs, columns and actions.
        key = (request.script_root, session.holder, session.verbs)
        if key not in documents:
            resources = described.service.seen_by(session).resources
            documents[key] = write_json(described.document(resources, Allowed(session), root=request.script_root))
        response = _sent(Response(documents[key], content_type="application/json"))
        response.headers |= {"Cache-Control": "no-store", "Vary": "Authorization, Cookie"}
        return response

    @pages.get(f"{PREFIX}/swagger-ui/<string:name>")
    def file(name: str) -> Response:
        if name == "start.js":
            return _sent(Response(_START, content_type="text/javascript; charset=utf-8"))
        if name not in _SERVED:
            raise NotFound
        return _sent(send_from_directory(_FILES, name, max_age=86_400))

    app.register_blueprint(pages)
    web.make_public(app, *(f"api_pages.{name}" for name in ("swagger", "document", "file")))


def _sent(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
