"""The hooks that every request passes through: its id, the size limit, CORS, headers, the session's end, proxies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from rowgate.settings import Settings
from rowgate.web import bodies, context, cors, headers
from rowgate.web.runtime import EXTENSION, Runtime
from rowgate.web.slashes import EncodedSlashes, RowId

if TYPE_CHECKING:
    from rowgate.enforce import Gate

__all__ = ["install"]


def install(
    app: Flask,
    *,
    gate: Gate,
    settings: Settings,
    gates: Mapping[str, Gate] | None = None,
    proxies: bool = True,
) -> Runtime:
    """Give *app* its runtime and the hooks of the request: id, size limit, CORS, headers, session's end, proxies.

    Call it before anything else registers a hook: answers to other origins' preflight requests come first.

    Args:
        app: the Flask app.
        gate: opens the sessions.
        settings: as read at start.
        gates: of every database, by name.
        proxies: whether the app sees through proxies and reads the path as sent; one that is mounted in another leaves
            both to that.
    """
    held = Runtime(gate=gate, settings=settings, public=set(), gates=gates or {})
    app.extensions[EXTENSION] = held
    if settings.trusted_proxies and proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.url_map.converters["id"] = RowId
    if proxies:
        app.wsgi_app = EncodedSlashes(app.wsgi_app)  # type: ignore[method-assign]
    if settings.cors_origins:
        cors.install(app, settings.cors_origins)

    bodies.install(app, limit=settings.body_limit)
    headers.install(app)

    @app.after_request
    def send_request_id(response: Response) -> Response:
        response.headers["X-Request-Id"] = context.request_id()
        return response

    @app.teardown_request
    def close_session(_error: BaseException | None) -> None:
        context.close()

    return held
