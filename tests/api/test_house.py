"""What the sample has none of: composite keys, many to many, every column type, constraints of the database."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Served
from tests.api.test_write import body


def make(house: Served, kind: str, row_id: str | None = None, **attributes: Any) -> str:
    """Insert a row; its id."""
    response = house.ask("chief", "POST", f"/api/{kind}", json=body(kind, row_id, **attributes))
    assert response.status_code == 201, response.get_data(as_text=True)
    return str(response.get_json()["data"]["id"])


def test_a_composite_key_is_one_id(house: Served) -> None:
    first = make(house, "Seat", room="A_1", number=7, day="2024-05-31")
    assert first == "A~11_7_2024-05-31"
    second = make(house, "Seat", "~0_-3_2024-06-01", taken_by="me")
    assert house.ids("chief", "/api/Seat") == [first, second]
    for row_id in (first, second):
        data = house.get("chief", f"/api/Seat/{row_id}")["data"]
        assert data["id"] == row_id
        assert data["links"]["self"] == f"/api/Seat/{row_id}"
    attributes = house.get("chief", f"/api/Seat/{first}")["data"]["attributes"]
    assert (attributes["room"], attributes["number"], attributes["day"]) == ("A_1", 7, "2024-05-31")


@pytest.mark.parametrize(
    "row_id", ["A", "A_1", "A_x_2024-05-31", "A_1_2024-05-31_B", "A_1_20240531", "~2_1_2024-05-31"]
)
def test_an_id_with_other_parts_is_missing(house: Served, row_id: str) -> None:
    house.fault(404, "chief", "GET", f"/api/Seat/{row_id}")


def test_relationships_over_a_composite_key(house: Served) -> None:
    seat = make(house, "Seat", "A_1_2024-05-31")
    other = make(house, "Seat", "A_2_2024-05-31")
    sent = body("Ticket", code="one")
    sent["data"]["relationships"] = {"seat": {"data": {"type": "Seat", "id": seat}}}
    document = house.ask("chief", "POST", "/api/Ticket?include=seat", json=sent).get_json()
    assert document["data"]["relationships"]["seat"]["data"] == {"type": "Seat", "id": seat}
    assert [each["id"] for each in document["included"]] == [seat]
    ticket = document["data"]["id"]
    path = f"/api/Ticket/{ticket}/relationships/seat"
    assert house.ask("chief", "PATCH", path, json={"data": {"type": "Seat", "id": other}}).status_code == 204
    assert house.ids("chief", f"/api/Seat/{other}/tickets") == [ticket]
    included = house.get("chief", "/api/Seat?include=tickets")
    assert [len(each["relationships"]["tickets"]["data"]) for each in included["data"]] == [0, 1]
    (error,) = house.fault(409, "chief", "PATCH", path, json={"data": {"type": "Seat", "id": "A_9_2024-05-31"}})
    assert error["detail"] == "There is no such Seat to refer to."
    assert house.ask("chief", "PATCH", path, json={"data": None}).status_code == 204
    assert house.get("chief", f"/api/Ticket/{ticket}/seat")["data"] is None


def test_many_to_many(house: Served) -> None:
    notes = [make(house, "Note", text=f"note {index}", owner=owner) for index, owner in enumerate(["clerk", "x"])]
    for name in ("blue", "red"):
        make(house, "Label", name)
    links = {"data": [{"type": "Note", "id": each} for each in notes]}
    assert house.ask("chief", "POST", "/api/Label/red/notes", json=links).status_code == 204
    assert house.ids("chief", "/api/Label/red/notes") == notes
    # The clerk sees one of the two notes, however it is asked for.
    assert house.ids("clerk", "/api/Label/red/relationships/notes") == notes[:1]
    document = house.get("clerk", "/api/Label?include=notes.labels")
    assert {(each["type"], each["id"]) for each in document["included"]} == {("Note", notes[0])}
    assert [len(each["relationships"]["notes"]["data"]) for each in document["data"]] == [0, 1]
    assert house.ids("clerk", '/api/Label?filter=[{"name":"notes.text","op":"eq","val":"note 1"}]') == []
    assert house.ids("chief", '/api/Label?filter=[{"name":"notes.text","op":"eq","val":"note 1"}]') == ["red"]
    assert house.ask("chief", "DELETE", "/api/Label/red/notes", json=links).status_code == 204
    assert house.ids("chief", "/api/Label/red/notes") == []


def test_a_relationship_that_follows_from_others_is_read_only(house: Served) -> None:
    note = make(house, "Note", text="x")
    for name, rank in (("low", 1), ("high", 9)):
        make(house, "Label", name, rank=rank)
    both = {"data": [{"type": "Label", "id": each} for each in ("low", "high")]}
    assert house.ask("chief", "PATCH", f"/api/Note/{note}/labels", json=both).status_code == 204
    assert house.ids("chief", f"/api/Note/{note}/top_labels") == ["high"]
    document = house.get("chief", f"/api/Note/{note}?include=top_labels,labels")
    relations = document["data"]["relationships"]
    assert [each["id"] for each in relations["top_labels"]["data"]] == ["high"]
    assert [each["id"] for each in relations["labels"]["data"]] == ["high", "low"]
    for method in ("PATCH", "POST", "DELETE"):
        (error,) = house.fault(403, "chief", method, f"/api/Note/{note}/top_labels", json=both)
        assert error["code"] == "RG102"
    sent = body("Note", text="y")
    sent["data"]["relationships"] = {"top_labels": both}
    house.fault(403, "chief", "POST", "/api/Note", json=sent)


def test_a_relationship_by_another_column_than_the_primary_key(house: Served) -> None:
    ticket = make(house, "Ticket", code="one")
    sent = body("Stub")
    sent["data"]["relationships"] = {"ticket": {"data": {"type": "Ticket", "id": ticket}}}
    document = house.ask("chief", "POST", "/api/Stub?include=ticket", json=sent).get_json()
    assert document["data"]["attributes"]["code"] == "one"
    assert document["data"]["relationships"]["ticket"]["data"] == {"type": "Ticket", "id": ticket}
    assert [each["id"] for each in document["included"]] == [ticket]
    stub = document["data"]["id"]
    assert house.get("chief", f"/api/Stub/{stub}/ticket")["data"]["id"] == ticket
    missing = {"data": {"type": "Ticket", "id": "99"}}
    (error,) = house.fault(409, "chief", "PATCH", f"/api/Stub/{stub}/ticket", json=missing)
    assert (error["code"], error["source"]) == ("RG107", {"pointer": "/data"})
    assert house.ask("chief", "PATCH", f"/api/Stub/{stub}/ticket", json={"data": None}).status_code == 204
    assert house.get("chief", f"/api/Stub/{stub}?include=ticket")["data"]["relationships"]["ticket"]["data"] is None


WHOLE: dict[str, Any] = {
    "flag": True,
    "big": 2**63 - 1,
    "exact": 12345678901234567890.0123456789,
    "rough": 0.1,
    "moment": "2024-05-31T16:00:00.000001",
    "zoned": "2024-05-31T16:00:00+02:00",
    "time": "16:00:00",
    "token": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "colour": "red",
    "blob": "AAEC/w==",
    "tree": {"a": [1, 2.5, None, "x"]},
}


def test_every_type_comes_back_as_it_went(house: Served) -> None:
    sent = '{"data":{"type":"Kinds","attributes":{"exact":12345678901234567890.0123456789}}}'
    response = house.ask("chief", "POST", "/api/Kinds", data=sent, content_type="application/json")
    assert response.status_code == 201
    if house.gate.engine.dialect.name == "postgresql":  # SQLite keeps numbers as doubles
        assert '"exact":12345678901234567890.0123456789,' in response.get_data(as_text=True)
    values = WHOLE | {"exact": 1234.5678901234}
    made = make(house, "Kinds", **values)
    got = house.get("chief", f"/api/Kinds/{made}")["data"]["attributes"]
    checksum = got.pop("S_CheckSum")
    zoned = got.pop("zoned")
    assert zoned.startswith(("2024-05-31T14:00:00", "2024-05-31T16:00:00"))
    assert got == {name: value for name, value in values.items() if name != "zoned"}
    empty = make(house, "Kinds", **dict.fromkeys(WHOLE))
    got = house.get("chief", f"/api/Kinds/{empty}")["data"]["attributes"]
    assert got.pop("S_CheckSum") != checksum
    assert got == dict.fromkeys(WHOLE)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("flag", 1),
        ("flag", "true"),
        ("big", 2**63),
        ("big", 10**40),
        ("big", True),
        ("exact", 10**20),
        ("exact", "1e999"),
        ("exact", "NaN"),
        ("exact", 0.12345678901),
        ("rough", "0.1"),
        ("moment", "2024-05-31T25:00"),
        ("moment", "now"),
        ("zoned", "2024"),
        ("time", "25:00"),
        ("token", "x"),
        ("colour", "#f00"),
        ("colour", "green"),
        ("blob", "???"),
        ("blob", 5),
        ("tree", {"a": "\0"}),
        ("tree", {"\0": 1}),
        ("tree", [2**64]),
    ],
)
def test_what_a_type_cannot_hold_is_refused(house: Served, name: str, value: Any) -> None:
    (error,) = house.fault(422, "chief", "POST", "/api/Kinds", json=body("Kinds", **{name: value}))
    assert error["code"] == "RG203"
    assert error["source"] == {"pointer": f"/data/attributes/{name}"}


def test_numbers_beyond_a_double_are_refused(house: Served) -> None:
    for number in ("1e400", "1" * 400, "-1e4000"):
        text = f'{{"data":{{"type":"Kinds","attributes":{{"rough":{number}}}}}}}'
        (error,) = house.fault(422, "chief", "POST", "/api/Kinds", data=text, content_type="application/json")
        assert error["code"] == "RG203"


def test_filters_and_sorts_of_every_type(house: Served) -> None:
    made = make(house, "Kinds", **(WHOLE | {"exact": 1.5}))
    make(house, "Kinds", **dict.fromkeys(WHOLE))
    spelled = {
        "flag": "true",
        "big": str(2**63 - 1),
        "exact": "1.5",
        "rough": "0.1",
        "moment": "2024-05-31T16:00:00.000001",
        "zoned": "2024-05-31T14:00:00%2B00:00",
        "time": "16:00:00",
        "token": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "colour": "red",
        "blob": "AAEC/w==",
    }
    for name, text in spelled.items():
        if name == "zoned" and house.gate.engine.dialect.name == "sqlite":
            continue  # SQLite has no type with a zone
        assert house.ids("chief", f"/api/Kinds?filter[{name}]={text}") == [made], name
        assert len(house.ids("chief", f"/api/Kinds?filter[{name}][is_null]=true")) == 1
        first, second = house.ids("chief", f"/api/Kinds?sort={name}")
        assert second == made, f"{name}: NULL is lower than every value"
        assert house.ids("chief", f"/api/Kinds?sort=-{name}") == [second, first]
        house.fault(400, "chief", "GET", f"/api/Kinds?filter[{name}]=%00")
    for query in ("filter[tree]=x", 'filter={"name":"tree","op":"eq","val":{}}', "sort=tree", "filter[tree][like]=x"):
        house.fault(400, "chief", "GET", f"/api/Kinds?{query}")
    assert len(house.ids("chief", "/api/Kinds?filter[tree][is_null]=true")) == 1


def test_the_databases_constraints_are_told_without_its_words(house: Served) -> None:
    make(house, "Ticket", code="one")
    (error,) = house.fault(409, "chief", "POST", "/api/Ticket", json=body("Ticket", code="one"))
    assert error["code"] == "RG209"
    (error,) = house.fault(422, "chief", "POST", "/api/Ticket", json=body("Ticket", code="two", price=-1))
    assert error["code"] == "RG211"
    (error,) = house.fault(422, "chief", "POST", "/api/Ticket", json=body("Ticket"))
    assert (error["code"], error["source"]) == ("RG210", {"pointer": "/data/attributes/code"})
    sent = body("Ticket", code="three", room="A", number=1, day="2024-05-31")
    (error,) = house.fault(409, "chief", "POST", "/api/Ticket", json=sent)
    assert error["code"] == "RG107"
    seat = make(house, "Seat", "A_1_2024-05-31")
    make(house, "Ticket", code="four", room="A", number=1, day="2024-05-31")
    (error,) = house.fault(409, "chief", "DELETE", f"/api/Seat/{seat}")
    assert error["code"] == "RG108"
    for each in ("Ticket", "one", "INSERT", "constraint", "UNIQUE", "price_not"):
        assert each not in str(error)


def test_only_one_of_two_with_the_same_checksum_gets_through(house: Served) -> None:
    from concurrent.futures import ThreadPoolExecutor

    note = make(house, "Note", text="first", owner="x")
    read = house.get("chief", f"/api/Note/{note}")["data"]["attributes"]["S_CheckSum"]

    def change(text: str) -> int:
        return house.ask(
            "chief", "PATCH", f"/api/Note/{note}", json=body("Note", note, text=text, S_CheckSum=read)
        ).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(change, [f"by {index}" for index in range(8)]))
    assert answers == [200, *[409] * 7]
