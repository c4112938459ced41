"""Where an event may be sent to, and what a receiver may do to the sender."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import LargeBinary
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from database.models import Customer, Order
from rowgate.errors import DeclarationError
from rowgate.outbox.post import DeliveryFailed, _is_public, post
from rowgate.types import Access
from tests.outbox.conftest import Receiver, crm


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",  # noqa: S104
        "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:10.0.0.1",
        "2002:7f00:1::", "64:ff9b::169.254.169.254", "2001:db8::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not _is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"])
def test_addresses_that_are(address: str) -> None:
    assert _is_public(address)


def send(url: str, *, internal: bool = True, seconds: float = 5) -> None:
    post(url, b"{}", {}, internal=internal, seconds=seconds)


def test_nothing_is_sent_to_this_machine_unless_it_is_declared(receiver: Receiver) -> None:
    port = receiver.url.rsplit(":", 1)[1].split("/")[0]
    for host in ("127.0.0.1", "localhost", "127.1", "0x7f000001", "[::ffff:127.0.0.1]"):
        with pytest.raises(DeliveryFailed, match="not a public one"):
            send(f"http://{host}:{port}/", internal=False)
    assert receiver.got == []


def test_a_name_is_looked_up_once_and_what_was_judged_is_what_is_reached(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(receiver.url.rsplit(":", 1)[1].split("/")[0])
    asked: list[str] = []

    def changing(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        address = "8.8.8.8" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    reached: list[Any] = []

    def connect(_self: socket.socket, address: Any) -> None:
        reached.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(DeliveryFailed, match="not reached"):
        send("http://rebinding.example/", internal=False)
    assert (asked, reached) == (["rebinding.example"], ["8.8.8.8"])


def test_one_address_that_is_not_public_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(DeliveryFailed, match="not a public one"):
        send("https://mixed.example/", internal=False)


def test_redirects_are_not_followed(receiver: Receiver) -> None:
    receiver.answer = lambda _got: 302
    receiver.extra = {"Location": receiver.url}
    with pytest.raises(DeliveryFailed, match="answered 302, and redirects are not followed"):
        send(receiver.url)
    assert len(receiver.got) == 1


def test_proxies_of_the_environment_are_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    send(receiver.url)
    assert len(receiver.got) == 1


@pytest.fixture
def dripping() -> Iterator[int]:
    """A server that answers a byte every tenth of a second, and never ends."""
    stop = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        made, _ = server.accept()
        with made:
            while not stop.wait(0.1):
                try:
                    made.sendall(b"H")
                except OSError:
                    return

    thread = threading.Thread(target=serve)
    thread.start()
    yield server.getsockname()[1]
    stop.set()
    thread.join()
    server.close()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_receiver_that_answers_byte_by_byte_is_cut_off(dripping: int, scheme: str) -> None:
    started = time.monotonic()
    with pytest.raises(DeliveryFailed, match="not reached"):
        send(f"{scheme}://127.0.0.1:{dripping}/", seconds=0.6)
    assert time.monotonic() - started < 5


def test_what_is_not_tls_is_no_receiver(receiver: Receiver) -> None:
    with pytest.raises(DeliveryFailed, match="SSLError"):
        send(receiver.url.replace("http:", "https:"))


def test_nobody_there() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(DeliveryFailed, match="not reached: ConnectionRefusedError"):
            send(f"http://127.0.0.1:{unused.getsockname()[1]}/")


# --- declarations


class Base(DeclarativeBase):
    pass


class Blob(Base):
    __tablename__ = "blob"
    Id: Mapped[int] = mapped_column(primary_key=True)
    Data: Mapped[bytes] = mapped_column(LargeBinary)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "Crm"}, "a name is"),
        ({"name": "a" * 41}, "a name is"),
        ({"on": Access.READ | Access.INSERT}, "takes INSERT, UPDATE and DELETE"),
        ({"on": Access.NONE}, "takes INSERT, UPDATE and DELETE"),
        ({"secret_env": "ROWGATE_CRM"}, "does not begin with ROWGATE_"),
        ({"secret_env": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, "secret_env"),
        ({"attempts": 0}, "attempts"),
        ({"url": "http://a.example/", "internal": False}, "not HTTPS"),
        ({"url": "ftp://a.example/"}, "not https://host/path"),
        ({"url": "https:///path"}, "not https://host/path"),
        ({"url": "https://user:pw@a.example/"}, "holds a user"),
        ({"url": "https://a.example/\r\nX: y"}, "characters"),
        ({"url": "https://[a/"}, "cannot be read"),
        ({"url": "https://a.example:99999/"}, "cannot be read"),
        ({"fields": []}, "no fields"),
        ({"fields": [Order.Id]}, "no column of Customer"),
        ({"fields": [Customer.OrderList]}, "no column of Customer"),
        ({"entity": Blob, "fields": [Blob.Data]}, "JSON has no form"),
    ],
)
def test_a_declaration_that_cannot_mean_what_it_says(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(DeclarationError, match=said) as refused:
        crm(**{"url": "https://a.example/", "internal": False, **changed})
    assert "pw" not in str(refused.value)
