"""Every text under fixtures gives what stands beside it: the text rendered, or the error to the letter.

``ROWGATE_REGENERATE=1 pytest tests/zed/test_fixtures.py`` writes the expected files anew; read what changed.
"""

import os
from pathlib import Path

import pytest

from rowgate.errors import SchemaError
from rowgate.zed import parse, render_file, resolve
from rowgate.zed.openfga import import_model
from rowgate.zed.openfga_export import export_model

FIXTURES = Path(__file__).parent / "fixtures"
INPUTS = sorted(path for kind in ("zed", "fga") for path in FIXTURES.glob(f"*.{kind}"))


def compare(expected: Path, found: str) -> None:
    if os.environ.get("ROWGATE_REGENERATE") == "1":
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


def outcome(path: Path) -> str:
    # Line ends are kept: one fixture has a carriage return before each.
    text = path.read_bytes().decode()
    try:
        if path.suffix == ".fga":
            return render_file(import_model(text, name=path.name).file)
        resolve(text, name=path.name)
        return render_file(parse(text))
    except SchemaError as error:
        return f"{error}\n"


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.name)
def test_fixture(path: Path) -> None:
    compare(path.with_name(f"{path.name}.expected"), outcome(path))


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.name)
def test_broken_inputs_and_no_others_are_refused(path: Path) -> None:
    assert outcome(path).startswith("RG6") == path.name.startswith("broken_")


def test_every_expected_file_has_its_input() -> None:
    assert {path.name.removesuffix(".expected") for path in FIXTURES.glob("*.expected")} == {p.name for p in INPUTS}


@pytest.mark.parametrize("name", ["precedence.zed", "model.fga"])
def test_export_to_openfga(name: str) -> None:
    text = (FIXTURES / name).read_text(encoding="utf-8")
    schema = import_model(text).schema if name.endswith("fga") else resolve(text)
    compare(FIXTURES / f"{name}.exported", export_model(schema))
