"""Events are delivered signed, in order, at least once, and by one worker; what is not taken is kept and seen."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import insert

from database.models import Customer
from rowgate.errors import SettingRefused
from rowgate.outbox import OUTBOX, webhook_worker
from rowgate.outbox.signature import headers, secrets_of
from rowgate.outbox.store import new_row
from rowgate.outbox.worker import wait_after
from tests.outbox.conftest import ADMIN, ENVIRON, SECRET, Got, House, Receiver, crm


def rename(house: House, key: str, *names: str) -> None:
    """Give a customer these names, one transaction each."""
    for name in names:
        with house.gate.session(ADMIN, writes=True) as session:
            session.get_one(Customer, key).CompanyName = name
            session.commit()


def names(receiver: Receiver) -> list[str]:
    return [got.json["data"]["attributes"]["CompanyName"] for got in receiver.got]


# --- what is sent


def test_a_signature_is_that_of_the_specifications_own_library() -> None:
    # From the library standardwebhooks, version 1.0, for this secret, id, time and body.
    made = headers(
        secrets_of("CRM_SECRET", ENVIRON),
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_a_receiver_gets(house: House, receiver: Receiver) -> None:
    rename(house, "ALFKI", "Neu & Söhne")
    (event,) = house.waiting()
    assert vars(house.worker.drain()) == {"delivered": 1, "failed": 0, "dead": 0}
    (got,) = receiver.got
    assert got.json == {**event.payload, "sequence": event.id}
    assert got.headers["content-type"] == "application/json"
    assert got.headers["webhook-id"] == event.message_id
    assert abs(int(got.headers["webhook-timestamp"]) - time.time()) < 30
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert got.headers["webhook-signature"] == f"v1,{expected}"
    assert house.waiting() == []


def test_two_secrets_sign_twice_while_one_takes_the_others_place() -> None:
    other = "whsec_" + base64.b64encode(b"n" * 32).decode()
    both = secrets_of("X", {"X": f"{other} {SECRET}"})
    made = headers(both, message_id="m", timestamp=1, body=b"{}")["webhook-signature"].split()
    alone = [headers([each], message_id="m", timestamp=1, body=b"{}")["webhook-signature"] for each in both]
    assert made == alone


@pytest.mark.parametrize("value", ["", "  ", "password", "whsec_x", "whsec_%%%", "whsec_c2hvcnQ=", SECRET + " x"])
def test_a_secret_that_is_none_stops_the_worker_and_is_not_quoted(house: House, value: str) -> None:
    with pytest.raises(SettingRefused, match="CRM_SECRET") as refused:
        webhook_worker(house.gate.plain_engine, [crm("https://a.example/")], environ={"CRM_SECRET": value})
    assert not value.strip() or value not in str(refused.value)


def test_no_secret_is_logged(house: House, receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.answer = lambda _got: 500
    rename(house, "ALFKI", "x")
    house.worker.drain()
    assert "answered 500" in caplog.text
    for secret in (SECRET, SECRET.removeprefix("whsec_"), receiver.got[0].headers["webhook-signature"]):
        assert secret not in caplog.text + repr(house.waiting()) + repr(secrets_of("CRM_SECRET", ENVIRON))


# --- attempts


def test_an_event_is_tried_again_later_under_the_same_id_and_then_dead(house: House, receiver: Receiver) -> None:
    receiver.answer = lambda _got: 503
    rename(house, "ALFKI", "x")
    for attempt in (1, 2):
        assert house.worker.drain().failed == 1
        (event,) = house.waiting()
        assert (event.state, event.attempts, event.last_error) == ("pending", attempt, "answered 503")
        assert event.due_at > time.time()
        assert vars(house.worker.drain()) == {"delivered": 0, "failed": 0, "dead": 0}  # it is not due
        house.make_due()
    assert house.worker.drain().dead == 1
    (event,) = house.waiting()
    assert (event.state, event.attempts) == ("dead", 3)
    house.make_due()
    house.worker.drain()
    assert len(receiver.got) == 3
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
    receiver.answer = lambda _got: 200
    assert house.outbox.requeue() == [event.id]
    assert house.worker.drain().delivered == 1
    assert len(receiver.got) == 4
    assert house.waiting() == []


def test_a_receiver_that_is_gone_for_good_is_not_tried_again(house: House, receiver: Receiver) -> None:
    receiver.answer = lambda _got: 410
    rename(house, "ALFKI", "x")
    assert house.worker.drain().dead == 1


def test_waits_grow_to_an_hour_and_differ() -> None:
    for attempt in range(1, 30):
        longest = min(3600, 5 * 2 ** (attempt - 1))
        waits = [wait_after(attempt) for _ in range(200)]
        assert longest / 2 <= min(waits) < max(waits) <= longest
    assert all(max(wait_after(n) for _ in range(50)) <= 2 * wait_after(n + 1) for n in range(1, 9))


# --- order


def test_the_events_of_a_row_keep_their_order_also_when_the_first_fails(house: House, receiver: Receiver) -> None:
    refusing = [True]
    receiver.answer = lambda got: 500 if refusing[0] and got.json["data"]["key"] == {"Id": "ALFKI"} else 200
    rename(house, "ALFKI", "1", "2", "3")
    rename(house, "ANATR", "other")
    house.worker.drain()
    assert sorted(names(receiver)) == ["1", "other"]  # 2 and 3 wait behind 1; another row does not
    refusing[0] = False
    house.make_due()
    house.worker.drain()
    assert names(receiver)[2:] == ["1", "2", "3"]
    sequences = [got.json["sequence"] for got in receiver.got[2:]]
    assert sequences == sorted(sequences)


def test_a_dead_event_holds_up_none_after_it(house: House, receiver: Receiver) -> None:
    receiver.answer = lambda got: 410 if names(receiver) == ["1"] else 200
    rename(house, "ALFKI", "1", "2")
    house.worker.drain()
    assert names(receiver) == ["1", "2"]
    assert [event.state for event in house.waiting()] == ["dead"]


def test_ids_are_not_given_twice(house: House, receiver: Receiver) -> None:
    for name in ("1", "2", "3"):
        rename(house, "ALFKI", name)
        house.worker.drain()
    sequences = [got.json["sequence"] for got in receiver.got]
    assert all(before < after for before, after in pairwise(sequences))


# --- several workers


def test_several_workers_deliver_each_event_once_and_each_row_in_order(house: House, receiver: Receiver) -> None:
    rows = [
        new_row(
            topic="webhook:crm", key=f"Customer/{n % 7}", payload={"type": "t", "data": {"key": n % 7}, "n": n}, now=1.0
        )
        for n in range(70)
    ]
    with house.gate.plain_engine.begin() as connection:
        connection.execute(insert(OUTBOX), rows)
    webhooks = [crm(receiver.url)]
    workers = [webhook_worker(house.gate.plain_engine, webhooks, environ=ENVIRON) for _ in range(3)]
    busy = threading.Event()

    def work(number: int) -> None:
        busy.wait(0.01 * number)
        while house.outbox.counts():
            workers[number].drain()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    assert Counter(got.headers["webhook-id"] for got in receiver.got).most_common(1)[0][1] == 1
    assert len(receiver.got) == 70
    for key in range(7):
        order = [got.json["n"] for got in receiver.got if got.json["data"]["key"] == key]
        assert order == sorted(order)


def test_who_lost_its_claim_settles_nothing(house: House) -> None:
    rename(house, "ALFKI", "1")
    (first,) = house.outbox.claim(["webhook:crm"], most=5, seconds=60)
    assert house.outbox.claim(["webhook:crm"], most=5, seconds=60) == []
    house.make_due()
    (second,) = house.outbox.claim(["webhook:crm"], most=5, seconds=60)
    assert (second.id, second.attempts) == (first.id, 2)
    assert not house.outbox.put_aside(first, error="late")
    assert not house.outbox.done(first)
    assert house.outbox.done(second)


def test_events_of_a_webhook_that_is_no_more_are_left_alone(house: House, receiver: Receiver) -> None:
    rename(house, "ALFKI", "1")
    other = webhook_worker(house.gate.plain_engine, [crm(receiver.url, name="new")], environ=ENVIRON)
    assert vars(other.drain()) == {"delivered": 0, "failed": 0, "dead": 0}
    assert len(house.waiting()) == 1


def test_a_worker_that_is_killed_in_the_middle_loses_nothing(house: House, receiver: Receiver, tmp_path: Path) -> None:
    held, release = threading.Event(), threading.Event()

    def hold(_got: Got) -> int:
        held.set()
        release.wait(60)
        return 200

    receiver.answer = hold
    rename(house, "ALFKI", "1", "2")
    script = tmp_path / "work.py"
    script.write_text(
        "import sys\n"
        "from rowgate.databases import make_engine\n"
        "from tests.outbox.conftest import crm\n"
        "from rowgate.outbox import webhook_worker\n"
        "webhook_worker(make_engine(sys.argv[1]), [crm(sys.argv[2])]).drain()\n"
    )
    url = house.gate.plain_engine.url.render_as_string(hide_password=False)
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, str(script), url, receiver.url],
        env={**os.environ, **ENVIRON, "PYTHONPATH": os.getcwd()},
        stderr=subprocess.DEVNULL,
    )
    assert held.wait(60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    release.set()
    assert vars(house.worker.drain()) == {"delivered": 0, "failed": 0, "dead": 0}  # its claim holds for a while
    house.make_due()
    receiver.answer = lambda _got: 200
    assert house.worker.drain().delivered == 2
    assert names(receiver) == ["1", "1", "2"]
    assert receiver.got[0].headers["webhook-id"] == receiver.got[1].headers["webhook-id"]


def test_following_delivers_what_comes_and_stops_when_told(house: House, receiver: Receiver) -> None:
    stop, arrived = threading.Event(), threading.Event()

    def take(_got: Got) -> int:
        arrived.set()
        return 200

    receiver.answer = take
    thread = threading.Thread(target=house.worker.follow, args=[stop], kwargs={"pause": 0.02})
    thread.start()
    rename(house, "ALFKI", "1")
    assert arrived.wait(60)
    stop.set()
    thread.join(60)
    assert not thread.is_alive()
    assert house.waiting() == []
    assert json.loads(receiver.got[0].body)["type"] == "Customer.update"
