"""Each session reaches one database: what is handed to the wrong one is refused, or answered from its own rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import QueuePool, delete, exists, func, select, union_all, update
from sqlalchemy.orm import aliased, joinedload

from rowgate import web
from rowgate.app import create_app, opened_by
from rowgate.audit.log import LOGGER, FilterLog
from rowgate.enforce import Gate, SecureSession
from rowgate.errors import StatementRefused
from rowgate.opened import OpenProject, open_project
from rowgate.settings import Settings
from tests.several.world import Department, Employee, House, HrEmployee, Note, Who, make_project, rows_of

ANN = Who(id="ann", roles=frozenset({"staff"}), tenant=1)


@pytest.fixture(scope="module")
def opened(read: Settings) -> Iterator[OpenProject]:
    with open_project(make_project(read.root), read) as made:
        yield made


READS: dict[str, Callable[[SecureSession], object]] = {
    "entity": lambda session: session.scalars(select(HrEmployee)).all(),
    "column": lambda session: session.scalars(select(HrEmployee.name)).all(),
    "get": lambda session: session.get(HrEmployee, 13),
    "alias": lambda session: session.scalars(select(aliased(HrEmployee))).all(),
    "count": lambda session: session.scalar(select(func.count()).select_from(HrEmployee)),
    "eager": lambda session: session.scalars(select(Department).options(joinedload(Department.staff))).all(),
    "only there": lambda session: session.scalars(select(Department.name)).all(),
    "beside": lambda session: session.execute(select(Employee.id, HrEmployee.name)).all(),
    "exists": lambda session: session.scalars(select(Note.id).where(exists().where(Department.id == 2))).all(),
    "subquery": lambda session: session.scalar(select(select(Department.name).limit(1).scalar_subquery())),
    "union": lambda session: session.scalars(union_all(select(Note.text), select(Department.name))).all(),
    "update": lambda session: session.execute(update(HrEmployee).values(name="mine")),
    "delete": lambda session: session.execute(delete(HrEmployee).where(HrEmployee.id == 11)),
    "add": lambda session: (session.add(Department(id=77, tenant=1, name="x")), session.commit()),
    "add a namesake": lambda session: (session.add(HrEmployee(id=77, tenant=1, name="x")), session.commit()),
}


@pytest.mark.parametrize("path", READS)
def test_an_entity_of_the_other_database_is_refused(opened: OpenProject, path: str) -> None:
    gate = opened.gate
    before = (
        rows_of(gate.plain_engine, Employee, Note),
        rows_of(opened.gates["hr"].plain_engine, Department, HrEmployee),
    )
    with gate.session(ANN, writes=True) as session, pytest.raises(StatementRefused):
        READS[path](session)
    after = rows_of(gate.plain_engine, Employee, Note), rows_of(opened.gates["hr"].plain_engine, Department, HrEmployee)
    assert before == after


def test_a_table_of_one_name_is_not_taken_for_the_other(opened: OpenProject) -> None:
    """Both databases have a table Employee; the other one is refused wherever in the statement it stands."""
    main, hr = opened.gate, opened.gates["hr"]
    own: list[tuple[Gate, type[Any], type[Any]]] = [(main, Note, HrEmployee), (hr, Department, Employee)]
    for gate, entity, stranger in own:
        with gate.session(ANN) as session:
            for asked in (
                select(entity.id).where(exists().where(stranger.id == 1)),
                select(entity.id).where(exists().where(aliased(stranger).id == 1)),
                select(entity.id).where(entity.id.in_(select(stranger.id))),
                select(entity.id, select(func.count()).select_from(stranger).scalar_subquery()),
                select(entity.id).order_by(select(func.max(stranger.name)).scalar_subquery()),
            ):
                with pytest.raises(StatementRefused):
                    session.execute(asked).all()
            assert session.scalars(select(entity.id)).all() == [1]


def test_a_row_of_the_other_session_is_not_written(opened: OpenProject) -> None:
    with opened.gate.session(ANN, writes=True) as main, opened.gates["hr"].session(ANN, writes=True) as hr:
        person = hr.get(HrEmployee, 11)
        hr.expunge(person)
        person.name = "changed"  # type: ignore[union-attr]
        main.add(person)
        with pytest.raises(StatementRefused):
            main.commit()
        hr.rollback()
        assert hr.get(HrEmployee, 11).name == "Ann"  # type: ignore[union-attr]


def test_the_log_names_the_further_database(opened: OpenProject, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger=LOGGER)
    for gate, entity, named in ((opened.gate, Employee, False), (opened.gates["hr"], HrEmployee, True)):
        for form in ("text", "json"):
            caplog.clear()
            gate.observers = (FilterLog(format=form),)  # type: ignore[arg-type]
            try:
                with gate.session(ANN, request_id="r1") as session:
                    session.scalars(select(entity)).all()
            finally:
                gate.observers = ()
            (said,) = (record.getMessage() for record in caplog.records)
            assert (", database hr, request r1" in said or '"database": "hr"' in said) is named, said


def own_routes(api: Any) -> None:
    """A project's endpoints in the main app: one that works on both databases, one that misspells the name."""

    @api.app.get("/both")
    def both() -> ResponseReturnValue:
        main = web.session().scalars(select(Employee.id).order_by(Employee.id)).all()
        further = web.session("hr").scalars(select(HrEmployee.id).order_by(HrEmployee.id)).all()
        assert web.session("hr") is web.session("hr") is not web.session("main") is web.session()
        with web.open_session("hr") as apart:
            assert apart is not web.session("hr")
            return jsonify([list(main), list(further), apart.scalars(select(func.count(Department.id))).one()])

    @api.app.get("/none")
    def none() -> ResponseReturnValue:
        return jsonify(web.session("rh").scalars(select(Employee.id)).all())

    @api.app.get("/wrong")
    def wrong() -> ResponseReturnValue:
        return jsonify(web.session().scalars(select(HrEmployee.id)).all())


def further_routes(api: Any) -> None:
    """Endpoints in the further database's app."""

    @api.app.get("/api/own")
    def own() -> ResponseReturnValue:
        ids = [web.session().scalars(select(HrEmployee.id)).all(), web.session("main").scalars(select(Note.id)).all()]
        return jsonify([sorted(each) for each in ids])

    @api.rpc(HrEmployee)
    def greet(employee: HrEmployee) -> str:
        """Greet somebody."""
        return f"Hello {employee.name}"


def test_own_endpoints_name_the_database_they_want(read: Settings) -> None:
    from dataclasses import replace

    project = replace(make_project(read.root, customize_api=further_routes), customize_api=own_routes)
    house = House(create_app(read, project=project))
    assert house.get("ann", "/both") == [[1], [11, 12], 1]
    assert house.get("bob", "/both") == [[11], [21], 1]
    # The sessions on both are closed with the request.
    pools = [gate.plain_engine.pool for gate in opened_by(house.app).gates.values()]
    assert [pool.checkedout() for pool in pools if isinstance(pool, QueuePool)] == [0, 0]
    assert house.get("ann", "/hr/api/own") == [[11, 12], [1]]
    assert house.ask(None, "GET", "/hr/api/own").status_code == 401
    for path in ("/none", "/wrong"):
        assert house.ask("ann", "GET", path).status_code in (403, 500), path
    said = house.ask("ann", "POST", "/hr/api/Employee/11/greet", {})
    assert said.get_json()["meta"] == {"result": "Hello Ann"}
    assert house.ask("ann", "POST", "/hr/api/Employee/13/greet", {}).status_code == 404
    assert house.ask("ann", "POST", "/api/Employee/1/greet", {}).status_code == 404
    opened_by(house.app).close()
