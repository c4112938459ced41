"""The policy tests in the documentation are understood, and those with data of their own hold."""

import re
from pathlib import Path

import pytest

from config.settings import project
from rowgate.settings import Settings
from rowgate.testing.bench import Bench
from rowgate.testing.running import read_or_refuse, run_test, trials_of

PAGES = ("how-to/test-the-policy.md", "reference/policy-tests.md")


def no_settings() -> Settings:
    raise AssertionError("an example asks the project's own database")


@pytest.mark.parametrize("page", PAGES)
def test_examples_hold(page: str, tmp_path: Path) -> None:
    text = (project.root / "docs" / page).read_text(encoding="utf-8")
    examples = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert examples
    with Bench(project, no_settings) as bench:
        for example in examples:
            file = tmp_path / "example.yaml"
            file.write_text(example, encoding="utf-8")
            for trial in trials_of(bench, read_or_refuse(bench, file)):
                assert [failure.text() for failure in run_test(trial).failures] == []
