"""A file that is misspelt is told by line, with what to write instead; it never passes for one that holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from rowgate.admin.nodes import Faults
from rowgate.testing.reading import read_policy_file
from tests.testing.shop import bench_of, faults_of, full_policy

TEST = "tests:\n  - as: {roles: [clerk], claims: {client: 1}}\n    "

FAULTS = {
    "": "1: The file is empty.",
    "- a": "1: The file is a map",
    "tests: [": "1: This is not YAML",
    "tests: []": "1: There are no tests.",
    "testz: []": "1: The file has no 'testz'. | Did you mean tests?",
    "about: [1]\ntests: []": "1: about: is text.",
    "data: old\ntests: []": "1: data: is project or new, not 'old'.",
    "rows: {}\ndata: new\ntests: []": "2: rows: and relationships: bring their own database.",
    "users: {a: {roles: [clrk]}}\ntests: []": "1: There is no role 'clrk'. | Did you mean clerk?",
    "users: {a: {role: [clerk]}}\ntests: []": "1: The user a has no 'role'. | Did you mean roles?",
    "users:\n  a: {claims: {client: x}}\ntests: []": "2: The claim 'client' of user 'a' is a str",
    "users:\n  a:\n    claims: {cleint: 1}\ntests: []": "3: There is no claim 'cleint'. | Did you mean client?",
    "relationships: |\n  a:1#b@c:2\ntests: []": "1: The policy declares no relationship schema.",
    "rows:\n  Acount: []\ntests: []": "2: There is no entity 'Acount'. | Did you mean Account?",
    "rows:\n  Account:\n    - {Id: A, Amout: 1}\ntests: []": "3: Account has no column 'Amout'. | Did you mean Amount?",
    "rows:\n  Account:\n    - {Id: A, Amount: x}\ntests: []": "3: Account.Amount takes a whole number",
    "rows:\n  Account:\n    - {Id: 07}\ntests: []": "3: Account.Id takes text, not 7. | Put text in quotes",
    "tests:\n  - sees: {Account: [a]}": "2: The test does not say as whom.",
    "tests:\n  - as: []\n    sees: {Account: all}": "2: as: names nobody.",
    "tests:\n  - as: 7\n    sees: {Account: all}": "2: 7 is no user's name. | Put it in quotes.",
    "tests:\n  - as: {roles: [boss]}\n    sees: {Account: all}": "2: There is no role 'boss'.",
    "tests:\n  - as: x\n": "2: The test expects nothing.",
    "tests:\n  - {as: x, see: {}}": "2: A test has no 'see'. | Did you mean sees?",
    "tests:\n  - {name: a, as: x, sees: {Note: all}}\n  - {name: a, as: x, sees: {Note: all}}": "3: Two tests are",
    TEST + "sees: {Acount: [a]}": "3: There is no entity 'Acount'. | Did you mean Account?",
    TEST + "sees: {}": "3: sees: names no entity.",
    TEST + "sees: {Account: a}": "3: The ids of Account is a list",
    TEST + "does_not_see: {Account: []}": "3: The ids of Account is empty.",
    TEST + "does_not_see: {Account: all}": "3: does_not_see: does not take all.",
    TEST + "sees: {Account: [a, a]}": "3: a is given twice.",
    TEST + "sees: {Account: [07]}": "3: 7 is no text, and a key of Account is. | Put the id in quotes",
    TEST + "sees: {Note: [a]}": "3: 'a' is no key of Note. | It is written AccountId_Number, in quotes.",
    TEST + "sees: {Note: [a_x]}": "3: 'a_x' is no key of Note, which is a whole number",
    TEST + "counts: {Account: -1}": "3: Account: is a number of rows, not -1.",
    TEST + "counts: {Account: true}": "3: Account: is a number of rows, not True.",
    TEST + "may: delete Account a": "3: may: is a list",
    TEST + "may: [remove Account a]": "3: 'remove' is no deed.",
    TEST + "may: [delete Account]": "3: 'delete Account' is not the whole of a deed. | Write it as delete ENTITY ID.",
    TEST + "may: [delete Acount a]": "3: There is no entity 'Acount'.",
    TEST + "may: [update Account a]": "3: 'update Account a' is not the whole of a deed.",
    TEST + "may: [{update Account a: {Pni: x}}]": "3: Account has no column 'Pni'. | Did you mean Pin?",
    TEST + "may: [{update Account a: {Amount: 1.5}}]": "3: Account.Amount takes a whole number",
    TEST + "may: [{update Account a: {Notes: x}}]": "3: Account has no column 'Notes'.",
    TEST + "may: [{insert Account a: {Id: a}}]": "3: 'insert Account a' names a row that is not there yet.",
    TEST + "may: [{read Account a: [Pni]}]": "3: Account has no column 'Pni'.",
    TEST + "may: [{delete Account a: {Id: b}}]": "3: 'delete Account a' is not the whole of a deed.",
    TEST + "may: [do clsoe]": "3: There is no action 'clsoe'. | Did you mean close?",
    TEST + "may: [do close Account]": "3: 'do close Account' is not the whole of a deed.",
    TEST + "may: [{do close: {verb: GET}}]": "3: 'do close' is not the whole of a deed.",
    TEST + "may: ['permission read note:1']": "3: The policy declares no relationship schema.",
    TEST + "may: [{delete Account a: , delete Account b: }]": "3: A line of may: or may_not: is one deed.",
    TEST + "may: [7]": "3: A line of may: or may_not: is one deed.",
    TEST + "may: [{delete Account a: , code: RG102}]": "3: code: belongs to a line of may_not:",
    TEST + "may_not: [{delete Account a: , code: nope}]": "3: code: belongs to a line of may_not:, and is an error's",
    TEST + "may_not: [{insert Account: {Id: a}, because: x}]": "3: because: is about a row",
    TEST
    + "may_not:\n      - delete Account a\n        code: RG102": "5: This is not YAML: mapping values are not allowed "
    "here. | A deed that has code: or because: below it ends with a colon",
}


@pytest.mark.parametrize("text", list(FAULTS))
def test_each_fault_is_told_with_its_line(text: str, tmp_path: Path) -> None:
    told = faults_of(full_policy(), tmp_path, text)
    assert any(each.startswith(FAULTS[text]) for each in told), told


def test_a_file_that_is_no_text_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_bytes(b"\xff\xfe")
    faults = Faults()
    with bench_of(full_policy(), tmp_path) as bench:
        assert read_policy_file(path, bench.vocabulary, faults) is None
    assert faults[0].message.startswith("The file cannot be read: ")
