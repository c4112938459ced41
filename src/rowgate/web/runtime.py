"""What a Flask app holds of rowgate, and which of its endpoints need no log-in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flask import Flask, current_app

from rowgate.errors import DeclarationError
from rowgate.settings import Settings

if TYPE_CHECKING:
    from rowgate.enforce import Gate

__all__ = ["EXTENSION", "Runtime", "is_public", "make_public", "runtime"]

EXTENSION = "rowgate"


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """What requests share. Kept in ``app.extensions["rowgate"]``.

    Args:
        gate: opens the sessions: the one gate that the app's own routes reach.
        settings: as read at start.
        public: endpoints that need no principal; `make_public` adds to it while the app is set up.
        gates: of every database, by name, for routes that ask for another one's by its name.
    """

    gate: Gate
    settings: Settings
    public: set[str]
    gates: Mapping[str, Gate] = field(default_factory=dict)

    def gate_of(self, database: str | None) -> Gate:
        """The gate of a database; of the app's own where none is named.

        Raises:
            DeclarationError: there is no database of that name.
        """
        if database is None:
            return self.gate
        if database not in self.gates:
            known = ", ".join(self.gates) or "none by name"
            raise DeclarationError(f"There is no database {database!r}.", hint=f"The databases are: {known}.")
        return self.gates[database]


def runtime(app: Flask | None = None) -> Runtime:
    """The runtime of *app*, or of the app that serves the current request.

    Raises:
        DeclarationError: the app was not given to `install`.
    """
    held = (app or current_app).extensions.get(EXTENSION)
    if not isinstance(held, Runtime):
        raise DeclarationError("rowgate.web.install(app, ...) was not called on this Flask app.")
    return held


def make_public(app: Flask, *endpoints: str) -> None:
    """Let these endpoints answer without a log-in; they have no principal, so they can show no rows.

    Args:
        app: the Flask app.
        endpoints: names of endpoints that *app* has (``"swagger_ui.show"``).

    Raises:
        DeclarationError: the app has no such endpoint.
    """
    for endpoint in endpoints:
        if endpoint not in app.view_functions:
            raise DeclarationError(f"There is no endpoint {endpoint!r} to make public.")
        runtime(app).public.add(endpoint)


def is_public(endpoint: str) -> bool:
    """Whether the endpoint answers without a log-in."""
    return endpoint in runtime().public
