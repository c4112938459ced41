"""``rowgate policy test``: the project's policy tests, and which declarations they cover."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from rowgate.admin.nodes import Faults
from rowgate.cli.common import Here, as_json, json_option, show_progress
from rowgate.testing.bench import Bench
from rowgate.testing.cases import PolicyFile
from rowgate.testing.coverage import Coverage, measure
from rowgate.testing.reading import read_policy_file
from rowgate.testing.running import Result, fault_text, find_files, run_test, trials_of

__all__ = ["policy"]


@click.group(short_help="Test the policy.")
def policy() -> None:
    """Hold the policy against expectations, and tell which of its lines none depends on.

    \b
    Examples:
      rowgate policy test
      rowgate policy test --coverage
    """


@policy.command("test", short_help="Run the policy tests of security/tests.")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("-k", "wanted", metavar="TEXT", help="Only tests whose file, name or user holds this text.")
@click.option("--coverage", "covered", is_flag=True, help="Tell which declarations no test depends on.")
@click.option(
    "--coverage-min",
    "least",
    metavar="PERCENT",
    type=click.FloatRange(0, 100),
    help="Fail when fewer of the declarations are decisive; with --coverage's report.",
)
@json_option
@click.pass_obj
def test(
    here: Here, files: tuple[Path, ...], wanted: str | None, covered: bool, least: float | None, json_wanted: bool
) -> None:
    """Run the policy tests in FILES: files, or folders of them; by default security/tests.

    Each expectation is asked in a session of its user's: on the project's database, on a new one with its first rows,
    or on rows that the file brings along. What a test writes is rolled back.

    \b
    Examples:
      rowgate policy test
      rowgate policy test security/tests/sales.yaml -k s1
      rowgate policy test --coverage           which lines of the policy could be deleted unnoticed?
      rowgate policy test --coverage-min 100   for a build

    Exit code 0: all expectations hold. 1: some do not, or the coverage is too low. 2: a file is not understood.
    """
    with Bench(here.project, here.settings, progress=show_progress) as bench:
        understood = _read(bench, find_files(here.project.root, files))
        results = list(_run(bench, understood, wanted, quiet=json_wanted))
        if not results:
            raise click.UsageError(f"no test's file, name or user holds {wanted!r}.")
        coverage = measure(here.project.policy, results) if covered or least is not None else None
    enough = coverage is None or least is None or coverage.percent >= least
    if json_wanted:
        as_json(_document(results, coverage))
    else:
        if coverage is not None:
            _tell_coverage(coverage, least)
        click.echo(_summary(results))
    if not enough or not all(result.passed for result in results):
        raise click.exceptions.Exit(1)


def _read(bench: Bench, paths: Sequence[Path]) -> list[PolicyFile]:
    """The files; where one has faults, all faults of all files are told, and nothing runs."""
    found: list[PolicyFile] = []
    faulty = False
    for path in paths:
        faults = Faults()
        file = read_policy_file(_short(path), bench.vocabulary, faults)
        if file is not None:
            found.append(file)
            continue
        faulty = True
        for fault in sorted(faults, key=lambda each: each.line):
            click.echo(fault_text(_short(path), fault), err=True)
    if faulty:
        raise click.exceptions.Exit(2)
    return found


def _run(bench: Bench, files: Sequence[PolicyFile], wanted: str | None, *, quiet: bool) -> Iterator[Result]:
    for file in files:
        told = False
        for trial in trials_of(bench, file):
            if wanted is not None and wanted.lower() not in f"{file.path} {trial.name} {trial.principal.id}".lower():
                continue
            if not told and not quiet:
                click.echo(str(file.path))
                told = True
            result = run_test(trial)
            if not quiet:
                _tell(result)
            yield result


def _tell(result: Result) -> None:
    click.echo(f"  {'ok  ' if result.passed else 'FAIL'}  {result.trial.name}")
    for failure in result.failures:
        for line in failure.text().splitlines():
            click.echo(f"        {line}")


def _tell_coverage(coverage: Coverage, least: float | None) -> None:
    total = len(coverage.lines)
    wanted = f", of at least {least:g} % wanted" if least is not None else ""
    click.echo(f"coverage: {coverage.decisive} of {total} declarations are decisive, {_percent(coverage)} %{wanted}")
    never = [each for each in coverage.lines if each.by is None]
    if never:
        click.echo("never decisive: no test would fail without")
        for each in never:
            click.echo(f"  {each.line.source}  {each.label}")


def _percent(coverage: Coverage) -> str:
    # Down, so that 100 means all.
    return f"{int(coverage.percent * 10) / 10:g}"


def _summary(results: Sequence[Result]) -> str:
    checks = sum(len(result.held) + len(result.failures) for result in results)
    failed = sum(len(result.failures) for result in results)
    tests = f"{len(results)} test{'s' if len(results) != 1 else ''}"
    return f"{tests}, {checks} expectation{'s' if checks != 1 else ''}: {failed or 'none'} failed."


def _document(results: Sequence[Result], coverage: Coverage | None) -> dict[str, Any]:
    made: dict[str, Any] = {
        "ok": all(result.passed for result in results),
        "tests": [
            {
                "file": str(result.trial.file.path),
                "name": result.trial.test.name,
                "user": result.trial.principal.id,
                "passed": result.passed,
                "held": len(result.held),
                "failures": [
                    {"place": each.place, "message": each.verdict.message, "why": each.verdict.why}
                    for each in result.failures
                ],
            }
            for result in results
        ],
    }
    if coverage is not None:
        made["coverage"] = {
            "percent": coverage.percent,
            "declarations": [
                {"declaration": each.label, "source": str(each.line.source), "decided_by": each.by}
                for each in coverage.lines
            ],
        }
    return made


def _short(path: Path) -> Path:
    """The path as somebody in the current folder writes it."""
    here = Path.cwd()
    full = path.resolve()
    return full.relative_to(here) if full.is_relative_to(here) else full
