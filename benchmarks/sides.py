"""Servers to measure, one process each, and a client that costs little: kept-alive connections, requests made ahead."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Answer", "Side", "free_port", "running"]


@dataclass(frozen=True)
class Answer:
    """What came back: the status and the body."""

    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(kw_only=True)
class Side:
    """A running server and a connection to it.

    Attributes:
        name: for the table.
        pid: of the process that was started.
        seconds: from its start to its first answer.
    """

    name: str
    port: int
    pid: int
    seconds: float
    headers: dict[str, str] = field(default_factory=dict)
    _socket: socket.socket | None = None

    def ask(self, method: str, path: str, document: object = None) -> Answer:
        """Send a request and read its answer."""
        return self.send(self.made(method, path, document))

    def made(self, method: str, path: str, document: object = None) -> bytes:
        """A request ready to be sent."""
        body = b"" if document is None else json.dumps(document).encode()
        headers = {"Host": f"127.0.0.1:{self.port}", **self.headers}
        if document is not None:
            headers |= {"Content-Type": "application/vnd.api+json", "Content-Length": str(len(body))}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def send(self, request: bytes) -> Answer:
        """Send a request that was made before; on a connection that the server has closed meanwhile, once more."""
        if self._socket is not None:
            with contextlib.suppress(ConnectionError):
                return self._answer_to(request, self._socket)
        self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._answer_to(request, self._socket)

    def _answer_to(self, request: bytes, connection: socket.socket) -> Answer:
        connection.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += more(connection)
        head, _, rest = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        parts, got = [rest], len(rest)
        length = int(headers.get("content-length", "0"))
        while got < length:
            parts.append(more(connection))
            got += len(parts[-1])
        if headers.get("connection", "").lower() == "close":
            connection.close()
            self._socket = None
        return Answer(int(lines[0].split()[1]), b"".join(parts))

    def megabytes(self) -> float:
        """Memory of the process that answers: its proportional set size, in MB."""
        for line in (self._process / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
        raise ValueError("no Pss in smaps_rollup")

    def cpu_seconds(self) -> float:
        """Processor time that the process that answers has used, in seconds; the system counts hundredths."""
        fields = (self._process / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def _process(self) -> Path:
        """The started one's newest child, in Linux's ``/proc``."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return Path(f"/proc/{children[-1] if children else self.pid}")


def more(connection: socket.socket) -> bytes:
    data = connection.recv(1 << 20)
    if not data:
        raise ConnectionResetError
    return data


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(
    name: str, command: Sequence[str], *, port: int, env: Mapping[str, str], folder: Path, log: Path, ready: str
) -> Iterator[Side]:
    """A server, from its first answer until the end of the block.

    Args:
        name: for the table.
        command: what to start.
        port: where it will listen.
        env: added to this process's environment.
        folder: to start it in.
        log: gets its output.
        ready: an address; any answer to it will do.
    """
    started = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - the commands are this file's callers' own
            list(command), cwd=folder, env={**os.environ, **env}, stdout=output, stderr=output, start_new_session=True
        )
    try:
        side = Side(name=name, port=port, pid=process.pid, seconds=0)
        while True:
            if process.poll() is not None:
                raise SystemExit(f"{name} stopped at once; its log:\n{log.read_text()[-3000:]}")
            if time.perf_counter() - started > 120:
                raise SystemExit(f"{name} does not answer; its log:\n{log.read_text()[-3000:]}")
            with contextlib.suppress(OSError):
                side.ask("GET", ready)
                break
            time.sleep(0.01)
        side.seconds = time.perf_counter() - started
        yield side
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
