"""The app's own files: built once, served with the right headers, compressed before.

Files below ``assets/`` have the hash of their content in their name, so browsers may keep them for a year. The page
itself is made anew for each request, because the security policy that comes with it holds a nonce.
"""

from __future__ import annotations

import mimetypes
import secrets
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

from flask import Blueprint, Flask, Response, redirect, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from rowgate import web

__all__ = ["STATIC", "install_files"]

STATIC: Final = Path(__file__).parent / "static"
NAME: Final = "admin_files"
PAGE: Final = "index.html"
NONCE: Final = "__CSP_NONCE__"
"""Stands in the page where the nonce of each answer goes."""

_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
_TYPES: Final = {".js": "text/javascript", ".mjs": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


def policy(nonce: str | None = None) -> str:
    """The Content-Security-Policy of the app (https://www.w3.org/TR/CSP3/).

    Scripts come from this server's files alone. The styles that MUI makes carry the nonce; ``style`` attributes, which
    can run nothing, are allowed.
    """
    styles = "'self'" if nonce is None else f"'self' 'nonce-{nonce}'"
    return (
        f"default-src 'none'; script-src 'self'; style-src {styles}; style-src-attr 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
        "frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


@dataclass(frozen=True, kw_only=True)
class _File:
    """A file with its compressed forms, read once."""

    kind: str
    etag: str
    forms: dict[str, bytes]


def install_files(app: Flask, folder: Path = STATIC) -> None:
    """Serve the app's page at ``/``, its files at ``/assets/...``, and those beside the page by their names.

    Where the app was not built, ``/`` leads to the API's page.

    Args:
        app: the Flask app; `rowgate.web.install` was called on it.
        folder: what Vite wrote.
    """
    files = _read(folder)
    blueprint = Blueprint(NAME, __name__)

    @blueprint.get("/")
    def page() -> AnyResponse:
        if PAGE not in files:
            return redirect(f"{request.script_root}/api")
        nonce = secrets.token_urlsafe(16)
        text = files[PAGE].forms["identity"].replace(NONCE.encode(), nonce.encode())
        response = Response(text, content_type="text/html; charset=utf-8")
        response.headers["Cache-Control"] = "no-store"  # each answer has a nonce of its own
        return _guarded(response, nonce)

    @blueprint.get("/assets/<path:name>")
    def asset(name: str) -> Response:
        return _sent(files, f"assets/{name}", "public, max-age=31536000, immutable")

    def beside() -> Response:
        return _sent(files, request.path.removeprefix("/"), "public, max-age=3600")

    # One rule for each: a rule for any name would answer where a project's own routes are to.
    beside_the_page = [name for name in files if "/" not in name and name != PAGE]
    for name in beside_the_page:
        blueprint.add_url_rule(f"/{name}", "beside", beside)
    app.register_blueprint(blueprint)
    web.make_public(app, f"{NAME}.page", f"{NAME}.asset", *([f"{NAME}.beside"] if beside_the_page else []))


def _read(folder: Path) -> dict[str, _File]:
    files: dict[str, _File] = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.suffix in (".br", ".gz") or path.name.startswith("."):
            continue
        content = path.read_bytes()
        forms = {"identity": content}
        for encoding, suffix in _ENCODINGS:
            packed = path.with_name(path.name + suffix)
            if packed.is_file():
                forms[encoding] = packed.read_bytes()
        kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        files[path.relative_to(folder).as_posix()] = _File(
            kind=f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
            etag=blake2b(content, digest_size=12).hexdigest(),
            forms=forms,
        )
    return files


def _sent(files: dict[str, _File], name: str, keep: str) -> Response:
    file = files.get(name)
    if file is None:
        raise NotFound
    encoding = next(
        (each for each, _ in _ENCODINGS if each in file.forms and request.accept_encodings.quality(each) > 0),
        "identity",
    )
    response = Response(file.forms[encoding], content_type=file.kind)
    if encoding != "identity":
        response.headers["Content-Encoding"] = encoding
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = keep
    response.set_etag(f"{file.etag}-{encoding}")
    response.make_conditional(request)
    return _guarded(response, None)


def _guarded(response: Response, nonce: str | None) -> Response:
    response.headers["Content-Security-Policy"] = policy(nonce)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    return response
