"""Every example of the query language's page works on the sample, and the page names every operator and limit."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest

from rowgate.api.filters import OPERATORS
from rowgate.settings import Settings
from tests.api.conftest import Served, people, reading, rules

__all__ = ["people", "reading", "rules"]  # fixtures

PAGE = (Path(__file__).parents[2] / "docs/reference/query.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^GET (/api/.*)$", PAGE, re.MULTILINE)


def test_every_example_is_answered_and_finds_something(reading: Served) -> None:
    assert len(EXAMPLES) > 20
    for path in EXAMPLES:
        document = reading.get("u1", quote(path, safe="/?&=%[]"))
        assert document["data"], path


def test_the_pages_grammar_has_every_operator() -> None:
    grammar = PAGE.split("## Grammar")[1].split("## Filters")[0]
    assert set(re.findall(r'"(\w+)"', grammar.split("op        =")[1].split("path ")[0])) == set(OPERATORS)


@pytest.mark.parametrize(
    "name",
    [
        "page_size_max",
        "page_size",
        "include_max",
        "include_depth",
        "path_depth",
        "sort_max",
        "filter_max",
        "filter_values_max",
    ],
)
def test_the_page_gives_every_limit_with_its_default(name: str) -> None:
    (setting,) = [each for each in Settings.all() if each.field == name]
    (row,) = [line for line in PAGE.splitlines() if line.startswith("|") and f"`{setting.name}`" in line]
    assert setting.default in row
