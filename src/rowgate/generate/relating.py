"""Relationships: each foreign key seen from both sides, link tables as many-to-many, and the names of all of them.

``Parent`` and ``ChildList`` where there is one key; the key's role before it where there are several; ``ParentX`` and
``SubXList`` where a table refers to itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy import ForeignKeyConstraint, Index, Table, UniqueConstraint

from rowgate.generate.classes import ClassPlan, LinkPlan, RelationshipPlan
from rowgate.generate.names import free_name, role_of
from rowgate.generate.table_keys import key_order, referred

__all__ = ["relate"]


def relate(classes: Sequence[ClassPlan], links: Iterable[LinkPlan]) -> None:
    """Give the classes their relationships.

    Args:
        classes: in the order of their names.
        links: the link tables between them.
    """
    by_table = {plan.table.fullname: plan for plan in classes}
    taken = {plan: {column.name for column in plan.columns} for plan in classes}
    between = Counter(
        frozenset((child.table.fullname, referred(each)[0])) for child in classes for each in child.foreign_keys
    )
    for child in classes:
        parents = Counter(referred(each)[0] for each in child.foreign_keys)
        for constraint in child.foreign_keys:
            parent = by_table[referred(constraint)[0]]
            # SQLAlchemy must be told which key it is also where one leads each way.
            named = between[frozenset((child.table.fullname, parent.table.fullname))] > 1
            several = parents[parent.table.fullname] > 1
            _pair(child, parent, constraint, taken, several=several, named=named)
    joined = list(links)
    pairs = Counter(frozenset(referred(each)[0] for each in link.table.foreign_key_constraints) for link in joined)
    for link in joined:
        ends = key_order(link.table)
        several = pairs[frozenset(referred(each)[0] for each in ends)] > 1
        _many(link, [by_table[referred(each)[0]] for each in ends], ends, several, taken)
    for plan in classes:
        # To-one first, in the order of their columns, then the lists.
        plan.relationships.sort(key=lambda each: (not each.forward, each.link is not None))
        _mark_overlaps(plan)


def _pair(
    child: ClassPlan,
    parent: ClassPlan,
    constraint: ForeignKeyConstraint,
    taken: dict[ClassPlan, set[str]],
    *,
    several: bool,
    named: bool,
) -> None:
    held = [column.name for column in constraint.columns]
    role = role_of(_telling(child, parent, constraint), parent.name, referred(constraint)[1])
    to_itself = child is parent
    lone = _is_unique(child.table, held)
    many = child.name if lone else f"{child.name}List"
    if to_itself:
        role = "" if role.casefold() == "parent" else role
        up = [f"{role}{parent.name}", f"{role}Parent"] if role else [f"Parent{parent.name}"]
        down = [f"{role}{many}"] if role else [f"Sub{many}"]
    elif several:
        up = [f"{role}{parent.name}", f"{role}Parent{parent.name}"]
        down = [f"{role}{many}", f"{role}Related{many}"]
    else:
        up = [parent.name, f"{role}{parent.name}", f"Parent{parent.name}"]
        down = [many, f"{role}{many}", f"Related{many}"]
    upwards = free_name(up, taken[child])
    taken[child].add(upwards)
    downwards = free_name(down, taken[parent])
    taken[parent].add(downwards)
    required = not any(column.nullable and not column.primary_key for column in constraint.columns)
    made = RelationshipPlan(
        name=upwards,
        source=child,
        target=parent,
        to_many=False,
        constraint=constraint,
        forward=True,
        back=downwards,
        required=required,
        named_keys=named,
    )
    back = RelationshipPlan(
        name=downwards,
        source=parent,
        target=child,
        to_many=not lone,
        constraint=constraint,
        forward=False,
        back=upwards,
        named_keys=named,
    )
    child.relationships.append(made)
    parent.relationships.append(back)


def _telling(child: ClassPlan, parent: ClassPlan, constraint: ForeignKeyConstraint) -> list[str]:
    """The columns of a foreign key that tell it from the others to the same parent."""
    held = [column.name for column in constraint.columns]
    others = [
        {column.name for column in each.columns}
        for each in child.foreign_keys
        if each is not constraint and referred(each)[0] == parent.table.fullname
    ]
    shared = set(held).intersection(*others) if others else set()
    # A tenant's column in a key to the same table refers to itself.
    refers = dict(zip(held, referred(constraint)[1], strict=True))
    own = {name for name in held if child is parent and refers[name] == name}
    return [name for name in held if name not in shared | own] or held


def _many(
    link: LinkPlan,
    ends: Sequence[ClassPlan],
    keys: Sequence[ForeignKeyConstraint],
    several: bool,
    taken: dict[ClassPlan, set[str]],
) -> None:
    made: list[RelationshipPlan] = []
    for near, far in ((0, 1), (1, 0)):
        source, target = ends[near], ends[far]
        role = role_of([column.name for column in keys[far].columns], target.name, referred(keys[far])[1])
        simple, by_role = f"{target.name}List", f"{role}{target.name}List"
        by_link = f"{link.name.removesuffix('Links')}{target.name}List"
        wanted = [by_role, by_link] if source is target else [by_link] if several else [simple, by_role, by_link]
        name = free_name(wanted, taken[source])
        taken[source].add(name)
        made.append(
            RelationshipPlan(
                name=name,
                source=source,
                target=target,
                to_many=True,
                constraint=keys[far],
                forward=False,
                named_keys=source is target,
                link=link,
                near=keys[near],
            )
        )
    made[0].back, made[1].back = made[1].name, made[0].name
    for each in made:
        each.source.relationships.append(each)


def _is_unique(table: Table, held: Sequence[str]) -> bool:
    """Whether a child is at most one: its foreign key is unique."""
    sets = [{column.name for column in table.primary_key.columns}]
    sets += [
        {column.name for column in each.columns} for each in table.constraints if isinstance(each, UniqueConstraint)
    ]
    sets += [{column.name for column in each.columns} for each in table.indexes if _is_whole(each)]
    return any(each and each <= set(held) for each in sets)


def _is_whole(index: Index) -> bool:
    partial = any(index.dialect_kwargs.get(f"{name}_where") is not None for name in ("postgresql", "sqlite"))
    return bool(index.unique) and not partial and len(index.columns) == len(index.expressions)


def _mark_overlaps(plan: ClassPlan) -> None:
    """Say which relationships write the same columns: SQLAlchemy warns of each pair that does not say so."""
    keys = {each: {column.name for column in each.columns} for each in plan.foreign_keys}
    for constraint, held in keys.items():
        others = [each for each, names in keys.items() if each is not constraint and names & held]
        if not others:
            continue
        # A relationship is written by both sides of a key.
        writers = {name for other in others for name in _both(plan, other)}
        for each in _sides(plan, constraint):
            each.overlaps = tuple(sorted(writers))


def _sides(plan: ClassPlan, constraint: ForeignKeyConstraint) -> list[RelationshipPlan]:
    up = next(each for each in plan.relationships if each.constraint is constraint and each.forward)
    down = next(each for each in up.target.relationships if each.constraint is constraint and not each.forward)
    return [up, down]


def _both(plan: ClassPlan, constraint: ForeignKeyConstraint) -> list[str]:
    return [each.name for each in _sides(plan, constraint)]
