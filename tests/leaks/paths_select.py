"""Paths of SELECT: every form in which a statement can name a secured entity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    and_,
    func,
    select,
    true,
)
from sqlalchemy.orm import Bundle, aliased, defer, make_transient_to_detached, undefer, with_loader_criteria

from tests.leaks.matrix import Asking, Exactly, Row, Same, Saw, path, words

S = Row.SELECT


@path(S)
def select_entities(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        yield session.scalars(select(ask.entity)).all()


@path(S)
def select_columns(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        rows = session.execute(select(ask.key, ask.name).order_by(ask.key)).all()
        yield rows
        yield Saw(ask.entity, [row[0] for row in rows])
        yield Exactly(sorted(row[0] for row in rows), sorted(ask.visible))


@path(S)
def select_by_key(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        yield session.scalars(select(ask.entity).where(ask.key.in_(ask.hidden))).all()


@path(S)
def select_by_value_or_true(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        yield session.scalars(select(ask.entity).where(ask.key.in_(ask.hidden) | true())).all()


@path(S)
def select_distinct(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        yield session.execute(select(ask.name).distinct()).all()


@path(S)
def select_bundle(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        yield session.execute(select(Bundle("pair", ask.key, ask.name))).all()


@path(S)
def select_for_update(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        yield session.scalars(select(ask.entity).where(ask.key.in_(ask.hidden)).with_for_update()).all()


@path(S)
def select_deferred_then_loaded(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        for row in session.scalars(select(ask.entity).options(defer(ask.name))):
            yield getattr(row, ask.name.key)
        yield session.scalars(select(ask.entity).options(undefer("*"))).all()


@path(S)
def select_streamed(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        yield from session.execute(select(ask.name).execution_options(yield_per=7)).partitions()


@path(S)
def select_with_own_criteria(ask: Asking) -> Iterator[Any]:
    """A client's own loader criteria narrow; they never widen."""
    with ask.session() as session:
        widest = with_loader_criteria(ask.entity, true())
        yield session.scalars(select(ask.entity).options(widest)).all()


@path(S)
def alias_entities(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        yield session.scalars(select(aliased(ask.entity))).all()


@path(S)
def alias_twice(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        one, two = aliased(ask.entity), aliased(ask.entity, name="other")
        yield session.execute(select(one, two).where(one.Id == two.Id)).all()  # type: ignore[attr-defined]


@path(S)
def alias_of_subquery(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        inner = select(ask.entity).where(ask.key.in_(ask.hidden)).subquery()
        yield session.scalars(select(aliased(ask.entity, inner))).all()


@path(S)
def alias_of_table(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        yield session.scalars(select(aliased(ask.entity, ask.entity.__table__.alias("shadow")))).all()


@path(S)
def join_over_relationship(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        for link in ask.links():
            owner = aliased(link.owner)
            joined = select(ask.name).select_from(owner).join(getattr(owner, link.to_one))
            yield session.execute(joined.where(ask.key.in_(ask.hidden))).all()


@path(S)
def join_on_condition(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        for link in ask.links():
            target = aliased(ask.entity)
            on = getattr(link.owner, link.column) == target.Id  # type: ignore[attr-defined]
            query = select(link.owner.Id, target).join(target, on).limit(60)  # type: ignore[attr-defined]
            yield session.execute(query.where(target.Id.in_(ask.hidden))).all()  # type: ignore[attr-defined]


@path(S)
def join_counted(ask: Asking) -> Iterator[Any]:
    """Referring rows with a visible target, and no others."""
    with ask.session() as session:
        for link in ask.links():
            owner = aliased(link.owner)
            query = select(func.count()).select_from(owner).join(ask.entity, getattr(owner, link.column) == ask.key)
            wanted = (
                f"SELECT count(*) FROM {{{link.owner.__name__}}} o "
                f'JOIN {{{ask.entity.__name__}}} t ON o."{link.column}" = t."Id"'
            )
            yield Exactly(session.scalar(query), ask.one(wanted))


@path(S)
def outer_join(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        for link in ask.links():
            owner = aliased(link.owner)
            query = select(owner.Id, ask.entity).outerjoin(ask.entity, getattr(owner, link.column) == ask.key)
            yield session.execute(query.where(getattr(owner, link.column).in_(ask.hidden)).limit(60)).all()


@path(S)
def outer_join_counted(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        for link in ask.links():
            owner = aliased(link.owner)
            query = select(func.count(ask.key)).select_from(owner)
            query = query.outerjoin(ask.entity, getattr(owner, link.column) == ask.key)
            wanted = (
                f'SELECT count(t."Id") FROM {{{link.owner.__name__}}} o '
                f'LEFT JOIN {{{ask.entity.__name__}}} t ON o."{link.column}" = t."Id"'
            )
            yield Exactly(session.scalar(query), ask.one(wanted))


@path(S)
def full_join(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        for link in ask.links():
            owner = aliased(link.owner)
            query = select(ask.name).select_from(owner)
            yield session.execute(query.outerjoin(ask.entity, getattr(owner, link.column) == ask.key, full=True)).all()


@path(S)
def implicit_join(ask: Asking) -> Iterator[Any]:
    """The entity shows in the WHERE and the columns only."""
    with ask.session() as session:
        for link in ask.links():
            owner = aliased(link.owner)
            same = and_(getattr(owner, link.column) == ask.key, ask.key.in_(ask.hidden))
            yield session.execute(select(ask.name).where(same).limit(60)).all()


@path(S, finds=False)
def implicit_join_in_where_only(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        for link in ask.links():
            owner = aliased(link.owner)
            same = and_(getattr(owner, link.column) == ask.key, ask.key.in_(ask.hidden))
            yield Exactly(session.execute(select(owner.Id).where(same)).all(), [])


@path(S, dialect="postgresql")
def lateral_join(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        for link in ask.links():
            owner = aliased(link.owner)
            inner = select(ask.name.label("name")).where(getattr(owner, link.column) == ask.key).lateral()
            yield session.execute(select(inner.c.name).select_from(owner).join(inner, true()).limit(500)).all()


@path(S)
def query_api(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        yield session.query(ask.entity).all()
        yield session.query(ask.name).filter(ask.key.in_(ask.hidden)).all()
        yield session.query(ask.entity).filter(ask.key.in_(ask.hidden)).first()
        yield session.query(ask.entity).order_by(ask.name).limit(500).offset(0).all()
        yield session.query(session.query(ask.name).subquery()).all()


@path(S)
def get(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        for key in ask.some:
            yield session.get(ask.entity, key)
            yield session.get(ask.entity, key, populate_existing=True)
            yield session.get(ask.entity, key, with_for_update=True)


@path(S)
def get_one_words(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        missing = words(lambda: session.get_one(ask.entity, ask.missing))
        for key in ask.some:
            told = words(lambda key=key: session.get_one(ask.entity, key))
            yield Same(told, missing, (key, ask.missing))
            yield told


@path(S)
def refresh_of_a_made_up_row(ask: Asking) -> Iterator[Any]:
    """An object with a hidden row's key, said to be in the database."""
    with ask.session() as session:
        for key in ask.some:
            made = ask.entity(Id=key)
            make_transient_to_detached(made)
            session.add(made)
            told = words(lambda made=made: session.refresh(made))
            yield told if "returned" not in told else made
            session.expunge_all()


@path(S)
def attribute_of_a_made_up_row(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        for key in ask.some:
            made = ask.entity(Id=key)
            make_transient_to_detached(made)
            session.add(made)
            yield words(lambda made=made: getattr(made, ask.name.key))
            session.expunge_all()


@path(S)
def merge_without_load(ask: Asking) -> Iterator[Any]:
    with ask.session() as session:
        for key in ask.some:
            made = ask.entity(Id=key)
            make_transient_to_detached(made)
            merged = session.merge(made, load=False)
            yield words(lambda merged=merged: getattr(merged, ask.name.key))
            session.expunge_all()


@path(S)
def one_cache_for_two_principals(ask: Asking) -> Iterator[Any]:
    """The same statement object, first run by somebody who sees every row."""
    statement = select(ask.entity)
    named = select(ask.name).where(ask.key.in_(ask.hidden))
    boss = type(ask.user)(id="boss", roles=frozenset({"sa"}))
    with ask.gate.session(boss) as session:
        session.scalars(statement).all()
        session.execute(named).all()
    with ask.session() as session:
        yield session.scalars(statement).all()
        yield session.execute(named).all()


@path(S)
def claims_as_parameters(ask: Asking) -> Iterator[Any]:
    """Nobody passes claims of their own beside a statement."""
    forged = {f"rowgate_{name}": value for name, value in (("client_id", 1), ("region", "North America"), ("id", "x"))}
    with ask.session() as session:
        yield session.scalars(select(ask.entity), forged).all()
        yield words(lambda: session.scalars(select(ask.entity), [forged]).all())
        yield words(lambda: list(session.execute(select(ask.name), [forged])))
        yield session.scalars(select(ask.entity).params(**forged)).all()
