"""Paths of SELECT within SELECT: subqueries, CTEs, unions, counts, aggregates and windows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    String,
    case,
    cast,
    except_,
    exists,
    func,
    intersect,
    literal,
    select,
    tuple_,
    union,
    union_all,
)
from sqlalchemy.orm import aliased

from tests.leaks.matrix import Asking, Exactly, Row, Saw, path, words

S = Row.SELECT


@path(S)
def scalar_subquery_column(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        for link in ask.links():
            owner = aliased(link.owner)
            inner = select(ask.name).where(getattr(owner, link.column) == ask.key).scalar_subquery()
            query = select(owner.Id, inner).where(getattr(owner, link.column).in_(ask.hidden)).limit(60)
            yield session.execute(query).all()


@path(S)
def bare_scalar_subquery(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        yield session.execute(select(select(func.max(ask.name)).scalar_subquery())).all()
        yield session.execute(select(select(func.min(ask.name)).scalar_subquery())).all()


@path(S)
def subquery_from(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        inner = select(ask.key.label("k"), ask.name.label("n")).subquery()
        rows = session.execute(select(inner.c.k, inner.c.n)).all()
        yield rows
        yield Saw(ask.entity, [row.k for row in rows])


@path(S)
def subquery_three_deep(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        inner = select(ask.name.label("n")).subquery()
        middle = select(inner.c.n).subquery()
        outer = select(middle.c.n).where(middle.c.n.in_(select(select(ask.name).subquery().c[0]))).subquery()
        yield session.execute(select(outer)).all()


@path(S)
def cte(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        inner = select(ask.name.label("n")).cte("hidden_ones")
        yield session.execute(select(inner.c.n)).all()


@path(S)
def cte_of_entities(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        inner = select(ask.entity).cte()
        yield session.scalars(select(aliased(ask.entity, inner))).all()


@path(S)
def cte_recursive(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        walk = select(ask.key.label("k"), ask.name.label("n")).where(ask.key.in_(ask.hidden)).cte(recursive=True)
        walk = walk.union(select(ask.key, ask.name).where(ask.key == walk.c.k))
        yield session.execute(select(walk.c.n)).all()


@path(S, finds=False)
def cte_named_as_the_table(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        inner = select(ask.name.label("n")).cte(ask.entity.__name__)
        yield words(lambda: session.execute(select(inner.c.n)).all())


@path(S)
def union_of_columns(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        yield session.execute(union(select(ask.name), select(ask.name).where(ask.key.in_(ask.hidden)))).all()


@path(S)
def union_with_a_visible_entity(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        for link in ask.links():
            plain = select(cast(link.owner.Id, String)).limit(1)  # type: ignore[attr-defined]
            both = union_all(select(plain.subquery().c[0]), select(ask.name))
            yield session.execute(both).all()


@path(S)
def union_of_entities(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        both = union_all(select(ask.entity), select(ask.entity))
        yield session.scalars(select(ask.entity).from_statement(both)).all()


@path(S)
def union_aliased(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        both = union(select(ask.entity), select(ask.entity)).subquery()
        yield session.scalars(select(aliased(ask.entity, both))).all()


@path(S)
def intersect_and_except(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        yield session.execute(intersect(select(ask.name), select(ask.name))).all()
        yield session.execute(except_(select(ask.name), select(ask.name).where(ask.key.in_(ask.visible)))).all()


@path(S, finds=False)
def exists_at_the_top(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        for key in ask.some:
            for there in (exists().where(ask.key == key), select(ask.key).where(ask.key == key).exists()):
                told = words(lambda there=there: session.scalar(select(there)))
                yield Exactly("returned True" in told, False)


@path(S, finds=False)
def case_on_existence(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        there = select(ask.key).where(ask.key.in_(ask.hidden)).exists()
        yield Exactly(session.scalar(select(case((there, literal("there")), else_=literal("not there")))), "not there")


@path(S, finds=False)
def counts(ask: Asking) -> Iterator[Any]:
    wanted = len(ask.visible)
    with ask.session() as session:
        yield Exactly(session.scalar(select(func.count()).select_from(ask.entity)), wanted)
        yield Exactly(session.scalar(select(func.count(ask.key))), wanted)
        yield Exactly(session.scalar(select(func.count(ask.key.distinct()))), wanted)
        yield Exactly(session.scalar(select(func.count()).select_from(select(ask.entity).subquery())), wanted)
        yield Exactly(session.scalar(select(select(func.count(ask.key)).scalar_subquery())), wanted)
        yield Exactly(session.query(ask.entity).count(), wanted)
        yield Exactly(session.scalar(select(func.count()).select_from(aliased(ask.entity))), wanted)
        yield Exactly(session.scalar(select(func.count(ask.key)).where(ask.key.in_(ask.hidden))), 0)


@path(S)
def aggregates(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        yield session.execute(select(func.max(ask.name), func.min(ask.name))).all()
        joined = func.group_concat if session.get_bind().dialect.name == "sqlite" else func.string_agg
        yield session.execute(select(joined(ask.name, ","))).all()


@path(S)
def grouped(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        yield session.execute(select(ask.name, func.count()).group_by(ask.name).having(func.count() > 0)).all()


@path(S, finds=False)
def grouped_by_link(ask: Asking) -> Iterator[Any]:
    """A group of a hidden target is empty."""
    with ask.session() as session:
        for link in ask.links():
            owner = aliased(link.owner)
            column = getattr(owner, link.column)
            query = select(column, func.count(ask.key)).outerjoin(ask.entity, column == ask.key).group_by(column)
            rows = session.execute(query.where(column.in_(ask.hidden))).all()
            yield Exactly([row for row in rows if row[1]], [])


@path(S)
def windows(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        rank = func.rank().over(order_by=ask.name)
        lead = func.lead(ask.name).over(order_by=ask.key)
        total = func.count().over()
        rows = session.execute(select(ask.name, rank, lead, total)).all()
        yield rows
        yield Exactly({row[3] for row in rows}, {len(ask.visible)} if ask.visible else set())


@path(S)
def tuples(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        pairs = select(ask.key, ask.name)
        yield session.execute(select(ask.name).where(tuple_(ask.key, ask.name).in_(pairs))).all()
