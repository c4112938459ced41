"""``@authorize`` on routes and RPC: refused or let in, the rows it may work on, the start-up check, the log."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from rowgate import web
from rowgate.api import Api
from rowgate.audit import FilterLog
from rowgate.audit.log import LOGGER
from rowgate.enforce import Gate
from rowgate.errors import ActionRefused, DeclarationError, MissingPrincipal, UnknownMember
from rowgate.policy import Authorization
from rowgate.web import authorize
from tests.api.conftest import BOTH, Served, serve
from tests.enforce import veiled
from tests.enforce.veiled import Worker

PEOPLE = {user.id: user for user in (veiled.ROOT, veiled.CHIEF, veiled.CLERK, veiled.STRANGER)}


def make_policy() -> Any:
    policy = veiled.make_policy()
    policy.action("promote", "chief", where=lambda row, user: row.grade < 5, on=Worker, reason="not the top")
    policy.action("promote", "clerk", where="row.id == user.worker")
    policy.action("close_books", "chief", method="POST", endpoint="/own/books")
    return policy


def customize(api: Api) -> None:
    @api.app.get("/own/promotable")
    @authorize("promote")
    def promotable(authorization: Authorization) -> ResponseReturnValue:
        found = web.session().scalars(select(Worker).order_by(Worker.id))
        by_sql = web.session().scalars(select(Worker.id).where(authorization.condition(Worker)).order_by(Worker.id))
        return jsonify({"memory": [row.id for row in found if authorization.allows(row)], "sql": list(by_sql)})

    @api.app.route("/own/books", methods=["GET", "POST"])
    @authorize("close_books")
    def books() -> ResponseReturnValue:
        return jsonify({"closed": True})

    @api.app.post("/own/other")
    @authorize("close_books")
    def other() -> ResponseReturnValue:
        return jsonify({"closed": True})

    @api.rpc(Worker)
    @authorize("promote")
    def promote(worker: Worker, by: int, authorization: Authorization) -> Worker:
        """Promote a worker."""
        authorization.require(worker)
        worker.boss_id = by
        return worker


@pytest.fixture(params=BOTH)
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Served:
    copies = request.getfixturevalue("sqlite_copies" if request.param == "sqlite" else "postgres_copies")
    engine = copies(empty=True)
    veiled.Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Worker(id=1, name="a"), Worker(id=2, name="b"), Worker(id=3, name="c", grade=6)])
        session.commit()
    return serve(engine, make_policy(), veiled.Base, dict(PEOPLE), tmp_path, customize=customize)


@pytest.mark.parametrize(("who", "rows"), [("root", [1, 2, 3]), ("chief", [1, 2]), ("clerk", [1]), ("stranger", [])])
def test_the_body_gets_the_rows(app: Served, who: str, rows: list[int]) -> None:
    assert app.get(who, "/own/promotable") == {"memory": rows, "sql": rows}


def test_whom_no_line_names_is_refused(app: Served) -> None:
    [fault] = app.fault(403, "clerk", "POST", "/own/books")
    assert (fault["code"], fault["detail"]) == ("RG110", "You may not do 'close_books'.")


def test_a_line_for_a_method_and_an_address_is_for_no_other(app: Served) -> None:
    assert app.ask("chief", "POST", "/own/books").status_code == 200
    assert app.ask("chief", "GET", "/own/books").status_code == 403
    assert app.ask("chief", "POST", "/own/other").status_code == 403
    assert app.ask("root", "POST", "/own/other").status_code == 200


def test_nobody_is_refused_as_nobody(app: Served) -> None:
    assert app.app.test_client().post("/own/books").status_code == MissingPrincipal.status


def test_an_rpc_has_it_and_clients_do_not_send_it(app: Served) -> None:
    def call(who: str, worker: int, **arguments: Any) -> int:
        body = {"meta": {"args": arguments}}
        return app.ask(who, "POST", f"/api/Worker/{worker}/promote", json=body).status_code

    assert call("clerk", 1, by=2) == 200
    assert call("clerk", 2, by=2) == 403
    assert call("chief", 3, by=2) == 403
    assert call("clerk", 1, by=2, authorization={}) == UnknownMember.status
    with Session(app.gate.plain_engine) as session:
        assert session.scalars(select(Worker.boss_id).order_by(Worker.id)).all() == [2, None, None]
    described = app.get("chief", "/api/swagger.json")["paths"]["/api/Worker/{row_id}/promote"]["post"]
    assert "authorization" not in json.dumps(described["requestBody"])


def test_an_action_that_is_not_declared_stops_the_start(sqlite_copies: Any, tmp_path: Path) -> None:
    def mistaken(api: Api) -> None:
        @api.rpc(Worker)
        @authorize("promte")
        def promote(worker: Worker) -> None:
            """Promote a worker."""

    def mistaken_route(api: Api) -> None:
        api.app.add_url_rule("/x", "x", authorize("promte")(lambda: ""))

    engine = sqlite_copies(empty=True)
    for customized in (mistaken, mistaken_route):
        with pytest.raises(DeclarationError, match="promte") as refused:
            serve(engine, make_policy(), veiled.Base, dict(PEOPLE), tmp_path, customize=customized)
        assert "close_books, promote" in refused.value.advice


def test_without_a_request_a_gate_authorizes_as_well(sqlite_copies: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    gate = Gate(make_policy(), sqlite_copies(empty=True), models=veiled.Base, observers=[FilterLog()])
    assert gate.authorize(veiled.CHIEF, "promote").allows(Worker(id=1, grade=1))
    with pytest.raises(ActionRefused):
        gate.authorize(veiled.CLERK, "close_books")
    with pytest.raises(MissingPrincipal):
        gate.authorize(None, "promote")
    let, refused = (record.getMessage() for record in caplog.records)
    assert let.startswith("chief [chief] ACTION promote")
    assert "# not the top" in let
    assert "test_authorize.py:" in let
    assert refused.startswith("clerk [clerk] ACTION close_books refused\n  RG110 ")
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING"]


def test_in_json_too(sqlite_copies: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    gate = Gate(make_policy(), sqlite_copies(empty=True), models=veiled.Base, observers=[FilterLog(format="json")])
    gate.authorize(veiled.CLERK, "promote", request_id="r")
    logged = json.loads(caplog.records[0].getMessage())
    assert (logged["event"], logged["action"], logged["principal"]) == ("action", "promote", "clerk")
    assert [rule["says"] for rule in logged["rules"]] == ["row.id == user.worker"]
