"""The server as it is deployed: real processes, real signals, real sockets."""

import json
import signal
import socket
import threading
import urllib.request
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Engine

from tests.serve.conftest import Server

Serve = Callable[..., Server]


def ask(
    server: Server, path: str, token: str | None = None, body: object = None, *, method: str | None = None
) -> tuple[int, Any]:
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if body is not None:
        headers["Content-Type"] = "application/json"
    sent = json.dumps(body) if body is not None else None
    connection.request(method or ("GET" if body is None else "POST"), path, sent, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, json.loads(text) if text.startswith("{") else text


def token_of(server: Server, user: str = "s1") -> str:
    status, found = ask(server, "/api/auth/login", body={"username": user, "password": "p"})
    assert status == 200
    return str(found["access_token"])


def raw(server: Server, data: bytes) -> bytes:
    parts = urlsplit(server.url)
    assert parts.hostname
    assert parts.port
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as made:
        made.sendall(data)
        got = b""
        while chunk := made.recv(65536):
            got += chunk
    return got


def test_sigterm_lets_the_request_in_flight_end_and_takes_no_other(serve: Serve) -> None:
    server = serve("serve", "--bind", "127.0.0.1:0", "--workers", "2", "--threads", "2")
    token = token_of(server)
    answers: list[tuple[int, Any]] = []
    thread = threading.Thread(target=lambda: answers.append(ask(server, "/api/slowly/1.5", token)))
    thread.start()
    server.wait_for_request()
    out, _ = server.stop(signal.SIGTERM)
    thread.join()
    assert answers == [(200, "done")]
    assert server.process.returncode == 0
    last = [json.loads(line) for line in out.splitlines()][-1]
    assert (last["route"], last["status"], last["principal"]) == ("/api/slowly/<float:seconds>", 200, "s1")
    with pytest.raises(ConnectionRefusedError):
        ask(server, "/health/live")


def test_ctrl_c_ends_run_at_once(serve: Serve) -> None:
    server = serve("run", "--port", "0")
    token = token_of(server)
    answers: list[object] = []

    def slowly() -> None:
        try:
            answers.append(ask(server, "/api/slowly/50.0", token))
        except OSError as error:
            answers.append(error)

    thread = threading.Thread(target=slowly)
    thread.start()
    server.wait_for_request()
    _, errors = server.stop(signal.SIGINT)
    thread.join()
    assert isinstance(answers[0], OSError)  # cut off
    assert "Stopped." in errors
    assert "Traceback" not in errors


@pytest.mark.postgresql
def test_several_processes_share_no_connection_and_all_metrics(serve: Serve, postgres_engine: Engine) -> None:
    url = postgres_engine.url.render_as_string(hide_password=False)
    server = serve("serve", "--bind", "127.0.0.1:0", "--workers", "3", "--threads", "2", ROWGATE_DATABASE_URL=url)
    token = token_of(server)
    found: list[int] = []

    def work() -> None:
        for _ in range(15):
            status, document = ask(server, "/api/Customer", token)
            found.append(len(document["data"]) if status == 200 else -status)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 90
    shown = [ask(server, "/metrics")[1] for _ in range(6)]
    for text in shown:  # whichever process answers
        assert 'rowgate_requests_total{method="GET",route="/api/Customer",status="200"} 90.0' in text
    _, errors = server.stop()
    assert "ERROR" not in errors


def test_what_is_not_http_is_answered_as_the_api_does(serve: Serve) -> None:
    server = serve("run", "--port", "0")
    for sent, status in (
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 431),
        (b"NONSENSE\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX Y: 1\r\n\r\n", 400),
    ):
        head, _, body = raw(server, sent).partition(b"\r\n\r\n")
        assert head.startswith(f"HTTP/1.1 {status} ".encode())
        assert b"application/vnd.api+json" in head
        assert json.loads(body)["errors"][0]["status"] == str(status)
    chunks = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    token = token_of(server)
    request = f"POST /api/Customer HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"
    request += "Content-Type: application/vnd.api+json\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = raw(server, request.encode() + chunks * 17 + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"RG216"' in answer
    server.stop(signal.SIGINT)


def test_headers_of_a_proxy_that_is_not_trusted_change_nothing(serve: Serve) -> None:
    server = serve("run", "--port", "0")
    request = urllib.request.Request(  # noqa: S310
        server.url + "/api", headers={"X-Forwarded-Proto": "https", "Script-Name": "/x", "X-Forwarded-For": "1.2.3.4"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        assert "Strict-Transport-Security" not in answer.headers
        assert b'src="/api/' in answer.read()
    out, _ = server.stop(signal.SIGINT)
    assert json.loads(out.splitlines()[-1])["peer"] == "127.0.0.1"


def test_a_port_that_is_taken_is_told_at_once(serve: Serve, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(pytest.fail.Exception, match="RG533 Address not available: The server cannot listen on"):
            serve("serve", "--bind", f"127.0.0.1:{other.getsockname()[1]}")
