"""Watches every request from outside of Flask: gives it its budget, and tells what it came to once it is answered."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_plus

from flask import Flask, Response, request
from werkzeug.wsgi import ClosingIterator

from rowgate import web
from rowgate.budgets import Budget, spend

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["Served", "Tell", "note_routes", "watch"]

_ROUTE: Final = "rowgate.route"


@dataclass(frozen=True, kw_only=True)
class Served:
    """What a request came to.

    Attributes:
        request_id: as in the answer's ``X-Request-Id``; None where the request did not get as far.
        principal: the id of whose rows were served; None for nobody's.
        actor: who really asked, where somebody viewed the rows as the principal.
        method: of the request, as sent.
        route: the rule that matched (``/api/Customer/<id:row_id>``); None where none did.
        path: the address without its query.
        parameters: the names of the query's parameters, without their values.
        status: of the answer.
        seconds: until the last byte of the answer was handed on.
        statements: sent to the databases.
        size: bytes of the answer's body; None where it was not known at its beginning.
        peer: the client's address, as the trusted proxies tell it.
        timed_out: the request ran out of its budget.
    """

    request_id: str | None
    principal: str | None
    actor: str | None
    method: str
    route: str | None
    path: str
    parameters: tuple[str, ...]
    status: int
    seconds: float
    statements: int
    size: int | None
    peer: str | None
    timed_out: bool


Tell = Callable[[Served], None]


def watch(app: Flask, *, seconds: float, begun: Sequence[Callable[[], None]], tell: Sequence[Tell]) -> None:
    """Watch every request of *app*. Call it after `rowgate.web.install`, so that proxies have been seen through.

    Args:
        app: the Flask app.
        seconds: the budget of a request, until its answer begins.
        begun: called as a request arrives.
        tell: called when its answer is sent, or the client is gone.
    """

    note_routes(app)
    app.wsgi_app = _Watched(app.wsgi_app, seconds=seconds, begun=begun, tell=tell)  # type: ignore[method-assign]


def note_routes(app: Flask, *, prefix: str = "") -> None:
    """Let the watch know which rule of *app* a request matched.

    Args:
        prefix: where the app is mounted in the watched one.
    """

    @app.after_request
    def note_route(response: Response) -> Response:
        request.environ[_ROUTE] = prefix + request.url_rule.rule if request.url_rule is not None else None
        return response


class _Watched:
    def __init__(
        self, wsgi_app: WSGIApplication, *, seconds: float, begun: Sequence[Callable[[], None]], tell: Sequence[Tell]
    ) -> None:
        self._app = wsgi_app
        self._seconds = seconds
        self._begun, self._tell = begun, tell

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        budget = Budget(self._seconds)
        answer: list[Any] = [500, None]

        def starting(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            answer[0] = int(status.split(" ", 1)[0])
            answer[1] = next((int(value) for name, value in headers if name.lower() == "content-length"), None)
            return start_response(status, headers, *rest)

        def done() -> None:
            spend(None)
            served = _served(environ, budget, status=answer[0], size=answer[1])
            for each in self._tell:
                each(served)

        spend(budget)
        for each in self._begun:
            each()
        try:
            body = self._app(environ, starting)
        except BaseException:
            done()
            raise
        # What is sent from here on is at the client's pace; an export may take as long as it needs.
        budget.lift()
        return ClosingIterator(body, [done])


def _served(environ: WSGIEnvironment, budget: Budget, *, status: int, size: int | None) -> Served:
    request_id, caller = web.who_asked(environ)
    return Served(
        request_id=request_id,
        principal=caller.principal.id if caller is not None else None,
        actor=caller.actor.id if caller is not None and caller.actor is not None else None,
        method=environ["REQUEST_METHOD"],
        route=environ.get(_ROUTE),
        path=_decoded(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")),
        parameters=_names(environ.get("QUERY_STRING", "")),
        status=status,
        seconds=time.monotonic() - budget.started,
        statements=budget.statements,
        size=size,
        peer=environ.get("REMOTE_ADDR"),
        timed_out=budget.overdrawn,
    )


def _decoded(text: str) -> str:
    """What WSGI holds as if it were Latin-1 (PEP 3333)."""
    return text.encode("latin1").decode("utf-8", "replace")


def _names(query: str) -> tuple[str, ...]:
    parts = [part.partition("=")[0] for part in query.split("&") if part]
    return tuple(dict.fromkeys(unquote_plus(name, errors="replace") for name in parts))
