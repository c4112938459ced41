"""Ids, JSON, pages and types, each by itself."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Integer, String, types
from sqlalchemy.dialects.postgresql import MONEY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from rowgate.api.ids import join_id, split_id
from rowgate.api.json_text import JsonFault, read_json, write_json
from rowgate.api.names import did_you_mean
from rowgate.api.paging import Page, page_links
from rowgate.api.resources import Resources
from rowgate.api.values import ValueFault, codec_for
from rowgate.errors import DeclarationError

# --- ids


@given(parts=st.lists(st.text(), min_size=1, max_size=4))
def test_an_id_can_be_taken_apart_again(parts: list[str]) -> None:
    assert split_id(join_id(parts), len(parts)) == parts


@given(parts=st.lists(st.text(), min_size=2, max_size=3), others=st.lists(st.text(), min_size=2, max_size=3))
def test_two_keys_never_have_one_id(parts: list[str], others: list[str]) -> None:
    assert (join_id(parts) == join_id(others)) == (parts == others)


# --- JSON


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    )
)
def test_json_is_read_as_anybody_reads_it(value: Any) -> None:
    assert read_json(json.dumps(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "nul",
        "NaN",
        "-Infinity",
        '{"a":1,"a":1}',
        "[" * 100_000,
        b"\xff",
        "1" * 5000,
        "1." + "1" * 2000,
        "1e99999999999999999999",
    ],
)
def test_unsound_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(JsonFault):
        read_json(text)


def test_a_number_without_end_is_refused() -> None:
    with pytest.raises(JsonFault):
        read_json("1e99999999999999999999")


@given(number=st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_numbers_are_exact(number: Decimal) -> None:
    codec = codec_for(types.Numeric(60, 6), name="x")
    text = write_json(codec.dump(number))
    assert codec.parse(read_json(text)) == number
    assert codec.read(text.decode()) == number
    assert b"e" not in text.lower()


def test_the_largest_number_of_a_column_is_taken() -> None:
    codec = codec_for(types.Numeric(30, 10), name="x")
    largest = Decimal("9" * 20 + "." + "9" * 10)
    assert codec.parse(largest) == largest
    for too_much in (Decimal(10) ** 20, Decimal("1e300"), Decimal("1e-300")):
        with pytest.raises(ValueFault):
            codec.parse(too_much)


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity"])
def test_what_is_no_number_is_null(number: str) -> None:
    assert write_json(codec_for(types.Numeric(), name="x").dump(Decimal(number))) == b"null"


@given(text=st.text())
def test_text_is_taken_or_refused_but_never_changed(text: str) -> None:
    codec = codec_for(types.String(), name="x")
    try:
        assert codec.parse(text) == text
    except ValueFault:
        assert "\0" in text


@pytest.mark.parametrize("kind", [types.PickleType(), types.NullType(), MONEY()])
def test_a_type_without_a_json_form_stops_the_start(kind: Any) -> None:
    with pytest.raises(DeclarationError):
        codec_for(kind, name="x")


# --- pages


@given(total=st.integers(0, 60), offset=st.integers(0, 80), limit=st.integers(1, 20), numbered=st.booleans())
def test_every_link_leads_to_a_page(total: int, offset: int, limit: int, numbered: bool) -> None:
    if numbered:
        offset -= offset % limit
    page = Page(offset=offset, limit=limit, numbered=numbered, total=True)
    sent = {"filter[a]": "x&y=ä", "page[limit]": "x"}
    links = page_links("/api/A", sent, page, total=total, more=offset + limit < total)

    def start(link: str | None) -> int:
        assert link
        parts = urlsplit(link)
        assert parts.path == "/api/A"
        query = parse_qs(parts.query, strict_parsing=True)
        assert query["filter[a]"] == ["x&y=ä"]
        if numbered:
            assert query["page[size]"] == [str(limit)]
            return (int(query["page[number]"][0]) - 1) * limit
        assert query["page[limit]"] == [str(limit)]
        return int(query["page[offset]"][0])

    assert start(links["self"]) == offset
    assert start(links["first"]) == 0
    assert (links["prev"] is None) == (offset == 0)
    assert (links["next"] is None) == (offset + limit >= total)
    last = start(links["last"])
    assert last == 0 if total == 0 else last < total <= last + limit
    if links["next"]:
        assert start(links["next"]) == offset + limit <= last


# --- names and types


def test_the_nearest_name() -> None:
    assert did_you_mean("ctiy", ["City", "Country"]) == "Did you mean City?"
    assert did_you_mean("zzz", ["City", "Country"]) == "Known here: City, Country."
    assert did_you_mean("zzz", []) == "There is none here."
    assert did_you_mean("x" * 100_000, [f"name{index}" for index in range(50)]).startswith("/api/swagger.json")


def test_names_that_json_api_keeps_for_itself() -> None:
    class Base(DeclarativeBase):
        pass

    class Typed(Base):
        __tablename__ = "typed"
        key: Mapped[int] = mapped_column(primary_key=True)
        type: Mapped[str]

    class Odd(Base):
        __tablename__ = "odd"
        key: Mapped[int] = mapped_column(primary_key=True)
        id: Mapped[str] = mapped_column(String(5))

    for entity in (Typed, Odd):
        with pytest.raises(DeclarationError):
            Resources([entity])


def test_an_inherited_type_decorator_is_read_by_what_is_beneath() -> None:
    class Age(types.TypeDecorator[int]):
        impl = Integer
        cache_ok = True

    assert codec_for(Age(), name="x").parse(5) == 5
