"""Apps below a prefix of the main one: which app a path goes to is settled before either of them sees it.

Each app has one gate, so no route of one can reach the rows of the other by a mistaken name or id.
"""

from __future__ import annotations

from flask import Flask, redirect, request
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Response

from rowgate.errors import DeclarationError
from rowgate.serve.watch import note_routes

__all__ = ["Mounts"]


class Mounts:
    """The apps that are mounted in another one.

    Args:
        app: the main app, before anything wraps it: what watches it and sees through proxies is to cover them all.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._dispatcher = DispatcherMiddleware(app.wsgi_app)
        app.wsgi_app = self._dispatcher  # type: ignore[method-assign]

    def add(self, app: Flask, *, prefix: str) -> None:
        """Mount an app at ``/<prefix>/``. Call it when the main app has all of its routes.

        Args:
            app: complete.
            prefix: one part of a path.

        Raises:
            DeclarationError: a route of the main app is at the prefix, and nobody would reach it.
        """
        for rule in self._app.url_map.iter_rules():
            if rule.rule.split("/")[1] == prefix:
                raise DeclarationError(
                    f"The endpoint {rule.endpoint!r} is at {rule.rule}, where the database at /{prefix}/ is.",
                    hint="Give the database another prefix, or the endpoint another address.",
                )
        note_routes(app, prefix=f"/{prefix}")
        self._dispatcher.mounts[f"/{prefix}"] = app.wsgi_app


def slash_at_the_root(app: Flask) -> None:
    """Let ``/hr`` lead to ``/hr/``: the links of the page there are relative. Call it before other hooks are added."""

    @app.before_request
    def lead() -> Response | None:
        if request.environ["PATH_INFO"] or request.method not in ("GET", "HEAD"):
            return None
        return redirect(f"{request.script_root}/")
