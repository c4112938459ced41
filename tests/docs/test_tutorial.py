"""The tutorial is true: its edits apply to the sample, and its ``rowgate`` commands print what it shows."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import project

TUTORIALS = project.root / "docs/tutorial"
BLOCK = re.compile(r"^```(diff|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def copy(tmp_path: Path, sqlite_template: Path, users_template: Path) -> Path:
    """The declarations in a folder of their own, with databases that are built already."""
    for folder in ("config", "database", "logic", "security", "api"):
        shutil.copytree(project.root / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "instance").mkdir()
    shutil.copyfile(sqlite_template, tmp_path / "instance/database.sqlite")
    shutil.copyfile(users_template, tmp_path / "instance/auth.sqlite")
    return tmp_path


@pytest.mark.parametrize(
    ("page", "file", "commands_in_it"),
    [("first-steps.md", "declare_security.py", 6), ("share-an-order.md", "schema.zed", 7)],
)
def test_following_the_tutorial(copy: Path, page: str, file: str, commands_in_it: int) -> None:
    declarations = copy / "security" / file
    ran = 0
    for kind, body in BLOCK.findall((TUTORIALS / page).read_text(encoding="utf-8")):
        if kind == "diff":
            declarations.write_text(edited(declarations.read_text(encoding="utf-8"), body), encoding="utf-8")
        for command, expected in commands(body) if kind == "console" else ():
            shown = rowgate(copy, command)
            for line in expected:
                assert matches(line, shown), f"$ rowgate {command}\nlacks: {line}\nshown:\n{shown}"
            ran += 1
    assert ran == commands_in_it


def edited(text: str, diff: str) -> str:
    """Apply one hunk: what its ``-`` and context lines say becomes what its ``+`` and context lines say."""
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] in " -")
    after = "".join(line[1:] for line in lines if line[0] in " +")
    assert text.count(before) == 1, f"the tutorial edits what is not there:\n{before}"
    return text.replace(before, after)


def commands(block: str) -> Iterator[tuple[str, list[str]]]:
    """Each ``rowgate`` command of a block with the lines shown for it."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        if command.startswith("rowgate "):
            yield command.removeprefix("rowgate "), shown


def rowgate(folder: Path, command: str) -> str:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ROWGATE_")}
    program = [sys.executable, "-c", "from rowgate.cli import main; main()", *command.split()]
    # Without the folder on the path, so that the modules imported are those of the copy.
    done = subprocess.run(program, cwd=folder, env=environ, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout + done.stderr


def matches(line: str, shown: str) -> bool:
    """Whether the line is shown, up to the line numbers in it, and up to "..." where the tutorial cuts it."""
    wanted, cut, _ = (without_numbers(part) for part in line.partition("..."))
    return any(found == wanted or (cut and found.startswith(wanted)) for found in without_numbers(shown).splitlines())


def without_numbers(text: str) -> str:
    return re.sub(r"(\.py):\d+", r"\1:N", text)
