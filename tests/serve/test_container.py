"""The Dockerfile and the compose file name what there is, and hold no secret."""

import re

import yaml

from config.settings import project
from rowgate.settings import Settings

DOCKERFILE = (project.root / "Dockerfile").read_text(encoding="utf-8")
COMPOSE_TEXT = (project.root / "compose.yaml").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(COMPOSE_TEXT)


def test_every_variable_is_a_setting() -> None:
    names = {setting.name for setting in Settings.all()}
    assert set(re.findall(r"ROWGATE_[A-Z_]+", DOCKERFILE + COMPOSE_TEXT)) <= names


def test_every_folder_of_the_project_is_in_the_image_and_nothing_else() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    paths = {path for each in copied for path in each.split()}
    for path in paths:
        assert (project.root / path).exists(), path
    imported = re.findall(r"^from (\w+)\.", (project.root / "config/settings.py").read_text(), re.MULTILINE)
    assert set(imported) - {"rowgate"} <= paths
    ignored = (project.root / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == paths


def test_the_image_runs_as_a_user_of_its_own() -> None:
    last = DOCKERFILE.split("\nFROM ")[-1]
    assert re.search(r"^USER \d{4,}$", last, re.MULTILINE)
    assert "ROWGATE_ENV=production" in last


def test_secrets_come_from_outside() -> None:
    for service in COMPOSE["services"].values():
        for name, value in service["environment"].items():
            if re.search("PASSWORD|SECRET|URL", name):
                assert re.search(r"\$\{\w+(:\?[^}]*)?\}", str(value)), name


def test_services_start_in_an_order_that_works_and_stop_gracefully() -> None:
    services = COMPOSE["services"]
    assert services["web"]["depends_on"]["db"]["condition"] == "service_healthy"
    assert services["events"]["depends_on"]["web"]["condition"] == "service_healthy"
    longest = next(int(each.default) for each in Settings.all() if each.name == "ROWGATE_REQUEST_SECONDS")
    assert int(services["web"]["stop_grace_period"].removesuffix("s")) > longest
    assert services["web"]["ports"] == ["127.0.0.1:8080:8080"]
    assert (project.root / "deploy/create-auth-database.sql").exists()
