"""SQL with its values filled in: every paramstyle, every kind of value, and what is too long."""

import datetime as dt
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rowgate.audit.sql import literal, sql_text
from rowgate.enforce import SentStatement


def sent(sql: str, parameters: object = (), paramstyle: str = "qmark") -> SentStatement:
    return SentStatement(sql, parameters, frozenset(), paramstyle)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("paramstyle", "sql", "parameters"),
    [
        ("qmark", "a = ? AND b = ?", (1, "x")),
        ("format", "a = %s AND b = %s", (1, "x")),
        ("pyformat", "a = %(p)s AND b = %(q)s", {"p": 1, "q": "x"}),
        ("named", "a = :p AND b = :q", {"p": 1, "q": "x"}),
        ("numeric", "a = :1 AND b = :2", (1, "x")),
        ("numeric_dollar", "a = $1 AND b = $2", (1, "x")),
        ("numeric_dollar", "a = $1 AND b = $2", (1, "x", "spare")),
    ],
)
def test_each_paramstyle_is_filled_in(paramstyle: str, sql: str, parameters: object) -> None:
    assert sql_text(sent(sql, parameters, paramstyle)) == "a = 1 AND b = 'x'"


def test_a_cast_stays_behind_its_value() -> None:
    assert sql_text(sent("a = %(p)s::INTEGER", {"p": 1}, "pyformat")) == "a = 1::INTEGER"
    assert sql_text(sent("a::TEXT = :p", {"p": "x", "TEXT": "no"}, "named")) == "a::TEXT = 'x'"


def test_one_name_may_stand_in_several_places() -> None:
    assert sql_text(sent("%(p)s = %(p)s", {"p": 1}, "pyformat")) == "1 = 1"


@pytest.mark.parametrize(
    ("paramstyle", "sql", "parameters", "text"),
    [
        ("qmark", "'?' = ? -- ?", (1,), "'?' = 1 -- ?"),
        ("qmark", "\"a?\" = ? AND 'it''s ?' = ?", (1, 2), "\"a?\" = 1 AND 'it''s ?' = 2"),
        ("qmark", "/* ? */ ?", (1,), "/* ? */ 1"),
        ("named", "':p' = :p", {"p": 1}, "':p' = 1"),
        ("pyformat", "a LIKE '%%x%%' AND b %% 2 = %(p)s", {"p": 1}, "a LIKE '%x%' AND b % 2 = 1"),
        ("pyformat", 'j ? %(p)s AND "100%%" = 1', {"p": "k"}, "j ? 'k' AND \"100%\" = 1"),
        ("numeric_dollar", "'$1' = $1", (1,), "'$1' = 1"),
    ],
)
def test_what_only_looks_like_a_placeholder_is_left_alone(
    paramstyle: str, sql: str, parameters: object, text: str
) -> None:
    assert sql_text(sent(sql, parameters, paramstyle)) == text


@pytest.mark.parametrize("value", ["?", "%s", "%(p)s", ":p", "$1", "'", "'); DROP TABLE t; --"])
def test_a_value_that_looks_like_a_placeholder_is_not_filled_in_again(value: str) -> None:
    shown = "'" + value.replace("'", "''") + "'"
    assert sql_text(sent("a = ? AND b = ?", (value, 2))) == f"a = {shown} AND b = 2"
    assert sql_text(sent("a = %(p)s AND b = %(q)s", {"p": value, "q": 2}, "pyformat")) == f"a = {shown} AND b = 2"


def test_a_placeholder_without_a_value_stays() -> None:
    assert sql_text(sent("a = ? AND b = ?", (1,))) == "a = 1 AND b = ?"
    assert sql_text(sent("a = %(p)s", {}, "pyformat")) == "a = %(p)s"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "NULL"),
        (True, "TRUE"),
        (False, "FALSE"),
        (-3, "-3"),
        (0.5, "0.5"),
        (float("nan"), "'nan'"),
        (Decimal("10.50"), "10.50"),
        (Decimal("NaN"), "'NaN'"),
        ("it's", "'it''s'"),
        ("Göteborg 東京", "'Göteborg 東京'"),
        ("a\nb\x00\x1b[0m\u2028", r"'a\nb\x00\x1b[0m\u2028'"),
        (dt.date(2026, 1, 2), "'2026-01-02'"),
        (dt.datetime(2026, 1, 2, 3, 4, 5), "'2026-01-02 03:04:05'"),
        (dt.time(3, 4), "'03:04:00'"),
        (dt.timedelta(days=1), "'1 day, 0:00:00'"),
        (UUID(int=1), "'00000000-0000-0000-0000-000000000001'"),
        (b"\x00\xff", "X'00ff'"),
        ([1, None, "x"], "ARRAY[1, NULL, 'x']"),
        ({"a": "b"}, "'{''a'': ''b''}'"),
    ],
)
def test_literals(value: object, text: str) -> None:
    assert literal(value) == text


def test_long_values_are_cut_with_a_count() -> None:
    assert literal("x" * 1200) == f"'{'x' * 200}'...(1,000 more characters)"
    assert literal(b"\x00" * 1032) == f"X'{'00' * 32}'...(1,000 more bytes)"
    assert literal(list(range(1020))).endswith(", 19, ... 1,000 more]")


@pytest.mark.parametrize(("one", "shown"), [("?", "7"), ("?::INTEGER", "7::INTEGER"), ("(?, ?)", "(7, 7)")])
def test_a_list_of_ten_thousand_is_cut_and_what_follows_is_kept(one: str, shown: str) -> None:
    count = one.count("?")
    sql = f"a IN ({', '.join([one] * 10_000)}) AND (b = ?)"
    text = sql_text(sent(sql, (7,) * (10_000 * count) + (8,)))
    assert text == f"a IN ({', '.join([shown] * 20)}, ... 9,980 more) AND (b = 8)"


def test_conditions_are_never_cut_as_a_list_is() -> None:
    sql = "(" + " OR ".join(f"(a = ? AND f(?, {number}))" for number in range(50)) + ")"
    assert sql_text(sent(sql, (1,) * 100)).count("a = 1") == 50
    elements = f"coalesce({', '.join(['a = ? AND b'] * 50)})"
    assert sql_text(sent(elements, (1,) * 50)).count("a = 1") == 50


def test_a_statement_is_cut_at_last() -> None:
    text = sql_text(sent("SELECT " + "x + " * 50_000 + "1"), brief=True)
    assert len(text) < 10_100
    assert text.endswith(" more characters)")


def test_brief_leaves_out_long_column_lists_only() -> None:
    columns = ", ".join(f'"Customer"."Column{number}"' for number in range(9))
    inner = f"SELECT {columns} FROM t WHERE a = ?"
    assert sql_text(sent(inner, (1,)), brief=True) == "SELECT ... FROM t WHERE a = 1"
    assert sql_text(sent(inner, (1,))) == f"SELECT {columns} FROM t WHERE a = 1"
    assert sql_text(sent("SELECT a, b FROM t"), brief=True) == "SELECT a, b FROM t"
    extract = f"SELECT {columns}, EXTRACT(year FROM d) FROM t"
    assert sql_text(sent(extract), brief=True) == "SELECT ... FROM t"
    subquery = f"SELECT {columns}, (SELECT x FROM u WHERE y = ?) FROM t"
    assert "WHERE y = 1" in sql_text(sent(subquery, (1,)), brief=True)


def test_blanks_become_one_but_not_in_strings() -> None:
    assert sql_text(sent("\n SELECT  a\nFROM\tt WHERE b = 'x  y' ")) == "SELECT a FROM t WHERE b = 'x  y'"


@given(st.text(max_size=80), st.lists(st.one_of(st.none(), st.integers(), st.text(max_size=9), st.binary(max_size=9))))
def test_any_text_and_any_values_give_one_printable_line(sql: str, values: list[object]) -> None:
    for style in ("qmark", "format", "numeric_dollar"):
        text = sql_text(sent(sql, tuple(values), style), brief=True)
        assert text.isprintable()
    assert sql_text(sent(sql, {"a": 1}, "pyformat")).isprintable()


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_the_text_can_be_read_back(values: list[str]) -> None:
    """Each value stands in the text once, quoted so that a reader finds the same values again."""
    text = sql_text(sent(" | ".join("?" * len(values)), tuple(values)))
    assert text == " | ".join(literal(value) for value in values)
