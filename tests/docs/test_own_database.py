"""The tutorial "Your own database" is true: its tables, its commands and its edits, one after the other."""

import re
import sqlite3
from contextlib import chdir, closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from config.settings import project
from rowgate.cli import main
from tests.docs.test_tutorial import commands, edited, matches
from tests.generate.written import LoggedIn, cheap_hasher, fresh_modules, password_in, served

PAGE = (project.root / "docs/tutorial/your-own-database.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(diff|console|sql)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("rowgate.auth.passwords.PasswordHasher", cheap_hasher)
    return tmp_path


def rowgate(command: str) -> str:
    """What a command says, in a process that has imported no project; those on the project are typed in its folder."""
    with fresh_modules(), chdir("." if command.startswith("new ") else "shop"):
        result = CliRunner().invoke(main, command.split())
    assert result.exit_code == 0, result.output
    return result.output


def test_following_the_tutorial(folder: Path) -> None:
    declarations = folder / "shop/security/declare_security.py"
    passwords: dict[str, str] = {}
    ran = edits = 0
    for kind, body in BLOCK.findall(PAGE):
        if kind == "sql":
            with closing(sqlite3.connect(folder / "some.sqlite")) as database:
                database.executescript(body)
        elif kind == "diff":
            declarations.write_text(edited(declarations.read_text(encoding="utf-8"), body), encoding="utf-8")
            edits += 1
        for command, expected in commands(body) if kind == "console" else ():
            shown = rowgate(command)
            for line in expected:
                assert matches(line, shown), f"$ rowgate {command}\nlacks: {line}\nshown:\n{shown}"
            if "shown this once" in shown:
                passwords["admin" if command.startswith("new") else "ada"] = password_in(shown)
            ran += 1
    assert (ran, edits) == (6, 3)
    with served(folder / "shop") as app:
        ada, admin = (LoggedIn(app, user, passwords[user]) for user in ("ada", "admin"))
        assert (ada.ids("Customer"), ada.ids("Invoice")) == (["1", "2"], ["2"])
        assert (admin.ids("Customer"), admin.ids("Invoice")) == (["1", "2", "3"], ["1", "2", "3"])
