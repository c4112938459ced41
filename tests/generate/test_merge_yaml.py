"""Merging YAML by keys: comments, quotes and layout stay, and no edit is lost."""

from __future__ import annotations

import random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rowgate.generate.merge import merge
from rowgate.generate.units_yaml import yaml_units

BASE = """# The admin app.
title: Shop

resources:
  Customer:
    sort: Name
    attributes:
      - name: Name
        search: true
      - name: City
      - {name: Zip, hide_list: true}

  # Orders come second.
  Order:
    attributes:
      - name: Id
"""


def edit(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def merged(mine: str, theirs: str, base: str = BASE) -> str:
    found = merge(base, mine, theirs, path="ui/admin.yaml")
    assert not found.conflicts
    return found.text


NEW = "      - name: Email\n"
CITY = "      - name: City\n"


def test_new_attributes_and_resources_come_in_beside_edits() -> None:
    mine = edit(
        BASE,
        ("sort: Name", "sort: '-Name'  # newest first"),
        (CITY, CITY + "        label: Town\n"),
        ("title: Shop", "title: My shop"),
    )
    theirs = edit(BASE, (CITY, NEW + CITY)) + "  Invoice: {}\n"
    assert merged(mine, theirs) == edit(mine, (CITY, NEW + CITY)) + "  Invoice: {}\n"


def test_a_resource_that_vanished() -> None:
    gone = BASE[BASE.index("\n  # Orders") :]
    theirs = edit(BASE, (gone, ""))
    assert merged(edit(BASE, ("Shop", "Mine")), theirs) == edit(theirs, ("Shop", "Mine"))
    mine = BASE + "        label: Number\n"
    found = merge(BASE, mine, theirs, path="ui/admin.yaml")
    assert found.text == mine
    assert [each.where for each in found.conflicts] == ["resources.Order"]


def test_both_changed_a_key() -> None:
    found = merge(
        BASE, edit(BASE, ("sort: Name", "sort: City")), edit(BASE, ("sort: Name", "sort: Zip")), path="a.yaml"
    )
    assert "sort: City" in found.text
    assert [each.where for each in found.conflicts] == ["resources.Customer.sort"]


def test_a_list_that_lost_everything_is_an_empty_list() -> None:
    base = "a:\n  - name: x\n  - name: y\nb:\n  c: 1\n  d: 2\n"
    text = merged("a:\n  - name: x\nb:\n  c: 1\n", "a:\n  - name: y\nb:\n  d: 2\n", base)
    assert yaml.safe_load(text) == {"a": [], "b": {}}


def test_the_users_indentation_is_kept() -> None:
    base = "a:\n- name: x\nb: 1\n"
    mine = "a:\n  - name: x\nb: 2\n"
    found = merge(base, mine, "a:\n- name: x\n- name: z\n  label: Z\nb: 1\n", path="a.yaml")
    if not found.conflicts:
        assert yaml.safe_load(found.text) == {"a": [{"name": "x"}, {"name": "z", "label": "Z"}], "b": 2}
    assert "b: 2" in found.text


def test_a_file_that_is_no_yaml_is_one_conflict() -> None:
    found = merge(BASE, BASE + "\t:\n  - [", edit(BASE, (CITY, CITY + NEW)), path="a.yaml")
    assert [each.where for each in found.conflicts] == ["the whole file"]
    assert found.text.endswith("- [")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment\n",
        "a: |\n  # no comment\n\n  text\n# comment\nb: >-\n  x\n\n\n",
        "a: &x {b: 1}\nc: *x\n",
        '"quoted key": "a # b"\n',
        "a:\n- x\n-   name: y\n    z: 1\n    # deep\n  # less deep\n- - nested\n  - list\n",
        "a: [1,\n  2]\nb: {c:\n  d}\n",
        "---\na: 1\n...\n",
        "a:\n  # first\n  b: 1\n\n  # last\n",
    ],
)
def test_taking_apart_and_putting_together_gives_the_text(text: str) -> None:
    assert yaml_units(text).text == text


# --- a property, against a merge of plain data ----------------------------------------------------------------------

Data = dict[str, Any]


def generated(draw: random.Random) -> Data:
    resources: Data = {}
    for letter in "ABCD"[: draw.randint(1, 4)]:
        resources[letter] = {f"a{n}": attribute(draw) for n in range(draw.randint(1, 4))}
    return resources


def attribute(draw: random.Random) -> Data:
    keys = draw.sample(["label", "search", "format", "group"], draw.randint(0, 2))
    return {key: draw.choice([True, "one", "two # three", "'"]) for key in keys}


def changed(base: Data, draw: random.Random, mark: str) -> Data:
    world = {name: {key: dict(each) for key, each in attributes.items()} for name, attributes in base.items()}
    for number in range(draw.randint(1, 4)):
        name = draw.choice(list(world) or ["A"])
        attributes = world.setdefault(name, {"a0": {}})
        key = draw.choice(list(attributes) or ["a0"])
        match draw.randrange(5):
            case 0:
                attributes[f"{mark}{number}"] = attribute(draw)
            case 1 if len(attributes) > 1:
                attributes.pop(key, None)
            case 2:
                attributes[key] = attribute(draw)
            case 3:
                world.pop(name)
            case 4:
                world[f"{mark.upper()}{number}"] = {"a0": attribute(draw)}
    return world


def written(world: Data, draw: random.Random, remarks: list[str]) -> str:
    left = list(remarks)
    lines = ["resources:" if world else "resources: {}"]
    for name, attributes in world.items():
        lines += [f"  {name}:", "    attributes:"]
        for key, values in attributes.items():
            if left and draw.random() < 0.5:
                lines.append(f"      # {left.pop()}")
            lines.append(f"      - name: {key}")
            lines += [f"        {each}: {yaml.safe_dump(value).splitlines()[0]}" for each, value in values.items()]
    lines += [f"# {each}" for each in left]
    return "\n".join(lines) + "\n"


def read(text: str) -> Data:
    found = yaml.safe_load(text)["resources"]
    return {
        name: {each["name"]: {k: v for k, v in each.items() if k != "name"} for each in about["attributes"]}
        for name, about in found.items()
    }


def expected(base: Any, mine: Any, theirs: Any, depth: int = 0) -> tuple[Any, int]:
    """Merge plain data; None is what is not there."""
    if mine == theirs or theirs == base:
        return mine, 0
    if mine == base:
        return theirs, 0
    if mine is None or theirs is None or depth > 2:
        return mine, 1
    # An attribute without values has nothing to take apart: it is one line.
    if depth == 2 and not (mine and theirs and (base is None or base)):
        return mine, 1
    result, conflicts = {}, 0
    for key in {**mine, **theirs}:
        found, some = expected((base or {}).get(key), mine.get(key), theirs.get(key), depth + 1)
        conflicts += some
        if found is not None:
            result[key] = found
    return result, conflicts


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_yaml_against_plain_data(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311
    base = generated(draw)
    mine, theirs = changed(base, draw, "m"), changed(base, draw, "t")
    texts = [written(base, draw, []), written(mine, draw, ["of mine: ä", "of mine too"]), written(theirs, draw, [])]
    found = merge(*texts, path="admin.yaml")
    data, conflicts = expected(base, mine, theirs)
    # A comment on what is no longer generated makes it the user's, as any edit does.
    commented = any("of mine" in (each.mine or "") for each in found.conflicts)
    if not commented and {} not in (base, mine, theirs):
        assert read(found.text) == data
        assert len(found.conflicts) == conflicts
    assert "# of mine: ä\n" in found.text
    assert "# of mine too\n" in found.text
