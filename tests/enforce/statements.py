"""Statements of every sort that SQLAlchemy can make of the inspected models; each gives what a client gets of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import (
    Integer,
    and_,
    any_,
    bindparam,
    case,
    column,
    distinct,
    except_,
    exists,
    false,
    func,
    intersect,
    lateral,
    literal,
    select,
    true,
    tuple_,
    union,
    union_all,
    values,
)
from sqlalchemy.orm import (
    Bundle,
    Session,
    aliased,
    contains_eager,
    defaultload,
    immediateload,
    join,
    joinedload,
    lazyload,
    load_only,
    make_transient_to_detached,
    outerjoin,
    selectin_polymorphic,
    selectinload,
    subqueryload,
    undefer,
    with_polymorphic,
)

from tests.enforce.inspected_models import Item, Part, Shop, Tag, item_tag

Statement = Callable[[Session], Any]


def everything() -> Iterator[tuple[str, Statement]]:
    """Name and statement."""
    yield from _plain()
    yield from _joins()
    yield from _loads()
    yield from _subqueries()
    yield from _session()
    yield from _query()


def on_postgresql() -> Iterator[tuple[str, Statement]]:
    """What only PostgreSQL can do."""
    latest = select(Item.name).where(Item.shop_id == Shop.id).order_by(Item.price).limit(1).lateral()
    entity = aliased(Item, lateral(select(Item).where(Item.shop_id == Shop.id).limit(1)))
    yield "lateral", lambda s: s.execute(select(Shop.name, latest.c.name).join(latest, true())).all()
    yield "outer lateral", lambda s: s.execute(select(Shop.name, latest.c.name).outerjoin(latest, true())).all()
    yield "lateral entity", lambda s: s.execute(select(Shop.name, entity.name).join(entity, true())).all()
    yield (
        "values",
        lambda s: s.execute(
            select(Item.name).join(v := values(column("n", Integer), name="v").data([(20,), (10,)]), v.c.n == Item.id)
        ).all(),
    )
    yield "distinct on", lambda s: s.execute(select(Item.name).distinct(Item.shop_id).order_by(Item.shop_id)).all()
    yield "any_", lambda s: s.scalars(select(Item.name).where(Item.id == any_(select(Item.id).scalar_subquery()))).all()
    yield "array", lambda s: s.scalar(select(func.array(select(Item.name).scalar_subquery())))
    yield "array_agg", lambda s: s.execute(select(func.array_agg(Item.name))).all()
    yield "for update skip locked", lambda s: s.scalars(select(Shop).with_for_update(skip_locked=True, of=Shop)).all()
    yield "filter", lambda s: s.execute(select(func.count(Item.id).filter(Item.price > 1))).all()
    yield "within group", lambda s: s.execute(select(func.percentile_disc(0.5).within_group(Item.name))).all()
    yield (
        "grouping sets",
        lambda s: s.execute(
            select(func.min(Item.name)).group_by(func.grouping_sets(tuple_(Item.kind), tuple_()))
        ).all(),
    )


def _plain() -> Iterator[tuple[str, Statement]]:
    a = aliased(Item)
    flat = aliased(Item, flat=True)
    yield "entities", lambda s: s.scalars(select(Item)).all()
    yield "two entities", lambda s: s.execute(select(Shop, Item).where(Item.shop_id == Shop.id)).all()
    yield "cartesian", lambda s: s.execute(select(Shop.name, Tag.name, true()).where(Shop.id > Tag.id)).all()
    yield "columns", lambda s: s.execute(select(Item.name, Item.facts)).all()
    yield "table columns", lambda s: s.execute(select(Item, Item.__table__.c.name)).all()
    yield "star", lambda s: s.execute(select(Item.__table__.c).select_from(Item)).all()
    yield "bundle", lambda s: s.execute(select(Bundle("b", Item.name, Item.price))).all()
    yield "alias", lambda s: s.scalars(select(a)).all()
    yield "alias named as the table", lambda s: s.scalars(select(aliased(Item, name="item"))).all()
    yield "alias named as another", lambda s: s.execute(select(aliased(Tag, name="shop").name, Item.name)).all()
    yield "flat alias", lambda s: s.scalars(select(flat.name)).all()
    yield "where in another table", lambda s: s.execute(select(Tag.name).where(Item.id == Tag.id)).all()
    yield "order by another table", lambda s: s.execute(select(Shop.name).join(Shop.items).order_by(Item.name)).all()
    yield "aggregate", lambda s: s.execute(select(func.max(Item.name), func.count())).all()
    yield "distinct", lambda s: s.execute(select(func.count(distinct(Item.name)))).all()
    yield (
        "group having",
        lambda s: s.execute(
            select(Item.shop_id, func.min(Item.name)).group_by(Item.shop_id).having(func.count() > 0)
        ).all(),
    )
    yield (
        "window",
        lambda s: s.execute(
            select(Item.name, func.lag(Item.name).over(partition_by=Item.kind, order_by=Item.id))
        ).all(),
    )
    yield "case", lambda s: s.execute(select(case((Item.price > 1, Item.name), else_="x"))).all()
    yield "limit offset", lambda s: s.scalars(select(Item).order_by(Item.id).limit(2).offset(1)).all()
    yield "for update", lambda s: s.scalars(select(Item).with_for_update()).all()
    yield "with_only_columns", lambda s: s.execute(select(Item).with_only_columns(Item.name)).all()
    yield "with_only_columns of another", lambda s: s.execute(select(Item).with_only_columns(Shop.name)).all()
    yield "single inheritance", lambda s: s.scalars(select(Part)).all()
    yield "with_polymorphic", lambda s: s.scalars(select(with_polymorphic(Item, [Part]))).all()
    yield "with_polymorphic aliased", lambda s: s.scalars(select(with_polymorphic(Item, "*", aliased=True))).all()
    yield "selectin_polymorphic", lambda s: s.scalars(select(Item).options(selectin_polymorphic(Item, [Part]))).all()
    yield "column_property", lambda s: s.execute(select(Shop.name, Shop.item_count)).all()
    yield "deferred column_property", lambda s: [shop.names for shop in s.scalars(select(Shop))]
    yield "undeferred column_property", lambda s: s.execute(select(Shop).options(undefer(Shop.names))).all()
    yield "hybrid", lambda s: s.execute(select(Shop.dearest).where(Shop.dearest > 0)).all()
    yield "undefer", lambda s: s.scalars(select(Item).options(undefer(Item.note))).all()
    yield "deferred", lambda s: [item.note for item in s.scalars(select(Item))]
    yield "load_only", lambda s: [item.price for item in s.scalars(select(Item).options(load_only(Item.name)))]
    yield "literal union", lambda s: s.execute(union_all(select(Item.name), select(literal("x")))).all()
    yield (
        "expanding in",
        lambda s: s.execute(
            select(Item.name).where(Item.id.in_(bindparam("ids", expanding=True))), {"ids": [10, 20]}
        ).all(),
    )
    yield "json index", lambda s: s.execute(select(Item.facts[0].as_integer()).where(Item.name != "")).all()
    yield "false", lambda s: s.scalars(select(Item).where(false())).all()


def _joins() -> Iterator[tuple[str, Statement]]:
    parent, item = aliased(Shop), aliased(Item)
    yield "join", lambda s: s.execute(select(Shop.name, Item.name).join(Shop.items)).all()
    yield "outer join", lambda s: s.execute(select(Item.name, Shop.name).outerjoin(Item.shop)).all()
    yield "full join", lambda s: s.execute(select(Item.name, Shop.name).join(Shop, true(), full=True)).all()
    yield "join on", lambda s: s.execute(select(Tag.name).join(Item, Item.id == Tag.id)).all()
    yield "join many to many", lambda s: s.execute(select(Item.name, Tag.name).join(Item.tags)).all()
    yield "outer join many to many", lambda s: s.execute(select(Item.name, Tag.name).outerjoin(Item.tags)).all()
    yield "join secondary", lambda s: s.execute(select(Item.name, item_tag.c.tag_id).join(item_tag)).all()
    yield "secondary alone", lambda s: s.execute(select(item_tag, Item.id).where(Item.id == item_tag.c.item_id)).all()
    yield "self join", lambda s: s.execute(select(Shop.name, parent.name).join(Shop.parent.of_type(parent))).all()
    yield (
        "join two levels",
        lambda s: s.execute(select(parent.name).select_from(Item).join(Item.shop).join(parent, Shop.parent)).all(),
    )
    yield "select_from join()", lambda s: s.execute(select(Item.name).select_from(join(Shop, Item))).all()
    yield (
        "select_from nested",
        lambda s: s.execute(
            select(Tag.name, Shop.name).select_from(outerjoin(Shop, join(Item, item_tag).join(Tag)))
        ).all(),
    )
    yield "join and_", lambda s: s.execute(select(Shop.name).join(Shop.items.and_(Item.price > 0))).all()
    yield "join of_type", lambda s: s.execute(select(Shop.name, item.name).join(Shop.items.of_type(item))).all()
    yield "join single inheritance", lambda s: s.execute(select(Shop.name).join(Shop.items.of_type(Part))).all()


def _loads() -> Iterator[tuple[str, Statement]]:
    other = aliased(Shop)
    for load in (lazyload, joinedload, selectinload, subqueryload, immediateload):
        name = load.__name__
        yield f"{name} to one", lambda s, load=load: [i.shop for i in s.scalars(select(Item).options(load(Item.shop)))]
        yield (
            f"{name} to many",
            lambda s, load=load: [
                x for shop in s.scalars(select(Shop).options(load(Shop.items))).unique() for x in shop.items
            ],
        )
        yield (
            f"{name} many to many",
            lambda s, load=load: [
                x for item in s.scalars(select(Item).options(load(Item.tags))).unique() for x in item.tags
            ],
        )
        yield (
            f"{name} two levels",
            lambda s, load=load: [
                tag
                for shop in s.scalars(select(Shop).options(load(Shop.items).options(load(Item.tags)))).unique()
                for item in shop.items
                for tag in item.tags
            ],
        )
        yield (
            f"{name} self",
            lambda s, load=load: [
                (shop.parent, shop.branches)
                for shop in s.scalars(select(Shop).options(load(Shop.parent), load(Shop.branches))).unique()
            ],
        )
        yield (
            f"{name} with limit",
            lambda s, load=load: [
                shop.items for shop in s.scalars(select(Shop).options(load(Shop.items)).limit(5)).unique()
            ],
        )
    yield (
        "joinedload inner",
        lambda s: [item.shop for item in s.scalars(select(Item).options(joinedload(Item.shop, innerjoin=True)))],
    )
    yield (
        "load criteria",
        lambda s: [
            shop.items for shop in s.scalars(select(Shop).options(selectinload(Shop.items.and_(Item.price > 0))))
        ],
    )
    yield (
        "contains_eager",
        lambda s: [
            item.shop for item in s.scalars(select(Item).outerjoin(Item.shop).options(contains_eager(Item.shop)))
        ],
    )
    yield (
        "contains_eager alias",
        lambda s: [
            item.shop
            for item in s.scalars(
                select(Item).join(Item.shop.of_type(other)).options(contains_eager(Item.shop.of_type(other)))
            )
        ],
    )
    yield (
        "defaultload",
        lambda s: [
            i.note
            for shop in s.scalars(select(Shop).options(defaultload(Shop.items).undefer(Item.note)))
            for i in shop.items
        ],
    )
    yield (
        "populate_existing",
        lambda s: s.scalars(
            select(Item).options(selectinload(Item.shop)).execution_options(populate_existing=True)
        ).all(),
    )
    yield "write only", lambda s: [i for shop in s.scalars(select(Shop)) for i in s.scalars(shop.catalogue.select())]
    yield "yield_per", lambda s: list(s.scalars(select(Item).execution_options(yield_per=2)))
    yield "partitions", lambda s: [list(part) for part in s.scalars(select(Item)).yield_per(3).partitions()]


def _subqueries() -> Iterator[tuple[str, Statement]]:
    inner = select(Item).where(Item.price > 0).subquery()
    over = aliased(Item, inner)
    cte = select(Item.id, Item.name).cte("i")
    tree = (
        select(Shop.id, Shop.name, literal(0).label("depth"))
        .where(Shop.parent_id.is_not(None))
        .cte("tree", recursive=True)
    )
    up = tree.union_all(
        select(Shop.id, Shop.name, tree.c.depth + 1).where(and_(Shop.parent_id == tree.c.id, tree.c.depth < 3))
    )
    shadow = select(Shop.id, Shop.name).cte("item")
    count = select(func.count(Item.id)).where(Item.shop_id == Shop.id).correlate(Shop).scalar_subquery()
    yield "subquery", lambda s: s.execute(select(inner)).all()
    yield "entity over subquery", lambda s: s.scalars(select(over)).all()
    yield (
        "join to subquery",
        lambda s: s.execute(select(Shop.name, inner.c.name).join(inner, inner.c.shop_id == Shop.id)).all(),
    )
    yield "subquery of subquery", lambda s: s.execute(select(select(inner.c.name).subquery())).all()
    yield "cte", lambda s: s.execute(select(cte)).all()
    yield "cte twice", lambda s: s.execute(select(cte.c.name, cte.alias().c.name)).all()
    yield "cte of cte", lambda s: s.execute(select(select(cte.c.name).cte())).all()
    yield "cte entity", lambda s: s.scalars(select(aliased(Item, select(Item).cte()))).all()
    yield "cte named as a table", lambda s: s.execute(select(shadow.c.name)).all()
    yield "cte nesting", lambda s: s.execute(select(select(Item.name).cte("x", nesting=True))).all()
    yield "cte added", lambda s: s.execute(select(Shop.name).add_cte(cte)).all()
    yield "recursive cte", lambda s: s.execute(select(up)).all()
    yield "scalar subquery", lambda s: s.execute(select(Shop.name, count)).all()
    yield "scalar subquery in order", lambda s: s.execute(select(Shop.name).order_by(count)).all()
    yield (
        "scalar subquery in group",
        lambda s: s.execute(select(func.count(Shop.id)).group_by(Shop.id).having(count > 0)).all(),
    )
    yield "uncorrelated scalar", lambda s: s.execute(select(select(func.max(Item.name)).scalar_subquery())).all()
    yield (
        "scalar subquery in limit",
        lambda s: s.execute(select(Tag.name).limit(select(func.count(Item.id)).scalar_subquery())).all(),
    )
    yield (
        "function of a subquery",
        lambda s: s.execute(select(func.coalesce(select(func.max(Item.name)).scalar_subquery(), "x"))).all(),
    )
    yield (
        "case of a subquery",
        lambda s: s.execute(select(case((exists().where(Item.id == Shop.id), Shop.name), else_="x"))).all(),
    )
    yield "in_", lambda s: s.execute(select(Shop.name).where(Shop.id.in_(select(Item.shop_id)))).all()
    yield (
        "tuple in_",
        lambda s: s.execute(select(Item.name).where(tuple_(Item.id, Item.kind).in_(select(Item.id, Item.kind)))).all(),
    )
    yield "not in", lambda s: s.execute(select(Tag.name).where(Tag.id.not_in(select(Item.id)))).all()
    yield "exists", lambda s: s.execute(select(Shop.name).where(exists().where(Item.shop_id == Shop.id))).all()
    yield (
        "exists select",
        lambda s: s.execute(select(Shop.name).where(select(Item).where(Item.shop_id == Shop.id).exists())).all(),
    )
    yield "exists alone", lambda s: s.scalar(select(exists(select(Item.id)).select_from(Shop)))
    yield "any", lambda s: s.execute(select(Shop.name).where(Shop.items.any(Item.price > 0))).all()
    yield "any many to many", lambda s: s.execute(select(Item.name).where(Item.tags.any(Tag.name != ""))).all()
    yield "not any", lambda s: s.execute(select(Item.name).where(~Item.tags.any())).all()
    yield "has", lambda s: s.execute(select(Item.name).where(Item.shop.has(Shop.name != ""))).all()
    yield (
        "has any",
        lambda s: s.execute(select(Item.name).where(Item.shop.has(Shop.parent.has(Shop.items.any())))).all(),
    )
    yield (
        "contains",
        lambda s: [s.execute(select(Item.name).where(Item.tags.contains(tag))).all() for tag in s.scalars(select(Tag))],
    )
    yield "union", lambda s: s.execute(union(select(Item.name), select(Shop.name))).all()
    yield (
        "union subquery",
        lambda s: s.execute(select(union_all(select(Item.name), select(Shop.name)).subquery())).all(),
    )
    yield (
        "union entity",
        lambda s: s.scalars(select(aliased(Item, union_all(select(Item), select(Item)).subquery()))).all(),
    )
    yield "except", lambda s: s.execute(except_(select(Item.id), select(Tag.id))).all()
    yield "intersect", lambda s: s.execute(intersect(select(Item.id), select(Tag.id))).all()
    yield "from_statement", lambda s: s.scalars(select(Item).from_statement(select(Item).order_by(Item.id))).all()
    yield "from_statement of columns", lambda s: s.scalars(select(Item).from_statement(select(*Item.__table__.c))).all()
    yield (
        "from_statement union",
        lambda s: s.scalars(select(Item).from_statement(union_all(select(Item), select(Item)))).all(),
    )
    yield "from_statement core", lambda s: s.scalars(select(Item).from_statement(Item.__table__.select())).all()
    yield (
        "core subquery",
        lambda s: s.execute(select(Shop.name).where(Shop.id.in_(select(Item.__table__.c.shop_id)))).all(),
    )
    yield "core alias", lambda s: s.execute(select(Shop.name, Item.__table__.alias().c.name).where(Shop.id > 0)).all()


def _session() -> Iterator[tuple[str, Statement]]:
    def merged(s: Session) -> Any:
        return [s.merge(Item(id=20), load=True).price]

    def refreshed(s: Session) -> Any:
        items = s.scalars(select(Item)).all()
        for item in items:
            s.refresh(item, ["name", "shop", "tags"], with_for_update=True)
        return [(item.shop, item.tags) for item in items]

    def expired(s: Session) -> Any:
        items = s.scalars(select(Item)).all()
        s.expire_all()
        return [(item.name, item.tags) for item in items]

    def detached(s: Session) -> Any:
        found = []
        for key in (10, 20):
            item = Item(id=key, shop_id=11)
            make_transient_to_detached(item)
            s.add(item)
            found.append((item.shop, item.tags))
        return found

    yield "get", lambda s: [s.get(Item, key) for key in (10, 20)]
    yield "get for update", lambda s: [s.get(Item, key, with_for_update=True) for key in (10, 20)]
    yield "get with load", lambda s: [s.get(Shop, key, options=[joinedload(Shop.items)]) for key in (11, 21)]
    yield "get subclass", lambda s: [s.get(Part, key) for key in (11, 21)]
    yield "merge", merged
    yield "refresh", refreshed
    yield "expire", expired
    yield "detached", detached


def _query() -> Iterator[tuple[str, Statement]]:
    yield "query", lambda s: s.query(Item).all()
    yield "query count", lambda s: s.query(Item).count()
    yield "query exists", lambda s: s.query(s.query(Item).exists()).select_from(Shop).all()
    yield "query join", lambda s: s.query(Shop.name, Item.name).join(Item).all()
    yield "query union", lambda s: s.query(Item.name).union(s.query(Item.name)).all()
    yield "query select_from subquery", lambda s: s.query(s.query(Item).subquery()).all()
    yield "query with_entities", lambda s: s.query(Item).with_entities(Shop.name).all()
    yield "query for update", lambda s: s.query(Item).with_for_update().all()
    yield "query enable_eagerloads", lambda s: s.query(Item).enable_eagerloads(False).all()
