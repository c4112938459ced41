"""What one may do to a row, with whom it is shared, and why: the three addresses of relationship grants."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session

from rowgate.enforce import Change, Gate, RelationshipRecord, Sharing
from rowgate.enforce.permissions import answers
from rowgate.errors import DeclarationError, GivesMore, PermissionRefused, ReadOnlyView
from rowgate.policy import CheckFailed, Policy
from rowgate.relations.table import RELATIONSHIPS as TABLE
from rowgate.relations.table import metadata, write_relationships
from rowgate.types import Access, Principal
from rowgate.zed import ObjectRef, parse_relationship
from tests.api import shared_documents as models
from tests.api.conftest import Served, serve

ADDRESS = "/api/Document/1/relationships"
VIEWER = {"edit": "denied", "view": "allowed", "inherited": "denied", "share": "allowed", "share_sharer": "denied"}


class Witness:
    """An observer that remembers what was shared."""

    def __init__(self) -> None:
        self.records: list[RelationshipRecord] = []

    def statement(self, record: object) -> None:
        """Not looked at here."""

    def trusted(self, record: object) -> None:
        """Not looked at here."""

    def relationship(self, record: RelationshipRecord) -> None:
        self.records.append(record)


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Served:
    """The documents, served; one for the whole session."""
    copies = request.getfixturevalue("sqlite_copies" if request.param == "sqlite" else "postgres_copies")
    engine: Engine = copies(empty=True)
    models.Base.metadata.create_all(engine)
    metadata.create_all(engine)
    made = serve(engine, models.policy, models.Base, models.people, tmp_path_factory.mktemp("shared"))
    made.gate.observers = (Witness(),)
    return made


@pytest.fixture
def served(shared: Served) -> Served:
    """The documents as they are at the start, and no relationships."""
    with Session(shared.gate.plain_engine) as session:
        for table in (TABLE, *reversed(models.Base.metadata.sorted_tables)):
            session.execute(delete(table))
        session.add_all(models.rows())
        session.commit()
    return shared


@pytest.fixture
def witness(served: Served) -> Witness:
    """What was shared in this test."""
    (found,) = served.gate.observers
    assert isinstance(found, Witness)
    found.records.clear()
    return found


def facts(served: Served, *lines: str) -> None:
    """Write relationships as an administrator would."""
    with served.gate.plain_engine.begin() as connection:
        write_relationships(connection, map(parse_relationship, lines), created_by="setup")


def who(relation: str, subject: str, **more: Any) -> dict[str, Any]:
    """The document of a relationship: ``who("viewer", "group:eng#member")``."""
    kind, _, rest = subject.partition(":")
    identifier, _, behind = rest.partition("#")
    named = {"type": kind, "id": identifier} | ({"relation": behind} if behind else {})
    return {"data": {"type": "relationship", "attributes": {"relation": relation, "subject": named, **more}}}


def later(**more: int) -> str:
    return (datetime.now(UTC) + timedelta(**more)).isoformat().replace("+00:00", "Z")


def listed(served: Served, user: str, path: str = ADDRESS) -> list[str]:
    return [each["id"] for each in served.get(user, path)["data"]]


def mine(served: Served, user: str, row: int = 1) -> dict[str, str]:
    data = served.get(user, f"/api/Document/{row}/permissions")["data"]
    assert data["id"] == f"document:{row}"
    return {name: each["answer"] for name, each in data["attributes"]["permissions"].items()}


# --- share, list, unshare


def test_share_list_unshare(served: Served, witness: Witness) -> None:
    served.fault(404, "bob", "GET", "/api/Document/1")
    made = served.ask("anna", "POST", ADDRESS, json=who("viewer", "user:bob"), headers={"X-Request-Id": "r-1"})
    assert made.status_code == 201
    data = made.get_json()["data"]
    assert data["id"] == "document:1#viewer@user:bob"
    assert data["attributes"]["created_by"] == "anna"
    assert data["attributes"]["created_at"].endswith("Z")
    assert served.get("bob", "/api/Document/1")["data"]["attributes"]["title"] == "plan"
    assert mine(served, "bob") == VIEWER
    assert "document:1#viewer@user:bob" in listed(served, "anna")

    again = served.ask("anna", "POST", ADDRESS, json=who("viewer", "user:bob", expires_at=later(hours=1)))
    assert again.status_code == 200
    assert served.ask("anna", "DELETE", ADDRESS, json=who("viewer", "user:bob")).status_code == 204
    assert served.ask("anna", "DELETE", ADDRESS, json=who("viewer", "user:bob")).status_code == 204
    served.fault(404, "bob", "GET", "/api/Document/1")

    assert [record.change for record in witness.records] == [Change.SHARED, Change.REPLACED, Change.UNSHARED]
    first = witness.records[0]
    assert (first.principal.id, first.request_id, first.refused) == ("anna", "r-1", None)
    assert str(first.relationship) == "document:1#viewer@user:bob"


def test_what_columns_state_is_in_the_list_as_far_as_the_row_shows_it(served: Served) -> None:
    served.ask("anna", "POST", ADDRESS, json=who("viewer", "group:eng#member"))
    found = {each["id"]: each["attributes"] for each in served.get("anna", ADDRESS)["data"]}
    assert found["document:1#viewer@group:eng#member"]["stated_by_columns"] is False
    assert found["document:1#owner@user:anna"]["stated_by_columns"] is True
    assert found["document:1#folder@folder:3"]["subject"] == {"type": "folder", "id": "3"}
    # The column author is hidden from clerks.
    assert "carl" not in json.dumps(found)
    assert found["document:1#author@user:(hidden)"]["subject"] == {"type": "user", "id": None}
    # And folder 4 is a hidden row.
    assert found.keys() != set(listed(served, "bob", "/api/Document/5/relationships"))
    assert "document:5#folder@folder:(hidden)" in listed(served, "bob", "/api/Document/5/relationships")
    assert "document:1#author@user:carl" in listed(served, "chief")


def test_pages_of_the_list(served: Served) -> None:
    facts(served, *(f"document:1#viewer@user:u{number:02}" for number in range(12)))
    whole = listed(served, "anna")
    first = served.get("anna", f"{ADDRESS}?page[limit]=5")
    assert first["meta"] == {"limit": 5, "count": len(whole), "total": len(whole)}
    second = served.get("anna", first["links"]["next"])
    assert [each["id"] for each in [*first["data"], *second["data"]]] == whole[:10]


def test_sharing_with_a_group_gives_its_members(served: Served) -> None:
    facts(served, "group:eng#member@user:bob", "group:all#member@group:eng#member")
    assert served.ask("anna", "POST", ADDRESS, json=who("viewer", "group:all#member")).status_code == 201
    data = served.get("bob", "/api/Document/1/why?permission=view")["data"]["attributes"]
    assert [each["line"] for each in data["path"]] == [
        "document:1#viewer@group:all#member",
        "group:all#member@group:eng#member",
        "group:eng#member@user:bob",
    ]


# --- a hidden row is a missing one


@pytest.mark.parametrize("user", ["anna", "emil"])
def test_a_hidden_row_answers_as_a_missing_one_everywhere(served: Served, user: str) -> None:
    # Document 2 is anna's, and secret; document 1 is not emil's to see. Both look like 99.
    hidden = "2" if user == "anna" else "1"
    body = who("viewer", "user:emil")
    for method, part, options in [
        ("GET", "permissions", {}),
        ("GET", "relationships", {}),
        ("GET", "why?permission=view", {}),
        ("GET", "why?permission=view&subject=user:anna", {}),
        ("GET", "why?permission=nonsense", {}),
        ("POST", "relationships", {"json": body}),
        ("POST", "relationships", {"json": {"data": 1}}),
        ("DELETE", "relationships", {"json": body}),
    ]:
        told = [
            served.ask(user, method, f"/api/Document/{row}/{part}", headers={"X-Request-Id": "same"}, **options)
            for row in (hidden, "99", "nonsense")
        ]
        assert {response.status_code for response in told} == {404}, (method, part)
        assert len({response.get_data() for response in told}) == 1, (method, part)


def test_a_subject_that_does_not_exist_is_shared_with_like_any_other(served: Served) -> None:
    told = [served.ask("anna", "POST", ADDRESS, json=who("viewer", f"user:{each}")) for each in ("bob", "nobody")]
    assert [response.status_code for response in told] == [201, 201]
    first, second = (response.get_json()["data"]["attributes"] for response in told)
    assert first.keys() == second.keys()


# --- guards


def test_who_may_not_share_may_not_look_either(served: Served, witness: Witness) -> None:
    facts(served, "folder:3#viewer@user:carl")
    assert mine(served, "carl")["share"] == "denied"
    assert served.fault(403, "carl", "GET", ADDRESS)[0]["code"] == "RG111"
    why = "/api/Document/1/why?permission=view"
    assert served.fault(403, "carl", "GET", f"{why}&subject=user:anna")[0]["code"] == "RG111"
    assert served.get("carl", why)["data"]["attributes"]["answer"] == "allowed"
    assert served.get("carl", f"{why}&subject=user:carl")["data"]["attributes"]["answer"] == "allowed"
    for method in ("POST", "DELETE"):
        assert served.fault(403, "carl", method, ADDRESS, json=who("viewer", "user:bob"))[0]["code"] == "RG111"
    assert [record.refused[:5] for record in witness.records if record.refused] == ["RG111", "RG111"]


def test_a_relation_with_a_guard_of_its_own(served: Served) -> None:
    facts(served, "document:1#editor@user:bob")
    assert mine(served, "bob")["share"] == "allowed"
    assert served.fault(403, "bob", "POST", ADDRESS, json=who("sharer", "user:carl"))[0]["code"] == "RG111"
    assert served.ask("anna", "POST", ADDRESS, json=who("sharer", "user:carl")).status_code == 201
    assert "document:1#sharer@user:carl" not in listed(served, "bob")
    assert "document:1#sharer@user:carl" in listed(served, "anna")


def test_a_superuser_shares_everything(served: Served) -> None:
    data = served.get("chief", "/api/Document/1/permissions")["data"]["attributes"]
    assert data["superuser"] is True
    assert served.ask("chief", "POST", ADDRESS, json=who("editor", "user:bob")).status_code == 201
    assert mine(served, "bob")["edit"] == "allowed"


def test_an_agent_shares_only_what_both_may(served: Served) -> None:
    served.fault(404, "bot", "GET", "/api/Document/1/permissions")
    facts(served, "document:1#viewer@agent:bot")
    assert mine(served, "bot") == VIEWER
    assert served.ask("bot", "POST", ADDRESS, json=who("viewer", "user:bob")).status_code == 201
    assert served.fault(403, "bot", "POST", ADDRESS, json=who("editor", "user:bob"))[0]["code"] == "RG112"


def test_a_principal_without_the_claim_is_nobody_or_whoever_is_declared(served: Served) -> None:
    facts(served, "document:1#viewer@user:visitor")
    row, clerk = ObjectRef("document", "1"), models.Person(id="zoe", roles=frozenset({"clerk"}))
    for otherwise, answer in ((None, False), ("user:visitor", True)):
        policy = Policy(models.Person, roles=["clerk"])
        policy.relations(models.SCHEMA, claim=lambda user: user.region, otherwise=otherwise)
        gate = Gate(policy, served.gate.plain_engine, models=models.Base)
        with gate.session(clerk) as session:
            assert bool(answers(session, row, ["view"])["view"]) is answer
            with pytest.raises(GivesMore if answer else PermissionRefused):
                Sharing(session, row).share(parse_relationship("document:1#editor@user:zoe"))


def test_a_view_that_only_reads_shares_nothing(served: Served, witness: Witness) -> None:
    with served.gate.session(models.people["anna"], verbs=Access.READ, actor="chief") as session:
        sharing = Sharing(session, ObjectRef("document", "1"))
        for change in (sharing.share, sharing.unshare):
            with pytest.raises(ReadOnlyView):
                change(parse_relationship("document:1#viewer@user:bob"))
    assert [(record.actor, str(record.refused)[:5]) for record in witness.records] == [("chief", "RG313")] * 2


# --- nobody gives more than they have


def test_nobody_gives_more(served: Served, witness: Witness) -> None:
    facts(served, "document:1#viewer@user:bob")
    (error,) = served.fault(403, "bob", "POST", ADDRESS, json=who("editor", "user:dora"))
    assert error["code"] == "RG112"
    assert "edit" in error["detail"]
    served.fault(404, "dora", "GET", "/api/Document/1")
    assert served.ask("bob", "POST", ADDRESS, json=who("viewer", "user:dora")).status_code == 201
    assert [record.refused is None for record in witness.records] == [False, True]


def test_nobody_gives_for_longer_not_even_to_themselves(served: Served) -> None:
    end = later(hours=1)
    facts(served, f"document:1#viewer@user:bob[expiration:{end}]")
    for subject in ("user:carl", "user:bob"):
        assert served.fault(403, "bob", "POST", ADDRESS, json=who("viewer", subject))[0]["code"] == "RG112"
        sent = who("viewer", subject, expires_at=later(hours=2))
        assert served.fault(403, "bob", "POST", ADDRESS, json=sent)[0]["code"] == "RG112"
    assert served.ask("bob", "POST", ADDRESS, json=who("viewer", "user:carl", expires_at=end)).status_code == 201


def test_what_hangs_on_a_caveat_is_not_passed_on_without(served: Served) -> None:
    facts(served, 'document:1#viewer@user:bob[from_region:{"allowed":"EU"}]')
    assert mine(served, "bob")["view"] == "allowed"
    assert served.fault(403, "bob", "POST", ADDRESS, json=who("viewer", "user:carl"))[0]["code"] == "RG112"


def test_who_is_banned_lifts_no_ban_and_shortens_none(served: Served) -> None:
    facts(served, "document:1#sharer@user:bob", "folder:3#viewer@user:carl", "document:1#banned@user:carl")
    assert served.ask("bob", "DELETE", ADDRESS, json=who("banned", "user:carl")).status_code == 403
    served.fault(404, "carl", "GET", "/api/Document/1")
    facts(served, "document:1#editor@user:bob")
    shorter = who("banned", "user:carl", expires_at=later(minutes=1))
    facts(served, "document:1#banned@user:dora")
    # bob edits and views, so he may lift a ban; who only shares lacks edit, and may not end one sooner either.
    facts(served, "document:1#sharer@user:emil")
    assert served.fault(403, "emil", "POST", ADDRESS, json=shorter)[0]["code"] == "RG112"
    assert served.ask("emil", "POST", ADDRESS, json=who("banned", "user:zoe")).status_code == 201
    assert served.ask("bob", "POST", ADDRESS, json=shorter).status_code == 200
    assert served.ask("bob", "DELETE", ADDRESS, json=who("banned", "user:carl")).status_code == 204
    assert served.get("carl", "/api/Document/1")


# --- documents


FAULTS = [
    (who("viewer", "user:bob", expires_at="2020-01-01T00:00:00Z"), 422, "/expires_at"),
    (who("viewer", "user:bob", expires_at="tomorrow"), 422, "/expires_at"),
    (who("viewer", "user:bob", expires_at=5), 422, "/expires_at"),
    (who("viewre", "user:bob"), 422, "/relation"),
    (who("view", "user:bob"), 422, "/relation"),
    (who("viewer", "usr:bob"), 422, "/subject/type"),
    (who("viewer", "group:eng"), 422, "/subject"),
    (who("viewer", "group:eng#lead"), 422, "/subject/relation"),
    (who("viewer", "user:"), 422, "/subject/id"),
    (who("viewer", "user:a\0b"), 422, "/subject/id"),
    (who("viewer", "user:" + "x" * 1025), 422, "/subject/id"),
    (who("viewer", "user:bob", caveat="sometimes"), 422, "/caveat"),
    (who("viewer", "user:bob", context={"allowed": "EU"}), 422, "/context"),
    (who("viewer", "user:bob", caveat="from_region", context={"allowed": 5}), 422, "/context"),
    (who("viewer", "user:bob", caveat="from_region", expires_at=later(days=1)), 422, "/expires_at"),
    (who("owner", "user:bob"), 422, "/relation"),
    (who("viewer", "user:bob", colour="red"), 422, "/colour"),
]


def test_faults_are_told_at_their_places(served: Served) -> None:
    for sent, status, pointer in FAULTS:
        errors = served.fault(status, "anna", "POST", ADDRESS, json=sent)
        assert f"/data/attributes{pointer}" in [each["source"]["pointer"] for each in errors], sent
        if sent["data"]["attributes"]["relation"] == "owner":
            assert errors[0]["code"] == "RG610"  # columns state it
            assert "Document.owner" not in json.dumps(errors)
    assert "document:1#viewer@user:bob" not in listed(served, "anna")


def test_several_faults_at_once_and_documents_that_are_none(served: Served) -> None:
    errors = served.fault(422, "anna", "POST", ADDRESS, json=who("", "user:", expires_at="x"))
    assert len(errors) == 3
    served.fault(400, "anna", "POST", ADDRESS, json={"data": []})
    served.fault(409, "anna", "POST", ADDRESS, json={"data": {"type": "Document", "attributes": {}}})
    served.fault(422, "anna", "DELETE", ADDRESS, json=who("viewer", "user:bob", expires_at=later(days=1)))
    served.fault(400, "anna", "GET", f"{ADDRESS}?sort=relation")
    lone = (
        '{"data":{"type":"relationship","attributes":{"relation":"viewer","subject":{"type":"user","id":"\\ud800"}}}}'
    )
    served.fault(422, "anna", "POST", ADDRESS, data=lone, content_type="application/json")


def test_ids_of_any_characters(served: Served) -> None:
    for identifier in ["o'brien", "a/b", "Zoë", "x#y@z", 'say "hi"', "*", "a b"]:
        sent = who("viewer", "user:x")
        sent["data"]["attributes"]["subject"]["id"] = identifier
        assert served.ask("anna", "POST", ADDRESS, json=sent).status_code == 201
        assert f"document:1#viewer@user:{identifier}" in listed(served, "anna")
        assert served.ask("anna", "DELETE", ADDRESS, json=sent).status_code == 204
        assert f"document:1#viewer@user:{identifier}" not in listed(served, "anna")


# --- permissions and why


def test_conditional_permissions_name_what_is_missing(served: Served) -> None:
    facts(served, "document:1#viewer@user:bob[from_region]", "folder:3#viewer@user:bob")
    found = served.get("bob", "/api/Document/1/permissions")["data"]["attributes"]["permissions"]
    assert found["share"] == {"answer": "conditional", "missing": ["allowed"]}
    assert found["view"] == {"answer": "allowed", "missing": []}


def test_what_the_asker_brings_along_says_nothing_of_others(served: Served) -> None:
    facts(served, 'document:1#viewer@user:bob[from_region:{"allowed":"EU"}]')
    assert mine(served, "bob")["view"] == "allowed"
    found = served.get("anna", "/api/Document/1/why?permission=view&subject=user:bob")["data"]["attributes"]
    assert (found["answer"], found["missing"]) == ("conditional", ["region"])


def test_why_not_names_what_would_help_without_hidden_rows(served: Served) -> None:
    facts(served, "document:5#viewer@user:anna")
    found = served.get("anna", "/api/Document/5/why?permission=edit")["data"]["attributes"]
    assert found["answer"] == "denied"
    assert [each["line"] for each in found["would_help"]] == [
        "document:5#owner@user:anna",
        "document:5#editor@user:anna",
    ]
    bob = served.get("bob", "/api/Document/5/why?permission=view&subject=user:carl")["data"]["attributes"]
    # A column that is hidden from bob would say it: nothing tells what is in it.
    assert "document:5#author@user:(hidden)" in [each["line"] for each in bob["would_help"]]
    bob = served.get("bob", "/api/Document/5/why?permission=inherited&subject=user:carl")["data"]["attributes"]
    assert [each["line"] for each in bob["would_help"]] == ["folder:(hidden)#viewer@user:carl"]
    assert bob["would_help"][0]["resource"] == {"type": "folder", "id": None}
    facts(served, "document:5#banned@user:carl", "folder:4#viewer@user:carl")
    banned = served.get("bob", "/api/Document/5/why?permission=view&subject=user:carl")["data"]["attributes"]
    assert banned["excluded_by"] == [{"resource": {"type": "document", "id": "5"}, "name": "banned"}]


def test_questions_that_are_none(served: Served) -> None:
    for query, status, parameter in [
        ("", 400, "permission"),
        ("?permission=view&permission=edit", 400, "permission"),
        ("?permision=view", 400, "permision"),
        ("?permission=veiw", 422, "permission"),
        ("?permission=view&subject=bob", 400, "subject"),
        ("?permission=view&subject=user:*", 400, "subject"),
        ("?permission=view&subject=usr:bob", 422, "subject"),
    ]:
        (error,) = served.fault(status, "anna", "GET", f"/api/Document/1/why{query}")
        assert error["source"] == {"parameter": parameter}


# --- set-up


def test_types_that_the_schema_lacks_have_no_such_addresses(served: Served) -> None:
    for part in ("permissions", "relationships", "why"):
        assert served.fault(404, "anna", "GET", f"/api/Memo/1/{part}")[0]["code"] == "RG213"


def test_an_rpc_cannot_stand_at_one_of_the_addresses(served: Served, tmp_path: Path) -> None:
    def customize(api: Any) -> None:
        def why(row: models.Document) -> None:
            """Nothing."""

        api.rpc(models.Document)(why)

    with pytest.raises(DeclarationError, match=r"Document\.why"):
        serve(served.gate.plain_engine, models.policy, models.Base, models.people, tmp_path, customize=customize)


def test_a_guard_that_guards_nothing_is_told_at_start(served: Served) -> None:
    policy = Policy(Principal, roles=["any"])
    policy.relations(
        "definition user {}\ndefinition memo {\n relation viewer: user\n permission share_viewr = viewer\n}"
    )
    with pytest.raises(CheckFailed, match="P026"):
        Gate(policy, served.gate.plain_engine, models=models.Base)


def test_nothing_is_told_of_what_was_not_committed(served: Served, witness: Witness) -> None:
    with served.gate.session(models.people["anna"], writes=True) as session:
        sharing = Sharing(session, ObjectRef("document", "1"))
        sharing.share(parse_relationship("document:1#viewer@user:bob"))
        session.rollback()
        with session.begin_nested() as nested:
            sharing.share(parse_relationship("document:1#viewer@user:carl"))
            nested.rollback()
        with session.begin_nested():
            sharing.share(parse_relationship("document:1#viewer@user:dora"))
        assert witness.records == []
        session.commit()
    assert [str(record.relationship) for record in witness.records] == ["document:1#viewer@user:dora"]
    assert [each for each in listed(served, "anna") if "viewer" in each] == ["document:1#viewer@user:dora"]
