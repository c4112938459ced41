"""Events are written in the transaction of the change: all of it or nothing, whoever makes the change."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, Numeric, create_engine, func, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from database.models import Customer, Order, OrderDetail
from rowgate.databases import begin_explicitly
from rowgate.enforce import Gate
from rowgate.errors import AccessRefused, CheckRefused, StatementRefused
from rowgate.outbox import OUTBOX, Outbox, Recorder, create_outbox
from rowgate.policy import Policy
from rowgate.types import Access, Principal
from rowgate.webhooks import Webhook
from tests.outbox.conftest import ADMIN, S1, House


def test_an_update_of_a_declared_field_is_recorded_with_the_declared_fields_alone(house: House) -> None:
    with house.gate.session(S1, writes=True) as session:
        session.get_one(Customer, "CTWTR").CompanyName = "Cotswold"
        session.commit()
    (event,) = house.waiting()
    assert (event.topic, event.key, event.state) == ("webhook:crm", "Customer/CTWTR", "pending")
    assert event.payload["type"] == "Customer.update"
    assert dt.datetime.fromisoformat(event.payload["timestamp"]).tzinfo is not None
    assert event.payload["data"] == {
        "type": "Customer",
        "key": {"Id": "CTWTR"},
        "attributes": {
            "CompanyName": "Cotswold",
            "Balance": event.payload["data"]["attributes"]["Balance"],
            "Client_id": 2,
        },
    }


def test_an_update_of_other_fields_is_not_recorded(house: House) -> None:
    with house.gate.session(S1, writes=True) as session:
        session.get_one(Customer, "CTWTR").Phone = "1"
        session.commit()
    assert house.waiting() == []


def test_a_row_that_only_a_rule_changed_is_recorded_though_its_client_may_not_touch_it(house: House) -> None:
    with house.gate.session(ADMIN, writes=True) as session:
        order = Order(CustomerId="ALFKI", OrderDate=dt.date(2024, 5, 1))
        order.OrderDetailList.append(OrderDetail(ProductId=1, Quantity=2))
        session.add(order)
        session.commit()
        total, balance, key = order.AmountTotal, session.get_one(Customer, "ALFKI").Balance, order.Id
    by_topic = {event.topic: event.payload for event in house.waiting()}
    assert by_topic["webhook:orders"]["data"]["key"] == {"Id": key}
    assert by_topic["webhook:orders"]["data"]["attributes"] == {"AmountTotal": str(total), "OrderDate": "2024-05-01"}
    assert by_topic["webhook:crm"]["data"]["key"] == {"Id": "ALFKI"}
    assert by_topic["webhook:crm"]["data"]["attributes"]["Balance"] == str(balance)


def test_nothing_is_recorded_of_what_is_not_committed(house: House) -> None:
    with house.gate.session(S1, writes=True) as session:
        session.get_one(Customer, "CTWTR").CompanyName = "Cotswold"
        session.flush()
        session.rollback()
    with house.gate.session(S1, writes=True) as session:
        session.get_one(Customer, "CTWTR").Client_id = 1
        with pytest.raises(CheckRefused):
            session.commit()
    with house.gate.session(S1, writes=True) as session:
        session.delete(session.get_one(Customer, "CTWTR"))
        with pytest.raises(AccessRefused):
            session.commit()
    assert house.waiting() == []


def test_a_savepoint_that_is_rolled_back_takes_its_events_along(house: House) -> None:
    with house.gate.session(ADMIN, writes=True) as session:
        session.get_one(Customer, "CTWTR").CompanyName = "Kept"
        session.flush()
        nested = session.begin_nested()
        session.get_one(Customer, "ALFKI").CompanyName = "Lost"
        session.flush()
        nested.rollback()
        session.commit()
    assert [event.key for event in house.waiting()] == ["Customer/CTWTR"]


def test_a_trusted_session_records_too(house: House) -> None:
    with house.gate.trusted(reason="test") as session:
        session.get_one(Customer, "ALFKI").CompanyName = "Trusted"
        session.commit()
    assert [event.payload["data"]["attributes"]["CompanyName"] for event in house.waiting()] == ["Trusted"]


def test_a_bulk_statement_would_pass_it_by_and_is_refused(house: House) -> None:
    with house.gate.session(ADMIN, writes=True) as session, pytest.raises(StatementRefused, match="webhooks concern"):
        session.execute(update(Customer).values(CompanyName="x"))


def test_no_secured_session_reads_the_outbox(house: House) -> None:
    with house.gate.session(ADMIN) as session, pytest.raises(StatementRefused):
        session.execute(select(OUTBOX))
    with house.gate.session(ADMIN) as session, pytest.raises(StatementRefused):
        session.scalars(select(Customer).where(Customer.CompanyName.in_(select(OUTBOX.c.payload)))).all()


def test_events_of_one_flush_cost_as_many_statements_as_one(house: House) -> None:
    from sqlalchemy import event as events

    sent: list[str] = []
    events.listen(house.gate.engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    counts = []
    for number in (1, 20):
        with house.gate.session(ADMIN, writes=True) as session:
            customers = session.scalars(select(Customer).order_by(Customer.Id).limit(number)).all()
            for customer in customers:
                customer.CompanyName += "!"
            del sent[:]
            session.commit()
            counts.append(len([text for text in sent if "rowgate_outbox" in text or text.startswith("SELECT")]))
    assert counts[0] == counts[1]
    assert len(house.waiting()) == 21


# --- whatever happens to the rows: the events, replayed, give the table


class Base(DeclarativeBase):
    pass


class Paper(Base):
    __tablename__ = "Paper"
    Id: Mapped[int] = mapped_column(primary_key=True)
    Title: Mapped[str | None]
    Price: Mapped[float | None] = mapped_column(Numeric(10, 2))
    Hits: Mapped[int] = mapped_column(server_default="7")


EVERYTHING = Policy(Principal, superuser="root", roles=["root"])
ROOT = Principal(id="root", roles=frozenset({"root"}))
HOOK = Webhook(
    name="copy",
    entity=Paper,
    on=Access.INSERT | Access.UPDATE | Access.DELETE,
    url="https://copy.example/",
    secret_env="X",
    fields=[Paper.Title, Paper.Hits],
)
STEP = st.one_of(
    st.tuples(st.just("insert"), st.integers(1, 4), st.sampled_from(["a", "b", None])),
    st.tuples(st.just("title"), st.integers(1, 4), st.sampled_from(["a", "b", None])),
    st.tuples(st.just("hits"), st.integers(1, 4), st.just(None)),
    st.tuples(st.just("rekey"), st.integers(1, 4), st.integers(5, 9)),
    st.tuples(st.just("delete"), st.integers(1, 9), st.just(None)),
    st.tuples(
        st.sampled_from(["flush", "commit", "rollback", "savepoint", "release", "undo"]), st.just(0), st.just(None)
    ),
)


def play(session: Session, steps: list[tuple[str, int, object]]) -> None:
    """Do what makes sense of the steps."""
    nested = []
    for what, number, value in steps:
        with session.no_autoflush:
            row = session.get(Paper, number) if number else None
        if what == "insert" and row is None and number not in {each.Id for each in session.new}:
            session.add(Paper(Id=number, Title=value))
        elif what == "title" and row is not None:
            row.Title = value  # type: ignore[assignment]
        elif what == "hits" and row is not None:
            row.Hits = Paper.Hits + 1
        elif what == "rekey" and row is not None and session.get(Paper, value) is None:
            row.Id = value  # type: ignore[assignment]
        elif what == "delete" and row is not None:
            session.delete(row)
        elif what in ("commit", "rollback"):
            getattr(session, what)()
            nested.clear()
        elif what == "savepoint":
            nested.append(session.begin_nested())
        elif what in ("release", "undo") and nested:
            getattr(nested.pop(), "commit" if what == "release" else "rollback")()
        session.flush()
    session.commit()


@given(steps=st.lists(STEP, max_size=25))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_events_replayed_give_the_table(steps: list[tuple[str, int, object]]) -> None:
    engine = small_database()
    with Gate(EVERYTHING, engine, models=Base, recorder=Recorder([HOOK])).session(ROOT, writes=True) as session:
        play(session, steps)
    copy: dict[int, dict[str, object]] = {}
    for event in Outbox(engine).listed(most=1000):
        data = event.payload["data"]
        if "previous_key" in data:
            copy.pop(data["previous_key"]["Id"])
        if event.payload["type"] == "Paper.delete":
            del copy[data["key"]["Id"]]
        else:
            assert (event.payload["type"] == "Paper.insert") == (
                data["key"]["Id"] not in copy and "previous_key" not in data
            )
            copy[data["key"]["Id"]] = data["attributes"]
    with Session(engine) as plain:
        table = {row.Id: {"Title": row.Title, "Hits": row.Hits} for row in plain.scalars(select(Paper))}
        assert plain.scalar(select(func.count()).select_from(OUTBOX)) is not None
    engine.dispose()
    assert copy == table


def small_database() -> Engine:
    """Papers, in memory."""
    from sqlalchemy import StaticPool, event

    engine = create_engine("sqlite://", poolclass=StaticPool)
    event.listen(engine, "connect", lambda connection, _entry: setattr(connection, "isolation_level", None))
    begin_explicitly(engine)
    Base.metadata.create_all(engine)
    create_outbox(engine)
    return engine
