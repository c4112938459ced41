"""The app's own files: their headers, their compressed forms, and the page's security policy."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rowgate import web
from rowgate.admin.files import STATIC, install_files
from rowgate.enforce import Gate
from rowgate.settings import load_settings


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text('<meta name="csp-nonce" content="__CSP_NONCE__">', encoding="utf-8")
    (folder / "rowgate.svg").write_text("<svg/>", encoding="utf-8")
    script = b"let a = 1;" * 50
    (folder / "assets/app-abc.js").write_bytes(script)
    (folder / "assets/app-abc.js.gz").write_bytes(gzip.compress(script))
    (folder / "assets/app-abc.js.br").write_bytes(b"brotli")
    app = Flask("small", static_folder=None)
    web.install(app, gate=object.__new__(Gate), settings=load_settings(tmp_path, environ={}))
    install_files(app, folder)
    return app.test_client()


def test_the_page_has_a_nonce_of_its_own_each_time(client: FlaskClient) -> None:
    nonces = set()
    for _ in range(2):
        answer = client.get("/")
        nonce = answer.text.split('content="')[1].split('"')[0]
        assert f"'nonce-{nonce}'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        nonces.add(nonce)
    assert len(nonces) == 2


def test_the_policy_lets_no_script_in(client: FlaskClient) -> None:
    rules = dict(part.strip().split(" ", 1) for part in client.get("/").headers["Content-Security-Policy"].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["connect-src"] == "'self'"
    assert "unsafe" not in rules["style-src"]
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert not any("unsafe-eval" in each or "http" in each for each in rules.values())


@pytest.mark.parametrize(
    ("accepted", "encoding"), [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("", None)]
)
def test_the_smallest_form_that_is_accepted_is_sent(client: FlaskClient, accepted: str, encoding: str | None) -> None:
    answer = client.get("/assets/app-abc.js", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.content_type == "text/javascript; charset=utf-8"
    assert "Accept-Encoding" in answer.vary
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    again = client.get(
        "/assets/app-abc.js", headers={"Accept-Encoding": accepted, "If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304


def test_files_beside_the_page_are_served_and_no_others(client: FlaskClient) -> None:
    assert client.get("/rowgate.svg").content_type.startswith("image/svg+xml")
    for missing in ("/index.html", "/assets/app-abc.js.br", "/assets/none.js", "/assets/../index.html", "/other"):
        assert client.get(missing).status_code == 404, missing


def test_a_folder_that_was_not_built_leads_to_the_api(tmp_path: Path) -> None:
    app = Flask("small", static_folder=None)
    web.install(app, gate=object.__new__(Gate), settings=load_settings(tmp_path, environ={}))
    install_files(app, tmp_path)
    assert app.test_client().get("/").headers["Location"] == "/api"


def test_the_built_app_holds_nothing_of_other_hosts() -> None:
    page = STATIC / "index.html"
    if not page.is_file():
        pytest.skip("the app was not built")
    text = page.read_text(encoding="utf-8")
    assert "__CSP_NONCE__" in text
    assert "http://" not in text
    assert "https://" not in text
