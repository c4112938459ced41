"""Field rules in a session: every way to a hidden value, read or written, by an example and by attack."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import (
    Engine,
    String,
    case,
    cast,
    column,
    delete,
    exists,
    func,
    literal_column,
    select,
    table,
    text,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.orm import Session, aliased, joinedload, make_transient_to_detached, selectinload

from rowgate.enforce import Gate, SecureSession, dependents, references, write
from rowgate.enforce import bulk as bulk_module
from rowgate.enforce import engine as engine_module
from rowgate.enforce.disclosure import disclose
from rowgate.errors import (
    FieldRefused,
    ReferenceMissing,
    RowgateError,
    RuleRefused,
    StatementRefused,
    StillReferenced,
)
from tests.enforce import veiled
from tests.enforce.veiled import BOTH, CHIEF, CLERK, ROOT, STRANGER, Badge, Worker

SECRETS = ("4711", "5822", "SECRET-1", "SECRET-2", "psst")
HIDDEN = (Worker.salary, Worker.code, Worker.note, Badge.worker_id)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], scope="module")
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    copies = request.getfixturevalue("sqlite_copies" if request.param == "sqlite" else "postgres_copies")
    made = copies(empty=True)
    yield made
    made.dispose()


@pytest.fixture
def gate(engine: Engine) -> Gate:
    """Worker 1 is the clerk's own; of worker 2 the clerk sees no note, and may not change the name."""
    veiled.Base.metadata.drop_all(engine)
    veiled.Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Worker(id=1, name="ann", salary=Decimal(4711), code="SECRET-1", note="own"))
        session.add(Worker(id=2, name="bob", salary=Decimal(5822), code="SECRET-2", note="psst", grade=6))
        session.add(Worker(id=3, name="cy", boss_id=2))
        session.flush()
        session.add_all([Badge(id=1, worker_id=1, code="SECRET-1"), Badge(id=2, worker_id=2)])
        session.commit()
    return Gate(veiled.make_policy(), engine, models=veiled.Base)


def stored(gate: Gate) -> list[tuple[Any, ...]]:
    """All that is in the database."""
    with gate.plain_engine.connect() as connection:
        return [
            tuple(row)
            for table in veiled.Base.metadata.sorted_tables
            for row in connection.execute(select(table).order_by(table.c.id))
        ]


# --- reading

Read = Callable[[SecureSession], Any]
Boss = aliased(Worker)
SUB = select(Worker.id, Worker.code, Worker.salary, Worker.note).subquery()
CTE = select(Worker).cte("every")

READS: dict[str, Read] = {
    "columns": lambda s: s.execute(select(Worker.id, *HIDDEN[:3])).all(),
    "entities": lambda s: [vars(each) for each in s.scalars(select(Worker).order_by(Worker.id))],
    "get": lambda s: vars(s.get(Worker, 2)),
    "refresh": lambda s: s.refresh(s.get_one(Worker, 2), ["salary", "note"]) or vars(s.get_one(Worker, 2)),
    "alias": lambda s: s.execute(select(Boss.id, Boss.code, Boss.note)).all(),
    "expression": lambda s: s.execute(select(Worker.salary + 0, func.lower(Worker.code), Worker.note + "!")).all(),
    "cast": lambda s: s.execute(select(cast(Worker.salary, String))).all(),
    "case": lambda s: s.execute(select(case((Worker.note.is_(None), "none"), else_=Worker.note))).all(),
    "subquery": lambda s: s.execute(select(SUB).join(Worker, Worker.id == SUB.c.id)).all(),
    "cte": lambda s: [vars(each) for each in s.scalars(select(aliased(Worker, CTE)))],
    "scalar subquery": lambda s: s.execute(
        select(Badge.id, select(Worker.code).where(Worker.id == Badge.id).scalar_subquery())
    ).all(),
    "union": lambda s: s.execute(union_all(select(Worker.code), select(Worker.note))).all(),
    "core table": lambda s: s.execute(select(Worker.id, Worker.__table__.c.secret_code, Worker.__table__.c.note)).all(),
    "aggregates": lambda s: s.execute(
        select(func.sum(Worker.salary), func.max(Worker.code), func.min(Worker.note), func.count(Worker.salary))
    ).all(),
    "grouped": lambda s: s.execute(
        select(Worker.code, Worker.note, func.count()).group_by(Worker.code, Worker.note)
    ).all(),
    "window": lambda s: s.execute(select(func.max(Worker.note).over(), func.first_value(Worker.code).over())).all(),
    "joined": lambda s: [
        (vars(each), vars(each.boss) if each.boss else None)
        for each in s.scalars(select(Worker).options(joinedload(Worker.boss))).unique()
    ],
    "selectin": lambda s: [
        [vars(each) for each in worker.reports] + [vars(worker)]
        for worker in s.scalars(select(Worker).options(selectinload(Worker.reports)))
    ],
    "by its name": lambda s: s.execute(
        select(Badge.id, literal_column("secret_code")).select_from(Badge).join(Worker, Worker.id == Badge.id)
    ).all(),
    "distinct": lambda s: s.execute(select(Worker.code).distinct()).all(),
}  # fmt: skip


def text_of(value: object) -> str:
    """A value as text, without the addresses in memory that objects show: their digits may be those of a secret."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


@pytest.mark.parametrize("how", READS)
def test_no_way_of_reading_shows_it(gate: Gate, how: str) -> None:
    with gate.session(CLERK) as session:
        shown = text_of(READS[how](session))
    assert not [secret for secret in SECRETS if secret in shown], shown
    with gate.session(CHIEF) as session:
        assert any(secret in text_of(READS[how](session)) for secret in SECRETS), "the way leads nowhere"


CONDITIONS: dict[str, Any] = {
    "equal": Worker.code == "SECRET-2",
    "greater": Worker.salary > 5000,
    "like": Worker.note.like("ps%"),
    "in": Worker.note.in_(["psst"]),
    "not null": Worker.salary.is_not(None),
    "not equal": Worker.note != "own",
    "tuple": tuple_(Worker.id, Worker.note).in_([(2, "psst")]),
    "has": Worker.boss.has(Worker.note == "psst"),
    "any": Worker.badges.any(),
    "exists": exists().where(Boss.id == Worker.boss_id, Boss.salary > 0),
    "key": exists().where(Badge.worker_id == Worker.id),
    "by another column": exists().where(Badge.code == Worker.code),
    "computed": (func.coalesce(Worker.salary, 0) > 0),
    "negated": ~(func.coalesce(Worker.note, "psst") == "psst") & (Worker.id > 1),
}


@pytest.mark.parametrize("how", CONDITIONS)
def test_no_condition_finds_it(gate: Gate, how: str) -> None:
    """In a WHERE, in an ON, in a HAVING; of reads, of bulk updates and deletes."""
    condition = CONDITIONS[how]
    with gate.session(CLERK) as session:
        assert session.scalars(select(Worker.id).where(condition)).all() == []
        assert session.scalar(select(func.count()).select_from(Worker).where(condition)) == 0
        assert session.execute(update(Worker).values(boss_id=None).where(condition)).rowcount == 0  # type: ignore[attr-defined]
        assert session.execute(delete(Worker).where(condition)).rowcount == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("hidden", HIDDEN[:2], ids=lambda each: each.key)
def test_without_a_value_every_row_is_alike(gate: Gate, hidden: Any) -> None:
    """Sorting, grouping and IS NULL tell nothing either; a bulk statement finds the rows that a read finds."""
    with gate.session(CLERK) as session:
        assert session.scalars(select(Worker.id).order_by(hidden.desc(), Worker.id)).all() == [1, 2, 3]
        assert session.scalars(select(Worker.id).order_by(hidden, Worker.id.desc())).all() == [3, 2, 1]
        assert session.execute(select(hidden, func.count()).group_by(hidden)).all() == [(None, 3)]
        assert session.execute(update(Worker).values(boss_id=None).where(hidden.is_(None))).rowcount == 3  # type: ignore[attr-defined]


def test_links_over_a_hidden_key_are_not_there(gate: Gate) -> None:
    with gate.session(CLERK) as session:
        assert session.execute(select(Badge.id).join(Badge.worker)).all() == []
        assert session.execute(select(Badge.id).join(Badge.bearer)).all() == []
        assert [badge.worker for badge in session.scalars(select(Badge))] == [None, None]
        workers = session.scalars(select(Worker).options(selectinload(Worker.badges))).all()
        assert [each.badges for each in workers] == [[], [], []]
    with gate.session(CHIEF) as session:
        assert len(session.execute(select(Badge.id).join(Badge.worker)).all()) == 2


def test_whom_a_rule_binds(gate: Gate) -> None:
    """One exempt role is enough; a claim that is None hides every row; the superuser sees all."""

    def notes(user: Any) -> list[Any]:
        with gate.session(user) as session:
            return list(session.scalars(select(Worker.note).order_by(Worker.id)))

    assert notes(CLERK) == ["own", None, None]
    assert notes(STRANGER) == [None, None, None]
    assert notes(CHIEF) == notes(BOTH) == notes(ROOT) == ["own", "psst", None]


def test_statements_are_compiled_once_for_all_who_see_the_same(gate: Gate) -> None:
    statement = select(Worker.id, Worker.note, Worker.salary).order_by(Worker.id)
    other = veiled.User(id="other", roles=frozenset({"clerk"}), worker=2)
    for user, wanted in ((CLERK, "own"), (other, None), (CLERK, "own"), (CHIEF, "own")):
        with gate.session(user) as session:
            assert session.execute(statement).first()[1] == wanted  # type: ignore[index]


# --- writing


def assign(**values: Any) -> Callable[[SecureSession], object]:
    def act(session: SecureSession) -> None:
        worker = session.get_one(Worker, values.pop("at", 2))
        for name, value in values.items():
            setattr(worker, name, value)
        session.commit()

    return act


def add(made: Callable[[SecureSession], Any]) -> Callable[[SecureSession], object]:
    def act(session: SecureSession) -> None:
        session.add(made(session))
        session.commit()

    return act


def bulk(statement: Any) -> Callable[[SecureSession], object]:
    return lambda session: session.execute(statement)


def unread(session: SecureSession) -> None:
    """Set on an object that says it is a row without having been read."""
    worker = Worker(id=2)
    make_transient_to_detached(worker)
    worker = session.merge(worker, load=False)
    worker.note = None
    session.commit()


def hang_on(session: SecureSession) -> None:
    worker, badge = session.get_one(Worker, 3), session.get_one(Badge, 1)
    worker.badges.append(badge)
    session.commit()


OWN = update(Worker).where(Worker.id == 1).values(boss_id=None)
whole_row = func.row_to_json(Worker.__table__.table_valued())

WRITES: dict[str, tuple[type[RowgateError], Callable[[SecureSession], object]]] = {
    "set it": (FieldRefused, lambda s: assign(salary=1)(s)),
    "set it to none": (FieldRefused, unread),
    "set it in a row where it is hidden": (FieldRefused, lambda s: assign(note="x")(s)),
    "lock": (FieldRefused, lambda s: assign(grade=1)(s)),
    "lock in a row": (FieldRefused, lambda s: assign(name="x")(s)),
    "insert it": (FieldRefused, add(lambda s: Worker(id=9, salary=1))),
    "insert it where it is hidden": (FieldRefused, add(lambda s: Worker(id=9, note="x"))),
    "insert what is locked": (FieldRefused, add(lambda s: Worker(id=9, grade=3))),
    "a key by its relationship": (FieldRefused, add(lambda s: Badge(id=9, worker=s.get_one(Worker, 1)))),
    "a key from the other side": (FieldRefused, hang_on),
    "copy it": (FieldRefused, lambda s: assign(at=1, name=Worker.code)(s)),
    "copy it in an expression": (FieldRefused, lambda s: assign(at=1, name=func.upper(Worker.note + "x"))(s)),
    "copy it by its name": (StatementRefused, lambda s: assign(at=1, name=literal_column("secret_code"))(s)),
    "copy it by its text": (StatementRefused, lambda s: assign(at=1, name=text("secret_code"))(s)),
    "copy the whole row": (StatementRefused, lambda s: assign(at=1, name=whole_row)(s)),
    "copy from a subquery": (
        StatementRefused,
        lambda s: assign(at=1, name=select(Boss.code).where(Boss.id == 2).scalar_subquery())(s),
    ),
    "bulk": (FieldRefused, bulk(update(Worker).values(salary=0))),
    "bulk by parameters": (FieldRefused, lambda s: s.execute(update(Worker), {"salary": 0})),
    "bulk by the column": (FieldRefused, bulk(update(Worker).values({Worker.__table__.c.secret_code: "x"}))),
    "bulk in order": (FieldRefused, bulk(update(Worker).ordered_values((Worker.name, "x"), (Worker.code, "x")))),
    "bulk where hidden": (FieldRefused, bulk(update(Worker).values(note="x"))),
    "bulk locked": (FieldRefused, bulk(update(Worker).values(grade=3))),
    "bulk locked in a row": (FieldRefused, bulk(update(Worker).values(name="x"))),
    "bulk by its name": (StatementRefused, bulk(OWN.values(note=literal_column("secret_code")))),
    "bulk by any case": (StatementRefused, bulk(OWN.values(note=literal_column("SECRET_CODE")))),
    "bulk where by its name": (StatementRefused, bulk(OWN.where(literal_column("salary") > 5))),
    "bulk by its text": (StatementRefused, bulk(OWN.values(note=text("secret_code")))),
    "bulk by a lone column": (StatementRefused, bulk(OWN.where(column("salary") > 5))),
    "bulk by a table of its name": (StatementRefused, bulk(OWN.where(table("worker", column("salary")).c.salary > 5))),
    "bulk the whole row": (StatementRefused, bulk(OWN.values(note=whole_row))),
    "returning": (StatementRefused, bulk(update(Worker).values(boss_id=None).returning(Worker.salary))),
    "refer by a hidden key": (ReferenceMissing, add(lambda s: Badge(id=9, code="SECRET-2"))),
    "refer to nothing": (ReferenceMissing, add(lambda s: Badge(id=9, code="nothing"))),
    "delete a parent": (StillReferenced, lambda s: s.delete(s.get_one(Worker, 2)) or s.commit()),
}  # fmt: skip


@pytest.mark.parametrize("how", WRITES)
def test_it_is_neither_written_nor_copied(gate: Gate, how: str) -> None:
    error, act = WRITES[how]
    before = stored(gate)
    with gate.session(CLERK) as session, pytest.raises(error) as refused:
        act(session)
    assert not [secret for secret in SECRETS if secret in f"{refused.value} {refused.value.meta}"]
    assert stored(gate) == before


def test_a_hidden_key_that_is_there_answers_like_one_that_is_not(gate: Gate) -> None:
    """Nobody finds a hidden value by referring to one after another."""
    told = []
    for code in ("SECRET-2", "nothing"):
        with gate.session(CLERK) as session, pytest.raises(ReferenceMissing) as refused:
            add(lambda s, code=code: Badge(id=9, code=code))(session)  # type: ignore[misc]
        told.append((str(refused.value), refused.value.pointers))
    assert told[0] == told[1]


def test_an_object_read_with_null_does_not_write_it(gate: Gate) -> None:
    with gate.session(CLERK) as session:
        worker = session.get_one(Worker, 2)
        for name in ("salary", "code", "note"):
            setattr(worker, name, getattr(worker, name))
        worker.boss_id = 1
        session.commit()
        merged = session.merge(Worker(id=1, name="ann", note="own", salary=None, code=None, boss_id=3))
        session.commit()
        assert (merged.salary, merged.note) == (None, "own")
    assert [row[3:] for row in stored(gate) if row[1:2] in (("ann",), ("bob",))] == [
        (Decimal(4711), "SECRET-1", "own", 3),
        (Decimal(5822), "SECRET-2", "psst", 1),
    ]


def test_a_bulk_update_copies_what_the_client_sees(gate: Gate) -> None:
    """A hidden value is NULL in SET as well; a visible one is copied as it is."""

    def note() -> Any:
        with gate.plain_engine.connect() as connection:
            return connection.execute(select(Worker.note).where(Worker.id == 1)).scalar_one()

    with gate.session(CLERK) as session:
        session.execute(update(Worker).values(note=Worker.note + "!").where(Worker.id == 1))
        session.commit()
        assert note() == "own!"
        session.execute(update(Worker).values(note=Worker.code).where(Worker.id == 1))
        session.commit()
        assert note() is None


def test_what_is_open_may_be_written(gate: Gate) -> None:
    with gate.session(CLERK) as session:
        worker = session.get_one(Worker, 1)
        worker.name, worker.note, worker.boss = "anna", "new", session.get_one(Worker, 3)
        session.add(Worker(id=9, name="new", grade=1))  # 1 is the column's own default: it was not chosen
        session.commit()
        session.execute(update(Worker).values(name="x").where(Worker.grade < 5))
        session.execute(delete(Badge).where(Badge.id == 1))
        session.commit()
        assert session.get_one(Worker, 1).note == "new"
    with gate.session(CHIEF) as session:
        worker = session.get_one(Worker, 2)
        worker.salary, worker.code, worker.grade, worker.note, worker.name = Decimal(1), "c", 1, "n", "b"
        session.commit()


def test_what_a_default_or_a_rule_filled_in_is_not_left_with_the_client(engine: Engine, gate: Gate) -> None:
    """Rules see and set the hidden value; the client's object does not keep it."""
    seen: list[Any] = []

    class Raise:
        derived: dict[type, dict[str, str]] = {}
        governed: frozenset[type] = frozenset()
        defaulted: dict[type, frozenset[str]] = {}

        def before_flush(self, session: Session, context: Any, instances: Any) -> None:
            for row in (*session.dirty, *session.new):
                if isinstance(row, Worker):
                    seen.append((row.salary, row.note))
                    row.salary = (row.salary or 0) + 1

        def after_flush(self, session: Session, context: Any) -> None:
            pass

    ruled = Gate(veiled.make_policy(), engine, models=veiled.Base, rules=Raise())
    with ruled.session(CLERK) as session:
        worker = session.get_one(Worker, 2)
        assert worker.salary is None
        worker.boss_id = 3
        made = Worker(id=9, name="new")
        session.add(made)
        session.flush()
        assert (worker.salary, worker.note, made.salary) == (None, None, None)
        assert "5823" not in text_of(vars(worker))
        session.commit()
    assert sorted(seen, key=str) == [(Decimal(5822), "psst"), (None, None)]
    with gate.session(CHIEF) as session:
        assert session.scalars(select(Worker.salary).where(Worker.id.in_([2, 9])).order_by(Worker.id)).all() == [
            5823,
            1,
        ]


@pytest.mark.parametrize(
    ("user", "column", "key", "told"),
    [
        (CLERK, "salary", 1, False),
        (CLERK, "note", 1, True),
        (CLERK, "note", 2, False),
        (CLERK, "name", 2, True),
        (CHIEF, "salary", 2, True),
    ],
)
def test_a_rules_text_that_quotes_it_is_not_told(gate: Gate, user: Any, column: str, key: int, told: bool) -> None:
    refused = RuleRefused(
        full_detail="psst",
        rows=frozenset({(Worker, (key,))}),
        columns=frozenset({(Worker, column)}),
        entity=Worker,
        attributes=["boss"],
    )
    with gate.session(user) as session:
        assert ("psst" in disclose(session, refused).detail) is told


# --- tests of the tests: enforcement is broken in one place, and an example must see it


def forgetful_compiler(patch: pytest.MonkeyPatch) -> None:
    made = engine_module.securing_compiler

    def careless(*args: Any, **options: Any) -> Any:
        kind = made(*args, **options)
        kind._open_in = lambda self, table: {}  # type: ignore[attr-defined]
        return kind

    patch.setattr(engine_module, "securing_compiler", careless)


def nothing_checked(names: str, *modules: Any) -> Callable[[pytest.MonkeyPatch], None]:
    def broken(patch: pytest.MonkeyPatch) -> None:
        for module in modules:
            for name in names.split():
                patch.setattr(module, name, lambda *args: None)

    return broken


BREAKS: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], Callable[[Gate], None]]] = {
    "compiler": (forgetful_compiler, lambda gate: test_no_way_of_reading_shows_it(gate, "columns")),
    "compiler of updates": (forgetful_compiler, lambda gate: test_no_condition_finds_it(gate, "greater")),
    "columns": (
        nothing_checked("refuse_closed refuse_closed_in_rows", write, bulk_module),  # either one sees it
        lambda gate: test_it_is_neither_written_nor_copied(gate, "lock"),
    ),
    "columns in bulk": (
        nothing_checked("refuse_closed refuse_closed_in_rows", write, bulk_module),  # either one sees it
        lambda gate: test_it_is_neither_written_nor_copied(gate, "bulk"),
    ),
    "columns in rows": (
        nothing_checked("refuse_closed_in_rows", write, bulk_module),
        lambda gate: test_it_is_neither_written_nor_copied(gate, "lock in a row"),
    ),
    "columns of new rows": (
        nothing_checked("refuse_closed_in_rows", write, bulk_module),
        lambda gate: test_it_is_neither_written_nor_copied(gate, "insert it where it is hidden"),
    ),
    "sources": (
        nothing_checked("refuse_hidden_sources", write),
        lambda gate: test_it_is_neither_written_nor_copied(gate, "copy it"),
    ),
    "references": (
        nothing_checked("open_in", references),
        lambda gate: test_it_is_neither_written_nor_copied(gate, "refer by a hidden key"),
    ),
    "dependents": (
        nothing_checked("open_in", dependents),
        lambda gate: test_it_is_neither_written_nor_copied(gate, "delete a parent"),
    ),
    "what rules leave": (
        nothing_checked("forget_hidden_values", write),
        lambda gate: test_what_a_default_or_a_rule_filled_in_is_not_left_with_the_client(gate.plain_engine, gate),
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_is_seen(gate: Gate, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, example = BREAKS[name]
    with monkeypatch.context() as patch:
        broken(patch)
        opened = Gate(gate.policy, gate.plain_engine, models=veiled.Base)
        with pytest.raises((AssertionError, pytest.fail.Exception)):
            example(opened)
