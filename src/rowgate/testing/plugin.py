"""The plug-in for pytest: a project's policy tests as items, and the fixtures ``as_user`` and ``policy_gate``.

It is loaded into every run of pytest in an environment that has rowgate, whatever is tested there; so the rest of
rowgate is imported only when a file of policy tests, or a fixture, is met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from rowgate.enforce import Gate
    from rowgate.testing.acting import Acting
    from rowgate.testing.bench import Bench
    from rowgate.testing.running import Trial

__all__ = ["PolicyFileNode", "PolicyItem", "as_user", "policy_bench", "policy_gate"]

_SETTINGS = "config/settings.py"
_benches = pytest.StashKey[dict[Path, "Bench"]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Two settings for pytest's own file; without them, a project's folder is enough."""
    parser.addini(
        "rowgate_policy_tests",
        "Patterns of policy test files, below the project's folder; empty to collect none.",
        type="linelist",
        default=["security/tests/*.yaml", "security/tests/*.yml"],
    )
    parser.addini(
        "rowgate_project",
        f"The project's folder, which holds {_SETTINGS}; by default the folder of pytest's file.",
        type="string",
        default="",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A policy test of the project, where pytest comes across one."""
    if file_path.suffix not in (".yaml", ".yml"):
        return None
    root = _root(parent.config)
    if not (root / _SETTINGS).is_file() or not file_path.is_relative_to(root):
        return None
    within = file_path.relative_to(root)
    if not any(within.match(pattern) for pattern in parent.config.getini("rowgate_policy_tests")):
        return None
    made: pytest.Collector = PolicyFileNode.from_parent(parent, path=file_path)
    return made


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the databases."""
    for bench in config.stash.get(_benches, {}).values():
        bench.close()


class PolicyFileNode(pytest.File):
    """A file of policy tests."""

    def collect(self) -> Iterator[pytest.Item]:
        """One item for each test and user."""
        from rowgate.errors import RowgateError
        from rowgate.testing.running import read_or_refuse, trials_of

        bench = _bench(self.config)
        try:
            for trial in trials_of(bench, read_or_refuse(bench, self.path)):
                yield PolicyItem.from_parent(self, name=trial.name, trial=trial)
        except RowgateError as refused:
            raise self.CollectError(f"{refused.code} {refused.detail}\n{refused.advice}") from refused


class PolicyItem(pytest.Item):
    """One policy test for one of its users."""

    def __init__(self, *, trial: Trial, **given: Any) -> None:
        super().__init__(**given)
        self.trial = trial

    def runtest(self) -> None:
        """Hold every expectation; the failure tells all that do not hold."""
        from rowgate.testing.running import run_test

        result = run_test(self.trial)
        if not result.passed:
            raise _NotHeldError("\n".join(failure.text() for failure in result.failures))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The words of the expectations, without a traceback through rowgate."""
        if isinstance(excinfo.value, _NotHeldError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the test stands."""
        return self.path, self.trial.test.line - 1, f"{self.path.name}: {self.name}"


class _NotHeldError(AssertionError):
    """Expectations of a policy test that do not hold."""


# --- fixtures


@pytest.fixture(scope="session")
def policy_bench(pytestconfig: pytest.Config) -> Bench:
    """The project with its databases; nothing is opened before it is asked for."""
    return _bench(pytestconfig)


@pytest.fixture(scope="session")
def policy_gate(policy_bench: Bench) -> Gate:
    """The gate that ``as_user`` works through: on the project's database. Define your own to work on another."""
    return policy_bench.opened.gate


@pytest.fixture
def as_user(request: pytest.FixtureRequest, policy_gate: Gate) -> Callable[..., AbstractContextManager[Acting]]:
    """Work as somebody: ``with as_user("s1") as s1``, or ``as_user(roles=["sales"], region="British Isles")``.

    What is written is rolled back at the end of the block.
    """
    from rowgate.testing.acting import acting, principal_of

    def work(name: str | None = None, *, roles: Any = None, **claims: object) -> AbstractContextManager[Acting]:
        is_log_in = roles is None and not claims
        provider = request.getfixturevalue("policy_bench").provider if is_log_in else None
        given = None if roles is None else tuple(str(role) for role in roles)
        return acting(policy_gate, principal_of(policy_gate, provider, name, given, claims))

    return work


# --- the project


def _root(config: pytest.Config) -> Path:
    named = str(config.getini("rowgate_project"))
    return (config.rootpath / named).resolve() if named else config.rootpath.resolve()


def _bench(config: pytest.Config) -> Bench:
    """The project's bench, one in a run."""
    from rowgate.project import load_project
    from rowgate.settings import load_settings
    from rowgate.testing.bench import Bench

    root = _root(config)
    kept = config.stash.setdefault(_benches, {})
    if root not in kept:
        kept[root] = Bench(load_project(root), lambda: load_settings(root))
    return kept[root]
