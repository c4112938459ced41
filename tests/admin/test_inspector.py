"""The inspector and the live log: what they tell, and to whom."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from rowgate.admin.live_log import LiveLog
from rowgate.audit import explain_row
from rowgate.logic import RuleSet
from rowgate.types import Access
from tests.admin.conftest import House, build


def test_s1_reads_the_four_declarations_and_the_sql(reading: House) -> None:
    answer = reading.browser("s1").get("/admin/policy?resource=Customer")
    counting = [(each["combine"], each["says"]) for each in answer["declarations"] if each["counts"]]
    assert counting == [
        ("and", "Client_id == user.client_id (2)"),
        ("and", "Region == user.region ('British Isles')"),
        ("or", "CreditLimit > 300"),
        ("or", "ContactName == 'Mike'"),
    ]
    assert all(each["source"].split("/")[-1].startswith("declare_security.py:") for each in answer["declarations"])
    assert answer["rows"] == {"with": 1, "without": None}
    assert "'British Isles'" in answer["sql"]


def test_the_sql_and_the_count_are_those_of_the_rows(both: House) -> None:
    """An oracle: the SQL that is shown is run as it stands, and gives as many rows as the API lists."""
    inspector = both.browser("admin")
    for user, name in (("u1", "Category"), ("s1", "Customer"), ("nancy", "Order"), ("u2", "Department")):
        listed = both.browser(user)
        answer = inspector.get(f"/admin/policy?resource={name}&as={user}")
        total = listed.get(f"/api/{name}?page[limit]=1")["meta"]["total"]
        assert answer["rows"]["with"] == total
        with both.gate.plain_engine.connect() as connection:
            assert len(connection.execute(text(answer["sql"].replace(":", r"\:"))).all()) == total
            every = connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar()
        assert answer["rows"]["without"] == every


def test_counts_of_the_other_verbs_are_of_rows_that_can_be_touched(reading: House) -> None:
    browser = reading.browser("admin")
    for access, user, expected in (
        ("UPDATE", "s1", 1),
        ("DELETE", "s1", 0),
        ("DELETE", "u1", 89),
        ("INSERT", "u1", None),
    ):
        answer = browser.get(f"/admin/policy?resource=Customer&as={user}&access={access}")
        assert answer["rows"]["with"] == expected, (access, user)
    assert browser.get("/admin/policy?resource=Customer&as=s1&access=DELETE")["refused"] is True


def test_who_may_only_ask_why_is_told_about_themselves(reading: House) -> None:
    browser = reading.browser("s1")
    assert browser.fault(403, "GET", "/admin/policy?resource=Customer&as=u1") == "RG312"
    assert browser.fault(403, "GET", "/admin/policy/row?resource=Customer&id=CTWTR&as=u1") == "RG312"
    assert browser.get("/admin/policy/row?resource=Customer&id=CTWTR&as=s1")["verdict"] == "visible"


@pytest.mark.parametrize("access", ["READ", "UPDATE", "DELETE", "INSERT"])
def test_a_hidden_row_is_told_like_a_missing_one(reading: House, access: str) -> None:
    """The attack: ask why about a row that another client owns."""
    browser = reading.browser("s1")
    answers = []
    for row in ("ALFKI", "NOBODY", "x" * 300):
        answer = browser.ask("GET", f"/admin/policy/row?resource=Customer&id={row}&access={access}")
        document = answer.get_json()
        document["errors"][0].pop("id")
        answers.append((answer.status_code, document))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 404
    assert browser.ask("GET", "/admin/counts?resource=Customer&id=ALFKI").status_code == 404


def test_no_trusted_session_is_opened_for_who_may_only_ask_about_visible_rows(reading: House) -> None:
    reading.records.trusting.clear()
    browser = reading.browser("s1")
    browser.get("/admin/policy?resource=Customer")
    browser.ask("GET", "/admin/policy/row?resource=Customer&id=ALFKI")
    assert reading.records.trusting == []


@pytest.mark.parametrize("user", ["u1", "s1", "nancy"])
def test_the_trace_is_that_of_the_explanation(reading: House, user: str) -> None:
    browser = reading.browser("admin")
    principal = reading.browser(user)
    seen = {each["id"] for each in principal.get("/api/Customer?page[limit]=200")["data"]}
    for row in ("ALFKI", "CTWTR", "ANATR", "BOLID"):
        answer = browser.get(f"/admin/policy/row?resource=Customer&id={row}&as={user}")
        assert answer["allowed"] == (row in seen)
        assert any(step["effect"] == "stops it" for part in answer["parts"] for step in part["declarations"]) == (
            row not in seen
        )
    missing = browser.get(f"/admin/policy/row?resource=Customer&id=NOBODY&as={user}")
    assert (missing["exists"], missing["verdict"]) == (False, "there is no such row")


def test_the_trace_names_the_request_in_the_log(reading: House) -> None:
    reading.records.trusting.clear()
    answer = reading.browser("admin").ask("GET", "/admin/policy/row?resource=Customer&id=ALFKI&as=s1")
    assert [each.request_id for each in reading.records.trusting] == [answer.headers["X-Request-Id"]]


def test_the_inspector_goes_by_the_real_user_under_a_view(reading: House) -> None:
    view = reading.browser("admin").view_as("s1")
    answer = view.get("/admin/policy?resource=Customer")
    assert answer["principal"]["id"] == "s1"
    assert answer["rows"] == {"with": 1, "without": 95}
    assert view.get("/admin/policy?resource=Customer&as=u1")["principal"]["id"] == "u1"
    assert view.get("/admin/policy/row?resource=Customer&id=ALFKI")["allowed"] is False


def test_without_the_setting_only_a_superuser_may_ask(
    sqlite_engine: Engine, users_engine: Engine, rules: RuleSet, tmp_path: Path
) -> None:
    house = build(sqlite_engine, users_engine, tmp_path, rules=rules, why_roles="")
    browser = house.browser("s1")
    for path in ("policy?resource=Customer", "policy/row?resource=Customer&id=CTWTR", "log"):
        assert browser.fault(403, "GET", f"/admin/{path}") == "RG312"
    meta = browser.get("/admin/meta")
    assert (meta["may"]["why"], meta["resources"]["Customer"]["links"]["policy"]) == (False, None)
    assert house.browser("admin").get("/admin/policy?resource=Customer")["by"] == "superuser"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "resource=Custmer",
        "resource=Customer&access=LOOK",
        "resource=Customer&more=1",
        "resource=Customer&resource=Order",
    ],
)
def test_questions_that_are_not_understood(reading: House, query: str) -> None:
    assert reading.browser("admin").fault(400, "GET", f"/admin/policy?{query}") == "RG201"


# --- the live log


def test_the_log_has_the_statements_of_its_own_log_in(reading: House) -> None:
    mine, other = reading.browser("s1"), reading.browser("s1")
    other.get("/api/Order?page[limit]=1")
    mine.get("/api/Customer")
    answer = mine.get("/admin/log")
    assert {each["entity"] for each in answer["entries"]} == {"Customer"}
    entry = answer["entries"][0]
    assert entry["principal"] == "s1"
    assert any("Client_id" in each["says"] for each in entry["decisions"][0]["declarations"])
    assert mine.get(f"/admin/log?after={answer['cursor']}")["entries"] == []
    mine.ask("DELETE", "/api/Customer/CTWTR")
    (refused,) = [e for e in mine.get(f"/admin/log?after={answer['cursor']}")["entries"] if e["refused"]]
    assert "may not delete" in refused["refused"]


def test_the_log_of_a_view_is_in_the_log_of_who_views(reading: House) -> None:
    browser = reading.browser("admin")
    browser.view_as("s1").get("/api/Customer")
    entries = browser.get("/admin/log")["entries"]
    assert {(each["principal"], each["actor"]) for each in entries} == {("s1", "admin")}


@pytest.mark.parametrize("after", ["", "nonsense", "-1", "abc-99", "'"])
def test_a_cursor_of_another_process_counts_for_nothing(reading: House, after: str) -> None:
    browser = reading.browser("s1")
    browser.get("/api/Customer")
    assert browser.get("/admin/log", query_string={"after": after})["entries"]


def test_what_is_kept_is_bounded(reading: House) -> None:
    reading.records.statements.clear()
    reading.browser("s1").get("/api/Customer")
    record = reading.records.statements[0]
    log = LiveLog(statements=3, logins=2)
    with reading.app.test_request_context():
        for login in ("a", "b", "c"):
            for _ in range(5):
                _as_login(log, login, record)
    assert [len(log.document(each, after=None, limit=100)["entries"]) for each in "abc"] == [0, 3, 3]
    assert log.document("c", after=None, limit=2)["entries"][0]["id"].endswith("-14")


def _as_login(log: LiveLog, login: str, record: object) -> None:
    from unittest.mock import patch

    with patch("rowgate.admin.live_log._login", return_value=login):
        log.statement(record)  # type: ignore[arg-type]


def test_statements_outside_of_requests_are_nobodys(reading: House) -> None:
    log = LiveLog()
    log.statement(reading.records.statements[0])
    assert log._rings == {}


def test_the_explanation_of_a_program_is_the_same(reading: House) -> None:
    s1 = reading.gate.policy.principal(id="s1", roles=frozenset({"sales"}), client_id=2, region="British Isles")
    kind = next(each for each in reading.gate.bound.entities if each.__name__ == "Customer")
    found = explain_row(reading.gate, s1, kind, "ALFKI", Access.READ).as_dict()
    answer = reading.browser("admin").get("/admin/policy/row?resource=Customer&id=ALFKI&as=s1")
    assert answer["verdict"] == found["verdict"]
    for told, expected in zip(answer["parts"], found["parts"], strict=True):
        assert [each["effect"] for each in told["declarations"]] == [
            each["effect"] for each in expected["declarations"]
        ]
