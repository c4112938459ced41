"""Field rules in the log and in explanations."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import Engine, select

from rowgate.audit import FilterLog, explain_entity, explain_row
from rowgate.enforce import Gate
from rowgate.types import Access
from tests.audit.conftest import Messages
from tests.enforce import veiled
from tests.enforce.veiled import CHIEF, CLERK, STRANGER, Worker


@pytest.fixture
def veil(sqlite_copies: object) -> Gate:
    engine: Engine = sqlite_copies(empty=True)  # type: ignore[operator]
    veiled.Base.metadata.create_all(engine)
    with Gate(veiled.make_policy(), engine, models=veiled.Base).trusted(reason="rows") as session:
        session.add_all([Worker(id=1, name="a"), Worker(id=2, name="b", grade=6)])
        session.commit()
    return Gate(veiled.make_policy(), engine, models=veiled.Base, observers=[FilterLog()])


def lines(text: str) -> list[str]:
    """Mark, label and words of each line on a field rule."""
    return [" ".join(line.split()) for line in text.splitlines() if " hide " in line or " readonly " in line]


def test_the_log_shows_what_was_taken_away_and_by_which_line(veil: Gate, messages: Messages) -> None:
    with veil.session(CLERK) as session:
        session.scalars(select(Worker)).all()
    salary, note = lines(messages.last)
    assert salary.startswith("~ hide salary, code # pay is private")
    assert "veiled.py:" in salary
    assert note.startswith("~ hide note where id != user.worker (1)")
    with veil.session(CHIEF) as session:
        session.scalars(select(Worker)).all()
    assert all(line.startswith("- hide") and line.endswith("exempt: chief") for line in lines(messages.last))


def test_a_claim_that_is_none_is_told(veil: Gate) -> None:
    assert "claim worker is None: in every row" in explain_entity(veil, STRANGER, Worker).text()


def test_a_row_is_explained_with_its_columns(veil: Gate) -> None:
    def effects(key: int, access: Access) -> list[tuple[str, str]]:
        explained = explain_row(veil, CLERK, Worker, key, access)
        assert explained.allowed
        return [
            (step.line.kind, step.effect)
            for step in explained.parts[-1].steps
            if step.line.kind in ("hide", "readonly")
        ]

    assert effects(1, Access.READ) == [("hide", "hides it"), ("hide", "spares it")]
    assert effects(2, Access.READ) == [("hide", "hides it"), ("hide", "hides it")]
    assert effects(1, Access.UPDATE)[2:] == [("readonly", "locks it"), ("readonly", "spares it")]
    assert effects(2, Access.UPDATE)[2:] == [("readonly", "locks it"), ("readonly", "locks it")]
    assert effects(2, Access.DELETE) == []
    assert "~ hide" in " ".join(explain_row(veil, CLERK, Worker, 2).text().split())


def test_in_json_too(veil: Gate) -> None:
    said = json.loads(json.dumps(explain_entity(veil, CLERK, Worker).as_dict()))
    declared = [each for each in said["decisions"][0]["declarations"] if each["kind"] == "hide"]
    assert [(each["counts"], each["says"]) for each in declared] == [
        (True, "salary, code"),
        (True, "note where id != user.worker (1)"),
    ]
