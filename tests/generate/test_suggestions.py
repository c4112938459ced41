"""Whatever a database is like, what is suggested for it is code that stands by itself once its marks are taken off."""

from __future__ import annotations

import ast
import builtins

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rowgate.generate.answers import MAIN, Answers
from rowgate.generate.classes import Report
from rowgate.generate.models import GeneratedClass, GeneratedColumn, Models
from rowgate.generate.parents import find_chain
from rowgate.generate.project import render
from rowgate.generate.suggestions import Suggested, suggest
from rowgate.policy.relation_types import in_small_letters
from rowgate.zed import resolve

NAMES = st.sampled_from(
    "Order OrderDetail User Login Principal X Class_ Größe Permission Folder Parent Owner Roles Mapped Marked".split()
)
COLUMNS = st.sampled_from(
    (
        "tenant_id TenantId client is_deleted deleted_at DELETED archived owner_id owner created_by user_id class_ "
        "name parent_id größe company_name organization"
    ).split()
)
TYPES = st.sampled_from(["int", "str", "bool", "dt.datetime", "dt.date", "uuid.UUID", "Decimal", "bytes"])


@st.composite
def databases(draw: st.DrawFn) -> Models:
    names = draw(st.lists(NAMES, unique=True, max_size=6))
    classes = []
    for name in names:
        key = GeneratedColumn(name="id", column="id", python_type=draw(TYPES), kind="", nullable=False, is_key=True)
        others = [
            GeneratedColumn(
                name=column,
                column=column,
                python_type=draw(TYPES),
                kind="",
                nullable=draw(st.booleans()),
                references=draw(st.sampled_from(["", *names])),
            )
            for column in draw(st.lists(COLUMNS, unique=True, max_size=6))
        ]
        classes.append(
            GeneratedClass(
                name=name, table=name, key=("id",), columns=(key, *others), is_view=draw(st.integers(0, 4)) == 0
            )
        )
    return Models(text="", classes=tuple(classes), report=Report())


@given(models=databases())
@settings(max_examples=120, deadline=None)
def test_the_code_stands_by_itself(models: Models) -> None:
    suggested = suggest(models, dialect="sqlite")
    written = render(Answers(name="x", title="X"), {MAIN: models})["security/declare_security.py"]
    header = ast.parse(written)  # with the marks on
    uncommented = ast.parse("\n".join([written, *(section.code for section in suggested.sections)]))
    assert len(uncommented.body) == len(header.body) + sum(len(ast.parse(s.code).body) for s in suggested.sections)
    top = [name for statement in uncommented.body for name in bound_names(statement, inside=False)]
    assert sorted(top) == sorted(set(top)), "a name means two things"
    unknown = used_names(uncommented) - bound_names(uncommented) - set(dir(builtins))
    assert unknown == set()
    claims = {
        node.attr
        for node in ast.walk(uncommented)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "user"
    }
    assert claims <= {"id", *suggested.claims}
    columns = {column.name for each in models.classes for column in each.columns}
    for node in ast.walk(uncommented):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "row":
            assert node.attr in columns


def used_names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def bound_names(tree: ast.AST, *, inside: bool = True) -> set[str]:
    """The names that a tree gives a meaning; only those of its outermost statement when not inside."""
    found: set[str] = set()
    for node in ast.walk(tree) if inside else [tree, *getattr(tree, "targets", ())]:
        match node:
            case ast.Name(ctx=ast.Store()):
                found.add(node.id)
            case ast.Import() | ast.ImportFrom():
                found |= {each.asname or each.name for each in node.names}
            case ast.ClassDef():
                found.add(node.name)
            case ast.arg():
                found.add(node.arg)
    return found


@given(models=databases())
@settings(max_examples=120, deadline=None)
def test_a_suggested_schema_is_one_and_its_types_are_not_mixed_up(models: Models) -> None:
    suggested = suggest(models, dialect="postgresql")
    if not suggested.schema:
        return
    schema = resolve(suggested.schema)
    chain = find_chain(models.classes)
    assert chain is not None
    assert len(schema.definitions) == len(chain.classes) + 1
    entities = {in_small_letters(each.name) for each in models.classes}
    assert entities & set(schema.definitions) == {in_small_letters(each.name) for each in chain.classes}
    assert all(not each.is_view for each in chain.classes)
    assert 1 <= len(chain.links) <= 5
    for link in chain.links:
        child = next(each for each in models.classes if each.name == link.child)
        column = next(each for each in child.columns if each.name == link.column)
        assert column.references == link.parent


def an_entity(name: str, **columns: tuple[str, str]) -> GeneratedClass:
    """A class with an id, and columns by name: their type, and the class they lead to."""
    made = [GeneratedColumn(name="id", column="id", python_type="int", kind="", nullable=False, is_key=True)]
    for column, (kind, references) in columns.items():
        made.append(
            GeneratedColumn(
                name=column, column=column, python_type=kind, kind="", nullable=False, references=references
            )
        )
    return GeneratedClass(name=name, table=name, key=("id",), columns=tuple(made))


def suggested_for(*classes: GeneratedClass) -> Suggested:
    return suggest(Models(text="", classes=classes, report=Report()), dialect="sqlite")


@pytest.mark.parametrize(
    ("column", "kind", "condition"),
    [
        ("deleted", "bool", "not_(row.deleted)"),
        ("is_archived", "int", "row.is_archived == 0"),
        ("DeletedAt", "dt.datetime", "row.DeletedAt.is_(None)"),
    ],
)
def test_marks(column: str, kind: str, condition: str) -> None:
    (section,) = suggested_for(an_entity("Paper", **{column: (kind, "")})).sections
    assert f"lambda row, user: {condition}," in section.code


@pytest.mark.parametrize(
    "column", ["deleted_by", "deleted_by_id", "deletions", "deleted_count", "company_name", "tenancy", "username"]
)
def test_what_only_looks_like_one_is_none(column: str) -> None:
    entities = [an_entity(name, **{column: ("int", "")}) for name in ("One", "Two")]
    assert suggested_for(*entities).sections == ()


def test_one_table_with_a_tenant_is_no_pattern() -> None:
    assert suggested_for(an_entity("One", tenant_id=("int", ""))).sections == ()
    assert len(suggested_for(*(an_entity(name, tenant_id=("int", "")) for name in ("One", "Two"))).sections) == 1


def test_an_owner_by_name_is_the_log_in_itself() -> None:
    (section,) = suggested_for(an_entity("Paper", created_by=("str", ""))).sections
    assert "row.created_by == user.id" in section.code
