"""ui/admin.yaml: the format that ApiLogicServer's users have, read in full; faults with their lines; written back."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.settings import project
from database.models import Base
from rowgate.admin.fields import Fields
from rowgate.admin.file import AdminFile, check_names, read_text
from rowgate.admin.json_schema import json_schema
from rowgate.admin.keys import ATTRIBUTE, RESOURCE, SETTINGS, TAB, TOP
from rowgate.admin.nodes import Faults
from rowgate.admin.show_when import ShowWhenFault, attributes_of
from rowgate.admin.words import plural, spaced
from rowgate.admin.written import full, short, yaml_text
from rowgate.api.resources import Resources

ALS = (Path(__file__).parent / "als_admin.yaml").read_text(encoding="utf-8")
ENTITIES = [mapper.class_ for mapper in Base.registry.mappers]
RESOURCES = Resources(ENTITIES)


def read(text: str) -> tuple[AdminFile, list[tuple[str, int, str]]]:
    """The file, and its faults as (level, line, message)."""
    faults = Faults()
    file = read_text(text, faults)
    check_names(file, ENTITIES, faults)
    return file, [(each.level, each.line, each.message) for each in faults]


def fields(file: AdminFile) -> Fields:
    return Fields(file=file, resources=RESOURCES, derived={})


def shown(file: AdminFile) -> dict[str, Any]:
    """All that the file makes of the models."""
    made = fields(file)
    return {
        name: (
            made.user_key(resource),
            made.label(resource),
            made.label_plural(resource),
            made.attributes(resource),
            made.relationships(resource),
            file.resource(name).keys.get("perPage"),
            file.resource(name).keys.get("sort"),
        )
        for name, resource in RESOURCES.items()
    }


# --- ApiLogicServer's format


def test_a_file_of_apilogicserver_is_read_without_edits() -> None:
    file, faults = read(ALS)
    assert faults == [("warning", ALS[: ALS.index("HomeJS")].count("\n") + 1, "HomeJS is ignored.")]
    made = fields(file)
    category = {each["name"]: each for each in made.attributes(RESOURCES["Category"])}
    assert category["CategoryName"]["label"] == "Category Name"
    assert category["CategoryName"]["required"] is True
    assert category["Description"]["type"] == "textarea"
    assert [name for name, each in category.items() if each["search"]] == ["CategoryName"]
    customer = {each["name"]: each for each in made.attributes(RESOURCES["Customer"])}
    assert list(customer)[:6] == ["CompanyName", "Balance", "CreditLimit", "Country", "ContactName", "Id"]
    assert customer["ContactName"]["hidden"] is True
    assert customer["CreditLimit"]["show_when"].startswith('record["Balance"] >= 0 &&')
    assert customer["CreditLimit"]["required"] is True
    (orders,) = made.relationships(RESOURCES["Customer"])
    assert (orders["label"], orders["attributes"], orders["fks"]) == (
        "Their orders",
        ["Id", "AmountTotal"],
        ["CustomerId"],
    )
    assert [each["name"] for each in made.relationships(RESOURCES["Order"])][:2] == ["Customer", "OrderDetailList"]
    assert file.resource("Customer").keys["perPage"] == 50
    assert file.keys["about"]["version"] == "15.00.52"
    assert file.searched() == {"Category": ("CategoryName",), "Customer": ("CompanyName",)}


def test_the_file_of_the_sample_has_no_faults() -> None:
    assert read((project.root / "ui/admin.yaml").read_text(encoding="utf-8"))[1] == []


@pytest.mark.parametrize("shape", ["attributes: [Id, {name: CompanyName}]", "attributes: {Id: {}, CompanyName: }"])
def test_attributes_are_a_list_of_maps_or_names_or_a_map(shape: str) -> None:
    file, faults = read(f"resources:\n  Customer:\n    {shape}")
    assert faults == []
    assert list(file.resource("Customer").attributes) == ["Id", "CompanyName"]


@pytest.mark.parametrize("word", ["true", "'true'", "'True'", "yes", "on"])
def test_flags_are_booleans_or_their_names(word: str) -> None:
    file, faults = read(f"resources:\n  Customer:\n    attributes:\n    - name: Id\n      hidden: {word}")
    assert faults == []
    assert file.resource("Customer").attributes["Id"].keys["hidden"] is True


def test_a_resource_shows_only_what_is_listed_where_it_says_so() -> None:
    file, _ = read("resources:\n  Customer:\n    only_listed: true\n    attributes: [Id]")
    hidden = {each["name"]: each["hidden"] for each in fields(file).attributes(RESOURCES["Customer"])}
    assert [name for name, each in hidden.items() if not each] == ["Id"]


# --- faults


@pytest.mark.parametrize(
    ("text", "level", "line", "words"),
    [
        ("resources:\n  Custmer: {}", "error", 2, "no resource 'Custmer'"),
        ("resources:\n  Customer:\n    user_key: CompnyName", "error", 3, "no attribute 'CompnyName'"),
        ("resources:\n  Customer:\n    sort: -Nme", "error", 3, "no attribute 'Nme'"),
        ("resources:\n  Customer:\n    attributes:\n    - name: Id\n    - name: Nme", "error", 5, "no attribute 'Nme'"),
        ("resources:\n  Customer:\n    attributes:\n    - label: Id", "error", 4, "has no name"),
        ("resources:\n  Customer:\n    attributes: [Id, Id]", "error", 3, "listed twice"),
        ("resources:\n  Customer:\n    attributes: 3", "error", 3, "a list is needed"),
        ("resources:\n  Customer:\n    attributes: [[Id]]", "error", 3, "neither a name"),
        ("resources:\n  Customer:\n    attributes:\n    - {name: Id, hidden: maybe}", "error", 4, "true or false"),
        ("resources:\n  Customer:\n    attributes:\n    - {name: Id, sort: UP}", "error", 4, "true, false or DESC"),
        ("resources:\n  Customer:\n    attributes:\n    - {name: Id, type: colour}", "warning", 4, "is none of"),
        ("resources:\n  Customer:\n    attributes:\n    - {name: Id, enum: []}", "error", 4, "at least one"),
        ("resources:\n  Customer:\n    attributes:\n    - {name: Id, show_when: alert(1)}", "error", 4, "no condition"),
        (
            "resources:\n  Customer:\n    attributes:\n    - {name: Id, show_when: record.Nme == 1}",
            "error",
            4,
            "no attribute 'Nme'",
        ),
        ("resources:\n  Customer:\n    lable: x", "warning", 3, "unknown key 'lable'"),
        ("resources:\n  Customer:\n    perPage: 0", "error", 3, "from 1 to 1000"),
        ("resources:\n  Customer:\n    tab_groups: [Orders]", "error", 3, "no relationship 'Orders'"),
        (
            "resources:\n  Customer:\n    tab_groups:\n    - {name: OrderList, resource: Product}",
            "error",
            4,
            "leads to Order",
        ),
        (
            "resources:\n  Customer:\n    tab_groups:\n    - {name: OrderList, direction: toone}",
            "error",
            4,
            "is tomany, not toone",
        ),
        ("resources:\n  Customer:\n    tab_groups: {OrderList: {attributes: [Nme]}}", "error", 3, "no attribute 'Nme'"),
        ("resources: [Customer]", "error", 1, "no map"),
        ("- resources", "error", 1, "no map"),
        ("title: [", "error", 1, "not YAML"),
        ("title: a\ntitle: b", "error", 2, "given twice"),
        ("about: &a\n  b: *a", "error", 1, "holds itself"),
        ("about: !!python/object/apply:os.system [ls]", "error", 1, ""),
        ("settings:\n  HomeJS: x.js", "warning", 2, "HomeJS is ignored"),
    ],
)
def test_a_fault_is_told_with_its_line(text: str, level: str, line: int, words: str) -> None:
    _, faults = read(text)
    assert any(each[0] == level and each[1] == line and words in each[2] for each in faults), faults


def test_the_nearest_name_is_given() -> None:
    faults = Faults()
    check_names(read_text("resources:\n  Customer:\n    user_key: CompnyName", faults), ENTITIES, faults)
    assert [each.hint for each in faults] == ["Did you mean CompanyName?"]


@given(st.text(max_size=200) | st.binary(max_size=60).map(lambda b: b.decode("latin-1")))
@settings(max_examples=150, deadline=None)
def test_any_text_gives_a_file_or_faults(text: str) -> None:
    read(text)


# --- show_when


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('record["A"] == "B"', ["A"]),
        ("isInserting == true", []),
        ("record['A b'] != 3.5 && record.C", ["A b", "C"]),
        ("!(record.A == null || !record.B) && 1 <= record.C", ["A", "B", "C"]),
        ('record["A"]==="x"', ["A"]),
    ],
)
def test_conditions_that_are_understood(text: str, read: list[str]) -> None:
    assert attributes_of(text) == read


@pytest.mark.parametrize(
    "text",
    ["", " ", "alert(1)", "record", 'record["A"', "record.A ==", "== 1", "record.A = 1", "record.A; alert(1)", "this",
     "record.A == `x`", "(" * 60 + "true" + ")" * 60, "(true", "true false", "record[A]", 'record["A\\"]', "a => 1"],
)  # fmt: skip
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(ShowWhenFault):
        attributes_of(text)


@given(st.text(alphabet="record[\"A'] .=!<>&|()true1", max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_condition_or_refused(text: str) -> None:
    with contextlib.suppress(ShowWhenFault):
        attributes_of(text)


# --- written


@pytest.mark.parametrize("text", [ALS, (project.root / "ui/admin.yaml").read_text(encoding="utf-8"), ""])
def test_what_is_written_means_the_same(text: str) -> None:
    file, _ = read(text)
    for write in (short, full):
        again, faults = read(yaml_text(write(fields(file)), head="x"))
        assert not [each for each in faults if each[0] == "error"]
        assert shown(again) == shown(file), write.__name__


def test_nothing_is_written_where_nothing_differs() -> None:
    everything = yaml_text(full(fields(AdminFile())))
    again, _ = read(everything)
    assert short(fields(again)) == {"about": {}}
    assert len(everything) > 10_000


def test_what_is_written_in_short_is_written_the_same_again() -> None:
    file, _ = read(ALS)
    once = yaml_text(short(fields(file)))
    assert yaml_text(short(fields(read(once)[0]))) == once


ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "label": st.sampled_from(["Name", "Namé", "x: y", "- #"]),
        "type": st.sampled_from(["text", "textarea", "Boolean", "DECIMAL"]),
        "required": st.booleans(),
        "search": st.booleans(),
        "sort": st.sampled_from([True, False, "DESC"]),
        "hidden": st.sampled_from([True, False, "true"]),
        "hide_list": st.booleans(),
        "readonly": st.booleans(),
        "group": st.just("G"),
        "enum": st.just([1, {"value": 2, "label": "two"}]),
        "show_when": st.just("record.City == 'x'"),
    },
)
NAMES = st.sampled_from(sorted(RESOURCES["Customer"].attributes))
LISTS = st.lists(st.tuples(NAMES, ATTRIBUTES), max_size=6, unique_by=lambda each: each[0])


@given(LISTS, st.booleans(), st.sampled_from([None, "City"]), st.permutations(["Customer", "Order", "Category"]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_file_means_the_same_when_written(
    listed: list[tuple[str, dict[str, Any]]], only: bool, user_key: str | None, order: list[str]
) -> None:
    part: dict[str, Any] = {"attributes": [{"name": name, **keys} for name, keys in listed]}
    part |= {"only_listed": True} if only else {}
    part |= {"user_key": user_key} if user_key else {}
    file, faults = read(yaml.safe_dump({"resources": {name: part if name == "Customer" else {} for name in order}}))
    assert faults == []
    again, faults = read(yaml_text(short(fields(file))))
    assert faults == []
    assert shown(again) == shown(file)
    assert list(full(fields(again))["resources"]) == list(full(fields(file))["resources"])


# --- schema and documentation


def test_the_schema_takes_both_files_and_refuses_mistakes() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    for text in (ALS, (project.root / "ui/admin.yaml").read_text(encoding="utf-8")):
        assert list(check.iter_errors(yaml.safe_load(text))) == []
    for wrong in (
        {"resources": []},
        {"resources": {"A": {"perPage": 0}}},
        {"resources": {"A": {"attributes": [{"label": "x"}]}}},
        {"resources": {"A": {"attributes": [{"name": "a", "hidden": "maybe"}]}}},
        {"resources": {"A": {"tab_groups": [{"name": "a", "direction": "up"}]}}},
    ):
        assert list(check.iter_errors(wrong)), wrong


def test_every_key_is_documented() -> None:
    page = (project.root / "docs/reference/admin-yaml.md").read_text(encoding="utf-8")
    sections = {"The file": TOP, "settings": SETTINGS, "A resource": RESOURCE, "An attribute": ATTRIBUTE, "A tab": TAB}
    for heading, keys in sections.items():
        section = page.split(f"\n## {heading}")[1].split("\n## ")[0]
        for name in keys:
            assert f"\n| `{name}` |" in section, (heading, name)


# --- words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("CompanyName", "Company Name"),
        ("Client_id", "Client Id"),
        ("order_date", "Order Date"),
        ("HTTPPort2", "HTTP Port 2"),
        ("_", "_"),
    ],
)
def test_names_in_words(name: str, words: str) -> None:
    assert spaced(name) == words


@pytest.mark.parametrize(
    ("one", "many"), [("Order", "Orders"), ("Category", "Categories"), ("Class", "Classes"), ("Day", "Days")]
)
def test_plurals(one: str, many: str) -> None:
    assert plural(one) == many
