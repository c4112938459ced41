"""Paths of ORM bulk statements: hidden rows are not written, not moved, not copied, and not counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import aliased

from database import models as m
from rowgate.enforce import SecureSession
from rowgate.errors import RowgateError
from tests.leaks.matrix import Asking, Exactly, Row, Same, path, refused, words

B = Row.BULK


def _kept(ask: Asking, action: Callable[[SecureSession], Any]) -> Iterator[Any]:
    """Run and commit; what was refused is a text, what went through is judged by the database."""
    with ask.session() as session:
        try:
            yield action(session)
            session.commit()
        except (RowgateError, SQLAlchemyError) as error:
            yield str(error)


def _touched(ask: Asking, statement: Any, **options: Any) -> Iterator[Any]:
    """A statement at hidden rows alone touches none of them."""
    with ask.session() as session:
        try:
            result = session.execute(statement, **options)
            yield Exactly(getattr(result, "rowcount", 0), 0)
            session.commit()
        except RowgateError as error:
            yield str(error)


def _texts(ask: Asking) -> dict[str, Any]:
    return {ask.name.key: "overwritten"}


@path(B, writes=True)
def update_hidden_rows(ask: Asking) -> Iterator[Any]:
    yield from _touched(ask, update(ask.entity).where(ask.key.in_(ask.hidden)).values(_texts(ask)))
    yield from _touched(ask, update(ask.entity).where(ask.name.in_(ask.names)).values(_texts(ask)))


@path(B, writes=True)
def update_hidden_rows_by_parameters(ask: Asking) -> Iterator[Any]:
    yield from _touched(ask, update(ask.entity).where(ask.key.in_(ask.hidden)), params=_texts(ask))
    rows = [{"Id": key, **_texts(ask)} for key in ask.hidden]
    yield from _kept(ask, lambda session: session.execute(update(ask.entity), rows))


@path(B, writes=True, changes=True)
def update_every_row(ask: Asking) -> Iterator[Any]:
    yield from _kept(ask, lambda session: session.execute(update(ask.entity).values(_texts(ask))).rowcount)


@path(B, writes=True, changes=True)
def update_by_query(ask: Asking) -> Iterator[Any]:
    yield from _kept(ask, lambda session: session.query(ask.entity).update(_texts(ask)))
    yield from _kept(
        ask, lambda session: session.query(ask.entity).filter(ask.key.in_(ask.hidden)).update(_texts(ask), False)
    )


@path(B, writes=True, changes=True)
def update_in_each_mode(ask: Asking) -> Iterator[Any]:
    for mode in ("evaluate", "fetch", "auto", False):
        options = {"synchronize_session": mode}
        statement = update(ask.entity).values(_texts(ask))
        yield from _kept(ask, lambda session, o=options, s=statement: session.execute(s, execution_options=o).rowcount)


@path(B, writes=True, changes=True)
def update_with_subqueries(ask: Asking) -> Iterator[Any]:
    """The WHERE and the SET of a bulk update read as the client reads."""
    other = aliased(ask.entity)
    there = select(other.Id).where(other.Id.in_(ask.hidden))  # type: ignore[attr-defined]
    stolen = select(func.max(getattr(other, ask.name.key))).where(other.Id.in_(ask.hidden))  # type: ignore[attr-defined]
    shipper = update(m.Shipper).where(m.Shipper.Id == 1)
    yield from _touched(ask, shipper.where(there.exists()).values(CompanyName="probed"))
    yield from _touched(ask, shipper.where(exists().where(ask.key.in_(ask.hidden))).values(CompanyName="probed"))
    with ask.session() as session:
        yield words(lambda: session.execute(shipper.values(Phone=stolen.scalar_subquery())).rowcount)
        yield session.scalars(select(m.Shipper)).all()
        session.rollback()
    with ask.session() as session:
        linked = func.length(ask.name) > m.Shipper.Id
        from_other = shipper.where(ask.key.in_(ask.hidden), linked).values(Phone=ask.name)
        yield words(lambda: session.execute(from_other).rowcount)
        yield session.scalars(select(m.Shipper)).all()
        session.rollback()


@path(B, writes=True)
def update_with_returning(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        statement = update(ask.entity).values(_texts(ask)).returning(ask.entity)
        yield from refused(lambda: session.scalars(statement).all())
    with ask.session() as session:
        yield from refused(lambda: session.scalars(delete(ask.entity).returning(ask.key)).all())


@path(B, writes=True)
def delete_hidden_rows(ask: Asking) -> Iterator[Any]:
    yield from _touched(ask, delete(ask.entity).where(ask.key.in_(ask.hidden)))
    yield from _touched(ask, delete(ask.entity).where(ask.name.in_(ask.names)))


@path(B, writes=True, changes=True)
def delete_every_row(ask: Asking) -> Iterator[Any]:
    yield from _kept(ask, lambda session: session.execute(delete(ask.entity)).rowcount)
    yield from _kept(ask, lambda session: session.query(ask.entity).delete())


@path(B, writes=True, changes=True)
def delete_with_subqueries(ask: Asking) -> Iterator[Any]:
    other = aliased(ask.entity)
    there = select(other.Id).where(other.Id.in_(ask.hidden)).exists()  # type: ignore[attr-defined]
    yield from _touched(ask, delete(m.EmployeeTerritory).where(there))
    for link in ask.links():
        if link.owner is link.target:
            continue
        yield from _touched(ask, delete(link.owner).where(getattr(link.owner, link.to_one).has(Id=ask.hidden[0])))


MOVES: dict[type, dict[str, Any]] = {
    m.Customer: {"Client_id": 77},
    m.Category: {"Client_id": 77},
    m.Department: {"SecurityLevel": 5},
    m.Product: {"Discontinued": True},
    m.Employee: {"Region": "Nowhere"},
    m.Supplier: {"Region": "Nowhere"},
}
"""Values that put a row out of sight of everyone who does not see all rows."""


@path(B, writes=True)
def move_rows_out(ask: Asking) -> Iterator[Any]:
    """WITH CHECK: a row that would be hidden afterwards is not written."""
    move = MOVES[ask.entity]
    yield from _kept(ask, lambda session: session.execute(update(ask.entity).values(move)).rowcount)
    yield from _kept(ask, lambda session: session.execute(update(ask.entity), move).rowcount)
    some = update(ask.entity).where(ask.key.in_(ask.visible[:1])).values(move)
    yield from _kept(ask, lambda session: session.execute(some).rowcount)


@path(B, writes=True)
def refer_to_hidden_rows(ask: Asking) -> Iterator[Any]:
    """A foreign key set to a hidden row answers as one set to a missing row."""
    for link in ask.links():
        owners = ask.owners(link)
        for owner in owners:
            at = update(link.owner).where(link.owner.Id == owner)  # type: ignore[attr-defined]

            def told(key: Any, at: Any = at, column: str = link.column) -> str:
                with ask.session() as session:
                    return words(lambda: (session.execute(at.values({column: key})), session.commit()))

            missing = told(ask.missing)
            for key in ask.some:
                yield Same(told(key), missing, (key, ask.missing))


@path(B, writes=True)
def refer_to_hidden_rows_by_expression(ask: Asking) -> Iterator[Any]:
    for link in ask.links():
        other = aliased(ask.entity)
        for value in (
            select(other.Id).where(other.Id == ask.hidden[0]).scalar_subquery(),  # type: ignore[attr-defined]
            func.coalesce(None, ask.hidden[0]),
        ):
            owners = ask.owners(link)
            at = update(link.owner).where(link.owner.Id.in_(owners))  # type: ignore[attr-defined]
            yield from _kept(
                ask, lambda session, at=at, c=link.column, v=value: session.execute(at.values({c: v})).rowcount
            )


@path(B, writes=True)
def without_the_verb(ask: Asking) -> Iterator[Any]:
    """Visible rows, and a user whose roles do not give the verb."""
    visible = ask.key.in_(ask.visible)
    if not ask.may("U"):
        with ask.session() as session:
            yield from refused(lambda: session.execute(update(ask.entity).where(visible).values(_texts(ask))))
    if not ask.may("D"):
        with ask.session() as session:
            yield from refused(lambda: session.execute(delete(ask.entity).where(visible)))
