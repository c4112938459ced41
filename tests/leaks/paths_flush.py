"""Paths of the unit of work: objects never read, rows taken along, rows moved, keys that point at hidden rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import make_transient, make_transient_to_detached

from database import models as m
from rowgate.enforce import SecureSession
from rowgate.errors import RowgateError
from tests.leaks.matrix import Asking, Row, Same, Saw, path, refused, words
from tests.leaks.paths_bulk import MOVES

W = Row.FLUSH


def _made_up(ask: Asking, key: Any, **values: Any) -> Any:
    """An object that says it is a row of the database."""
    made = ask.entity(Id=key, **values)
    make_transient_to_detached(made)
    return made


def _told(ask: Asking, key: Any, change: Callable[[SecureSession, Any], Any]) -> str:
    """What a change at one row says."""

    def act() -> str:
        with ask.session() as session:
            change(session, key)
            session.commit()
            return "written"

    return words(act)


def _as_missing(ask: Asking, change: Callable[[SecureSession, Any], Any]) -> Iterator[Any]:
    """A change at a hidden row says what it says at a missing one, and is not made."""
    missing = _told(ask, ask.missing, change)
    for key in ask.some:
        told = _told(ask, key, change)
        yield Same(told, missing, (key, ask.missing))
        yield told


@path(W, writes=True)
def change_a_made_up_row(ask: Asking) -> Iterator[Any]:
    def change(session: SecureSession, key: Any) -> None:
        made = _made_up(ask, key)
        session.add(made)
        setattr(made, ask.name.key, "overwritten")

    yield from _as_missing(ask, change)


@path(W, writes=True)
def delete_a_made_up_row(ask: Asking) -> Iterator[Any]:
    def change(session: SecureSession, key: Any) -> None:
        made = _made_up(ask, key)
        session.add(made)
        session.delete(made)

    yield from _as_missing(ask, change)


@path(W, writes=True)
def merge_a_made_up_row(ask: Asking) -> Iterator[Any]:
    """merge() of a hidden row is an INSERT; the database refuses the key, and the row stays."""
    for key in ask.some:
        with ask.session() as session:
            try:
                session.merge(ask.entity(Id=key, **{ask.name.key: "overwritten"}))
                session.commit()
            except (RowgateError, SQLAlchemyError) as error:
                yield str(getattr(error, "orig", error))


@path(W, writes=True)
def merge_a_made_up_row_without_load(ask: Asking) -> Iterator[Any]:
    def change(session: SecureSession, key: Any) -> None:
        merged = session.merge(_made_up(ask, key), load=False)
        setattr(merged, ask.name.key, "overwritten")

    yield from _as_missing(ask, change)


@path(W, writes=True)
def rows_read_by_another(ask: Asking) -> Iterator[Any]:
    """Objects that a more powerful session has read, changed in this one."""
    boss = type(ask.user)(id="boss", roles=frozenset({"sa"}))
    for key in ask.some:
        with ask.gate.session(boss) as other:
            taken = other.get_one(ask.entity, key)
            other.expunge_all()
        with ask.session() as session:

            def act(session: SecureSession = session, taken: Any = taken) -> str:
                session.add(taken)
                setattr(taken, ask.name.key, "overwritten")
                session.commit()
                return "written"

            told = words(act)
            if told.startswith("returned"):
                yield Saw(ask.entity, [key])
        with ask.gate.session(boss) as other:
            taken = other.get_one(ask.entity, key)
            other.expunge_all()
        make_transient(taken)
        with ask.session() as session:
            session.add(taken)
            try:
                session.commit()
            except (RowgateError, SQLAlchemyError) as error:
                yield str(getattr(error, "orig", type(error)))  # the parameters are what the client itself has sent
            else:
                yield Saw(ask.entity, [key])


@path(W, writes=True)
def insert_out_of_sight(ask: Asking) -> Iterator[Any]:
    """WITH CHECK on INSERT."""
    with ask.session() as session:
        session.add(ask.entity(Id=ask.missing, **_required(ask.entity), **MOVES[ask.entity]))
        try:
            session.commit()
        except (RowgateError, SQLAlchemyError) as error:
            yield str(getattr(error, "orig", error))


def _required(entity: type) -> dict[str, Any]:
    """Values for the columns that have to have one."""
    return {
        m.Customer: {"CompanyName": "new", "CreditLimit": 900},
        m.Category: {"CategoryName": "new"},
        m.Department: {"DepartmentName": "new"},
        m.Product: {"ProductName": "new"},
        m.Employee: {"LastName": "new", "FirstName": "new", "Salary": 1},
        m.Supplier: {"CompanyName": "new"},
    }[entity]


@path(W, writes=True)
def move_a_row_out(ask: Asking) -> Iterator[Any]:
    """WITH CHECK on UPDATE."""
    for key in ask.visible[:2]:
        with ask.session() as session:
            row = session.get_one(ask.entity, key)
            for name, value in MOVES[ask.entity].items():
                setattr(row, name, value)
            yield from refused(session.commit)


@path(W, writes=True)
def one_bad_row_among_good_ones(ask: Asking) -> Iterator[Any]:
    """All or nothing."""
    with ask.session() as session:
        rows = session.scalars(select(ask.entity).limit(5)).all()
        if not rows:
            return
        for row in rows:
            setattr(row, ask.name.key, "half written")
        session.flush() if ask.may("U") else None
        for name, value in MOVES[ask.entity].items():
            setattr(rows[-1], name, value)
        yield from refused(session.commit)


@path(W, writes=True)
def key_moved_onto_a_hidden_row(ask: Asking) -> Iterator[Any]:
    for key in ask.visible[:1]:
        with ask.session() as session:
            row = session.get_one(ask.entity, key)
            row.Id = ask.hidden[0]
            yield from refused(session.commit)


@path(W, writes=True)
def refer_by_value(ask: Asking) -> Iterator[Any]:
    for link in ask.links():
        owners = ask.owners(link)

        def change(session: SecureSession, key: Any, link: Any = link, owners: Any = owners) -> None:
            for owner in owners:
                setattr(session.get_one(link.owner, owner), link.column, key)

        if owners:
            yield from _as_missing(ask, change)


@path(W, writes=True)
def refer_by_a_made_up_object(ask: Asking) -> Iterator[Any]:
    for link in ask.links():
        owners = ask.owners(link)

        def change(session: SecureSession, key: Any, link: Any = link, owners: Any = owners) -> None:
            made = _made_up(ask, key)
            session.add(made)
            for owner in owners:
                setattr(session.get_one(link.owner, owner), link.to_one, made)

        if owners:
            yield from _as_missing(ask, change)


@path(W, writes=True)
def refer_from_the_parents_side(ask: Asking) -> Iterator[Any]:
    """Append a visible row to the collection of a made-up parent."""
    for link in ask.links():
        owners = ask.owners(link)

        def change(session: SecureSession, key: Any, link: Any = link, owners: Any = owners) -> None:
            made = _made_up(ask, key)
            session.add(made)
            for owner in owners:
                getattr(made, link.to_many).append(session.get_one(link.owner, owner))

        if owners:
            yield from _as_missing(ask, change)


@path(W, writes=True)
def insert_that_refers_to_a_hidden_row(ask: Asking) -> Iterator[Any]:
    parts: dict[type, dict[str, Any]] = {
        m.Order: {"CustomerId": "CTWTR"},
        m.OrderDetail: {"OrderId": 10248, "ProductId": 1},
        m.EmployeeTerritory: {"Id": "new", "EmployeeId": 5, "TerritoryId": "01581"},
        m.EmployeeAudit: {"EmployeeId": 5, "LastName": "x", "FirstName": "x", "Salary": 1},
        m.Product: {"ProductName": "new"},
        m.Employee: {"LastName": "new", "FirstName": "new", "Salary": 1, "Region": ask.user.region},
        m.Department: {"DepartmentName": "new"},
    }
    for link in ask.links():

        def change(session: SecureSession, key: Any, link: Any = link) -> None:
            session.add(link.owner(**{"Id": 999_999, **parts[link.owner], link.column: key}))

        yield from _as_missing(ask, change)


@path(W, entities=(m.Product, m.Department, m.Employee), writes=True)
def take_hidden_children(ask: Asking) -> Iterator[Any]:
    """Append a made-up child to a visible parent's collection: the child's row would be written."""
    for link in ask.lists():
        parents = ask.truth.rows(ask.user, f'SELECT "Id" FROM {{{link.target.__name__}}} t ORDER BY "Id" LIMIT 1')

        def change(session: SecureSession, key: Any, link: Any = link, parents: Any = parents) -> None:
            made = _made_up(ask, key)
            session.add(made)
            for parent in parents:
                getattr(session.get_one(link.target, parent), link.to_many).append(made)

        if parents:
            yield from _as_missing(ask, change)


@path(W, entities=(m.Product, m.Department, m.Employee), writes=True, changes=True)
def empty_a_collection(ask: Asking) -> Iterator[Any]:
    """Replacing a filtered collection lets go of its visible rows only."""
    for link in ask.lists():
        for empty in (
            lambda parent, name: setattr(parent, name, []),
            lambda parent, name: getattr(parent, name).clear(),
        ):
            with ask.session() as session:
                try:
                    for parent in session.scalars(select(link.target)).all():
                        empty(parent, link.to_many)
                    session.commit()
                except (RowgateError, SQLAlchemyError) as error:
                    yield str(getattr(error, "orig", error))


@path(W, writes=True, changes=True)
def delete_parents(ask: Asking) -> Iterator[Any]:
    """Deleting a visible row does not take hidden rows along, or cut them loose."""
    for link in ask.lists():
        for parent in ask.truth.rows(ask.user, f'SELECT "Id" FROM {{{link.target.__name__}}} t ORDER BY "Id"')[:8]:
            with ask.session() as session:
                try:
                    session.delete(session.get_one(link.target, parent))
                    session.commit()
                except (RowgateError, SQLAlchemyError) as error:
                    yield str(getattr(error, "orig", error))


@path(W, writes=True)
def verbs_not_given(ask: Asking) -> Iterator[Any]:
    for key in ask.visible[:1]:
        if not ask.may("U"):
            with ask.session() as session:
                setattr(session.get_one(ask.entity, key), ask.name.key, "x")
                yield from refused(session.commit)
        if not ask.may("D"):
            with ask.session() as session:
                session.delete(session.get_one(ask.entity, key))
                yield from refused(session.commit)
    if not ask.may("I"):
        with ask.session() as session:
            session.add(ask.entity(Id=ask.missing, **_required(ask.entity)))
            yield from refused(session.commit)


@path(W, writes=True)
def flush_of_a_few_objects(ask: Asking) -> Iterator[Any]:
    """flush(objects), autoflush by a query, a nested transaction, prepare-and-close: each is a flush."""
    for key in ask.some[:1]:
        for flush in (
            lambda session, made: session.flush([made]),
            lambda session, made: session.scalars(select(ask.entity)).all(),
            lambda session, made: session.begin_nested().commit(),
            lambda session, made: session.scalar(select(m.Shipper.Id)),
        ):
            with ask.session() as session:
                made = _made_up(ask, key)
                session.add(made)
                setattr(made, ask.name.key, "overwritten")
                try:
                    flush(session, made)
                    session.commit()
                except (RowgateError, SQLAlchemyError, DeprecationWarning) as error:
                    yield str(getattr(error, "orig", error))
                else:
                    yield Saw(ask.entity, [key])


@path(W, writes=True)
def lazy_rows_in_a_changed_session(ask: Asking) -> Iterator[Any]:
    """A change that is under way does not widen what is read."""
    if not ask.may("U"):
        with ask.session() as session:
            yield session.scalars(select(ask.entity)).all()
        return
    with ask.session() as session:
        for key in ask.visible[:1]:
            setattr(session.get_one(ask.entity, key), ask.name.key, f"ZQ~{ask.entity.__name__}~{key}~QZ ")
        session.flush()
        yield session.scalars(select(ask.entity)).all()
        for link in ask.links():
            column = getattr(link.owner, link.column)
            yield [
                getattr(row, link.to_one)
                for row in session.scalars(select(link.owner).where(column.in_(ask.hidden)).limit(5))
            ]
        session.rollback()
