"""What every store of ended log-ins must do: the same tests on each."""

import time
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from rowgate.auth import revocations


def test_revoked_until_purged(house: Any) -> None:
    store, now = house.revocations, int(time.time())
    assert not store.revoked("a")
    store.revoke("a", expires_at=now + 60)
    store.revoke("a", expires_at=now + 60)
    store.revoke("b", expires_at=now + 90)
    assert store.revoked("a")
    assert not store.revoked("A")
    assert store.purge(now + 60) == 0
    assert store.purge(now + 61) == 1
    assert not store.revoked("a")
    assert store.revoked("b")


def test_adding_one_removes_the_old(house: Any) -> None:
    now = int(time.time())
    house.revocations.revoke("old", expires_at=now - 1)
    house.revocations.revoke("new", expires_at=now + 60)
    assert not house.revocations.revoked("old")
    assert house.revocations.revoked("new")


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
def test_a_fault_never_passes_for_revoked(house: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(revocations, "KIND", None)  # a row the table refuses
    with pytest.raises(IntegrityError):
        house.revocations.revoke("a", expires_at=int(time.time()) + 60)
    assert not house.revocations.revoked("a")
