"""The reference is complete: every command, option, error code and check has its place, and no page is lost."""

import importlib
import pkgutil
import re
from collections.abc import Iterator

import click
import pytest

import rowgate
from config.settings import project
from rowgate.cli import main
from rowgate.errors import RowgateError
from rowgate.policy.checks import CHECKS

DOCS = project.root / "docs"
COMMANDS = (DOCS / "reference/commands.md").read_text(encoding="utf-8")
ERRORS = (DOCS / "reference/errors.md").read_text(encoding="utf-8")


def public_errors() -> Iterator[type[RowgateError]]:
    """Every error of every module; a private one is not told apart by its code, which it inherits."""
    for module in pkgutil.walk_packages(rowgate.__path__, "rowgate."):
        importlib.import_module(module.name)
    waiting: list[type[RowgateError]] = [RowgateError]
    while waiting:
        error = waiting.pop()
        waiting += error.__subclasses__()
        if error.__module__.startswith("rowgate.") and not error.__name__.startswith("_"):
            yield error


ALL_ERRORS = sorted(public_errors(), key=lambda error: error.code)


def section(page: str, heading: str) -> str:
    """The text under a heading, up to the next one of its level or above."""
    level = len(heading) - len(heading.lstrip("#"))
    found = re.search(rf"^{re.escape(heading)}\b.*?$(.*?)(?=^#{{1,{level}}} |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, f"no section {heading!r}"
    return found[1]


@pytest.mark.parametrize("name", list(main.commands))
def test_every_command_and_parameter_is_documented(name: str) -> None:
    text = section(COMMANDS, f"## rowgate {name}")
    for parameter in main.commands[name].params:
        words = [parameter.human_readable_name.upper()] if isinstance(parameter, click.Argument) else parameter.opts
        for word in words:
            assert re.search(rf"^\| .*`{word}\b.*\|", text, re.MULTILINE), f"{word} of rowgate {name}"


def test_every_global_option_is_documented() -> None:
    head = COMMANDS.split("\n## ")[0]
    for parameter in main.params:
        for option in parameter.opts:
            assert f"`{option}" in head, option


def test_no_command_is_documented_that_does_not_exist() -> None:
    assert set(re.findall(r"^## rowgate ([\w-]+)", COMMANDS, re.MULTILINE)) == set(main.commands)


@pytest.mark.parametrize("error", ALL_ERRORS, ids=lambda error: error.code)
def test_every_error_has_its_section(error: type[RowgateError]) -> None:
    heading = f"### {error.code} {error.title}"
    text = section(ERRORS, heading)
    assert re.search(rf"^{re.escape(heading)} \({error.status}\)$", ERRORS, re.MULTILINE), (
        f"the heading is: {heading} ({error.status})"
    )
    for part in ("**What happened.**", "**Why.**", "**What to do.**"):
        assert part in text, f"{error.code} lacks {part}"
    assert "```" in text, f"{error.code} lacks an example"


@pytest.mark.parametrize("code", list(CHECKS))
def test_every_check_of_the_policy_has_its_section(code: str) -> None:
    level = CHECKS[code][0]
    text = section(ERRORS, f"### {code}")
    assert re.search(rf"^### {code} .*\({level}\)$", ERRORS, re.MULTILINE), f"{code} is a {level}"
    assert "```" in text, f"{code} lacks an example"


def test_codes_are_used_once() -> None:
    codes = [error.code for error in ALL_ERRORS]
    assert sorted(codes) == sorted(set(codes))


def test_no_section_is_about_a_code_that_does_not_exist() -> None:
    documented = re.findall(r"^### (RG\d+|P\d+)\b", ERRORS, re.MULTILINE)
    assert sorted(documented) == sorted({error.code for error in ALL_ERRORS} | set(CHECKS))
    assert documented == sorted(documented, key=lambda code: (code[0] == "P", code))


def test_every_page_is_reached_from_the_index() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([^)#]+\.md)", index))
    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")} - {"index.md"}
    assert linked == pages


def test_every_link_between_pages_leads_somewhere() -> None:
    for page in [*DOCS.rglob("*.md"), *project.root.glob("*.md")]:
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(#[^)\s]*)?\)", page.read_text(encoding="utf-8")):
            file = (page.parent / target).resolve() if target else page
            assert file.exists(), f"{page.name} links to {target}, which does not exist"
            if anchor and file.suffix == ".md":
                assert anchor[1:] in anchors(file.read_text(encoding="utf-8")), f"{page.name} links to {target}{anchor}"


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, by the rule of the sites that show Markdown."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_make_help_tells_every_target() -> None:
    makefile = (project.root / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^\.PHONY: ([\w-]+)$", makefile, re.MULTILINE))
    known = {"help", "run", "test", "lint", "types", "contracts", "ci", "bench", "clean"}
    assert targets == known | {"bench-api", "bench-generate", "bench-relations", "ui", "ui-check", "api-check", "fuzz"}
    assert targets == set(re.findall(r"^([\w-]+):.*## \S", makefile, re.MULTILINE))
