"""Two principals in two threads on one server never see each other's rows, nor leave marks in them."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import selectinload

from database.models import Base, Customer, Order
from logic.declare_logic import declare_logic
from rowgate.enforce import Gate
from rowgate.logic import activate_rules
from security.declare_security import policy
from tests.leaks.http import Web, part
from tests.leaks.truth import CANARY, Truth, load_users, plant_canaries

REQUESTS = 500
"""For each of two users: with three pairs and two ways 6,000 on each database."""


class Crossing:
    """What two users do at once, and what each of them must see."""

    def __init__(self, engine: Engine, pair: tuple[str, str]) -> None:
        plant_canaries(engine)
        self.engine = engine
        self.users = {name: load_users()[name] for name in pair}
        truth = Truth(engine)
        self.visible = {name: truth.keys(Customer, user, hidden=False) for name, user in self.users.items()}
        self.orders = {
            name: truth.rows(user, 'SELECT o."Id" FROM {Order} o JOIN {Customer} t ON o."CustomerId" = t."Id"')
            for name, user in self.users.items()
        }
        self.gate = Gate(policy, engine, models=Base, rules=activate_rules(declare_logic, base=Base))

    def run(self, act: Callable[[str, random.Random, int], list[str]]) -> list[str]:
        """Both users at once; what went wrong."""
        start = Barrier(len(self.users))

        def loop(name: str) -> list[str]:
            choices = random.Random(name)  # noqa: S311 - not for secrets
            start.wait()
            return [fault for turn in range(REQUESTS) for fault in act(name, choices, turn)]

        with ThreadPoolExecutor(len(self.users)) as pool:
            return [fault for faults in pool.map(loop, self.users) for fault in faults]

    def strangers(self, name: str, text: str) -> list[str]:
        """Customers named in a text that the user may not see."""
        seen = {key for kind, key in CANARY.findall(text) if kind == "Customer"}
        return [f"{name} saw {key}" for key in seen - set(self.visible[name])]

    def marks(self) -> list[str]:
        """Customers whose fax was written by somebody who may not see them."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(Customer.Id, Customer.Fax).where(Customer.Fax.like("by %"))).all()
        assert rows
        return [f"{fax} in {key}" for key, fax in rows if key not in self.visible[fax.removeprefix("by ")]]


@pytest.fixture(params=[("u1", "u2"), ("u1", "aneu"), ("ALFKI", "ANATR")], ids="-".join)
def pair(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Users of different rows; two who see the same; two of one role whose rows only a claim tells apart."""
    chosen: tuple[str, str] = request.param
    return chosen


def test_through_the_gate(sample_engine: Engine, pair: tuple[str, str]) -> None:
    crossing = Crossing(sample_engine, pair)

    def act(name: str, choices: random.Random, turn: int) -> list[str]:
        writes = turn % 10 == 0
        with crossing.gate.session(crossing.users[name], writes=writes) as session:
            if writes:
                key = choices.choice(crossing.visible[name])
                session.get_one(Customer, key).Fax = f"by {name}"
                session.commit()
                return []
            if turn % 3 == 0:
                found = session.scalars(select(Customer)).all()
                wrong = [] if len(found) == len(crossing.visible[name]) else [f"{name} saw {len(found)}"]
                return wrong + crossing.strangers(name, " ".join(row.CompanyName for row in found))
            query = select(Order).order_by(Order.Id).offset(choices.randrange(800)).limit(5)
            orders = session.scalars(query.options(selectinload(Order.Customer))).all()
            return crossing.strangers(name, " ".join(row.Customer.CompanyName for row in orders if row.Customer))

    assert crossing.run(act) == []
    assert crossing.marks() == []


def test_over_http(sample_engine: Engine, pair: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> None:
    crossing = Crossing(sample_engine, pair)
    web = Web(crossing.gate, crossing.users, tmp_path_factory.mktemp("threads"))

    def act(name: str, choices: random.Random, turn: int) -> list[str]:
        key = choices.choice(crossing.visible[name])
        if turn % 10 == 0:
            body = {"data": {"type": "Customer", "id": key, "attributes": {"Fax": f"by {name}"}}}
            reply = web.send(name, "PATCH", f"/api/Customer/{part(key)}", json=body)
        elif turn % 3 == 0:
            reply = web.send(name, "GET", "/api/Customer?page[limit]=20")
            if reply.total != len(crossing.visible[name]):
                return [f"{name} counted {reply.total}"]
        elif turn % 3 == 1:
            reply = web.send(name, "GET", f"/api/Customer/{part(key)}")
        else:
            offset = choices.randrange(800)
            reply = web.send(name, "GET", f"/api/Order?include=Customer&page[limit]=5&page[offset]={offset}")
        wrong = [] if reply.status == 200 else [f"{name} got {reply.status}: {reply.text[:200]}"]
        return wrong + crossing.strangers(name, reply.text)

    assert crossing.run(act) == []
    assert crossing.marks() == []
