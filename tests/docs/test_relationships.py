"""The how-to about relationships is true: each of its blocks is a validation file that passes, and could fail."""

import re

import pytest
import yaml

from config.settings import project
from rowgate.databases import make_engine
from rowgate.relations.validation import validate

PAGE = (project.root / "docs/how-to/relationships.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.*?)$.*?^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


def test_every_section_has_its_block() -> None:
    assert len(SECTIONS) == len(re.findall(r"^## ", PAGE, re.MULTILINE)) >= 6


@pytest.mark.parametrize("title", SECTIONS)
def test_the_block_of_a_section_passes(title: str) -> None:
    report = validate(yaml.safe_load(SECTIONS[title]), make_engine("sqlite://"))
    assert report.passed, report.failures
    assert report.checks >= 2


@pytest.mark.parametrize("title", SECTIONS)
def test_without_its_relationships_it_does_not(title: str) -> None:
    document = yaml.safe_load(SECTIONS[title])
    assert not validate({**document, "relationships": ""}, make_engine("sqlite://")).passed
