"""``rowgate admin-yaml``, and the file's faults in ``rowgate check``."""

from __future__ import annotations

import json
from pathlib import Path

import yaml
from click.testing import CliRunner

from config.settings import project
from rowgate.admin.nodes import Faults
from rowgate.cli.admin_yaml import admin_yaml
from rowgate.project import Project
from rowgate.startup import admin_findings


class Here:
    """The sample's project in another folder."""

    def __init__(self, root: Path) -> None:
        self.project = Project(root=root, models=project.models, policy=project.policy, rules=project.rules)


def run(root: Path, *arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(admin_yaml, arguments, obj=Here(root))
    return result.exit_code, result.stdout, result.stderr


def put(root: Path, text: str, name: str = "ui/admin.yaml") -> Path:
    path = root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_nothing_is_needed_where_there_is_no_file(tmp_path: Path) -> None:
    code, text, _ = run(tmp_path)
    assert (code, yaml.safe_load(text)) == (0, {})


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    put(tmp_path, "resources:\n  Shipper:\n    user_key: CompanyName\n    label: Carrier\n    attributes: [Id]\n")
    code, text, said = run(tmp_path, "--write")
    assert (code, text) == (0, "")
    assert "Wrote" in said
    written = (tmp_path / "ui/admin.yaml").read_text(encoding="utf-8")
    assert written.startswith("# What the admin app shows")
    # The list of the one attribute changes the order, so it stays; the user key is the default.
    assert yaml.safe_load(written)["resources"]["Shipper"] == {"label": "Carrier", "attributes": [{"name": "Id"}]}


def test_a_file_of_apilogicserver_is_taken_over(tmp_path: Path) -> None:
    als = Path(__file__).parents[1] / "admin/als_admin.yaml"
    code, text, said = run(tmp_path, "--from", str(als), "--write")
    assert (code, text) == (0, "")
    assert f"{als}:" in said
    assert "HomeJS is ignored" in said
    assert admin_findings(Here(tmp_path).project) == []


def test_all_there_is_has_the_derived_fields_read_only(tmp_path: Path) -> None:
    resources = yaml.safe_load(run(tmp_path, "--full")[1])["resources"]
    balance = next(each for each in resources["Customer"]["attributes"] if each["name"] == "Balance")
    assert balance == {"name": "Balance", "label": "Balance", "type": "DECIMAL", "readonly": True, "format": "money"}
    assert {
        "name": "OrderList",
        "direction": "tomany",
        "resource": "Order",
        "fks": ["CustomerId"],
        "label": "Orders",
    } in (resources["Customer"]["tab_groups"])


def test_a_faulty_file_is_told_and_not_written(tmp_path: Path) -> None:
    text = "resources:\n  Custmer: {}\n"
    path = put(tmp_path, text)
    code, out, said = run(tmp_path, "--write")
    assert (code, out) == (1, "")
    assert f"{path}:2: error: There is no resource 'Custmer'. Did you mean Customer?" in said
    assert path.read_text(encoding="utf-8") == text
    assert run(tmp_path, "--from", str(tmp_path / "none.yaml"))[0] == 2


def test_the_schema_is_printed(tmp_path: Path) -> None:
    assert json.loads(run(tmp_path, "--schema")[1])["title"] == "rowgate: ui/admin.yaml"


def test_check_tells_the_faults_of_the_file_with_their_lines(tmp_path: Path) -> None:
    put(tmp_path, "resources:\n  Customer:\n    lable: x\n    user_key: Nme\n")
    found = [
        (each.code, each.level, each.source.line if each.source else 0)
        for each in admin_findings(Here(tmp_path).project)
    ]
    assert found == [("P031", "warning", 3), ("P030", "error", 4)]
    assert admin_findings(Here(tmp_path / "other").project) == []
    assert not Faults().fatal
