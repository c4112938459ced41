"""Relationships in text: the form, the way back, and what a schema says to them."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rowgate.errors import RelationshipRefused
from rowgate.zed import (
    ObjectRef,
    Relationship,
    SubjectRef,
    check_relationship,
    parse_relationship,
    parse_relationships,
    resolve,
)
from rowgate.zed.relationships import parse_object, parse_subject

NAMES = st.from_regex(r"[a-z][a-z0-9_]{1,10}[a-z0-9]", fullmatch=True)
IDS = st.from_regex(r"[a-zA-Z0-9/_|\-=+]{1,30}", fullmatch=True)
TYPES = st.lists(NAMES, min_size=1, max_size=2).map("/".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
RELATIONSHIPS = st.builds(
    lambda resource, relation, subject, caveat, expires: Relationship(
        resource, relation, subject, caveat[0], caveat[1], expires
    ),
    st.builds(ObjectRef, TYPES, IDS),
    NAMES,
    st.builds(SubjectRef, TYPES, IDS, NAMES | st.just("")) | st.builds(SubjectRef, TYPES, st.just("*")),
    st.just((None, {})) | st.tuples(TYPES, st.dictionaries(st.text(), JSON, max_size=3)),
    st.none() | st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9999, 1, 1), timezones=st.just(UTC)),
)


@given(RELATIONSHIPS)
def test_text_and_back(relationship: Relationship) -> None:
    assert parse_relationship(str(relationship)) == relationship


@given(st.text(alphabet="docuser:#@*.[]{}\"' \n1"))
def test_no_text_breaks_the_parser(text: str) -> None:
    with contextlib.suppress(RelationshipRefused):
        assert parse_relationship(str(parse_relationship(text)))


def test_parts() -> None:
    line = ' org/doc:a/b|c#viewer@user:anna#...[late:{"to":"]}"}][expiration:2030-01-01T01:00:00.5+01:00] '
    relationship = parse_relationship(line)
    assert relationship == Relationship(
        ObjectRef("org/doc", "a/b|c"),
        "viewer",
        SubjectRef("user", "anna"),
        "late",
        {"to": "]}"},
        datetime(2030, 1, 1, 0, 0, 0, 500_000, UTC),
    )
    assert (
        str(relationship) == 'org/doc:a/b|c#viewer@user:anna[late:{"to":"]}"}][expiration:2030-01-01T00:00:00.500000Z]'
    )


@pytest.mark.parametrize(
    "line",
    [
        "",
        "doc:1#viewer",
        "doc:1#viewer@user",
        "doc:1#viewer@user:",
        "doc:*#viewer@user:anna",
        "doc:1#vi@user:anna",
        "do:1#viewer@user:anna",
        "Doc:1#viewer@user:anna",
        "doc:1#...@user:anna",
        "doc:1#viewer@user:an na",
        "doc:1#viewer@user:änna",
        "doc:1#viewer@user:anna'--",
        "doc:1#viewer@user:**",
        "doc:1#viewer@user:*#member",
        "doc:1#viewer@user:anna#",
        "doc:1#viewer@user:anna@user:bob",
        "doc:1#viewer@user:anna[]",
        "doc:1#viewer@user:anna[late:]",
        "doc:1#viewer@user:anna[late:{]",
        "doc:1#viewer@user:anna[late:[1]]",
        'doc:1#viewer@user:anna[late:{"a":NaN}]',
        "doc:1#viewer@user:anna[expiration:tomorrow]",
        "doc:1#viewer@user:anna[expiration:2030-01-01]",
        "doc:1#viewer@user:anna[expiration:2030-13-01T00:00:00Z]",
        "doc:1#viewer@user:anna[expiration:2030-01-01T00:00:00Z][late]",
        f"doc:{'x' * 1025}#viewer@user:anna",
        f"doc:1#viewer@user:{'x' * 1025}",
    ],
)
def test_what_is_no_relationship(line: str) -> None:
    with pytest.raises(RelationshipRefused):
        parse_relationship(line)


@pytest.mark.parametrize("opening", ['{"a":', '{"a":['], ids=["objects", "arrays"])
def test_a_context_nested_without_end(opening: str) -> None:
    with pytest.raises(RelationshipRefused):
        parse_relationship("doc:1#viewer@user:anna[late:" + opening * 100_000 + "}]")


def test_the_longest_id() -> None:
    assert len(parse_relationship(f"doc:{'x' * 1024}#viewer@user:anna").resource.id) == 1024


def test_many_lines() -> None:
    text = "// who\n\n  doc:1#viewer@user:anna\r\ndoc:2#viewer@user:anna\n"
    assert [(number, str(each)) for number, each in parse_relationships(text)] == [
        (3, "doc:1#viewer@user:anna"),
        (4, "doc:2#viewer@user:anna"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("doc:1#viewer@user:anna\nnonsense", "Line 2: `nonsense`"),
        ("doc:1#viewer@user:anna\n\ndoc:1#viewer@user:anna[late]", "Line 3: .* line 1"),
        ("doc:1#viewer@user:anna\ndoc:1#viewer@user:anna#...", "Line 2: .* line 1"),
    ],
)
def test_many_lines_name_the_line_at_fault(text: str, words: str) -> None:
    with pytest.raises(RelationshipRefused, match=words):
        list(parse_relationships(text))


def test_objects_and_subjects() -> None:
    assert str(parse_object("doc:1")) == "doc:1"
    assert parse_subject("user:*").wildcard
    assert str(parse_subject("group:eng#member")) == "group:eng#member"
    with pytest.raises(RelationshipRefused):
        parse_object("doc:1#viewer")


SCHEMA = resolve(
    """
    use expiration
    definition user {}
    definition group { relation member: user; permission all_of_them = member }
    caveat late(hour int, zones list<string>) { hour > 20 && "CET" in zones }
    definition doc {
        relation viewer: user | user with late | user:* with expiration | group#all_of_them with late and expiration
        relation owner: group
        permission view = viewer
    }
    """
)


@pytest.mark.parametrize(
    "line",
    [
        "doc:1#viewer@user:anna",
        "doc:1#viewer@user:anna[late]",
        'doc:1#viewer@user:anna[late:{"hour":"21","zones":["CET"]}]',
        "doc:1#viewer@user:*[expiration:1999-01-01T00:00:00Z]",
        "doc:1#viewer@group:eng#all_of_them[late][expiration:2030-01-01T00:00:00Z]",
        "doc:1#owner@group:eng",
    ],
)
def test_what_the_schema_allows(line: str) -> None:
    relationship = parse_relationship(line)
    assert check_relationship(SCHEMA, relationship).type == relationship.subject.type


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("dok:1#viewer@user:anna", "no definition `dok`.*doc"),
        ("doc:1#viewers@user:anna", "no relation `viewers`.*viewer"),
        ("doc:1#view@user:anna", "is a permission"),
        ("doc:1#viewer@usr:anna", "no definition `usr`.*user"),
        ("doc:1#viewer@group:eng#members", "no relation or permission `members`.*member"),
        ("doc:1#viewer@group:eng", "does not take `group`"),
        ("doc:1#viewer@group:eng#member", "does not take `group#member`"),
        ("doc:1#viewer@group:eng#all_of_them", "`group#all_of_them with late and expiration`"),
        ("doc:1#viewer@user:*", r"It takes `user:\* with expiration`"),
        ("doc:1#viewer@user:anna[expiration:2030-01-01T00:00:00Z]", "does not take `user with expiration`"),
        ("doc:1#viewer@user:anna[early]", "does not take `user with early`"),
        ('doc:1#viewer@user:anna[late:{"our":1}]', "no parameter `our`.*hour"),
        ('doc:1#viewer@user:anna[late:{"hour":1.5}]', "takes int"),
        ('doc:1#viewer@user:anna[late:{"zones":[1]}]', "takes list<string>"),
    ],
)
def test_what_the_schema_refuses(line: str, words: str) -> None:
    with pytest.raises(RelationshipRefused, match=words):
        check_relationship(SCHEMA, parse_relationship(line))
