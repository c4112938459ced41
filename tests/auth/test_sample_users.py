"""The sample's users log in with the published password, and are the sample's principals."""

import csv

from sqlalchemy import Engine

from database.load import SAMPLE
from rowgate.auth import SqlProvider
from security.declare_security import Roles, User


def test_everybody_logs_in(users_engine: Engine) -> None:
    provider = SqlProvider(users_engine, User)
    with (SAMPLE / "users.csv").open(encoding="utf-8", newline="") as file:
        people = list(csv.DictReader(file))
    assert len(people) > 5
    for each in people:
        found = provider.principal(each["id"])
        assert isinstance(found, User)
        assert found.roles == set(each["roles"].split())
        assert found.roles <= set(Roles)
        assert found.client_id == (int(each["client_id"]) if each["client_id"] else None)
        assert found.region == (each["region"] or None)
    assert provider.authenticate("s1", "p") == provider.principal("s1")
    assert provider.authenticate("s1", "q") is None
