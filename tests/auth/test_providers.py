"""What every provider must do: the same tests on each."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from rowgate import auth
from rowgate.auth.sql_models import User
from rowgate.errors import BadClaim, DeclarationError
from rowgate.settings import load_settings
from rowgate.types import Principal

# Memory makes its own hashes at each start, so only tables can hold an old or a broken one.
STORED = pytest.mark.parametrize(
    "house", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)


def test_right_credentials_give_the_principal(house: Any, principal_class: type[Principal]) -> None:
    found = house.provider.authenticate("s1", "p")
    assert found == principal_class(
        id="s1",
        roles=frozenset({"sales"}),
        client_id=2,  # type: ignore[call-arg]
        region="British Isles",
        since=dt.date(2020, 2, 29),
    )
    assert house.provider.principal("s1") == found
    assert type(found) is principal_class


def test_names_and_passwords_are_unicode(house: Any) -> None:
    assert house.provider.authenticate("jürgen", "p").id == "jürgen"
    assert house.provider.authenticate("u2", "Straße ☃ p").roles == {"tenant", "manager"}
    assert house.provider.authenticate("u2", "Strasse ☃ p") is None


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("s1", "q"),
        ("s1", ""),
        ("s1", "P"),
        ("s1", "p "),
        ("s1", "p\0"),
        ("s1", "p\ud800"),
        ("S1", "p"),
        ("s1 ", "p"),
        ("", "p"),
        ("nobody", "p"),
        ("gone", "p"),
        ("s1\0", "p"),
        ("s1\ud800", "p"),
        ("' OR 1=1 --", "p"),
        ("s%", "p"),
        ("x" * 10_000, "p"),
    ],
)
def test_wrong_credentials_cost_one_hash_and_say_nothing(house: Any, username: str, password: str) -> None:
    before = house.hasher.verified
    assert house.provider.authenticate(username, password) is None
    assert house.hasher.verified == before + 1


def test_principal_of_unknown_or_inactive_user_is_none(house: Any) -> None:
    for name in ("nobody", "gone", "", "s1\0", "\ud800", "S1"):
        assert house.provider.principal(name) is None


def test_changes_count_at_once(house: Any, person: Any) -> None:
    house.put(person(id="s1", roles=("renter",), claims={"client_id": 7}))
    found = house.provider.principal("s1")
    assert (found.roles, found.client_id, found.region) == ({"renter"}, 7, None)
    house.remove("s1")
    assert house.provider.principal("s1") is None
    assert house.provider.authenticate("s1", "p") is None


def test_claims_never_replace_id_or_roles_and_unknown_ones_are_left_out(house: Any) -> None:
    found = house.provider.principal("liar")
    assert (found.id, found.roles) == ("liar", {"sales"})
    assert not hasattr(found, "shoe_size")


def test_claim_of_the_wrong_type_is_told_without_its_value(house: Any, person: Any) -> None:
    house.put(person(id="s1", claims={"client_id": "twelve"}))
    for ask in (lambda: house.provider.principal("s1"), lambda: house.provider.authenticate("s1", "p")):
        with pytest.raises(BadClaim, match="'client_id'") as caught:
            ask()
        assert "twelve" not in str(caught.value)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(username=st.text(st.characters()), password=st.text(st.characters()))
def test_no_text_at_all_breaks_it(house: Any, username: str, password: str) -> None:
    known = house.provider.principal(username) is not None
    found = house.provider.authenticate(username, password)
    assert found is None or (known and password == "p")


@STORED
def test_old_hash_is_renewed_at_a_successful_login_only(house: Any, new_hasher: Any, principal_class: Any) -> None:
    stored = select(User.password_hash).where(User.id == "s1")

    def hash_now() -> str:
        with house.engine.connect() as connection:
            return str(connection.scalar(stored))

    old = hash_now()
    stronger = auth.Passwords(new_hasher(time_cost=2))
    provider = auth.SqlProvider(house.engine, principal_class, passwords=stronger)
    assert provider.authenticate("s1", "q") is None
    assert hash_now() == old
    assert provider.authenticate("s1", "p") is not None
    renewed = hash_now()
    assert renewed != old
    assert not stronger.outdated(renewed)
    assert provider.authenticate("s1", "p") is not None
    assert hash_now() == renewed


@STORED
def test_renewal_does_not_put_back_a_password_changed_meanwhile(
    house: Any, new_hasher: Any, principal_class: Any
) -> None:
    changed = house.hasher.hash("new")

    class Slow(auth.Passwords):
        def outdated(self, stored: str) -> bool:
            with house.engine.begin() as connection:
                connection.execute(update(User).where(User.id == "s1").values(password_hash=changed))
            return super().outdated(stored)

    provider = auth.SqlProvider(house.engine, principal_class, passwords=Slow(new_hasher(time_cost=2)))
    provider.authenticate("s1", "p")
    assert house.provider.authenticate("s1", "new") is not None
    assert house.provider.authenticate("s1", "p") is None


@STORED
def test_a_hash_that_is_none_refuses_and_costs_one_hash(house: Any) -> None:
    for broken in ("", "p", "$argon2id$v=19$m=8"):
        with house.engine.begin() as connection:
            connection.execute(update(User).where(User.id == "s1").values(password_hash=broken))
        assert house.provider.authenticate("s1", "p") is None


def test_provider_is_made_as_the_settings_say(tmp_path: Any, principal_class: Any, new_hasher: Any) -> None:
    memory = load_settings(tmp_path, environ={}, auth_provider="memory")
    sql = load_settings(tmp_path, environ={})
    cheap = auth.Passwords(new_hasher())
    users = [auth.MemoryUser(id="a", password="b")]
    assert isinstance(auth.make_provider(memory, principal_class, users=users, passwords=cheap), auth.MemoryProvider)
    assert isinstance(auth.make_revocations(memory), auth.MemoryRevocations)
    with pytest.raises(DeclarationError, match="no users"):
        auth.make_provider(memory, principal_class)
    with pytest.raises(DeclarationError, match="engine"):
        auth.make_provider(sql, principal_class)


def test_no_password_in_a_repr() -> None:
    assert "hush" not in repr(auth.MemoryUser(id="a", password="hush"))
