"""A random world as SQLAlchemy models with their own registry, a database filled with its rows, and a gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, Column, Engine, ForeignKeyConstraint, Integer, String, Table, insert, select
from sqlalchemy.orm import DeclarativeBase, backref, relationship

from rowgate.enforce import Gate
from rowgate.policy import Policy
from tests.property import oracle as o
from tests.property.worlds import ROLES, User, World

TYPES: dict[type, type] = {int: Integer, str: String, bool: Boolean}


@dataclass
class Built:
    """A world that can be asked."""

    gate: Gate
    models: dict[str, Any]
    links: dict[str, Table]
    world: World
    base: type[DeclarativeBase]
    engine: Engine

    def rows(self) -> o.Tables:
        """Everything in the database, read without any policy."""
        found = o.Tables({}, {})
        with self.engine.connect() as connection:
            for name, model in self.models.items():
                entity = self.world.entities[name]
                found.rows[name] = {
                    tuple(row[column] for column in entity.key): dict(row)
                    for row in connection.execute(select(model.__table__)).mappings()
                }
            for link in self.world.links:
                width = len(self.world.entities[link.left].key)
                pairs = connection.execute(select(self.links[link.name]))
                found.pairs[link.name] = {(tuple(row[:width]), tuple(row[width:])) for row in pairs}
        return found


def build(world: World, engine: Engine) -> Built:
    """Make the models, the tables and the gate."""

    class Base(DeclarativeBase):
        pass

    links = {link.name: _link_table(Base, link, world) for link in world.links}
    models = {name: _model(Base, entity, world, links) for name, entity in world.entities.items()}
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        for name, model in models.items():
            for row in world.tables.rows[name].values():
                connection.execute(insert(model.__table__).values(row))
        for link in world.links:
            for left, right in world.tables.pairs[link.name]:
                values = dict(zip(links[link.name].c.keys(), (*left, *right), strict=True))
                connection.execute(insert(links[link.name]).values(values))
    gate = Gate(_policy(world.declared, models), engine, models=Base)
    return Built(gate, models, links, world, Base, engine)


def _link_table(base: type[DeclarativeBase], link: o.Link, world: World) -> Table:
    parts: list[Any] = []
    for side, target in (("left", link.left), ("right", link.right)):
        key = world.entities[target].key
        names = [f"{side}_{column}" for column in key]
        parts += [Column(name, Integer, primary_key=True) for name in names]
        parts.append(ForeignKeyConstraint(names, [f"{target}.{column}" for column in key], ondelete="CASCADE"))
    return Table(link.name, base.metadata, *parts)


def _model(base: type[DeclarativeBase], entity: o.Entity, world: World, links: dict[str, Table]) -> Any:
    columns = [Column(name, Integer, primary_key=True, autoincrement=False) for name in entity.key]
    columns += [Column(name, TYPES[kind]) for name, kind in entity.columns.items()]
    columns += [Column(name, Integer) for fk in entity.keys for name in fk.columns]
    keys = [
        ForeignKeyConstraint(
            fk.columns, [f"{fk.target}.{name}" for name in world.entities[fk.target].key], ondelete=fk.ondelete
        )
        for fk in entity.keys
    ]
    table = Table(entity.name, base.metadata, *columns, *keys)
    members: dict[str, Any] = {"__table__": table}
    for fk in entity.keys:
        locals_ = [table.c[name] for name in fk.columns]
        # Deletes are the database's: what it does to the referrers is what has to be checked.
        back = backref(f"{entity.name}_{fk.name}_list", passive_deletes="all") if fk.collection else None
        members[fk.name] = relationship(
            fk.target,
            foreign_keys=locals_,
            remote_side=f"[{', '.join(f'{fk.target}.{name}' for name in world.entities[fk.target].key)}]",
            backref=back,
        )
    for link in world.links:
        if link.left == entity.name:
            left = and_join(table, links[link.name], "left", entity.key)
            right_key = world.entities[link.right].key
            members[link.name] = relationship(
                link.right,
                secondary=links[link.name],
                primaryjoin=left,
                secondaryjoin=" & ".join(f"({link.right}.{name} == {link.name}.c.right_{name})" for name in right_key),
                passive_deletes=True,
            )
    return type(entity.name, (base,), members)


def and_join(table: Table, link: Table, side: str, key: tuple[str, ...]) -> Any:
    condition = table.c[key[0]] == link.c[f"{side}_{key[0]}"]
    for name in key[1:]:
        condition &= table.c[name] == link.c[f"{side}_{name}"]
    return condition


def _policy(declared: o.Declared, models: dict[str, Any]) -> Policy[User]:
    policy = Policy(User, superuser=declared.superuser, no_role=declared.no_role, roles=ROLES)
    for role, access in declared.permissions:
        policy.permission(role, access)
    for grant in declared.grants:
        policy.grant(
            models[grant.entity],
            grant.role,
            access=grant.access,
            where=grant.where.sql if grant.where else None,
            check=grant.check.sql if grant.check else None,
        )
    for asked in declared.filters:
        shape = type("Shape", (), {"__annotations__": dict.fromkeys(asked.shape, int)})
        policy.global_filter(shape, asked.where.sql, exempt=asked.exempt, only=asked.only)
    return policy
