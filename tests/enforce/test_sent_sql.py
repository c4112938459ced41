"""No statement reaches the database with a secured table outside of its criteria, whatever SQLAlchemy made of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, inspect
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import ObjectDeletedError

from rowgate.enforce import Gate
from rowgate.errors import StatementRefused
from tests.conftest import BOTH, Copies
from tests.enforce.inspected_models import CRITERIA, HIDDEN, LINKS, Base, User, item_tag, policy, rows
from tests.enforce.inspector import Inspector
from tests.enforce.statements import Statement, everything, on_postgresql

CLERK = User(id="c", roles=frozenset({"clerk"}), tenant=2)
ALL = [*((name, run, False) for name, run in everything()), *((name, run, True) for name, run in on_postgresql())]


@pytest.fixture(scope="module", params=BOTH)
def gate(request: pytest.FixtureRequest) -> Iterator[Gate]:
    copies: Copies = request.getfixturevalue("sqlite_copies" if request.param == "sqlite" else "postgres_copies")
    engine: Engine = copies(empty=True)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(rows())
        session.flush()
        session.execute(item_tag.insert(), LINKS)
        session.commit()
    return Gate(policy, engine, models=Base)


def shown(value: object) -> str:
    """Everything that a result shows, loaded attributes of objects included."""
    state = inspect(value, raiseerr=False)
    if state is not None and hasattr(state, "dict"):
        return repr({name: part for name, part in state.dict.items() if not name.startswith("_")})
    if isinstance(value, list | tuple) or hasattr(value, "_mapping"):
        return " ".join(shown(part) for part in value)  # type: ignore[attr-defined]
    return repr(value)


@pytest.mark.parametrize(("run", "only_postgresql"), [pytest.param(run, only, id=name) for name, run, only in ALL])
def test_every_secured_table_stands_behind_its_criteria(gate: Gate, run: Statement, only_postgresql: bool) -> None:
    if only_postgresql and gate.engine.dialect.name != "postgresql":
        return
    with Inspector(gate.engine, CRITERIA) as inspector, gate.session(CLERK) as session:
        given = run(session)
        text = shown(given)
    assert inspector.bare == []
    assert inspector.occurrences > 0
    assert HIDDEN not in text
