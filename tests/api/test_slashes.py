"""A row whose id holds a slash has an address, and a hidden one answers there like a missing one."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from werkzeug.test import create_environ

from rowgate.web.slashes import EncodedSlashes
from tests.api.conftest import Served

ID = "A/B%2F/"
PATH = "/api/Customer/A%2FB%252F%2F"


@pytest.fixture
def served(writing: Served) -> Served:
    attributes = {"Id": ID, "CompanyName": "Slash & Sons", "CreditLimit": 900, "Client_id": 1}
    made = writing.ask("admin", "POST", "/api/Customer", json={"data": {"type": "Customer", "attributes": attributes}})
    assert made.status_code == 201, made.text
    assert made.headers["Location"].endswith(PATH)
    return writing


def test_the_links_of_the_row_lead_to_it(served: Served) -> None:
    row = served.get("admin", "/api/Customer?filter[Id]=A/B%252F/")["data"][0]
    assert (row["id"], row["links"]["self"]) == (ID, PATH)
    assert served.get("admin", row["links"]["self"])["data"]["id"] == ID
    for link in row["relationships"]["OrderList"]["links"].values():
        assert served.get("admin", link)["data"] == []


def test_it_is_changed_and_removed_there(served: Served) -> None:
    change = {"data": {"type": "Customer", "id": ID, "attributes": {"City": "Bath"}}}
    assert served.ask("admin", "PATCH", PATH, json=change).status_code == 200
    assert served.get("admin", PATH)["data"]["attributes"]["City"] == "Bath"
    assert served.ask("admin", "DELETE", PATH).status_code == 204
    served.fault(404, "admin", "GET", PATH)


def test_to_others_it_is_missing(served: Served) -> None:
    hidden, missing = (served.fault(404, "s1", "GET", path)[0] for path in (PATH, PATH.replace("B", "C")))
    assert hidden["detail"].replace("A/B", "A/C") == missing["detail"]
    served.fault(404, "s1", "PATCH", PATH, json={"data": {"type": "Customer", "id": ID, "attributes": {}}})


def test_an_encoded_slash_separates_no_parts(served: Served) -> None:
    """Neither the address of a relationship nor of a list can be written with one."""
    assert served.get("admin", "/api/Customer/ALFKI/OrderList")["data"]
    served.fault(404, "admin", "GET", "/api/Customer/ALFKI%2FOrderList")
    served.fault(404, "admin", "GET", "/api%2FCustomer")


@pytest.mark.parametrize(
    ("sent", "script", "path", "routed"),
    [
        ("/api/T/a%2fb?x=%2F", "", "/api/T/a/b", "/api/T/a\0b"),
        ("/hr/api/T/a%2Fb", "/hr", "/api/T/a/b", "/api/T/a\0b"),
        ("/api/T/%C3%A4%2Fb", "", "/api/T/\xc3\xa4/b", "/api/T/\xc3\xa4\0b"),
        ("/api/T/a%252Fb", "", "/api/T/a%2Fb", "/api/T/a%2Fb"),
        # Rewritten on its way, the mark itself sent, nothing handed on.
        ("/outside/T/a%2Fb", "", "/api/T/a/b", "/api/T/a/b"),
        ("/api/T/a%00%2Fb", "", "/api/T/a\0/b", "/api/T/a\0/b"),
        ("", "", "/api/T/a/b", "/api/T/a/b"),
    ],
)
def test_what_is_routed(sent: str, script: str, path: str, routed: str) -> None:
    seen: list[str] = []

    def app(environ: dict[str, str], _start: object) -> Iterable[bytes]:
        seen.append(environ["PATH_INFO"])
        return []

    environ = create_environ() | {"RAW_URI": sent, "REQUEST_URI": "", "SCRIPT_NAME": script, "PATH_INFO": path}
    EncodedSlashes(app)(environ, lambda *_: None)  # type: ignore[arg-type]
    assert seen == [routed]
