"""A gate over the small shapes, on both databases, and what was written behind its back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from rowgate.enforce import Gate
from tests.enforce.shapes import Base, make_policy

Given = Callable[..., None]
Stored = Callable[..., Any]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def gate(request: pytest.FixtureRequest) -> Iterator[Gate]:
    """A gate on an empty database of its own."""
    copies = request.getfixturevalue("sqlite_copies" if request.param == "sqlite" else "postgres_copies")
    engine = copies(empty=True)
    Base.metadata.create_all(engine)
    yield Gate(make_policy(), engine, models=Base)
    engine.dispose()


@pytest.fixture
def given(gate: Gate) -> Given:
    """Puts rows into the database, on the plain engine."""

    def put(*rows: object) -> None:
        with Session(gate.plain_engine) as session:
            session.add_all(rows)
            session.commit()

    return put


@pytest.fixture
def stored(gate: Gate) -> Stored:
    """Reads columns of every row as it is, on the plain engine."""

    def read(*columns: Any) -> list[Any]:
        with Session(gate.plain_engine) as session:
            rows = session.execute(select(*columns).order_by(columns[0])).all()
        return [row[0] if len(columns) == 1 else tuple(row) for row in rows]

    return read
