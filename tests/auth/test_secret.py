"""The signing secret: generated once, narrow, agreed on by all; weak ones stop a production server."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from rowgate.auth.secret import derived_key, signing_secret
from rowgate.errors import SecretRefused
from rowgate.settings import Secret, Settings, load_settings

GOOD = "k3J9sPq0vXw7LmZ2tR8yB5nC1dF6gH4a"


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    return lambda **overrides: load_settings(tmp_path, environ={}, **overrides)


@pytest.mark.parametrize("env", ["development", "production"])
def test_generated_once_with_mode_600(settings: Callable[..., Settings], env: str) -> None:
    before = os.umask(0)
    try:
        first = signing_secret(settings(env=env))
    finally:
        os.umask(before)
    path = settings().instance / "secret"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert len(first.value) >= 43
    assert signing_secret(settings(env=env)) == first
    assert [file.name for file in path.parent.iterdir()] == ["secret"]


def test_each_installation_has_its_own(settings: Callable[..., Settings]) -> None:
    assert signing_secret(settings(instance="a")) != signing_secret(settings(instance="b"))


def test_starting_at_once_agrees(settings: Callable[..., Settings]) -> None:
    starts = 8
    barrier = threading.Barrier(starts)
    found: list[Secret] = []

    def start() -> None:
        held = settings()
        barrier.wait()
        found.append(signing_secret(held))

    threads = [threading.Thread(target=start) for _ in range(starts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == starts
    assert len({secret.value for secret in found}) == 1
    assert [file.name for file in settings().instance.iterdir()] == ["secret"]


def test_the_environment_comes_first(settings: Callable[..., Settings]) -> None:
    signing_secret(settings())
    assert signing_secret(settings(secret=GOOD)) == Secret(GOOD)


@pytest.mark.parametrize(
    "weak",
    ["5h0rt-5ecret!", "x" * 64, "abc" * 30, "please-changeme-please-changeme-please", "ApiLogicServerSecret" * 3],
)
def test_weak_secret_stops_production_only(
    settings: Callable[..., Settings], weak: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SecretRefused) as caught:
        signing_secret(settings(env="production", secret=weak))
    assert caught.value.code == "RG309"
    assert weak not in str(caught.value)
    assert signing_secret(settings(secret=weak)).value == weak
    assert "production" in caplog.text
    assert weak not in caplog.text


def test_file_that_others_can_read_stops_production(settings: Callable[..., Settings]) -> None:
    signing_secret(settings())
    path = settings().instance / "secret"
    path.chmod(0o644)
    with pytest.raises(SecretRefused, match="644"):
        signing_secret(settings(env="production"))


def test_damaged_file_is_never_replaced(settings: Callable[..., Settings]) -> None:
    signing_secret(settings())
    path = settings().instance / "secret"
    for content in (b"", b"\xff\xfe"):
        path.write_bytes(content)
        with pytest.raises(SecretRefused):
            signing_secret(settings())
        assert path.read_bytes() == content


def test_nowhere_to_write_stops_the_start(settings: Callable[..., Settings], tmp_path: Path) -> None:
    (tmp_path / "instance").write_text("a file where the folder should be")
    for env in ("development", "production"):
        with pytest.raises(SecretRefused, match="no secret can be written"):
            signing_secret(settings(env=env))


def test_keys_differ_by_purpose_and_secret() -> None:
    keys = {derived_key(Secret(text), purpose=use) for text in (GOOD, "other") for use in ("tokens", "locks")}
    assert len(keys) == 4
    assert all(len(key) == 64 and GOOD not in key for key in keys)
