"""Runs policy tests: each expectation for each of its test's users."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rowgate.admin.nodes import Fault, Faults
from rowgate.errors import PolicyTestRefused
from rowgate.testing.bench import Bench
from rowgate.testing.cases import Check, PolicyFile, PolicyTest
from rowgate.testing.gates import Gates
from rowgate.testing.judging import Verdict, judge
from rowgate.testing.reading import read_policy_file
from rowgate.types import Principal

__all__ = [
    "FOLDER",
    "Failure",
    "Result",
    "Trial",
    "fault_text",
    "find_files",
    "read_or_refuse",
    "run_test",
    "trials_of",
]

FOLDER = Path("security/tests")
"""Where a project keeps its policy tests."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """A test for one of its users, with the gates that it asks."""

    file: PolicyFile
    test: PolicyTest
    principal: Principal
    gates: Gates

    @property
    def name(self) -> str:
        """The test's name, and the user's where it has several."""
        return f"{self.test.name} [{self.principal.id}]" if len(self.test.users) > 1 else self.test.name


@dataclass(frozen=True, kw_only=True)
class Failure:
    """An expectation that does not hold."""

    place: str
    verdict: Verdict

    def text(self) -> str:
        """``file:line`` and what is wrong; the explanation on lines of its own."""
        lines = [f"{self.place}: {self.verdict.message}"]
        lines += [f"    {line}" for line in self.verdict.why.splitlines()]
        return "\n".join(lines)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of a trial.

    Attributes:
        held: the expectations that hold.
        failures: those that do not.
    """

    trial: Trial
    held: tuple[Check, ...]
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> bool:
        return not self.failures


def find_files(root: Path, named: Iterable[Path] = ()) -> list[Path]:
    """The files of policy tests: those named, and ``*.yaml`` and ``*.yml`` of each folder named.

    Args:
        root: of the project; its folder of policy tests is taken where nothing is named.
        named: files and folders.

    Raises:
        PolicyTestRefused: one is not there, or there are no files at all.
    """
    found: list[Path] = []
    asked = list(named) or [root / FOLDER]
    for path in asked:
        if path.is_dir():
            found += sorted(each for each in path.rglob("*") if each.suffix in (".yaml", ".yml"))
        elif path.is_file():
            found.append(path)
        elif list(named):
            raise PolicyTestRefused(f"There is no file {path}.", hint="Name a file, or a folder of them.")
    if not found:
        raise PolicyTestRefused(
            f"There are no policy tests in {', '.join(map(str, asked))}.",
            hint=f"Write one, {FOLDER}/first.yaml say: docs/how-to/test-the-policy.md.",
        )
    return found


def fault_text(path: Path, fault: Fault) -> str:
    """A fault of a file as a line, with its hint on the next."""
    hint = f"\n    {fault.hint}" if fault.hint else ""
    return f"{path}:{fault.line}: {fault.level}: {fault.message}{hint}"


def read_or_refuse(bench: Bench, path: Path) -> PolicyFile:
    """Read a file.

    Raises:
        PolicyTestRefused: it has faults; tells all of them.
    """
    faults = Faults()
    file = read_policy_file(path, bench.vocabulary, faults)
    if file is None:
        told = "\n".join(fault_text(path, fault) for fault in sorted(faults, key=lambda fault: fault.line))
        raise PolicyTestRefused(f"{path} is not understood.\n{told}")
    return file


def trials_of(bench: Bench, file: PolicyFile) -> Iterator[Trial]:
    """A file's tests, each for each of its users; they share the databases.

    Raises:
        PolicyTestRefused: a user is not known, or the file's rows do not fit.
    """
    gates = bench.gates(file)
    for test in file.tests:
        for user in test.users:
            yield Trial(file=file, test=test, principal=bench.principal(user, file, test), gates=gates)


def run_test(trial: Trial) -> Result:
    """Hold every expectation of a test against its gate, also after one has failed."""
    held: list[Check] = []
    failures: list[Failure] = []
    for check in trial.test.checks:
        verdict = judge(trial.gates.of(check), trial.principal, check)
        if verdict is None:
            held.append(check)
        else:
            failures.append(Failure(place=f"{trial.file.path}:{check.line}", verdict=verdict))
    return Result(trial=trial, held=tuple(held), failures=tuple(failures))
