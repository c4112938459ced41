"""Which form a question takes: arrays or lookups for a condition on rows, a search or the general form for a check."""

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, Text, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from rowgate.relations.columns import PathRelation
from rowgate.relations.compiled import CompiledSchema
from rowgate.relations.row import row_condition
from rowgate.relations.rows import Rows
from rowgate.relations.rules import Node
from rowgate.relations.search import can_search, from_subject
from rowgate.zed import resolve

SCHEMA = """
definition user {}

definition group {
  relation parent: group
  relation member: user | group#member
  permission everybody = member + parent->everybody
}

definition folder {
  relation parent: folder
  relation viewer: user | group#member | group#everybody
  relation banned: user
  permission view = viewer + parent->view
  permission strict = (viewer + parent->strict) - banned
}

definition document {
  relation folder: folder
  relation viewer: user
  relation banned: user
  permission view = viewer + folder->view
  permission open = view - banned
  permission strict = viewer + folder->strict
}
"""
DIALECTS = {"postgresql": postgresql.dialect(), "sqlite": sqlite.dialect()}


def condition(dialect: str, permission: str, *, index: bool, kind: type = Integer) -> str:
    """The SQL of a condition on documents, whose folder a column states."""
    metadata = MetaData()
    Table("folder", metadata, Column("id", kind, primary_key=True))
    document = Table(
        "document",
        metadata,
        Column("id", kind, primary_key=True),
        Column("folder_id", kind, ForeignKey("folder.id"), index=index),
    )
    column = PathRelation(
        resource_type="document",
        relation="folder",
        subject_type="folder",
        subject_relation="",
        words="Document.folder_id",
        start=document,
        resource=tuple(document.primary_key.columns),
        hops=(),
        subject=(document.c.folder_id,),
    )
    compiled = CompiledSchema(resolve(SCHEMA), dialect, columns=[column])
    plan = compiled.plan(Node("document", permission), "user")
    rows = Rows(dialect, subject_id=literal("anna", Text))
    found = select(document.c.id).where(row_condition(plan, document, rows, prefix="t"))
    return str(found.compile(dialect=DIALECTS[dialect])).lower()


@pytest.mark.parametrize("kind", [Integer, Text])
def test_postgresql_finds_rows_by_arrays_where_every_way_has_an_index(kind: type) -> None:
    sql = condition("postgresql", "view", index=True, kind=kind)
    assert "document.id = any (array(" in sql
    assert "document.folder_id = any (array(" in sql
    assert "exists" not in sql
    # One way without an index makes filters of all; an array would be looked through for each row.
    sql = condition("postgresql", "view", index=False, kind=kind)
    assert "any (array(" not in sql
    assert "document.folder_id in (select" in sql
    assert "exists" in sql


def test_what_is_taken_away_is_looked_up_by_the_row() -> None:
    for dialect in DIALECTS:
        sql = condition(dialect, "open", index=True)
        assert "not (exists" in sql
        assert sql.count("document.id = any (array(") == (1 if dialect == "postgresql" else 0)


def test_sqlite_has_no_arrays() -> None:
    sql = condition("sqlite", "view", index=True)
    assert "array" not in sql
    assert "document.id in (select" in sql
    assert "document.folder_id in (select" in sql


def test_ids_stay_numbers_on_the_way_through_columns() -> None:
    assert "cast(document" not in condition("postgresql", "view", index=True)
    assert "cast(document" not in condition("sqlite", "view", index=True)


def test_unions_are_searched_and_other_things_behind_a_parent_are_not() -> None:
    compiled = CompiledSchema(resolve(SCHEMA), "sqlite")
    for kind, permission, searched in (
        ("document", "view", True),
        ("document", "open", True),
        ("document", "strict", False),
        ("folder", "strict", False),
        ("group", "member", True),
        ("group", "everybody", True),
    ):
        assert can_search(compiled.plan(Node(kind, permission), "user")) is searched, (kind, permission)


def test_groups_are_found_from_the_subject_unless_arrows_lead_down_to_them() -> None:
    found = from_subject(CompiledSchema(resolve(SCHEMA), "sqlite").plan(Node("document", "view"), "user"))
    assert Node("group", "member") in found
    assert Node("group", "everybody") not in found
    assert Node("folder", "view") not in found
