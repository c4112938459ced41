"""Exposure: SAFRS routes, and does nothing else to the app or to other apps."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import safrs
from flask import Flask, Request, Response
from safrs import safrs_api
from sqlalchemy import Engine

from rowgate.types import Principal
from tests.api import house as models
from tests.api.conftest import Served, serve


def test_every_entity_has_its_addresses(reading: Served) -> None:
    rules = {rule.rule for rule in reading.app.url_map.iter_rules()}
    for entity in reading.gate.bound.entities:
        name = entity.__name__
        assert {f"/api/{name}", f"/api/{name}/<id:row_id>"} <= rules


def test_safrs_leaves_the_app_as_it_is(reading: Served) -> None:
    fresh = Flask("fresh")
    app = reading.app
    assert app.request_class is Request
    assert app.response_class is Response
    assert type(app.json) is type(fresh.json)
    assert "sqlalchemy" not in app.extensions
    assert app.url_map.strict_slashes is fresh.url_map.strict_slashes


def test_safrs_keeps_no_secret_of_the_app(reading: Served) -> None:
    reading.app.config["SECRET_OF_A_TEST"] = "secret"
    assert not hasattr(safrs.SAFRS, "SECRET_OF_A_TEST")
    assert not hasattr(safrs.SAFRS, "JWT_SECRET_KEY")
    assert safrs.SAFRSAPI._als_resources == []


def test_two_apps_in_one_process_are_apart(reading: Served, sqlite_copies: object, tmp_path: Path) -> None:
    engine = sqlite_copies(empty=True)  # type: ignore[operator]
    assert isinstance(engine, Engine)
    models.Base.metadata.create_all(engine)
    people: dict[str, Principal] = dict(models.people)
    other = serve(engine, models.policy, models.Base, people, tmp_path, optimistic_locking=False)
    assert other.ids("chief", "/api/Note") == []
    reading.fault(404, "u1", "GET", "/api/Note")
    other.fault(404, "chief", "GET", "/api/Customer")
    assert reading.ids("s1", "/api/Customer") == ["CTWTR"]


def test_locking_may_be_off(sqlite_copies: object, tmp_path: Path) -> None:
    engine = sqlite_copies(empty=True)  # type: ignore[operator]
    models.Base.metadata.create_all(engine)
    served = serve(engine, models.policy, models.Base, dict(models.people), tmp_path, optimistic_locking=False)
    sent = {"data": {"type": "Note", "attributes": {"text": "x", "S_CheckSum": "whatever"}}}
    made = served.ask("chief", "POST", "/api/Note", json=sent).get_json()["data"]
    assert "S_CheckSum" not in made["attributes"]
    sent["data"] |= {"id": made["id"]}
    assert served.ask("chief", "PATCH", f"/api/Note/{made['id']}", json=sent).status_code == 200


def test_an_app_below_a_path_links_to_itself(reading: Served) -> None:
    response = reading.ask("u1", "GET", "/api/Customer?page[limit]=1", environ_overrides={"SCRIPT_NAME": "/shop"})
    text = json.dumps(response.get_json())
    assert '"/shop/api/Customer' in text
    assert '"/api/' not in text


def test_safrs_writes_no_document_of_its_own(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would write the whole of it for every address: the start of five hundred tables would take minutes."""
    written: list[object] = []
    monkeypatch.setattr(safrs_api, "json", SimpleNamespace(dumps=written.append))
    models.Base.metadata.create_all(sqlite_engine)
    serve(sqlite_engine, models.policy, models.Base, {}, tmp_path)
    assert written == []
