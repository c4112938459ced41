"""Claims: read by field name, each of the type its field declares."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rowgate.auth.claims import Claims
from rowgate.errors import BadClaim, DeclarationError
from rowgate.types import Principal


class Colour(StrEnum):
    red = "red"


@dataclass(frozen=True, kw_only=True)
class Everything(Principal):
    number: int | None = None
    ratio: float | None = None
    word: str | None = None
    flag: bool = False
    money: Decimal | None = None
    day: dt.date | None = None
    moment: dt.datetime | None = None
    key: UUID | None = None
    colour: Colour | None = None
    regions: frozenset[str] = frozenset()
    steps: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Needs(Principal):
    tenant: int


@dataclass(frozen=True, kw_only=True)
class Odd(Principal):
    pairs: dict[str, int] | None = None


@pytest.mark.parametrize(
    ("name", "stored", "value"),
    [
        ("number", 3, 3),
        ("ratio", 3, 3.0),
        ("word", "", ""),
        ("flag", True, True),
        ("money", "1.10", Decimal("1.10")),
        ("day", "2026-01-31", dt.date(2026, 1, 31)),
        ("moment", "2026-01-31T10:00:00+00:00", dt.datetime(2026, 1, 31, 10, tzinfo=dt.UTC)),
        ("key", "12345678123456781234567812345678", UUID(int=0x12345678123456781234567812345678)),
        ("colour", "red", Colour.red),
        ("regions", ["a", "b", "a"], frozenset({"a", "b"})),
        ("steps", [1, 2], (1, 2)),
        ("number", None, None),
        ("regions", None, frozenset()),
    ],
)
def test_typed(name: str, stored: object, value: object) -> None:
    found = getattr(Claims(Everything).principal(id="x", roles=[], claims={name: stored}), name)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("number", "3"),
        ("number", True),
        ("number", 3.0),
        ("number", []),
        ("ratio", "3"),
        ("word", 3),
        ("flag", 1),
        ("flag", "true"),
        ("money", 1.1),
        ("money", "much"),
        ("day", "31.1.2026"),
        ("day", 20260131),
        ("moment", "soon"),
        ("key", "1"),
        ("colour", "blue"),
        ("regions", "ab"),
        ("regions", [1]),
        ("steps", [True]),
    ],
)
def test_wrong_type_is_refused(name: str, stored: object) -> None:
    with pytest.raises(BadClaim, match=repr(name)):
        Claims(Everything).principal(id="x", roles=[], claims={name: stored})


def test_needed_claim() -> None:
    assert Claims(Needs).principal(id="x", roles=[], claims={"tenant": 1}) == Needs(id="x", tenant=1)
    for claims in ({}, {"tenant": None}):
        with pytest.raises(BadClaim, match="tenant"):
            Claims(Needs).principal(id="x", roles=[], claims=claims)


def test_type_that_no_provider_holds_stops_the_start() -> None:
    with pytest.raises(DeclarationError, match="pairs"):
        Claims(Odd)


@given(
    st.dictionaries(
        st.sampled_from(["id", "roles", "number", "word", "flag", "regions", "other"]),
        st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=4),
    )
)
def test_any_stored_claims_give_the_same_user_or_an_error_of_ours(claims: dict[str, Any]) -> None:
    try:
        found = Claims(Everything).principal(id="me", roles=["r"], claims=claims)
    except BadClaim:
        return
    assert (found.id, found.roles) == ("me", frozenset({"r"}))
    assert type(found.flag) is bool  # type: ignore[attr-defined]
