"""What a project's ``api/customize_api.py`` gets: the Flask app for routes, and a decorator for RPC."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from flask import Flask

from rowgate.api.rpc import RpcView, procedure
from rowgate.api.service import PREFIX, Service
from rowgate.errors import DeclarationError

__all__ = ["Api"]

F = TypeVar("F", bound=Callable[..., object])


@dataclass(frozen=True)
class Api:
    """The API of an app, open to additions while the app is set up.

    Routes are added to ``app`` as in any Flask program. Each needs a log-in, and reads through
    ``rowgate.web.session()``, which is filtered for the principal of the request.

    Args:
        app: the Flask app.
        service: the exposed types.
    """

    app: Flask
    service: Service

    def rpc(self, entity: type, *, on_row: bool = True) -> Callable[[F], F]:
        """Let clients call a function: ``POST /api/<Type>/<id>/<name>``.

        Args:
            entity: the exposed class.
            on_row: call it on one row, which is its first argument; otherwise at ``/api/<Type>/<name>``, without.

        Raises:
            DeclarationError: the class is not exposed, or the function's parameters cannot be read from JSON.
        """
        resource = self.service.resources.get(entity.__name__)
        if resource is None or resource.entity is not entity:
            raise DeclarationError(f"{entity.__name__} is not exposed by the API.")

        def register(function: F) -> F:
            made = procedure(resource, function, on_row=on_row)
            endpoint = f"api:{resource.name}:rpc:{made.name}"
            view = RpcView.as_view(endpoint, self.service, made)
            for slash in ("", "/"):
                self.app.add_url_rule(f"{PREFIX}{made.path}{slash}", endpoint, view, methods=["POST"])
            self.service.procedures.append(made)
            return function

        return register
