"""The structure of validation files."""

import pytest

from rowgate.errors import ValidationFileRefused
from rowgate.zed import ObjectRef, SubjectRef
from rowgate.zed.validation import Assertion, ExpectedSubject, parse_assertion, parse_validation

FULL = {
    "schema": "definition user {}",
    "relationships": "doc:1#viewer@user:anna\n// a comment\n",
    "assertions": {
        "assertTrue": ['doc:1#view@user:anna with {"hour": 9}'],
        "assertCaveated": None,
        "assertFalse": ["doc:1#view@group:eng#member"],
    },
    "validation": {
        "doc:1#view": [
            "[user:anna[...]] is <doc:1#viewer>/<group:eng#member>",
            "[user:* - {user:bob,user:eve[...]}] is <doc:1#viewer>",
        ],
        "doc:2#view": [],
    },
}


def test_a_whole_file() -> None:
    found = parse_validation(FULL)
    assert (found.schema, found.schema_file) == ("definition user {}", None)
    assert [str(each) for each in found.relationships] == ["doc:1#viewer@user:anna"]
    doc, anna = ObjectRef("doc", "1"), SubjectRef("user", "anna")
    assert found.assertions == (
        Assertion("true", doc, "view", anna, {"hour": 9}),
        Assertion("false", doc, "view", SubjectRef("group", "eng", "member")),
    )
    first, second = found.validation[0].subjects
    assert first == ExpectedSubject(anna, True, (), frozenset({(doc, "viewer"), (ObjectRef("group", "eng"), "member")}))
    assert second.excluded == ((SubjectRef("user", "bob"), False), (SubjectRef("user", "eve"), True))
    assert found.validation[1].subjects == ()


def test_an_empty_file_states_nothing() -> None:
    assert (
        parse_validation({"schemaFile": "schema.zed", "relationships": None, "assertions": None}).schema_file
        == "schema.zed"
    )


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {1: ""},
        {"scheme": ""},
        {"schema": "definition user {}", "schemaFile": "schema.zed"},
        {"schema": ["definition user {}"]},
        {"namespace_configs": []},
        {"validation_tuples": []},
        {"relationships": ["doc:1#viewer@user:anna"]},
        {"relationships": "doc:1#viewer"},
        {"relationships": "doc:1#viewer@user:anna\ndoc:1#viewer@user:anna"},
        {"assertions": []},
        {"assertions": {"assertMaybe": []}},
        {"assertions": {"assertTrue": "doc:1#view@user:anna"}},
        {"assertions": {"assertTrue": [{"doc": 1}]}},
        {"assertions": {"assertTrue": ["doc:1#view"]}},
        {"assertions": {"assertTrue": ["doc:1#view@user:anna with {]}"]}},
        {"assertions": {"assertTrue": ["doc:1#view@user:"]}},
        {"validation": {"doc:1": []}},
        {"validation": {"doc#view": []}},
        {"validation": {"doc:1#view": ["user:anna"]}},
        {"validation": {"doc:1#view": ["[user:anna] is doc:1#viewer"]}},
        {"validation": {"doc:1#view": ["[user] is <doc:1#viewer>"]}},
    ],
    ids=str,
)
def test_what_is_no_validation_file(document: object) -> None:
    with pytest.raises(ValidationFileRefused):
        parse_validation(document)


def test_a_wildcard_may_be_asked_for() -> None:
    assert parse_assertion("doc:1#view@user:*").subject.wildcard
