"""The sample with webhooks, a receiver on this machine, and what stands in the outbox."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import Engine

from database.models import Base, Customer, Order
from logic.declare_logic import declare_logic
from rowgate.enforce import Gate
from rowgate.logic import activate_rules
from rowgate.outbox import Event, Outbox, Recorder, Worker, create_outbox, webhook_worker
from rowgate.types import Access
from rowgate.webhooks import Webhook
from security.declare_security import User, policy
from tests.serve import conftest as serving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ENVIRON = {"CRM_SECRET": SECRET}
S1 = User(id="s1", roles=frozenset({"sales"}), client_id=2, region="British Isles")
ADMIN = User(id="admin", roles=frozenset({"sa"}))


@dataclass
class Got:
    """A request that the receiver got."""

    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """An HTTP server that answers as it is told, and remembers."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answer: Callable[[Got], int] = lambda _got: 204
    extra: dict[str, str] = field(default_factory=dict)

    def keys(self) -> list[tuple[str, Any]]:
        """Type and key of each event it got."""
        return [(each.json["type"], each.json["data"]["key"]) for each in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got = Got({name.lower(): value for name, value in self.headers.items()}, body)
            made.got.append(got)
            self.send_response(made.answer(got))
            for name, value in made.extra.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_port}/hook?a=b"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def crm(url: str, **changed: Any) -> Webhook:
    """A webhook on customers."""
    given: dict[str, Any] = {
        "name": "crm",
        "entity": Customer,
        "on": Access.INSERT | Access.UPDATE | Access.DELETE,
        "url": url,
        "secret_env": "CRM_SECRET",
        "fields": [Customer.CompanyName, Customer.Balance, Customer.Client_id],
        "internal": True,
        "attempts": 3,
    }
    return Webhook(**{**given, **changed})


@dataclass
class House:
    """A gate that records, its outbox and its worker."""

    gate: Gate
    outbox: Outbox
    worker: Worker

    def waiting(self) -> list[Event]:
        """What stands in the outbox."""
        return self.outbox.listed(most=10_000)

    def make_due(self) -> None:
        """Let all that waits for another attempt be due, and all claims be over."""
        with self.gate.plain_engine.begin() as connection:
            connection.exec_driver_sql("UPDATE rowgate_outbox SET due_at = 0, leased_until = 0")


def house_on(engine: Engine, webhooks: list[Webhook]) -> House:
    """A house on a database."""
    create_outbox(engine)
    rules = activate_rules(declare_logic, base=Base)
    gate = Gate(policy, engine, models=Base, rules=rules, recorder=Recorder(webhooks))
    return House(gate, Outbox(engine), webhook_worker(engine, webhooks, environ=ENVIRON))


@pytest.fixture
def house(sample_engine: Engine, receiver: Receiver) -> House:
    """The sample on each database, with a webhook on customers and one on orders."""
    orders = crm(
        receiver.url, name="orders", entity=Order, fields=[Order.AmountTotal, Order.OrderDate], on=Access.INSERT
    )
    return house_on(sample_engine, [crm(receiver.url), orders])


# A server in processes of its own.
serve = serving.serve
