"""Generated models, imported and served: the policy gives everything, and every entity is used as clients use it."""

from __future__ import annotations

import sys
import types
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import DeclarativeBase, configure_mappers
from werkzeug.test import TestResponse

from rowgate import api, web
from rowgate.api.resources import Resources, ResourceType
from rowgate.enforce import Gate
from rowgate.generate.models import GeneratedClass, Models
from rowgate.policy import Policy
from rowgate.settings import load_settings
from rowgate.types import Access, Principal

JSON_API = "application/vnd.api+json"


class Roles(StrEnum):
    """The one role there is, and nobody's."""

    all = "all"
    nobody = "nobody"


@contextmanager
def imported(models: Models, name: str) -> Iterator[types.ModuleType]:
    """The module, imported without a warning; it is forgotten again."""
    module = types.ModuleType(name)
    sys.modules[name] = module  # where SQLAlchemy looks up the names in annotations
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            exec(compile(models.text, f"{name}.py", "exec"), module.__dict__)  # noqa: S102
            configure_mappers()
        yield module
    finally:
        module.Base.registry.dispose()
        del sys.modules[name]


class Served:
    """An app over generated models."""

    def __init__(self, engine: Engine, base: type[DeclarativeBase], folder: Path) -> None:
        policy: Policy[Any] = Policy(Principal, roles=Roles, superuser=None, no_role=None)
        policy.permission(Roles.all, Access.ALL)
        self.gate = Gate(policy, engine, models=base)
        self.app = Flask("generated")
        self.app.url_map.merge_slashes = False
        web.install(self.app, gate=self.gate, settings=load_settings(folder, environ={}))
        user = Principal(id="u", roles=frozenset({"all"}))
        self.app.before_request(lambda: web.set_principal(user))
        self._resources = Resources(self.gate.bound.entities)
        api.install(self.app)

    def resource(self, name: str) -> ResourceType:
        """A type as the API knows it."""
        return self._resources[name]

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        """Send a request."""
        if "json" in options:
            options.setdefault("content_type", JSON_API)
        return self.app.test_client().open(path, method=method, **options)

    def get(self, path: str) -> Any:
        """The document at a path, which must be there."""
        response = self.ask("GET", path)
        assert response.status_code == 200, f"{path}: {response.get_data(as_text=True)[:800]}"
        return response.get_json()


def use(served: Served, models: Models) -> dict[str, str]:
    """Use every entity: list, get one, filter, include, change to what it is, add one and delete it again.

    Returns:
        By entity: what was done to its rows, in one word each.
    """
    document = served.get("/api/openapi.json")
    done: dict[str, str] = {}
    for each in models.classes:
        assert f"/{each.name}" in {path.removeprefix("/api") for path in document["paths"]}, each.name
        done[each.name] = " ".join(_use_one(served, each))
    return done


def _use_one(served: Served, each: GeneratedClass) -> Iterator[str]:
    here = f"/api/{quote(each.name)}"
    rows = served.get(here)["data"]
    yield f"list:{len(rows)}"
    if not rows:
        return
    row = rows[0]
    place = f"{here}/{quote(row['id'], safe='')}"
    assert served.get(place)["data"]["id"] == row["id"]
    yield "get"
    if each.relationships:
        names = ",".join(relationship.name for relationship in each.relationships)
        served.get(f"{here}?include={quote(names)}")
        yield "include"
    _filter(served, each, here, row)
    if each.is_view:
        assert served.ask("PATCH", place, json=_document(each, row, row["attributes"])).status_code == 403
        assert served.ask("DELETE", place).status_code == 403
        assert served.ask("POST", here, json={"data": {"type": each.name, "attributes": {}}}).status_code in (403, 422)
        yield "read-only"
        return
    writable = _writable(served, each, row)
    response = served.ask("PATCH", place, json=_document(each, row, writable))
    assert response.status_code == 200, f"{place}: {response.get_data(as_text=True)[:800]}"
    after = {name: value for name, value in response.get_json()["data"]["attributes"].items() if name in writable}
    assert after == writable
    yield "patch"
    if not all(part.is_generated for part in served.resource(each.name).key):
        yield _put_back(served, each, here, place)
        return
    new = served.ask("POST", here, json={"data": {"type": each.name, "attributes": writable}})
    if new.status_code == 201:
        made = new.get_json()["data"]
        assert {name: made["attributes"][name] for name in writable} == writable
        gone = served.ask("DELETE", f"{here}/{quote(made['id'], safe='')}")
        assert gone.status_code in (200, 204), gone.get_data(as_text=True)[:500]
        yield "post delete"
    else:
        # The row that is there cannot be there twice.
        assert new.status_code in (409, 422), f"{here}: {new.get_data(as_text=True)[:800]}"
        yield f"post:{new.status_code}"


def _put_back(served: Served, each: GeneratedClass, here: str, place: str) -> str:
    """Delete a row whose key is the client's, and add it again."""
    row = served.get(place)["data"]
    derived = {name for entity, names in served.gate.derived.items() if entity.__name__ == each.name for name in names}
    gone = served.ask("DELETE", place)
    if gone.status_code == 409:
        return "delete:409"  # other rows refer to it
    assert gone.status_code in (200, 204), gone.get_data(as_text=True)[:800]
    given = {name: value for name, value in row["attributes"].items() if name not in derived and name != "S_CheckSum"}
    data = {"type": each.name, "attributes": given, **({"id": row["id"]} if each.key == ("id",) else {})}
    back = served.ask("POST", here, json={"data": data})
    assert back.status_code == 201, back.get_data(as_text=True)[:800]
    after = back.get_json()["data"]["attributes"]
    assert after == row["attributes"], (after, row["attributes"])
    return "delete post"


_FILTERED = {"text", "integer", "date", "datetime", "uuid", "choice", "boolean", "time"}


def _filter(served: Served, each: GeneratedClass, here: str, row: dict[str, Any]) -> None:
    """Ask for the row by each of its values that a query can spell (a comma would make two of it)."""
    for column in each.columns:
        value = row["attributes"].get(column.name)
        if column.kind not in _FILTERED or value is None or "," in str(value):
            continue
        written = quote(str(value).lower() if isinstance(value, bool) else str(value), safe="")
        found = served.get(f"{here}?filter[{quote(column.name)}]={written}")["data"]
        assert row["id"] in [one["id"] for one in found], f"{each.name}.{column.name}={value!r}"


def _writable(served: Served, each: GeneratedClass, row: dict[str, Any]) -> dict[str, Any]:
    derived = {name for entity, names in served.gate.derived.items() if entity.__name__ == each.name for name in names}
    return {
        name: value
        for name, value in row["attributes"].items()
        if name not in derived and name not in each.key and name != "S_CheckSum"
    }


def _document(each: GeneratedClass, row: dict[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"type": each.name, "id": row["id"], "attributes": attributes}}
