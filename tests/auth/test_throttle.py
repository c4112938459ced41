"""The throttle: an exact sliding window in bounded memory."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rowgate.auth.throttle import Throttle
from rowgate.errors import Throttled


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def fail(throttle: Throttle, name: str = "s1", address: str | None = "10.0.0.1") -> None:
    with throttle.attempt(name, address):
        pass


def succeed(throttle: Throttle, name: str = "s1", address: str = "10.0.0.1") -> None:
    with throttle.attempt(name, address) as attempt:
        attempt.succeeded = True


def test_waits_after_the_limit_and_says_how_long() -> None:
    clock = Clock()
    throttle = Throttle(per_user=2, per_address=100, window=60, clock=clock)
    fail(throttle)
    clock.now += 10
    fail(throttle)
    with pytest.raises(Throttled) as caught:
        fail(throttle)
    assert caught.value.retry_after == 50
    assert caught.value.response_headers == {"Retry-After": "50"}
    clock.now += 49.9
    with pytest.raises(Throttled):
        fail(throttle)
    clock.now += 0.1
    fail(throttle)
    with pytest.raises(Throttled):
        fail(throttle)


def test_refused_attempts_do_not_prolong_the_wait() -> None:
    clock = Clock()
    throttle = Throttle(per_user=1, per_address=100, window=60, clock=clock)
    fail(throttle)
    for _ in range(50):
        clock.now += 1
        with pytest.raises(Throttled):
            fail(throttle)
    clock.now += 10
    fail(throttle)


def test_other_users_and_other_addresses_are_not_held_up() -> None:
    throttle = Throttle(per_user=1, per_address=3, window=60, clock=Clock())
    fail(throttle)
    fail(throttle, name="u2")
    fail(throttle, address="10.0.0.2")
    with pytest.raises(Throttled):
        fail(throttle)


def test_one_address_guessing_at_many_users() -> None:
    throttle = Throttle(per_user=5, per_address=3, window=60, clock=Clock())
    for name in "abc":
        fail(throttle, name=name)
    with pytest.raises(Throttled):
        fail(throttle, name="d")
    fail(throttle, name="d", address="10.0.0.2")


def test_success_is_not_counted_and_clears_the_user_but_not_the_address() -> None:
    throttle = Throttle(per_user=2, per_address=3, window=60, clock=Clock())
    for _ in range(20):
        succeed(throttle)
    fail(throttle)
    succeed(throttle)
    fail(throttle)
    fail(throttle, name="u2")
    with pytest.raises(Throttled):
        fail(throttle, name="u3")


def test_an_attempt_that_breaks_off_counts() -> None:
    throttle = Throttle(per_user=1, per_address=9, window=60, clock=Clock())

    def broken() -> None:
        with throttle.attempt("s1", "10.0.0.1"):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    with pytest.raises(Throttled):
        fail(throttle)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        (None, None, True),
        ("not an address", "10.0.0.1", False),
    ],
)
def test_what_counts_as_one_address(one: str | None, other: str | None, same: bool) -> None:
    throttle = Throttle(per_user=1, per_address=9, window=60, clock=Clock())
    fail(throttle, address=one)
    if same:
        with pytest.raises(Throttled):
            fail(throttle, address=other)
    else:
        fail(throttle, address=other)


def test_memory_is_bounded() -> None:
    throttle = Throttle(per_user=3, per_address=3, window=60, clock=Clock(), most_keys=50)
    for number in range(500):
        fail(throttle, name=f"n{number}", address=f"10.0.{number // 250}.{number % 250}")
    assert len(throttle._pairs) == 50
    assert len(throttle._addresses) == 50


def test_many_at_once_do_not_slip_through() -> None:
    throttle = Throttle(per_user=5, per_address=100, window=60, clock=Clock())
    guesses = 40
    let_in: list[int] = []
    barrier = threading.Barrier(guesses)

    def guess() -> None:
        barrier.wait()
        try:
            with throttle.attempt("s1", "10.0.0.1"):
                let_in.append(1)
        except Throttled:
            pass

    threads = [threading.Thread(target=guess) for _ in range(guesses)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(let_in) == 5


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from("ab"), st.booleans()), max_size=60))
def test_never_more_failures_in_a_window_than_the_limit(steps: list[tuple[int, str, bool]]) -> None:
    clock = Clock()
    throttle = Throttle(per_user=3, per_address=5, window=60, clock=clock)
    failures: list[tuple[float, str]] = []
    cleared = dict.fromkeys("ab", -1.0)
    for seconds, name, right in steps:
        clock.now += seconds
        young = [(at, who) for at, who in failures if clock.now - at < 60]
        own = [at for index, (at, who) in enumerate(failures) if who == name and index > cleared[name]]
        expect = len(young) >= 5 or len([at for at in own if clock.now - at < 60]) >= 3
        try:
            succeed(throttle, name) if right else fail(throttle, name)
        except Throttled:
            assert expect
            continue
        assert not expect
        if right:
            cleared[name] = len(failures) - 1
        else:
            failures.append((clock.now, name))
