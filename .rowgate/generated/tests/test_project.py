"""The project as it stands: its declarations hold, and nobody gets a row without a log-in."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import make_url

from config.settings import project
from rowgate.app import create_app
from rowgate.settings import load_settings
from rowgate.startup import declaration_findings


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """The served project; log-ins and the signing secret are in a folder of the test's own."""
    log_ins = make_url(f"sqlite:///{tmp_path / 'auth.sqlite'}")
    settings = replace(load_settings(project.root), instance=tmp_path, auth_database_url=log_ins)
    return create_app(settings, project=project)


def test_the_declarations_have_no_errors() -> None:
    assert [str(finding) for finding in declaration_findings(project) if finding.level == "error"] == []


def test_nobody_gets_a_row_without_a_log_in(app: Flask) -> None:
    for mapper in project.models.registry.mappers:
        assert app.test_client().get(f"/api/{mapper.class_.__name__}").status_code == 401
