"""The ``rowgate`` command as a whole: help that teaches, and errors without a traceback."""

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from rowgate.cli import main
from tests.cli.conftest import Invoke


@pytest.mark.parametrize("command", [None, *main.commands])
def test_every_help_has_examples(invoke: Invoke, command: str | None) -> None:
    result = invoke(*([command] if command else []), "--help")
    assert result.exit_code == 0
    assert "Examples:\n" in result.stdout


@pytest.mark.parametrize("command", list(main.commands))
def test_the_examples_in_a_help_are_commands_that_parse(command: str) -> None:
    text = main.commands[command].help or ""
    examples = re.findall(r"^\s+(?:\w+=\w+ )?rowgate (.+?)(?:\s{3,}.*)?$", text, re.MULTILINE)
    assert examples
    for example in examples:
        words = example.split()
        if words[0] == "--project":
            words = words[2:]
        named = main.commands[words[0]]
        named.make_context(words[0], words[1:])  # raises where an option or argument does not exist


def test_a_folder_without_a_project_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--project", str(tmp_path), "check"])
    assert result.exit_code == 2
    assert "RG510 No project here" in result.stderr
    assert "rowgate --project DIR" in result.stderr


def test_a_second_project_in_one_process_is_refused(invoke: Invoke, tmp_path: Path) -> None:
    assert invoke("check").exit_code == 0
    (tmp_path / "config").mkdir()
    (tmp_path / "config/settings.py").touch()
    result = CliRunner().invoke(main, ["--project", str(tmp_path), "check"])
    assert result.exit_code == 2
    assert "One process serves one project" in result.stderr


def test_a_project_file_that_defines_none_is_told(invoke_on: Invoke) -> None:
    result = invoke_on("Project = dict", "check")
    assert result.exit_code == 2
    assert "does not define the project" in result.stderr


def test_every_option_says_what_it_does() -> None:
    for command in (main, *main.commands.values()):
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{command.name} {parameter.opts}"
