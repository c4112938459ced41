"""A project opened: databases built when missing, left alone when there, and nothing built under a faulty policy."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, update

from config.settings import project
from database.models import Customer
from rowgate.errors import DatabaseUnreachable, DeclarationError
from rowgate.opened import open_project
from rowgate.policy import CheckFailed, Policy
from rowgate.settings import Settings, load_settings
from rowgate.types import Access, Principal
from tests.conftest import Copies


def settings_in(folder: Path, **overrides: object) -> Settings:
    return load_settings(project.root, environ={}, instance=folder / "instance", **overrides)


def count_customers(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(Customer)) or 0


def test_missing_databases_are_built_and_told_of(tmp_path: Path) -> None:
    told: list[str] = []
    settings = settings_in(tmp_path)
    with open_project(project, settings, progress=lambda table, done, total: told.append(table)) as opened:
        assert count_customers(opened.gate.plain_engine) == 95
        assert opened.provider.principal("s1") is not None
    assert {"Customer", "users"} <= set(told)


def test_databases_that_are_there_are_left_as_they_are(sqlite_engine: Engine, users_engine: Engine) -> None:
    with sqlite_engine.begin() as connection:
        connection.execute(update(Customer).values(City="Bern"))
    folder = Path(str(sqlite_engine.url.database)).parent
    settings = settings_in(folder, database_url=sqlite_engine.url, auth_database_url=users_engine.url)
    with open_project(project, settings) as opened, opened.gate.plain_engine.connect() as connection:
        assert connection.scalars(select(Customer.City).distinct()).all() == ["Bern"]


@pytest.mark.postgresql
def test_an_empty_postgresql_database_is_filled_once(
    postgres_copies: Copies, users_engine: Engine, tmp_path: Path
) -> None:
    engine = postgres_copies(empty=True)
    settings = settings_in(tmp_path, database_url=engine.url, auth_database_url=users_engine.url)
    for _ in range(2):
        with open_project(project, settings) as opened:
            assert count_customers(opened.gate.plain_engine) == 95
    engine.dispose()


def test_a_faulty_policy_is_told_before_anything_is_built(tmp_path: Path) -> None:
    policy = Policy(Principal, roles=["reader"])
    policy.permission("raeder", Access.READ)
    with pytest.raises(CheckFailed, match="no role 'raeder'"):
        open_project(replace(project, policy=policy), settings_in(tmp_path))
    assert not (tmp_path / "instance").exists()


def test_faulty_rules_are_told_before_anything_is_built(tmp_path: Path) -> None:
    def refuse() -> None:
        raise DeclarationError("A rule that cannot be.")

    with pytest.raises(DeclarationError):
        open_project(replace(project, rules=refuse), settings_in(tmp_path))
    assert not (tmp_path / "instance").exists()


def test_a_project_without_a_loader_builds_nothing(tmp_path: Path, users_engine: Engine) -> None:
    settings = settings_in(tmp_path, database_url="sqlite://", auth_database_url=users_engine.url)
    with pytest.raises(CheckFailed, match=r"P040: tables Region, .* are missing: run `rowgate db upgrade`"):
        open_project(replace(project, fill_rows=None), settings)
    assert not (tmp_path / "instance").exists()


@pytest.mark.parametrize("setting", ["database_url", "auth_database_url"])
def test_a_server_that_does_not_answer_is_told_without_the_password(
    tmp_path: Path, sqlite_engine: Engine, setting: str
) -> None:
    urls: dict[str, object] = {"database_url": sqlite_engine.url, setting: "postgresql://shop:s3cret@127.0.0.1:1/shop"}
    with pytest.raises(DatabaseUnreachable, match=f"ROWGATE_{setting.upper()} is postgresql://shop:") as told:
        open_project(project, settings_in(tmp_path, **urls))
    assert "s3cret" not in str(told.value)
