"""Third-party cases, where there are any: what SpiceDB accepts is accepted, and what it refuses is refused.

The cases are looked for in the folder that ROWGATE_CONFORMANCE names, else beside the project.
"""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from rowgate.errors import RelationshipRefused, SchemaError, ValidationFileRefused
from rowgate.zed import check_relationship, parse, parse_relationship, render, render_file, resolve
from rowgate.zed.model import Exclusion, Expression, Intersection, Schema, Union
from rowgate.zed.openfga import import_model
from rowgate.zed.openfga_export import export_model
from rowgate.zed.validation import parse_validation

ROOT = Path(os.environ.get("ROWGATE_CONFORMANCE") or Path(__file__).parents[3] / "shared/conformance/public")

pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason="the conformance cases are not here")

# OpenFGA models that the schema language cannot say, each with the code of its error.
NO_COUNTERPART = {
    "simple_userset_child_wildcard": "RG603",
    "ttu_mix_with_userset": "RG603",
    "userset_orphan_parent": "RG603",
    "weight_2_more_than_one_userset_assignable": "RG603",
    "ttu_mix_with_userset_member_condition_mixed_parents": "RG603",
    "ttu_to_ttu": "RG620",
    "userset_to_userset": "RG620",
    "weight_2_two_userset_assignable_diff_types": "RG601",
}


def load(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    return json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)


def cases() -> Iterator[tuple[str, Any, Any]]:
    """Each case with its file's contents and what is expected of it."""
    for expected in sorted(ROOT.glob("*/*.expected.json")):
        if expected.parent.name != "openfga":
            path = expected.with_name(expected.name.replace(".expected.json", ".yaml"))
            yield f"{path.parent.name}/{path.stem}", load(path), load(expected)


def accepted(text: str) -> bool:
    try:
        resolve(text)
    except SchemaError:
        return False
    return True


def test_schema_acceptance() -> None:
    records = load(ROOT / "schema/schema_acceptance.json")
    different = [record["id"] for record in records if accepted(record["schema"]) != record["accepted"]]
    assert not different
    assert len(records) == 391


def test_caveat_schemas() -> None:
    for record in load(ROOT / "caveats/caveat_eval.json"):
        assert accepted(record["schema"]) == (record["expected"] != "schema_rejected"), record["id"]


def test_case_files() -> None:
    seen = {"accepted": 0, "rejected": 0, "unloadable": 0}
    for name, document, expected in cases():
        outcome, refused = judge(document)
        assert outcome == expected["schema"], name
        seen[outcome] += 1
        listed = {
            str(parse_relationship(each["relationship"])) for each in expected.get("rejected_relationships") or []
        }
        assert refused <= listed, name
        if listed:
            # Some of the files leave out what is refused; it is refused all the same.
            schema = resolve(document.get("schema") or "")
            assert not [line for line in listed if allowed(schema, line)], name
    assert seen["accepted"] > 200


def judge(document: Any) -> tuple[str, set[str]]:
    """What becomes of a case file, and the relationships in it that the schema refuses."""
    try:
        file = parse_validation(document)
        if file.schema_file:
            # The only such file names one that is not there.
            return "unloadable", set()
        schema = resolve(file.schema or "")
    except ValidationFileRefused:
        return "unloadable", set()
    except SchemaError:
        return "rejected", set()
    lines = {str(each) for each in file.relationships}
    assert {str(parse_relationship(line)) for line in lines} == lines
    return "accepted", {line for line in lines if not allowed(schema, line)}


def allowed(schema: Schema, line: str) -> bool:
    try:
        check_relationship(schema, parse_relationship(line))
    except RelationshipRefused:
        return False
    return True


def test_every_accepted_schema_comes_back_the_same() -> None:
    texts = [record["schema"] for record in load(ROOT / "schema/schema_acceptance.json") if record["accepted"]]
    texts += [document.get("schema") or "" for _, document, expected in cases() if expected["schema"] == "accepted"]
    for text in texts:
        file = parse(text)
        assert parse(render_file(file)) == file
        schema = resolve(text)
        again = resolve(render(schema))
        assert (again.definitions, again.caveats) == (schema.definitions, schema.caveats)


def models() -> Iterator[tuple[str, int, str]]:
    for path in sorted((ROOT / "openfga").glob("*.yaml")):
        for test in load(path)["tests"]:
            for number, stage in enumerate(test["stages"]):
                if stage.get("model"):
                    yield test["name"], number, stage["model"]


def test_openfga_models() -> None:
    compared = 0
    for name, number, text in models():
        if name in NO_COUNTERPART:
            with pytest.raises(SchemaError) as caught:
                import_model(text)
            assert caught.value.code == NO_COUNTERPART[name]
            continue
        schema = import_model(text).schema
        again = import_model(export_model(schema)).schema
        assert (again.definitions, again.caveats) == (schema.definitions, schema.caveats), name
        for translated in (f"fga_{name}", f"fga_{name}_s{number}"):
            path = ROOT / "openfga_as_spicedb" / f"{re.sub(r'[^a-z0-9_]', '_', translated)}.yaml"
            if path.exists():
                assert shape(schema) == shape(resolve(load(path)["schema"])), name
                compared += 1
    assert compared > 70


def shape(schema: Schema) -> dict[tuple[str, str], object]:
    """A schema without the order of its parts and without parentheses that do not matter."""
    found: dict[tuple[str, str], object] = {}
    for definition in schema.definitions.values():
        found[definition.name, ""] = None
        for relation in definition.relations.values():
            found[definition.name, relation.name] = relation.types
        for permission in definition.permissions.values():
            found[definition.name, permission.name] = flat(permission.expression)
    return found


def flat(expression: Expression) -> Expression:
    if isinstance(expression, Exclusion):
        return Exclusion(flat(expression.base), flat(expression.removed))
    if not isinstance(expression, Union | Intersection):
        return expression
    operands: list[Expression] = []
    for operand in map(flat, expression.operands):
        operands += operand.operands if type(operand) is type(expression) else (operand,)
    return type(expression)(tuple(operands))
