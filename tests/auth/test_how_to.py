"""The how-to's example adds a user who can log in, and deactivates another."""

import re
from typing import Any

import pytest
from sqlalchemy import Engine

from config.settings import project
from rowgate.auth import SqlProvider
from security.declare_security import User


def test_the_example_runs(users_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (project.root / "docs/how-to/log-in.md").read_text("utf-8")
    example = next(code for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "get_one" in code)
    url: Any = users_engine.url.render_as_string()
    monkeypatch.setenv("ROWGATE_AUTH_DATABASE_URL", url)
    exec(compile(example, "log-in.md", "exec"), {})  # noqa: S102 - it is our own page
    provider = SqlProvider(users_engine, User)
    ada = provider.authenticate("ada", "a long sentence is a good password")
    assert ada == User(id="ada", roles=frozenset({"sales"}), client_id=2, region="British Isles")
    assert provider.principal("u1") is None
