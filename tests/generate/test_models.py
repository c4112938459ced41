"""Models generated from databases of every kind: their text, and the API that serves them.

``ROWGATE_GOLDEN=1`` writes the texts anew; look at what changed before they are committed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect
from sqlalchemy.exc import SAWarning

from rowgate.generate.introspect import Choice, read_database
from rowgate.generate.models import Models, write_models
from rowgate.generate.own_tables import OWN_TABLES
from tests.generate.serving import Served, imported, use
from tests.generate.worlds import GOLDEN, WORLDS, Maker, World, many_tables, run

REGENERATE = os.environ.get("ROWGATE_GOLDEN") == "1"


def _marked(world: World) -> object:
    marks = [] if world.database == "sqlite" else [getattr(pytest.mark, world.database)]
    return pytest.param(world, marks=marks, id=f"{world.name}-{world.database}")


@pytest.fixture(scope="module")
def maker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Maker:
    return Maker(
        tmp_path_factory.mktemp("worlds"),
        postgres=lambda: request.getfixturevalue("postgres_copies"),
        mariadb=lambda: request.getfixturevalue("mariadb_databases"),
    )


def _golden(path: Path, text: str) -> None:
    if REGENERATE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{path.name} differs; ROWGATE_GOLDEN=1 writes it anew"


@pytest.mark.parametrize("world", [_marked(each) for each in WORLDS])
def test_the_models_of_a_database(world: World, maker: Maker, tmp_path: Path) -> None:
    engine = maker.make(world)
    try:
        models = write_models(read_database(engine.url, world.choice))
        again = write_models(read_database(engine.url, world.choice))
        assert again == models
        _golden(world.golden, models.text)
        _laid_out(models.text, tmp_path)
        with imported(models, f"generated_{world.name}_{world.database}") as module:
            _maps_everything(engine, models, world)
            used = use(Served(engine, module.Base, tmp_path), models)
        _golden(world.golden.with_suffix(".used"), "".join(f"{name}: {did}\n" for name, did in used.items()))
    finally:
        engine.dispose()


def _laid_out(text: str, folder: Path) -> None:
    """It is formatted as ruff would, where ruff is installed."""
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent))
    if ruff is None:
        return
    (folder / "models.py").write_text(text, encoding="utf-8")
    command = [ruff, "format", "--isolated", "--line-length", "120", "--diff", str(folder / "models.py")]
    formatted = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert formatted.returncode == 0, formatted.stdout


def _maps_everything(engine: Engine, models: Models, world: World) -> None:
    """Every table and view is a class, a link, or in the report with a reason; every column too."""
    report = models.report
    told = {*report.mapped, *report.views, *report.links, *report.not_mapped, *report.left_out}
    inspector = inspect(engine)
    warnings.simplefilter("ignore", SAWarning)  # of types that SQLAlchemy does not know; pytest puts it back
    for schema in world.choice.schemas or [None]:
        own = schema in (None, inspector.default_schema_name)
        names = {*inspector.get_table_names(schema), *inspector.get_view_names(schema)}
        assert {name if own else f"{schema}.{name}" for name in names - OWN_TABLES} <= told
    for each in models.classes:
        where = each.table if each.schema is None else f"{each.schema}.{each.table}"
        for column in inspector.get_columns(each.table, each.schema):
            mapped = column["name"] in [one.column for one in each.columns]
            assert mapped or f"{where}.{column['name']}" in report.types_not_known | report.not_mapped


def test_the_report_of_views_and_tables_without_a_key(maker: Maker) -> None:
    world = next(each for each in WORLDS if each.name == "views")
    engine = maker.make(world)
    report = write_models(read_database(engine.url, Choice())).report
    engine.dispose()
    assert sorted(report.mapped) == ["Item"]
    assert sorted(report.views) == ["DearItem"]
    assert "Currency, Day would do for one: run again with --infer-keys" in report.not_mapped["Rate"]
    assert report.not_mapped["Log"] == "It has no primary key. Give it one."
    assert "no such table: main.Gone" in report.not_mapped["Broken"]
    assert "--infer-keys" in report.not_mapped["PerKind"]
    # NULL is not equal to NULL: a unique column that may be NULL is no key.
    assert report.not_mapped["Loose"] == "It has no primary key. Give it one."


@pytest.mark.postgresql
def test_of_two_tables_of_one_name_the_second_is_told(maker: Maker) -> None:
    world = next(each for each in WORLDS if each.name == "schemas")
    engine = maker.make(world)
    models = write_models(read_database(engine.url, Choice(schemas=world.choice.schemas)))
    engine.dispose()
    assert "HR.customer has the same name" in models.report.not_mapped["sales.customer"]
    assert "sales.customer, which is not mapped" in models.report.not_mapped["HR.customer.customer_id"]


def test_500_tables(maker: Maker, tmp_path: Path) -> None:
    engine = maker.empty("sqlite")
    run(engine, many_tables(500))
    told: list[tuple[str, int, int]] = []
    models = write_models(read_database(engine.url, Choice(), progress=lambda *each: told.append(each)))
    engine.dispose()
    assert len(models.classes) == len(models.report.mapped) == 500
    assert sum(len(each.relationships) for each in models.classes) == 500 * 4
    assert told[-1][1] == told[-1][2]
    digest = hashlib.sha256(models.text.encode()).hexdigest()
    _golden(GOLDEN / "many_sqlite.sha256", digest + "\n")
    _laid_out(models.text, tmp_path)
