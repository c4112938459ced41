"""The reference of declarations names every one of them, and every argument."""

from __future__ import annotations

import inspect
import re

import pytest

from config.settings import project
from rowgate import als
from rowgate.policy import Policy
from rowgate.types import Access

PAGE = (project.root / "docs" / "reference" / "declarations.md").read_text(encoding="utf-8")
DECLARATIONS = [
    name
    for name, member in inspect.getmembers(Policy, inspect.isfunction)
    if not name.startswith("_")
    and inspect.signature(member).return_annotation
    in ("Permission", "Grant", "GlobalFilter", "RelationSchema", "StatedRelation", "FieldRule", "ActionRule")
]


def test_there_are_declarations() -> None:
    assert {"permission", "grant", "global_filter", "relations", "relation", "relation_grant"} <= set(DECLARATIONS)
    assert {"hide", "readonly", "action"} <= set(DECLARATIONS)


@pytest.mark.parametrize("name", DECLARATIONS)
def test_each_declaration_has_its_section_and_arguments(name: str) -> None:
    section = re.search(rf"^## {name}$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert section, f"declarations.md has no section {name}"
    for argument in list(inspect.signature(getattr(Policy, name)).parameters)[1:]:
        assert re.search(rf"\b{argument}\b", section[1]), f"{name}: {argument} is not documented"


def test_the_policy_itself_verbs_and_spellings_are_documented() -> None:
    for argument in list(inspect.signature(Policy.__init__).parameters)[1:]:
        assert f"`{argument}`" in PAGE
    for verb in Access:
        assert verb.name is not None
        assert verb.name in PAGE
    for spelling in als.__all__:
        assert spelling in PAGE
