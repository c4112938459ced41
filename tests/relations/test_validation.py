"""Validation files: what passes, what is reported, what is refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from rowgate.databases import make_engine
from rowgate.errors import RelationshipRefused, SchemaError, ValidationFileRefused
from rowgate.relations.validation import validate

FILE: dict[str, Any] = {
    "schema": """
caveat on_shift(shift bool) {
  shift
}

definition user {}

definition document {
  relation viewer: user | user:* | user with on_shift
  relation banned: user
  permission view = viewer - banned
}
""",
    "relationships": """
document:plan#viewer@user:anna
document:plan#viewer@user:bob[on_shift]
document:open#viewer@user:*
document:open#banned@user:carl
""",
    "assertions": {
        "assertTrue": ["document:plan#view@user:anna", 'document:plan#view@user:bob with {"shift": true}'],
        "assertCaveated": ["document:plan#view@user:bob"],
        "assertFalse": ["document:plan#view@user:carl", "document:open#view@user:carl"],
    },
    "validation": {
        "document:plan#view": [
            "[user:anna] is <document:plan#viewer>",
            "[user:bob[...]] is <document:plan#viewer>",
        ],
        "document:open#view": ["[user:* - {user:carl}] is <document:open#viewer>"],
    },
}


@pytest.fixture
def memory() -> Iterator[Engine]:
    engine = make_engine("sqlite://")
    yield engine
    engine.dispose()


def test_a_file_that_is_right(memory: Engine) -> None:
    report = validate(FILE, memory)
    assert report.passed, report.failures
    assert str(report) == "5 checks, 5 lists and 3 subjects compared, 0 different"


@pytest.mark.parametrize(
    ("changed", "failures"),
    [
        ({"assertions": {"assertTrue": ["document:plan#view@user:carl"]}}, 2),
        ({"assertions": {"assertFalse": ["document:plan#view@user:bob"]}}, 2),
        ({"assertions": {"assertTrue": ["document:plan#veiw@user:anna"]}}, 1),
        ({"validation": {"document:plan#view": ["[user:anna] is <document:plan#viewer>"]}}, 1),
        ({"validation": {"document:open#view": ["[user:* - {user:bob}] is <document:open#viewer>"]}}, 1),
        ({"validation": {"document:plan#banned": ["[user:anna] is <document:plan#banned>"]}}, 1),
    ],
)
def test_a_file_that_is_wrong_says_so(memory: Engine, changed: dict[str, Any], failures: int) -> None:
    report = validate({**FILE, "assertions": {}, "validation": {}, **changed}, memory)
    assert len(report.failures) == failures, report.failures


def test_files_that_are_refused(memory: Engine) -> None:
    with pytest.raises(ValidationFileRefused):
        validate({**FILE, "validation_tuples": ""}, memory)
    with pytest.raises(SchemaError):
        validate({"schema": "definition user {"}, memory)
    with pytest.raises(RelationshipRefused):
        validate({**FILE, "relationships": "document:plan#view@user:anna"}, memory)
    with pytest.raises(ValidationFileRefused):
        validate({"schemaFile": "schema.zed"}, memory)


def test_the_schema_may_be_another_file(memory: Engine) -> None:
    texts = {"schema.zed": FILE["schema"]}
    report = validate({**FILE, "schema": None, "schemaFile": "schema.zed"}, memory, read=texts.__getitem__)
    assert report.passed
