"""Paths of probing: a hidden row's value guessed by a filter or an order over a visible row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased, make_transient_to_detached

from database import models as m
from tests.leaks.matrix import Asking, Exactly, Row, Saw, path
from tests.leaks.paths_load import LISTED

F = Row.FILTER


def _owners(ask: Asking, condition: Any, link: Any) -> list[Any]:
    with ask.session() as session:
        return list(session.scalars(select(link.owner.Id).where(condition).limit(5)))


@path(F, finds=False)
def has_by_value(ask: Asking) -> Iterator[Any]:
    for link in ask.links():
        relationship = getattr(link.owner, link.to_one)
        if link.owner is link.target:
            other = aliased(ask.entity)
            named = relationship.of_type(other).has(getattr(other, ask.name.key).in_(ask.names))
        else:
            named = relationship.has(ask.name.in_(ask.names))
        yield Exactly(_owners(ask, named, link), [])


@path(F, finds=False)
def has_by_key(ask: Asking) -> Iterator[Any]:
    for link in ask.links():
        for key in ask.some:
            yield Exactly(_owners(ask, getattr(link.owner, link.to_one).has(Id=key), link), [])


@path(F, finds=False)
def has_at_all(ask: Asking) -> Iterator[Any]:
    """Rows with a target: those whose target is hidden have none."""
    for link in ask.links():
        wanted = (
            f"SELECT count(*) FROM {{{link.owner.__name__}}} o "
            f'JOIN {{{ask.entity.__name__}}} t ON o."{link.column}" = t."Id"'
        )
        with ask.session() as session:
            query = select(func.count()).select_from(link.owner).where(getattr(link.owner, link.to_one).has())
            yield Exactly(session.scalar(query), ask.one(wanted))


@path(F, finds=False)
def has_not(ask: Asking) -> Iterator[Any]:
    """A negation must not tell a hidden target from none."""
    for link in ask.links():
        relationship = getattr(link.owner, link.to_one)
        column = getattr(link.owner, link.column)
        with ask.session() as session:
            query = select(func.count()).select_from(link.owner).where(column.in_(ask.hidden))
            yield Exactly(session.scalar(query.where(relationship.has())), 0)
            yield Exactly(session.scalar(query.where(~relationship.has())), session.scalar(query))


@path(F, entities=LISTED, finds=False)
def any_by_value(ask: Asking) -> Iterator[Any]:
    for link in ask.lists():
        relationship = getattr(link.target, link.to_many)
        other = aliased(ask.entity)
        named = relationship.of_type(other).any(getattr(other, ask.name.key).in_(ask.names))
        with ask.session() as session:
            yield Exactly(list(session.scalars(select(link.target.Id).where(named))), [])  # type: ignore[attr-defined]


@path(F, entities=LISTED, finds=False)
def any_at_all(ask: Asking) -> Iterator[Any]:
    for link in ask.lists():
        wanted = (
            f"SELECT count(*) FROM {{{link.target.__name__}}} t WHERE EXISTS "
            f'(SELECT 1 FROM {{{link.owner.__name__}}} o WHERE o."{link.column}" = t."Id")'
        )
        with ask.session() as session:
            query = select(func.count()).select_from(link.target)
            yield Exactly(session.scalar(query.where(getattr(link.target, link.to_many).any())), ask.one(wanted))


@path(F, finds=False)
def exists_by_value(ask: Asking) -> Iterator[Any]:
    for link in ask.links():
        owner = aliased(link.owner)
        column = getattr(owner, link.column)
        with ask.session() as session:
            for there in (
                exists().where(ask.key == column, ask.name.in_(ask.names)),
                select(ask.key).where(ask.key == column, ask.name.in_(ask.names)).exists(),
                column.in_(select(ask.key).where(ask.name.in_(ask.names))),
                column == select(func.max(ask.key)).where(ask.name.in_(ask.names)).scalar_subquery(),
            ):
                yield Exactly(list(session.scalars(select(owner.Id).where(there).limit(5))), [])


@path(F, finds=False)
def filter_over_outer_join(ask: Asking) -> Iterator[Any]:
    for link in ask.links():
        owner = aliased(link.owner)
        with ask.session() as session:
            query = select(owner.Id).outerjoin(ask.entity, getattr(owner, link.column) == ask.key)
            yield Exactly(list(session.scalars(query.where(ask.name.like("ZQ~%"), ask.key.in_(ask.hidden)))), [])


@path(F, finds=False)
def order_by_hidden_value(ask: Asking) -> Iterator[Any]:
    """Rows that refer to hidden ones sort as rows that refer to none: by the next key, here the id backwards."""
    for link in ask.links():
        owner = aliased(link.owner)
        column = getattr(owner, link.column)
        plain = select(owner.Id).where(column.in_(ask.hidden))
        with ask.session() as session:
            wanted = list(session.scalars(plain.order_by(owner.Id.desc()).limit(40)))
            joined = plain.outerjoin(ask.entity, column == ask.key)
            yield Exactly(list(session.scalars(joined.order_by(ask.name, owner.Id.desc()).limit(40))), wanted)
            inner = select(ask.name).where(ask.key == column).scalar_subquery()
            yield Exactly(list(session.scalars(plain.order_by(inner, owner.Id.desc()).limit(40))), wanted)


@path(F, finds=False)
def filter_on_own_hidden_rows(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        yield Saw(ask.entity, list(session.scalars(select(ask.key).where(ask.name.in_(ask.names)))))
        yield Exactly(session.scalar(select(func.count(ask.key)).where(ask.name.in_(ask.names))), 0)
        yield session.scalars(select(ask.entity).where(~ask.key.in_(ask.visible)).order_by(ask.name)).all()


@path(F, finds=False)
def compare_with_a_made_up_row(ask: Asking) -> Iterator[Any]:
    """Order.Customer == <an object with a hidden key>, whose other columns are loaded by nobody."""
    for link in ask.links():
        if link.owner is link.target:
            continue
        for key in ask.some[:1]:
            with ask.session() as session:
                made = ask.entity(Id=key)
                make_transient_to_detached(made)
                query = select(link.owner).where(getattr(link.owner, link.to_one) == made).limit(3)
                for row in session.scalars(query):
                    yield getattr(row, link.to_one)


@path(F, entities=(m.Customer,), finds=False)
def filter_two_levels_down(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        named = m.OrderDetail.Order.has(m.Order.Customer.has(m.Customer.CompanyName.in_(ask.names)))
        yield Exactly(list(session.scalars(select(m.OrderDetail.Id).where(named).limit(3))), [])
