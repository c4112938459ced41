"""The pages of the API: ``/`` leads to ``/api``, the Swagger page, which works offline.

Its document is ``/api/swagger.json``. The pages need no log-in, and hold no row.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import flask_swagger_ui
from flask import Blueprint, Flask, Response, redirect, request, send_from_directory
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from rowgate import web
from rowgate.api.json_text import write_json
from rowgate.api.openapi import openapi
from rowgate.api.service import PREFIX, Service

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
  <div id="swagger-ui"></div>
  <script src="{root}/swagger-ui/swagger-ui-bundle.js"></script>
  <script src="{root}/swagger-ui/swagger-ui-standalone-preset.js"></script>
  <script src="{root}/swagger-ui/start.js"></script>
</body>
</html>
"""

# validatorUrl: the page would otherwise send the address of the document to a server on the internet.
_START: Final = """const here = document.currentScript.src;
window.addEventListener("load", () => {
  window.ui = SwaggerUIBundle({
    url: new URL("../swagger.json", here).href,
    dom_id: "#swagger-ui",
    deepLinking: true,
    docExpansion: "none",
    defaultModelsExpandDepth: -1,
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  });
});
"""

# Swagger UI sets styles from its script.
_POLICY: Final = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"


def install(app: Flask, service: Service, derived: Mapping[type, Mapping[str, str]]) -> None:
    """Serve the pages.

    Args:
        app: the Flask app; `rowgate.web.install` was called on it.
        service: the exposed types and RPC methods, complete before the first request.
        derived: per entity the attributes that business rules compute.
    """
    pages = Blueprint("api_pages", __name__)
    documents: dict[str, bytes] = {}

    @pages.get("/")
    def home() -> AnyResponse:
        return redirect(f"{request.script_root}{PREFIX}")

    @pages.get(PREFIX)
    @pages.get(f"{PREFIX}/")
    def swagger() -> Response:
        page = _PAGE.format(root=request.script_root + PREFIX)
        return _sent(Response(page, content_type="text/html; charset=utf-8"))

    @pages.get(f"{PREFIX}/swagger.json")
    def document() -> Response:
        if not documents:
            documents["made"] = write_json(openapi(service, derived))
        return _sent(Response(documents["made"], content_type="application/json"))

    @pages.get(f"{PREFIX}/swagger-ui/<string:name>")
    def file(name: str) -> Response:
        if name == "start.js":
            return _sent(Response(_START, content_type="text/javascript; charset=utf-8"))
        if name not in _SERVED:
            raise NotFound
        return _sent(send_from_directory(_FILES, name, max_age=86_400))

    app.register_blueprint(pages)
    web.make_public(app, *(f"api_pages.{name}" for name in ("home", "swagger", "document", "file")))


def _sent(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
