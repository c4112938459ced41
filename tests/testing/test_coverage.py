"""A declaration is decisive exactly where a test fails when its line is deleted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rowgate.enforce import Gate
from rowgate.policy import Policy
from rowgate.testing.coverage import Coverage, Line, lines_of, measure
from rowgate.testing.judging import judge
from rowgate.testing.running import Result, read_or_refuse, run_test, trials_of
from rowgate.types import Access
from tests.testing.shop import Account, Base, Note, Owned, bench_of, full_policy, new_policy, written

ROWS = """
users:
  clerk: {roles: [clerk], claims: {client: 1}}
  chief: {roles: [chief], claims: {client: 2}}
  both: {roles: [clerk, chief], claims: {client: 1}}
  nobody: {claims: {client: 1}}
  root: {roles: [root]}
rows:
  Account:
    - {Id: rich, Client: 1, Amount: 500, Pin: "1"}
    - {Id: poor, Client: 1, Amount: 5, Pin: "2"}
    - {Id: vip, Client: 1, Amount: 0, Pin: "3"}
    - {Id: other, Client: 2, Amount: 500, Pin: "4"}
  Note:
    - {AccountId: rich, Number: 1, Text: hello}
tests:
"""


@contextmanager
def ran(policy: Policy[Any], root: Path, *tests: tuple[str, str]) -> Iterator[list[Result]]:
    """The tests' results, while their database is there."""
    path = written(root, ROWS + "".join(f"  - as: {user}\n    {said}\n" for user, said in tests))
    with bench_of(policy, root) as bench:
        yield [run_test(trial) for trial in trials_of(bench, read_or_refuse(bench, path))]


def coverage_of(policy: Policy[Any], root: Path, *tests: tuple[str, str]) -> tuple[Coverage, list[Result]]:
    with ran(policy, root, *tests) as results:
        return measure(policy, results), results


def labels(coverage: Coverage) -> list[str]:
    return [each.label for each in coverage.lines if each.by is not None]


@pytest.mark.parametrize(
    ("user", "said", "decisive"),
    [
        ("root", "sees: {Account: all}", []),
        ("clerk", "counts: {Note: 1}", ["permission clerk: READ, INSERT, UPDATE"]),
        # Seen by one grant: that one, and the permission that says which verbs a grant gives.
        ("clerk", "sees: {Account: [rich]}", ["permission clerk: READ, INSERT, UPDATE", "grant Account clerk"]),
        ("clerk", "does_not_see: {Account: [other]}", ["global filter Owned"]),
        # Hidden by the filter and by both grants: no line alone would show it.
        ("clerk", "does_not_see: {Account: [poor]}", []),
        ("clerk", "may_not: [{read Account rich: [Pin]}]", ["hide Account Pin"]),
        ("clerk", "may_not: [{update Account rich: {Amount: 400}}]", ["readonly Account Amount"]),
        (
            "chief",
            "may: [do close Account vip]",
            ["permission chief: READ, INSERT, UPDATE, DELETE", "action close chief"],
        ),
        # Nobody else may close: without the line nobody may, so the refusal proves nothing of it.
        ("clerk", "may_not: [do close]", []),
        ("chief", "may_not: [do close Account rich]", []),
    ],
)
def test_what_a_test_depends_on(user: str, said: str, decisive: list[str], tmp_path: Path) -> None:
    found, results = coverage_of(full_policy(), tmp_path, (user, said))
    assert all(result.passed for result in results)
    assert labels(found) == decisive
    line = ROWS.count("\n") + 2
    assert {each.by for each in found.lines} <= {None, f"{tmp_path / 't.yaml'}:{line}"}


def test_two_declarations_that_give_the_same_row_are_not_decisive_for_it(tmp_path: Path) -> None:
    policy = new_policy()
    policy.permission("clerk", Access.READ)
    policy.grant(Account, "clerk", where=lambda row, user: row.Amount > 100)
    policy.grant(Account, "clerk", where=lambda row, user: row.Id == "rich")
    found, _ = coverage_of(policy, tmp_path, ("clerk", "sees: {Account: [rich]}"))
    assert labels(found) == ["permission clerk: READ"]
    assert found.percent == pytest.approx(100 / 3)
    found, _ = coverage_of(policy, tmp_path, ("clerk", "sees: {Account: [rich, other]}"))
    assert len(labels(found)) == 2


def test_an_expectation_that_does_not_hold_covers_nothing(tmp_path: Path) -> None:
    found, results = coverage_of(full_policy(), tmp_path, ("clerk", "sees: {Account: [other]}"))
    assert not results[0].passed
    assert labels(found) == []


def test_a_policy_without_declarations_is_covered() -> None:
    assert measure(new_policy(), []).percent == 100


# --- against an oracle that shares nothing with it: a policy made anew without the line, and every test run again


def decisive_by_hand(policy: Policy[Any], results: Iterable[Result]) -> list[Line]:
    return [line for line in lines_of(policy) if _fails_without(policy, line, results)]


def _fails_without(policy: Policy[Any], line: Line, results: Iterable[Result]) -> bool:
    less = copy(policy)
    for name in ("permissions", "global_filters", "grants", "field_rules", "actions"):
        setattr(less, name, [each for each in getattr(policy, name) if each is not line])
    if line in policy.actions and line not in less.actions:
        # The name stays known: what is asked is who may do it.
        less.action("close", "guest")
    for result in results:
        gate = Gate(less, result.trial.gates.main.plain_engine, models=Base)
        if any(judge(gate, result.trial.principal, check, explain=False) for check in result.held):
            return True
    return False


ROLES = st.sampled_from(["clerk", "chief"])
ACCESS = st.sampled_from([Access.READ, Access.READ | Access.UPDATE, Access.ALL])
WHERE = st.sampled_from(
    [
        None,
        lambda row, user: row.Amount > 100,
        lambda row, user: row.Id == "vip",
        lambda row, user: row.Client == user.client,
    ]
)
EXPECTED = st.sampled_from(
    [
        "sees: {Account: [rich]}",
        "does_not_see: {Account: [other, poor]}",
        "sees_only: {Account: [rich, vip]}",
        "counts: {Account: 3, Note: 1}",
        "sees: {Account: all}",
        "may: [{update Account rich: {Pin: '9'}}, do close]",
        "may_not: [{update Account rich: {Amount: 9}}, {read Account rich: [Pin]}, delete Note rich_1, do close]",
    ]
)
USERS = st.sampled_from(["clerk", "chief", "both", "nobody", "root"])


@st.composite
def policies(draw: st.DrawFn) -> Policy[Any]:
    policy = new_policy()
    for _ in range(draw(st.integers(0, 2))):
        policy.permission(draw(ROLES), draw(ACCESS))
    for _ in range(draw(st.integers(0, 2))):
        policy.grant(draw(st.sampled_from([Account, Account, Note])), draw(ROLES), access=draw(st.none() | ACCESS))
    for _ in range(draw(st.integers(0, 2))):
        policy.grant(Account, draw(ROLES), where=draw(WHERE))
    if draw(st.booleans()):
        policy.global_filter(Owned, lambda row, user: row.Client == user.client, exempt=[draw(ROLES)])
    if draw(st.booleans()):
        policy.hide(Account, "Pin", unless=[draw(ROLES)])
    if draw(st.booleans()):
        policy.readonly(Account, "Amount", unless=[draw(ROLES)])
    policy.action("close", draw(ROLES))
    return policy


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(policy=policies(), tests=st.lists(st.tuples(USERS, EXPECTED), min_size=1, max_size=4))
def test_it_agrees_with_deleting_each_line(
    policy: Policy[Any], tests: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with ran(policy, tmp_path_factory.mktemp("t"), *tests) as results:
        decisive = [each.line for each in measure(policy, results).lines if each.by is not None]
        assert decisive == decisive_by_hand(policy, results)
