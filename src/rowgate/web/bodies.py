"""The size limit for bodies that come without a length (``Transfer-Encoding: chunked``).

Werkzeug 3.1 reads such a body up to the limit and takes what it got for the whole, so a larger one would be cut off
without a word. Here it is one byte that tells.
"""

from __future__ import annotations

import io
from typing import Any

from flask import Flask, request
from werkzeug.exceptions import RequestEntityTooLarge

__all__ = ["install"]


def install(app: Flask, *, limit: int) -> None:
    """Answer 413 to every body of *app* that is larger, whether it says so at its beginning or not.

    Args:
        app: the Flask app.
        limit: bytes of the largest body taken.
    """
    app.config["MAX_CONTENT_LENGTH"] = limit

    @app.before_request
    def bound() -> None:
        if request.content_length is None and request.environ.get("wsgi.input_terminated"):
            request.environ["wsgi.input"] = _Bounded(request.environ["wsgi.input"], limit)
            request.max_content_length = limit + 1


class _Bounded(io.RawIOBase):
    def __init__(self, stream: Any, limit: int) -> None:
        self._stream, self._left = stream, limit

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        wanted = self._left + 1 if size is None or size < 0 else size
        data: bytes = self._stream.read(wanted)
        self._left -= len(data)
        if self._left < 0:
            raise RequestEntityTooLarge
        return data

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
