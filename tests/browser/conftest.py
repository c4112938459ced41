"""The sample served for real, and Debian's chromium to look at it.

Without chromium these tests are skipped; with ``CI=true`` they fail instead.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from sqlalchemy import Engine
from werkzeug.serving import make_server

from config.settings import project
from rowgate.app import create_app
from rowgate.settings import load_settings
from tests.conftest import Copies

CHROMIUM = shutil.which("chromium")
WAIT = 10_000
"""Milliseconds that a page may take for anything; only a failing test waits that long."""


_MOMENT = 20
_QUIET = 4
"""Moments without a request after which a page has what it asked for."""


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=WAIT)
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    if CHROMIUM is None:
        message = "there is no chromium; on Debian: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    # No sandbox: builds run as root in a container, where chromium's own does not start.
    started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
    yield started
    started.close()


@dataclass
class Site:
    """The served sample."""

    url: str
    app: Flask
    engine: Engine


@contextmanager
def served(engine: Engine, users: Path, folder: Path, *, root: Path = project.root) -> Iterator[Site]:
    """Serve the sample on *engine*; *root* is where ui/admin.yaml is."""
    auth = folder / "auth.sqlite"
    shutil.copyfile(users, auth)
    settings = load_settings(
        root,
        environ={},
        instance=folder,
        database_url=engine.url,
        auth_database_url=f"sqlite:///{auth}",
    )
    app = create_app(settings, project=project)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Site(f"http://127.0.0.1:{server.port}", app, engine)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        app.extensions["rowgate"].gate.plain_engine.dispose()


@pytest.fixture(scope="module")
def site(sqlite_copies: Copies, users_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """For tests that change nothing."""
    with served(sqlite_copies(), users_template, tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture
def own_site(sqlite_engine: Engine, users_template: Path, tmp_path: Path) -> Iterator[Site]:
    """For a test that changes rows."""
    with served(sqlite_engine, users_template, tmp_path) as made:
        yield made


@dataclass
class Watch:
    """What a page did that nobody wants: words in the console, requests to other hosts."""

    console: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    """Requests to the API and to the app's own addresses, in order."""

    refusals: list[str] = field(default_factory=list)
    """Answers of 4xx and 5xx. The browser itself writes a line to the console for each."""

    open: int = 0
    """Requests that are on their way."""

    expected: int = 0
    """How many of them a test provokes."""

    def attach(self, context: BrowserContext, url: str) -> None:
        def on_request(request: object) -> None:
            asked = request.url  # type: ignore[attr-defined]
            self.open += 1
            if not asked.startswith((url, "data:", "blob:")):
                self.foreign.append(asked)
            elif "/assets/" not in asked and asked.rstrip("/") != url:
                self.calls.append(asked.removeprefix(url))

        def on_end(_request: object) -> None:
            self.open -= 1

        context.on("request", on_request)
        context.on("requestfinished", on_end)
        context.on("requestfailed", on_end)
        context.on(
            "response",
            lambda answer: self.refusals.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None,
        )
        context.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        context.on("weberror", lambda error: self.console.append(f"uncaught: {error.error}"))

    def check(self) -> None:
        assert [line for line in self.console if "Failed to load resource" not in line] == []
        assert len(self.refusals) <= self.expected, self.refusals
        assert self.foreign == []


class Visitor:
    """Somebody at the app, in a browser window of their own."""

    def __init__(self, context: BrowserContext, site: Site, watch: Watch) -> None:
        self.context, self.site, self.watch = context, site, watch
        self.page: Page = context.new_page()

    def sign_in(self, user: str) -> Visitor:
        self.page.goto(self.site.url)
        self.page.get_by_label("User name").fill(user)
        self.page.get_by_label("Password").fill("p")
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.wait_for_selector("main#main")
        return self

    def open(self, route: str) -> Page:
        """Go to a page of the app and wait until it has what it asked for."""
        self.page.goto(f"{self.site.url}/#{route}")
        self.settle()
        return self.page

    def settle(self) -> None:
        quiet = 0
        for _ in range(WAIT // _MOMENT):
            quiet = quiet + 1 if self.watch.open == 0 else 0
            if quiet >= _QUIET and not self.page.query_selector("[role=progressbar]"):
                return
            self.page.wait_for_timeout(_MOMENT)
        pytest.fail(f"{self.page.url} is still waiting for something")


class Desk:
    """Opens windows, and looks at the end at what they did."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._opened: list[Visitor] = []

    def visit(
        self,
        site: Site,
        user: str | None = None,
        *,
        theme: str = "light",
        width: int = 1440,
        locale: str = "en-GB",
    ) -> Visitor:
        context = self._browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if theme == "dark" else "light",
            locale=locale,
            reduced_motion="reduce",
            accept_downloads=True,
        )
        context.set_default_timeout(WAIT)
        watch = Watch()
        watch.attach(context, site.url)
        visitor = Visitor(context, site, watch)
        self._opened.append(visitor)
        return visitor.sign_in(user) if user else visitor

    def leave(self, *, check: bool) -> None:
        for visitor in self._opened:
            try:
                if check:
                    visitor.watch.check()
            finally:
                visitor.context.close()
        self._opened.clear()


@pytest.fixture
def desk(browser: Browser) -> Iterator[Desk]:
    """Every test ends with a look at the consoles and at the hosts that were asked."""
    made = Desk(browser)
    try:
        yield made
    except BaseException:
        made.leave(check=False)
        raise
    made.leave(check=True)
