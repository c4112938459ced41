"""``rowgate users`` and ``add-auth``: what they store is what a log-in finds, and no password is ever an argument."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from config.settings import project
from rowgate.auth import Passwords, SqlProvider
from rowgate.cli import main
from rowgate.databases import make_engine
from rowgate.settings import load_settings
from tests.cli.conftest import Invoke

PASSWORD = "correct horse battery"


def weak_hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(autouse=True)
def _hashing_is_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rowgate.auth.passwords.PasswordHasher", weak_hasher)


@pytest.fixture
def users(sample_databases: None) -> Invoke:
    """Run ``rowgate users`` on the sample."""

    def run(*arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(main, ["--project", str(project.root), "users", *arguments], input=typed)

    return run


@pytest.fixture
def provider(sample_databases: None) -> Iterator[SqlProvider]:
    engine: Engine = make_engine(load_settings(project.root).auth_database_url)
    yield SqlProvider(engine, project.policy.principal, passwords=Passwords(weak_hasher()))
    engine.dispose()


def refused(result: Result, words: str) -> None:
    assert result.exit_code == 2, result.output
    assert words in result.output
    assert "Traceback" not in result.output


def test_list(users: Invoke) -> None:
    result = users("list")
    assert result.exit_code == 0
    assert "s1 (" in result.stdout
    assert "[sales] client_id=2, region=British Isles" in result.stdout
    listed = json.loads(users("list", "--json").stdout)
    assert {each["id"] for each in listed} >= {"s1", "u1", "admin"}
    assert "argon2" not in json.dumps(listed)


def test_an_added_user_logs_in_with_roles_and_typed_claims(users: Invoke, provider: SqlProvider) -> None:
    given = ("--role", "sales", "--role", "customer", "--claim", "client_id=2", "--claim", "region=02")
    result = users("add", "ada", "--name", "Ada", *given, "--password-stdin", typed=PASSWORD + "\n")
    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output
    ada = provider.authenticate("ada", PASSWORD)
    assert ada is not None
    assert ada.roles == {"sales", "customer"}
    assert ada.claims() == {"id": "ada", "client_id": 2, "region": "02", "employee_id": None}


def test_a_generated_password_is_shown_once_and_good(users: Invoke, provider: SqlProvider) -> None:
    result = users("add", "ada", "--generate-password")
    password = result.stdout.strip()
    assert re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", password)
    assert provider.authenticate("ada", password) is not None


def test_a_change_counts(users: Invoke, provider: SqlProvider) -> None:
    result = users(
        "change", "s1", "--role", "manager", "--no-role", "sales", "--claim", "client_id=1", "--claim", "region="
    )
    assert result.exit_code == 0, result.output
    s1 = provider.principal("s1")
    assert s1 is not None
    assert s1.roles == {"manager"}
    assert s1.claims() == {"id": "s1", "client_id": 1, "region": None, "employee_id": None}
    users("change", "s1", "--inactive")
    assert provider.principal("s1") is None
    users("change", "s1", "--active", "--name", "Sam")
    assert provider.principal("s1") == s1


def test_a_new_password_takes_the_place_of_the_old_one(users: Invoke, provider: SqlProvider) -> None:
    assert users("password", "s1", "--password-stdin", typed=PASSWORD).exit_code == 0
    assert provider.authenticate("s1", PASSWORD) is not None
    assert provider.authenticate("s1", "p") is None


REFUSED = [
    (("add", "s1", "--generate-password"), "There is a user 's1' already."),
    (("add", "ada", "--role", "slaes", "--generate-password"), "There is no role 'slaes'."),
    (("add", "ada", "--claim", "clint=2", "--generate-password"), "There is no claim 'clint'."),
    (("add", "ada", "--claim", "client_id=two", "--generate-password"), "does not take 'two'"),
    (("add", "ada", "--claim", "id=s1", "--generate-password"), "There is no claim 'id'."),
    (("add", "ada", "--claim", "roles=sa", "--generate-password"), "There is no claim 'roles'."),
    (("add", "ada", "--claim", "client_id", "--generate-password"), "is not NAME=VALUE"),
    (("add", " ada", "--generate-password"), "cannot be a user name"),
    (("add", "a" * 65, "--generate-password"), "cannot be a user name"),
    (("add", "ada"), "There is no terminal"),
    (("add", "ada", "--password-stdin", "--generate-password"), "exclude each other"),
    (("add", "ada", "--password-stdin"), "8 characters or more"),
    (("change", "nobody", "--role", "sales"), "There is no user 'nobody'."),
    (("change", "s1", "--no-role", "sa"), "does not hold the role 'sa'"),
    (("change", "s1", "--role", "slaes"), "There is no role 'slaes'."),
    (("password", "nobody", "--generate-password"), "There is no user 'nobody'."),
]


@pytest.mark.parametrize(("arguments", "words"), REFUSED, ids=lambda each: str(each)[:50])
def test_refused(users: Invoke, provider: SqlProvider, arguments: tuple[str, ...], words: str) -> None:
    before = json.loads(users("list", "--json").stdout)
    refused(users(*arguments, typed="short\n"), words)
    assert json.loads(users("list", "--json").stdout) == before


def test_no_option_takes_a_password() -> None:
    """What stands on the command line is read by every user of the machine."""
    for name in ("add-auth", "new"):
        options = [option for each in main.commands[name].params for option in each.opts if "password" in option]
        assert options
        assert all(each.is_flag for each in main.commands[name].params if set(each.opts) & set(options))  # type: ignore[attr-defined]


# --- add-auth ------------------------------------------------------------------------------------------------------


@pytest.fixture
def small(invoke_on: Invoke, tmp_path: Path) -> Invoke:
    """Run ``rowgate`` on a project whose log-in database is not there yet."""

    def run(*arguments: str) -> Result:
        return invoke_on("", *arguments)

    return run


def test_add_auth_makes_the_database_and_the_first_user(small: Invoke, tmp_path: Path) -> None:
    result = small("add-auth", "--user", "ada", "--role", "reader", "--generate-password")
    assert result.exit_code == 0, result.output
    made = tmp_path / "instance/auth.sqlite"
    assert made.is_file()
    assert stat.S_IMODE(made.parent.stat().st_mode) == 0o700
    assert json.loads(small("users", "list", "--json").stdout) == [
        {"id": "ada", "name": "ada", "active": True, "roles": ["reader"], "claims": {}}
    ]
    refused(small("add-auth", "--generate-password"), "There are users already.")


def test_add_auth_in_another_database_is_remembered(small: Invoke, tmp_path: Path) -> None:
    other = tmp_path / "people/log-ins.sqlite"
    result = small("add-auth", "--auth-db-url", f"sqlite:///{other}", "--generate-password")
    assert result.exit_code == 0, result.output
    local = tmp_path / "instance/local.env"
    assert stat.S_IMODE(local.stat().st_mode) == 0o600
    assert f"ROWGATE_AUTH_DATABASE_URL=sqlite:///{other}\n" in local.read_text(encoding="utf-8")
    assert [each["id"] for each in json.loads(small("users", "list", "--json").stdout)] == ["admin"]
    assert not (tmp_path / "instance/auth.sqlite").exists()


def test_before_anybody_is_there_the_list_says_what_to_do(small: Invoke) -> None:
    result = small("users", "list")
    assert result.exit_code == 0
    assert "rowgate add-auth" in result.output
