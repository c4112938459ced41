"""``rowgate relations validate FILE...``: SpiceDB's validation files, on a database of choice."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import yaml
from sqlalchemy import Engine, delete, select
from sqlalchemy.exc import ArgumentError, OperationalError

from rowgate.cli.common import Here, as_json, json_option
from rowgate.databases import make_engine
from rowgate.errors import DatabaseNotEmpty, DatabaseUnreachable, RowgateError, ValidationFileRefused
from rowgate.relations.expected import compare
from rowgate.relations.table import RELATIONSHIPS, metadata
from rowgate.relations.validation import validate as run_file

__all__ = ["validate"]


@click.command(short_help="Run validation files and compare every answer.")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--url",
    default="sqlite://",
    show_default=True,
    help="The database to run in; it must hold no relationships, and holds none afterwards.",
)
@json_option
@click.pass_obj
def validate(_here: Here, files: tuple[Path, ...], url: str, json_wanted: bool) -> None:
    """Run FILES (SpiceDB's validation format: schema, relationships, assertions, expected relations).

    Each assertion is asked as a check and as a list, by two statements that share nothing but the rules. Where answers
    of another engine lie beside a file (NAME.expected.json), every question they hold is compared too. A folder stands
    for the .yaml files below it.

    \b
    Examples:
      rowgate relations validate security/tests/orders.yaml
      rowgate relations validate cases/ --url postgresql://postgres@127.0.0.1/test

    Exit codes: 0 nothing differs; 1 something does; 2 a file could not be run.
    """
    engine = _empty(url)
    counted: Counter[str] = Counter()
    failures: list[str] = []
    found = list(_files(files))
    try:
        with click.progressbar(found, label="files", file=sys.stderr) as bar:
            for file in bar:
                failures += [f"{file}: {each}" for each in _run(file, engine, counted)]
                with engine.begin() as connection:
                    connection.execute(delete(RELATIONSHIPS))
    finally:
        engine.dispose()
    if json_wanted:
        as_json({**counted, "different": len(failures), "failures": failures})
    else:
        for line in failures:
            click.echo(line)
        click.echo(_summary(counted, len(failures)))
    raise SystemExit(1 if failures else 0)


def _empty(url: str) -> Engine:
    try:
        engine = make_engine(url)
        metadata.create_all(engine)
    except ArgumentError as error:
        raise click.BadParameter(str(error), param_hint="--url") from error
    except (ModuleNotFoundError, OperationalError) as error:
        raise DatabaseUnreachable(f"{url}: {' '.join(str(error).split())}") from error
    with engine.connect() as connection:
        if connection.execute(select(RELATIONSHIPS).limit(1)).first() is not None:
            raise DatabaseNotEmpty("The database holds relationships; they would be mixed with those of the files.")
    return engine


def _files(given: tuple[Path, ...]) -> Iterator[Path]:
    for path in given:
        yield from sorted(path.rglob("*.yaml")) if path.is_dir() else (path,)


def _run(file: Path, engine: Engine, counted: Counter[str]) -> list[str]:
    """Run one file; tells what differs."""
    try:
        document: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValidationFileRefused(f"{file} is no YAML: {' '.join(str(error).split())}") from error
    answers = file.with_name(f"{file.stem}.expected.json")
    if isinstance(document, dict) and "tests" in document and "schema" not in document:
        counted["files of OpenFGA's tests, not run"] += 1
        return []
    counted["files"] += 1
    if answers.exists():
        score = compare(document, json.loads(answers.read_text(encoding="utf-8")), engine, name=file.stem)
        for kind, number in score.compared.items():
            counted[f"{kind}s"] += number
        return score.differing
    folder = file.parent
    try:
        report = run_file(document, engine, read=lambda name: (folder / name).read_text(encoding="utf-8"))
    except RowgateError as error:
        return [f"{error.code} {error.detail}"]
    counted.update({"checks": report.checks, "lists": report.lists, "subjects": report.subjects})
    return list(report.failures)


def _summary(counted: Counter[str], different: int) -> str:
    first = [f"{counted.pop(name, 0):,} {name}" for name in ("files", "checks", "lists", "subjects")]
    rest = [f"{number:,} {name}" for name, number in sorted(counted.items())]
    return f"{', '.join(first)} compared, {different:,} different" + (f" (also {', '.join(rest)})" if rest else "")
