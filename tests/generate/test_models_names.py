"""Names: whatever the database calls things, the module is valid and no two things have one name."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import CheckConstraint, Column, Integer, MetaData, String, Table
from sqlalchemy import types as sa
from sqlalchemy.dialects import postgresql, sqlite

from rowgate.generate.choices import allowed_values
from rowgate.generate.defaults import constant_of
from rowgate.generate.introspect import Choice, Introspected, chosen
from rowgate.generate.layout import quoted
from rowgate.generate.models import Models, write_models
from rowgate.generate.names import attribute_name, class_name, identifier, role_of
from tests.generate.serving import imported

NAMES = st.text(min_size=1, max_size=12).filter(lambda name: "\0" not in name and name.strip() != "")
HOSTILE = st.sampled_from(
    [*'class None type id metadata __init__ self int Mapped a_b A_B """ \\ {} %s 😀 ﬁ 1'.split(), "a b", "\n"]
)


@given(NAMES | HOSTILE)
def test_every_name_becomes_an_identifier(name: str) -> None:
    for made in (identifier(name), attribute_name(name, only_key=False), class_name(name)):
        assert made.isidentifier(), name
        assert not keyword.iskeyword(made)
        assert not made.startswith("__")


@given(st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,9}", fullmatch=True))
def test_a_good_name_stays(name: str) -> None:
    made = attribute_name(name, only_key=True)
    assert made in (name, f"{name}_")
    if not keyword.iskeyword(name):
        assert identifier(name) == name


@settings(max_examples=25, deadline=None)
@given(
    st.lists(NAMES | HOSTILE, min_size=1, max_size=5, unique=True),
    st.lists(NAMES | HOSTILE, min_size=1, max_size=6, unique=True),
)
def test_any_names_give_a_module_that_maps_every_column(tables: list[str], columns: list[str]) -> None:
    models = _models(tables, columns)
    with imported(models, "hostile") as module:
        for each in models.classes:
            table = getattr(module, each.name).__table__
            assert table.name == each.table
            mapped = {column.column for column in each.columns}
            told = {name.removeprefix(f"{each.table}.") for name in models.report.not_mapped}
            assert set(table.columns.keys()) == mapped
            assert {"key", *columns} <= mapped | told
    assert len({each.name for each in models.classes}) == len(models.classes) == len(tables)


def _models(tables: list[str], columns: list[str]) -> Models:
    metadata = MetaData()
    for number, name in enumerate(tables):
        made = [Column(column, String(9), default=None) for column in columns if column != "key"]
        Table(name, metadata, Column("key", Integer, primary_key=True), *made, comment=tables[number - 1])
    return write_models(Introspected(dialect=sqlite.dialect(), metadata=metadata))


@given(st.text(max_size=30))
def test_a_string_is_written_as_itself(value: str) -> None:
    assert eval(quoted(value)) == value  # noqa: S307


@pytest.mark.parametrize(
    ("columns", "parent", "key", "role"),
    [
        (["WorksForDepartmentId"], "Department", ["Id"], "WorksFor"),
        (["billing_address_id"], "Address", ["id"], "Billing"),
        (["billing_address_id"], "Addresses", ["id"], "Billing"),
        (["DepartmentId"], "Department", ["Id"], ""),
        (["ReportsTo"], "Employee", ["Id"], "ReportsTo"),
        (["created_by"], "Users", ["id"], "CreatedBy"),
        (["FromNumber"], "Account", ["TenantId", "Number"], "From"),
        (["id"], "Person", ["id"], "Id"),
    ],
)
def test_the_role_of_a_foreign_key(columns: list[str], parent: str, key: list[str], role: str) -> None:
    assert role_of(columns, parent, key) == role


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        ("state IN ('new', 'it''s')", ("new", "it's")),
        ("(\"state\" in ('a','b'))", ("a", "b")),
        ("`state` in ('a','b')", ("a", "b")),
        ("state = ANY (ARRAY['a'::text, 'b'::text])", ("a", "b")),
        ("(state)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])", ("a", "b")),
        ("state IN ('a', 'b') OR other = 1", ()),
        ("state NOT IN ('a', 'b')", ()),
        ("other IN ('a', 'b')", ()),
        ("state IN ('a', 'b') AND state <> 'a'", ()),
        ("length(state) IN ('a')", ()),
        ("state <> 'a'", ()),
    ],
)
def test_what_a_check_allows(sql: str, values: tuple[str, ...]) -> None:
    table = Table("t", MetaData(), Column("state", String(9)), CheckConstraint(sql))
    assert allowed_values(table, table.c.state) == values


@pytest.mark.parametrize(
    ("sql", "kind", "expected"),
    [
        ("0", sa.Integer(), (True, 0, None)),
        ("'0'", sa.Integer(), (True, 0, "0")),
        ("(7)", sa.Integer(), (True, 7, None)),
        ("'it''s'", sa.String(), (True, "it's", "it's")),
        ("'it''s'::character varying", sa.String(), (True, "it's", "it's")),
        ("'{}'::jsonb", postgresql.JSONB(), (False, None, None)),
        ("1.5", sa.Float(), (True, 1.5, None)),
        ("true", sa.Boolean(), (True, True, None)),
        ("now()", sa.DateTime(), (False, None, None)),
        ("1 + 1", sa.Integer(), (False, None, None)),
        ("(1) + (2)", sa.Integer(), (False, None, None)),
        ("'paid'", sa.Enum("new"), (False, None, "paid")),
    ],
)
def test_what_a_default_means(sql: str, kind: sa.TypeEngine[object], expected: tuple[object, ...]) -> None:
    assert constant_of(sql, kind) == expected


def test_what_patterns_choose() -> None:
    choice = Choice(include=("sales.*", "Order*"), exclude=("*_old",))
    assert chosen("sales", "customer", choice)
    assert chosen(None, "OrderDetail", choice)
    assert not chosen(None, "Customer", choice)
    assert not chosen("sales", "customer_old", choice)
