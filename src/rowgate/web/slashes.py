"""Slashes within one part of a path, so that a row whose id holds one has an address.

WSGI hands on the path with every ``%2F`` turned into a slash already (PEP 3333 asks for it), so the address of the row
``A/B`` would be that of a relationship ``B``. Servers hand on what the client sent as well, under a name of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from werkzeug.routing import UnicodeConverter

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["EncodedSlashes", "RowId"]

_MARK: Final = "\x00"
"""Stands for an encoded slash while a path is routed: no id holds it, since no database would take it."""

_SLASH: Final = re.compile("%2f", re.IGNORECASE)


class EncodedSlashes:
    """Marks encoded slashes in the path before it is routed.

    Args:
        app: what is called with the marked path.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Call the app; the path is as it was, where the server does not hand on what the client sent."""
        # RAW_URI is gunicorn's name and Werkzeug's, REQUEST_URI uWSGI's and mod_wsgi's.
        sent = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "").partition("?")[0]
        if _SLASH.search(sent):
            marked = unquote_to_bytes(_SLASH.sub("%00", sent)).decode("latin-1")
            script, path = environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", "")
            # Otherwise the path has been rewritten on its way, or the client sent the mark itself.
            if marked.replace(_MARK, "/") == script + path:
                environ["PATH_INFO"] = marked[len(script) :]
        return self._app(environ, start_response)


class RowId(UnicodeConverter):
    """An id in a path, for rules as ``<id:row_id>``; an encoded slash is a slash of the id."""

    def to_python(self, value: str) -> str:
        """The id as the row has it."""
        return value.replace(_MARK, "/")
