"""The import of files: every faulty row told, all rows or none, and never more than the policy allows."""

from __future__ import annotations

import csv
import io
import json
import random
from typing import Any

import pytest
from sqlalchemy import text

from tests.admin.conftest import Browser, House

HEAD = ["Id", "CompanyName", "CreditLimit", "Client_id", "Region"]
MINE = ["500", "2", "British Isles"]


def table(rows: list[list[str]], head: list[str] = HEAD) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([head, *rows])
    return out.getvalue().encode()


def load(
    browser: Browser, body: bytes, *, resource: str = "Customer", dry: bool = False, kind: str = "text/csv"
) -> Any:
    path = f"/admin/import?resource={resource}{'&dry_run=1' if dry else ''}"
    answer = browser.ask("POST", path, data=body, content_type=kind)
    return answer.status_code, answer.get_json()


def ids(house: House) -> set[str]:
    with house.gate.plain_engine.connect() as connection:
        return {row[0] for row in connection.execute(text('SELECT "Id" FROM "Customer"'))}


ROWS = [
    ["N1", "First", *MINE],
    ["N2", "Not a number", "abc", "2", "British Isles"],
    ["N1", "Twice", *MINE],
    ["N4", "Of another client", "500", "1", "British Isles"],
    ["N5", "", *MINE],
    ["N6", 'Six, "x"', *MINE],
    ["ALFKI", "Taken by a hidden row", *MINE],
]


def test_every_faulty_row_is_told_with_and_without_writing(both: House) -> None:
    browser, before = both.browser("s1"), ids(both)
    for dry, expected in ((True, 200), (False, 422)):
        status, document = load(browser, table(ROWS), dry=dry)
        assert status == expected
        assert document["meta"] == {
            "dry_run": dry, "rows": 7, "accepted": 2, "refused": 5, "written": 0, "ignored": [], "complete": True,
        }  # fmt: skip
        told = [(e["meta"]["row"], e["meta"]["line"], e["code"], e["source"]["pointer"]) for e in document["errors"]]
        assert told == [
            (2, 3, "RG203", "/data/1/attributes/CreditLimit"),
            (3, 4, "RG209", "/data/2"),
            (4, 5, "RG103", "/data/3"),
            (5, 6, "RG210", "/data/4/attributes/CompanyName"),
            (7, 8, "RG209", "/data/6"),
        ]
        assert ids(both) == before


def test_sound_rows_are_written_together(house: House) -> None:
    browser, before = house.browser("s1"), ids(house)
    good = table([ROWS[0], ROWS[5]])
    assert load(browser, good, dry=True)[1]["meta"]["accepted"] == 2
    assert ids(house) == before
    status, document = load(browser, good)
    assert (status, document["meta"]["written"], document["errors"]) == (201, 2, [])
    assert ids(house) - before == {"N1", "N6"}
    assert browser.get("/api/Customer/N6")["data"]["attributes"]["CompanyName"] == 'Six, "x"'


def test_rows_may_refer_to_rows_above_them_and_rules_run(both: House) -> None:
    browser = both.browser("admin")
    rows = [
        ["Id", "DepartmentName", "DepartmentId", "SecurityLevel"],
        ["900", "Above", "", "0"],
        ["901", "Below", "900", "0"],
    ]
    assert load(browser, table(rows[1:], rows[0]), resource="Department")[1]["errors"][0]["code"] == "RG107"
    body = [{"CustomerId": "ALFKI", "Ready": True}, {"CustomerId": "NOBODY"}, {"CustomerId": "ALFKI", "AmountTotal": 3}]
    status, document = load(browser, json.dumps(body).encode(), resource="Order", kind="application/json")
    assert status == 422
    assert [(e["code"], e["source"]["pointer"]) for e in document["errors"]] == [
        ("RG107", "/data/1/attributes/CustomerId")
    ]
    assert document["meta"]["ignored"] == ["AmountTotal"]
    count = browser.get("/api/Customer/ALFKI")["data"]["attributes"]["OrderCount"]
    assert load(browser, json.dumps([body[0], body[2]]).encode(), resource="Order", kind="application/json")[0] == 201
    assert browser.get("/api/Customer/ALFKI")["data"]["attributes"]["OrderCount"] == count + 2


def test_a_rule_that_refuses_is_told_at_its_row(house: House) -> None:
    browser = house.browser("admin")
    rows = [{"OrderId": 10643, "ProductId": 1, "Quantity": 1}, {"OrderId": 10643, "ProductId": 2, "Quantity": 30000}]
    with house.gate.plain_engine.begin() as connection:
        connection.execute(text('UPDATE "Order" SET "ShippedDate" = NULL, "Ready" = true WHERE "Id" = 10643'))
    status, document = load(
        browser, json.dumps(rows).encode(), resource="OrderDetail", kind="application/json", dry=True
    )
    assert status == 200
    assert [(e["code"], e["meta"]["row"]) for e in document["errors"]] == [("RG401", 2)]


def test_a_tree_of_new_rows_comes_parents_first(house: House) -> None:
    browser = house.browser("admin")
    rows = [["TOP", "Top"], ["END", "End"]]
    assert load(browser, table([[*row, *MINE] for row in rows]))[0] == 201
    territories = [["Id", "TerritoryDescription", "RegionId"], ["t1", "One", "1"], ["t2", "Two", "99"]]
    document = load(browser, table(territories[1:], territories[0]), resource="Territory", dry=True)[1]
    assert [(e["code"], e["source"]["pointer"]) for e in document["errors"]] == [
        ("RG107", "/data/1/attributes/RegionId")
    ]


def test_good_rows_that_are_too_much_together_are_found(house: House) -> None:
    """Each item fits the customer's credit, and the three of them do not: the last is told, as it came last."""
    with house.gate.plain_engine.begin() as connection:
        connection.execute(text('UPDATE "Order" SET "ShippedDate" = NULL, "Ready" = true WHERE "Id" = 10643'))
        connection.execute(text('UPDATE "Customer" SET "Balance" = 0, "CreditLimit" = 2500 WHERE "Id" = \'ALFKI\''))
    rows = json.dumps([{"OrderId": 10643, "ProductId": 1, "Quantity": 50} for _ in range(3)]).encode()
    document = load(house.browser("admin"), rows, resource="OrderDetail", kind="application/json", dry=True)[1]
    assert [(each["meta"]["row"], each["code"]) for each in document["errors"]] == [(3, "RG401")]


def test_the_faulty_rows_of_a_large_file_are_found_exactly(house: House) -> None:
    """An oracle: rows at random places are spoilt in random ways, and exactly those are told."""
    chosen = random.Random(7)  # noqa: S311
    spoil = sorted(chosen.sample(range(230), 6))
    rows = [[f"R{index}", f"Row {index}", *MINE] for index in range(230)]
    for index in spoil:
        rows[index] = chosen.choice(
            [["CTWTR", "x", *MINE], [f"R{index}", "", *MINE], [f"R{index}", "x", "1", "1", "x"]]
        )
    document = load(house.browser("s1"), table(rows), dry=True)[1]
    assert sorted(error["meta"]["row"] - 1 for error in document["errors"]) == spoil
    assert document["meta"]["accepted"] == 230 - len(spoil)


def test_it_stops_looking_after_many_faults(house: House) -> None:
    rows = [[f"R{index}", "x", "abc", "2", "x"] for index in range(250)]
    document = load(house.browser("s1"), table(rows), dry=True)[1]
    assert document["meta"]["complete"] is False
    assert document["meta"]["refused"] == 50


def test_what_the_app_exports_it_imports_again(house: House) -> None:
    browser = house.browser("u1")
    exported = [each["attributes"] | {"id": each["id"]} for each in browser.get("/api/Customer?page[limit]=5")["data"]]
    for row in exported:
        row["Id"] = row["id"] = f"_{row['Id']}"
    status, document = load(browser, json.dumps(exported).encode(), kind="application/json", dry=True)
    assert (status, document["errors"]) == (200, [])
    assert {"S_CheckSum", "Balance", "OrderCount", "CreatedBy"} <= set(document["meta"]["ignored"])


def test_what_is_exported_as_csv_is_imported_as_it_was(house: House) -> None:
    """Text that looks like a formula is guarded in the export, and comes back as it was."""
    names = ["=1+2", "'quoted", "-dash", "@at", "plain", "it's", "+", "'=both", 'with "quotes", and\nlines']
    with house.gate.plain_engine.begin() as connection:
        for index, name in enumerate(names):
            insert = 'INSERT INTO "Shipper" ("Id", "CompanyName") VALUES (:id, :name)'
            connection.execute(text(insert), {"id": 900 + index, "name": name})
    browser = house.browser("u1")
    exported = browser.ask("GET", "/api/Shipper?format=csv&filter[Id][ge]=900&sort=Id")
    assert exported.status_code == 200
    status, document = load(browser, exported.data, resource="Shipper")
    assert (status, document["errors"]) == (201, [])
    found = browser.get("/api/Shipper?filter[Id][ge]=900&sort=Id")["data"]
    assert [each["attributes"]["CompanyName"] for each in found] == [*names, *names]


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"", "text/csv", 400, "RG202"),
        (b"Id,Nothing\n1,2", "text/csv", 400, "RG202"),
        (b"Id,Id\n1,2", "text/csv", 400, "RG202"),
        (b"Id\n\xff", "text/csv", 400, "RG202"),
        (b'Id\n"a', "text/csv", 400, "RG202"),
        (b"{}", "application/json", 400, "RG202"),
        (b"[", "application/json", 400, "RG202"),
        (b"Id\n1", "application/x-www-form-urlencoded", 415, "RG217"),
    ],
)
def test_what_is_no_file_of_rows(reading: House, body: bytes, kind: str, status: int, code: str) -> None:
    path = "/admin/import?resource=Customer&dry_run=1"
    assert reading.browser("admin").fault(status, "POST", path, data=body, content_type=kind) == code


def test_faults_of_single_rows_of_odd_shapes(reading: House) -> None:
    browser = reading.browser("admin")
    document = load(browser, b"Id,CompanyName\nX1\nX2,b,c\n\nX3,ok\n", dry=True)[1]
    assert [(e["meta"]["row"], e["meta"]["line"]) for e in document["errors"]] == [(1, 2), (2, 3)]
    assert document["meta"]["rows"] == 3
    body = json.dumps([3, {"type": "Order", "attributes": {}}, {"Nme": 1, "Idd": 2}]).encode()
    document = load(browser, body, kind="application/json", dry=True)[1]
    assert [(e["meta"]["row"], e["code"]) for e in document["errors"]] == [
        (1, "RG202"), (2, "RG206"), (3, "RG204"), (3, "RG204"),
    ]  # fmt: skip


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_and_a_byte_order_mark(reading: House, delimiter: str) -> None:
    body = "\ufeff" + delimiter.join(["Id", "CompanyName"]) + "\r\n" + delimiter.join(["Q1", "a, b"]) + "\r\n"
    document = load(reading.browser("admin"), body.encode(), dry=True)[1]
    assert (document["meta"]["accepted"], document["errors"]) == (1, [])


def test_who_may_not_insert_learns_nothing_of_the_file(reading: House) -> None:
    browser = reading.browser("nancy")
    for body in (b"Id\n1", b"Nothing\n", b"\xff"):
        answer = browser.ask("POST", "/admin/import?resource=Shipper", data=body, content_type="text/csv")
        assert answer.get_json()["errors"][0]["code"] == "RG102"
