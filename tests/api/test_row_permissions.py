"""Permissions of the relationship schema sent with each row, in the statement that reads the rows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Served
from tests.api.test_sharing import facts, served, shared

__all__ = ["served", "shared"]

PERMISSIONS = "rowPermissions[Document]=view,edit"


def given(document: dict[str, Any]) -> dict[str, Any]:
    return {each["id"]: each["meta"]["permissions"] for each in document["data"]}


def test_permissions_of_each_row_in_one_statement(served: Served) -> None:
    facts(served, "document:5#viewer@user:anna", "document:5#editor@user:anna[expiration:2020-01-01T00:00:00Z]")
    with served.counting() as sent:
        served.get("anna", "/api/Document?page[total]=false")
        plain = len(sent)
    with served.counting() as sent:
        found = given(served.get("anna", f"/api/Document?page[total]=false&{PERMISSIONS}"))
        assert len(sent) == plain
    assert found == {"1": {"view": True, "edit": True}, "5": {"view": True, "edit": False}}


def test_they_agree_with_the_address_of_permissions(served: Served) -> None:
    facts(
        served,
        "document:5#viewer@user:anna",
        "document:1#banned@user:carl",
        "document:5#editor@user:carl",
        'document:1#viewer@user:bob[from_region:{"allowed":"EU"}]',
        'document:5#viewer@user:emil[from_region:{"allowed":"US"}]',
    )
    everything = "view,edit,inherited,share,share_sharer"
    for user in ("anna", "bob", "carl", "dora", "emil", "bot", "chief"):
        listed = given(served.get(user, f"/api/Document?rowPermissions[Document]={everything}"))
        for row, permissions in listed.items():
            answers = served.get(user, f"/api/Document/{row}/permissions")["data"]["attributes"]["permissions"]
            assert permissions == {name: each["answer"] == "allowed" for name, each in answers.items()}, (user, row)


@pytest.mark.parametrize("extra", ["", "&fields[Document]=title", "&fields[Document]=title,S_CheckSum", "&sort=-title"])
def test_one_row_included_rows_pages_and_sparse_fields(served: Served, extra: str) -> None:
    one = served.get("anna", f"/api/Document/1?{PERMISSIONS}{extra.removesuffix('&sort=-title')}")["data"]
    assert one["meta"] == {"permissions": {"view": True, "edit": True}}
    assert one["attributes"]["title"] == "plan"
    pages = [f"page[after]=&{PERMISSIONS}", f"page[limit]=1&{PERMISSIONS}", f"filter[title]=plan&{PERMISSIONS}"]
    for page in pages:
        (row,) = served.get("anna", f"/api/Document?{page}{extra}")["data"]
        assert row["meta"] == {"permissions": {"view": True, "edit": True}}


def test_included_rows(served: Served) -> None:
    facts(served, "folder:3#viewer@user:anna")
    found = served.get("anna", f"/api/Document/1?include=folder&rowPermissions[Folder]=view&{PERMISSIONS}")
    assert found["included"][0]["meta"] == {"permissions": {"view": True}}
    related = served.get("anna", "/api/Document/1/folder?rowPermissions[Folder]=view")
    assert related["data"]["meta"] == {"permissions": {"view": True}}


@pytest.mark.parametrize(
    "query",
    [
        "rowPermissions[Document]=veiw",
        "rowPermissions[Memo]=view",
        "rowPermissions[Nothing]=view",
        "rowPermissions=view",
        "rowPermissions[Document]=owner",
        "rowPermissions[Document]=view&format=csv",
    ],
)
def test_what_is_no_permission_is_refused(served: Served, query: str) -> None:
    assert served.fault(400, "anna", "GET", f"/api/Document?{query}")[0]["code"] == "RG201"
