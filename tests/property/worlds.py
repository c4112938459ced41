"""Random worlds for the property test: tables, rows, declarations, users, and what a user tries to write."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import strategies as st

from rowgate.types import Access, Principal
from tests.property import oracle as o

ROLES = ("root", "red", "green", "blue", "nobody")

# What entities may have, and global filters may ask for. Small domains, so that conditions hold now and then.
COLUMNS: dict[str, type] = {"tenant": int, "level": int, "label": str, "open": bool}
VALUES: dict[type, tuple[object, ...]] = {int: (0, 1, 2), str: ("a", "b"), bool: (False, True)}
CLAIMS: dict[str, type] = {"tenant": int, "level": int, "label": str}
SHAPES: tuple[tuple[str, ...], ...] = (("tenant",), ("level",), ("open",), ("tenant", "label"))


@dataclass(frozen=True, kw_only=True)
class User(Principal):
    """The principal of random worlds."""

    tenant: int | None = None
    level: int | None = None
    label: str | None = None


@dataclass(frozen=True)
class Write:
    """One thing a user tries; what its fields mean depends on ``kind``."""

    kind: str
    entity: str
    key: o.Key = ()
    values: tuple[tuple[str, Any], ...] = ()
    where: o.Condition | None = None
    relation: str = ""
    other: o.Key = ()
    detached: bool = False


@dataclass(frozen=True)
class Attempt:
    """A user and what it does, in order."""

    user: User
    question: tuple[tuple[str, o.Condition], ...]
    writes: tuple[Write, ...]


@dataclass
class World:
    """One example."""

    entities: dict[str, o.Entity]
    links: tuple[o.Link, ...]
    tables: o.Tables
    declared: o.Declared
    attempts: tuple[Attempt, ...]


@cache
def nullable(kind: type) -> st.SearchStrategy[Any]:
    return st.sampled_from((*VALUES[kind], *VALUES[kind], None))


# --- tables -----------------------------------------------------------------------------------------------------


@st.composite
def entities(draw: st.DrawFn) -> dict[str, o.Entity]:
    made: dict[str, o.Entity] = {}
    for number in range(draw(st.integers(3, 6))):
        name = f"E{number}"
        key = draw(st.sampled_from((("id",), ("id",), ("id",), ("area", "number"))))
        names = draw(st.lists(st.sampled_from(tuple(COLUMNS)), unique=True, min_size=1))
        keys = []
        for fk_number in range(draw(st.sampled_from((1, 2, 0)))):
            target = draw(st.sampled_from((*made, name)))
            target_key = key if target == name else made[target].key
            keys.append(
                o.ForeignKey(
                    name=f"to{fk_number}",
                    columns=tuple(f"to{fk_number}_{column}" for column in target_key),
                    target=target,
                    ondelete=draw(st.sampled_from((None, "CASCADE", "SET NULL"))),
                    collection=draw(st.booleans()),
                )
            )
        made[name] = o.Entity(name, key, {column: COLUMNS[column] for column in names}, tuple(keys))
    return made


@st.composite
def links(draw: st.DrawFn, of: dict[str, o.Entity]) -> tuple[o.Link, ...]:
    some = st.sampled_from(tuple(of))
    return tuple(o.Link(f"link{number}", draw(some), draw(some)) for number in range(draw(st.integers(0, 2))))


@st.composite
def rows(draw: st.DrawFn, of: dict[str, o.Entity], over: tuple[o.Link, ...]) -> o.Tables:
    tables = o.Tables({name: {} for name in of}, {link.name: set() for link in over})
    for entity in of.values():
        for number in range(draw(st.sampled_from((4, 3, 2, 0)))):
            key = (number + 1,) if len(entity.key) == 1 else (number % 2, number)
            row: o.Row = dict(zip(entity.key, key, strict=True))
            for column, kind in entity.columns.items():
                row[column] = draw(nullable(kind))
            for fk in entity.keys:
                row.update(draw(reference(fk, tables)))
            tables.rows[entity.name][key] = row
    for link in over:
        for left in tables.rows[link.left]:
            for right in tables.rows[link.right]:
                if draw(st.booleans()):
                    tables.pairs[link.name].add((left, right))
    return tables


def reference(fk: o.ForeignKey, tables: o.Tables) -> st.SearchStrategy[dict[str, Any]]:
    """A foreign key's columns: to some row there is, or to none."""
    return reference_among(fk.columns, tuple(tables.rows[fk.target]))


@cache
def reference_among(columns: tuple[str, ...], targets: tuple[o.Key, ...]) -> st.SearchStrategy[dict[str, Any]]:
    nothing = (None,) * len(columns)
    return st.sampled_from((*targets, *targets, nothing)).map(lambda key: dict(zip(columns, key, strict=True)))


# --- declarations -----------------------------------------------------------------------------------------------


@cache
def conditions(names: tuple[str, ...], *, claims: bool = True) -> st.SearchStrategy[o.Condition]:
    """Conditions on columns; those of a client's own statement have no claims."""
    leaves: list[st.SearchStrategy[o.Condition]] = []
    for name in names:
        kind = COLUMNS[name]
        signs = ("==", "!=", "<", ">=") if kind is int else ("==", "!=")
        leaves.append(st.builds(o.Compare, st.just(name), st.sampled_from(signs), st.sampled_from(VALUES[kind])))
        leaves.append(st.builds(o.IsNull, st.just(name)))
        leaves.append(st.builds(o.OneOf, st.just(name), st.sampled_from((VALUES[kind][1:], VALUES[kind]))))
        if kind is bool:
            leaves.append(st.builds(o.Flag, st.just(name)))
        fitting = [claim for claim, of in CLAIMS.items() if of is kind]
        if fitting and claims:
            leaves.append(
                st.builds(o.CompareClaim, st.just(name), st.sampled_from(signs), st.sampled_from(fitting)),
            )
    leaf = st.one_of(leaves)
    return st.one_of(
        leaf,
        leaf,
        st.builds(o.Not, leaf),
        st.builds(o.Both, leaf, leaf),
        st.builds(o.Either, leaf, leaf),
        st.builds(o.Not, st.builds(o.Either, leaf, leaf)),
    )


@cache
def some_roles(most: int) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(ROLES[1:]), max_size=most)


ACCESSES = st.one_of(
    st.just(Access.ALL),
    st.just(Access.ALL),
    st.just(Access.READ),
    st.sets(st.sampled_from(list(Access))).map(lambda verbs: sum_of(verbs)),
)


def sum_of(verbs: set[Access]) -> Access:
    total = Access.NONE
    for verb in verbs:
        total |= verb
    return total


@st.composite
def declarations(draw: st.DrawFn, of: dict[str, o.Entity]) -> o.Declared:
    # Most worlds give the main role everything, so that rows, not verbs, are what decides.
    permissions = [("red", draw(st.one_of(st.just(Access.ALL), st.just(Access.ALL), ACCESSES)))]
    permissions += draw(st.lists(st.tuples(st.sampled_from(ROLES[1:]), ACCESSES), max_size=2))
    grants = []
    for entity in of.values():
        for _ in range(draw(st.sampled_from((0, 0, 1, 2)))):
            grants.append(
                o.Grant(
                    entity=entity.name,
                    role=draw(st.sampled_from(("red", "red", "green", "nobody"))),
                    access=draw(st.one_of(st.none(), st.none(), st.just(Access.ALL), ACCESSES)),
                    where=draw(
                        st.one_of(st.none(), conditions(tuple(entity.columns)), conditions(tuple(entity.columns)))
                    ),
                    check=draw(st.one_of(st.none(), st.none(), conditions(tuple(entity.columns)))),
                )
            )
    filters = []
    for shape in SHAPES:
        fitting = [entity for entity in of.values() if set(shape) <= set(entity.columns)]
        if fitting and draw(st.integers(0, 3)) == 0:
            exempt, only = draw(some_roles(1)), draw(st.one_of(st.none(), st.none(), some_roles(2)))
            filters.append(o.Filter(shape, draw(conditions(shape)), exempt, only))
    superuser = draw(st.sampled_from((None, "root")))
    return o.Declared(
        tuple(permissions), tuple(grants), tuple(filters), superuser, draw(st.sampled_from((None, "nobody")))
    )


# --- users and what they do -------------------------------------------------------------------------------------


@cache
def users() -> st.SearchStrategy[User]:
    roles = st.one_of(
        st.just(frozenset({"red"})),
        st.just(frozenset({"red", "blue"})),
        st.frozensets(st.sampled_from(("red", "green", "blue")), max_size=2),
        st.just(frozenset({"root"})),
        st.just(frozenset({"red", "green"})),
    )
    return st.builds(User, id=st.just("u"), roles=roles, **{name: nullable(kind) for name, kind in CLAIMS.items()})


@st.composite
def writes(draw: st.DrawFn, of: dict[str, o.Entity], over: tuple[o.Link, ...], tables: o.Tables, number: int) -> Write:
    kinds = ["insert", "update", "update", "delete", "delete", "bulk_update", "bulk_delete"]
    referring = [(entity, fk) for entity in of.values() if tables.rows[entity.name] for fk in entity.keys]
    if referring:
        kinds += ["assign", "append", "remove"]
    if over:
        kinds += ["link", "unlink"]
    kind = draw(st.sampled_from(kinds))
    if kind in ("link", "unlink"):
        link = draw(st.sampled_from(over))
        left, right = draw(keys(tables, of[link.left])), draw(keys(tables, of[link.right]))
        return Write(kind, link.left, key=left, relation=link.name, other=right)
    if kind in ("assign", "append", "remove"):
        entity, fk = draw(st.sampled_from(referring))
        key, other = draw(keys(tables, entity)), draw(keys(tables, of[fk.target]))
        return Write(kind, entity.name, key=key, relation=fk.name, other=other, detached=draw(st.booleans()))
    populated = tuple(name for name in of if tables.rows[name])
    if "delete" in kind:  # mostly rows that others refer to
        populated = tuple(fk.target for _, fk in referring if tables.rows[fk.target]) or populated
    entity = of[draw(st.sampled_from(populated or tuple(of)))]
    if kind == "insert":
        key = (100 + number,) if len(entity.key) == 1 else (0, 100 + number)
        row: o.Row = dict(zip(entity.key, key, strict=True))
        row |= {column: draw(nullable(kind_)) for column, kind_ in entity.columns.items()}
        for fk in entity.keys:
            row |= draw(maybe_dangling(fk, tables))
        return Write(kind, entity.name, key=key, values=tuple(row.items()))
    key = draw(keys(tables, entity))
    where = draw(conditions(tuple(entity.columns), claims=False)) if kind.startswith("bulk") else None
    values: o.Row = {}
    if "update" in kind:
        for column in draw(st.lists(st.sampled_from(tuple(entity.columns)), unique=True, max_size=2)):
            values[column] = draw(nullable(entity.columns[column]))
        for fk in entity.keys:
            if not values or draw(st.integers(0, 3)) == 0:
                values |= draw(maybe_dangling(fk, tables))
        if not values:
            column = next(iter(entity.columns))
            values[column] = draw(nullable(entity.columns[column]))
    return Write(kind, entity.name, key=key, values=tuple(values.items()), where=where, detached=draw(st.booleans()))


def keys(tables: o.Tables, entity: o.Entity) -> st.SearchStrategy[o.Key]:
    """A primary key, mostly of a row there is."""
    return keys_among(tuple(tables.rows[entity.name]), (77,) * len(entity.key))


@cache
def keys_among(there: tuple[o.Key, ...], missing: o.Key) -> st.SearchStrategy[o.Key]:
    return st.sampled_from((*there, *there, *there, missing)) if there else st.just(missing)


def maybe_dangling(fk: o.ForeignKey, tables: o.Tables) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(reference(fk, tables), reference(fk, tables), st.just(dict.fromkeys(fk.columns, 77)))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    of = draw(entities())
    over = draw(links(of))
    tables = draw(rows(of, over))
    declared = draw(declarations(of))
    attempts = []
    for number in range(draw(st.integers(1, 2))):
        question = tuple((entity.name, draw(conditions(tuple(entity.columns), claims=False))) for entity in of.values())
        tried = tuple(draw(writes(of, over, tables, 10 * number + index)) for index in range(draw(st.integers(1, 5))))
        attempts.append(Attempt(draw(users()), question, tried))
    return World(of, over, tables, declared, tuple(attempts))
