"""Headers that tell browsers what an answer may not be used for. A page that needs more sets its own; it is left alone.

The names and what they do: https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html.
"""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, request

__all__ = ["install"]

_ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # For data: nothing in it is to be loaded or run, and no page may frame it.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_YEAR: Final = 31_536_000


def install(app: Flask) -> None:
    """Put the headers on every answer of *app*.

    Args:
        app: the Flask app. Hooks that are added later run earlier, so what they set stands.
    """

    @app.after_request
    def protect(response: Response) -> Response:
        headers = response.headers
        for name, value in _ALWAYS.items():
            if name not in headers:
                headers.add(name, value)
        if request.is_secure:
            # Only what came by HTTPS may say this (RFC 6797, 7.2); a trusted proxy tells how it came.
            response.headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR}")
        return response
