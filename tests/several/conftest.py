"""The project of two databases: the main one on SQLite, the further one on SQLite and on PostgreSQL in turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from rowgate.app import create_app, opened_by
from rowgate.settings import Settings, load_settings
from tests.conftest import BOTH
from tests.several.world import House, fill_hr, make_project


@pytest.fixture(scope="module", params=BOTH)
def hr_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> object:
    """Where the further database is; it is empty."""
    if request.param == "postgresql":
        engine: Engine = request.getfixturevalue("postgres_copies")(empty=True)
        return engine.url
    return f"sqlite:///{tmp_path_factory.mktemp('hr')}/hr.sqlite"


@pytest.fixture(scope="module")
def read(hr_url: object, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("several")
    return load_settings(folder, environ={}, database_urls={"hr": hr_url}, why_roles="*", filter_log="off")


@pytest.fixture(scope="module")
def house(read: Settings) -> Iterator[House]:
    """The project served; whoever writes puts everything back."""
    app = create_app(read, project=make_project(read.root))
    yield House(app)
    opened_by(app).close()


@pytest.fixture
def hr(house: House) -> Iterator[Engine]:
    """The further database without a policy; its rows are as at first when the test is over."""
    engine = opened_by(house.app).gates["hr"].plain_engine
    yield engine
    from tests.several.world import HrBase

    HrBase.metadata.drop_all(engine)
    fill_hr(engine)
