"""Expectations that hold and that do not, on rows of a file's own; and that a test cannot pass for the wrong reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from rowgate.enforce import Gate
from rowgate.errors import PolicyTestRefused
from rowgate.policy import CheckFailed
from rowgate.testing.acting import acting, principal_of, refused
from rowgate.testing.judging import judge
from rowgate.testing.running import find_files, read_or_refuse, run_test, trials_of
from rowgate.types import Access
from tests.testing.shop import Account, Base, Note, bench_of, failures_of, full_policy, new_policy, results_of, written

HEAD = """
users:
  clerk: {roles: [clerk], claims: {client: 1}}
  chief: {roles: [chief]}
  root: {roles: [root]}
  guest: {roles: [guest]}
rows:
  Note:
    - {AccountId: rich, Number: 1, Text: hello}
  Account:
    - {Id: rich, Client: 1, Amount: 500, Pin: "1111"}
    - {Id: poor, Client: 1, Amount: 5}
    - {Id: vip, Client: 1, Amount: 0, Pin: "2222"}
    - {Id: other, Client: 2, Amount: 500, Pin: "3333"}
tests:
  - as: %s
    %s
"""

HOLDS = [
    ("clerk", "sees: {Account: [rich], Note: ['rich_1']}"),
    ("clerk", "sees_only: {Account: [vip, rich]}"),
    ("clerk", "does_not_see: {Account: [poor, other]}"),
    ("clerk", "counts: {Account: 2, Note: 1}"),
    ("guest", "counts: {Account: 0}"),
    ("guest", "sees_only: {Account: []}"),
    ("guest", "does_not_see: {Account: [rich]}"),
    ("[root, chief]", "sees: {Account: all}"),
    ("clerk", "may: [read Account, read Account rich, read Note rich_1, {read Note rich_1: [Text]}]"),
    ("clerk", "may_not: [read Account poor, {read Account rich: [Pin]}, {read Account other: [Pin]}]"),
    ("chief", "may: [{read Account other: [Pin, Amount]}, {update Account rich: {Amount: 0, Pin: null}}]"),
    ("guest", "may_not: [{read Account: , code: RG102}]"),
    ("clerk", "may: [{update Note rich_1: {Text: bye}}, {insert Note: {AccountId: vip, Number: 1, Text: x}}]"),
    ("clerk", "may_not: [{update Account rich: {Amount: 1}, code: RG109, because: readonly}]"),
    ("clerk", "may_not: [{update Account rich: {Client: 2}, code: RG103}]"),
    ("clerk", "may_not: [{update Account other: {Client: 1}, code: RG105, because: Client == user.client}]"),
    ("clerk", "may_not: [{insert Note: {AccountId: poor, Number: 1, Text: x}, code: RG107}]"),
    ("clerk", "may_not: [{insert Account: {Id: new, Client: 1}, code: RG103}]"),
    ("clerk", "may_not: [delete Account rich, {delete Note rich_1: , code: RG102}]"),
    ("chief", "may: [delete Note rich_1, do close, do close Account vip]"),
    ("chief", "may_not: [do close Account rich]"),
    ("clerk", "may_not: [do close, do close Account rich]"),
    ("clerk", "may: [{read Account rich: , because: Amount > 100}, {read Account vip: , because: grant clerk}]"),
]


@pytest.mark.parametrize(("user", "said"), HOLDS)
def test_it_holds(user: str, said: str, tmp_path: Path) -> None:
    assert failures_of(full_policy(), tmp_path, HEAD % (user, said)) == []


# What is expected, and what the failure must tell.
FAILS = [
    ("clerk", "sees: {Account: [rich, poor]}", ["clerk does not see Account poor. Seen instead: rich, vip.", "hidden"]),
    ("guest", "sees: {Account: [rich]}", ["guest does not see Account rich. Nothing is seen.", "gives no READ"]),
    ("clerk", "sees_only: {Account: [rich]}", ["clerk also sees Account vip.", "Id == 'vip'", "shop.py:"]),
    ("clerk", "sees_only: {Account: [rich, vip, poor]}", ["clerk does not see Account poor."]),
    ("clerk", "does_not_see: {Account: [rich]}", ["clerk sees Account rich.", "visible", "lets it through"]),
    ("clerk", "counts: {Account: 4}", ["clerk sees 2 of Account, not 4. Seen instead: rich, vip."]),
    ("clerk", "sees: {Account: all}", ["clerk sees 2 of 4 of Account."]),
    ("clerk", "may: [delete Account rich]", ["is refused: RG102 You may not delete Account.", "gives no DELETE"]),
    ("chief", "may_not: [delete Note rich_1]", ["is allowed, and the test says it may not."]),
    ("clerk", "may_not: [{read Account rich: [Amount]}]", ["is allowed"]),
    ("clerk", "may_not: [{read Account rich: [Pin, Amount]}]", ["Pin is hidden, and Amount is not"]),
    ("clerk", "may: [{read Account rich: , because: vip}]", ["nothing with 'vip' lets it through."]),
    ("clerk", "may_not: [{update Account rich: {Client: 2}, code: RG105}]", ["is refused with RG103, not RG105"]),
]
# These would hold whatever the policy said, and so are failures.
SAYS_NOTHING = [
    ("clerk", "does_not_see: {Account: [nobody]}", ["There is no Account nobody at all"]),
    ("clerk", "may_not: [read Account nobody]", ["There is no Account nobody at all"]),
    ("chief", "may_not: [do close Account nobody]", ["There is no Account nobody at all"]),
    ("clerk", "may_not: [{read Account poor: [Pin]}]", ["Pin is NULL in the row, which is what a hidden value looks"]),
    ("clerk", "may: [{update Account rich: {Client: 1}}]", ["The row has these values already"]),
    (
        "chief",
        "may_not: [{insert Account: {Id: rich, Client: 1}}]",
        ["The database refuses it, not the policy: UNIQUE"],
    ),
    ("chief", "may_not: [{insert Account: {Id: new}}]", ["The database refuses it, not the policy: NOT NULL"]),
    ("clerk", "may_not: [{insert Note: {AccountId: none, Number: 1, Text: x}}]", ["RG107, which is no refusal of acc"]),
    ("chief", "may_not: [delete Account rich]", ["The database refuses it, not the policy: FOREIGN KEY"]),
]


@pytest.mark.parametrize(("user", "said", "told"), FAILS + SAYS_NOTHING)
def test_it_does_not_hold(user: str, said: str, told: list[str], tmp_path: Path) -> None:
    (failure,) = failures_of(full_policy(), tmp_path, HEAD % (user, said))
    assert failure.startswith(f"{tmp_path / 't.yaml'}:17: ")
    for words in told:
        assert words in failure


def test_everybody_named_is_tried_and_every_expectation(tmp_path: Path) -> None:
    found = results_of(full_policy(), tmp_path, HEAD % ("[clerk, chief]", "counts: {Account: 9, Note: 9}"))
    assert [(each.trial.name, len(each.failures)) for each in found] == [
        ("as clerk, chief [clerk]", 2),
        ("as clerk, chief [chief]", 2),
    ]


def test_rows_that_do_not_fit_are_told_by_line(tmp_path: Path) -> None:
    text = "rows:\n  Note:\n    - {AccountId: a, Number: 1, Text: x}\ntests:\n  - {as: {}, sees: {Note: all}}"
    with pytest.raises(PolicyTestRefused, match=r"a row of note refers to a account that is not under rows:"):
        results_of(full_policy(), tmp_path, text)
    with pytest.raises(PolicyTestRefused, match=r"t.yaml:3: this Note cannot be written: NOT NULL"):
        results_of(full_policy(), tmp_path, text.replace(", Text: x", ""))
    with pytest.raises(PolicyTestRefused, match="no fill_rows"):
        results_of(full_policy(), tmp_path, "data: new\ntests:\n  - {as: {}, sees: {Note: all}}")


def test_a_new_database_has_the_first_rows(tmp_path: Path) -> None:
    def fill(engine: Engine, **_: object) -> None:
        Base.metadata.create_all(engine)
        with engine.begin() as connection:
            connection.execute(Account.__table__.insert(), [{"Id": "first", "Client": 1}])

    text = "data: new\ntests:\n  - {as: {roles: [root]}, sees_only: {Account: [first]}}"
    assert failures_of(full_policy(), tmp_path, text, fill_rows=fill) == []


def test_what_is_tried_is_not_kept(tmp_path: Path) -> None:
    deeds = "may: [{insert Account: {Id: new, Client: 1}}, {update Account vip: {Amount: 1}}, delete Note rich_1]"
    with bench_of(full_policy(), tmp_path) as bench:
        (trial,) = trials_of(bench, read_or_refuse(bench, written(tmp_path, HEAD % ("chief", deeds))))
        assert run_test(trial).passed
        with trial.gates.main.trusted(reason="look") as session:
            assert session.scalar(select(func.count()).select_from(Account)) == 4
            assert session.scalar(select(func.count()).select_from(Note)) == 1
            assert session.get_one(Account, "vip").Amount == 0


def test_a_policy_with_errors_is_not_tested(tmp_path: Path) -> None:
    policy = new_policy()
    policy.permission("nobody", Access.READ)
    with pytest.raises(CheckFailed):
        bench_of(policy, tmp_path)


def test_files_are_found(tmp_path: Path) -> None:
    with pytest.raises(PolicyTestRefused, match="There are no policy tests in"):
        find_files(tmp_path)
    folder = tmp_path / "security/tests"
    folder.mkdir(parents=True)
    files = [written(folder, "", name) for name in ("a.yaml", "b.yml")]
    written(folder, "", "notes.txt")
    assert find_files(tmp_path) == files
    assert find_files(tmp_path, [folder / "notes.txt"]) == [folder / "notes.txt"]
    with pytest.raises(PolicyTestRefused, match=r"There is no file .*c\.yaml"):
        find_files(tmp_path, [folder / "c.yaml"])


# --- the same questions from Python


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    bench = bench_of(full_policy(), tmp_path)
    return bench.gates(read_or_refuse(bench, written(tmp_path, HEAD % ("chief", "sees: {Account: all}")))).main


def test_acting(gate: Gate) -> None:
    clerk = principal_of(gate, None, "anna", ("clerk",), {"client": 1})
    with acting(gate, clerk) as anna:
        assert anna.principal.id == "anna"
        assert anna.visible(Account) == {"rich", "vip"}
        assert anna.visible(Note) == {("rich", 1)}
        with anna.refused("RG109"):
            anna.session.get_one(Account, "rich").Amount = 1
        with anna.refused():
            anna.session.add(Account(Id="new", Client=2))
        with pytest.raises(AssertionError, match="was allowed, and a refusal of access was expected"), anna.refused():
            anna.session.get_one(Note, ("rich", 1)).Text = "bye"
        anna.session.get_one(Note, ("rich", 1)).Text = "bye"
        anna.session.flush()
    with acting(gate, clerk) as anna:
        assert anna.session.get_one(Note, ("rich", 1)).Text == "hello"
    stranger = Note(AccountId="none", Number=1, Text="x")
    with acting(gate, clerk) as anna, pytest.raises(AssertionError, match="refused with RG107, not"), anna.refused():
        anna.session.add(stranger)
    with refused("RG102"), acting(gate, principal_of(gate, None, None, ("guest",), {})) as guest:
        guest.visible(Account)


@pytest.mark.parametrize(
    ("roles", "claims", "told"),
    [(("clrk",), {}, "There is no role 'clrk'. Did you mean clerk?"), (None, {"cleint": 1}, "no claim 'cleint'")],
)
def test_nobody_acts_under_a_name_that_is_not_there(
    gate: Gate, roles: tuple[str, ...] | None, claims: dict[str, object], told: str
) -> None:
    with pytest.raises(PolicyTestRefused, match=told):
        principal_of(gate, None, None, roles, claims)
    with pytest.raises(PolicyTestRefused, match="There is no user 'x'"):
        principal_of(gate, None, "x", None, {})


def test_a_verdict_without_an_explanation_costs_no_more_than_the_question(tmp_path: Path) -> None:
    with bench_of(full_policy(), tmp_path) as bench:
        (trial,) = trials_of(bench, read_or_refuse(bench, written(tmp_path, HEAD % ("clerk", "counts: {Note: 5}"))))
        told = judge(trial.gates.main, trial.principal, trial.test.checks[0], explain=False)
        assert told is not None
        assert told.why == ""
