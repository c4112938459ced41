"""The OpenAPI document that each user gets: exactly what that user may do, by what the server does with requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from sqlalchemy.orm import Session

from tests.api.conftest import Served, serve
from tests.api.test_fields import PEOPLE, fill
from tests.enforce import veiled

USERS = ("u1", "s1", "sa", "nancy", "buyer")


def operations(document: Any) -> set[tuple[str, str]]:
    return {(method, path) for path, item in document["paths"].items() for method in item if method != "parameters"}


def own(served: Served, user: str) -> Any:
    return served.get(user, "/api/openapi.json")


@pytest.mark.parametrize("user", USERS)
def test_the_document_of_a_user_is_valid_and_a_part_of_the_whole(reading: Served, user: str) -> None:
    document = own(reading, user)
    OpenAPIV31SpecValidator(document).validate()
    whole = reading.app.test_client().get("/api/swagger.json").get_json()
    assert operations(document) <= operations(whole)
    assert {tag["name"] for tag in document["tags"]} <= {tag["name"] for tag in whole["tags"]}


def test_it_needs_a_log_in_and_is_not_kept(reading: Served) -> None:
    response = reading.ask("u1", "GET", "/api/openapi.json")
    assert response.headers["Cache-Control"] == "no-store"
    assert "Authorization" in response.headers["Vary"]


@pytest.mark.parametrize("user", USERS)
def test_what_it_has_is_what_the_server_does(scratch: Served, user: str) -> None:
    """Lists that are described are answered, and the others are refused; so with each verb."""
    described = operations(own(scratch, user))
    whole = operations(scratch.app.test_client().get("/api/swagger.json").get_json())
    lists = {path for method, path in whole if method == "get" and f"{path}/{{row_id}}" in {p for _, p in whole}}
    assert len(lists) == len(scratch.gate.bound.entities)
    for path in lists:
        got = scratch.ask(user, "GET", f"{path}?page[limit]=1")
        assert (got.status_code == 200) == (("get", path) in described), path
        kind = path.rpartition("/")[2]
        # A reference to a row that is not there, or too little: refused too, but in other words.
        sent = scratch.ask(user, "POST", path, json={"data": {"type": kind, "attributes": {}}})
        refused = sent.status_code == 403 and sent.get_json()["errors"][0]["code"] == "RG102"
        assert refused == (("post", path) not in described), (path, sent.get_data(as_text=True))
        rows = got.get_json()["data"] if got.status_code == 200 else []
        for row in rows:
            changed = scratch.ask(user, "PATCH", row["links"]["self"], json={"data": {"type": kind, "id": row["id"]}})
            if ("patch", f"{path}/{{row_id}}") in described:
                assert changed.status_code == 200, changed.get_data(as_text=True)


def test_users_differ(reading: Served) -> None:
    reader, writer = (operations(own(reading, user)) for user in ("nancy", "u1"))
    assert ("get", "/api/Department") in reader
    assert {("post", "/api/Department"), ("patch", "/api/Department/{row_id}")} <= writer - reader
    assert ("post", "/api/Order/{row_id}/ship") in operations(own(reading, "sa"))
    assert ("get", "/api/finance/dashboard") in reader


def test_attributes_that_field_rules_hide_or_lock(sqlite_copies: Any, tmp_path: Path) -> None:
    engine = sqlite_copies(empty=True)
    veiled.Base.metadata.create_all(engine)
    with Session(engine) as session:
        fill(session)
    served = serve(engine, veiled.make_policy(), veiled.Base, dict(PEOPLE), tmp_path)
    for user in PEOPLE:
        document = own(served, user)
        OpenAPIV31SpecValidator(document).validate()
        schemas = document["components"]["schemas"]
        described = schemas["Worker"]["properties"]["attributes"]["properties"]
        row = served.ask(user, "GET", "/api/Worker?page[limit]=1").get_json()["data"][0]
        assert set(described) == set(row["attributes"]), user
    clerk, chief = (str(own(served, user)["components"]["schemas"]) for user in ("clerk", "chief"))
    assert "'salary'" in chief
    assert "'salary'" not in clerk
