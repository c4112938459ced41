"""Every way to read a random world, each with what the oracle says it must give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import func, select, true, tuple_, union_all
from sqlalchemy.orm import (
    aliased,
    contains_eager,
    joinedload,
    lazyload,
    selectinload,
    subqueryload,
)

from rowgate.enforce import SecureSession
from tests.property import oracle as o
from tests.property.models import Built

Keys = list[o.Key]
Read = Callable[[SecureSession], Any]
LOADERS = (lazyload, joinedload, selectinload, subqueryload)


class Reads:
    """The reads of one entity: pairs of a name, what to do, and what it must give."""

    def __init__(self, built: Built, oracle: o.Oracle, name: str, questions: dict[str, o.Condition]) -> None:
        self.built, self.oracle, self.questions = built, oracle, questions
        self.entity, self.model = built.world.entities[name], built.models[name]
        self.rows = oracle.visible(name)
        self.asked = {key for key, row in self.rows.items() if self.answers(name, row)}

    def answers(self, name: str, row: o.Row) -> bool:
        return self.questions[name].truth(row, self.oracle.user) is True

    def question(self, name: str, model: Any) -> Any:
        # A question with a claim in it asks for the value; the client knows its own.
        return self.questions[name].sql(model, self.oracle.user)

    def key(self, model: Any) -> list[Any]:
        entity = self.built.world.entities[model.__name__] if isinstance(model, type) else self.entity
        return [getattr(model, name) for name in entity.key]

    def key_of(self, row: Any) -> o.Key:
        return tuple(getattr(row, name) for name in self.entity.key)

    def all(self) -> Iterator[tuple[str, Read, Any]]:
        yield from self.plain()
        for fk in self.entity.keys:
            yield from self.to_one(fk)
        for child, fk in self.referring():
            yield from self.to_many(
                f"{child}_{fk.name}_list",
                child,
                {key: self.children(child, fk, key) for key in self.rows},
            )
        for link in self.built.world.links:
            if link.left == self.entity.name:
                rights = self.oracle.visible(link.right)
                pairs = self.oracle.tables.pairs[link.name]
                linked = {key: {right for left, right in pairs if left == key and right in rights} for key in self.rows}
                yield from self.to_many(link.name, link.right, linked)

    # --- the entity alone

    def plain(self) -> Iterator[tuple[str, Read, Any]]:
        model, keys, name = self.model, set(self.rows), self.entity.name
        columns = [getattr(model, column) for column in self.entity.all_columns]
        whole = {key: tuple(row[column] for column in self.entity.all_columns) for key, row in self.rows.items()}
        asked = self.question(name, model)
        alias = aliased(model)
        cte = select(*self.key(model)).cte()
        inner = select(model).where(asked).subquery()
        over = aliased(model, inner)

        def tuples(statement: Any) -> Read:
            return lambda session: {tuple(row) for row in session.execute(statement)}

        yield "entities", lambda session: {self.key_of(row) for row in session.scalars(select(model))}, keys
        yield "columns", lambda session: set(session.execute(select(*columns)).tuples()), set(whole.values())
        yield "filtered", tuples(select(*self.key(model)).where(asked)), self.asked
        yield "alias", tuples(select(*self.key(alias)).where(self.question(name, alias))), self.asked
        yield "cte", tuples(select(cte)), keys
        yield "subquery", tuples(select(*self.key(over))), self.asked
        yield "count", lambda session: session.scalar(select(func.count()).select_from(model)), len(keys)
        yield (
            "count of subquery",
            lambda session: session.scalar(select(func.count()).select_from(inner)),
            len(self.asked),
        )
        yield "query.count", lambda session: session.query(model).filter(asked).count(), len(self.asked)
        yield "union", tuples(union_all(select(*self.key(model)), select(*self.key(alias)))), keys
        yield (
            "in subquery",
            tuples(select(*self.key(model)).where(tuple_(*self.key(model)).in_(select(*self.key(over))))),
            self.asked,
        )
        yield "exists", lambda session: session.scalar(select(select(model).where(asked).exists())), bool(self.asked)
        yield (
            "window",
            lambda session: sorted(
                session.scalars(select(func.row_number().over(order_by=self.key(model))).select_from(model))
            ),
            [*range(1, len(keys) + 1)],
        )
        for key in self.oracle.tables.rows[name]:
            yield f"get {key}", lambda session, key=key: session.get(model, key) is not None, key in keys

    # --- to one

    def to_one(self, fk: o.ForeignKey) -> Iterator[tuple[str, Read, Any]]:
        attribute, target = getattr(self.model, fk.name), self.built.models[fk.target]
        targets = self.oracle.visible(fk.target)
        seen: dict[o.Key, o.Key | None] = {}
        for key, row in self.rows.items():
            target_key = tuple(row[column] for column in fk.columns)
            seen[key] = target_key if target_key in targets else None
        found = {key for key, target_key in seen.items() if target_key is not None}
        true_of = {key for key in found if self.answers(fk.target, targets[seen[key]])}
        alias = aliased(target)
        mine = self.key(self.model)

        def tuples(statement: Any) -> Read:
            return lambda session: {tuple(row) for row in session.execute(statement)}

        yield f"join {fk.name}", tuples(select(*mine).join(attribute.of_type(alias))), found
        yield (
            f"join alias {fk.name}",
            tuples(select(*mine).join(attribute.of_type(alias)).where(self.question(fk.target, alias))),
            true_of,
        )
        yield (
            f"outer join {fk.name}",
            tuples(select(*mine).outerjoin(attribute.of_type(alias)).where(self.key_in(alias, fk.target)[0].is_(None))),
            set(seen) - found,
        )
        yield f"has {fk.name}", tuples(select(*mine).where(attribute.has(self.question(fk.target, target)))), true_of
        yield f"has none {fk.name}", tuples(select(*mine).where(~attribute.has())), set(seen) - found
        yield (
            f"exists {fk.name}",
            tuples(select(*mine).where(select(true()).where(self.joined(fk, alias)).exists())),
            found,
        )
        yield (
            f"scalar {fk.name}",
            lambda session: sum(
                session.scalars(
                    select(
                        select(func.count())
                        .select_from(alias)
                        .where(self.joined(fk, alias))
                        .correlate(self.model)
                        .scalar_subquery()
                    ).select_from(self.model)
                )
            ),
            len(found),
        )
        for loader in LOADERS:
            yield f"{loader.__name__} {fk.name}", self.loads_one(attribute, fk, loader(attribute)), seen
        yield f"contains_eager {fk.name}", self.loads_one(attribute, fk, contains_eager(attribute), outer=True), seen

    def key_in(self, model: Any, name: str) -> list[Any]:
        return [getattr(model, column) for column in self.built.world.entities[name].key]

    def joined(self, fk: o.ForeignKey, target: Any) -> Any:
        condition = true()
        for column, other in zip(fk.columns, self.key_in(target, fk.target), strict=True):
            condition &= getattr(self.model, column) == other
        return condition

    def loads_one(self, attribute: Any, fk: o.ForeignKey, option: Any, *, outer: bool = False) -> Read:
        target_key = self.built.world.entities[fk.target].key
        same = fk.target == self.entity.name

        def read(session: SecureSession) -> dict[o.Key, o.Key | None]:
            query = select(self.model)
            if outer and not same:
                query = query.outerjoin(attribute).options(option)
            elif not outer:
                query = query.options(option)
            given: dict[o.Key, o.Key | None] = {}
            for row in session.scalars(query).unique():
                other = getattr(row, fk.name)
                given[self.key_of(row)] = None if other is None else tuple(getattr(other, part) for part in target_key)
            return given

        return read

    # --- to many

    def referring(self) -> Iterator[tuple[str, o.ForeignKey]]:
        for entity in self.built.world.entities.values():
            for fk in entity.keys:
                if fk.target == self.entity.name and fk.collection:
                    yield entity.name, fk

    def children(self, child: str, fk: o.ForeignKey, parent: o.Key) -> set[o.Key]:
        return {
            key
            for key, row in self.oracle.visible(child).items()
            if tuple(row[column] for column in fk.columns) == parent
        }

    def to_many(self, name: str, child: str, expected: dict[o.Key, set[o.Key]]) -> Iterator[tuple[str, Read, Any]]:
        attribute, model = getattr(self.model, name), self.built.models[child]
        rows = self.oracle.visible(child)
        some = {key for key, children in expected.items() if children}
        true_of = {key for key, children in expected.items() if any(self.answers(child, rows[c]) for c in children)}
        mine, alias = self.key(self.model), aliased(model)
        pairs = sum(len(children) for children in expected.values())

        def tuples(statement: Any) -> Read:
            return lambda session: {tuple(row) for row in session.execute(statement)}

        yield f"any {name}", tuples(select(*mine).where(attribute.any())), some
        yield f"any of {name}", tuples(select(*mine).where(attribute.any(self.question(child, model)))), true_of
        yield f"none {name}", tuples(select(*mine).where(~attribute.any())), set(expected) - some
        yield (
            f"join {name}",
            lambda session: session.scalar(select(func.count()).select_from(self.model).join(attribute.of_type(alias))),
            pairs,
        )
        for loader in LOADERS:
            yield f"{loader.__name__} {name}", self.loads_many(name, child, loader(attribute)), expected

    def loads_many(self, name: str, child: str, option: Any) -> Read:
        child_key = self.built.world.entities[child].key

        def read(session: SecureSession) -> dict[o.Key, set[o.Key]]:
            rows = session.scalars(select(self.model).options(option)).unique()
            return {
                self.key_of(row): {tuple(getattr(other, part) for part in child_key) for other in getattr(row, name)}
                for row in rows
            }

        return read
