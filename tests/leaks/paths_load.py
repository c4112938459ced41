"""Paths of loading: every loader strategy, to-one and to-many, and what is left in the session afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import (
    contains_eager,
    immediateload,
    joinedload,
    lazyload,
    make_transient_to_detached,
    selectinload,
    subqueryload,
    with_parent,
)

from database import models as m
from tests.leaks.matrix import Asking, Exactly, Row, path, words

L = Row.LOAD


def _to_one(ask: Asking, strategy: Callable[[Any], Any]) -> Iterator[Any]:
    for link in ask.links():
        with ask.session() as session:
            query = select(link.owner).where(getattr(link.owner, link.column).in_(ask.hidden)).limit(20)
            for row in session.scalars(query.options(strategy(getattr(link.owner, link.to_one)))).unique():
                yield getattr(row, link.to_one)


def _to_many(ask: Asking, strategy: Callable[[Any], Any]) -> Iterator[Any]:
    for link in ask.lists():
        with ask.session() as session:
            query = select(link.target).options(strategy(getattr(link.target, link.to_many)))
            for parent in session.scalars(query.limit(30)).unique():
                yield list(getattr(parent, link.to_many))


LISTED = (m.Product, m.Department, m.Employee)
"""Filtered entities that are in some collection."""


@path(L)
def lazy_to_one(ask: Asking) -> Iterator[Any]:
    yield from _to_one(ask, lazyload)


@path(L)
def joined_to_one(ask: Asking) -> Iterator[Any]:
    yield from _to_one(ask, joinedload)


@path(L)
def selectin_to_one(ask: Asking) -> Iterator[Any]:
    yield from _to_one(ask, selectinload)


@path(L)
def subquery_to_one(ask: Asking) -> Iterator[Any]:
    yield from _to_one(ask, subqueryload)


@path(L)
def immediate_to_one(ask: Asking) -> Iterator[Any]:
    yield from _to_one(ask, immediateload)


@path(L, entities=LISTED)
def lazy_to_many(ask: Asking) -> Iterator[Any]:
    yield from _to_many(ask, lazyload)


@path(L, entities=LISTED)
def joined_to_many(ask: Asking) -> Iterator[Any]:
    yield from _to_many(ask, joinedload)


@path(L, entities=LISTED)
def selectin_to_many(ask: Asking) -> Iterator[Any]:
    yield from _to_many(ask, selectinload)


@path(L, entities=LISTED)
def subquery_to_many(ask: Asking) -> Iterator[Any]:
    yield from _to_many(ask, subqueryload)


@path(L, entities=LISTED, finds=False)
def lengths_of_collections(ask: Asking) -> Iterator[Any]:
    for link in ask.lists():
        counted = (
            f"SELECT count(*) FROM {{{link.owner.__name__}}} o "
            f'JOIN {{{link.target.__name__}}} t ON o."{link.column}" = t."Id"'
        )
        with ask.session() as session:
            got = sum(len(getattr(parent, link.to_many)) for parent in session.scalars(select(link.target)))
            yield Exactly(got, ask.one(counted))


@path(L)
def joined_inner(ask: Asking) -> Iterator[Any]:
    yield from _to_one(ask, lambda attribute: joinedload(attribute, innerjoin=True))


@path(L)
def eager_from_own_join(ask: Asking) -> Iterator[Any]:
    for link in ask.links():
        if link.owner is link.target:
            continue
        with ask.session() as session:
            attribute = getattr(link.owner, link.to_one)
            query = select(link.owner).join(attribute).options(contains_eager(attribute))
            for row in session.scalars(query.where(ask.key.in_(ask.hidden)).limit(20)):
                yield row, getattr(row, link.to_one)


@path(L)
def eager_with_own_condition(ask: Asking) -> Iterator[Any]:
    for link in ask.links():
        with ask.session() as session:
            attribute = getattr(link.owner, link.to_one)
            option = selectinload(attribute.and_(ask.key.in_(ask.hidden) if link.owner is not ask.entity else True))
            query = select(link.owner).where(getattr(link.owner, link.column).in_(ask.hidden)).limit(20)
            for row in session.scalars(query.options(option)):
                yield getattr(row, link.to_one)


@path(L, entities=(m.Customer, m.Employee))
def two_levels_down(ask: Asking) -> Iterator[Any]:
    """Details, their orders, and whom those belong to, by each pair of strategies."""
    name = ask.entity.__name__
    column = getattr(m.Order, f"{name}Id")
    for outer, inner in ((joinedload, joinedload), (selectinload, joinedload), (subqueryload, selectinload)):
        with ask.session() as session:
            nested = inner(getattr(m.Order, name))
            option = outer(m.OrderDetail.Order).options(nested)
            query = select(m.OrderDetail).where(m.OrderDetail.Order.has(column.in_(ask.hidden))).limit(10)
            for row in session.scalars(query.options(option)):
                yield row, row.Order, getattr(row.Order, name)


@path(L, entities=(m.Department,))
def through_an_employee(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        option = selectinload(m.Order.Employee).options(
            joinedload(m.Employee.OnLoanDepartment), selectinload(m.Employee.WorksForDepartment)
        )
        for order in session.scalars(select(m.Order).limit(80).options(option)):
            if order.Employee is not None:
                yield order.Employee.OnLoanDepartment
                yield order.Employee.WorksForDepartment


@path(L, entities=(m.Product, m.Department, m.Employee))
def back_and_forth(ask: Asking) -> Iterator[Any]:
    """From a row to its parent, and from there to all of the parent's rows."""
    with ask.session() as session:
        for link in ask.lists():
            for row in session.scalars(select(ask.entity).limit(10)).all():
                parent = getattr(row, link.to_one)
                if parent is not None:
                    yield list(getattr(parent, link.to_many))


@path(L)
def lazy_of_a_made_up_owner(ask: Asking) -> Iterator[Any]:
    """An object that was never read, whose foreign key names a hidden row."""
    for link in ask.links():
        for key in ask.some:
            with ask.session() as session, session.no_autoflush:
                pending = link.owner(**{link.column: key})
                session.enable_relationship_loading(pending)
                yield getattr(pending, link.to_one)
            with ask.session() as session:
                made = link.owner(Id=987_654)
                make_transient_to_detached(made)
                vars(made)[link.column] = key
                session.add(made)
                yield getattr(made, link.to_one)


@path(L, entities=LISTED)
def with_parent_condition(ask: Asking) -> Iterator[Any]:
    for link in ask.lists():
        with ask.session() as session:
            for parent in session.scalars(select(link.target).limit(10)).all():
                yield session.scalars(
                    select(link.owner).where(with_parent(parent, getattr(link.target, link.to_many)))
                ).all()


@path(L, finds=False)
def children_of_a_made_up_parent(ask: Asking) -> Iterator[Any]:
    """A hidden row's own children, through an object that claims to be it: nothing of the hidden row itself."""
    for link in ask.links():
        for key in ask.some:
            with ask.session() as session:
                made = ask.entity(Id=key)
                make_transient_to_detached(made)
                session.add(made)
                for child in list(getattr(made, link.to_many))[:3]:
                    session.expire(child)
                    session.expunge(made)
                    yield words(lambda child=child, link=link: getattr(child, link.to_one))
                    break


@path(L)
def after_expiry(ask: Asking) -> Iterator[Any]:
    for link in ask.links():
        with ask.session() as session:
            query = select(link.owner).where(getattr(link.owner, link.column).in_(ask.hidden)).limit(5)
            rows = session.scalars(query).all()
            session.expire_all()
            yield [getattr(row, link.to_one) for row in rows]
            session.commit()
            yield [getattr(row, link.to_one) for row in rows]
            for row in rows:
                session.refresh(row, [link.to_one])
            yield [getattr(row, link.to_one) for row in rows]
            yield list(session.identity_map.values())
