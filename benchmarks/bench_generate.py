"""The generator against sqlacodegen alone on many tables, and how a project's start grows with its tables.

Each measurement runs in a process of its own, the sides in turn. Shown are medians of processor time, which other work
on the machine disturbs little, and peaks of memory. sqlacodegen is given the same database, reflected by SQLAlchemy as
its own command does.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import process_time

import click

HERE = Path(__file__).resolve()


@click.group(invoke_without_command=True)
@click.option("--tables", default=500, show_default=True, help="Tables of the database.")
@click.option("--rounds", default=5, show_default=True, help="Times that each side runs.")
@click.pass_context
def bench(context: click.Context, tables: int, rounds: int) -> None:
    """Compare, and print the tables of docs/explanation/performance.md."""
    if context.invoked_subcommand is not None:
        return
    with tempfile.TemporaryDirectory() as folder:
        url = _database(Path(folder), tables)
        sides: dict[str, list[dict[str, float]]] = {"sqlacodegen": [], "rowgate": []}
        for _ in range(rounds):
            for side, measured in sides.items():
                measured.append(_run("side", side, url))
        click.echo("| generator, SQLite | processor, ms | memory at the peak, MB |\n|---|---|---|")
        for side, measured in sides.items():
            click.echo(f"| {side} | {_median(measured, 'ms'):.0f} | {_median(measured, 'mb'):.0f} |")
        ratio = _median(sides["rowgate"], "ms") / _median(sides["sqlacodegen"], "ms")
        click.echo(f"\nrowgate takes {ratio:.2f} times as long as sqlacodegen alone, on {tables} tables.\n")
        click.echo("| tables | start, processor ms | a table, ms | memory, MB |\n|---|---|---|---|")
        for count in (tables // 4, tables // 2, tables):
            at = _database(Path(folder), count)
            started = [_run("start", at) for _ in range(rounds)]
            time, memory = _median(started, "ms"), _median(started, "mb")
            click.echo(f"| {count} | {time:.0f} | {time / count:.2f} | {memory:.0f} |")


@bench.command(hidden=True)
@click.argument("which")
@click.argument("url")
def side(which: str, url: str) -> None:
    """Run one side once; the import of sqlacodegen, a second of its own, counts for neither."""
    from sqlacodegen.generators import DeclarativeGenerator
    from sqlalchemy import MetaData, create_engine

    from rowgate.generate.introspect import Choice, read_database
    from rowgate.generate.models import write_models

    started = process_time()
    if which == "rowgate":
        text = write_models(read_database(url, Choice())).text
    else:
        engine = create_engine(url)
        metadata = MetaData()
        metadata.reflect(engine, views=True)
        text = DeclarativeGenerator(metadata, engine, []).generate()
    _tell(started, lines=text.count("\n"))


@bench.command(hidden=True)
@click.argument("url")
def start(url: str) -> None:
    """Import the models of a database, bind a policy to them, and build the API."""
    import types
    from enum import StrEnum
    from typing import Any

    from flask import Flask

    from rowgate import api, web
    from rowgate.databases import make_engine
    from rowgate.enforce import Gate
    from rowgate.generate.introspect import Choice, read_database
    from rowgate.generate.models import write_models
    from rowgate.policy import Policy
    from rowgate.settings import load_settings
    from rowgate.types import Access, Principal

    code = compile(write_models(read_database(url, Choice())).text, "models.py", "exec")
    module = types.ModuleType("models")
    sys.modules["models"] = module
    before = _memory()
    started = process_time()
    exec(code, module.__dict__)  # noqa: S102  the generator's own output
    policy: Policy[Any] = Policy(Principal, superuser=StrEnum("Roles", ["sa"]).sa)
    policy.permission("sa", Access.ALL)
    app = Flask("bench")
    gate = Gate(policy, make_engine(url), models=module.Base)
    web.install(app, gate=gate, settings=load_settings(Path(tempfile.mkdtemp()), environ={}))
    api.install(app)
    _tell(started, before=before)


def _run(*arguments: str) -> dict[str, float]:
    command = [sys.executable, str(HERE), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def _tell(started: float, *, before: float = 0, **more: float) -> None:
    took = (process_time() - started) * 1000
    click.echo(json.dumps({"ms": took, "mb": _memory() - before, **more}))


def _memory() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _median(measured: list[dict[str, float]], name: str) -> float:
    return statistics.median(each[name] for each in measured)


def _database(folder: Path, count: int) -> str:
    """A SQLite database of that many tables, each with keys to two others."""
    import sqlite3

    path = folder / f"{count}.sqlite"
    if not path.exists():
        connection = sqlite3.connect(path)
        for number in range(count):
            connection.execute(
                f"CREATE TABLE t{number:04d} (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL, "
                "amount NUMERIC(12, 2) DEFAULT 0, made DATETIME, flag BOOLEAN NOT NULL DEFAULT 0, note TEXT, "
                "kind VARCHAR(9) CHECK (kind IN ('a', 'b')), "
                f"first_id INTEGER REFERENCES t{number // 2:04d} (id), "
                f"second_id INTEGER REFERENCES t{number // 3:04d} (id), UNIQUE (name, kind))"
            )
        connection.commit()
        connection.close()
    return f"sqlite:///{path}"


if __name__ == "__main__":
    bench()
