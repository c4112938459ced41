"""The repository's root is what ``rowgate new`` writes for the sample, with edits such as any user makes.

``ROWGATE_GOLDEN=1`` writes ``.rowgate`` anew, after a change of templates, of the generator, or of the version.
"""

import os
import sys
import types
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, create_engine, text
from sqlalchemy.orm import DeclarativeBase, configure_mappers

from config.settings import project
from database.models import Base
from rowgate import __version__
from rowgate.generate.answers import MAIN, Answers
from rowgate.generate.bases import read_answers, read_bases, write_answers, write_bases
from rowgate.generate.introspect import Choice, read_database
from rowgate.generate.merge import merge
from rowgate.generate.models import Models, write_models
from rowgate.generate.project import render
from rowgate.generate.sample import SHIPPED, sample_folder

ROOT = project.root
UNTOUCHED = (
    "run.py",
    "api/__init__.py",
    "config/__init__.py",
    "database/__init__.py",
    "database/customize_models.py",
    "logic/__init__.py",
    "security/__init__.py",
)
# What our authors call better than the generator could.
RENAMED = {
    "ReportsToEmployee": "Manager",
    "ReportsToEmployeeList": "DirectReportList",
    "CloneFromParent": "ClonedFrom",
    "CloneFromOrderList": "CloneList",
}


def models_of(database: Path) -> Models:
    return write_models(read_database(f"sqlite:///{database}", Choice()))


@pytest.fixture(scope="module")
def models(sqlite_template: Path) -> Models:
    """The generator's output for the sample's database."""
    return models_of(sqlite_template)


@pytest.fixture(scope="module")
def rendered(models: Models) -> dict[str, str]:
    answers = read_answers(ROOT)
    files = render(answers, {MAIN: models})
    if os.environ.get("ROWGATE_GOLDEN") == "1":
        answers = replace(answers, version=__version__)
        files = render(answers, {MAIN: models})
        write_answers(ROOT, answers)
        write_bases(ROOT, files)
        for gone in read_bases(ROOT).keys() - files.keys():
            (ROOT / ".rowgate/generated" / gone).unlink()
    return files


def test_the_committed_bases_are_the_generators_output(rendered: dict[str, str]) -> None:
    committed = read_bases(ROOT)
    assert committed.keys() == rendered.keys()
    for path, written in rendered.items():
        assert committed[path] == written, f"{path} has drifted; ROWGATE_GOLDEN=1 writes .rowgate anew"


def test_the_answers_are_of_this_version() -> None:
    assert read_answers(ROOT) == Answers(name="northwind", title="Northwind", version=__version__, sample=True)


@pytest.mark.parametrize("path", UNTOUCHED)
def test_thin_files_are_as_generated(rendered: dict[str, str], path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == rendered[path]


def test_every_target_of_a_projects_makefile_is_one_of_ours(rendered: dict[str, str]) -> None:
    ours = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = [line.removeprefix(".PHONY: ") for line in rendered["Makefile"].splitlines() if line.startswith(".PHONY")]
    assert {"run", "test"} < set(targets)
    assert [target for target in targets if f".PHONY: {target}\n" not in ours] == ["check"]


def test_what_git_ignores_in_a_project_it_ignores_here(rendered: dict[str, str]) -> None:
    here = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in rendered[".gitignore"].splitlines() if line and not line.startswith("#")]
    assert [line for line in wanted if line not in here] == []


def test_a_merge_finds_nothing_to_do(rendered: dict[str, str]) -> None:
    merged = 0
    for path, base in read_bases(ROOT).items():
        mine = ROOT / path
        if path.split("/")[0] in SHIPPED and mine.is_file():
            written = mine.read_text(encoding="utf-8")
            found = merge(base, written, rendered[path], path=path)
            assert (found.text, list(found.conflicts)) == (written, [])
            merged += 1
    assert merged > 10


def test_a_new_column_is_merged_into_the_edited_models(sqlite_template: Path, tmp_path: Path, models: Models) -> None:
    """The edits of this repository's authors stay, and what changed in the database comes in."""
    changed = tmp_path / "changed.sqlite"
    changed.write_bytes(sqlite_template.read_bytes())
    engine = create_engine(f"sqlite:///{changed}")
    with engine.begin() as connection:
        connection.execute(text('ALTER TABLE "Shipper" ADD COLUMN "Website" VARCHAR(200)'))
    engine.dispose()
    mine = (ROOT / "database/models.py").read_text(encoding="utf-8")
    found = merge(models.text, mine, models_of(changed).text, path="database/models.py")
    assert list(found.conflicts) == []
    added = "    Website: Mapped[str | None] = mapped_column(String(200))\n"
    assert found.text.replace(added, "") == mine
    shipper = found.text.split("class Shipper(")[1].split("\nclass ")[0]
    assert added in shipper


@pytest.fixture(scope="module")
def generated(models: Models) -> Iterator[type[DeclarativeBase]]:
    """The generated classes, imported."""
    module = types.ModuleType("generated_sample_models")
    sys.modules[module.__name__] = module
    written = models.text.replace("from database import models as m", f"import {module.__name__} as m")
    exec(compile(written, module.__name__, "exec"), module.__dict__)  # noqa: S102  our own output
    configure_mappers()
    yield module.Base
    del sys.modules[module.__name__]


def test_our_models_say_what_the_generators_say(generated: type[DeclarativeBase]) -> None:
    """Docstrings, mixins, names of types and the order of classes are edits; what is mapped is the same."""
    theirs, ours = (described(base.metadata.tables) for base in (generated, Base))
    assert theirs.keys() == ours.keys()
    for table in theirs:
        assert theirs[table] == ours[table], table
    assert relationships(generated, RENAMED) == relationships(Base, {})


def described(tables: Mapping[str, Table]) -> dict[str, Any]:
    return {
        name: (
            {
                column.name: (
                    str(column.type),
                    column.nullable,
                    column.primary_key,
                    bool(column.index),
                    sorted((key.target_fullname, key.ondelete or "") for key in column.foreign_keys),
                    column.server_default is not None,
                )
                for column in table.columns
            }
        )
        for name, table in tables.items()
    }


def relationships(base: type[DeclarativeBase], renamed: Mapping[str, str]) -> dict[str, tuple[str, str, str]]:
    return {
        f"{mapper.class_.__name__}.{renamed.get(each.key, each.key)}": (
            each.mapper.class_.__name__,
            each.direction.name,
            renamed.get(str(each.back_populates), str(each.back_populates)),
        )
        for mapper in base.registry.mappers
        for each in mapper.relationships
    }


def test_the_repository_is_found_as_the_sample() -> None:
    assert sample_folder() == ROOT
