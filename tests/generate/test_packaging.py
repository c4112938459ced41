"""The wheel and the sdist hold what they need, and the wheel alone writes and serves projects."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder
from sqlalchemy import create_engine, text

from config.settings import project
from rowgate import __version__
from rowgate.generate.sample import SHIPPED, sample_files

ROOT = project.root

SCRIPT = """
import json, sys
from pathlib import Path

import rowgate
from click.testing import CliRunner
from rowgate.cli import main

assert Path(rowgate.__file__).is_relative_to(sys.argv[1]), rowgate.__file__
for arguments in (["shop", "--db-url", "sqlite:///some.sqlite", "--password-stdin"], ["northwind", "--sample"]):
    result = CliRunner().invoke(main, ["new", *arguments], input="correct horse battery")
    assert result.exit_code == 0, result.output
file = Path("shop/security/declare_security.py")
file.write_text(file.read_text().replace("# policy.permission(Roles.admin", "policy.permission(Roles.admin"))

from rowgate.app import create_app
from rowgate.project import load_project
from rowgate.settings import load_settings

client = create_app(load_settings(Path("shop")), project=load_project(Path("shop"))).test_client()
token = client.post("/api/auth/login", json={"username": "admin", "password": "correct horse battery"}).get_json()
rows = client.get("/api/Toy", headers={"Authorization": "Bearer " + token["access_token"]}).get_json()["data"]
pages = {path: client.get(path).status_code for path in ("/", "/api", "/admin/meta")}
print(json.dumps({"rows": [row["attributes"]["name"] for row in rows], "pages": pages}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as ``python -m build`` does it, without an environment of its own."""
    folder = tmp_path_factory.mktemp("dist")
    return Path(next(WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])))


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)  # noqa: S202  our own
    return folder


def of_the_package(*endings: str) -> set[str]:
    source = ROOT / "src"
    return {
        path.relative_to(source).as_posix()
        for path in (source / "rowgate").rglob("*")
        if path.is_file() and path.name.endswith(endings) and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_the_package_with_all_that_is_no_code(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert of_the_package("") <= names
    assert {"rowgate/py.typed", "rowgate/admin/static/index.html"} <= names
    assert len(of_the_package(".jinja")) > 15
    strange = [name for name in names if name.endswith((".pyc", ".sqlite", "local.env")) or "node_modules" in name]
    assert strange == []


def test_the_wheel_holds_the_reference_project(unpacked: Path) -> None:
    shipped = unpacked / "rowgate/generate/sample"
    assert sample_files(shipped) == sample_files(ROOT)
    assert (shipped / ".rowgate/project.toml").read_bytes() == (ROOT / ".rowgate/project.toml").read_bytes()
    assert {path.name for path in shipped.iterdir()} == {".rowgate", *SHIPPED}


def test_the_version_comes_from_one_place(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        written = archive.read(f"rowgate-{__version__}.dist-info/METADATA").decode()
        points = archive.read(f"rowgate-{__version__}.dist-info/entry_points.txt").decode()
    assert HeaderParser().parsestr(written)["Version"] == __version__
    assert "rowgate = rowgate.cli:main" in points
    assert __version__ not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_sdist_holds_what_the_wheel_is_built_from(wheel: Path, tmp_path: Path) -> None:
    built = next(SdistBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"]))
    with tarfile.open(built) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"src/{name}" for name in of_the_package("")} <= names
    assert {"pyproject.toml", "README.md", "LICENSE", ".rowgate/project.toml", "spa/package.json"} <= names
    assert set(sample_files(ROOT)) <= names
    assert [name for name in names if "node_modules" in name or name.startswith("instance/")] == []


def test_from_the_wheel_alone_a_project_is_written_and_served(unpacked: Path, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'some.sqlite'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE toy (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL)"))
        connection.execute(text("INSERT INTO toy VALUES (1, 'ball'), (2, 'kite')"))
    engine.dispose()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ROWGATE_")}
    environ["PYTHONPATH"] = str(unpacked)
    # -P: the folder of the projects is not where modules come from.
    command = [sys.executable, "-P", "-c", SCRIPT, str(unpacked)]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "rows": ["ball", "kite"],
        "pages": {"/": 200, "/api": 200, "/admin/meta": 401},
    }
    assert (tmp_path / "northwind/database/sample/Order.csv").is_file()
